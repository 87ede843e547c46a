"""The tests of the site, tested: on a small book with every form of page they pass, and on a spoiled copy of it each fault is found.

Also what the making of the pages refuses: places to fill that are gone, a map that cannot be drawn, addresses that lead nowhere.
"""
import re
import shutil

import pytest
import yaml

import notebooks
from sample import ROOT, append, code, markdown, project, python, replace, sample

CHAPTER = "chapters/01-vectors/"
FIRST, PART, STARRED = CHAPTER + "01-sample.ipynb", CHAPTER + "02-parts/01-first.ipynb", CHAPTER + "02-parts/02-second.ipynb"


def lesson(number, title):
    """The sample as lesson `number`, with a note, a pitfall, a check with a sentence and one without, and a term of its own."""
    nb = sample()
    replace(nb, "opening", "# 1.1 A Sample", f"# {number} {title}")
    append(nb, "sum", f"print('lesson {number}')")
    replace(nb, "idea", "## Adding", "## Adding $v$ and `w`: *a sum*")
    replace(nb, "idea", "**sum norm**", f"**sum norm {number.replace('.', '')}**" if number != "1.1" else "**sum norm**")
    append(nb, "idea", "\n> **Pitfall.** Never add apples, $x$, to pears.")
    replace(nb, "check-sum", "the entries add up to seven", "the two routes agree, `jnp.sum` and a loop")
    append(nb, "check-sum", "print(total, 'again')")
    place = next(i for i, c in enumerate(nb["cells"]) if c["id"] == "check-sum")
    nb["cells"][place + 1:place + 1] = [markdown("then", "Then the same once more."), code("again", "w = 2 * v\nprint(w)"),
                                        code("check-again", "# @title Check\nassert (w == 2 * v).all()\nassert w.shape == (2,)", "check")]
    return notebooks.normalised(nb, number=number)


def table(*rows):
    """A table of parts in Markdown."""
    rows = [f"| [{title}]({place}){' ★ optional' if '★' in title else ''} | Why? |" for title, place in rows]
    return "\n".join(["| part | its question |", "|---|---|", *rows]) + "\n"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A built book of three lessons: one that is a section, and a section of two parts, of which the second is optional."""
    root = project(tmp_path_factory.mktemp("pages"), {FIRST: lesson("1.1", "A Sample"), PART: lesson("1.2.1", "First"), STARRED: lesson("1.2.2", "★ Proofs")})
    write = {
        CHAPTER + "index.md": "# Chapter 1: Vectors\n\n" + table(("1.1 A Sample", "01-sample.ipynb"), ("1.2 In Parts", "02-parts/index.md")),
        CHAPTER + "02-parts/index.md": "# 1.2 In Parts\n\nTwo parts.\n\n" + table(("1.2.1 First", "01-first.ipynb"), ("1.2.2 ★ Proofs", "02-second.ipynb")),
        "book/moved.yml": f"{CHAPTER}09-old: {PART.removesuffix('.ipynb')}\n",
        "book/terms.yml": "also: {sum norm: [Manhattan norm, $L_1$]}\n",
        "book/idioms.yml": "- {name: jnp.abs, find: jnp.abs, lesson: 01-vectors/01-sample}\n",
        "index.md": re.sub(r'data-page="[^"]*"', f'data-page="{FIRST.removesuffix(".ipynb")}"', (ROOT / "index.md").read_text(encoding="utf-8").replace("chapters/00-start/index.md", CHAPTER + "index.md")),
        "pytest.ini": (ROOT / "pytest.ini").read_text(encoding="utf-8"),
    }
    for place, text in write.items():
        (root / place).write_text(text, encoding="utf-8")
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    toc["parts"][0]["chapters"][0]["sections"] = [
        {"file": FIRST.removesuffix(".ipynb")},
        {"file": CHAPTER + "02-parts/index", "sections": [{"file": place.removesuffix(".ipynb")} for place in (PART, STARRED)]}]
    (root / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    done = python("tools/build.py", cwd=root)
    assert done.returncode == 0, done.output
    return root


def site_tests(root, **environment):
    """The tests of sections and of the whole site, run in `root`: the finished process."""
    return python("-m", "pytest", "-q", "tests/site/test_sections.py", "tests/site/test_site.py", cwd=root, **environment)


def test_a_book_with_every_form_passes(book):
    done = site_tests(book)
    if "no Chromium" in done.output:
        pytest.skip("no Chromium")
    assert done.returncode == 0, done.output


# what is taken from the finished HTML, where, and the test that must miss it
SPOILED = {
    "test_notes_and_pitfalls_stand_out": (STARRED, r'class="callout \w+" role="note"', ""),
    "test_every_folded_cell_is_one_line_with_its_own_words": (STARRED, r"Solution (\d)</summary>", r"Solution \1 of 5</summary>"),
    "test_the_code_of_a_figure_stands_below_it": (STARRED, r'(?s)(<div class="cell_output[^>]*>\s*<img.*?</div>)\s*(<details class="fold figure-code">.*?</details>)', r"\2\1"),
    "test_the_bar_says_what_to_expect": (STARRED, r"\d+ checks passed</span>", "99 checks passed</span>"),
    "test_title_and_sidebar_carry_the_number_of_the_path": (STARRED, r"<h1>1\.2\.2", "<h1>1.2.3"),
    "test_the_markdown_is_the_lesson": (STARRED.replace(".ipynb", ".md"), r"\*Figure: ", "*"),
    "test_a_folded_code_shows_what_the_notebook_holds": (STARRED, r'<span class="nb">print</span>', "print_"),
    "test_in_print_a_check_is_its_line_alone": ("_static/conditions.css", r"details\.check > :not\(summary\) ?\{ ?display: none; ?\}", ""),
    "test_the_map_shows_every_chapter_and_leads_to_those_that_exist": ("index.md", r'(?s)<figure class="chapter-map">.*?</figure>', ""),
    "test_a_figure_that_moves_greets_the_reader": ("index.md", r'(?s)<figure class="featured">.*?</figure>', ""),
    "test_chapter_and_section_pages_list_their_parts": (CHAPTER + "02-parts/index.md", r'<span class="optional">★ optional</span></p></td>', "</p></td>"),
    "test_the_sidebar_lists_the_book_and_opens_the_chapter_at_hand": (STARRED, r'<span class="optional">★ optional</span></a>', "</a>"),
    "test_the_status_page_has_a_row_for_each_lesson_and_sums_them": ("book/status.md", r"(All 3 lessons</th><td class=\"number\">\d+</td><td class=\"number\">)\d+", r"\g<1>1"),
    "test_terms_lead_to_their_definitions": ("book/terms.md", r"Manhattan norm", "Munhattan norm"),
    "test_idioms_name_the_lesson_that_introduces_them": ("book/terms.md", r"jnp\.abs", "jnp.sum"),
    "test_a_list_for_machines_names_every_lesson": ("llms.txt", r"(?m)^- .*Proofs.*\n", ""),
    "test_old_addresses_lead_on": (CHAPTER + "09-old.html", 'rel="canonical" href="02-parts', 'rel="canonical" href="parts'),
}


def test_the_tests_of_the_site_find_what_is_missing(book, tmp_path):
    """Every fault at once, in a copy of the site: each turns the test red that looks for it."""
    site = tmp_path / "site"
    shutil.copytree(book / "_build" / "html", site)
    for name, (place, old, new) in SPOILED.items():
        path = site / re.sub(r"\.(ipynb|md)$", ".html", place) if name != "test_the_markdown_is_the_lesson" else site / place
        text, count = re.subn(old, new, path.read_text(encoding="utf-8"))
        assert count, f"nothing to spoil for {name}"
        path.write_text(text, encoding="utf-8")
    done = site_tests(book, BOOK_SITE=str(site))
    if "no Chromium" in done.output:
        pytest.skip("no Chromium")
    failed = set(re.findall(r"^FAILED tests/site/\w+\.py::(\w+)", done.output, re.M))
    assert set(SPOILED) <= failed, f"not noticed: {sorted(set(SPOILED) - failed)}"


def refuse(change):
    """A fault in one file: (file, words in it, what replaces them, words of the message)."""
    return pytest.param(*change, id=change[0].rpartition("/")[2] + ": " + change[3])


@pytest.mark.parametrize("place, old, new, words", [refuse(fault) for fault in (
    ("index.md", '<div id="chapter-map"></div>', "", '0 places <div id="chapter-map"></div>'),
    ("book/status.md", '<div id="status-table"></div>', '<div id="status-table"></div>\n\n<div id="status-table"></div>', "2 places"),
    ("book/terms.md", '<div id="terms"></div>', "", '0 places <div id="terms"></div>'),
    ("book/chapters.yml", '- {number: "1",', '- {number: "1b",', "book/chapters.yml: chapter 2 needs 1, which is not in the list"),
    ("book/chapters.yml", 'name: Start here, needs: []', 'name: Start here, needs: ["7"]', "in a circle"),
    ("book/moved.yml", "02-parts/01-first", "02-parts/01-gone", "01-gone, which is no page of the book"),
    ("book/terms.yml", "sum norm:", "sum rule:", 'no lesson prints "sum rule" bold'),
    ("book/terms.yml", "Manhattan norm", "sum norm", '"sum norm" is said to be another name of "sum norm", but '),
)])
def test_the_pages_are_refused(book, place, old, new, words):
    path = book / place
    kept = path.read_text(encoding="utf-8")
    assert old in kept
    try:
        path.write_text(kept.replace(old, new), encoding="utf-8")
        done = python("tools/build.py", cwd=book)
        assert done.returncode == 1 and words in done.output and "Traceback" not in done.output, done.output
    finally:
        path.write_text(kept, encoding="utf-8")
