"""A small notebook that keeps every convention, and ways to spoil it; the tests of the tests doctor copies of it."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

import notebooks

ROOT = notebooks.ROOT
PLACE = "chapters/01-vectors/01-sample.ipynb"

OPENING = """# 1.1 A Sample

*What does a notebook of this book look like?*

**You will be able to**

- add two numbers,
- draw a line,
- and slide along a filmstrip.

**You need** school arithmetic. About 1 minute to read."""

IDEA = r"""## Adding

The **sum norm** adds up the sizes of a vector's entries, $\lVert \mathbf v \rVert_1$:

$$
\lVert \mathbf v \rVert_1 = \sum_i |v_i| \tag{1}
$$

| symbol | meaning |
|---|---|
| $\lvert v_i \rvert$ | size of an entry, not \$3 |

> **Note.** The same sum again: see (1).

Take the vector with the entries 3 and $-4$. Their sizes are 3 and 4, and the two sizes add up to 7: the signs do not count, so the sum norm
of a vector is never negative, and it is nought only where every entry is nought. The cell below does the same sum."""

EXERCISE = """# Exercise {n}
answer = ...

def test_{n}(answer):
    assert answer == {n}, "count to {n}"

check(answer, test_{n})"""


SOLUTION = """# @title Solution {n}
assert check({n}, test_{n})
rejects(test_{n}, 0, -{n})"""


def markdown(id, text):
    """A Markdown cell."""
    return {"cell_type": "markdown", "id": id, "metadata": {}, "source": text}


def code(id, text, *tags, alt=None):
    """A code cell with tags and the alt text of its figure."""
    metadata = {"mystnb": {"image": {"alt": alt}}} if alt else {}
    if tags:
        metadata["tags"] = list(tags)
    return {"cell_type": "code", "execution_count": None, "id": id, "metadata": metadata, "outputs": [], "source": text}


def sample():
    """The sample notebook in normal form: opening, setup, an idea with its check, a figure, a filmstrip, five exercises."""
    cells = [
        markdown("opening", OPENING),
        markdown("idea", IDEA),
        code("sum", "v = jnp.array([3.0, -4.0])  # (2,)\ntotal = jnp.abs(v).sum()\nprint(total)"),
        code("check-sum", "# @title Check: the entries add up to seven\nassert total == 7, total"),
        code("line", "plt.plot([0, 1], [0, 1])\nplt.show()", "hide-input", alt="A straight line rises from the origin to the point (1, 1)."),
        code("strip", 'display(filmstrip([1, 2, 3], "slope {}", lambda ax, slope: ax.plot([0, 1], [0, slope])))', "filmstrip",
             alt="Three panels: a line through the origin, steeper from each panel to the next."),
        markdown("exercises", "## Exercises"),
    ]
    for n in range(1, 6):
        cells += [markdown(f"task-{n}", f"### Exercise {n} (compute)\n\nWhat is the number {n}?"),
                  code(f"exercise-{n}", EXERCISE.format(n=n)),
                  code(f"solution-{n}", SOLUTION.format(n=n))]
    return notebooks.normalised({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}, number="1.1")


def cell(nb, id):
    """The cell with that id, to be changed in place."""
    return next(c for c in nb["cells"] if c["id"] == id)


def replace(nb, id, old, new):
    """Replace `old`, which must be there, by `new` in the source of one cell."""
    text = notebooks.source(cell(nb, id))
    assert old in text, f"{old!r} is not in cell {id}"
    cell(nb, id)["source"] = text.replace(old, new).splitlines(keepends=True)


def append(nb, id, text):
    """Add lines to the end of one cell."""
    cell(nb, id)["source"] = (notebooks.source(cell(nb, id)) + "\n" + text).splitlines(keepends=True)


def write(nb, root, place=PLACE):
    """Write a notebook into the project at `root` as it would be committed, creating folders; returns its path."""
    path = Path(root, place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebooks.dumps(nb), encoding="utf-8")
    return path


def project(root, nbs=None):
    """A copy of this project at `root` with one chapter of small notebooks; returns `root`. Nothing built is copied.

    `nbs` maps places to notebooks; without it there is one, the sample at PLACE.
    """
    root, nbs = Path(root), nbs or {PLACE: sample()}
    root.mkdir(parents=True, exist_ok=True)
    for name in ("_config.yml", "index.md", "README.md", "constraints.txt", "requirements-optional.txt"):
        shutil.copy(ROOT / name, root / name)
    start = root / "index.md"  # it sends its readers to the first chapter, which here is another
    start.write_text(re.sub(r"chapters/[\w-]+/index\.md", "chapters/01-vectors/index.md", start.read_text(encoding="utf-8")), encoding="utf-8")
    for name in ("book", "tools", "tests"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    for name in ("moved.yml", "terms.yml"):  # they speak of lessons that are not here
        (root / "book" / name).write_text("{}\n", encoding="utf-8")
    for place, nb in nbs.items():
        write(nb, root, place)
    (root / "chapters/01-vectors/index.md").write_text(f"# Vectors\n\nIt opens with [a sample]({Path(next(iter(nbs))).name}).\n", encoding="utf-8")
    toc = {"format": "jb-book", "root": "index", "parts": [
        {"caption": "Chapters", "chapters": [{"file": "chapters/01-vectors/index",
                                              "sections": [{"file": place.removesuffix(".ipynb")} for place in nbs]}]},
        {"caption": "The book", "chapters": [{"file": f"book/{page.stem}"} for page in sorted((root / "book").glob("*.md"))]}]}
    (root / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    return root


# Settings of whoever builds or tests that must change no page: a style of figures, no asserts, 64-bit numbers, no home, warnings, …
HOSTILE = {"MPLBACKEND": "Agg", "PYTHONOPTIMIZE": "1", "JAX_ENABLE_X64": "1", "HOME": "/proc/nohome", "PYTHONWARNINGS": "always",
           "XLA_FLAGS": "--xla_force_host_platform_device_count=3", "OMP_NUM_THREADS": "1", "MPLCONFIGDIR": "/proc/nohome",
           "IPYTHONDIR": "/proc/nohome", "PYTHONSTARTUP": "/proc/nohome", "JAX_DEBUG_NANS": "1"}
# A cell that passes only where none of them arrived.
UNTOUCHED = """import os
assert jax.device_count() == 1 and jnp.float32(1) / 0 == jnp.inf
assert not [name for name in os.environ if name.startswith(("XLA_", "OMP_", "PYTHONO", "PYTHONW", "PYTHONS", "JAX_E", "JAX_D"))]
assert os.listdir(os.path.expanduser("~")) == [".ipython"]"""


def python(*arguments, cwd, **environment):
    """Run this interpreter in `cwd`; returns the finished process with `.returncode` and `.output` (stdout and stderr).

    The address of the repository is hidden from it unless given, so that a run on a CI host is like one on a desk.
    """
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("GITHUB_", "PYTEST_"))}
    done = subprocess.run([sys.executable, *map(str, arguments)], cwd=cwd, env=clean | environment, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    done.output = done.stdout
    return done
