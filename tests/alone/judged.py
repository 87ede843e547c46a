"""A pytest plugin: a cell that ran is judged as the build judges it (tools/judging.py), and a failure is reported as the build reports it."""
import pytest

import execute
import judging

COPIES = execute.BUILD  # below it, folders of copies as `tools/notebooks.py copy` makes them


def place(path):
    """The name of a notebook as in the book, from the path of its copy: _build/alone/02-a/03-b/03-b.ipynb is chapters/02-a/03-b.ipynb."""
    return "/".join(["chapters", *path.relative_to(COPIES).parts[1:-1]]) + ".ipynb"


def index(item):
    """The place of a test's cell among all cells of its notebook, from 0."""
    return [number for number, cell in enumerate(item.parent.nb.cells) if cell.cell_type == "code"][item.cell_num]


def pytest_itemcollected(item):
    """A test is called by its cell, counted as in all messages; and a notebook saved with outputs is one fault, said on its first code cell."""
    item.name = judging.cell_name(index(item), item.cell)
    item._nodeid = f"{item.parent.nodeid}::{item.name}"
    item.reportinfo = lambda: (item.path, 0, f"{place(item.path)}: {item.name}")
    if item.cell.outputs or item.cell.execution_count is not None:
        item.parent.saved = True
        item.cell.outputs, item.cell.execution_count = [], None


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    outcome = yield
    if outcome.excinfo is None:
        faults = judging.faults(item.cell, item.test_outputs or [])
        if item.cell_num == 0 and getattr(item.parent, "saved", False):
            faults.append("the notebook was saved with outputs or execution counts (`make normalise` removes them)")
        if faults:
            outcome.force_exception(AssertionError("; ".join(faults)))
    elif not item.parent.kernel.is_alive():
        item.parent.timed_out = True  # the cells after it cannot run; nbval expects them to fail, and says nothing of each


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    report.seconds = call.duration
    if report.failed:
        report.longrepr = judging.failure(place(item.path), item.parent.nb.cells, index(item), problem(item, call.excinfo.value), item.test_outputs or ())


def problem(item, exception):
    """What went wrong, in the words that the build uses."""
    errors = [output for output in item.test_outputs or () if output.output_type == "error"]
    if item.parent.kernel is not None and not item.parent.kernel.is_alive() and not errors:
        return "ended the Python process"
    if str(exception).startswith("Timeout"):
        return f"ran longer than {execute.CELL_SECONDS} seconds"
    if errors:
        return f"failed: {errors[-1].ename}: {errors[-1].evalue}"
    return str(exception) if isinstance(exception, AssertionError) else f"failed: {exception!r}"
