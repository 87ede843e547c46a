"""Searching: what is found, in which order, where a result leads, and what happens where scripts, storage or a server are missing."""
import json
import re
from urllib.parse import quote_plus, unquote, urlsplit

import pytest

import notebooks
from browsing import PHONE, ROOT, SECTIONS, SITE, Visit

REFUSED = """for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, {configurable: true, get() { throw new DOMException("Access is denied for this document.", "SecurityError"); }});"""


@pytest.fixture(scope="session")
def data():
    """What the search knows, as book/_ext/book_site/search.py wrote it."""
    text = (SITE / "_static" / "search-data.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("window.bookSearch = ").rstrip().removesuffix(";"))


def answered(tab):
    """Wait for the search page's answer: its sentence and its results, each a dict of strings."""
    tab.wait_for_function("() => /place|Nothing|Type a|does not/.test(document.querySelector('#search-results .search-says')?.textContent || '')")
    return tab.locator("#search-results .search-says").inner_text(), tab.evaluate("""() => [...document.querySelectorAll('#search-results li.search-result')].map(item => ({
        name: item.querySelector('a').textContent, href: item.querySelector('a').getAttribute('href'), label: item.querySelector('.search-label')?.textContent || '',
        excerpt: item.querySelector('.context')?.textContent || '', marks: item.querySelectorAll('.context mark').length}))""")


def ask(visit, question):
    """The sentence and the results of the search page for a question."""
    visit.go(f"search.html?q={quote_plus(question)}")
    return answered(visit.tab)


def where(result):
    """Page and anchor that a result leads to."""
    return urlsplit(result["href"]).path, unquote(urlsplit(result["href"]).fragment)


# ---------------------------------------------------------------------------------------------------------------- what is known

def test_every_heading_is_known_and_every_entry_is_a_place(data):
    pages = {address: set(re.findall(r'\bid="([^"]+)"', (SITE / address).read_text(encoding="utf-8"))) for address, _, _ in data["pages"]}
    lost = [(data["pages"][page][0], anchor) for page, anchor, *_ in data["entries"] if anchor and anchor not in pages[data["pages"][page][0]]]
    assert lost == [], "entries that lead to no place"
    for address, path in SECTIONS.items():
        text = "\n".join("".join(cell["source"]) for cell in notebooks.read(path)["cells"] if cell["cell_type"] == "markdown")
        headings = len(re.findall(r"^#{1,6} ", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M), re.M))
        known = sum(data["pages"][page][0] == address for page, *_ in data["entries"])
        assert known == headings, f"{address}: {headings} headings, {known} entries"


def test_texts_read_as_prose(data):
    raw = [(line[:90], heading) for _, _, heading, text, _ in data["entries"] for line in [heading, *text.split("\n")]
           if re.search(r"\\[a-zA-Z]|\$[^$]+\$|\\[(\[{]|[\^_]\{|On this page|<[a-z]+[ >]|\bdef \w+\(|^import ", line)]
    assert raw == [], "raw TeX, HTML or code in what excerpts are cut from"


def test_the_setup_cell_and_what_cells_print_stay_out(data):
    own = re.findall(r"^def (\w+)", (ROOT / "book" / "setup_cell.py").read_text(encoding="utf-8"), re.M)
    assert own
    known = [(heading, name) for _, _, heading, _, names in data["entries"] for name in own if name in names.split()]
    assert known == [], "functions of the setup cell are known"
    assert not [heading for page, _, heading, text, _ in data["entries"] if data["pages"][page][0] in SECTIONS and "not attempted yet" in text]


def test_terms_stand_where_the_search_says(data):
    assert len(data["terms"]) > 50
    flat = lambda text: re.sub(r"[\W_]+", " ", text).casefold()  # noqa: E731
    lost = [name for name, _, entry in data["terms"] if "…" not in name and flat(name) not in flat("\n".join(data["entries"][entry][2:4]))]
    assert lost == []


# ----------------------------------------------------------------------------------------------------------- what is found first

def words_of(path):
    """The words of a notebook's Markdown, lower case, without maths and code, and apart from them those of its headings."""
    text = "\n".join("".join(cell["source"]) for cell in notebooks.read(path)["cells"] if cell["cell_type"] == "markdown")
    text = re.sub(r"```.*?```|\$\$.*?\$\$|`[^`]*`|\$[^$]*\$|\]\([^)]*\)", " ", text, flags=re.S).lower()
    find = re.compile(r"[a-z]{5,}")
    return set(find.findall(text)), set(find.findall(" ".join(re.findall(r"^#.*", text, re.M))))


def rare_words():
    """For each section page the longest word of its headings that the fewest other sections use."""
    words = {page: words_of(path) for page, path in SECTIONS.items()}
    spread = {}
    for everything, _ in words.values():
        for word in everything:
            spread[word] = spread.get(word, 0) + 1
    return {page: min(headings, key=lambda word: (spread[word], -len(word), word)) for page, (_, headings) in words.items()}


@pytest.mark.parametrize("place, word", rare_words().items(), ids=lambda value: value.rpartition("/")[2])
def test_search_finds_every_section(tab, place, word):
    _, found = ask(tab, word)
    assert place in [where(result)[0] for result in found], f"a search for {word!r} finds {found}"
    assert tab.foreign == tab.failed == tab.errors == []


def test_numbers_lead_to_their_sections(tab, data):
    for address, number, title in data["pages"]:
        if number:
            _, found = ask(tab, number)
            assert where(found[0]) == (address, "") and found[0]["name"] == f"{number} {title}", number
    says, found = ask(tab, "section 1.3.99")
    assert "no section 1.3.99" in says and found and found[0]["name"].startswith("1.3")


@pytest.mark.parametrize("one, other", [("neighbour", "neighbor"), ("centring", "centering"), ("centre", "center"), ("normalise", "normalize"), ("colours", "colors"),
                                        ("optimisation", "optimization"), ("behaviour", "behavior"), ("grey", "gray"), ("factorise", "factorize"), ("modelling", "modeling"),
                                        ("favourable", "favorable")])
def test_both_spellings_find_the_same(tab, one, other):
    places = [list(map(where, ask(tab, word)[1])) for word in (one, other)]
    assert places[0] == places[1]
    if one not in ("favourable", "behaviour"):  # words that the book may lack
        assert places[0], f"nothing found for {one!r}"


@pytest.mark.parametrize("one, others", [("pseudoinverse", ["pseudo-inverse", "pseudo inverse"]), ("allreduce", ["all-reduce", "all reduce"])])
def test_a_compound_is_found_however_it_is_written(tab, one, others):
    places = list(map(where, ask(tab, one)[1]))
    assert places
    for other in others:  # may find more, where the parts stand apart
        assert set(places[:5]) <= set(map(where, ask(tab, other)[1])), other


def test_terms_come_first(tab, data):
    for name, also, entry in data["terms"][::12]:
        if "…" in name:
            continue
        page, anchor, *_ = data["entries"][entry]
        for word in [name, *also]:
            _, found = ask(tab, word)
            terms = [where(result) for result in found if result["label"] == "Term"]
            assert found[0]["label"] == "Term" and (data["pages"][page][0], anchor) in terms, word


def test_a_slip_of_the_pen_is_forgiven_and_nonsense_finds_nothing(tab):
    says, found = ask(tab, "eigenvctor")
    assert found and "close" in says and all(result["marks"] for result in found[:1])
    says, found = ask(tab, "zzyzxqqq")
    assert found == [] and "Nothing found" in says


@pytest.mark.parametrize("question", ["norm", "softmax", "svd", "gradient descent", "orthogonal matrix", "6.5"])
def test_excerpts_show_what_was_asked(tab, question):
    _, found = ask(tab, question)
    assert len(found) > 2
    for result in found[:10]:
        assert len(result["excerpt"]) <= 200 and "On this page" not in result["excerpt"]
        assert result["marks"] or result["label"] or re.search(question.split()[0], result["name"], re.I), result


# ------------------------------------------------------------------------------------------------------------ where results lead

def seen(tab):
    """The marks that a reader sees without scrolling, as (word, whether inside a fold that was shut); waits for the page to settle."""
    tab.wait_for_load_state("load")
    tab.evaluate("async () => { if (window.MathJax?.startup?.promise) await MathJax.startup.promise; await new Promise(requestAnimationFrame); await new Promise(requestAnimationFrame); }")
    return tab.evaluate("""() => [...document.querySelectorAll('mark.found')].filter(mark => {
        const box = mark.getBoundingClientRect(); return mark.checkVisibility() && box.top >= 0 && box.bottom <= innerHeight; }).map(mark => mark.textContent)""")


@pytest.mark.parametrize("question", ["butterfly", "pseudoinverse", "Cauchy-Schwarz", "low-rank adapter", "float16", "psum_scatter", "condition number"])
def test_a_result_opens_at_its_place(tab, question):
    _, found = ask(tab, question)
    for result in found[:3]:
        tab.go("search.html")  # a fresh page each time: an address that differs in its anchor alone would not load again
        tab.tab.goto(tab.address + result["href"])
        assert seen(tab.tab), f"{result['href']}: the words are not on the screen"
        if where(result)[1]:
            assert tab.tab.evaluate("() => !!document.querySelector(':target')")
        assert tab.tab.evaluate("""() => [...document.querySelectorAll('mark.found')].every(
            mark => !/^Setup/.test(mark.closest('details')?.querySelector('summary')?.textContent || ''))"""), "words of the setup cell are marked"


def test_a_fold_opens_when_the_hit_is_inside(tab):
    for address in SECTIONS:
        tab.go(address)
        found = tab.tab.evaluate("""() => { for (const fold of document.querySelectorAll('article section[id] details:not([open])')) {
            const text = [...fold.querySelectorAll(':scope > p, :scope > div > p')].map(p => p.textContent).join(' '), around = fold.closest('section[id]').cloneNode(true);
            around.querySelectorAll('details').forEach(other => other.remove());
            const word = (text.match(/\\b[a-z]{7,}\\b/g) || []).find(word => !around.textContent.toLowerCase().includes(word));
            if (word) return {word, anchor: fold.closest('section[id]').id}; } return null; }""")
        if found:
            tab.go("search.html")
            tab.tab.goto(f"{tab.address}{address}?highlight={found['word']}#{found['anchor']}")
            assert found["word"] in [word.lower() for word in seen(tab.tab)]
            return
    pytest.fail("no folded text in the book to try this on")


def test_marks_go_away(tab):
    for way in (lambda: tab.tab.keyboard.press("Escape"), lambda: tab.tab.locator(".found-hide").click()):
        tab.go("search.html")
        tab.tab.goto(tab.address + next(iter(SECTIONS)) + "?highlight=array")
        assert seen(tab.tab)
        text = tab.tab.locator("article").inner_text()
        way()
        assert tab.count("mark.found") == tab.count(".found-hide") == 0 and tab.tab.locator("article").inner_text() == text


# --------------------------------------------------------------------------------------------------------- keyboard and phone

def by_keyboard(visit, word="vector"):
    """Ctrl+K, a word, arrow down, Enter, on the page that is open; the page it leads to shows the word."""
    tab, before = visit.tab, visit.tab.url
    tab.keyboard.press("Control+k")
    tab.locator("#pst-search-dialog input").wait_for()
    tab.keyboard.type(word)
    tab.locator("#pst-search-dialog .search-found a").first.wait_for()
    tab.wait_for_timeout(200)  # the answer to the last letter
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("ArrowUp")
    goal = tab.evaluate("() => document.activeElement.href")
    assert goal and goal == tab.evaluate("() => document.querySelector('#pst-search-dialog .search-found a').href")
    tab.keyboard.press("Enter")
    tab.wait_for_url(goal)
    assert tab.url != before and seen(tab)


def test_by_keyboard_alone(tab):
    tab.go(list(SECTIONS)[2])
    tab.tab.locator("a.right-next").focus()
    tab.tab.keyboard.press("Control+k")
    tab.tab.keyboard.type("matrix")
    tab.tab.locator("#pst-search-dialog .search-found a").first.wait_for()
    tab.tab.keyboard.press("ArrowDown")
    tab.tab.keyboard.press("Escape")
    assert not tab.tab.locator("#pst-search-dialog").is_visible() and tab.tab.evaluate("() => document.activeElement.matches('a.right-next')")
    tab.tab.keyboard.press("Control+k")
    tab.tab.locator("#pst-search-dialog input").fill("")
    by_keyboard_open = tab.tab.locator("#pst-search-dialog input")
    assert by_keyboard_open.evaluate("field => field === document.activeElement")
    tab.tab.keyboard.press("Escape")
    by_keyboard(tab)
    assert tab.errors == []


@pytest.mark.parametrize("question", ["norm", "jnp.linalg.norm", "psum_scatter"])
def test_results_fit_a_phone(tab, question):
    tab.tab.set_viewport_size(PHONE)
    try:
        ask(tab, question)
        assert tab.tab.evaluate("() => document.scrollingElement.scrollWidth") <= PHONE["width"]
        tab.go(next(iter(SECTIONS)))
        tab.tab.locator(".search-button__button:visible").first.click()
        tab.tab.keyboard.type(question)
        tab.tab.locator("#pst-search-dialog .search-found a").first.wait_for()
        box = tab.tab.locator("#pst-search-dialog").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"] and box["y"] + box["height"] <= PHONE["height"]
        assert tab.tab.evaluate("() => { const b = document.querySelector('#pst-search-dialog .search-answer'); return b.scrollWidth <= b.clientWidth; }")
        assert tab.tab.evaluate("() => getComputedStyle(document.querySelector('#pst-search-dialog')).backgroundColor") not in ("transparent", "rgba(0, 0, 0, 0)")
    finally:
        tab.tab.set_viewport_size({"width": 1280, "height": 900})


# --------------------------------------------------------------------------------------------- where something is refused or missing

def test_where_nothing_may_be_stored(browser, address):
    visit = Visit(browser, address)
    visit.context.add_init_script(REFUSED)
    visit.go(list(SECTIONS)[1])
    modes = set()
    for _ in range(3):
        visit.tab.locator(".theme-switch-button:visible").first.click()
        modes.add(visit.tab.evaluate("() => document.documentElement.dataset.theme"))
    assert modes == {"light", "dark"}, "the button for light and dark does nothing"
    by_keyboard(visit)
    says, found = ask(visit, "norm")
    assert found and visit.errors == []
    visit.close()


def test_from_the_disk(browser):
    visit = Visit(browser, SITE.resolve().as_uri() + "/")
    says, found = ask(visit, "butterfly")
    assert found and found[0]["marks"] and visit.errors == visit.foreign == visit.failed == []
    visit.tab.locator("#search-results a").first.click()
    visit.tab.wait_for_url(re.compile("highlight="))
    assert visit.tab.url.startswith("file:") and seen(visit.tab)
    visit.go(list(SECTIONS)[1])
    by_keyboard(visit)
    visit.close()


def test_says_so_when_it_cannot_work(browser, address):
    visit = Visit(browser, address)
    visit.context.route("**/search-data.js", lambda route: route.abort())
    visit.tab.goto(address + "search.html?q=norm")
    says, found = answered(visit.tab)
    assert found == [] and "does not work" in says and "table of contents" in says
    visit.close()


def test_without_scripts_a_page_says_what_is_missing(browser, address):
    visit = Visit(browser, address, java_script_enabled=False)
    visit.tab.goto(address + "search.html")
    main = visit.tab.locator("main")
    assert "Searching needs JavaScript" in main.inner_text() and main.locator("noscript a, .search-says a").first.is_visible()
    for place in [next(iter(SECTIONS)), "index.html"]:
        visit.tab.goto(address + place)
        note = visit.tab.locator(".no-scripts")
        assert note.is_visible() and "search" in note.inner_text() and note.locator("a").is_visible()
        dead = visit.tab.locator(":is(.search-button__button, .theme-switch-button, .sidebar-toggle):visible").count()
        assert dead == 0, "buttons that do nothing without scripts"
    visit.close()
