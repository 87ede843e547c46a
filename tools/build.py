"""Build the site: check the table of contents, execute what changed, make the pages, and put them in _build/html.

    python tools/build.py

Four steps, each of which stops the build with exit status 1 and names the file, and the cell where there is one:

1. Preflight: every entry of _toc.yml is a file, every page and notebook is in _toc.yml, every notebook is readable.
2. Execution: notebooks whose code is not in the cache yet run, each in an empty temporary folder, several at a time.
   The cache is kept apart by the versions of Python and of the libraries, so that an upgrade runs everything again.
3. Pages: jupyter-book, quietly, with warnings as errors; then every link from page to page is followed.
4. The new site takes the place of the old one. A build that fails in 1 to 3 leaves the last good site alone.

When nothing has changed since the last good build, none of this happens. Times are in seconds of wall clock.
"""
import contextlib
import hashlib
import html.parser
import io
import json
import os
import platform
import re
import shutil
import sys
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
SITE, WORK = BUILD / "html", BUILD / "work"
STAMP = BUILD / "built.json"
CELL_SECONDS = 120  # the longest that one cell may run
LEFT_OUT = (".buildinfo*", "objects.inv", "*.map", "fontawesome*", "webpack-macros.html", "sbt-webpack-macros.html",
            "locales", "*.LICENSE.txt", "searchindex.js", "searchtools.js", "sphinx_highlight.js", "doctools.js")  # what the theme brings and no page asks for
LIBRARIES = ("jax", "jaxlib", "numpy", "matplotlib", "scikit-learn")

sys.path.insert(0, str(ROOT / "tools"))
import site_info  # noqa: E402
from notebooks import toc_entries  # noqa: E402


class BuildError(Exception):
    """One or more problems that stop the build; each argument is a message that names the file."""


def versions() -> dict[str, str]:
    """Versions of Python and of the libraries that notebooks use, by name."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "none"
    return found


def cache_folder() -> Path:
    """The folder of executed notebooks for the environment at hand."""
    environment = {**versions(), "platforms": os.environ.get("JAX_PLATFORMS", "cpu")}
    name = hashlib.sha256(json.dumps(environment, sort_keys=True).encode()).hexdigest()[:12]
    return BUILD / "cache" / name


# ---------------------------------------------------------------------------------------------------------------- preflight

def preflight() -> list[Path]:
    """The book's notebooks in reading order. Raises BuildError for anything that _toc.yml and the files disagree on."""
    try:
        toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BuildError(f"_toc.yml: {error}") from None
    problems, pages = [], []
    for entry in toc_entries(toc):
        candidates = [ROOT / entry] if Path(entry).suffix in (".md", ".ipynb") else [ROOT / f"{entry}{suffix}" for suffix in (".md", ".ipynb")]
        present = [path for path in candidates if path.is_file()]
        if not present:
            problems.append(f"_toc.yml: {entry}: there is no such file")
        elif present[0] in pages:
            problems.append(f"_toc.yml: {entry}: listed twice")
        else:
            pages.append(present[0])
    for folder in ("chapters", "book"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in (".md", ".ipynb") and path not in pages and not {".ipynb_checkpoints", "_templates"} & set(path.parts):
                problems.append(f"{shown(path)}: not in _toc.yml")
    notebooks = [path for path in pages if path.suffix == ".ipynb"]
    for path in notebooks:
        try:
            nbformat.validate(read_notebook(path))
        except Exception as error:  # JSON, encoding, schema: whatever is wrong, the file is what matters
            where = list(getattr(error, "relative_path", ()))[:2]
            cell = f" in cell {where[1] + 1}" if len(where) == 2 and where[0] == "cells" else ""
            problems.append(f"{shown(path)}: not a valid notebook{cell}: {str(error).strip().splitlines()[0][:160]}")
    if problems:
        raise BuildError(*problems)
    return notebooks


def read_notebook(path: Path) -> nbformat.NotebookNode:
    """The notebook in `path`; raises ValueError if it is not version 4.5 or not a notebook at all."""
    raw = json.loads(text := path.read_text(encoding="utf-8"))
    if not isinstance(raw, dict) or (raw.get("nbformat"), raw.get("nbformat_minor")) != (4, 5):
        raise ValueError("it is not in notebook format 4.5")
    return nbformat.reads(text, as_version=4)


def shown(path: Path) -> str:
    """`path` as messages show it: relative to the repository, with forward slashes."""
    return path.relative_to(ROOT).as_posix()


# ---------------------------------------------------------------------------------------------------------------- execution

def cell_name(index: int, cell) -> str:
    """A cell in a message: its place among all cells, counted from 1, and its id."""
    return f"cell {index + 1} (id {cell.get('id', 'none')})"


def quote(text: str, lines: int) -> str:
    """The first `lines` lines of `text`, indented for a message."""
    head = text.strip().splitlines()
    return "\n".join(f"    | {line}" for line in head[:lines] + (["..."] if len(head) > lines else []))


def execute(path: str) -> tuple[str | None, str | None, float]:
    """Run one notebook in an empty folder. Returns (executed notebook as JSON, problem, seconds); one of the first two is None.

    Runs in a process of its own. The reader's IPython profile stays out of it, and JAX keeps to the CPU unless
    JAX_PLATFORMS says otherwise, so that everybody's outputs are alike.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    name, started, current = shown(Path(path)), time.monotonic(), [0]
    notebook = read_notebook(Path(path))
    with tempfile.TemporaryDirectory(prefix="book-") as folder, tempfile.TemporaryDirectory(prefix="book-") as profile:
        os.environ.update(IPYTHONDIR=profile, JUPYTER_PREFER_ENV_PATH="1")
        os.environ.setdefault("JAX_PLATFORMS", "cpu")
        client = NotebookClient(notebook, timeout=CELL_SECONDS, kernel_name="python3", record_timing=False,
                                extra_arguments=["--log-level=50"],  # a kernel's remarks about itself are not the reader's business
                                allow_errors=False, force_raise_errors=True, resources={"metadata": {"path": folder}},
                                on_cell_start=lambda cell, cell_index: current.__setitem__(0, cell_index))
        try:
            client.execute()
            problem = None
        except CellTimeoutError:
            problem = f"ran longer than {CELL_SECONDS} seconds"
        except DeadKernelError:
            problem = "ended the Python process"
        except Exception as error:  # CellExecutionError, or a kernel that could not start
            problem = "failed: " + (f"{error.ename}: {error.evalue}" if hasattr(error, "ename") else repr(error))
    seconds = time.monotonic() - started
    if problem is None:
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None:
                return None, f"{name}: {cell_name(index, cell)} was not executed", seconds
        return nbformat.writes(notebook), None, seconds
    cell = notebook.cells[current[0]]
    trace = [line for output in cell.get("outputs", ()) if output.output_type == "error" for line in output.traceback]
    trace = plain("\n".join(trace)).splitlines()[-12:]
    message = f"{name}: {cell_name(current[0], cell)} {problem}\n{quote(cell.source, 6)}"
    return None, message + ("\n    the last lines of the traceback:\n" + quote("\n".join(trace), 12) if trace else ""), seconds


def keep(executed, path: Path, seconds: float) -> None:
    """Put an executed notebook into the cache as the run of the notebook `path`, which took `seconds`."""
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn
    cache_folder().mkdir(parents=True, exist_ok=True)
    get_cache(cache_folder()).cache_notebook_bundle(
        CacheBundleIn(executed, str(path), data={"execution_seconds": seconds}), check_validity=False, overwrite=True)


def execute_changed(notebooks: list[Path]) -> Path:
    """Run the notebooks that the cache does not hold and add them to it. Returns the cache's folder; may raise BuildError."""
    from jupyter_cache import get_cache
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    cache, waiting = get_cache(folder), []
    for path in notebooks:
        try:
            cache.merge_match_into_notebook(read_notebook(path))
        except KeyError:
            waiting.append(path)
    if not waiting:
        return folder
    jobs = min(len(waiting), max(2, os.cpu_count() or 1))
    say(f"Running {len(waiting)} of {len(notebooks)} notebooks, {jobs} at a time")
    problems = []
    with ProcessPoolExecutor(jobs) as pool:
        running = {pool.submit(execute, str(path)): path for path in waiting}
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
                keep(nbformat.reads(executed, as_version=4), path, seconds)
    if problems:
        raise BuildError(*problems)
    return folder


# -------------------------------------------------------------------------------------------------------------------- pages

def make_pages(cache: Path) -> None:
    """Run jupyter-book into the work folder and follow the links; raises BuildError for the first step that complains."""
    from jupyter_book.sphinx import build_sphinx
    frame, mark = fingerprint("_toc.yml", "_config.yml", "constraints.txt", "book/_ext", "book/_templates", "tools"), WORK / "frame"
    if not mark.is_file() or mark.read_text() != frame:  # what Sphinx would not notice, or would leave behind
        shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(exist_ok=True)
    mark.write_text(frame)
    errors, output = io.StringIO(), io.StringIO()
    overrides = {"external_toc_path": (ROOT / "_toc.yml").as_posix(), "latex_individualpages": False,
                 "nb_execution_mode": "cache", "nb_execution_cache_path": str(cache)}
    with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(output):
        result = build_sphinx(ROOT, WORK / "html", doctreedir=WORK / "doctrees", noconfig=True, path_config=ROOT / "_config.yml",
                              confoverrides=overrides, warningiserror=True, keep_going=True, quiet=True)
    if result:
        raise BuildError(*located(errors.getvalue() or output.getvalue() or repr(result)))
    if problems := dead_links(WORK / "html"):
        raise BuildError(*problems)


def plain(text: str) -> str:
    """`text` without terminal colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def located(warnings: str) -> list[str]:
    """Sphinx's warnings with places a reader can find: myst-nb counts lines in a notebook as 10000 x cell + line."""
    def place(match):
        path, number = Path(match[1]), int(match[2] or 0)
        where = shown(path) if path.is_relative_to(ROOT) else str(path)
        if path.suffix == ".ipynb" and number >= 10000:
            index = number // 10000 - 1
            with contextlib.suppress(Exception):
                name = cell_name(index, read_notebook(path).cells[index])
                return f"{where}: {name}, line {number % 10000 - 1}:" if number % 10000 > 1 else f"{where}: {name}:"
        return f"{where}: line {number}:" if number else f"{where}:"

    lines = [re.sub(r"^(/[^:\n]+\.\w+)(?::(\d+))?:", place, line) for line in plain(warnings).splitlines() if line.strip()]
    return ["\n".join(lines)] if lines else ["Sphinx failed without a message"]


class Links(html.parser.HTMLParser):
    """Collects from one page the addresses it refers to, and the names that may be linked to."""

    def __init__(self):
        super().__init__()
        self.targets, self.names = [], set()

    def handle_starttag(self, tag, attributes):
        values = dict(attributes)
        self.names.update(value for key, value in attributes if key in ("id", "name") and value)
        for key in ("href", "src"):
            if values.get(key) and tag in ("a", "img", "script", "link", "source", "iframe"):
                self.targets.append(values[key])


def dead_links(site: Path) -> list[str]:
    """A message for every link, picture, style or script on a page of `site` that leads to no file or no place on a page."""
    pages, problems = {}, []
    for path in sorted(site.rglob("*.html")):
        if "_static" not in path.relative_to(site).parts:
            pages[path] = Links()
            pages[path].feed(path.read_text(encoding="utf-8"))
    for path, page in pages.items():
        source = next((f"{path.relative_to(site).with_suffix(suffix).as_posix()}" for suffix in (".ipynb", ".md")
                       if (ROOT / path.relative_to(site).with_suffix(suffix)).is_file()), path.relative_to(site).as_posix())
        for target in dict.fromkeys(page.targets):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not goal.is_file():
                problems.append(f"{source}: dead link: {target}")
            elif parts.fragment and goal in pages and unquote(parts.fragment) not in pages[goal].names and parts.fragment != "top":
                problems.append(f"{source}: dead link: {target}: no such place on that page")
    return problems


# ------------------------------------------------------------------------------------------------------------------ the whole

def fingerprint(*names: str, more: object = None) -> str:
    """A digest of the files and folders `names`, relative to the repository, and of `more`, which JSON must be able to hold."""
    digest = hashlib.sha256(json.dumps(more).encode())
    for name in names:
        path = ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(file.parts):
                digest.update(f"\0{shown(file)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def inputs() -> str:
    """A fingerprint of everything the site is made from: files, versions, and the repository's address."""
    return fingerprint("index.md", "_config.yml", "_toc.yml", "constraints.txt", "book", "chapters", "tools",
                       more=[versions(), str(cache_folder()), site_info.repository_url(ROOT)])


def publish() -> None:
    """Put a copy of the finished pages in the place of the old site; the swap is two renames."""
    new, old = BUILD / "html.new", BUILD / "html.old"
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(WORK / "html", new, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (new / ".nojekyll").touch()
    if SITE.exists():
        SITE.rename(old)
    new.rename(SITE)
    shutil.rmtree(old, ignore_errors=True)


def say(message: str) -> None:
    """Print at once, also into a pipe."""
    print(message, flush=True)


def main() -> int:
    """Build; the exit status."""
    started, current = time.monotonic(), inputs()
    with contextlib.suppress(OSError, ValueError):
        if (SITE / "index.html").is_file() and json.loads(STAMP.read_text())["inputs"] == current:
            say(f"Nothing has changed. Open {SITE / 'index.html'} or run `make serve`.")
            return 0
    try:
        notebooks = preflight()
        cache = execute_changed(notebooks)
        say("Making the pages")
        make_pages(cache)
        publish()
    except BuildError as problems:
        shutil.rmtree(WORK, ignore_errors=True)  # so that a second run meets the same warnings
        for problem in problems.args:
            print(problem, file=sys.stderr)
        print(f"The site was not built ({len(problems.args)} message{'s' * (len(problems.args) != 1)} above)"
              + (f"; the last good one is still in {SITE}." if SITE.exists() else "."), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        shutil.rmtree(WORK, ignore_errors=True)
        print("Interrupted; the last good site, if there was one, is still there.", file=sys.stderr)
        return 130
    except Exception:
        shutil.rmtree(WORK, ignore_errors=True)
        traceback.print_exc()
        print("The site was not built: the build itself failed, see above.", file=sys.stderr)
        return 1
    STAMP.write_text(json.dumps({"inputs": current}))
    say(f"Built in {time.monotonic() - started:.0f} s. Open {SITE / 'index.html'} or run `make serve`.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
