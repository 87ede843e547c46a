"""A pytest plugin: the kernels of the tests get the environment and the time that the build's kernels get; see tools/execute.py."""
import os
import tempfile
import time
from pathlib import Path
from queue import Empty

import pytest

import execute

os.environ["JAX_PLATFORMS"] = "cpu"
HOMES = {}  # the one notebook at work: the empty folder that is its kernel's home


def pytest_configure(config):
    config.option.nbval_cell_timeout = execute.CELL_SECONDS
    config.option.nbval_kernel_startup_timeout = execute.STARTING_SECONDS
    if not hasattr(config, "workerinput"):  # the first process, before it starts others
        execute.prepare()


def pytest_ignore_collect(collection_path):
    """A notebook that imports what this machine cannot have is left out, and named above the first line of progress."""
    return collection_path.suffix == ".ipynb" and bool(execute.lacking(collection_path)) or None


def pytest_report_header(config):
    lacks = {path: execute.lacking(path) for folder in config.args for path in sorted(Path(folder).rglob("*.ipynb"))}
    return [f"{path}  not run: {', '.join(names)} is not installed here" for path, names in lacks.items() if names]


def pytest_itemcollected(item):
    item.output_timeout = 30  # nbval allows five seconds for an output to arrive, which a busy machine can exceed


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Before nbval starts a notebook's kernel, which inherits the environment of this process, that environment is made anew."""
    if item.path not in HOMES:
        HOMES.clear()
        home = HOMES[item.path] = tempfile.TemporaryDirectory(prefix="book-", ignore_cleanup_errors=True)
        made = execute.kernel_environment(home.name)
        for name in set(os.environ) - set(made):
            if not name.startswith("PYTEST_"):
                del os.environ[name]
        os.environ.update(made)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    """Cells are numbered and remembered (`In[3]`, `_`) as they are for a reader and in the build; and a kernel that died is not waited for."""
    kernel = item.parent.kernel

    def execute_cell_input(text, allow_stdin=None):
        return kernel.kc.execute(text, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)

    def await_reply(message, timeout=None):
        end = time.monotonic() + timeout
        while True:
            try:
                return type(kernel).await_reply(kernel, message, timeout=max(0.1, min(2, end - time.monotonic())))
            except Empty:
                if not kernel.is_alive():
                    item.output_timeout = 1
                    raise
                if time.monotonic() > end:
                    raise
    kernel.execute_cell_input, kernel.await_reply = execute_cell_input, await_reply
