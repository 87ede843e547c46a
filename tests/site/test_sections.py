"""What a page made from a notebook shows its reader: bar, checks, folds, figures, notes and pitfalls, sliders, and where to go next."""
import json
import re

import cells
from browsing import PAGES, ROOT
from site_info import colab_url, repository_url

LINES = """() => [...document.querySelectorAll('article .cell details > summary')].map(line => {
    const said = line.cloneNode(true), seen = line.cloneNode(true);
    said.querySelectorAll('[aria-hidden=true]').forEach(part => part.remove());
    seen.querySelectorAll('.only-read-out').forEach(part => part.remove());
    const words = part => part.textContent.trim().replace(/\\s+/g, ' ');
    return [words(seen), words(said)]; })"""  # what an eye and what a screen reader gets


def code_cells(lesson, *roles):
    """The code cells of a lesson's notebook with one of these roles."""
    return [cell for cell in lesson.notebook["cells"] if cells.role(cell) in roles]


def plain(words):
    """A caption as the page shows it: backticks are not seen, spaces are one."""
    return " ".join(words.replace("`", "").split())


def line_of(cell):
    """What the line of a folded cell must show, and what a screen reader must say."""
    if cells.role(cell) == "check":
        if sentence := plain(cells.sentence(cell)):
            return f"✓ checked: {sentence}", f"checked: {sentence}"
        number = cells.asserts(cell)
        return f"✓ {number}", f"{number} check{'s' * (number != 1)} passed: code"
    words = plain(cells.caption(cell))
    if cells.draws(cell) and cells.role(cell) == "figure":
        words = re.sub(r"^(Figure|Code)\b", "Code of the figure", words)
    return words, words


def test_the_bar_says_what_to_expect(lesson):
    bar, about = lesson.tab.locator("h1 + .section-bar"), lesson.lesson
    assert bar.locator(".bar-read").inner_text() == f"{about.minutes} min read"
    checks = sum(cells.asserts(cell) for cell in code_cells(about, "check", "body", "figure", "solution"))
    said = f"{checks:,} check{'s' * (checks != 1)} passed"
    assert [part.inner_text() for part in bar.locator(".bar-checks").all()] == ([said] if checks else [])
    assert re.fullmatch(r"\d+ s to run", bar.locator(".bar-run").inner_text())
    assert bar.locator(".bar-optional").count() == ("★" in cells.first_line(about.notebook["cells"][0]))
    url = repository_url(ROOT)
    colab = colab_url(url, about.place)
    assert [a.get_attribute("href") for a in bar.locator(".bar-colab").all()] == ([colab] if colab else [])
    assert bar.locator(".bar-edit").count() == bool(url)


def test_title_and_sidebar_carry_the_number_of_the_path(lesson):
    title = lesson.tab.evaluate("() => { const h = document.querySelector('h1').cloneNode(true); h.querySelector('.headerlink')?.remove(); return h.textContent }")
    assert title.split()[0] == lesson.lesson.number
    entry = lesson.tab.evaluate("() => [...document.querySelectorAll('.bd-docs-nav li.current > a.current')].at(-1).textContent.trim()")
    assert entry.split()[0] == lesson.lesson.number
    assert entry.endswith("★ optional") == lesson.lesson.starred


def test_the_download_is_the_notebook(lesson):
    link = lesson.tab.locator(".section-bar .bar-download")
    answer = lesson.context.request.get(lesson.tab.evaluate("a => a.href", link.element_handle()))
    assert json.loads(answer.body()) == lesson.lesson.notebook


def test_the_markdown_is_the_lesson(lesson):
    link = lesson.tab.locator(".section-bar .bar-markdown")
    text = lesson.context.request.get(lesson.tab.evaluate("a => a.href", link.element_handle())).text()
    assert text.startswith(f"# {lesson.lesson.heading}\n")
    for cell in lesson.lesson.notebook["cells"]:
        if cells.role(cell) == "markdown":
            missing = [line for line in re.findall(r"^#+ .*", cells.source(cell), re.M) if f"\n{line}\n" not in "\n" + text]
            assert missing == [], "headings that the text lacks"
        elif cells.role(cell) != "setup":
            assert cells.shown_code(cell).strip() in text, f"the code of cell {cell['id']} is missing"
            assert cells.sentence(cell) in text
            if alt := cell["metadata"].get("mystnb", {}).get("image", {}).get("alt"):
                assert f"*Figure: {alt.strip()}*" in text, "a figure is not described"
    for unwanted in ("# @title", "<details", "image/png", "data:image", "def verdict("):
        assert unwanted not in text


def test_there_is_a_way_on(lesson):
    assert lesson.tab.locator(":is(a.left-prev, a.right-next):visible").count() >= 1


def unfolds(lesson, box):
    """Open and shut a <details> by click and by keyboard; its content must show and hide each time."""
    summary, content = box.locator("summary").first, box.locator("> :not(summary)").first
    assert box.get_attribute("open") is None and not content.is_visible()
    summary.click()
    assert box.get_attribute("open") is not None and content.is_visible(), "a click does not open it"
    summary.click()
    assert not content.is_visible(), "a second click does not shut it"
    summary.focus()
    for key, visible in (("Enter", True), ("Space", False)):
        lesson.tab.keyboard.press(key)
        assert content.is_visible() == visible, f"{key} has no effect"


def test_every_folded_cell_is_one_line_with_its_own_words(lesson):
    folded = code_cells(lesson.lesson, *cells.FOLDED)
    assert [tuple(line) for line in lesson.tab.evaluate(LINES)] == [line_of(cell) for cell in folded]
    assert "@title" not in lesson.tab.locator("article").text_content(), "the code repeats its caption"
    kinds = {"check": "check", "solution": "whole"}
    wrong = lesson.tab.evaluate("""kinds => [...document.querySelectorAll('article .cell details')].map((box, i) => [box, kinds[i]]).filter(([box, kind]) =>
        box.open || [...box.children].slice(1).some(part => part.checkVisibility({contentVisibilityAuto: true}) && part.getBoundingClientRect().height)
        || !box.querySelector('.cell_input pre') || (kind && box.matches('.cell > *') && !box.classList.contains(kind))
        || (kind && box.parentElement.children.length > 1)).map(([box]) => box.textContent.slice(0, 60))""", [kinds.get(cells.role(cell)) for cell in folded])
    assert wrong == [], "not folded away: code or output shows"


def test_folds_open_by_click_and_keyboard(lesson):
    """One fold of each kind: on one page the first, on the next the last."""
    for selector in (".check", ".whole", ".code", ".figure-code"):
        boxes = lesson.tab.locator(f"article details.fold{selector}")
        if boxes.count():
            unfolds(lesson, boxes.first if PAGES.index(lesson.page) % 2 else boxes.last)


def test_a_folded_code_shows_what_the_notebook_holds(lesson):
    shown = lesson.tab.evaluate("() => [...document.querySelectorAll('article .cell .cell_input pre')].map(code => code.textContent.trim())")
    code = [cells.shown_code(cell).strip() for cell in lesson.lesson.notebook["cells"] if cell["cell_type"] == "code"]
    assert shown == code


def test_the_code_of_a_figure_stands_below_it(lesson):
    above = lesson.tab.evaluate("""() => [...document.querySelectorAll('article .cell.tag_hide-input:has(.cell_output img)')].filter(cell =>
        cell.querySelector('summary').getBoundingClientRect().top < cell.querySelector('.cell_output').getBoundingClientRect().bottom - 1
        || cell.querySelector('summary').getBoundingClientRect().height > 30).map(cell => cell.textContent.slice(0, 60))""")
    assert above == [], "folds above their figure, or larger than a line"
    figures = sum(cells.draws(cell) and cells.role(cell) == "figure" for cell in code_cells(lesson.lesson, "figure"))
    assert lesson.count("article details.figure-code") == figures


def test_notes_and_pitfalls_stand_out(lesson):
    text = "\n\n".join(cells.source(cell) for cell in code_cells(lesson.lesson, "markdown"))
    look = "box => { const s = getComputedStyle(box); return [s.borderLeftColor, s.backgroundColor].join() }"
    looks = {"": lesson.tab.evaluate(look, lesson.tab.locator("article").element_handle())}
    for word in ("Note", "Pitfall"):
        boxes = lesson.tab.locator(f"article [role=note].callout.{word.lower()}")
        assert boxes.count() == len(re.findall(rf"(?:^|\n\n)> \*\*{word}\b", text)), f"{word}s in the notebook and on the page"
        for box in boxes.all():
            assert box.inner_text().startswith(word)
        if boxes.count():
            looks[word] = lesson.tab.evaluate(look, boxes.first.element_handle())
    assert len(set(looks.values())) == len(looks), "they look like something else"


def test_in_print_a_check_is_its_line_alone(lesson):
    boxes = lesson.tab.locator("article details.check")
    if boxes.count():
        boxes.first.evaluate("box => box.open = true")
        lesson.tab.emulate_media(media="print")
        line, code = boxes.first.locator("summary").is_visible(), boxes.first.locator("pre").first.is_visible()
        lesson.tab.emulate_media(media="screen")
        boxes.first.evaluate("box => box.open = false")
        assert line and not code


def test_proofs_unfold(lesson):
    for box in lesson.tab.locator("article details:not(.fold):has(> summary:text-matches('^Solution'))").all():
        unfolds(lesson, box)


def test_sliders_move_by_keyboard(lesson):
    sliders = lesson.tab.locator(".filmstrip input[type=range]")
    assert sliders.count() == sum("filmstrip" in cells.tags(cell) for cell in lesson.lesson.notebook["cells"])
    for number, slider in enumerate(sliders.all()):
        strip = lesson.tab.locator(".filmstrip").nth(number)
        view = strip.locator(".filmstrip-view")
        name = slider.evaluate("s => s.labels[0]?.textContent || s.ariaLabel || ''")
        assert name.strip(), "the slider has no label"
        slider.focus()
        seen = []
        for key in (None, "ArrowRight", "End", "Home"):
            if key:
                lesson.tab.keyboard.press(key)
            seen.append((slider.get_attribute("aria-valuetext"), view.screenshot()))
        (first, panel_1), (second, panel_2), (last, panel_n), (again, panel_again) = seen
        assert first and first != second and panel_1 != panel_2, "ArrowRight does not move it"
        assert last not in (first, second) and panel_n not in (panel_1, panel_2), "End does not reach the last panel"
        assert (again, panel_again) == (first, panel_1), "Home does not bring the first panel back"
        assert second in strip.inner_text() or first in strip.inner_text(), "the panel's title is not shown"


def test_a_slider_shows_one_panel_and_print_shows_all(lesson):
    for view in lesson.tab.locator(".filmstrip-view").all():
        picture = view.locator("img")
        assert picture.evaluate("i => i.getBoundingClientRect().width") > 1.5 * view.evaluate("v => v.getBoundingClientRect().width")
        lesson.tab.emulate_media(media="print")
        shown, whole = (e.evaluate("e => e.getBoundingClientRect().width") for e in (view, picture))
        lesson.tab.emulate_media(media="screen")
        assert shown >= whole - 1, "in print a part of the picture is cut off"
