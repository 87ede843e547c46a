"""Tests of the rules: the sample notebook keeps them all, and each way of spoiling it is found, with file, cell and id."""
import json

import pytest

import conventions
import lessons
import notebooks
from sample import PLACE, append, cell, code, markdown, project, python, replace, sample, write


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return project(tmp_path_factory.mktemp("project"))


def problems(nb, root):
    return conventions.problems(write(nb, root), root)


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


def check(id, sentence, text):
    """A check cell in normal form."""
    made = code(id, f"# @title Check: {sentence}\n{text}", "check")
    made["metadata"] |= {"cellView": "form", "jupyter": {"source_hidden": True}}
    return made


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
    "scipy before Chapter 4": (line("from scipy import stats"), "import of scipy"),
    "an ungranted import": (line("import optax"), "import of optax"),
    "urllib": (line("from urllib.request import urlopen"), "needs the network"),
    "requests": (line("import requests"), "import of requests"),
    "a fetched data set": (line("from sklearn.datasets import fetch_openml"), "needs the network"),
    "pip of jax": (line("%pip install -q jax"), "EXTRA_PACKAGES"),
    "a shell command": (line("!wget x"), "shell command"),
    "a cell that is too long": (line("\n".join(["x = 1"] * 28)), "31 lines of code; at most 12"),
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
    "a missing alt": (lambda nb: cell(nb, "line")["metadata"].pop("mystnb"), "cell 6 (line): draws a figure but has no alt text"),
    "a short alt": (metadata("line", mystnb={"image": {"alt": "A line."}}), "has 7 characters"),
    "an alt without a figure": (metadata("sum", mystnb={"image": {"alt": "A line that nobody has ever drawn for the reader."}}), "shows no figure"),
    "an untagged filmstrip": (lambda nb: cell(nb, "strip")["metadata"].pop("tags"), "not tagged filmstrip"),
    # Exercises
    "too few exercises": (lambda nb: [without(f"{kind}-{n}")(nb) for kind in ("task", "exercise", "solution") for n in (4, 5)], "3 exercises; 4 to 7"),
    "exercises inside a cell": (swap("exercises", "## Exercises", "The end.\n\n## Exercises"), "(exercises): the heading Exercises must begin a cell"),
    "no kind": (swap("task-2", " (compute)", ""), '(task-2): the heading must be'),
    "a wrong order": (swap("task-2", "Exercise 2", "Exercise 7"), "exercise 7 stands where exercise 2"),
    "no test": (swap("exercise-3", "assert answer == 3, \"count to 3\"", "pass"), "(exercise-3): needs a function test_3"),
    "no hint": (swap("exercise-3", ", \"count to 3\"", ""), "needs a hint"),
    "no call": (swap("exercise-3", "check(answer, test_3)", ""), "must call check"),
    "an answer given away": (swap("exercise-3", "...", "3"), "must leave the answer"),
    "no solution": (without("solution-3"), '(exercise-3): the next cell must be code'),
    "an open solution": (lambda nb: cell(nb, "solution-3")["metadata"].clear(), "(solution-3): a solution is folded"),
    "an unchecked solution": (swap("solution-3", "assert check", "check"), "(solution-3): a solution must hold"),
    "a proof without a solution": (lambda nb: (swap("task-3", "compute", "prove")(nb), without("exercise-3")(nb), without("solution-3")(nb)), "needs a solution in <details>"),
    "one wrong answer": (swap("solution-3", ", 0, -3", ", 0"), "(solution-3): needs `rejects(test_3"),
    "no wrong answer": (swap("solution-3", "\nrejects(test_3, 0, -3)", ""), "it has 0"),
    "dots for a wrong answer": (swap("solution-3", ", 0, -3", ", 0, ..."), "beside `...`; it has 1"),
    "no constant": (swap("solution-3", ", 0, -3", ", jnp.sin(v), v[0]"), "must be the empty answer or a constant"),
    # Checks
    "too few checks": (lambda nb: [nb["cells"].insert(3, code(f"more-{n}", "x = 1")) for n in range(4)], "1 check cells for 6 teaching cells"),
    "two checks in a row": (lambda nb: nb["cells"].insert(5, check("check-twice", "Once more the same sum.", "assert total < 8")), "(check-twice): is a second check cell"),
    "a check without a sentence": (swap("check-sum", ": the entries add up to seven", ""), "(check-sum): the first line must be"),
    "a check that asserts nothing": (swap("check-sum", "assert total == 7, total", "total"), "(check-sum): is a check cell, but asserts nothing"),
    "a tagged check without a title": (lambda nb: (swap("check-sum", "# @title Check: the", "# the")(nb), metadata("check-sum", tags=["check"])(nb)), "is tagged check, but"),
    "an untagged check": (lambda nb: cell(nb, "check-sum")["metadata"].pop("tags"), "(check-sum): not in normal form: metadata"),
    "a check that others need": (lambda nb: (append(nb, "check-sum", "needed = 3"), append(nb, "exercise-2", "print(needed)")), '(check-sum): defines "needed", which exercise-2 uses'),
    "a check that a function needs": (lambda nb: (append(nb, "check-sum", "def needed(): pass"), append(nb, "exercise-2", "def f():\n    return needed()")), 'defines "needed"'),
    "two asserts in a teaching cell": (line("assert total > 6\nassert total < 8"), "(sum): holds 2 asserts"),
    # One sitting
    "too many words": (prose("word " * 2300), "words before the exercises; at most 2200"),
    "too many minutes": (prose("word " * 5000), "minutes to read; at most 25"),
    "too much code": (line("\n".join(f"a_rather_long_name_{n} = total + {n}" for n in range(9))), "of the visible characters are code"),
    "too many cells": (lambda nb: [nb["cells"].insert(3, code(f"more-{n}", "x = 1")) for n in range(25)], "visible code cells before the exercises; at most 25"),
    # Leftovers
    "a mark of a merge": (prose("\n<<<<<<< HEAD\n"), "(idea): holds a mark that a merge left behind"),
    "another mark of a merge": (prose("a\n=======\nb"), "(idea): holds a mark that a merge left behind"),
    "a mark in code": (line("<<<<<<< HEAD"), "(sum): holds a mark that a merge left behind"),
    "an equation number twice": (prose("$$\nx \\tag{1}\n$$"), "equation number (1) is used twice"),
    "an equation that is not there": (prose("By (2) it follows."), "cites (2), but no equation"),
    "a number that is not its target's": (prose("See [1.2](01-sample.ipynb)."), 'link "1.2" leads to 1.1'),
    "a title that is not its target's": (prose("See [1.1 An Example](01-sample.ipynb)."), 'the title there is "A Sample"'),
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
    "a semicolon in a comment": line("x = 1  # a; then b;"),
    "one assert that reads as part of the thought": line("assert total == 7"),
    "a title with its number": prose("See [1.1 A Sample](01-sample.ipynb) and [1.1](01-sample.ipynb)."),
    "an equation of another lesson": prose("By (7) of [1.1](01-sample.ipynb), and in 3 of (1) cases."),
    "a name that a check uses for itself": lambda nb: (append(nb, "check-sum", "x = 1"), append(nb, "exercise-2", "x = 2\nprint(x)")),
    "a heading under a rule of dashes": prose("Words\n\n---"),
}


@pytest.mark.parametrize("name", KEPT)
def test_no_false_alarm(name, root):
    nb = sample()
    KEPT[name](nb)
    assert problems(notebooks.normalised(nb, number="1.1"), root) == []


def test_broken_json_is_named(tmp_path):
    root = project(tmp_path)
    path = root / PLACE
    path.write_text("{", encoding="utf-8")
    assert "not valid JSON" in conventions.problems(path, root)[0] and PLACE in conventions.problems(path, root)[0]


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
    mended = notebooks.normalised(nb, number="1.1")
    replaced = next(c for c in mended["cells"] if c["id"] == "v-jnp-array-3")
    replaced["id"] = "sum"
    assert mended == sample()


def test_normalising_mends_what_colab_leaves(root):
    """Format 4.0 without ids, one setup cell, and every id as it was: kept by Colab in the metadata, or found in the last commit."""
    for keeps in (True, False):
        nb = sample()
        for one in nb["cells"]:
            id = one.pop("id")
            one["metadata"]["id"] = id if keeps else "aB3_dE6-hI9k"
        nb["nbformat_minor"] = 0
        nb["cells"][2]["source"] = ["## Adding up\n"] + nb["cells"][2]["source"][1:]
        mended = notebooks.normalised(nb, number="1.1", before=sample())
        wanted = sample()
        wanted["cells"][2]["source"] = ["## Adding up\n"] + wanted["cells"][2]["source"][1:]
        assert mended == wanted


def test_the_number_follows_the_path(root):
    nb = sample()
    replace(nb, "opening", "# 1.1 A", "# 4.7 A")
    assert notebooks.source(notebooks.normalised(nb, number="2.5.2")["cells"][0]).startswith("# 2.5.2 A Sample\n")
    place = root / "chapters/02-matrices/05-matrix-decompositions/02-eigenvalues.ipynb"
    assert notebooks.number(place, root) == "2.5.2"
    assert notebooks.number(place.parent / "index.md", root) == "2.5"
    with pytest.raises(ValueError, match="begins with its number"):
        notebooks.number(root / "chapters/02-matrices/appendix.ipynb", root)


def test_normalising_twice_changes_nothing():
    nb = sample()
    nb["cells"].insert(1, markdown("A bad id", "Some words\n"))
    once = notebooks.normalised(nb)
    assert notebooks.normalised(once) == once
    assert json.loads(notebooks.dumps(once)) == once


def test_reading_minutes_count_words_visible_code_and_figures():
    def minutes(*cells):
        return notebooks.parts.reading_minutes({"cells": list(cells)})
    assert minutes(markdown("a", "word")) == 1
    assert minutes(markdown("a", "word " * 900)) == 5
    assert minutes(markdown("a", "$x$ " * 1000 + "\n```\nsome code\n```\n" * 1000)) == 1
    assert minutes(code("a", "x = 1\n" * 60)) == 5
    assert minutes(code("a", "x = 1\n" * 60, "hide-input")) == 1
    assert minutes(code("a", "# @title Check: a sentence\n" + "x = 1\n" * 60)) == 1
    assert minutes(*[code(f"a{n}", "plt.show()", "hide-input") for n in range(20)]) == 5
    assert minutes(markdown("a", "word " * 900), markdown("b", "## Exercises"), markdown("c", "word " * 900)) == 5


def test_the_readme_table_keeps_its_address(tmp_path):
    """Links to Colab appear once an address is known, and stay the same whoever writes the table after that."""
    root = project(tmp_path)
    readme = root / "README.md"

    def normalise(**environment):
        done = python("tools/normalise.py", cwd=root, **environment)
        assert done.returncode == 0, done.output
        return lessons.readme_parts(readme.read_text(encoding="utf-8"))[1]

    plain = f"# Book\n\n{lessons.TABLE_START}\n{lessons.TABLE_END}\n"
    readme.write_text(plain, encoding="utf-8")
    without = normalise()
    assert "colab" not in without and f"[1.1 A Sample]({PLACE})" in without
    linked = normalise(GITHUB_REPOSITORY="someone/book")
    assert f"https://colab.research.google.com/github/someone/book/blob/main/{PLACE}" in linked
    assert normalise() == linked == normalise(GITHUB_REPOSITORY="a-fork/book")
    assert lessons.without_colab(linked) == without == lessons.without_colab(without)
