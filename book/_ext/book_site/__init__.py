"""What the book adds to jupyter-book's pages.

* a bar under each section's title: minutes to read, seconds to run, open in Colab, download, edit;
* the panels' titles of filmstrip figures, for book/_static/filmstrip.js;
* width and height of every figure, so that no text moves when it arrives, which is when the reader comes near it;
* the classes `callout` and `pitfall` or `note` on quotes that open with **Pitfall.** or **Note.**;
* the class `sections` on the table of a chapter's opening page, which a phone shows as a list;
* names on folded cells and on the sidebar's buttons, equation numbers in formulae of several lines, and no line of text that
  begins with the comma after a formula;
* the chapter map and a figure on the landing page and the table of the status page, where a page has
  <div id="chapter-map"></div>, <div id="featured"></div> or <div id="status-table"></div>;
* MathJax and its fonts, copied into the site, so that no page asks another host for them.
"""
import base64
import html
import importlib.util
import json
import re
import shutil
import struct
import sys
from datetime import datetime, timezone
from pathlib import Path

from docutils import nodes
from jupyter_cache import get_cache
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
import build  # noqa: E402
import site_info  # noqa: E402
from cells import reading_minutes, source  # noqa: E402

LOGGER = logging.getLogger(__name__)
STATUS = "book/status"
LANDING = "index"
FEATURED = "chapters/01-vectors/03-metrics-and-norms"  # its first filmstrip greets the reader


# ------------------------------------------------------------------------------------------------------- facts about a section

def is_notebook(app, docname: str) -> bool:
    """Whether the page `docname` is a notebook."""
    return docname in app.env.found_docs and app.env.doc2path(docname, base=True).endswith(".ipynb")


def sections(app) -> list[str]:
    """The names of all notebook pages, in reading order."""
    order = []

    def walk(docname):
        for child in app.env.toctree_includes.get(docname, ()):
            order.append(child)
            walk(child)
    walk(app.config.root_doc)
    return [docname for docname in order if is_notebook(app, docname)]


def executed(app, docname: str) -> dict:
    """The notebook of a page with its outputs, from the cache."""
    cache = get_cache(app.config.nb_execution_cache_path)
    return cache.merge_match_into_notebook(build.read_notebook(ROOT / f"{docname}.ipynb"))[1]


def run_seconds(app, docname: str) -> float | None:
    """Seconds that the last execution of a notebook took, from the cache."""
    return (NbMetadataCollector.get_exec_data(app.env, docname) or {}).get("runtime")


# ---------------------------------------------------------------------------------------------------------------- section bar

def icon(path: str) -> str:
    """A small picture beside a link's words; it says nothing that the words do not."""
    return ('<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false" fill="none" '
            f'stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"><path d="{path}"/></svg>')


OPEN, DOWNLOAD, EDIT = "M5 3l8 5-8 5z", "M8 2v8m-3.5-3.5L8 10l3.5-3.5M3 13.5h10", "M10.5 3l2.5 2.5L6 12.5l-3 .5.5-3zM9 4.5L11.5 7"


def section_bar(app, docname: str, download: str) -> str:
    """The bar's HTML. `download` is the address of the notebook file, relative to the page."""
    notebook, seconds = executed(app, docname), run_seconds(app, docname)
    repository, path = app.config.book_repository, f"{docname}.ipynb"
    parts = [f'<span class="bar-read">{reading_minutes(notebook)} min read</span>']
    if seconds is not None:
        parts.append(f'<span class="bar-run">{max(1, round(seconds))} s to run</span>')
    for name, url, drawing, words in (("colab", site_info.colab_url(repository, path), OPEN, "Open in Colab"),
                                      ("download", download, DOWNLOAD, "Download notebook"),
                                      ("edit", site_info.edit_url(repository, path), EDIT, "Suggest an edit")):
        if url:
            extra = ' download=""' if name == "download" else ""
            parts.append(f'<a class="bar-{name}" href="{html.escape(url)}"{extra}>{icon(drawing)}{words}</a>')
    return f'<div class="section-bar">{"".join(parts)}</div>'


# ------------------------------------------------------------------------------------------------------------------ filmstrips

def filmstrips(app, docname: str) -> list[dict]:
    """Columns and titles of every filmstrip on a page, in order. A tag without metadata, or the reverse, is a warning."""
    found = []
    for index, cell in enumerate(executed(app, docname)["cells"]):
        strips = [output["metadata"]["filmstrip"] for output in cell.get("outputs", ()) if output.get("metadata", {}).get("filmstrip")]
        tagged = "filmstrip" in cell["metadata"].get("tags", ())
        if tagged and len(strips) == 1:
            found.append(strips[0])
        elif tagged or strips:
            LOGGER.warning("a cell tagged filmstrip must show exactly one filmstrip(...), and only such a cell may" if tagged else
                           "a cell that shows filmstrip(...) must be tagged filmstrip", location=(docname, (index + 1) * 10000))
    return found


def filmstrip_data(strips: list[dict]) -> str:
    """The element that book/_static/filmstrip.js reads."""
    data = json.dumps([{"columns": strip["columns"], "titles": strip["titles"]} for strip in strips], ensure_ascii=False)
    return '\n<script type="application/json" id="filmstrips">' + data.replace("</", "<\\/") + "</script>"


# --------------------------------------------------------------------------------------------------------------------- figures

def png_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels of a PNG file, from its header (ISO/IEC 15948, 11.2.2)."""
    return struct.unpack(">II", data[16:24])


def size_figures(app, body: str) -> str:
    """Give every PNG figure of a page its width and height, and have it fetched only when the reader comes near."""
    files = {name: Path(app.srcdir) / uri for uri, name in app.builder.images.items()}

    def sized(tag):
        if "width=" in tag[0] or tag[1] not in files:
            return tag[0]
        width, height = png_size(files[tag[1]].read_bytes())
        return tag[0].replace("<img ", f'<img width="{width}" height="{height}" loading="lazy" ', 1)
    return re.sub(r'<img [^>]*?src="[^"]*_images/([^"/]+\.png)"[^>]*>', sized, body)


# -------------------------------------------------------------------------------------------------------------------- callouts

def mark_callouts(body: str) -> str:
    """Give quotes that open with **Note.** or **Pitfall.** a class; the theme's writer would drop one set any earlier."""
    return re.sub(r"<blockquote>(\s*(?:<div>)?\s*<p><strong>(Note|Pitfall)\b)", lambda quote: f'<blockquote class="callout {quote[2].lower()}">{quote[1]}', body)


# ----------------------------------------------------------------------------------------------------------------- status page

def status_table(app, pathto) -> str:
    """The status page's table: a row for each section, with the versions that it ran on."""
    versions = build.versions()
    names = [("python", "Python"), ("jax", "JAX"), ("numpy", "NumPy"), ("matplotlib", "Matplotlib"), ("scikit-learn", "scikit-learn")]
    rows, total = [], 0.0
    for docname in sections(app):
        data = NbMetadataCollector.get_exec_data(app.env, docname) or {}
        total += data.get("runtime") or 0
        day = datetime.fromtimestamp(data["mtime"], timezone.utc).strftime("%Y-%m-%d") if data.get("mtime") else "unknown"
        rows.append(f'<tr><th scope="row"><a href="{pathto(docname)}">{html.escape(app.env.titles[docname].astext())}</a></th>'
                    f'<td class="number">{data.get("runtime") or 0:.1f}</td>'
                    + "".join(f"<td>{versions[key]}</td>" for key, _ in names) + f"<td>{day}</td></tr>")
    head = "".join(f'<th scope="col">{name}</th>' for name in ["Section", "Seconds"] + [name for _, name in names] + ["Executed"])
    return ('<div class="pst-scrollable-table-container"><table class="table status"><thead><tr>' + head + "</tr></thead><tbody>" + "".join(rows)
            + f'</tbody><tfoot><tr><th scope="row">All {len(rows)} sections</th><td class="number">{total:.1f}</td>'
            f'<td colspan="{len(names) + 1}"></td></tr></tfoot></table></div>')


# ----------------------------------------------------------------------------------------------------------------- chapter map

# number, folder, name, centre x and y of its box; the arrows say what needs what
CHAPTERS = [("1", "01-vectors", "Vectors", 200, 30), ("2", "02-matrices", "Matrices", 200, 105), ("3", "03-calculus", "Calculus", 200, 180),
            ("4", "04-statistics", "Statistics", 102, 255), ("5", "05-probability", "Probability", 298, 255),
            ("6", "06-machine-learning", "Machine learning", 200, 330), ("7", "07-language", "Language", 102, 425),
            ("8–18", "08-vision", "", 298, 425)]
ARROWS = [("1", "2"), ("2", "3"), ("3", "4"), ("3", "5"), ("4", "6"), ("5", "6"), ("6", "7"), ("6", "8–18")]
WIDTH, HEIGHT = 176, 46


def chapter_map(app, pathto) -> str:
    """The landing page's picture of the chapters: those that exist are links, the others say that they are coming."""
    boxes, place = [], {}
    for number, folder, name, x, y in CHAPTERS:
        docname, height = f"chapters/{folder}/index", HEIGHT + (20 if number == "6" else 0)
        place[number] = (x, y, height)
        here = docname in app.env.found_docs
        top = y - HEIGHT / 2
        words = (f'<rect x="{x - WIDTH / 2}" y="{top}" width="{WIDTH}" height="{height}" rx="6"/>'
                 f'<text x="{x}" y="{top + (20 if not here or number == "6" else 28)}">{number}  {name}</text>')
        if number == "8–18":
            words = words.replace("8–18  ", "8–18  Further on")
        if number == "6":
            words += f'<text class="small" x="{x}" y="{top + 38}">6.5 distributed training</text>'
        if not here:
            words += f'<text class="small" x="{x}" y="{top + height - 9}">coming</text>'
        boxes.append(f'<a class="here" href="{pathto(docname)}" aria-label="Chapter {number}: {name}">{words}</a>' if here
                     else f'<g class="coming">{words}</g>')
    lines = []
    for start, end in ARROWS:
        (x1, y1, h1), (x2, y2, _) = place[start], place[end]
        y1, y2 = y1 - HEIGHT / 2 + h1, y2 - HEIGHT / 2
        x1, x2 = x1 + (x2 - x1) * 0.3, x2 + (x1 - x2) * 0.3 if x1 != x2 else x2
        lines.append(f'<path d="M{x1:.0f} {y1:.0f}L{x2:.0f} {y2 - 7:.0f}" marker-end="url(#arrow)"/>')
    return ('<figure class="chapter-map"><svg viewBox="0 0 400 460" role="group" aria-labelledby="map-title" aria-describedby="map-desc">'
            '<title id="map-title">The chapters, and which needs which</title>'
            '<desc id="map-desc">Vectors come first and lead to matrices, matrices to calculus, calculus to statistics and to probability; '
            'both lead to machine learning, whose last section is distributed training; from there one goes on to language, '
            'or to the later chapters from vision to systems.</desc>'
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="4" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
            '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>'
            f'<g class="arrows" aria-hidden="true">{"".join(lines)}</g>{"".join(boxes)}</svg>'
            '<figcaption>An arrow leads from a chapter to one that needs it. Chapters with a solid frame can be read now.</figcaption></figure>')


# ------------------------------------------------------------------------------------------------------ a figure to begin with

def featured(app, pathto) -> str:
    """The first filmstrip of the section FEATURED, or "" where that has none: the landing page shows a figure that moves."""
    if FEATURED not in app.env.found_docs:
        return ""
    for cell in executed(app, FEATURED)["cells"]:
        for output in cell.get("outputs", ()):
            if strip := output.get("metadata", {}).get("filmstrip"):
                picture = Path(app.outdir) / "_images" / "featured.png"
                picture.parent.mkdir(exist_ok=True)
                data = base64.b64decode(output["data"]["image/png"])
                width, height = png_size(data)
                picture.write_bytes(data)
                alt = html.escape(cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", ""))
                title = html.escape(app.env.titles[FEATURED].astext())
                return ('<figure class="featured"><div class="cell tag_filmstrip"><div class="cell_output">'
                        f'<img src="{pathto("_images/featured.png", 1)}" width="{width}" height="{height}" alt="{alt}"/></div></div>'
                        f'<figcaption>Drag the slider. This figure is drawn and explained in <a href="{pathto(FEATURED)}">{title}</a>.'
                        '</figcaption></figure>' + filmstrip_data([strip]))
    return ""


# ----------------------------------------------------------------------------------------------------------------------- folds

FOLD = re.compile(r'<details class="(?:admonition )?(hide [a-z]+-input)">\s*<summary.*?</summary>', re.S)


def name_folds(body: str, notebook: dict) -> str:
    """Say on each fold what it holds: "Solution 2" or "Setup" or "Code", where jupyter-book says the same on all."""
    names = []
    for cell in notebook["cells"]:
        if {"hide-input", "hide-cell"} & set(cell["metadata"].get("tags", ())) and source(cell).strip():
            solution = re.match(r"# (Solution \d+)", source(cell))
            names.append(solution[1] if solution else "Setup" if cell["id"] == "setup" else "Code")
    if len(FOLD.findall(body)) != len(names):
        return body
    remaining = iter(names)
    return FOLD.sub(lambda fold: f'<details class="{fold[1]}"><summary>{next(remaining)}</summary>', body)


def label_sidebar(generate):
    """The theme's maker of the sidebar, with a name on each button that opens a chapter's sections."""
    def labelled(*args, **options):
        made = str(generate(*args, **options) or "")
        return re.sub(r'(<a [^>]*>)([^<]*)(</a><details[^>]*>)<summary>', r'\1\2\3<summary aria-label="Sections of \2">', made)
    return labelled


# ----------------------------------------------------------------------------------------------------------------------- maths

def keep_numbers(app, doctree) -> None:
    """Hand a displayed formula with \\tag to MathJax as it was written.

    Sphinx wraps every formula that has a line break in `split`, where TeX allows no \\tag; Jupyter and Colab do not.
    """
    for formula in doctree.findall(nodes.math_block):
        if "\\tag{" in (text := formula.astext()):
            formula["nowrap"] = True
            formula.children = [nodes.Text(f"\\[{text}\\]")]


def keep_together(body: str) -> str:
    """Wrap each formula in a line of text with what touches it, so that no line begins with the comma after a formula."""
    return re.sub(r'[^\s<>]*<span class="math notranslate nohighlight">[^<]*</span>[^\s<]*', r'<span class="together">\g<0></span>', body)


# ------------------------------------------------------------------------------------------------------------- into the pages

def fill_page(app, pagename, templatename, context, doctree) -> None:
    """Put the bar, the filmstrip data, the map and the table into the HTML of a page that is about to be written."""
    context["repository"] = app.config.book_repository
    if "generate_toctree_html" in context:
        context["generate_toctree_html"] = label_sidebar(context["generate_toctree_html"])
    body, pathto = context.get("body"), context["pathto"]
    if not body or doctree is None:
        return
    body = keep_together(mark_callouts(body))
    if is_notebook(app, pagename):
        download = pathto(f"_sources/{context['sourcename']}", 1)
        body = body.replace("</h1>", "</h1>\n" + section_bar(app, pagename, download), 1)
        body = size_figures(app, name_folds(body, executed(app, pagename)))
        if strips := filmstrips(app, pagename):
            body += filmstrip_data(strips)
    elif pagename == LANDING:
        body = body.replace('<div id="chapter-map"></div>', chapter_map(app, pathto))
        body = body.replace('<div id="featured"></div>', featured(app, pathto))
    elif pagename.endswith("/index"):
        body = body.replace('<table class="table">', '<table class="table sections">', 1)
    elif pagename == STATUS:
        body = body.replace('<div id="status-table"></div>', status_table(app, pathto))
    context["body"] = body


def copy_mathjax(app, exception) -> None:
    """Copy the parts of MathJax that pages can ask for into the site: one script, its fonts, and the rarer TeX packages."""
    if exception or app.builder.format != "html":
        return
    package = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent / "static" / "mathjax"
    for pattern in ("tex-chtml.js", "output/chtml/fonts/woff-v2/*.woff", "input/tex/extensions/*.js"):
        for path in package.glob(pattern):
            goal = Path(app.outdir) / "_static" / "mathjax" / path.relative_to(package)
            if not goal.exists() or goal.stat().st_size != path.stat().st_size:
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, goal)


def setup(app) -> dict:
    app.add_config_value("comments_config", {}, "")  # jupyter-book sets it for an extension that the book leaves out
    app.add_config_value("book_repository", None, "html")  # a change of address writes every page anew
    app.connect("config-inited", lambda app, config: setattr(config, "book_repository", site_info.repository_url(ROOT)))
    app.connect("env-updated", lambda app, env: [name for name in (LANDING, STATUS) if name in env.found_docs])
    app.connect("doctree-read", keep_numbers)
    app.connect("html-page-context", fill_page, priority=900)  # after the theme
    app.connect("build-finished", copy_mathjax)
    app.setup_extension("book_site.search")
    app.setup_extension("book_site.corners")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
