"""Every notebook keeps the conventions, every list of notebooks is complete, and what the whole book must agree on, it agrees on."""
import re

import pytest

import conventions
import lessons
import notebooks

ROOT = notebooks.ROOT
ALL = notebooks.notebooks_on_disk()
PAGES = [path for path in notebooks.toc(ROOT) if path.suffix == ".md"]
# The lessons that stood before the present form; no other may be listed in book/not-rewritten.txt.
STANDING = {
    "chapters/02-matrices": ["01-matrix-properties", "02-matrix-types", "03-matrix-operations", "04-linear-transformations",
                             "05-matrix-decompositions", "06-singular-values"],
    "chapters/03-calculus": ["01-differential-calculus", "02-integral-calculus", "03-multivariate-calculus", "04-function-approximation",
                             "05-optimisation", "06-autodiff-from-scratch"],
    "chapters/06-machine-learning": ["05-distributed-deep-learning", "06-sharding-a-model", "07-pipelines-and-experts",
                                     "08-training-that-survives"],
}


def names(paths):
    return sorted(path.relative_to(ROOT).as_posix() for path in paths)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.relative_to(ROOT / "chapters").with_suffix("").as_posix())
def test_a_notebook_keeps_the_conventions(path):
    found = conventions.problems(path, ROOT)
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_every_notebook_is_in_the_toc():
    listed = names(notebooks.notebooks())
    missing = [name for name in names(ALL) if name not in listed]
    assert not missing, "not in _toc.yml: " + ", ".join(missing)
    assert len(listed) == len(set(listed)), "_toc.yml lists a notebook twice"


def test_the_readme_lists_every_lesson():
    before, table, after = lessons.readme_parts((ROOT / "README.md").read_text(encoding="utf-8"))
    assert lessons.without_colab(table) == lessons.table(), "run `make normalise`"


def test_the_list_of_lessons_not_rewritten_only_shrinks():
    allowed = {f"{folder}/{name}.ipynb" for folder, files in STANDING.items() for name in files}
    listed = lessons.not_rewritten()
    assert not listed - allowed, "a new lesson has the present form: " + ", ".join(sorted(listed - allowed))
    gone = sorted(name for name in listed if not (ROOT / name).is_file())
    assert not gone, "no longer there, so take it off the list: " + ", ".join(gone)


@pytest.mark.parametrize("path", [path for path in ALL if path.relative_to(ROOT).as_posix() in lessons.not_rewritten()], ids=lambda path: path.stem)
def test_a_listed_lesson_breaks_the_present_form(path):
    notebook = conventions.load(path, ROOT)
    assert any(True for rule in conventions.LESSON_RULES for _ in rule(notebook)), "it keeps every rule: take it off book/not-rewritten.txt"


def test_the_index_of_terms_is_of_one_mind():
    try:
        lessons.terms(ROOT)
    except ValueError as error:
        pytest.fail(str(error), pytrace=False)


def test_no_idiom_comes_before_its_introduction():
    found = lessons.idiom_problems(ROOT)
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.mark.parametrize("path", [*PAGES, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_has_no_leftovers_and_names_lessons_as_they_are(path):
    text = path.read_text(encoding="utf-8")
    assert not conventions.CONFLICT.search(text), "holds a mark that a merge left behind"
    assert lessons.link_problems(path, text, ROOT) == []


@pytest.mark.parametrize("section", lessons.book().chapters + lessons.book().sections, ids=lambda section: section.number)
def test_an_index_lists_its_parts(section):
    """The index of a chapter or of a section names each of its parts by number and title, with a link, in their order."""
    text = section.index.read_text(encoding="utf-8")
    parts = section.lessons if isinstance(section, lessons.Section) else section.sections
    rows = re.findall(r"^\| \[([^\]]+)\]\(([^)]+)\)", text, re.M)
    for part in parts:
        target = part.index if isinstance(part, lessons.Section) else part.path
        assert (part.heading, target.relative_to(section.index.parent).as_posix()) in rows, f"no row for {part.heading}"
    assert re.match(r"# Chapter \d+: \S" if isinstance(section, lessons.Chapter) else rf"# {re.escape(section.number)} \S", text), "the first line is its title"


def test_old_addresses_lead_to_pages_of_the_book():
    pages = {path.relative_to(ROOT).with_suffix("").as_posix() for path in notebooks.toc(ROOT)}
    moved = lessons.data("moved.yml")
    assert {new for new in moved.values()} <= pages, "book/moved.yml leads to pages that are not there"
    assert not set(moved) & pages, "book/moved.yml names a page that exists as moved"
