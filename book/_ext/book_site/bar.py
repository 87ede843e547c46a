"""The bar under a lesson's title: minutes to read, checks passed, seconds to run, and the ways to take the lesson elsewhere."""
import html

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from .facts import LOGGER, Html, has_run, lesson_of, link, run_of, site_info

# What stands in the bar beside words; a picture says nothing that the words do not.
PICTURES = {"colab": "M5 3l8 5-8 5z", "download": "M8 2v8m-3.5-3.5L8 10l3.5-3.5M3 13.5h10", "markdown": "M4 2.500h5.500L12 5v8.500H4zM6 7h4M6 9.500h4",
            "edit": "M10.5 3l2.5 2.5L6 12.5l-3 .5.5-3zM9 4.5L11.5 7"}


def icon(path: str) -> str:
    """A small picture of the SVG path `path`, 16 units wide and high, hidden from screen readers."""
    return ('<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false" fill="none" '
            f'stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round"><path d="{path}"/></svg>')


def checks_passed(number: int) -> str:
    """How the book says that `number` asserts held when the page was made."""
    return f"{number:,} check{'s' * (number != 1)} passed"


def section_bar(app, lesson) -> str:
    """The bar's HTML."""
    seconds, repository = run_of(app, lesson.docname).get("runtime"), app.config.book_repository
    path, page = f"{lesson.docname}.ipynb", lesson.docname
    facts, links = [f'<span class="bar-read">{lesson.minutes} min read</span>'], []
    if lesson.starred:
        facts.insert(0, '<span class="bar-optional">★ optional</span>')
    if not has_run(app, page):
        facts.append('<span class="bar-checks">not run here</span>')
    elif lesson.checks:
        facts.append(f'<span class="bar-checks">{checks_passed(lesson.checks)}</span>')
    if seconds is not None:
        facts.append(f'<span class="bar-run">{max(1, round(seconds))} s to run</span>')
    for name, url, words in (("colab", site_info.colab_url(repository, path), "Open in Colab"),
                             ("download", link(app, page, f"_sources/{path}"), "Download notebook"),
                             ("markdown", link(app, page, f"{page}.md"), "Markdown"),
                             ("edit", site_info.edit_url(repository, path), "Suggest an edit")):
        if url:
            extra = ' download=""' if name == "download" else ""
            links.append(f'<a class="bar-{name}" href="{html.escape(url)}"{extra}>{icon(PICTURES[name])}{words}</a>')
    return f'\n<div class="section-bar"><span class="bar-facts">{"".join(facts)}</span><span class="bar-links">{"".join(links)}</span></div>\n'


class PutBar(SphinxPostTransform):
    """Puts the bar below the title of every lesson."""

    default_priority = 190
    formats = ("html",)

    def run(self, **kwargs) -> None:
        docname = self.env.docname
        if lesson := lesson_of(self.app, docname):
            title = next(self.document.findall(nodes.title), None)
            if title is None:
                LOGGER.warning("the page has no title, so that its bar has no place", location=docname)
                return
            title.parent.insert(title.parent.index(title) + 1, Html(html=section_bar(self.app, lesson)))
