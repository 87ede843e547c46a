"""Build the site: check the table of contents, execute what changed, make the pages, and put them in _build/html.

    python tools/build.py

Four steps, each of which stops the build with exit status 1 and names the file, and the cell where there is one:

1. Preflight: every entry of _toc.yml is a file, every page and notebook is in _toc.yml, every notebook is readable.
2. Execution: notebooks whose code is not in the cache yet run, each in an empty temporary folder, several at a time.
   The cache is kept apart by the versions of Python and of the libraries, so that an upgrade runs everything again.
3. Pages: jupyter-book, quietly, with warnings as errors; then every link from page to page is followed.
4. The new site takes the place of the old one, if no file was changed meanwhile. A build that fails before leaves the last
   good site alone.

When nothing has changed since the last good build, none of this happens. A second build started meanwhile waits for the
first. Ctrl-C ends everything that was started, with exit status 130. Times are in seconds of wall clock.
"""
import argparse
import contextlib
import hashlib
import io
import json
import re
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

import nbformat
import yaml

import execute
import notebooks as source_files
import site_info
from execute import BUILD, ROOT, cache_folder, read_notebook, shown, versions
from judging import cell_name, plain
from links import dead_links

SITE, WORK = BUILD / "html", BUILD / "work"
STAMP = BUILD / "built.json"
SOURCES = "index.md", "_config.yml", "_toc.yml", "constraints.txt", "book", "chapters", "tools"  # what the site is made from
LEFT_OUT = (".buildinfo*", "objects.inv", "*.map", "fontawesome*", "webpack-macros.html", "sbt-webpack-macros.html",
            "locales", "*.LICENSE.txt", "searchindex.js", "searchtools.js", "sphinx_highlight.js", "doctools.js")  # what the theme brings and no page asks for


class BuildError(Exception):
    """One or more problems that stop the build; each argument is a message that names the file."""


# ---------------------------------------------------------------------------------------------------------------- preflight

def preflight() -> list[Path]:
    """The book's notebooks in reading order. Raises BuildError for anything that _toc.yml and the files disagree on."""
    problems, pages = [], []
    try:
        listed = source_files.toc_files(ROOT)
    except (OSError, yaml.YAMLError) as error:
        raise BuildError(f"_toc.yml: {error}") from None
    for entry, path in listed:
        if path is None:
            problems.append(f"_toc.yml: {entry}: there is no such file")
        elif path in pages:
            problems.append(f"_toc.yml: {entry}: listed twice")
        else:
            pages.append(path)
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
            cell = f" in {_name_in_file(path, where[1])}" if len(where) == 2 and where[0] == "cells" else ""
            problems.append(f"{shown(path)}: not a valid notebook{cell}: {str(error).strip().splitlines()[0][:160]}")
    if problems:
        raise BuildError(*problems)
    return notebooks


def _name_in_file(path: Path, index: int) -> str:
    """The name of cell `index` (from 0) of a notebook that JSON can read, valid or not."""
    return cell_name(index, json.loads(path.read_text(encoding="utf-8"))["cells"][index])


# -------------------------------------------------------------------------------------------------------------------- pages

def make_pages(left_out=()) -> None:
    """Run jupyter-book into the work folder and follow the links; raises BuildError for the first step that complains.

    `left_out` are paths of notebooks whose pages are made without a run.
    """
    from jupyter_book.sphinx import build_sphinx
    frame, mark = fingerprint("_toc.yml", "_config.yml", "constraints.txt", "book/_ext", "book/_templates", "tools"), WORK / "frame"
    if not mark.is_file() or mark.read_text() != frame:  # what Sphinx would not notice, or would leave behind
        shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(exist_ok=True)
    mark.write_text(frame)
    errors, output = io.StringIO(), io.StringIO()
    overrides = {"external_toc_path": (ROOT / "_toc.yml").as_posix(), "latex_individualpages": False,
                 "nb_execution_mode": "cache", "nb_execution_cache_path": str(cache_folder()), "nb_execution_timeout": execute.CELL_SECONDS,
                 "nb_execution_excludepatterns": [shown(path) for path in left_out]}
    with noticed_interrupts() as interrupts, contextlib.redirect_stderr(errors), contextlib.redirect_stdout(output):
        result = build_sphinx(ROOT, WORK / "html", doctreedir=WORK / "doctrees", noconfig=True, path_config=ROOT / "_config.yml",
                              confoverrides=overrides, warningiserror=True, keep_going=True, quiet=True)
    if interrupts:  # Sphinx, or an extension, may have taken it for a fault of its own
        raise KeyboardInterrupt
    if result:
        raise BuildError(*located(errors.getvalue() or output.getvalue() or repr(result)))
    if problems := dead_links(WORK / "html", ROOT):
        raise BuildError(*problems)


@contextlib.contextmanager
def noticed_interrupts():
    """A list that holds an entry for each Ctrl-C that arrived in this block, whoever caught the exception; in the main thread only."""
    interrupts = []

    def interrupt(number, frame):
        interrupts.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, before)


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


# ------------------------------------------------------------------------------------------------------------------ the whole

def digests(*names: str) -> dict[str, str]:
    """For every file in the files and folders `names`, relative to the repository: its name and a digest of its bytes."""
    found = {}
    for name in names:
        path = ROOT / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(file.parts):
                found[shown(file)] = hashlib.sha256(file.read_bytes()).hexdigest()
    return found


def fingerprint(*names: str, more: object = None) -> str:
    """A digest of the files and folders `names`, relative to the repository, and of `more`, which JSON must be able to hold."""
    return hashlib.sha256(json.dumps([digests(*names), more]).encode()).hexdigest()


def inputs() -> str:
    """A fingerprint of everything the site is made from: files, versions, and the repository's address."""
    return fingerprint(*SOURCES, more=[versions(), str(cache_folder()), site_info.repository_url(ROOT)])


def refuse_changes(before: dict[str, str]) -> None:
    """Raise BuildError if a file is not what `before`, the `digests` when the build began, says of it: the pages would mix two states."""
    after = digests(*SOURCES)
    if changed := sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)):
        raise BuildError(*(f"{name}: changed while the book was being built; build again" for name in changed))


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


def main(arguments: list[str] | None = None) -> int:
    """Build; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args(arguments)
    try:
        with execute.locked("build", lambda process: say(f"Another build is at work (process {process}); waiting for it")):
            return build()
    except KeyboardInterrupt:
        print("Interrupted; the last good site, if there was one, is still there.", file=sys.stderr)
        return 130


def build() -> int:
    """Build while no other build is at work; the exit status. KeyboardInterrupt passes through."""
    started, current, files = time.monotonic(), inputs(), digests(*SOURCES)
    with contextlib.suppress(OSError, ValueError):
        if (SITE / "index.html").is_file() and json.loads(STAMP.read_text())["inputs"] == current:
            say(f"Nothing has changed. Open {SITE / 'index.html'} or run `make serve`.")
            return 0
    try:
        notebooks = preflight()
        if problems := execute.run_changed(notebooks, say):
            raise BuildError(*problems)
        left_out = {path: lacks for path in notebooks if (lacks := execute.lacking(path))}
        for path, lacks in left_out.items():
            say(f"{shown(path)}: not run, {', '.join(lacks)} is not installed here; its page shows no results")
        say("Making the pages")
        make_pages(left_out)
        refuse_changes(files)
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
        raise
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
