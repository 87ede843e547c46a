"""The built site as the tests see it: where it is, which pages it must have, and a page open in the browser."""
import os
from pathlib import Path

import lessons
import notebooks

ROOT = notebooks.ROOT
SITE = Path(os.environ.get("BOOK_SITE", ROOT / "_build" / "html"))
WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def page_of(path):
    """The address of a source file's page, relative to the site."""
    return path.relative_to(ROOT).with_suffix(".html").as_posix()


LESSONS = {page_of(lesson.path): lesson for lesson in lessons.book().lessons}
SECTIONS = {place: lesson.path for place, lesson in LESSONS.items()}
MOVED = {f"{old}.html": f"{new}.html" for old, new in lessons.data("moved.yml").items()}
PAGES = [page_of(path) for path in notebooks.toc(ROOT)] + ["search.html"]
PAGES += sorted({p.relative_to(SITE).as_posix() for p in SITE.rglob("*.html") if "_static" not in p.parts} - {*PAGES, *MOVED})

# the sum of all layout shifts since the page began to load, as the browser measures them (0 is none)
SHIFT = """() => new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => list.getEntries().forEach(entry => sum += entry.value)).observe({type: 'layout-shift', buffered: true});
    requestAnimationFrame(() => setTimeout(() => done(sum), 50)); })"""


class Visit:
    """One page of the site, open in the browser, and what happened while it loaded and since.

    `requests` to other hosts are refused and kept in `foreign`; `failed` holds responses of 400 and above and requests
    without an answer; `errors` what the console and uncaught exceptions said.
    """

    def __init__(self, browser, address, **options):
        self.page, self.foreign, self.failed, self.errors = None, [], [], []
        self.context = browser.new_context(viewport=WIDE, color_scheme="light", reduced_motion="reduce", **options)
        self.context.route(lambda url: not url.startswith((address, "data:", "blob:")), self._refuse)
        self.tab = self.context.new_page()
        self.tab.on("response", lambda r: r.status >= 400 and self.failed.append(f"{r.status} {r.url}"))
        # A page that is left may drop what it still loads: that is no failure.
        self.tab.on("requestfailed", lambda r: r.failure == "net::ERR_ABORTED" or self.failed.append(f"{r.failure} {r.url}"))
        self.tab.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        self.tab.on("pageerror", lambda e: self.errors.append(e.stack or str(e)))
        self.address = address

    def _refuse(self, route):
        self.foreign.append(route.request.url)
        route.abort()

    def go(self, page):
        """Load a page of the site and wait until all figures are there; returns this visit. `shift` is how far text moved meanwhile."""
        self.foreign.clear(), self.failed.clear(), self.errors.clear()
        self.page = None
        self.tab.goto(self.address + page, wait_until="load", timeout=120_000)
        self.tab.evaluate("""async () => { for (const picture of document.images) picture.loading = 'eager';
            await Promise.all([...document.images].map(picture => picture.decode().catch(() => {}))) }""")  # a broken one is a test's to find
        self.shift = self.tab.evaluate(SHIFT)
        self.page = page
        return self

    def count(self, selector):
        return self.tab.locator(selector).count()

    def close(self):
        self.context.close()
