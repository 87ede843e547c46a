"""What holds for the site as a whole: links, the status page, and reading without scripts or without a server."""
import re
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

import notebooks
from browsing import PAGES, SECTIONS, SITE, Visit


def test_the_status_page_has_a_row_for_each_section(tab):
    tab.go("book/status.html")
    rows = [row.inner_text() for row in tab.tab.locator("article table tbody tr").all()]
    assert len(rows) == len(SECTIONS)
    for row, path in zip(rows, SECTIONS.values()):
        assert notebooks.title(notebooks.read(path)) in row and re.search(r"\d+\.\d", row)


class Links(HTMLParser):
    """The addresses that a page refers to, and the places in it that can be referred to."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.places = [], {"top"}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for key, value in attributes:
            if key in ("href", "src") and value:
                self.targets.append(value)
            if key in ("id", "name") and value:
                self.places.add(value)


def test_every_internal_link_leads_somewhere():
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in SITE.rglob("*.html") if "_static" not in path.parts}
    assert {SITE / page for page in PAGES} <= set(pages), "pages that the table of contents promises"
    dead = []
    for path, page in pages.items():
        for target in set(page.targets):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            goal = goal / "index.html" if goal.is_dir() else goal
            if not goal.is_file() or parts.fragment and goal in pages and unquote(parts.fragment) not in pages[goal].places:
                dead.append(f"{path.relative_to(SITE)}: {target}")
    assert dead == []


def test_the_theme_can_be_changed_and_stays(browser, address):
    visit = Visit(browser, address).go("index.html")

    def theme():
        return visit.tab.evaluate("() => document.documentElement.dataset.theme")
    seen = {theme()}
    for _ in range(3):
        visit.tab.locator(".theme-switch-button:visible").first.click()
        seen.add(theme())
    last = theme()
    visit.go(PAGES[1])
    assert seen == {"light", "dark"} and theme() == last
    visit.close()


def reads(visit, path):
    """The text of a section is there with its title, its exercises and its figures in full."""
    article = visit.tab.locator("article")
    text = article.inner_text()
    assert notebooks.title(notebooks.read(path)) in text and "Exercise 1" in text
    pictures = article.locator("img").all()
    assert pictures, "no figure on the page"
    return pictures


def test_reads_without_scripts(browser, address):
    visit = Visit(browser, address, java_script_enabled=False)
    for place, path in SECTIONS.items():
        visit.tab.goto(address + place)
        for picture in reads(visit, path):
            natural, shown = picture.evaluate("i => [i.naturalWidth / i.naturalHeight, i.clientWidth / i.clientHeight]")
            assert abs(natural / shown - 1) < 0.02, "a figure is cut off or out of shape"
        assert visit.count(".filmstrip input") == 0
        box = visit.tab.locator("details").last
        box.locator("summary").first.click()
        assert box.get_attribute("open") is not None
    visit.close()


def test_reads_from_the_disk(browser):
    visit = Visit(browser, SITE.resolve().as_uri() + "/")
    for place, path in list(SECTIONS.items())[:1]:
        visit.go(place)
        reads(visit, path)
        assert visit.foreign == visit.failed == visit.errors == []
        assert visit.count("mjx-merror") == 0 and visit.count(".math mjx-container") == visit.count(".math")
        visit.tab.locator("a.right-next, a.left-prev").first.click()
        visit.tab.wait_for_load_state()
        assert visit.tab.url.startswith("file:") and visit.count("article h1") == 1
    visit.close()
