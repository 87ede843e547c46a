"""A pytest plugin: runs that are kept, and kept runs that serve again.

With BOOK_KEEP_RUNS=1, as `make test` sets it, the run of a notebook whose cells all passed goes into the cache of the build, so that one
execution serves the tests and the site. With BOOK_REUSE_RUNS=1 as well, as on a CI host between its weekly runs, a notebook whose code
passed before, on the same versions and under the same rules, is not run again; it is named above the first line of progress.
"""
import os
from collections import defaultdict
from pathlib import Path

import nbformat
import pytest

import execute
from judged import place

KEEPS = os.environ.get("BOOK_KEEP_RUNS") == "1"
REUSES = KEEPS and os.environ.get("BOOK_REUSE_RUNS") == "1"
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


def passed_before(path):
    """Whether the cache holds a run of the notebook copied to `path` that may serve again."""
    if not REUSES or execute.lacking(path):
        return False
    try:
        execute.kept(execute.ROOT / place(path))
    except KeyError:
        return False
    return True


def pytest_ignore_collect(collection_path):
    return collection_path.suffix == ".ipynb" and passed_before(collection_path) or None


def pytest_report_header(config):
    config.served = [place(path.resolve()) for folder in config.args for path in sorted(Path(folder).rglob("*.ipynb")) if passed_before(path.resolve())]
    return [f"{name}  passed before with this code, on these versions" for name in config.served]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    if session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and getattr(session.config, "served", None):
        session.exitstatus = pytest.ExitCode.OK
