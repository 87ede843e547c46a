"""What a cell of a notebook is for, and what a reader meets of it. Pure functions on cells as JSON holds them.

A cell's role is read off its first line, because that is what all three readers keep: `# @title Check: …`, `# @title Solution 3` and
`# @title Figure` are captions of folded cells in Colab, and `# Exercise 3` opens the reader's own cell.
"""
import ast
import re

TITLE = "# @title "
FOLDED = {"setup", "check", "solution", "figure"}  # roles whose code is folded on the site, in JupyterLab and in Colab
WORDS_A_MINUTE, LINES_A_MINUTE, FIGURES_A_MINUTE = 180, 12, 4
WORD = re.compile(r"[A-Za-z][A-Za-z'’-]+")
DRAWS = re.compile(r"^[^#\n]*(plt\.show\(|\bdisplay\()", re.M)


def source(cell):
    """The text of a cell as one string, whichever of the two forms JSON holds."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def tags(cell):
    """The tags of a cell, a list of strings."""
    return cell.get("metadata", {}).get("tags", [])


def first_line(cell):
    """The first line of a cell without a leading `# @title `, which becomes `# `."""
    return source(cell).partition("\n")[0].strip().replace(TITLE, "# ", 1)


def draws(cell):
    """Whether a code cell shows a figure, by its text: it calls `plt.show()` or `display(…)`."""
    return cell["cell_type"] == "code" and cell.get("id") != "setup" and bool(DRAWS.search(source(cell)))


def role(cell):
    """What a cell is for: "markdown", "setup", "exercise", "solution", "check", "figure" (code folded by a tag) or "body"."""
    if cell["cell_type"] != "code":
        return "markdown"
    if cell.get("id") == "setup":
        return "setup"
    if named := re.match(r"# (Exercise|Solution) \d+\b", first_line(cell)):
        return named[1].lower()
    if re.match(r"# @title Check\b", source(cell)) or "check" in tags(cell):
        return "check"
    return "figure" if {"hide-input", "hide-cell"} & set(tags(cell)) else "body"


def caption(cell):
    """What the fold of a cell says: "Solution 3", "Check: the two routes agree", "Figure", "Setup"; "" for a cell that is not folded."""
    kind = role(cell)
    if kind not in FOLDED:
        return ""
    if kind == "setup":
        return "Setup"
    line = source(cell).partition("\n")[0].strip()
    if line.startswith(TITLE):
        return line.removeprefix(TITLE).strip()
    if kind == "solution":
        return first_line(cell).removeprefix("# ").strip()
    return {"check": "Check", "figure": "Figure" if draws(cell) else "Code"}[kind]


def sentence(cell):
    """The sentence of a check cell, what stands after `Check:`; "" where there is none."""
    return caption(cell).partition(":")[2].strip() if role(cell) == "check" else ""


def shown_code(cell):
    """The code of a cell as pages show it: without the line that is its caption."""
    text = source(cell)
    return text.partition("\n")[2].lstrip("\n") if text.startswith(TITLE) else text


def tree(text):
    """The syntax tree of a cell's code, its magic lines read as `pass`; None where it is not Python."""
    try:
        return ast.parse("\n".join("pass" if line.startswith(("%", "!")) else line for line in text.split("\n")))
    except SyntaxError:
        return None


def asserts(cell):
    """How many assert statements the code of a cell holds; 0 for Markdown, and for code that is not Python."""
    parsed = tree(source(cell)) if cell["cell_type"] == "code" else None
    return sum(isinstance(node, ast.Assert) for node in ast.walk(parsed)) if parsed else 0


def checks(nb):
    """How many asserts a notebook passes when it runs: those of check and teaching cells, and each solution's own."""
    return sum(asserts(cell) for cell in nb["cells"] if role(cell) not in ("setup", "exercise"))


def code_lines(text):
    """How many lines of code a cell shows: blank lines and lines that are only a comment do not count."""
    return sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith("#"))


def road(nb):
    """The cells before the exercises, which is what the reading time, the words and the share of code are counted on."""
    cells = nb["cells"]
    end = next((i for i, cell in enumerate(cells) if cell["cell_type"] == "markdown" and source(cell).startswith("## Exercises")), len(cells))
    return cells[:end]


def words(nb):
    """Words of prose before the exercises; maths, and code inside Markdown fences, are not words."""
    prose = "\n\n".join(source(cell) for cell in road(nb) if cell["cell_type"] == "markdown")
    return len(WORD.findall(re.sub(r"```.*?```|\$\$.*?\$\$|\$[^$]*\$", " ", prose, flags=re.S)))


def code_share(nb):
    """Visible code as a share (0 to 1) of the visible characters before the exercises."""
    prose = sum(len(source(cell)) for cell in road(nb) if cell["cell_type"] == "markdown")
    code = sum(len(source(cell)) for cell in road(nb) if role(cell) == "body")
    return code / max(1, prose + code)


def reading_minutes(nb):
    """Whole minutes to read up to the exercises, at least 1: 180 words of prose, 12 lines of visible code and 4 figures a minute."""
    lines = sum(code_lines(source(cell)) for cell in road(nb) if role(cell) == "body")
    figures = sum(draws(cell) for cell in road(nb))
    return max(1, round(words(nb) / WORDS_A_MINUTE + lines / LINES_A_MINUTE + figures / FIGURES_A_MINUTE))
