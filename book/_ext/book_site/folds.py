"""Folded cells: checks as one line with a tick, plot code below its figure, setup and solutions under their own words.

The words are those after `# @title` in a cell's first line (tools/cells.py: caption), which the code on the page does not repeat.
"""
import html
import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from .facts import cells, has_run, lesson_of


class Fold(nodes.Element):
    """A <details> of class `kind` that a reader opens; `summary` is the HTML of the line that stays."""


def visit_fold(writer, node) -> None:
    writer.body.append(f'<details class="fold {node["kind"]}"><summary>{node["summary"]}</summary>\n')


def depart_fold(writer, node) -> None:
    writer.body.append("</details>\n")


def words_as_html(text: str) -> str:
    """Words of a comment as HTML: what stands between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


def check_line(cell, ran: bool) -> str:
    """The line of a check cell: a tick and its sentence, or a tick and the number of asserts where it has no sentence.

    Where the lesson did not run (`ran` false) there is no tick, and the line says so.
    """
    if not ran:
        return words_as_html(f"not run here: {cells.sentence(cell) or 'a check'}")
    if sentence := cells.sentence(cell):
        return f'<span class="tick" aria-hidden="true">✓</span> checked: {words_as_html(sentence)}'
    number = cells.asserts(cell)
    return (f'<span aria-hidden="true"><span class="tick">✓</span> {number}</span>'
            f'<span class="only-read-out">{number} check{"s" * (number != 1)} passed: code</span>')


def fold_line(cell, figure: bool) -> str:
    """The line of any other folded cell; `figure` says whether it draws one."""
    words = cells.caption(cell)
    return words_as_html(re.sub(r"^(Figure|Code)\b", "Code of the figure", words) if figure else words)


class FoldCells(SphinxPostTransform):
    """Folds what its tags say, before myst-nb would do it in its own words; also takes `# @title` out of the code."""

    default_priority = 190  # myst-nb's HideInputCells has 199
    formats = ("html",)

    def run(self, **kwargs) -> None:
        lesson = lesson_of(self.app, self.env.docname)
        if lesson is None:
            return
        ran = has_run(self.app, self.env.docname)
        for node in list(self.document.findall(lambda node: isinstance(node, nodes.container) and node.get("nb_element") == "cell_code")):
            self.fold(node, lesson.notebook["cells"][node["cell_index"]], ran)

    def fold(self, node, cell, ran: bool) -> None:
        """Fold one cell, given as its container in the page and as it stands in the notebook."""
        parts = {part.get("nb_element"): part for part in node.children}
        code, output = parts.get("cell_code_source"), parts.get("cell_code_output")
        tags = set(cells.tags(cell))
        figure = output is not None and any(output.findall(nodes.image))
        if code is None:
            return
        for block in code.findall(nodes.literal_block):
            block.rawsource = cells.shown_code(cell)
            block.children = [nodes.Text(block.rawsource)]
        if "check" in tags:
            fold = Fold("", *node.children, kind="check", summary=check_line(cell, ran))
            node.children, kept = [], [fold]
        elif "hide-cell" in tags:
            fold = Fold("", *node.children, kind="whole", summary=fold_line(cell, False))
            node.children, kept = [], [fold]
        elif "hide-input" in tags:
            fold = Fold("", code, kind="figure-code" if figure else "code", summary=fold_line(cell, figure))
            kept = [output, fold] if figure else [fold] + ([output] if output is not None else [])
            node.children = []
        else:
            return
        node.attributes.pop("hide_mode", None)
        node.extend(kept)
