"""Running notebooks and keeping their runs: the environment made for kernels, one notebook from top to bottom, the cache.

Used by the build and, except for `run` and `run_changed`, by the tests of `tests/alone`, so that both give a notebook the same
environment, the same time and the same judgement. Seconds are wall clock. Nothing here imports the build or Sphinx.
"""
import asyncio
import contextlib
import hashlib
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import nbformat

import judging
from cells import source

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
GUARD = ROOT / "tools" / "guard"
OPTIONAL = ROOT / "requirements-optional.txt"
CELL_SECONDS = 120     # the longest that one cell may run, in the build and in the tests; written here and nowhere else
STARTING_SECONDS = 300  # the longest that a kernel may take to start
LIBRARIES = ("jax", "jaxlib", "numpy", "matplotlib", "scikit-learn")
ALSO_USED = ("scipy", "ml-dtypes", "optax", "flax", "orbax-checkpoint", "ipykernel", "ipython")  # a change of one runs everything again
# What a kernel takes over from whoever starts it: where programs and libraries are, and which device JAX is to use.
INHERITED = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "JAX_PLATFORMS")
FIXED = {"LC_ALL": "C.UTF-8", "JAX_PLATFORMS": "cpu", "PYTHONNOUSERSITE": "1",
         "TF_CPP_MIN_LOG_LEVEL": "3"}  # XLA's remarks on how long it compiles speak of the machine, not of the cell


# ----------------------------------------------------------------------------------------------------------- the environment

def kernel_environment(home: str | Path) -> dict[str, str]:
    """All environment variables of a kernel whose home directory is the empty folder `home`.

    Made from the lists above and nothing else, so that no setting of the person who builds (MPLBACKEND, PYTHONOPTIMIZE, JAX_*,
    XLA_FLAGS, a start-up file, a profile of IPython or a style of matplotlib) changes a page. PYTHONPATH is the folder of the
    guard against the network and against runs without asserts.
    """
    chosen = {name: os.environ[name] for name in INHERITED if os.environ.get(name)}
    return FIXED | chosen | {"HOME": str(home), "IPYTHONDIR": str(Path(home, ".ipython")), "PYTHONPATH": str(GUARD),
                             "MPLCONFIGDIR": str(BUILD / "matplotlib")}


def prepare() -> None:
    """Let matplotlib list the machine's fonts once, before kernels start: it takes long, and remarks on it on standard error."""
    if not list((BUILD / "matplotlib").glob("fontlist*.json")):
        (BUILD / "matplotlib").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="book-") as home:
            subprocess.run([sys.executable, "-c", "import matplotlib.font_manager"], env=kernel_environment(home), check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that notebooks use, by name; "none" for one that is not installed."""
    return {"python": platform.python_version()} | {name: _version(name) for name in LIBRARIES}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


# ------------------------------------------------------------------------------------------------------------------- the cache

def cache_folder() -> Path:
    """The folder of runs for the environment at hand: versions, device, and the rules that a run is made and judged by."""
    rules = [FIXED, [path.read_text(encoding="utf-8") for path in (GUARD / "sitecustomize.py", Path(judging.__file__))]]
    environment = [versions(), {name: _version(name) for name in ALSO_USED}, os.environ.get("JAX_PLATFORMS") or "cpu", rules]
    return BUILD / "cache" / hashlib.sha256(json.dumps(environment, sort_keys=True).encode()).hexdigest()[:12]


@contextlib.contextmanager
def locked(name: str, waiting=None):
    """Hold the lock `name` of the folder _build, which another process may hold; `waiting(process id)` is called before a wait."""
    import fcntl
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / f"{name}.lock", "a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                file.seek(0)
                waiting(file.read().strip() or "unknown")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield  # closing the file gives the lock back, also when the process is killed


def _cache():
    from jupyter_cache import get_cache
    cache_folder().mkdir(parents=True, exist_ok=True)
    return get_cache(cache_folder())


def keep(executed, path: Path, seconds: float) -> None:
    """Put an executed notebook into the cache as the run of the notebook `path`, which took `seconds`."""
    from jupyter_cache.base import CacheBundleIn
    with locked("cache"):
        _cache().cache_notebook_bundle(CacheBundleIn(executed, str(path), data={"execution_seconds": seconds}),
                                       check_validity=False, overwrite=True)


def kept(path: Path) -> nbformat.NotebookNode:
    """The notebook `path` with the outputs of its kept run; without any where this machine lacks what it imports (`lacking`).

    Raises KeyError where the cache holds no run of this code.
    """
    if lacking(path):
        notebook = read_notebook(path)
        for cell in notebook.cells:  # a strip that was not drawn has no panels to slide along
            cell.metadata["tags"] = [tag for tag in cell.metadata.get("tags", []) if tag != "filmstrip"]
        return notebook
    with locked("cache"):
        return _cache().merge_match_into_notebook(read_notebook(path))[1]


# ----------------------------------------------------------------------------------------------- what this machine cannot have

def lacking(path: Path) -> list[str]:
    """The packages of requirements-optional.txt that the notebook `path` imports and that are not installed; [] if none.

    Such a notebook is not run, which must be said wherever it shows. Where BOOK_REQUIRE_ALL=1, as under `.ci/run`, nothing is left
    out: the list is always empty, and the notebook fails at its import.
    """
    if os.environ.get("BOOK_REQUIRE_ALL") == "1" or not OPTIONAL.is_file():
        return []
    code = "\n".join(source(cell) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code")
    packages = re.findall(r"^([\w-]+)", OPTIONAL.read_text(encoding="utf-8"), re.M)
    return [name for name in packages if _version(name) == "none" and re.search(rf"^\s*(import|from) {name.partition('-')[0]}\b", code, re.M)]


# ------------------------------------------------------------------------------------------------------------------ a notebook

def read_notebook(path: Path) -> nbformat.NotebookNode:
    """The notebook in `path`; raises ValueError if it is not version 4.5 or not a notebook at all."""
    raw = json.loads(text := path.read_text(encoding="utf-8"))
    if not isinstance(raw, dict) or (raw.get("nbformat"), raw.get("nbformat_minor")) != (4, 5):
        raise ValueError("it is not in notebook format 4.5")
    return nbformat.reads(text, as_version=4)


def shown(path: Path) -> str:
    """`path` as messages show it: relative to the repository, with forward slashes."""
    return path.relative_to(ROOT).as_posix()


class Stopped(Exception):
    """The run was given up because somebody asked for it; no notebook is to blame."""


class Runs:
    """The runs of one build, several at a time, each in a thread that talks to a kernel, which is a process of its own.

    Threads, because then nobody but the main thread hears Ctrl-C: it calls `stop`, which ends every kernel.
    """

    def __init__(self):
        self.clients, self.stopped = set(), threading.Event()

    def stop(self) -> None:
        """End all kernels, with whatever processes they have started, and let no further one start."""
        self.stopped.set()
        for client in list(self.clients):
            process = getattr(getattr(client.km, "provisioner", None), "process", None)
            if process is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)  # a kernel leads a group of its own

    def run(self, path: Path) -> tuple[nbformat.NotebookNode | None, str | None, float]:
        """Run the notebook `path` in an empty folder. Returns (executed notebook, problem, seconds); one of the first two is None.

        A problem is a message that names file and cell. Raises Stopped after `stop`.
        """
        from nbclient import NotebookClient
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
        if self.stopped.is_set():
            raise Stopped
        started, current, notebook = time.monotonic(), [None], read_notebook(path)
        with tempfile.TemporaryDirectory(prefix="book-", ignore_cleanup_errors=True) as folder, \
                tempfile.TemporaryDirectory(prefix="book-", ignore_cleanup_errors=True) as home:
            client = NotebookClient(notebook, timeout=CELL_SECONDS, startup_timeout=STARTING_SECONDS, kernel_name="python3",
                                    record_timing=False,
                                    extra_arguments=["--log-level=50"],  # a kernel's remarks about itself are not the reader's business
                                    allow_errors=False, force_raise_errors=True, resources={"metadata": {"path": folder}},
                                    on_cell_start=lambda cell, cell_index: current.__setitem__(0, cell_index))
            self.clients.add(client)
            try:
                asyncio.run(client.async_execute(env=kernel_environment(home)))
                problem = None
            except CellTimeoutError:
                problem = f"ran longer than {CELL_SECONDS} seconds"
            except DeadKernelError:
                problem = "ended the Python process"
            except Exception as error:  # CellExecutionError, or a kernel that could not start
                problem = "failed: " + (f"{error.ename}: {error.evalue}" if hasattr(error, "ename") else repr(error))
            finally:
                self.clients.discard(client)
            left = sorted(item.name for item in Path(folder).iterdir())
        if self.stopped.is_set():
            raise Stopped
        seconds, name = time.monotonic() - started, shown(path)
        if problem and (index := current[0]) is None:
            return None, f"{name}: its kernel did not start: {problem}", seconds
        if problem:
            return None, judging.failure(name, notebook.cells, index, problem, notebook.cells[index].get("outputs", ())), seconds
        problems = [f"{name}: left behind in its folder: {', '.join(left)}"] if left else []
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "code" and cell.source.strip():
                said = judging.faults(cell, cell.outputs) + (["was not executed"] if cell.execution_count is None else [])
                problems += [f"{name}: {judging.cell_name(index, cell)} {'; '.join(said)}"] if said else []
        return (None, "\n".join(problems), seconds) if problems else (notebook, None, seconds)


def run_changed(notebooks: list[Path], say=print) -> list[str]:
    """Run those of `notebooks` that the cache does not hold, and put them there. Returns messages on those that failed, [] if none.

    `say` gets a line before the first and after each. Ctrl-C ends all kernels and passes on as KeyboardInterrupt.
    """
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # this environment's kernel, not one of the same name in somebody's home
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
        os.environ[name] = str(BUILD / "jupyter")
    waiting = []
    for path in notebooks:
        try:
            kept(path)
        except KeyError:
            waiting.append(path)
    if not waiting:
        return []
    prepare()
    jobs = min(len(waiting), max(2, os.cpu_count() or 1))
    say(f"Running {len(waiting)} of {len(notebooks)} notebooks, {jobs} at a time")
    problems, runs = [], Runs()
    with ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(runs.run, path): path for path in waiting}
        try:
            for done in as_completed(running):
                path = running[done]
                try:
                    executed, problem, seconds = done.result()
                except Exception as error:
                    executed, problem, seconds = None, f"{shown(path)}: {error!r}", 0.0
                say(f"  {shown(path)}  {seconds:.1f} s" + ("  FAILED" if problem else ""))
                if problem:
                    problems.append(problem)
                else:
                    keep(executed, path, seconds)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            while not all(future.done() for future in running):  # again and again, for a kernel may be about to start
                runs.stop()
                time.sleep(0.1)
            raise
    return problems
