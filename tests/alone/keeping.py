"""A pytest plugin: with BOOK_KEEP_RUNS=1, as `make test` sets it, the run of a notebook whose cells all passed goes into the cache of
the build, so that one execution serves the tests and the site."""
import os
from collections import defaultdict

import nbformat
import pytest

import execute
from judged import place

KEEPS = os.environ.get("BOOK_KEEP_RUNS") == "1"
RUNS = defaultdict(dict)  # notebook: {number of a code cell that passed: (its outputs, seconds)}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if KEEPS and report.when == "call" and report.passed:
        RUNS[item.path][item.cell_num] = item.test_outputs or [], call.duration
    if KEEPS and report.when == "teardown" and report.passed:
        keep_whole(item.path)


def keep_whole(path):
    """Put a notebook's run into the cache once the last of its code cells has passed."""
    executed, run = nbformat.read(path, as_version=4), RUNS[path]
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    if len(run) < len(code) or any(item != path for item in path.parent.iterdir()):
        return
    for number, cell in enumerate(code):
        cell.outputs, cell.execution_count = run[number][0], number + 1
    execute.keep(executed, execute.ROOT / place(path), sum(seconds for _, seconds in RUNS.pop(path).values()))
