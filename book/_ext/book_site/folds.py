"""Folded cells: checks as one line with a tick, plot code below its figure, setup and solutions under their own words.

The words are those after `# @title` in a cell's first line (tools/lessons.py: caption), which the code on the page does not repeat.
"""
import ast
import html
import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from .facts import ROOT, lesson_of, lessons, notebooks


class Fold(nodes.Element):
    """A <details> of class `kind` that a reader opens; `summary` is the HTML of the line that stays."""


def visit_fold(writer, node) -> None:
    writer.body.append(f'<details class="fold {node["kind"]}"><summary>{node["summary"]}</summary>\n')


def depart_fold(writer, node) -> None:
    writer.body.append("</details>\n")


def words_as_html(text: str) -> str:
    """Words of a comment as HTML: what stands between backticks is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


def asserts(text: str) -> int:
    """How many assert statements a cell's code holds; magic lines do not matter."""
    code = "\n".join("pass" if line.startswith(("%", "!")) else line for line in text.split("\n"))
    return sum(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(code)))


def check_line(cell) -> str:
    """The line of a check cell: a tick and its sentence, or a tick and the number of asserts where it has no sentence."""
    sentence = lessons.caption(cell).removeprefix("Check").lstrip(": ")
    if sentence:
        return f'<span class="tick" aria-hidden="true">✓</span> checked: {words_as_html(sentence)}'
    number = asserts(notebooks.source(cell))
    return (f'<span aria-hidden="true"><span class="tick">✓</span> {number}</span>'
            f'<span class="only-read-out">{number} check{"s" * (number != 1)} passed: code</span>')


def fold_line(cell, figure: bool) -> str:
    """The line of any other folded cell; `figure` says whether it draws one."""
    words = lessons.caption(cell)
    if figure and not re.match("(Solution|Setup)", words):
        words = re.sub(r"^(Figure)?", "Code of the figure", words, count=1) if re.match(r"(Figure\b.*)?$", words) else words
    return words_as_html(words or "Code")


class FoldCells(SphinxPostTransform):
    """Folds what its tags say, before myst-nb would do it in its own words; also takes `# @title` out of the code."""

    default_priority = 190  # myst-nb's HideInputCells has 199
    formats = ("html",)

    def run(self, **kwargs) -> None:
        lesson = lesson_of(self.app, self.env.docname)
        if lesson is None:
            return
        cells = notebooks.read(ROOT / f"{self.env.docname}.ipynb")["cells"]
        for node in list(self.document.findall(lambda node: isinstance(node, nodes.container) and node.get("nb_element") == "cell_code")):
            self.fold(node, cells[node["cell_index"]])

    def fold(self, node, cell) -> None:
        """Fold one cell, given as its container in the page and as it stands in the notebook."""
        parts = {part.get("nb_element"): part for part in node.children}
        code, output = parts.get("cell_code_source"), parts.get("cell_code_output")
        tags = set(cell["metadata"].get("tags", ()))
        figure = output is not None and any(output.findall(nodes.image))
        without_title(code)
        if "check" in tags:
            fold = Fold("", *node.children, kind="check", summary=check_line(cell))
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


def without_title(code) -> None:
    """Take a first line `# @title ...` out of the code of a cell as the page shows it."""
    for block in code.findall(nodes.literal_block):
        text = block.astext()
        if text.startswith("# @title"):
            block.rawsource = text.partition("\n")[2]
            block.children = [nodes.Text(block.rawsource)]
