"""What holds for the site as a whole: links, the status page, and reading without scripts or without a server."""
import re
from collections import Counter
from itertools import combinations
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

import lessons
import notebooks
from browsing import LESSONS, MOVED, PAGES, ROOT, SECTIONS, SITE, Visit, page_of


def printed(text):
    """A heading as the page prints it: with typographic apostrophes."""
    return text.replace("'", "\u2019")


def rows(tab, selector):
    """The texts of the cells of each row that a table on the page shows."""
    return tab.tab.evaluate("selector => [...document.querySelectorAll(selector)].map(row => [...row.cells].map(cell => cell.innerText.trim()))", selector)


def test_the_status_page_has_a_row_for_each_lesson_and_sums_them(tab):
    tab.go("book/status.html")
    found = rows(tab, "article table.status tbody tr")
    assert [row[:3] for row in found] == [[printed(lesson.heading), str(lesson.minutes), str(lesson.checks)] for lesson in LESSONS.values()]
    assert all(re.fullmatch(r"\d+\.\d", row[3]) and float(row[3]) > 0 and re.fullmatch(r"\d{4}-\d\d-\d\d", row[-1]) for row in found)
    [[_, minutes, checks, seconds, *_]] = rows(tab, "article table.status tfoot tr")
    number = [float(text.replace(",", "")) for text in (minutes, checks, seconds)]
    assert number[:2] == [sum(lesson.minutes for lesson in LESSONS.values()), sum(lesson.checks for lesson in LESSONS.values())]
    assert abs(number[2] - sum(float(row[3]) for row in found)) < 0.1 * len(found)


def test_the_map_shows_every_chapter_and_leads_to_those_that_exist(tab):
    tab.go("index.html")
    chapters = lessons.data("chapters.yml")
    there = {chapter.number: chapter for chapter in lessons.book().chapters}
    found = tab.tab.evaluate("""() => [...document.querySelectorAll('.chapter-map svg :is(a, g.coming)')].map(box =>
        [box.querySelector('text').textContent, box.getAttribute('href'), box.textContent.replace(/\\s+/g, ' ').trim(), box.textContent.includes('coming'),
         box.getBoundingClientRect().width > 50])""")
    assert len(found) == len(chapters), "boxes of the map"
    for (words, link, label, coming, seen), entry in zip(found, chapters):
        here = there.get(str(entry["number"]))
        assert words.split() == [str(entry["number"]), *entry["name"].split()] and seen
        assert (link, coming) == ((here.place.replace(".md", ".html"), False) if here else (None, True))
        assert here is None or label == " ".join(filter(None, (str(entry["number"]), entry["name"], entry.get("note")))), "what a screen reader says"
    assert tab.count(".chapter-map .arrows path") == sum(len(entry.get("needs", [])) for entry in chapters)
    boxes = tab.tab.evaluate("() => [...document.querySelectorAll('.chapter-map rect')].map(box => { const r = box.getBBox(); return [r.x, r.y, r.x + r.width, r.y + r.height] })")
    assert not [(a, b) for a, b in combinations(boxes, 2) if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]], "boxes on top of each other"


def test_a_figure_that_moves_greets_the_reader(tab):
    tab.go("index.html")
    wanted = re.search(r'<div id="featured" data-page="([^"]*)">', (ROOT / "index.md").read_text(encoding="utf-8"))[1]
    slider = tab.tab.locator(".featured .filmstrip input[type=range]")
    first = slider.get_attribute("aria-valuetext")
    slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") != first
    link = tab.tab.locator(".featured figcaption a")
    assert f"{wanted}.html" in LESSONS, "index.md features a lesson that is not there"
    assert (link.get_attribute("href"), link.inner_text()) == (f"{wanted}.html", printed(LESSONS[f"{wanted}.html"].heading))


def test_the_sidebar_lists_the_book_and_opens_the_chapter_at_hand(tab):
    place, lesson = list(LESSONS.items())[-1]
    tab.go(place)
    entries = tab.tab.evaluate("""() => [...document.querySelectorAll('.bd-docs-nav a')].map(a => [new URL(a.href).pathname.slice(1) || location.pathname.slice(1),
        a.textContent.trim().replace(/\\s+/g, ' '), a.checkVisibility()])""")
    listed = {goal: (words, seen) for goal, words, seen in entries}
    assert [goal for goal, *_ in entries if goal in LESSONS] == list(LESSONS)
    for goal, other in LESSONS.items():
        words, seen = listed[goal]
        assert words == printed(f"{other.number} {other.title}") + " ★ optional" * other.starred
        if other.section is lesson.section and other.section or not other.section:
            assert seen == (other.chapter is lesson.chapter), f"{words}: only the chapter at hand is open"
    names = tab.tab.evaluate("() => [...document.querySelectorAll('.bd-docs-nav li > details > summary')].map(s => s.ariaLabel)")
    assert names and len(set(names)) == len(names) and all(name.startswith("Sections of ") for name in names)


def test_chapter_and_section_pages_list_their_parts(tab):
    book = lessons.book()
    for part in [chapter for chapter in book.chapters if "|" in chapter.index.read_text(encoding="utf-8")] + book.sections:
        tab.go(page_of(part.index))
        below = part.lessons if isinstance(part, lessons.Section) else part.sections
        found = tab.tab.evaluate("""() => [...document.querySelectorAll('article table.sections tbody tr')].map(row => row.cells[0])
            .filter(cell => cell.querySelector('a')).map(cell => cell.innerText.trim())""")
        assert found == [printed(f"{lesson.number} {lesson.title}") + " ★ optional" * getattr(lesson, "starred", False) for lesson in below]


def test_terms_lead_to_their_definitions(tab, address):
    tab.go("book/terms.html")
    entries = tab.tab.evaluate("""() => [...document.querySelectorAll('article dl.terms')].flatMap(list => [...list.querySelectorAll('dt')].map(dt => [
        dt.closest('section').querySelector('h2').firstChild.textContent, dt.id || dt.querySelector('[id]')?.id || '', dt.textContent.trim(),
        [...dt.nextElementSibling.querySelectorAll('a')].map(a => a.getAttribute('href'))]))""")
    terms = lessons.terms()
    defined = {identity: goals for _, identity, _, goals in entries if identity}
    assert len(defined) == len(terms), "a term for each that the lessons define"
    assert len(entries) == len(terms) + sum(len(term.also) for term in terms), "and an entry for each other name"
    for entry in entries:
        entry[2] = entry[2].replace("’", "'")
    names = [name.replace("`", "").replace("’", "'") for term in terms for name in [term.name, *term.also] if "$" not in name]
    assert sorted(names) == sorted(words for _, _, words, _ in entries if words in names), "names that the page lacks or repeats"
    letters = [letter for letter, *_ in entries]
    assert letters == sorted(letters) and all(re.match("[A-Z]$|0–9$", letter) for letter in letters)
    assert all(letter == "0–9" or "\\" in words or "$" in words or re.sub(r"[\W\d_]", "", words)[:1].upper() == letter for letter, _, words, _ in entries)
    assert all(goals[0][1:] in defined for _, identity, _, goals in entries if not identity), "see leads nowhere"
    places = Counter()
    for goals in defined.values():
        page, _, anchor = goals[-1].removeprefix("../").partition("#")
        assert page in LESSONS
        text = (SITE / page).read_text(encoding="utf-8")
        assert not anchor or f'id="{anchor}"' in text
        places[page, anchor] += 1
    wanted = Counter(page_of(term.lesson.path) for term in terms)
    assert sum((Counter({page: count}) for (page, _), count in places.items()), Counter()) == wanted
    headings = [term for term in terms if term.heading and re.fullmatch(r"[\w ,:’'-]+", term.heading) and term.heading != term.lesson.heading]
    shown = tab.tab.evaluate("() => [...document.querySelectorAll('article dl.terms dd')].map(dd => dd.textContent)")
    missing = [term.name for term in headings if not any(term.heading.replace("'", "’") in words and printed(term.lesson.heading) in words for words in shown)]
    assert missing == [], "terms without the words of their heading"


def test_idioms_name_the_lesson_that_introduces_them(tab):
    tab.go("book/terms.html")
    book = lessons.book()
    wanted = [(idiom.name.replace("`", ""), printed(lesson.heading)) for idiom in lessons.idioms() if (lesson := book.lesson(f"chapters/{idiom.lesson}"))]
    assert [tuple(row) for row in rows(tab, "section#idioms table tbody tr")] == wanted


def test_a_list_for_machines_names_every_lesson():
    text = (SITE / "llms.txt").read_text(encoding="utf-8")
    assert text.startswith("# From Vectors to Distributed Training\n\n> ")
    assert re.findall(r"^- \[(.*?)\]\((.*?)\)", text, re.M) == [(lesson.heading, f"{lesson.docname}.md") for lesson in LESSONS.values()]
    for lesson in LESSONS.values():
        assert (SITE / f"{lesson.docname}.md").is_file()
        assert not lesson.question or f"({lesson.docname}.md): {lesson.question}\n" in text


def test_old_addresses_lead_on(browser, address):
    visit = Visit(browser, address)
    for old, new in MOVED.items():
        visit.tab.goto(address + old)
        visit.tab.wait_for_url(address + new)
        page = (SITE / old).read_text(encoding="utf-8")
        [canonical], [link] = re.findall('<link rel="canonical" href="(.*?)">', page), re.findall('<a href="(.*?)">', page)
        assert canonical == link and (SITE / old).parent.joinpath(link).resolve() == (SITE / new).resolve()
    visit.close()


class Links(HTMLParser):
    """The addresses that a page refers to, and the places in it that can be referred to."""

    def __init__(self, text):
        super().__init__()
        self.targets, self.places = [], {"top"}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for key, value in attributes:
            if key in ("href", "src") and value:
                self.targets.append(value)
            if key in ("id", "name") and value:
                self.places.add(value)


def test_every_internal_link_leads_somewhere():
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in SITE.rglob("*.html") if "_static" not in path.parts}
    assert {SITE / page for page in PAGES} <= set(pages), "pages that the table of contents promises"
    dead = []
    for path, page in pages.items():
        for target in set(page.targets):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            goal = goal / "index.html" if goal.is_dir() else goal
            if not goal.is_file() or parts.fragment and goal in pages and unquote(parts.fragment) not in pages[goal].places:
                dead.append(f"{path.relative_to(SITE)}: {target}")
    assert dead == []


def test_the_theme_can_be_changed_and_stays(browser, address):
    visit = Visit(browser, address).go("index.html")

    def theme():
        return visit.tab.evaluate("() => document.documentElement.dataset.theme")
    seen = {theme()}
    for _ in range(3):
        visit.tab.locator(".theme-switch-button:visible").first.click()
        seen.add(theme())
    last = theme()
    visit.go(PAGES[1])
    assert seen == {"light", "dark"} and theme() == last
    visit.close()


def reads(visit, path):
    """The text of a section is there with its title, its exercises and its figures in full."""
    article = visit.tab.locator("article")
    text = article.inner_text()
    assert printed(notebooks.title(notebooks.read(path))) in text and "Exercise 1" in text
    pictures = article.locator("img").all()
    assert pictures, "no figure on the page"
    return pictures


def test_reads_without_scripts(browser, address):
    visit = Visit(browser, address, java_script_enabled=False)
    for place, path in SECTIONS.items():
        visit.tab.goto(address + place)
        for picture in reads(visit, path):
            natural, shown = picture.evaluate("i => [i.naturalWidth / i.naturalHeight, i.clientWidth / i.clientHeight]")
            assert abs(natural / shown - 1) < 0.02, "a figure is cut off or out of shape"
        assert visit.count(".filmstrip input") == 0
        box = visit.tab.locator("details").last
        box.locator("summary").first.click()
        assert box.get_attribute("open") is not None
    visit.close()


def test_reads_from_the_disk(browser):
    visit = Visit(browser, SITE.resolve().as_uri() + "/")
    for place, path in [item for item in SECTIONS.items() if "<math" in (SITE / item[0]).read_text(encoding="utf-8")][:1]:
        visit.go(place)
        reads(visit, path)
        assert visit.foreign == visit.failed == visit.errors == []
        assert 0 < visit.count(".math math") == visit.count(".math")
        visit.tab.locator("a.right-next, a.left-prev").first.click()
        visit.tab.wait_for_load_state()
        assert visit.tab.url.startswith("file:") and visit.count("article h1") == 1
    visit.close()
