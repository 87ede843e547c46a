"""What a build must refuse, each provoked on a small copy of the project, and what it must do when all is well."""
import json
import re

import pytest

import sample
from sample import PLACE, append, project, python, write

SECOND = "chapters/01-vectors/02-second.ipynb"


def build(root, **environment):
    """`make book` without make: the finished process."""
    return python("tools/build.py", cwd=root, **environment)


def state(root):
    """Every file of the built site with its content, to see whether it was touched."""
    html = root / "_build" / "html"
    return {path.relative_to(html): path.read_bytes() for path in html.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A copy of the project with one sample notebook, built."""
    root = project(tmp_path_factory.mktemp("book"))
    done = build(root)
    assert done.returncode == 0, done.output
    return root


def failing_cell(root):
    nb = sample.sample()
    append(nb, "sum", "assert total == 8, 'not eight'")
    write(nb, root)


def file_missing_from_disk(root):
    toc = root / "_toc.yml"
    toc.write_text(toc.read_text().replace("01-sample", "01-gone"), encoding="utf-8")


def dead_link(root):
    nb = sample.sample()
    append(nb, "idea", "\nSee [1.9](09-none.ipynb).")
    write(nb, root)


def dead_link_on_a_page(root):
    page = root / "book" / "notation.md"
    page.write_text(page.read_text(encoding="utf-8") + "\nSee [it](nowhere.md).\n", encoding="utf-8")


def notebook_missing_from_toc(root):
    write(sample.sample(), root, SECOND)


def broken_json(root):
    (root / PLACE).write_text('{"cells": [', encoding="utf-8")


REFUSED = {
    failing_cell: [PLACE, "cell 4", "sum", "not eight"],
    file_missing_from_disk: ["_toc.yml", "01-gone"],
    dead_link: [PLACE, "cell 3", "idea", "09-none.ipynb"],
    dead_link_on_a_page: ["book/notation.md", "nowhere.md"],
    notebook_missing_from_toc: [SECOND, "_toc.yml"],
    broken_json: [PLACE],
}


@pytest.mark.parametrize("spoil", REFUSED, ids=lambda spoil: spoil.__name__)
def test_a_fault_stops_the_build_and_is_named(spoil, built):
    """Twice, because a second run must not take the fault for done; then the fault is taken back, and the build is well again."""
    kept = {path: path.read_bytes() for path in [built / "_toc.yml", built / PLACE, built / "book" / "notation.md"]}
    before = state(built)
    try:
        spoil(built)
        for attempt in range(2):
            done = build(built)
            assert done.returncode != 0, done.output
            missing = [words for words in REFUSED[spoil] if words not in done.output]
            assert not missing, f"{missing} not said in:\n{done.output}"
            assert state(built) == before, "the last good site was touched"
    finally:
        (built / SECOND).unlink(missing_ok=True)
        for path, content in kept.items():
            path.write_bytes(content)
    done = build(built)
    assert done.returncode == 0, done.output


def bar(root, place=PLACE):
    """The bar under the title of a section's page, as HTML."""
    page = (root / "_build" / "html" / place).with_suffix(".html").read_text(encoding="utf-8")
    return re.search(r'<div class="section-bar">.*?</div>', page, re.S)[0]


def test_without_an_address_and_with_one(built):
    assert "bar-download" in bar(built)
    assert "bar-colab" not in bar(built) and "bar-edit" not in bar(built)
    done = build(built, GITHUB_REPOSITORY="someone/book", GITHUB_SERVER_URL="https://github.com")
    assert done.returncode == 0, done.output
    assert f"https://colab.research.google.com/github/someone/book/blob/main/{PLACE}" in bar(built)
    assert "bar-edit" in bar(built) and f"https://github.com/someone/book/edit/main/{PLACE}" in bar(built)


def test_only_what_changed_runs_again(tmp_path):
    nb = sample.sample()
    append(nb, "sum", "assert total < 100")  # the same code twice would be one entry of the cache
    root = project(tmp_path, {PLACE: sample.sample(), SECOND: nb})

    def executed():
        done = build(root)
        assert done.returncode == 0, done.output
        return sorted(set(re.findall(r"chapters/\S+?\.ipynb(?=\s+[\d.]+ s)", done.output)))

    assert executed() == [PLACE, SECOND]
    assert executed() == []
    append(nb, "sum", "assert total < 1000")
    write(nb, root, SECOND)
    assert executed() == [SECOND]
    append(nb, "idea", "\nA word more.")
    write(nb, root, SECOND)
    assert executed() == [], "a change of words runs nothing"
    assert "A word more." in (root / "_build" / "html" / SECOND).with_suffix(".html").read_text(encoding="utf-8")


def test_the_executed_notebook_is_not_written_back(built):
    assert json.loads((built / PLACE).read_text(encoding="utf-8")) == sample.sample()
