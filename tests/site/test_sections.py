"""What a page made from a notebook offers its reader: the bar under its title, folded cells, sliders, and where to go next."""
import json
import re

import notebooks
from browsing import ROOT
from site_info import colab_url, repository_url


def cells_tagged(path, tag):
    """How many code cells of a notebook carry a tag."""
    return sum(tag in cell["metadata"].get("tags", []) for cell in notebooks.read(path)["cells"])


def test_the_bar_says_what_to_expect(section):
    bar = section.tab.locator("h1 + .section-bar")
    words = bar.inner_text()
    minutes = notebooks.reading_minutes(notebooks.read(section.notebook))
    assert f"{minutes} min read" in words
    assert re.search(r"\d+ s to run", words)
    place, url = section.notebook.relative_to(ROOT).as_posix(), repository_url(ROOT)
    colab = colab_url(url, place)
    assert [a.get_attribute("href") for a in bar.locator(".bar-colab").all()] == ([colab] if colab else [])
    assert bar.locator(".bar-edit").count() == bool(url)


def test_the_download_is_the_notebook(section):
    link = section.tab.locator(".section-bar .bar-download")
    answer = section.context.request.get(section.tab.evaluate("a => a.href", link.element_handle()))
    assert json.loads(answer.body()) == notebooks.read(section.notebook)


def test_there_is_a_way_on(section):
    assert section.tab.locator(":is(a.left-prev, a.right-next):visible").count() >= 1


def unfolds(section, box):
    """Open and shut a <details> by click and by keyboard; its content must show and hide each time."""
    summary, content = box.locator("summary").first, box.locator("> :not(summary)").first
    assert box.get_attribute("open") is None and not content.is_visible()
    summary.click()
    assert box.get_attribute("open") is not None and content.is_visible(), "a click does not open it"
    summary.click()
    assert not content.is_visible(), "a second click does not shut it"
    summary.focus()
    for key, visible in (("Enter", True), ("Space", False)):
        section.tab.keyboard.press(key)
        assert content.is_visible() == visible, f"{key} has no effect"


def test_solutions_unfold(section):
    boxes = section.tab.locator(".cell.tag_hide-cell details")
    assert boxes.count() == cells_tagged(section.notebook, "hide-cell")
    for number in range(boxes.count()):
        unfolds(section, boxes.nth(number))
        assert "Solution" in boxes.nth(number).text_content()


def test_hidden_code_unfolds(section):
    boxes = section.tab.locator(".cell.tag_hide-input details")
    assert boxes.count() == cells_tagged(section.notebook, "hide-input")
    unfolds(section, boxes.first)
    unfolds(section, boxes.last)


def test_proofs_unfold(section):
    for box in section.tab.locator("article details:has(> summary:text-matches('^Solution'))").all():
        unfolds(section, box)


def test_sliders_move_by_keyboard(section):
    sliders = section.tab.locator(".filmstrip input[type=range]")
    assert sliders.count() == cells_tagged(section.notebook, "filmstrip")
    for number, slider in enumerate(sliders.all()):
        strip = section.tab.locator(".filmstrip").nth(number)
        view = strip.locator(".filmstrip-view")
        name = slider.evaluate("s => s.labels[0]?.textContent || s.ariaLabel || ''")
        assert name.strip(), "the slider has no label"
        slider.focus()
        seen = []
        for key in (None, "ArrowRight", "End", "Home"):
            if key:
                section.tab.keyboard.press(key)
            seen.append((slider.get_attribute("aria-valuetext"), view.screenshot()))
        (first, panel_1), (second, panel_2), (last, panel_n), (again, panel_again) = seen
        assert first and first != second and panel_1 != panel_2, "ArrowRight does not move it"
        assert last not in (first, second) and panel_n not in (panel_1, panel_2), "End does not reach the last panel"
        assert (again, panel_again) == (first, panel_1), "Home does not bring the first panel back"
        assert second in strip.inner_text() or first in strip.inner_text(), "the panel's title is not shown"


def test_a_slider_shows_one_panel_and_print_shows_all(section):
    for view in section.tab.locator(".filmstrip-view").all():
        picture = view.locator("img")
        assert picture.evaluate("i => i.getBoundingClientRect().width") > 1.5 * view.evaluate("v => v.getBoundingClientRect().width")
        section.tab.emulate_media(media="print")
        shown, whole = (e.evaluate("e => e.getBoundingClientRect().width") for e in (view, picture))
        section.tab.emulate_media(media="screen")
        assert shown >= whole - 1, "in print a part of the picture is cut off"
