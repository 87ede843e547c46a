"""Every notebook keeps the conventions, and every list of notebooks is complete."""
import pytest

import notebooks

ROOT = notebooks.ROOT
ALL = notebooks.notebooks_on_disk()


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_a_notebook_keeps_the_conventions(path):
    found = notebooks.problems(path)
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_every_notebook_is_in_the_toc():
    assert {p.relative_to(ROOT) for p in ALL} == {p.relative_to(ROOT) for p in notebooks.notebooks()}


def test_the_readme_lists_every_notebook():
    before, table, after = notebooks.readme_parts((ROOT / "README.md").read_text(encoding="utf-8"))
    assert notebooks.without_colab(table) == notebooks.table(), "run `make normalise`"
