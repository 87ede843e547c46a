"""What is asked of a cell that ran, beyond not raising; and how a cell that failed is reported. The build and the tests share it.

Pure functions on the JSON of cells and outputs (dictionaries as in nbformat 4); nothing here runs or reads a notebook.
"""
import re

from cells import draws, source

SHOWN = {"text/plain", "image/png"}


def cell_name(index: int, cell) -> str:
    """A cell in a message: its place among all cells of the notebook, counted from 1 (`index` counts from 0), and its id."""
    return f"cell {index + 1} ({cell.get('id', 'no id')})"


def faults(cell, outputs) -> list[str]:
    """What is wrong with `outputs`, all that a code cell showed; [] when all is well.

    A cell may show text and PNG only, writes nothing to standard error, shows a figure where it draws one, and has alt text
    (metadata `mystnb.image.alt`) if and only if it shows a figure.
    """
    found, metadata = [], cell.get("metadata", {})
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    alt, figure = metadata.get("mystnb", {}).get("image", {}).get("alt"), "image/png" in kinds
    if kinds - SHOWN:
        found.append(f"shows {', '.join(sorted(kinds - SHOWN))}; only text and PNG are portable")
    if figure and not alt:
        found.append("shows a figure without alt text")
    if alt and not figure:
        found.append("has alt text but shows no figure")
    elif draws(cell) and not figure:
        found.append("draws but shows no figure")
    complaints = "".join(output["text"] for output in outputs if output.get("name") == "stderr").strip()
    if complaints:
        warning = re.search(r"^.*\b\w*Warning: .*$", complaints, re.M)
        said = warning[0] if warning else complaints.splitlines()[-1]
        found.append(f"{'prints a warning' if warning else 'writes to standard error'}: {said.strip()[:200]}")
    return found


def failure(notebook: str, cells, index: int, problem: str, outputs=()) -> str:
    """The report of a cell that failed: file and cell, the problem, the code, what the cell printed, and the end of the traceback.

    `cells` are all cells of the notebook and `index` (from 0) is the one that failed. What it printed is worth saying: the helper
    `check` prints the hint of an answer that it turns down, and the assert after it does not.
    """
    printed = "".join(output["text"] for output in outputs if output.get("name") == "stdout")
    traces = "\n".join(line for output in outputs if output.get("output_type") == "error" for line in output["traceback"])
    report = f"{notebook}: {cell_name(index, cells[index])} {problem}\n{quote(source(cells[index]), 6)}"
    if printed.strip():
        report += "\n    the last lines it printed:\n" + quote(printed, -6)
    if traces:
        report += "\n    the last lines of the traceback:\n" + quote(_with_cells(plain(traces), cells), -12)
    return report


def _with_cells(trace: str, cells) -> str:
    """A traceback with IPython's "Cell In[3]", which counts executions, as "cell N (id)"; right for a run from top to bottom."""
    ran = [(index, cell) for index, cell in enumerate(cells) if cell["cell_type"] == "code" and source(cell).strip()]

    def name(match):
        number = int(match[1]) - 1
        return cell_name(*ran[number]) if number < len(ran) else match[0]
    return re.sub(r"\bCell In ?\[(\d+)\]", name, trace)


def plain(text: str) -> str:
    """`text` without terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def quote(text: str, lines: int) -> str:
    """The first `lines` lines of `text`, or with a negative number the last, indented for a message; dots stand for the rest."""
    every = text.strip("\n").splitlines()
    shown = every[:lines] if lines > 0 else every[lines:]
    if len(shown) < len(every):
        shown = shown + ["..."] if lines > 0 else ["..."] + shown
    return "\n".join(f"    | {line}" for line in shown)
