"""A pytest plugin for the run of the notebooks: one line of progress a notebook, and what nbval does not ask of a cell.

Beside the failures that nbval reports, a cell fails here if it shows anything but text and PNG, shows a figure without alt text
(or carries alt text without a figure), or prints a Python warning. A notebook fails if it leaves a file in its folder or if
one of its code cells did not run. With BOOK_KEEP_RUNS=1, as `make test` sets it, the outputs of a notebook that passed go into
the cache of the build, so that one execution serves the tests and the site.
"""
import json
import os
import re
import sys
from collections import defaultdict
from pathlib import Path

import nbformat
import pytest

os.environ["JAX_PLATFORMS"] = "cpu"  # the kernels inherit it
SHOWN = {"text/plain", "image/png"}


def place(item_or_path, number=None):
    """The name of a notebook as in the book, and with a code cell's number (from 0) its "cell N (id)", counted from 1 among all."""
    path = Path(getattr(item_or_path, "path", item_or_path))
    name = f"chapters/{path.parent.parent.name}/{path.name}"
    if number is None:
        return name
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [(count, cell.get("id")) for count, cell in enumerate(cells, 1) if cell["cell_type"] == "code"]
    return "{}: cell {} ({})".format(name, *code[number])


def pytest_itemcollected(item):
    item.output_timeout = 30  # nbval allows five seconds for an output to arrive, which a busy machine can exceed


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    outcome = yield
    if outcome.excinfo is None:
        faults = list(faults_of(item))
        if faults:
            outcome.force_exception(AssertionError("; ".join(faults)))


def faults_of(item):
    """What is wrong with the outputs of a cell that ran."""
    outputs = item.test_outputs or []
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    if kinds - SHOWN:
        yield f"shows {', '.join(sorted(kinds - SHOWN))}; only text and PNG are portable"
    alt = item.cell.metadata.get("mystnb", {}).get("image", {}).get("alt")
    if "image/png" in kinds and not alt:
        yield "shows a figure without alt text"
    if alt and "image/png" not in kinds:
        yield "has alt text but shows no figure"
    for output in outputs:
        if warning := output.get("name") == "stderr" and re.search(r"^.*\b\w*Warning: .*$", output.text, re.M):
            yield f"prints a warning: {warning[0][:200]}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    report.seconds = call.duration
    if os.environ.get("BOOK_KEEP_RUNS") and report.when == "call" and report.passed:
        keep_run(item, call.duration)
    if report.failed:
        words = str(call.excinfo.value) if isinstance(call.excinfo.value, AssertionError) else report.longrepr
        report.longrepr = f"{place(item, item.cell_num)}\n{words}"


def pytest_report_teststatus(report):
    """No letter for each cell: the notebook gets a line of its own."""
    if report.failed or report.passed and report.when == "call":
        return report.outcome, "", ""


RUNS = defaultdict(dict)  # notebook: {number of a code cell that passed: (its outputs, seconds)}


def keep_run(item, seconds):
    """Remember what a cell that passed has shown; after the last one, put the executed notebook into the cache of the build."""
    run, executed = RUNS[item.path], nbformat.read(item.path, as_version=4)
    run[item.cell_num] = item.test_outputs or [], seconds
    code = [cell for cell in executed.cells if cell.cell_type == "code"]
    if len(run) < len(code):
        return
    for number, cell in enumerate(code):
        cell.outputs, cell.execution_count = run[number][0], number + 1
    root = Path(__file__).resolve().parents[2]
    sys.path.insert(0, str(root / "tools"))
    import build
    build.keep(executed, root / place(item), sum(seconds for _, seconds in run.values()))


class Progress:
    """Counts the cells of each notebook as their reports come in, prints its line, and looks at its folder at the end."""

    def __init__(self, config):
        self.config, self.waiting, self.seconds, self.failed = config, {}, defaultdict(float), defaultdict(int)

    def notebook(self, nodeid):
        return self.config.rootpath / nodeid.partition("::")[0]

    def pytest_runtest_logreport(self, report):
        path = self.notebook(report.nodeid)
        if path not in self.waiting:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            self.waiting[path] = sum(cell["cell_type"] == "code" for cell in cells)
        self.seconds[path] += getattr(report, "seconds", 0)
        self.failed[path] += report.failed
        self.waiting[path] -= report.when == "call" or (report.when == "setup" and not report.passed)
        if report.when == "teardown" and self.waiting[path] == 0:
            verdict = f"{self.failed[path]} failed" if self.failed[path] else "passed"
            self.write(f"{place(path)}  {verdict}  {self.seconds[path]:.1f} s")

    def write(self, line):
        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        reporter.ensure_newline()
        reporter.write_line(line)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session):
        for path, left in self.waiting.items():
            strays = sorted(p.name for p in path.parent.iterdir() if p != path)
            if strays:
                self.write(f"{place(path)}: left behind in its folder: {', '.join(strays)}")
            if left > 0:
                self.write(f"{place(path)}: {left} code cells did not run")
            if strays or left > 0:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_configure(config):
    if not hasattr(config, "workerinput"):  # the process that prints, not one of its workers
        config.pluginmanager.register(Progress(config), "progress")
