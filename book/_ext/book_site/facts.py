"""What the modules here ask about the book: its lessons, its runs, and the HTML node that they put into pages."""
import functools
import posixpath
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from docutils import nodes
from myst_nb.sphinx_ import NbMetadataCollector
from sphinx.util import logging
from sphinx.util.osutil import relative_uri

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
import cells  # noqa: E402, F401
import execute as runs  # noqa: E402
import lessons  # noqa: E402
import notebooks  # noqa: E402, F401
import site_info  # noqa: E402, F401

LOGGER = logging.getLogger("book_site")


def printed(heading: str) -> str:
    """A heading as Sphinx sets it on its own page: with typographic apostrophes."""
    return heading.replace("'", "’")


class Html(nodes.Element):
    """HTML that a module here made, in attribute `html`. Search and other writers pass it by."""


def visit_html(writer, node) -> None:
    writer.body.append(node["html"])
    raise nodes.SkipNode


@functools.cache
def book():
    """The book as tools/lessons.py reads it; once in a build."""
    return lessons.book(ROOT)


@functools.cache
def by_docname() -> dict:
    """The lessons of the book by the names of their pages."""
    return {lesson.docname: lesson for lesson in book().lessons}


def lesson_of(app, docname: str):
    """The lesson of a page, or None for a page that is not a notebook."""
    return by_docname().get(docname) if docname in app.env.found_docs else None


@functools.lru_cache(maxsize=2)
def executed(path: Path) -> dict:
    """The notebook `path` with its outputs, from the cache of runs."""
    return runs.kept(path)


def executed_lesson(app, docname: str) -> dict:
    """The notebook of a page with its outputs."""
    return executed(ROOT / f"{docname}.ipynb")


def has_run(app, docname: str) -> bool:
    """Whether the cells of a lesson ran here: what a page says of its checks is true only then."""
    return bool(run_of(app, docname).get("succeeded"))


def run_of(app, docname: str) -> dict:
    """What the last execution of a notebook left: `runtime` in seconds and `mtime`; empty where nothing is known."""
    return NbMetadataCollector.get_exec_data(app.env, docname) or {}


def link(app, page: str, file: str) -> str:
    """The address of `file`, relative to the site, as the page `page` refers to it."""
    return relative_uri(app.builder.get_target_uri(page), file)


def target_of(app, page: str, reference) -> str | None:
    """The name of the page that a reference on `page` leads to, or None where it leads elsewhere."""
    parts = urlsplit(reference.get("refuri", ""))
    if parts.scheme or parts.netloc or not parts.path.endswith(".html"):
        return None
    name = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path))).removesuffix(".html")
    return name if name in app.env.found_docs else None


def children(app, docname: str) -> list[str]:
    """The pages that stand below a page in the table of contents, in order."""
    return list(app.env.toctree_includes.get(docname, ()))


def place_for(doctree, name: str, docname: str):
    """The placeholder <div id="name" ...></div> of a page, which must be there once; None, with a warning, where it is not."""
    found = [node for node in doctree.findall(nodes.raw) if f'id="{name}"' in node.astext()]
    if len(found) != 1:
        LOGGER.warning('the page has %d places <div id="%s"></div> where one is expected', len(found), name, location=docname)
        return None
    return found[0]
