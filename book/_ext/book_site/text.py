"""Text: notes and pitfalls, and no line that begins with the comma after a formula."""
import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

CALLOUTS = ("Note", "Pitfall")


class Callout(nodes.Element):
    """A quote that opens with **Note.** or **Pitfall.**; `kind` is "note" or "pitfall"."""


def visit_callout(writer, node) -> None:
    writer.body.append(f'<div class="callout {node["kind"]}" role="note">\n')


def depart_callout(writer, node) -> None:
    writer.body.append("</div>\n")


class MarkCallouts(SphinxPostTransform):
    """Turns quotes that open with a bold Note or Pitfall into callouts."""

    default_priority = 190
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for quote in list(self.document.findall(nodes.block_quote)):
            first = next(iter(quote.findall(nodes.strong)), None)
            word = re.match(r"\w*", first.astext())[0] if first else ""
            if not quote.astext().startswith(word):  # bold, but not the first word
                continue
            if word in CALLOUTS:
                callout = Callout("", *quote.children, kind=word.lower())
                quote.replace_self(callout)


class KeepTogether(SphinxPostTransform):
    """Wraps each formula in a line of text with what touches it, so that no line begins with the comma after a formula."""

    default_priority = 180
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for formula in list(self.document.findall(nodes.math)):
            line, place = formula.parent, formula.parent.index(formula)
            pieces, start, end = [formula], place, place + 1
            before = line[place - 1] if place else None
            if isinstance(before, nodes.Text) and (touching := re.search(r"\S+$", before)):
                pieces[:0] = [nodes.Text(touching[0])]
                line[place - 1] = nodes.Text(before[:touching.start()])
            after = line[end] if end < len(line) else None
            if isinstance(after, nodes.Text) and (touching := re.match(r"\S+", after)):
                pieces.append(nodes.Text(touching[0]))
                line[end] = nodes.Text(after[touching.end():])
            line[start:end] = [nodes.inline("", "", *pieces, classes=["together"])]
