"""The server, the browser, and each page opened once for all tests that look at it."""
import functools
import http.server
import os
import shutil
import threading

import pytest
from xdist.scheduler import LoadScopeScheduling

from browsing import PAGES, SECTIONS, SITE, Visit


class PageByPage(LoadScopeScheduling):
    """With several processes (`-n`), all tests that look at one page go to the same process, which loads it once."""

    def _split_scope(self, nodeid):
        return nodeid.rpartition("[")[2].partition(".html")[0] if ".html" in nodeid else nodeid


def pytest_xdist_make_scheduler(config, log):
    return PageByPage(config, log)


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


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


@pytest.fixture(scope="module", params=PAGES)
def page(request, tab):
    """Every page of the site in turn, open, wide, in light mode."""
    return tab.go(request.param)


@pytest.fixture(scope="module", params=SECTIONS)
def section(request, tab):
    """Every page made from a notebook in turn, with `.notebook`, its source file."""
    visit = tab.go(request.param)
    visit.notebook = SECTIONS[request.param]
    return visit
