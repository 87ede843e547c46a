"""What holds on every page of the site. The tests share one load of each page, and leave it as they found it."""
from pathlib import Path

import pytest

from browsing import LESSONS, PAGES, PHONE, WIDE

AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")  # axe-core 4.14.1 of npm, as it came
COLOURS = ["color-contrast", "link-in-text-block"]  # the rules of axe whose answer depends on the theme


def test_loads_cleanly_and_asks_no_other_host(page):
    assert page.foreign == [], "requests to other hosts"
    assert page.failed == [], "failed requests"
    assert page.errors == [], "errors in the console"


def test_every_picture_has_words(page):
    bad = page.tab.evaluate("""() => [...document.images].filter(i => {
        const alt = i.getAttribute('alt'); return alt === null || /\\.(png|svg|jpe?g)$/.test(alt) || (i.closest('article') && !alt.trim());
        }).map(i => i.src)""")
    assert bad == [], "pictures without alt text"
    broken = page.tab.evaluate("() => [...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)")
    assert broken == [], "pictures that do not load"


def test_no_text_moves_when_a_figure_arrives(page):
    unsized = page.tab.evaluate("""() => [...document.querySelectorAll('article img')].filter(i => i.src.endsWith('.png')
        && !(Number(i.getAttribute('width')) === i.naturalWidth && Number(i.getAttribute('height')) === i.naturalHeight)).map(i => i.src)""")
    assert unsized == [], "figures without their width and height"


def test_headings_are_in_order(page):
    levels = page.tab.evaluate("""() => [...document.querySelectorAll('main :is(h1, h2, h3, h4, h5, h6)')]
        .filter(h => h.checkVisibility()).map(h => [Number(h.tagName[1]), h.textContent])""")
    assert [text for level, text in levels if level == 1] == [levels[0][1]], "one heading of level 1, and it comes first"
    jumps = [text for (before, _), (level, text) in zip(levels, levels[1:]) if level > before + 1]
    assert jumps == [], "headings that skip a level"


def axe(tab, theme, rules):
    """What axe-core finds on the open page in a theme, as lines; `rules` are options of axe.run. Leaves the page in light mode."""
    tab.evaluate("theme => Object.assign(document.documentElement.dataset, {theme, mode: theme})", theme)
    if not tab.evaluate("() => 'axe' in window"):
        tab.evaluate(AXE)
    found = tab.evaluate("""async (rules) => (await axe.run(document, {resultTypes: ['violations'], ...rules})).violations
        .flatMap(v => v.nodes.slice(0, 5).map(n => `${v.id} (${v.impact}): ${n.target.join(' ')}: ${n.any.concat(n.all, n.none).map(c => c.message).join('; ')}`))""", rules)
    tab.evaluate("() => Object.assign(document.documentElement.dataset, {theme: 'light', mode: 'light'})")
    return found


def test_axe_finds_nothing(page):
    assert axe(page.tab, "light", {"rules": {rule: {"enabled": False} for rule in COLOURS}}) == []


def test_colours_are_told_apart(page):
    """Contrast, the dearest of axe's rules, is measured on every page in one theme, by turns light and dark, so that each style is met in
    both; where a page is the only one of its kind (no lesson), and on the first lesson of each chapter, in both."""
    chapter = [place for place in LESSONS if place.split("/")[1:2] == page.page.split("/")[1:2]]
    both = page.page not in LESSONS or page.page == chapter[0]
    for theme in ("light", "dark") if both else (("light", "dark")[PAGES.index(page.page) % 2],):
        assert axe(page.tab, theme, {"runOnly": COLOURS}) == [], theme


def test_fits_a_phone(page):
    page.tab.set_viewport_size(PHONE)
    folded = page.tab.evaluate_handle("() => [...document.querySelectorAll('article details:not([open])')]")
    wide = []
    for state in ("folded", "unfolded"):
        page.tab.evaluate("([boxes, open]) => boxes.forEach(box => box.open = open)", [folded, state == "unfolded"])
        if (width := page.tab.evaluate("() => document.scrollingElement.scrollWidth")) > PHONE["width"]:
            culprits = page.tab.evaluate("""() => [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1
                && e.checkVisibility()).slice(0, 5).map(e => e.tagName + '.' + e.className)""")
            wide.append(f"{state}: {width} px wide; reaching out: {culprits}")
    page.tab.evaluate("boxes => boxes.forEach(box => box.open = false)", folded)
    page.tab.set_viewport_size(WIDE)
    assert wide == []
