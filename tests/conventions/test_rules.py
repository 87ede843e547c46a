"""Tests of the rules: the sample notebook keeps them all, and each way of spoiling it is found, with file, cell and id."""
import json

import pytest

import notebooks
from sample import PLACE, append, cell, code, markdown, project, python, replace, sample, write


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return project(tmp_path_factory.mktemp("project"))


def problems(nb, root):
    return notebooks.problems(write(nb, root), root)


def test_the_sample_keeps_every_convention(root):
    assert problems(sample(), root) == []


def prose(text):
    """Spoil the sample by a paragraph in the cell `idea`."""
    return lambda nb: append(nb, "idea", "\n" + text)


def line(text):
    """Spoil the sample by a line of code in the cell `sum`."""
    return lambda nb: append(nb, "sum", text)


def metadata(id, **change):
    return lambda nb: cell(nb, id)["metadata"].update(change)


def swap(id, old, new):
    return lambda nb: replace(nb, id, old, new)


def without(id):
    return lambda nb: nb["cells"].remove(cell(nb, id))


def output(nb):
    cell(nb, "sum")["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["7\n"]}]


SPOILED = {
    # Normal form
    "a stored output": (output, "cell 4 (sum): holds outputs"),
    "an execution count": (lambda nb: cell(nb, "sum").update(execution_count=3), "cell 4 (sum): holds outputs"),
    "foreign metadata": (metadata("sum", colab={}), "cell 4 (sum): not in normal form: metadata"),
    "a wrong reading time": (swap("opening", "About 1 minute ", "About 9 minutes "), "cell 1 (opening): not in normal form: source"),
    "an editor's id": (lambda nb: cell(nb, "sum").update(id="d6a1f3c2"), "cell 4 (d6a1f3c2): is empty, or its id"),
    "another kernel": (lambda nb: nb["metadata"]["kernelspec"].update(name="conda"), "notebook metadata"),
    "a raw cell": (lambda nb: nb["cells"].append({"cell_type": "raw", "id": "raw", "metadata": {}, "source": "x"}), "(raw): a cell of kind raw"),
    # Anatomy
    "a changed setup cell": (swap("setup", "#0072B2", "#0072B3"), "cell 2 (setup): the setup cell differs"),
    "a missing setup cell": (without("setup"), "the second cell, and no other"),
    "a wrong number": (swap("opening", "# 1.1 A", "# 1.2 A"), 'cell 1 (opening): the first line must be "# 1.1 Title"'),
    "no question": (swap("opening", "*What", "What"), "question in italics"),
    "no aims": (swap("opening", "**You will be able to**", "You will"), "able to**\" is missing"),
    "no needs": (swap("opening", "**You need**", "You need"), "You need"),
    "a second title": (prose("# Another"), "second heading of level 1"),
    "a skipped heading level": (prose("#### Deep"), "jumps from level 2 to level 4"),
    "an unknown tag": (metadata("sum", tags=["remove-cell"]), 'tag "remove-cell"'),
    # Portable Markdown
    "a MyST directive": (prose("```{note}\nx\n```"), "cell 3 (idea): directive ```{note}"),
    "a colon fence": (prose(":::{note}\nx\n:::"), "::: block"),
    "a role": (prose("See {ref}`there`."), "role {ref}"),
    "an eq role": (prose("See {eq}`one`."), "role {eq}"),
    "a citation": (prose("Said {cite}`ndubuaku`."), "role {cite}"),
    "a target": (prose("(here)=\n## There"), "(label)= target"),
    "a labelled equation": (prose("$$\nx\n$$ (one)"), "$$"),
    "a footnote": (prose("Indeed[^1].\n\n[^1]: Yes."), "footnote"),
    "a label": (prose("$$\nx \\label{x}\n$$"), "\\label is not portable"),
    "an eqref": (prose("As in $\\eqref{x}$."), "\\eqref is not portable"),
    "a macro": (prose("$\\newcommand{\\R}{\\mathbb R}$"), "\\newcommand is not portable"),
    "an align": (prose("$$\n\\begin{align} x \\end{align}\n$$"), "use aligned"),
    "a GitHub note": (prose("> [!NOTE]\n> x"), "[!NOTE]"),
    "a raw image": (prose('<img src="x.png" alt="x">'), "raw HTML <img>"),
    "a raw figure": (prose("<figure>\n\nx\n\n</figure>"), "raw HTML <figure>"),
    "an svg": (prose("<svg></svg>"), "raw HTML <svg>"),
    "a Markdown image": (prose("![x](x.png)"), "an image in Markdown"),
    "inline $$": (prose("so $$x$$ it is"), "$$ must stand on a line of its own"),
    "a lone dollar": (prose("it costs 5$ here"), "a dollar sign without its pair"),
    "TeX as text": (prose("the \\mathbf v"), "TeX outside of maths"),
    "a bar in a table": (prose("| a |\n|---|\n| $|x|$ |"), "inside maths in a table"),
    "a percent line": (prose("about half\n\n% of it"), "comment in MyST"),
    "a substitution": (prose("the {{ name }}"), "substitution"),
    # Links
    "a dead link": (prose("See [1.9](09-none.ipynb)."), "link to 09-none.ipynb: there is no such file"),
    "an anchor": (prose("See [it](01-sample.ipynb#adding)."), "anchors do not work"),
    "a site link": (prose("See [it](01-sample.html)."), "there is no such file"),
    # Code
    "a foreign import": (line("import pandas"), "cell 4 (sum): import of pandas"),
    "an ungranted import": (line("import optax"), "import of optax"),
    "urllib": (line("from urllib.request import urlopen"), "needs the network"),
    "requests": (line("import requests"), "import of requests"),
    "a fetched data set": (line("from sklearn.datasets import fetch_openml"), "needs the network"),
    "pip of jax": (line("%pip install -q jax"), "EXTRA_PACKAGES"),
    "a shell command": (line("!wget x"), "shell command"),
    "a cell that is too long": (line("\n".join(["x = 1"] * 28)), "31 lines of code"),
    "a line that is too long": (line("x = " + " + ".join(["1"] * 40)), "a line of 161 characters"),
    "a semicolon": (line("plt.plot([1]);"), "semicolon"),
    "HTML output": (line("from IPython.display import HTML"), "import of IPython"),
    "an HTML representation": (line("class A:\n    def _repr_html_(self):\n        return ''"), "_repr_html_"),
    "svg figures": (line("import matplotlib_inline\nmatplotlib_inline.backend_inline.set_matplotlib_formats('svg')"), "set_matplotlib_formats"),
    "a skip marker": (line("# NBVAL_SKIP"), "marker NBVAL_SKIP"),
    "an ignore marker": (line("# NBVAL_IGNORE_OUTPUT"), "marker NBVAL_IGNORE_OUTPUT"),
    "raises-exception": (metadata("sum", tags=["raises-exception"]), 'tag "raises-exception"'),
    "a skip": (line("import pytest; pytest.skip('no')"), "pytest.skip"),
    "an old key": (line("key = jax.random.PRNGKey(0)"), "PRNGKey"),
    "a key used twice": (line("key = jax.random.key(0)\na = jax.random.normal(key)\nb = jax.random.normal(key)"), 'key "key" drives a second draw (line 6)'),
    "broken Python": (line("def f(:"), "is not valid Python"),
    # Figures
    "a missing alt": (lambda nb: cell(nb, "line")["metadata"].pop("mystnb"), "cell 5 (line): draws a figure but has no alt text"),
    "a short alt": (metadata("line", mystnb={"image": {"alt": "A line."}}), "has 7 characters"),
    "an alt without a figure": (metadata("sum", mystnb={"image": {"alt": "A line that nobody has ever drawn for the reader."}}), "shows no figure"),
    "an untagged filmstrip": (lambda nb: cell(nb, "strip")["metadata"].pop("tags"), "not tagged filmstrip"),
    # Exercises
    "too few exercises": (lambda nb: [without(f"{kind}-5")(nb) for kind in ("task", "exercise", "solution")], "4 exercises; 5 to 8"),
    "no kind": (swap("task-2", " (compute)", ""), '(task-2): the heading must be'),
    "a wrong order": (swap("task-2", "Exercise 2", "Exercise 7"), "exercise 7 stands where exercise 2"),
    "no test": (swap("exercise-3", "assert answer == 3, \"count to 3\"", "pass"), "(exercise-3): needs a function test_3"),
    "no hint": (swap("exercise-3", ", \"count to 3\"", ""), "needs a hint"),
    "no call": (swap("exercise-3", "check(answer, test_3)", ""), "must call check"),
    "an answer given away": (swap("exercise-3", "...", "3"), "must leave the answer"),
    "no solution": (without("solution-3"), '(exercise-3): the next cell must be code'),
    "an open solution": (lambda nb: cell(nb, "solution-3")["metadata"].clear(), "(solution-3): a solution is folded"),
    "an unchecked solution": (swap("solution-3", "assert check", "check"), "(solution-3): a solution must end in"),
    "a proof without a solution": (lambda nb: (swap("task-3", "compute", "prove")(nb), without("exercise-3")(nb), without("solution-3")(nb)), "needs a solution in <details>"),
    # Checks
    "too few checks": (lambda nb: nb["cells"].append(code("more", "x = 1")) or swap("sum", "assert total == 7, total", "total")(nb), "0 asserts for 2 cells"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_spoiled_sample_is_found(name, root):
    spoil, message = SPOILED[name]
    nb = sample()
    spoil(nb)
    found = problems(nb, root)
    assert any(message in problem and problem.startswith(PLACE) for problem in found), found or "nothing was found"


KEPT = {
    "a proof with a folded solution": lambda nb: (
        swap("task-3", "compute", "prove")(nb), without("exercise-3")(nb), without("solution-3")(nb),
        append(nb, "task-3", "\n<details><summary>Solution 3</summary>\n\nThe end.\n\n</details>")),
    "code that looks like MyST": prose("The string `{name}` and\n\n```python\n{x}`y` % 5 $$ \\label\n```"),
    "maths in a table": prose("| $a$ | $b$ |\n|---|---|\n| $\\lvert a \\rvert$ | $b$ |"),
    "a price": prose("It costs \\$5."),
    "maths in a quote": prose("> **Pitfall.** Not\n>\n> $$\n> x\n> $$"),
    "a web page": prose("See [it](https://example.org/a#b)."),
    "a key split": line("key = jax.random.key(0)\nkey, sub = jax.random.split(key)\na = jax.random.normal(key)\nb = jax.random.normal(sub)"),
    "the same key on purpose": line("key = jax.random.key(0)\na = jax.random.normal(key)\nb = jax.random.normal(key)  # same key, same numbers"),
    "a timing": line("%timeit -n 1 total"),
    "the standard library": line("import math"),
}


@pytest.mark.parametrize("name", KEPT)
def test_no_false_alarm(name, root):
    nb = sample()
    KEPT[name](nb)
    assert problems(notebooks.normalised(nb), root) == []


def test_broken_json_is_named(tmp_path):
    root = project(tmp_path)
    path = root / PLACE
    path.write_text("{", encoding="utf-8")
    assert "not valid JSON" in notebooks.problems(path, root)[0] and PLACE in notebooks.problems(path, root)[0]


def test_normalising_mends_what_an_editor_leaves(root):
    nb = sample()
    output(nb)
    cell(nb, "sum").update(execution_count=7, id="0f1e2d3c")
    cell(nb, "line")["metadata"] |= {"colab": {"height": 4}, "editable": True}
    cell(nb, "solution-2")["metadata"] = {}
    swap("setup", "#0072B2", "red")(nb)
    nb["cells"].append(code("", ""))
    nb["metadata"]["colab"] = {"provenance": []}
    assert [c["id"] for c in nb["cells"]].count("sum") == 0
    mended = notebooks.normalised(nb)
    replaced = next(c for c in mended["cells"] if c["id"] == "v-jnp-array-3")
    replaced["id"] = "sum"
    assert mended == sample()


def test_normalising_twice_changes_nothing():
    nb = sample()
    nb["cells"].insert(1, markdown("A bad id", "Some words\n"))
    once = notebooks.normalised(nb)
    assert notebooks.normalised(once) == once
    assert json.loads(notebooks.dumps(once)) == once


def test_reading_minutes_count_words_and_visible_code():
    def minutes(*cells):
        return notebooks.reading_minutes({"cells": list(cells)})
    assert minutes(markdown("a", "word")) == 1
    assert minutes(markdown("a", "word " * 1000)) == 5
    assert minutes(markdown("a", "$x$ " * 1000 + "`code` " * 1000)) == 1
    assert minutes(code("a", "x = 1\n" * 200)) == 5
    assert minutes(code("a", "x = 1\n" * 200, "hide-input")) == 1


def test_the_readme_table_keeps_its_address(tmp_path):
    """Links to Colab appear once an address is known, and stay the same whoever writes the table after that."""
    root = project(tmp_path)
    readme = root / "README.md"

    def normalise(**environment):
        done = python("tools/notebooks.py", "normalise", cwd=root, **environment)
        assert done.returncode == 0, done.output
        return notebooks.readme_parts(readme.read_text(encoding="utf-8"))[1]

    plain = f"# Book\n\n{notebooks.TABLE_START}\n{notebooks.TABLE_END}\n"
    readme.write_text(plain, encoding="utf-8")
    without = normalise()
    assert "colab" not in without and f"[1.1 A Sample]({PLACE})" in without
    linked = normalise(GITHUB_REPOSITORY="someone/book")
    assert f"https://colab.research.google.com/github/someone/book/blob/main/{PLACE}" in linked
    assert normalise() == linked == normalise(GITHUB_REPOSITORY="a-fork/book")
    assert notebooks.without_colab(linked) == without == notebooks.without_colab(without)
