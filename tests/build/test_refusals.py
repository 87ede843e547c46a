"""What a build must refuse, each provoked on a small copy of the project, and what it must do when all is well.

Every build here runs in the worst of environments: the settings of HOSTILE must change nothing.
"""
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

import sample
from sample import HOSTILE, PLACE, UNTOUCHED, append, code, project, python, write

SECOND = "chapters/01-vectors/02-second.ipynb"


def build(root, **environment):
    """`make book` without make: the finished process."""
    return python("tools/build.py", cwd=root, **HOSTILE | environment)


def start(root):
    """A build in a process group of its own, as a terminal starts it; its output comes by line."""
    def heed():  # a shell that starts the tests in the background lets its children ignore Ctrl-C
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen([sys.executable, "tools/build.py"], cwd=root, text=True, start_new_session=True, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=heed)


def state(root):
    """Every file of the built site with its content, to see whether it was touched."""
    html = root / "_build" / "html"
    return {path.relative_to(html): path.read_bytes() for path in html.rglob("*") if path.is_file()}


def another():
    """A second sample for the same book, which defines no term a second time."""
    nb = sample.sample()
    sample.replace(nb, "idea", "**", "")
    sample.replace(nb, "idea", "> Note.", "> **Note.**")
    return nb


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A copy of the project with one sample notebook, built."""
    nb = sample.sample()
    nb["cells"].insert(3, code("untouched", UNTOUCHED))
    root = project(tmp_path_factory.mktemp("book"), {PLACE: nb})
    done = build(root)
    assert done.returncode == 0, done.output
    return root


def failing_cell(root):
    nb = sample.sample()
    append(nb, "sum", "assert total == 8, 'not eight'")
    write(nb, root)


def failing_solution(root):
    nb = sample.sample()
    sample.replace(nb, "solution-3", "check(3,", "check(4,")
    write(nb, root)


def bad_outputs(root):
    nb = sample.sample()
    nb["cells"] += [code("complaint", "import sys\nprint('no home here', file=sys.stderr)"),
                    code("draws-nothing", "plt.plot([0, 1])\nplt.close()\nplt.show()"),
                    code("leaves-a-file", "open('left.txt', 'w').close()")]
    write(nb, root)


def changed_during_the_build(root):
    nb = sample.sample()
    nb["cells"] += [code("meddles", f"open({str(root / 'book' / 'notation.md')!r}, 'a').write('\\n')")]
    write(nb, root)


def file_missing_from_disk(root):
    toc = root / "_toc.yml"
    toc.write_text(toc.read_text().replace("01-sample", "01-gone"), encoding="utf-8")


def formula_that_cannot_be_set(root):
    nb = sample.sample()
    append(nb, "idea", "\nAnd $\\nosuchcommand{x}$.")
    write(nb, root)


def formula_in_a_heading_that_cannot_be_set(root):
    nb = sample.sample()
    append(nb, "idea", "\n## The size of $\\frac{1$")
    write(nb, root)


def dead_link(root):
    nb = sample.sample()
    append(nb, "idea", "\nSee [1.9](09-none.ipynb).")
    write(nb, root)


def dead_link_on_a_page(root):
    page = root / "book" / "notation.md"
    page.write_text(page.read_text(encoding="utf-8") + "\nSee [it](nowhere.md).\n", encoding="utf-8")


def notebook_missing_from_toc(root):
    write(sample.sample(), root, SECOND)


def broken_json(root):
    (root / PLACE).write_text('{"cells": [', encoding="utf-8")


def name(id):
    """A cell of the sample as messages name it."""
    return next(f"cell {number} ({id})" for number, cell in enumerate(sample.sample()["cells"], 1) if cell["id"] == id)


END = len(sample.sample()["cells"])
REFUSED = {
    failing_cell: [f"{PLACE}: {name('sum')} failed: AssertionError: not eight", f"{name('sum')}, line 4"],
    failing_solution: [f"{PLACE}: {name('solution-3')} failed", "| not right yet: count to 3"],
    bad_outputs: [f"{PLACE}: cell {END + 1} (complaint) writes to standard error: no home here",
                  f"{PLACE}: cell {END + 2} (draws-nothing) draws but shows no figure", f"{PLACE}: left behind in its folder: left.txt"],
    changed_during_the_build: ["book/notation.md: changed while the book was being built; build again"],
    file_missing_from_disk: ["_toc.yml", "01-gone"],
    formula_that_cannot_be_set: [PLACE, name("idea"), "nosuchcommand"],
    formula_in_a_heading_that_cannot_be_set: [PLACE, name("idea"), r"\frac{1"],
    dead_link: [PLACE, name("idea"), "09-none.ipynb"],
    dead_link_on_a_page: ["book/notation.md", "nowhere.md"],
    notebook_missing_from_toc: [SECOND, "_toc.yml"],
    broken_json: [f"{PLACE}: not a valid notebook"],
}


@pytest.mark.parametrize("spoil", REFUSED, ids=lambda spoil: spoil.__name__)
def test_a_fault_stops_the_build_and_is_named(spoil, built):
    """Twice, because a second run must not take the fault for done; then the fault is taken back, and the build is well again.

    What runs a notebook anew is tried once, for the run of a failed notebook is kept nowhere; so is a change in mid-build, which a
    second build takes in.
    """
    kept = {path: path.read_bytes() for path in [built / "_toc.yml", built / PLACE, built / "book" / "notation.md"]}
    before = state(built)
    try:
        spoil(built)
        for attempt in range(1 if spoil in (failing_solution, bad_outputs, changed_during_the_build) else 2):
            done = build(built)
            assert done.returncode == 1, done.output
            missing = [words for words in REFUSED[spoil] if words not in done.output]
            assert not missing, f"{missing} not said in:\n{done.output}"
            assert "Traceback (most recent call last):" not in done.output and not re.search(r"Cell \d|In ?\[\d", done.output), done.output
            assert state(built) == before, "the last good site was touched"
    finally:
        (built / SECOND).unlink(missing_ok=True)
        for path, content in kept.items():
            path.write_bytes(content)
    done = build(built)
    assert done.returncode == 0, done.output


def bar(root, place=PLACE):
    """The bar under the title of a section's page, as HTML."""
    page = (root / "_build" / "html" / place).with_suffix(".html").read_text(encoding="utf-8")
    return re.search(r'<div class="section-bar">.*?</div>', page, re.S)[0]


def test_without_an_address_and_with_one(built):
    assert "bar-download" in bar(built)
    assert "bar-colab" not in bar(built) and "bar-edit" not in bar(built)
    done = build(built, GITHUB_REPOSITORY="someone/book", GITHUB_SERVER_URL="https://github.com")
    assert done.returncode == 0, done.output
    assert f"https://colab.research.google.com/github/someone/book/blob/main/{PLACE}" in bar(built)
    assert "bar-edit" in bar(built) and f"https://github.com/someone/book/edit/main/{PLACE}" in bar(built)


def test_only_what_changed_runs_again(tmp_path):
    nb = another()
    append(nb, "sum", "assert total < 100")  # the same code twice would be one entry of the cache
    root = project(tmp_path, {PLACE: sample.sample(), SECOND: nb})

    def executed():
        done = build(root)
        assert done.returncode == 0, done.output
        return sorted(set(re.findall(r"chapters/\S+?\.ipynb(?=\s+[\d.]+ s)", done.output)))

    assert executed() == [PLACE, SECOND]
    assert executed() == []
    append(nb, "sum", "assert total < 1000")
    write(nb, root, SECOND)
    assert executed() == [SECOND]
    append(nb, "idea", "\nA word more.")
    write(nb, root, SECOND)
    assert executed() == [], "a change of words runs nothing"
    assert "A word more." in (root / "_build" / "html" / SECOND).with_suffix(".html").read_text(encoding="utf-8")


def test_the_executed_notebook_is_not_written_back(built):
    text = (built / PLACE).read_text(encoding="utf-8")
    assert '"outputs": [\n' not in text and not re.search(r'"execution_count": \d', text)


def test_figures_are_there_whatever_the_environment(built):
    page = (built / "_build" / "html" / PLACE).with_suffix(".html").read_text(encoding="utf-8")
    assert len(re.findall(r'<img [^>]*src="[^"]*_images/', page)) == 2


def test_help_builds_nothing(tmp_path):
    root = project(tmp_path)
    done = python("tools/build.py", "--help", cwd=root)
    assert done.returncode == 0 and "usage:" in done.output and not (root / "_build").exists(), done.output
    done = python("tools/build.py", "--nonsense", cwd=root)
    assert done.returncode == 2 and not (root / "_build").exists(), done.output


def gone(process):
    """Whether the process with that number has ended."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for processes in /proc")
def test_ctrl_c_blames_no_cell_and_leaves_nothing_running(tmp_path):
    """Once while a cell runs, whose kernel has started another process, and once while the pages are made."""
    nb, numbers = sample.sample(), tmp_path / "numbers"
    nb["cells"].insert(3, code("waits", f"""import os, subprocess, time
child = subprocess.Popen(["sleep", "300"])
open("{numbers}", "w").write(f"{{os.getpid()}} {{child.pid}} ")
time.sleep(0 if os.path.exists("{tmp_path / 'quick'}") else 300)
child.kill()"""))
    root = project(tmp_path / "book", {PLACE: nb})
    running = start(root)
    deadline = time.monotonic() + 120
    while not (numbers.exists() and numbers.read_text().endswith(" ")) and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    os.killpg(running.pid, signal.SIGINT)
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 130 and "Interrupted" in output and "cell" not in output and "Traceback" not in output, output
    for process in numbers.read_text().split():
        while not gone(process) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert gone(process), f"process {process} of an interrupted build still runs"

    (tmp_path / "quick").touch()
    running = start(root)
    for line in running.stdout:
        if line.startswith("Making the pages"):
            time.sleep(1)  # Sphinx is at work, or about to be
            os.killpg(running.pid, signal.SIGINT)
            break
    output, _ = running.communicate(timeout=60)
    assert running.returncode == 130 and "Interrupted" in output and "Traceback" not in output, output
    assert build(root).returncode == 0, "the build after an interrupted one"


def test_two_builds_at_once(tmp_path):
    """The second says that it waits, and finds all done; the site is whole."""
    root = project(tmp_path)
    pair = [start(root), start(root)]
    said = [process.communicate(timeout=300)[0] for process in pair]
    assert [process.returncode for process in pair] == [0, 0], said
    assert sum("Another build is at work" in output for output in said) == 1, said
    assert sum("Nothing has changed" in output for output in said) == 1, said
    together = set(state(root))
    (root / "_build" / "built.json").unlink()
    assert build(root).returncode == 0
    assert together == set(state(root))


def test_without_what_one_section_needs_the_rest_is_built(tmp_path):
    """An optional package that is not installed: its section is named and not run, the site is there; where all is required, it fails."""
    nb = another()
    nb["cells"].insert(3, code("needs", "import nowhere_to_be_had"))
    root = project(tmp_path, {PLACE: sample.sample(), SECOND: nb})
    (root / "requirements-optional.txt").write_text("nowhere_to_be_had-checkpoint>=1  # for 1.2\n", encoding="utf-8")
    done = build(root, BOOK_REQUIRE_ALL="0")
    assert done.returncode == 0, done.output
    assert f"{SECOND}: not run, nowhere_to_be_had-checkpoint is not installed here" in done.output
    assert (root / "_build" / "html" / SECOND).with_suffix(".html").is_file()
    (root / "_build" / "built.json").unlink()
    done = build(root, BOOK_REQUIRE_ALL="1")
    assert done.returncode == 1 and f"{SECOND}: cell 4 (needs) failed: ModuleNotFoundError" in done.output, done.output
