"""Text for machines: each lesson as Markdown beside its page, and llms.txt, which lists them, at the root of the site."""
import re
from pathlib import Path

from .facts import ROOT, book, executed_lesson, cells, notebooks

SETUP = "setup.md"


def fenced(text: str, language: str = "") -> str:
    """`text` as a block of code, in a fence longer than any in it."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def outputs_of(cell) -> list[str]:
    """What a cell shows, as Markdown: text as it was printed, figures as their descriptions, panels of a filmstrip by name."""
    blocks, printed = [], ""
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        if output["output_type"] == "stream":
            printed += output["text"]
            continue
        if printed.strip():
            blocks.append(fenced(printed))
        printed = ""
        if "image/png" in data:
            alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
            strip = output.get("metadata", {}).get("filmstrip")
            blocks.append(f"*Figure: {alt.strip()}*" + (f"\n\n*Its panels: {'; '.join(strip['titles'])}.*" if strip else ""))
        elif "text/plain" in data:
            blocks.append(fenced(data["text/plain"]))
    if printed.strip():
        blocks.append(fenced(printed))
    return blocks


def prose(text: str) -> str:
    """Markdown of a lesson with links to other lessons' Markdown, and with folds opened under their words."""
    text = re.sub(r"(\]\([^)\s]+)\.ipynb(#[^)]*)?\)", r"\1.md)", text)
    text = re.sub(r"<details[^>]*>\s*<summary>(.*?)</summary>", r"**\1.**", text, flags=re.S)
    return re.sub(r"\n*</details>", "", text).strip()


def label_of(cell, up: str) -> str:
    """The line above a folded cell, or ""; `up` leads to the root of the site."""
    role, words = cells.role(cell), cells.caption(cell)
    if role == "setup":
        return f"*Setup: the same cell in every lesson, [shown once]({up}{SETUP}).*"
    if role == "check":
        sentence, number = cells.sentence(cell), cells.asserts(cell)
        if cell.get("execution_count") is None:
            return f"Not run here: {sentence or 'a check'}"
        return f"✓ checked: {sentence}" if sentence else f"✓ {number} check{'s' * (number != 1)} passed:"
    return f"**{words}.**" if role == "solution" and words else ""


def lesson_markdown(app, lesson) -> str:
    """A lesson with its outputs as one text in Markdown."""
    blocks, up = [], "../" * lesson.docname.count("/")
    for cell in executed_lesson(app, lesson.docname)["cells"]:
        if cell["cell_type"] == "markdown":
            blocks.append(prose(cells.source(cell)))
        elif cell["cell_type"] == "code":
            label = label_of(cell, up)
            shown = [] if cells.role(cell) == "setup" else [fenced(cells.shown_code(cell), "python")]
            blocks += [label] * bool(label) + shown + outputs_of(cell)
    return "\n\n".join(blocks) + "\n"


def llms_txt(app) -> str:
    """The list of lessons for machines, in the form that llmstxt.org describes: title, what it is, links with a line each."""
    lines = [f"# {app.config.html_title}", "", "> An open textbook that runs: maths and machine learning, executed in JAX. Each lesson is a notebook; "
             "here each stands as Markdown, with what its cells print and its figures in words.", ""]
    for chapter in book().chapters:
        lines += [f"## {chapter.number} {chapter.title}", ""]
        for lesson in chapter.lessons:
            lines.append(f"- [{lesson.heading}]({lesson.docname}.md)" + (f": {lesson.question}" if lesson.question else ""))
        lines.append("")
    return "\n".join(lines)


def write_texts(app, exception) -> None:
    """Write the Markdown of every lesson, the setup cell and llms.txt into the finished site."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    for lesson in book().lessons:
        (site / f"{lesson.docname}.md").write_text(lesson_markdown(app, lesson), encoding="utf-8")
    setup = notebooks.setup_cell(ROOT)
    (site / SETUP).write_text(f"# The setup cell of every lesson\n\n{fenced(cells.shown_code(setup), 'python')}\n", encoding="utf-8")
    (site / "llms.txt").write_text(llms_txt(app), encoding="utf-8")
