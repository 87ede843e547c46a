"""A pytest plugin: one line of progress a notebook instead of a letter a cell; and at the end, what only the whole notebook shows.

A notebook fails if it leaves a file in its folder or if one of its code cells did not run.
"""
import json
from collections import defaultdict

import pytest

from judged import place


def pytest_report_teststatus(report):
    """No letter for each cell: the notebook gets a line of its own."""
    if hasattr(report, "wasxfail"):
        return "xfailed", "", ""
    if report.failed or report.passed and report.when == "call":
        return report.outcome, "", ""


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
        config.pluginmanager.register(Progress(config), "progress-of-notebooks")
