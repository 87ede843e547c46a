"""Pages under other conditions: by keyboard, on paper, in colours that the system prescribes; and style sheets that were shortened."""
import io
import sys

import numpy as np
import pytest
from PIL import Image

from browsing import PAGES, PHONE, ROOT, SECTIONS, WIDE, Visit

sys.path.insert(0, str(ROOT / "book" / "_ext" / "book_site"))
import styles  # noqa: E402

SIZES = {"desktop": WIDE, "large": {"width": 1440, "height": 900}, "phone": PHONE}
BOXES = """() => [...document.querySelectorAll('main *')].filter(box => box.checkVisibility() && !box.closest('.filmstrip-view, svg, input')
    && getComputedStyle(box).overflowX !== 'visible' && box.clientWidth > 1)"""


# ------------------------------------------------------------------------------------------------------------- boxes that scroll

@pytest.mark.parametrize("size", SIZES)
def test_what_scrolls_is_a_stop_for_the_tab_key_and_nothing_else_is(page, size):
    page.tab.set_viewport_size(SIZES[size])
    page.tab.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
    faults = page.tab.evaluate("() => { const boxes = (" + BOXES + """)(); return boxes.flatMap(box => {
        const wide = box.scrollWidth > box.clientWidth, stop = box.getAttribute('tabindex') === '0', faults = [];
        if (wide && !stop && getComputedStyle(box).overflowX !== 'hidden') faults.push('scrolls and cannot be reached');
        if (wide && getComputedStyle(box).overflowX === 'hidden') faults.push('cuts something off');
        if (stop && !wide) faults.push('is a stop, and nothing is hidden');
        if (wide && boxes.some(inner => inner !== box && box.contains(inner) && inner.scrollWidth > inner.clientWidth)) faults.push('scrolls around a box that scrolls');
        return faults.map(fault => `${box.tagName}.${box.className}: ${fault}: ${box.textContent.trim().slice(0, 40)}`); }); }""")
    page.tab.set_viewport_size(WIDE)
    assert faults == []


@pytest.mark.parametrize("size", ["desktop", "large"])
def test_no_output_is_cut_on_a_desktop(page, size):
    page.tab.set_viewport_size(SIZES[size])
    cut = page.tab.evaluate("""() => [...document.querySelectorAll('.cell_output, .cell_output *')].filter(box => box.checkVisibility()
        && !box.closest('.filmstrip') && box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX !== 'visible' && box.clientWidth)
        .map(box => `${box.className}: ${box.textContent.slice(0, 80)}`)""")
    page.tab.set_viewport_size(WIDE)
    assert cut == [], "what a cell prints is wider than its box"


# -------------------------------------------------------------------------------------------------------------------- on paper

LOOK = """() => { const seen = {}; let number = 0;
    for (const e of document.querySelectorAll('html, body, main, main *')) { number++;
        if (!e.checkVisibility()) continue;
        for (const part of ['', '::before', '::after']) {
            const s = getComputedStyle(e, part || undefined);
            if (part && (s.content === 'none' || s.content === 'normal')) continue;
            seen[`${number} ${e.tagName}.${e.getAttribute('class') || ''}${part}`] =
                [s.color, s.backgroundColor, s.borderTopColor, s.fill, s.stroke, s.filter, s.mixBlendMode, s.colorScheme].join(' | '); } }
    return seen; }"""


def test_paper_is_the_same_from_light_and_dark(page):
    looks = {}
    for theme in ("light", "dark"):
        page.tab.evaluate("theme => Object.assign(document.documentElement.dataset, {theme, mode: theme})", theme)
        page.tab.emulate_media(media="print", color_scheme=theme)
        looks[theme] = page.tab.evaluate(LOOK)
    page.tab.emulate_media(media="screen")
    background = "() => getComputedStyle(document.body).backgroundColor"
    screen = page.tab.evaluate(background)
    page.tab.evaluate("() => Object.assign(document.documentElement.dataset, {theme: 'light', mode: 'light'})")
    page.tab.emulate_media(media="screen", color_scheme="light")
    light, dark = looks["light"], looks["dark"]
    assert light.keys() == dark.keys()
    assert {key: (light[key], dark[key]) for key in light if light[key] != dark[key]} == {}
    body = next(key for key in dark if key.split()[1].startswith("BODY"))
    assert screen not in dark[body], "the dark mode is not dark on the screen: this test looks at nothing"


# ----------------------------------------------------------------------------------------------------------- prescribed colours

def ink(picture, box):
    """How much of a box {x, y, width, height} in a screenshot (H, W, 3) differs clearly from its most frequent colour, 0 to 1."""
    x, y = max(0, round(box["x"])), max(0, round(box["y"]))
    part = picture[y:y + round(box["height"]), x:x + round(box["width"])].reshape(-1, 3).astype(int)
    colours, counts = np.unique(part, axis=0, return_counts=True)
    return (np.abs(part - colours[counts.argmax()]).sum(axis=1) > 200).mean()


SIGNS = """() => [
    ...[...document.querySelectorAll('.fa-solid, .copybtn svg, .section-bar svg')].map(e => [e, e.getBoundingClientRect()]),
    ...[...document.querySelectorAll('article summary')].map(e => { const at = e.getBoundingClientRect(), left = parseFloat(getComputedStyle(e).paddingLeft);
        return [e, {x: at.x + left / 2, y: at.y + 4, width: left / 2 + 12, height: at.height - 8}]; }),
  ].filter(([e, at]) => e.checkVisibility({visibilityProperty: true, opacityProperty: true}) && at.width > 3 && at.height > 3
        && at.y >= 0 && at.y + at.height <= innerHeight && at.x >= 0 && at.x + at.width <= innerWidth
        && (({x, y, width, height}) => { const top = document.elementFromPoint(x + width / 2, y + height / 2); return top && (e.contains(top) || top.contains(e)); })(at))
    .map(([e, at]) => [`${e.tagName}.${e.getAttribute('class') || ''} ${e.textContent.trim().slice(0, 30)}`, {x: at.x, y: at.y, width: at.width, height: at.height}])"""


def test_signs_are_seen_in_prescribed_colours(page):
    """By turns in light and in dark colours; the signs are the same on all pages."""
    colours = ("light", "dark")[PAGES.index(page.page) % 2]
    page.tab.emulate_media(forced_colors="active", color_scheme=colours)
    looked, lost = 0, []
    try:
        for place in ["scrollTo(0, 0)", "document.querySelector('article summary')?.scrollIntoView({block: 'center', behavior: 'instant'})"]:
            page.tab.evaluate(f"() => {{ {place} }}")
            page.tab.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 50)))")
            picture = np.asarray(Image.open(io.BytesIO(page.tab.screenshot())).convert("RGB"))
            for name, box in page.tab.evaluate(SIGNS):
                looked += 1
                if ink(picture, box) < 0.02:
                    lost.append(name)
    finally:
        page.tab.evaluate("() => scrollTo(0, 0)")
        page.tab.emulate_media(forced_colors="none", color_scheme="light")
    assert looked >= 3, "no sign was looked at"
    assert lost == [], "signs that cannot be seen"


def test_the_map_is_seen_in_prescribed_colours(tab):
    tab.go("index.html")
    tab.tab.emulate_media(forced_colors="active", color_scheme="dark")
    words = tab.tab.evaluate("() => [...document.querySelectorAll('.chapter-map text')].map(e => getComputedStyle(e).fill)")
    frames = tab.tab.evaluate("() => [...document.querySelectorAll('.chapter-map rect')].map(e => [getComputedStyle(e).fill, getComputedStyle(e).stroke])")
    tab.tab.emulate_media(forced_colors="none", color_scheme="light")
    assert words and "rgb(0, 0, 0)" not in words
    assert all(fill == "rgb(0, 0, 0)" != stroke for fill, stroke in frames)


# ------------------------------------------------------------------------------------------------------- shortened style sheets

@pytest.mark.parametrize("sheet, left", [
    (".used{a:b}.unused{a:b}", ".used{a:b}"),
    (".used,.unused p{a:b}", ".used{a:b}"),
    (".bs-tooltip-top{a:b}#unused{a:b}p{a:b}", ".bs-tooltip-top{a:b}p{a:b}"),
    (".used:not(.unused, .x){a:b}[href='.unused']{a:b}", '.used:not(.unused, .x){a:b}[href=".unused"]{a:b}'),
    (":is(.unused, p) a{a:b}", ":is(.unused, p) a{a:b}"),
    ("@media (x:y){.unused{a:b}}@media (x:y){.used{a:b}}", "@media (x:y){.used{a:b}}"),
    ("@font-face{a:b}@keyframes unused{from{a:b}}", "@font-face{a:b}@keyframes unused{from{a:b}}"),
    ('html[data-theme="dark"] p{a:b}', '@media not print{html[data-theme="dark"] p{a:b}}'),
    ("html[data-theme=light] p{a:b}", "html[data-theme=light] p{a:b}@media print{html[data-theme] p{a:b}}"),
    ("html[data-theme=dark],html[data-theme=light]{a:b}",
     "html[data-theme=light]{a:b}@media print{html[data-theme]{a:b}}@media not print{html[data-theme=dark]{a:b}}"),
    ("@media print{html[data-theme=dark] p{a:b}}", "@media print{html[data-theme=dark] p{a:b}}"),
])
def test_shortening(sheet, left):
    assert styles.lean(sheet, {"used", "bs-tooltip-"}, ("bs-tooltip-",)) == left


def test_a_broken_style_sheet_is_refused():
    with pytest.raises(ValueError, match="line 2"):
        styles.lean("p{a:b}\n}", set(), ())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_look_as_with_the_whole_theme(browser, address, theme):
    """Every computed style on three pages, as the site has it and with the theme's style sheets put back in full."""
    from importlib.resources import files
    full = {name: (files(package) / "theme" / package / "static" / "styles" / name).read_text(encoding="utf-8")
            for package, name in [("pydata_sphinx_theme", "pydata-sphinx-theme.css"), ("sphinx_book_theme", "sphinx-book-theme.css")]}
    everything = """() => [...document.querySelectorAll('html, body, body *')].filter(e => !e.closest('.filmstrip')).map(e => ['', '::before', '::after'].map(part => {
        const s = getComputedStyle(e, part || undefined); let sum = e.tagName + '.' + (e.getAttribute('class') || '') + part;
        for (const name of s) if (!name.startsWith('--')) sum += '\\n' + name + ': ' + s.getPropertyValue(name);
        return sum; }).join('\\n\\n'))"""
    place = min(SECTIONS, key=lambda place: (ROOT / place).with_suffix(".ipynb").stat().st_size)
    for place in ["index.html", place, "search.html"]:
        looks, put_back = [], set()

        def whole(route):
            name = route.request.url.partition("?")[0].rpartition("/")[2]
            put_back.add(name)
            route.fulfill(body=full[name], content_type="text/css")
        for shortened in (True, False):
            visit = Visit(browser, address)
            if not shortened:
                for name in full:
                    visit.context.route(f"**/{name}*", whole)
            visit.go(place)
            visit.tab.evaluate("theme => Object.assign(document.documentElement.dataset, {theme, mode: theme})", theme)
            visit.tab.add_style_tag(content="*, ::before, ::after { transition: none !important }")
            looks.append(visit.tab.evaluate(everything))
            visit.close()
        assert put_back == set(full)
        assert looks[0] == looks[1], next(sorted(set(a.splitlines()) ^ set(b.splitlines())) for a, b in zip(*looks) if a != b)
