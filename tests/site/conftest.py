"""The server, the browser, and each page opened once for all tests that look at it."""
import functools
import http.server
import os
import shutil
import threading
import time

import pytest
from xdist.scheduler import LoadScopeScheduling

from browsing import LESSONS, PAGES, SITE, Visit


class PageByPage(LoadScopeScheduling):
    """With several processes (`-n`), all tests that look at one page go to the same process, which loads it once."""

    def _split_scope(self, nodeid):
        return nodeid.rpartition("[")[2].partition(".html")[0] if ".html" in nodeid else nodeid


def pytest_xdist_make_scheduler(config, log):
    return PageByPage(config, log)


@pytest.hookimpl(tryfirst=True)  # so that the page comes first in the test's name, where PageByPage looks
def pytest_generate_tests(metafunc):
    """A test that asks for `page` looks at every page of the site, one that asks for `lesson` at every page made from a notebook."""
    if "lesson" in metafunc.fixturenames:
        metafunc.parametrize("page", LESSONS, indirect=True)
    elif "page" in metafunc.fixturenames:
        metafunc.parametrize("page", PAGES, indirect=True)


def pytest_collection_modifyitems(items):
    """All tests that look at one page follow each other, whichever file they stand in; the other tests come first."""
    places = {place: number for number, place in enumerate(PAGES, 1)}
    items.sort(key=lambda item: places.get(item.callspec.params.get("page"), 0) if hasattr(item, "callspec") else 0)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    item.went_wrong = (yield).get_result().failed


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_GET(self):
        if self.path.endswith(".png"):
            time.sleep(0.3)  # figures come late, as they do over a network: what moves then is seen here
        super().do_GET()


@pytest.fixture(scope="session")
def address():
    """The site, served from this machine on a free port; the address ends in a slash."""
    if not (SITE / "index.html").is_file():
        pytest.fail(f"there is no site in {SITE}: run `make book` first", pytrace=False)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="session")
def browser():
    """Chromium of this machine, or the one that CHROMIUM names."""
    names = [os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    executable = next(filter(None, (shutil.which(name) for name in names if name)), None)
    if executable is None:
        why = "no Chromium: install one (Debian's package is `chromium`) or name it in CHROMIUM"
        (pytest.fail if os.environ.get("BOOK_REQUIRE_BROWSER") == "1" else pytest.skip)(why)
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def tab(browser, address):
    """The one tab that all pages are opened in, one after the other."""
    visit = Visit(browser, address)
    visit.tab.set_default_timeout(30_000)
    yield visit
    visit.close()


@pytest.fixture
def page(request, tab):
    """A page of the site, open, wide, in light mode. Tests leave it as they found it; after one that failed it is loaded anew."""
    if tab.page != request.param:
        tab.go(request.param)
    yield tab
    if getattr(request.node, "went_wrong", True):
        tab.page = None


@pytest.fixture
def lesson(page):
    """A page made from a notebook, open, with `.lesson`, what tools/lessons.py says of it."""
    page.lesson = LESSONS[page.page]
    return page
