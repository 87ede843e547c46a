"""Formulas: set while the book was built, in the book's font, beside their numbers; and what a page weighs and how still it stands."""
import html
import re
import sys

import pytest

import notebooks
from browsing import PHONE, ROOT, SECTIONS, SITE, WIDE, Visit

sys.path.insert(0, str(ROOT / "book" / "_ext" / "book_site"))
import maths  # noqa: E402

KILOBYTES = 730  # of scripts and styles, unpacked, that a page may ask for


def test_nothing_moves_while_a_page_loads(page):
    assert page.shift < 0.02, "text moved while the page and its figures came in"


def test_nothing_moves_on_the_first_page_that_a_browser_opens(browser, address):
    """With nothing kept from an earlier page: font, styles and scripts come with this one. Several times, since what comes first is a race."""
    place = next(iter(SECTIONS))
    for page in [place, *(place for place in SECTIONS if "/01-vector-spaces/" in place)] * 2:
        visit = Visit(browser, address)
        try:
            assert visit.go(page).shift < 0.02, f"text moved on {page}, opened first"
        finally:
            visit.close()


def test_a_page_is_light(page):
    sizes = page.tab.evaluate("""() => performance.getEntriesByType('resource')
        .map(r => [new URL(r.name).pathname, r.decodedBodySize]).filter(([name]) => /\\.(js|css)$/.test(name) && !name.endsWith('/search-data.js'))""")  # an index, and of one page alone
    assert sizes, "no style sheet"
    assert sum(size for _, size in sizes) <= KILOBYTES * 1000, sorted(sizes, key=lambda item: -item[1])


def test_every_formula_is_set_and_keeps_its_tex(page):
    bare = page.tab.evaluate("""() => [...document.querySelectorAll('.math')].filter(m => {
        const set = m.querySelectorAll('math'); return set.length !== 1 || !set[0].getAttribute('alttext')?.trim() || !set[0].textContent
            || set[0].querySelector('merror, [style*="red"]') || set[0].getBoundingClientRect().width === 0 && set[0].checkVisibility(); })
        .map(m => m.textContent.slice(0, 60))""")
    assert bare == [], "formulas that are not set, or without their TeX"
    raw = page.tab.evaluate("""() => {
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
        for (let text; text = walk.nextNode();)
            if (!text.parentElement.closest('script, style, noscript, pre, code') && /\\$\\S[^$]*\\$|\\\\\\(|\\\\\\[|\\\\[a-z]{2,}|\\[-?[\\d.]+(ex|em|pt)\\]/.test(text.data))
                found.push(text.data.trim().slice(0, 60));
        return found; }""")
    assert raw == [], "TeX in the text of the page, its sidebars included"


def test_all_formulas_of_a_lesson_are_on_its_page(lesson):
    wanted = 0
    for cell in notebooks.read(lesson.lesson.path)["cells"]:
        if cell["cell_type"] == "markdown":
            text = re.sub(r"```.*?```|`[^`\n]*`", "", notebooks.source(cell), flags=re.S)
            wanted += len(re.findall(r"\$\$.+?\$\$|(?<![\\$])\$[^$]+\$", text, flags=re.S))
    assert lesson.count("article .math math") == wanted


def test_formulas_use_the_font_of_the_book(page):
    if not page.count("math"):
        return
    devtools = page.context.new_cdp_session(page.tab)
    devtools.send("DOM.enable"), devtools.send("CSS.enable")
    root = devtools.send("DOM.getDocument")["root"]["nodeId"]
    found = {}
    signs = {}  # one element for each text that stands in a formula
    page.tab.evaluate("""() => { const seen = new Set(); for (const sign of document.querySelectorAll('math :is(mi, mo, mn, mtext)')) {
        const key = sign.textContent; if (key.trim() && !seen.has(key) && sign.checkVisibility()) { seen.add(key); sign.dataset.sign = ''; } } }""")
    for node in devtools.send("DOM.querySelectorAll", {"nodeId": root, "selector": "math [data-sign]:not(:has(code))"})["nodeIds"]:
        for font in devtools.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]:
            if not font["isCustomFont"]:
                found.setdefault(font["familyName"], []).append(devtools.send("DOM.getOuterHTML", {"nodeId": node})["outerHTML"])
        signs[node] = True
    page.tab.evaluate("() => document.querySelectorAll('[data-sign]').forEach(sign => delete sign.dataset.sign)")
    devtools.detach()
    assert signs, "no sign was looked at"
    assert found == {}, "signs that the font lacks: add them to tools/maths_font.py"


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["desktop", "phone"])
def test_numbers_stand_beside_their_formulas(page, size):
    page.tab.set_viewport_size(size)
    faulty = page.tab.evaluate("""() => [...document.querySelectorAll('div.math > .eqno')].filter(number => number.checkVisibility()).flatMap(number => {
        const at = number.getBoundingClientRect(), box = number.parentElement.getBoundingClientRect(),
              text = document.createRange(), formula = number.parentElement.querySelector('.formula').getBoundingClientRect();
        text.selectNodeContents(number);
        const ink = text.getBoundingClientRect(), faults = [];
        if (ink.left < formula.right) faults.push('overlaps');
        if (Math.abs(ink.right - box.right) > 2) faults.push('not at the edge');
        if (at.width < ink.width || ink.height > 1.8 * parseFloat(getComputedStyle(number).lineHeight)) faults.push('broken');
        return faults.map(fault => `${number.textContent} ${fault}`); })""")
    page.tab.set_viewport_size(WIDE)
    assert faulty == []


def test_no_equation_is_cut_on_a_desktop(page):
    cut = page.tab.evaluate("""() => [...document.querySelectorAll('div.math > .formula')].filter(box => box.checkVisibility()
        && box.scrollWidth > box.clientWidth).map(box => box.firstElementChild.getAttribute('alttext').slice(0, 80))""")
    assert cut == [], "equations wider than the column: break them with aligned"


def test_no_line_begins_with_the_comma_after_a_formula(page):
    lost = page.tab.evaluate("""() => [...document.querySelectorAll('article span.math')].filter(formula => {
        const after = (formula.nextSibling || {}).data || '', range = document.createRange();
        if (!/^[.,;:!?)]/.test(after) || !formula.checkVisibility()) return false;
        range.setStart(formula.nextSibling, 0), range.setEnd(formula.nextSibling, 1);
        return range.getBoundingClientRect().left < formula.getBoundingClientRect().right - 2; }).map(formula => formula.parentElement.textContent.slice(-60))""")
    assert lost == [], "punctuation torn off its formula"


def test_formulas_are_there_without_scripts_and_at_once():
    formulas = 0
    for place in SECTIONS:
        text = (SITE / place).read_text(encoding="utf-8")
        boxes = re.findall(r'<(?:span|div) class="math notranslate nohighlight"[^>]*>', text)
        assert len(boxes) == text.count("<math"), place
        formulas += len(boxes)
    assert formulas > 1000, "the book has thousands of formulas"
    assert not list(SITE.rglob("*athjax*")) and not list(SITE.rglob("*athJax*"))


def test_formulas_of_headings_reach_the_contents(browser, address):
    """Where a heading has a formula, so has "On this page"."""
    visit, seen = Visit(browser, address), 0
    for place in SECTIONS:
        visit.go(place)
        headings, contents = visit.count("article h2 math"), visit.count(".bd-sidebar-secondary math, .bd-toc math")
        seen += headings
        assert (headings == 0) == (contents == 0), place
    visit.close()
    assert seen, "no heading has a formula: this test looks at nothing"


# ---- the conversion by itself ----

@pytest.mark.parametrize("tex, display, inside, outside", [
    (r"x \tag{3}", True, ["<mi>x</mi>"], ["tag", "3"]),
    (r"\begin{aligned}a&=b\\[1ex]&=c\end{aligned}", True, ["<mtr>"], ["1"]),
    (r"\Bigl(x\Bigr)^2", True, ["<msup><mrow><mo"], []),
    (r"a_1+\dots+a_n", False, ["⋯"], ["·"]),
    (r"a<b", False, ['alttext="a&lt;b"', "&lt;</mo>"], []),
], ids=["number", "row space", "bracket", "dots", "less than"])
def test_conversion(tex, display, inside, outside):
    made = maths.mathml(tex, display)[0]
    assert made.startswith("<math") and html.escape(tex.replace(r" \tag{3}", "")[:1]) in made
    drawn = re.sub(r'alttext="[^"]*"|<mo [^>]*>|<mtd[^>]*>|displaystyle="[^"]*"|scriptlevel="[^"]*"', "", made)
    assert all(part in made for part in inside) and not any(part in drawn for part in outside), made


def test_numbers_come_out_of_the_formula():
    assert maths.mathml(r"x\tag{3}", True)[1] == "(3)" and maths.mathml(r"x\tag*{(A)}", True)[1] == "(A)" and maths.mathml("x", True)[1] == ""


@pytest.mark.parametrize("tex, display, why", [(r"\frac{1", False, "end"), (r"\nosuch x", False, "nosuch"), (r"x\tag{1}", False, r"\tag"),
                                               (r"x\tag{1}\tag{2}", True, r"\tag"), (" ", True, "empty"), (r"\begin{aligned}a", True, "end")])
def test_a_formula_that_cannot_be_set_says_why(tex, display, why):
    with pytest.raises(maths.MathsError, match=re.escape(why)) as error:
        maths.mathml(tex, display)
    assert str(error.value).strip() and "\n" not in str(error.value)
