"""What holds on every page of the site. The tests share one load of each page, and leave it as they found it."""
from pathlib import Path

import pytest

from browsing import PHONE, WIDE

AXE = (Path(__file__).parent / "axe.min.js").read_text(encoding="utf-8")  # axe-core 4.14.1 of npm, as it came


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


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page, theme):
    tab = page.tab
    tab.evaluate("theme => Object.assign(document.documentElement.dataset, {theme, mode: theme})", theme)
    if not tab.evaluate("() => 'axe' in window"):
        tab.evaluate(AXE)
    rules = {} if theme == "light" else {"runOnly": ["color-contrast", "link-in-text-block"]}  # nothing else depends on the theme
    found = tab.evaluate("""async (rules) => (await axe.run(document, {resultTypes: ['violations'], ...rules})).violations
        .flatMap(v => v.nodes.slice(0, 5).map(n => `${v.id} (${v.impact}): ${n.target.join(' ')}: ${n.any.concat(n.all, n.none).map(c => c.message).join('; ')}`))""", rules)
    tab.evaluate("() => Object.assign(document.documentElement.dataset, {theme: 'light', mode: 'light'})")
    assert found == []


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
