"""Tests of the run of the notebooks (step 2 of tests/README.md): what must turn it red, and what it must print."""
import re

import pytest

from sample import HOSTILE, PLACE, ROOT, UNTOUCHED, code, project, python, sample

SPOILED, SAVED, ENDED = (f"chapters/01-vectors/0{number}-{name}.ipynb" for number, name in enumerate(("spoiled", "saved", "ended"), 2))
SECONDS = 15  # that a cell may take in the project of these tests
ALT = "A straight line rises from the origin to the point (1, 1)."
WRONG = "# Solution 3\nassert check(4, test_3)"
# One cell for each fault, by its id, and what must be said of it.
FAULTS = {
    "wrong-number": (code("wrong-number", "assert total == 8, total"), "failed: AssertionError: 7"),
    "failed-solution": (code("failed-solution", WRONG, "hide-cell"), "| not right yet: count to 3"),
    "exception": (code("exception", "1 / 0"), "ZeroDivisionError"),
    "network": (code("network", "import urllib.request\nurllib.request.urlopen('http://192.0.2.1')"), "notebooks run without network"),
    "file-of-the-book": (code("file-of-the-book", "open('01-sample.ipynb')"), "FileNotFoundError"),
    "html": (code("html", "class A:\n    def _repr_html_(self):\n        return 'x'\nA()"), "shows text/html"),
    "no-alt": (code("no-alt", "plt.plot([0, 1])\nplt.show()"), "shows a figure without alt text"),
    "no-figure": (code("no-figure", "plt.close()", alt=ALT), "has alt text but shows no figure"),
    "draws-nothing": (code("draws-nothing", "plt.plot([0, 1])\nplt.close()\nplt.show()"), "draws but shows no figure"),
    "warning": (code("warning", "import warnings\nwarnings.warn('look out')"), "prints a warning: "),
    "complaint": (code("complaint", "import sys\nprint('no home here', file=sys.stderr)"), "writes to standard error: no home here"),
    "too-long": (code("too-long", "import time\ntime.sleep(3 * 15)"), f"ran longer than {SECONDS} seconds"),
}
# What begins a message on a cell.
BLOCK = re.compile(r"^(?=chapters/\S+: cell)", re.M)


def saved():
    """The sample as JupyterLab saves it after a run: counts everywhere, and an output."""
    notebook = sample()
    for count, cell in enumerate([cell for cell in notebook["cells"] if cell["cell_type"] == "code"], 1):
        cell["execution_count"] = count
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "8"}]
    return notebook


def step_2(root, *arguments, **environment):
    """Step 2 on notebooks that are copied already, as the Makefile runs it but in the worst of environments: the finished process."""
    return python("-m", "pytest", "-c", "tests/alone/pytest.ini", "--rootdir=.", "--color=no", *arguments, cwd=root, BOOK_KEEP_RUNS="1",
                  **HOSTILE | {"PYTHONPATH": f"{root / 'tests' / 'alone'}:{root / 'tools'}", "PYTHONWARNINGS": "ignore"} | environment)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A project for step 2: the sample, one notebook with every fault, one saved with outputs, and one that ends its Python; all copied."""
    good, spoiled, ended = sample(), sample(), sample()
    good["cells"].insert(3, code("untouched", UNTOUCHED))
    spoiled["cells"] += [cell for cell, _ in FAULTS.values()]
    spoiled["cells"].insert(3, code("leaves-a-file", "open('left.txt', 'w').close()"))
    ended["cells"].insert(3, code("ends", "import os\nos._exit(1)"))
    root = project(tmp_path_factory.mktemp("book"), {PLACE: good, SPOILED: spoiled, SAVED: saved(), ENDED: ended})
    limit = root / "tools" / "execute.py"
    text, changes = re.subn(r"^CELL_SECONDS = \d+", f"CELL_SECONDS = {SECONDS}", limit.read_text(encoding="utf-8"), flags=re.M)
    assert changes == 1
    limit.write_text(text, encoding="utf-8")
    done = python("tools/notebooks.py", "copy", "_build/alone", cwd=root)
    assert done.returncode == 0, done.output
    return root


@pytest.fixture(scope="module")
def output(root):
    """What step 2 prints on them."""
    done = step_2(root, "_build/alone")
    assert done.returncode == 1, done.output
    return done.output


def test_the_makefile_runs_the_same():
    """What these tests run is what `make test` and `make test-colab` run."""
    recipe = re.search(r"^ALONE = (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)[1]
    for part in ("tools/notebooks.py copy $(2)", 'PYTHONPATH="$(CURDIR)/tests/alone:$(CURDIR)/tools"', "-m pytest -c tests/alone/pytest.ini --rootdir=. $(2)"):
        assert part in recipe


def test_every_notebook_has_one_line_of_progress(output):
    for place, verdict in ((PLACE, "passed"), (SPOILED, f"{len(FAULTS)} failed"), (SAVED, "1 failed"), (ENDED, "1 failed")):
        assert len(re.findall(rf"^{re.escape(place)}  {verdict}  \d+\.\d s$", output, re.M)) == 1, output


def test_every_cell_is_run(output):
    """Those after the one that ended Python cannot run, and are counted apart."""
    code_cells = sum(cell["cell_type"] == "code" for cell in sample()["cells"])
    passed = (code_cells + 1) + (code_cells + 1) + (code_cells - 1) + 1
    assert re.search(rf"\b{len(FAULTS) + 2} failed, {passed} passed, {code_cells - 1} xfailed\b", output), output


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named(fault, output):
    """The notebook, the cell and what was wrong stand together, and no other count of cells beside them."""
    number = len(sample()["cells"]) + 2 + list(FAULTS).index(fault)
    blocks = [block for block in BLOCK.split(output) if block.startswith(f"{SPOILED}: cell {number} ({fault}) ")]
    assert len(blocks) == 1 and FAULTS[fault][1] in blocks[0], output
    assert not re.search(r"Cell \d|In ?\[\d", blocks[0]), blocks[0]


def test_the_traceback_counts_cells_as_the_message_does(output):
    number = len(sample()["cells"]) + 2 + list(FAULTS).index("exception")
    assert re.search(rf"^    \| .*\bcell {number} \(exception\), line 1", output, re.M), output


def test_a_notebook_saved_with_outputs_gives_one_line(output):
    blocks = [block for block in BLOCK.split(output) if block.startswith(f"{SAVED}: ")]
    assert len(blocks) == 1 and "saved with outputs or execution counts (`make normalise` removes them)" in blocks[0].partition("\n")[0], output


def test_the_end_of_python_is_said_once(output):
    blocks = [block for block in BLOCK.split(output) if block.startswith(f"{ENDED}: ")]
    assert len(blocks) == 1 and blocks[0].startswith(f"{ENDED}: cell 4 (ends) ended the Python process\n"), output


def test_a_file_left_behind_is_named(output):
    assert f"{SPOILED}: left behind in its folder: left.txt" in output


def test_what_passed_before_serves_again_where_it_may(output, root):
    """Only what passed as a whole, only where asked, and never after a change of code."""
    place = "_build/alone/01-vectors/01-sample"
    done = step_2(root, place, BOOK_REUSE_RUNS="1")
    assert done.returncode == 0 and f"{PLACE}  passed before with this code, on these versions" in done.output, done.output
    done = step_2(root, "--collect-only", "-n0", "_build/alone", BOOK_REUSE_RUNS="1")
    assert f"{PLACE}  passed before" in done.output and done.output.count("passed before") == 1, done.output
    done = step_2(root, "--collect-only", "-n0", place)
    assert "passed before" not in done.output and "cell 2 (setup)" in done.output, done.output
    copy = root / place / "01-sample.ipynb"
    (root / PLACE).write_text(copy.read_text(encoding="utf-8").replace("total == 7", "total == 7.0"), encoding="utf-8")
    done = step_2(root, "--collect-only", "-n0", place, BOOK_REUSE_RUNS="1")
    assert "passed before" not in done.output, done.output
