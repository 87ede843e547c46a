"""Tests of the run of the notebooks (step 2 of tests/README.md): what must turn it red, and what it must print."""
import re

import pytest

from sample import PLACE, ROOT, code, project, python, sample

SPOILED = "chapters/01-vectors/02-spoiled.ipynb"
ALT = "A straight line rises from the origin to the point (1, 1)."
# One cell for each fault, by its id, and what must be said of it.
FAULTS = {
    "wrong-number": (code("wrong-number", "assert total == 8, total"), "AssertionError"),
    "failed-solution": (code("failed-solution", "# Solution 3\nassert check(4, test_3)", "hide-cell"), "AssertionError"),
    "exception": (code("exception", "1 / 0"), "ZeroDivisionError"),
    "network": (code("network", "import urllib.request\nurllib.request.urlopen('http://192.0.2.1')"), "notebooks run without network"),
    "file-of-the-book": (code("file-of-the-book", "open('01-sample.ipynb')"), "FileNotFoundError"),
    "html": (code("html", "class A:\n    def _repr_html_(self):\n        return 'x'\nA()"), "shows text/html"),
    "no-alt": (code("no-alt", "plt.plot([0, 1])\nplt.show()"), "shows a figure without alt text"),
    "no-figure": (code("no-figure", "plt.close()\nplt.show()", alt=ALT), "has alt text but shows no figure"),
    "warning": (code("warning", "import warnings\nwarnings.warn('look out')"), "prints a warning: "),
    "stored-output": (code("stored-output", "print(7)") | {"outputs": [{"output_type": "stream", "name": "stdout", "text": "8"}]},
                      "Unrun reference cell has outputs"),
}


@pytest.fixture(scope="module")
def output(tmp_path_factory):
    """What step 2 prints, run as the Makefile runs it, on the sample and on one notebook with every fault."""
    spoiled = sample()
    spoiled["cells"] += [cell for cell, _ in FAULTS.values()] + [code("leaves-a-file", "open('left.txt', 'w').close()")]
    root = project(tmp_path_factory.mktemp("book"), {PLACE: sample(), SPOILED: spoiled})
    done = python("tools/notebooks.py", "copy", "_build/alone", cwd=root)
    assert done.returncode == 0, done.output
    done = python("-m", "pytest", "-c", "tests/alone/pytest.ini", "--rootdir=.", "--color=no", "_build/alone", cwd=root,
                  PYTHONPATH=str(root / "tests" / "alone"))
    assert done.returncode == 1, done.output
    return done.output


def test_the_makefile_runs_the_same():
    """What these tests run is what `make test` and `make test-colab` run."""
    recipe = re.search(r"^ALONE = (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)[1]
    for part in ("tools/notebooks.py copy $(2)", 'PYTHONPATH="$(CURDIR)/tests/alone"', "-m pytest -c tests/alone/pytest.ini --rootdir=. $(2)"):
        assert part in recipe


def test_every_notebook_has_one_line_of_progress(output):
    for place, verdict in ((PLACE, "passed"), (SPOILED, f"{len(FAULTS)} failed")):
        assert len(re.findall(rf"^{re.escape(place)}  {verdict}  \d+\.\d s$", output, re.M)) == 1, output


def test_every_cell_is_run(output):
    cells = 2 * sum(cell["cell_type"] == "code" for cell in sample()["cells"]) + len(FAULTS) + 1
    assert f"{len(FAULTS)} failed, {cells - len(FAULTS)} passed" in output


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named(fault, output):
    """The notebook, the cell and what was wrong stand together."""
    number = len(sample()["cells"]) + 1 + list(FAULTS).index(fault)
    blocks = [block for block in re.split(r"^(?=chapters/\S+: cell)", output, flags=re.M)
              if block.startswith(f"{SPOILED}: cell {number} ({fault})\n")]
    assert len(blocks) == 1 and FAULTS[fault][1] in blocks[0], output


def test_a_file_left_behind_is_named(output):
    assert f"{SPOILED}: left behind in its folder: left.txt" in output
