#!/usr/bin/env python3
"""The conventions of a notebook, as rules that a machine can check.

    python tools/conventions.py [NOTEBOOK …]       print every broken convention; exit status 1 if there is any

A rule is a generator that takes a `Notebook` and yields `(cell, message)`, or `(None, message)` for the file as a whole. RULES hold for
every notebook, LESSON_RULES for those in the present form, which are all but the ones listed in `book/not-rewritten.txt`. `problems`
turns what they yield into lines "file: cell N (id): message", N counted from 1 among all cells. What a rule cannot see (does the cell
run, does it really draw) the run of the notebook shows; what takes the whole book to see is in `lessons.py`.
"""
import argparse
import ast
import io
import re
import symtable
import sys
import tokenize
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

import cells as parts
import lessons
import notebooks as source_files
from lessons import MARKDOWN, STAR

PACKAGES = {"jax", "jaxlib", "matplotlib", "mpl_toolkits", "numpy", "sklearn"}
NETWORK = {"ftplib", "http", "imaplib", "nntplib", "poplib", "smtplib", "socket", "socketserver", "ssl", "telnetlib", "urllib",
           "webbrowser", "xmlrpc"}
# What single notebooks may import besides, by path. 6.2 compares its optimisers with optax; 6.8 is about checkpoints, and its two processes meet on a free loopback port.
EXTRA_PACKAGES: dict[str, set[str]] = {
    "chapters/06-machine-learning/02-gradient-machine-learning/04-stochastic-gradients.ipynb": {"optax"},
    "chapters/06-machine-learning/02-gradient-machine-learning/05-optimisers.ipynb": {"optax"},
    "chapters/06-machine-learning/02-gradient-machine-learning/06-lion-and-muon.ipynb": {"optax"},
    "chapters/06-machine-learning/02-gradient-machine-learning/10-schedules-and-search.ipynb": {"optax"},
    "chapters/06-machine-learning/08-training-that-survives.ipynb": {"orbax", "socket"},
}
# scipy is the second opinion a statistician would ask: from the chapter on that is about statistics.
SCIPY_FROM_CHAPTER = 4
MAGICS = {"%pip", "%time", "%timeit", "%%time", "%%timeit"}
TAGS = {"check", "hide-input", "hide-cell", "filmstrip", "photo"}
HTML_TAGS = {"br", "details", "kbd", "sub", "summary", "sup"}
LONGEST_CELL = {"body": 12, "exercise": 20, "figure": 40}  # lines of code that a role may have; a check or solution may be long
LONGEST_OLD_CELL = 30      # in lessons not rewritten yet
MOST_CELLS = 25            # visible code cells before the exercises
MOST_MINUTES, MOST_WORDS, MOST_CODE = 25, 2200, 1 / 3
LONGEST_LINE = 88          # characters; as many as the site shows beside a sidebar, see .cell_input in book/_static/custom.css
SHORTEST_ALT = 40          # characters
EXERCISES = range(4, 8)
OLD_EXERCISES = range(5, 9)
BULLETS = range(3, 6)
ENVIRONMENTS = r"\\begin\{(align|alignat|eqnarray|equation|gather|multline)\*?\}"
MACROS = r"\\(label|eqref|ref|newcommand|renewcommand|def|let|require|DeclareMathOperator|href|class|cssId|style|bbox)\b"
CONFLICT = re.compile(r"^(<{7}( |$)|={7}$|>{7}( |$)|\|{7}( |$))", re.M)  # what a merge leaves behind


@dataclass
class Cell:
    """One cell: its place counted from 1, and what the rules ask of it."""
    number: int
    id: str
    kind: str
    text: str
    metadata: dict = field(default_factory=dict)

    @property
    def tags(self):
        return self.metadata.get("tags", [])

    @property
    def alt(self):
        return self.metadata.get("mystnb", {}).get("image", {}).get("alt", "")

    @property
    def first_line(self):
        """The first line, with `# ` where `# @title ` stands."""
        return parts.first_line(self.raw)

    @cached_property
    def tokens(self):
        """Markdown tokens with inline ones in place, each as (token, token before it in the same paragraph or None)."""
        found = []
        for token in MARKDOWN.parse(self.text):
            found.append((token, None))
            children = token.children or []
            found.extend(zip(children, [None, *children]))
        return found

    @cached_property
    def tree(self):
        """The syntax tree of a code cell, its magic lines read as `pass`; None where it is not Python."""
        return parts.tree(self.text)

    @property
    def nodes(self):
        return ast.walk(self.tree) if self.tree else ()

    @property
    def raw(self):
        """The cell as `cells.py` takes it."""
        return {"cell_type": self.kind, "id": self.id, "metadata": self.metadata, "source": self.text}

    @property
    def draws(self):
        """Whether the cell shows a figure."""
        return parts.draws(self.raw)

    @cached_property
    def role(self):
        """"markdown", "setup", "exercise", "solution", "check", "figure" or "body"."""
        return parts.role(self.raw)


@dataclass
class Notebook:
    """A notebook with its place in the book."""
    path: Path
    root: Path
    json: dict
    cells: list[Cell]

    @property
    def name(self):
        return self.path.relative_to(self.root).as_posix()

    @property
    def rewritten(self):
        """Whether the lesson must have the present form."""
        return self.name not in lessons.not_rewritten(self.root)

    @property
    def code(self):
        return [cell for cell in self.cells if cell.kind == "code"]

    @property
    def markdown(self):
        return [cell for cell in self.cells if cell.kind == "markdown"]

    @property
    def headings(self):
        """(cell, level, text) of every Markdown heading in order."""
        for cell in self.markdown:
            tokens = MARKDOWN.parse(cell.text)
            for opening, inline in zip(tokens, tokens[1:]):
                if opening.type == "heading_open":
                    yield cell, int(opening.tag[1]), inline.content


def load(path, root):
    """Read the notebook at `path` for the rules. Raises ValueError, naming the file, where it is not a notebook."""
    nb = source_files.read(path)
    cells = [Cell(number, cell.get("id", "no id"), cell["cell_type"], parts.source(cell), cell.get("metadata", {}))
             for number, cell in enumerate(nb["cells"], 1)]
    return Notebook(Path(path).resolve(), Path(root).resolve(), nb, cells)


def problems(path, root):
    """Every broken convention of one notebook as "file: cell N (id): message", in the order of the cells."""
    try:
        notebook = load(path, root)
    except ValueError as error:
        return [str(error)]
    rules = RULES + (LESSON_RULES if notebook.rewritten else OLD_RULES)
    found = [(cell.number if cell else 0, cell, message) for rule in rules for cell, message in rule(notebook)]
    return [f"{notebook.name}: cell {number} ({cell.id}): {message}" if cell else f"{notebook.name}: {message}"
            for number, cell, message in sorted(found, key=lambda item: item[0])]


def opening(notebook):
    """The opening cell: numbered title, question, aims, needs and minutes."""
    if not notebook.cells or notebook.cells[0].kind != "markdown":
        yield None, "the first cell must be Markdown and open with the title"
        return
    cell = notebook.cells[0]
    try:
        number = source_files.number(notebook.path, notebook.root)
    except ValueError as error:
        yield None, str(error).partition(": ")[2]
        return
    if not re.match(rf"# {re.escape(number)} (?:{STAR} )?[^\s{STAR}]", cell.first_line):
        yield cell, f'the first line must be "# {number} Title" or "# {number} {STAR} Title", as folders and file are numbered'
    paragraphs = [p.strip() for p in cell.text.split("\n\n")]
    if not any(re.fullmatch(r"[*_][^*_].*[^*_][*_]", p, re.S) for p in paragraphs[1:2]):
        yield cell, "after the title comes one question in italics, a paragraph of its own"
    if "**You will be able to**" not in paragraphs:
        yield cell, 'a paragraph "**You will be able to**" is missing'
    bullets = len(re.findall(r"^[-*] ", cell.text, re.M))
    if bullets not in BULLETS:
        yield cell, f"{bullets} bullets under \"You will be able to\"; {BULLETS[0]} to {BULLETS[-1]} are wanted"
    if not any(p.startswith("**You need**") and source_files.MINUTES.search(p) for p in paragraphs[-1:]):
        yield cell, 'it must end in a paragraph that starts "**You need**" and ends "About N minutes to read."'


def headings(notebook):
    """One H1, then levels that never skip one on the way down."""
    before = 0
    for cell, level, text in notebook.headings:
        if level == 1 and before:
            yield cell, f'"{text}" is a second heading of level 1'
        elif level > before + 1:
            yield cell, f'heading "{text}" jumps from level {before} to level {level}'
        before = level


def setup(notebook):
    """The setup cell, second and identical to the canonical copy."""
    wanted = source_files.setup_cell(notebook.root)
    found = [cell for cell in notebook.cells if cell.id == "setup"]
    if len(notebook.cells) < 2 or notebook.cells[1].id != "setup" or len(found) != 1:
        yield None, "the second cell, and no other, must be the setup cell (`make normalise` writes it)"
    elif found[0].text != source_files.source(wanted):
        yield found[0], "the setup cell differs from book/setup_cell.py (`make normalise` writes it)"


def normal_form(notebook):
    """What is stored is the normal form, byte for byte; the first difference is named."""
    try:
        number = source_files.number(notebook.path, notebook.root)
    except ValueError:
        return  # the rule `opening` says so
    wanted = source_files.normalised(notebook.json, notebook.root, number)
    if notebook.path.read_text(encoding="utf-8") == source_files.dumps(wanted):
        return
    held = [cell for cell, stored in zip(notebook.cells, notebook.json["cells"]) if stored.get("outputs") or stored.get("execution_count") is not None]
    if explained := bool(held):
        more = f", as {'do' if len(held) > 2 else 'does'} {len(held) - 1} more" if len(held) > 1 else ""
        yield held[0], f"holds outputs or an execution count{more} (`make normalise` removes them)"
    target = {cell["id"]: cell for cell in wanted["cells"]}
    for cell, stored in zip(notebook.cells, notebook.json["cells"]):
        if explained:
            break
        normal = target.get(cell.id)
        if normal is None:
            explained = True
            yield cell, "is empty, or its id is not a readable one of its own (`make normalise` mends both)"
        elif normal != stored:
            explained = True
            if cell.id == "setup" and normal["source"] != stored["source"]:
                continue  # the rule `setup` says so
            parts = ", ".join(key for key in sorted(normal.keys() | stored.keys()) if normal.get(key) != stored.get(key))
            yield cell, f"not in normal form: {parts} (`make normalise` mends it)"
    if not explained:
        yield None, "not in normal form: order of cells or keys, indentation or notebook metadata (`make normalise` mends it)"


def kinds_and_tags(notebook):
    """Only Markdown and code cells, and only the tags that the site knows."""
    for cell in notebook.cells:
        if cell.kind not in ("markdown", "code"):
            yield cell, f"a cell of kind {cell.kind}; only markdown and code are used"
        for tag in set(cell.tags) - TAGS:
            yield cell, f'tag "{tag}" is not one of {", ".join(sorted(TAGS))}'
    for cell, stored in zip(notebook.cells, notebook.json["cells"]):
        if stored.get("attachments"):
            yield cell, "has an attached file; figures are drawn by code"


def portable_markdown(notebook):
    """Nothing that only MyST, only GitHub or only one reader understands."""
    line_patterns = [
        (r"\s*:{3,}", "a ::: block is MyST only"),
        (r"\s*\([\w-]+\)=\s*$", "a (label)= target is MyST only"),
        (r"\s*%", "a line that starts with % is a comment in MyST, and vanishes"),
        (r"\+\+\+", "a +++ break is MyST only"),
        (r"\s*>?\s*\[!\w+\]", "a [!NOTE] box is GitHub only; write > **Note.**"),
        (r"\s*\[\^[^\]]+\]:", "footnotes are not portable"),
        (r"\s*:[A-Za-z-]+: ", "a :field: is MyST only"),
    ]
    for cell in notebook.markdown:
        inert = set()  # lines inside code or maths, where the patterns mean nothing
        for token, before in cell.tokens:
            if token.type in ("fence", "code_block", "math_block", "math_block_label") and token.map:
                inert.update(range(*token.map))
            if token.type == "fence" and token.info.strip().startswith("{"):
                yield cell, f"directive ```{token.info.strip()} is MyST only"
            if token.type == "math_block_label":
                yield cell, f"label ({token.info}) after $$ is MyST only; use \\tag{{…}}"
            if token.type == "code_inline" and before and before.type == "text" and re.search(r"\{[\w:+-]+\}$", before.content):
                yield cell, f"role {before.content[before.content.rindex('{'):]}`…` is MyST only"
            if token.type == "text" and (note := re.search(r"\[\^[^\]]+\]", token.content)):
                yield cell, f"footnote {note[0]} is not portable"
            if token.type == "text" and (name := re.search(r"\{\{.*\}\}", token.content)):
                yield cell, f"substitution {name[0]} is MyST only"
            if token.type == "text_special" and re.fullmatch(r"\\[A-Za-z]", token.content):
                yield cell, f"TeX outside of maths: {token.content}…"
            if token.type == "text" and "$" in token.content:
                yield cell, f"a dollar sign without its pair near: {token.content.strip()[:40]}"
            if token.type == "image":
                yield cell, "an image in Markdown; figures are drawn by code"
            if token.type in ("html_block", "html_inline"):
                for tag in re.findall(r"</?([A-Za-z][\w-]*)|<(!--)", token.content):
                    tag = tag[0] or tag[1]
                    if tag.lower() not in HTML_TAGS:
                        yield cell, f"raw HTML <{tag}>; only {', '.join(sorted(HTML_TAGS))} are used"
            if token.type.startswith("math"):
                if macro := re.search(MACROS, token.content):
                    yield cell, f"{macro[0]} is not portable"
                if environment := re.search(ENVIRONMENTS, token.content):
                    yield cell, f"{environment[0]} inside $$; use aligned"
        for number, line in enumerate(cell.text.split("\n")):
            if number not in inert:
                yield from ((cell, message) for pattern, message in line_patterns if re.match(pattern, line))
            if "$$" in line and re.sub(r"^[>\s]*", "", line).strip() != "$$" and not _in_code(cell, number):
                yield cell, f"$$ must stand on a line of its own: {line.strip()[:40]}"
            if line.lstrip().startswith("|") and number not in inert:
                if any(re.search(r"(?<!\\)\|", maths) for maths in re.split(r"(?<!\\)\$", line)[1::2]):
                    yield cell, r"a | inside maths in a table splits the column; write \lvert, \lVert or \mid"


def _in_code(cell, line):
    """Whether a line (from 0) of a Markdown cell lies in a block of code, or holds its $$ in an inline code span."""
    blocks = [token.map for token, _ in cell.tokens if token.type in ("fence", "code_block") and token.map]
    return any(a <= line < b for a, b in blocks) or "$$" not in re.sub(r"`[^`]*`", "", cell.text.split("\n")[line])


def links(notebook):
    """Links to other files resolve and carry no anchor; none leads to a page that exists only on the site."""
    for cell in notebook.markdown:
        for token, _ in cell.tokens:
            if token.type != "link_open":
                continue
            target = token.attrs["href"]
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                if not target.startswith(("https://", "http://")):
                    yield cell, f"link to {target}: only http(s) and files of the book"
                continue
            place, _, anchor = target.partition("#")
            if anchor or not place:
                yield cell, f"link to {target}: anchors do not work everywhere"
            if place and not (notebook.path.parent / unquote(place)).is_file():
                yield cell, f"link to {target}: there is no such file"


def _scipy(name):
    """The set {"scipy"} for a lesson of Chapter 4 or later, by its path; else the empty set."""
    chapter = re.match(r"chapters/(\d+)-", name)
    return {"scipy"} if chapter and int(chapter[1]) >= SCIPY_FROM_CHAPTER else set()


def imports(notebook):
    """Only JAX, NumPy, matplotlib, scikit-learn, from Chapter 4 on SciPy, and the standard library; nothing that reaches for the network."""
    extra = EXTRA_PACKAGES.get(notebook.name, set()) | _scipy(notebook.name)
    for cell in notebook.code:
        if cell.tree is None:
            yield cell, "is not valid Python"
        for node in cell.nodes:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or "."]
                names += [f"{node.module}.{alias.name}" for alias in node.names if alias.name.startswith("fetch_")]
            if isinstance(node, ast.Attribute) and node.attr.startswith("fetch_"):
                names.append(node.attr)
            for name in names:
                package = name.partition(".")[0]
                if package in NETWORK - extra or "fetch_" in name:
                    yield cell, f"{name} needs the network"
                elif package not in PACKAGES | extra and package not in sys.stdlib_module_names:
                    yield cell, f"import of {package}, which is not one of the book's packages"
        for line in cell.text.splitlines():
            if line.startswith("!"):
                yield cell, f"shell command {line}"
            elif line.startswith("%"):
                magic, *arguments = line.split()
                if magic not in MAGICS:
                    yield cell, f"magic {magic}; allowed are {', '.join(sorted(MAGICS))}"
                elif magic == "%pip":
                    packages = {re.split(r"[\[<>=!~]", a)[0] for a in arguments if not a.startswith("-")} - {"install"}
                    if arguments[:2] != ["install", "-q"] or packages - extra or not packages:
                        yield cell, f"{line}: only `%pip install -q` of the packages that EXTRA_PACKAGES grants this notebook"


def _without_strings(text):
    """Code with its strings emptied and its comments left out; what cannot be read as Python comes back as it is."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return text
    lines = text.split("\n")
    for token in reversed(tokens):
        (row, column), (end_row, end_column) = token.start, token.end
        if token.type == tokenize.COMMENT:
            lines[row - 1] = lines[row - 1][:column].rstrip()
        elif token.type == tokenize.STRING:
            lines[row - 1:end_row] = [lines[row - 1][:column] + '""' + lines[end_row - 1][end_column:]]
    return "\n".join(lines)


def code_style(notebook):
    """Short cells and lines, no silenced outputs, no markers that hide a failure, no output that is not text or PNG."""
    for cell in notebook.code:
        if cell.id == "setup":
            continue
        longest_cell = LONGEST_CELL.get(cell.role, 200) if notebook.rewritten else 200 if cell.role == "check" else LONGEST_OLD_CELL
        if (lines := parts.code_lines(cell.text)) > longest_cell:
            yield cell, f"{lines} lines of code; at most {longest_cell}"
        if cell.role in ("body", "exercise") and (longest := max(map(len, cell.text.splitlines()), default=0)) > LONGEST_LINE:
            yield cell, f"a line of {longest} characters; the site shows {LONGEST_LINE}"
        if re.search(r";[ \t]*$", _without_strings(cell.text), re.M):
            yield cell, "a line ends in a semicolon; end a plot with plt.show()"
        if marker := re.search(r"NBVAL_\w+|PYTEST_VALIDATE\w+|pytest\.skip", cell.text, re.I):
            yield cell, f"marker {marker[0]} hides a failure"
        for node in cell.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("exit", "quit"):
                yield cell, f"{node.func.id}() ends the run before the last cell"
            name = getattr(node, "attr", getattr(node, "id", ""))
            if name in ("HTML", "IFrame", "Javascript", "SVG", "to_jshtml", "to_html5_video", "set_matplotlib_formats"):
                yield cell, f"{name}: output must be text or PNG"
            if isinstance(node, ast.FunctionDef) and re.fullmatch(r"_repr_(html|svg|javascript)_", node.name):
                yield cell, f"{node.name}: output must be text or PNG"
            if isinstance(node, ast.Constant) and node.value in ("text/html", "image/svg+xml", "application/javascript"):
                yield cell, f"{node.value}: output must be text or PNG"
            if name == "PRNGKey":
                yield cell, "jax.random.PRNGKey is the old form; use jax.random.key"


def alt_text(notebook):
    """Every cell that draws says in words what its figure shows, and no other cell does."""
    for cell in notebook.code:
        if cell.draws and len(cell.alt) < SHORTEST_ALT:
            yield cell, (f"draws a figure but its alt text (metadata mystnb.image.alt) has {len(cell.alt)} characters; "
                         f"at least {SHORTEST_ALT}" if cell.alt else "draws a figure but has no alt text (metadata mystnb.image.alt)")
        if cell.alt and not cell.draws:
            yield cell, "has alt text but shows no figure: it needs plt.show() or display(…)"
        if "filmstrip" in cell.tags and "filmstrip(" not in cell.text:
            yield cell, "is tagged filmstrip but makes none"
        if "filmstrip" not in cell.tags and cell.draws and re.search(r"\bdisplay\(\s*filmstrip\(", cell.text):
            yield cell, "shows a filmstrip but is not tagged filmstrip"


def keys_used_once(notebook):
    """A random key drives one draw. Straight-line code only; a line that says "same key" in a comment is left alone."""
    for cell in notebook.code:
        lines = cell.text.split("\n")
        bodies = [node.body for node in cell.nodes if isinstance(node, (ast.Module, ast.FunctionDef))]
        for body in bodies:
            used = set()
            for statement in body:
                if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.If, ast.With, ast.Try)):
                    continue
                for name, line in _keys_drawn_from(statement):
                    if name in used and "same key" not in lines[line - 1]:
                        yield cell, f'key "{name}" drives a second draw (line {line}); split it, or say "same key" in a comment'
                    used.add(name)
                used -= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _keys_drawn_from(statement):
    """(name, line) of each variable that a statement passes as the key to a function of jax.random that uses it up."""
    for node in ast.walk(statement):
        if isinstance(node, (ast.Lambda, ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)):
            return  # a body that runs later or many times: not straight-line code
    for node in ast.walk(statement):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        path = ast.unparse(node.func)
        if not re.fullmatch(r"(jax\.)?random\.\w+", path) or node.func.attr in ("key", "fold_in", "key_data", "wrap_key_data", "clone"):
            continue
        first = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "key"), None)
        if isinstance(first, ast.Name):
            yield first.id, node.lineno


def exercises(notebook):
    """Some exercises, numbered, each with a check the reader can run and a folded solution that passes it."""
    wanted = EXERCISES if notebook.rewritten else OLD_EXERCISES
    places = [(cell, re.match(r"Exercise (\d+)\b(.*)", text)) for cell, level, text in notebook.headings if level == 3]
    places = [(cell, match) for cell, match in places if match]
    for cell, level, text in notebook.headings:
        if text == "Exercises" and not cell.text.startswith("## Exercises"):
            yield cell, "the heading Exercises must begin a cell: the minutes to read are counted up to it"
    if len(places) not in wanted:
        yield None, f"{len(places)} exercises; {wanted[0]} to {wanted[-1]} are wanted"
    for count, (cell, match) in enumerate(places, 1):
        number = match[1]
        if int(number) != count:
            yield cell, f"exercise {number} stands where exercise {count} is expected"
        kind = re.fullmatch(r" \((predict|compute|prove|build)\)", match[2])
        if not kind:
            yield cell, f'the heading must be "### Exercise {number} (predict)", or compute, prove or build'
        yield from _one_exercise(notebook, cell, number, proof=bool(kind) and kind[1] == "prove")
    known = {match[1] for _, match in places}
    for cell in notebook.code:
        if cell.role in ("exercise", "solution") and cell.first_line.split()[2] not in known:
            yield cell, f"there is no heading for {cell.first_line.lstrip('# ')}"


def _one_exercise(notebook, heading, number, proof):
    """What is wrong with the cells of one exercise, found by their first lines."""
    task = next((cell for cell in notebook.code if re.match(rf"# Exercise {number}\b", cell.first_line)), None)
    if task is None:
        folded = re.search(rf"<details>\s*<summary>Solution {number}</summary>\n\n", "\n".join(c.text for c in notebook.markdown))
        if not proof:
            yield heading, f'exercise {number} needs a code cell whose first line is "# Exercise {number}"'
        elif not folded:
            yield heading, f"exercise {number} needs a solution in <details><summary>Solution {number}</summary> and a blank line"
        return
    test = next((n for n in task.nodes if isinstance(n, ast.FunctionDef) and n.name == f"test_{number}"), None)
    asserts = [node for node in ast.walk(test) if isinstance(node, ast.Assert)] if test else []
    if not asserts:
        yield task, f"needs a function test_{number}(answer) made of asserts"
    elif not all(node.msg for node in asserts):
        yield task, f"every assert of test_{number} needs a hint as its message"
    if not re.search(rf"^check\(.*\btest_{number}\)", task.text, re.M):
        yield task, f"must call check(…, test_{number}) for the reader"
    if not any(isinstance(node, ast.Constant) and node.value is ... for node in task.nodes):
        yield task, "must leave the answer to the reader, as `...`"
    after = notebook.cells[task.number] if task.number < len(notebook.cells) else None
    if after is None or not re.match(rf"# Solution {number}\b", after.first_line) or after.kind != "code":
        yield task, f'the next cell must be code whose first line is "# @title Solution {number}"'
        return
    if "hide-cell" not in after.tags or not after.metadata.get("jupyter", {}).get("source_hidden"):
        yield after, "a solution is folded: tag hide-cell and metadata jupyter.source_hidden"
    if not re.search(rf"^assert check\(.*\btest_{number}\)", after.text, re.M):
        yield after, f"a solution must hold `assert check(…, test_{number})`"
    if notebook.rewritten:
        yield from _wrong_answers(task, after, number)


def _wrong_answers(task, solution, number):
    """What a solution lacks of the wrong answers that its check must reject."""
    calls = [node for node in solution.nodes if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "rejects"
             and node.args and getattr(node.args[0], "id", "") == f"test_{number}"]
    wrong = [answer for call in calls for answer in call.args[1:] if not (isinstance(answer, ast.Constant) and answer.value is ...)]
    if len(wrong) < 2:
        yield solution, f"needs `rejects(test_{number}, wrong, wrong, …)` with at least two wrong answers beside `...`; it has {len(wrong)}"
    elif _answer_is_a_value(task, number) and not any(map(_empty_or_constant, wrong)):
        yield solution, f"one of the wrong answers given to test_{number} must be the empty answer or a constant"


def _answer_is_a_value(task, number):
    """Whether the reader assigns the answer (a number, a tuple, an array), where others are functions to be written."""
    given = next((node.args[0] for node in task.nodes if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "check" and node.args), None)
    functions = {node.name for node in task.nodes if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    names = [node.id for node in ast.walk(given) if isinstance(node, ast.Name)] if given is not None else []
    return not functions & set(names)


def _empty_or_constant(answer):
    """Whether a wrong answer is empty, a literal made of constants, or an array of one value."""
    if isinstance(answer, ast.Call) and isinstance(answer.func, ast.Attribute):
        return answer.func.attr in {"zeros", "ones", "full", "empty", "zeros_like", "ones_like", "full_like"} or (
            answer.func.attr in {"array", "asarray", "float32"} and all(map(_empty_or_constant, answer.args)))
    if isinstance(answer, ast.UnaryOp):
        return _empty_or_constant(answer.operand)
    if isinstance(answer, (ast.Tuple, ast.List, ast.Set)):
        return all(map(_empty_or_constant, answer.elts))
    return isinstance(answer, (ast.Constant, ast.Dict)) or isinstance(answer, ast.Attribute) and answer.attr in ("nan", "inf", "pi")


def check_cells(notebook):
    """A check cell has its sentence and asserts something, follows no other check cell, and defines nothing that teaching cells use."""
    before = None
    for cell in notebook.cells:
        if cell.role == "check":
            titled = re.match(r"# @title Check\b", cell.text)
            if not titled:
                yield cell, 'is tagged check, but its first line is not "# @title Check: …"'
            elif notebook.rewritten and len(parts.sentence(cell.raw).split()) < 3:
                yield cell, 'the first line must be "# @title Check: " and a sentence that says what is checked'
            if cell.tree is not None and not any(isinstance(node, (ast.Assert, ast.Raise)) for node in cell.nodes):
                yield cell, "is a check cell, but asserts nothing"
            if before is not None and before.role == "check":
                yield cell, "is a second check cell in a row: join it with the one above"
        before = cell
    owner = {}
    for cell in notebook.code:
        if cell.tree is None:
            continue
        stored = _names_stored(cell.tree)
        if cell.role != "check":
            for name in sorted(_names_used(cell.tree) - stored):
                if (check := owner.get(name)) is not None:
                    yield check, f'defines "{name}", which {cell.id} uses: a check cell may define nothing that other cells need'
        owner.update({name: cell if cell.role == "check" else None for name in stored})


def _names_stored(tree):
    """Names that a cell binds at its top level: assignments, loops, imports, functions, classes, `with … as`."""
    found = set()

    def visit(node):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            found.update(inner.target.id for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))
        else:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                found.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            if isinstance(node, ast.ExceptHandler) and node.name:
                found.add(node.name)
            for child in ast.iter_child_nodes(node):
                visit(child)
    visit(tree)
    return found


def _names_used(tree):
    """Global names that a cell reads, inside its functions too; a name that is local to a function or comprehension is left out."""
    def walk(table):
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (symbol.is_global() or table.get_type() == "module"):
                yield symbol.get_name()
        for child in table.get_children():
            yield from walk(child)
    return set(walk(symtable.symtable(ast.unparse(tree), "cell", "exec")))


def one_assert_where_it_reads(notebook):
    """A teaching cell holds at most one assert; the others belong in the check cell below it."""
    for cell in notebook.code:
        if cell.role in ("body", "figure") and (count := parts.asserts(cell.raw)) > 1:
            yield cell, f"holds {count} asserts; at most one, where it reads as part of the thought: the others belong in a check cell below"


def length(notebook):
    """One sitting: at most 25 minutes, 2,200 words and 25 visible code cells before the exercises, a third of the characters code."""
    nb = notebook.json
    if (minutes := parts.reading_minutes(nb)) > MOST_MINUTES:
        yield None, f"{minutes} minutes to read; at most {MOST_MINUTES}: a part of it is a lesson of its own"
    if (count := parts.words(nb)) > MOST_WORDS:
        yield None, f"{count} words before the exercises; at most {MOST_WORDS}"
    if (share := parts.code_share(nb)) > MOST_CODE:
        yield None, f"{share:.0%} of the visible characters are code; at most a third"
    if (count := sum(parts.role(cell) == "body" for cell in parts.road(nb))) > MOST_CELLS:
        yield None, f"{count} visible code cells before the exercises; at most {MOST_CELLS}"


def claims_are_checked(notebook):
    """What the prose claims, a cell asserts: at least one check cell for every three teaching cells."""
    body = [cell for cell in notebook.code if cell.role == "body"]
    checks = [cell for cell in notebook.code if cell.role == "check"]
    if len(checks) < len(body) / 3:
        yield None, f"{len(checks)} check cells for {len(body)} teaching cells; at least one for every three"


def old_claims_are_checked(notebook):
    """In lessons not rewritten yet: at least one assert for every two cells that compute (and do not draw)."""
    body = [cell for cell in notebook.code if cell.role == "body" and not cell.draws]
    asserts = sum(parts.asserts(cell.raw) for cell in notebook.code if cell.role in ("body", "check", "figure"))
    if asserts < len(body) / 2:
        yield None, f"{asserts} asserts for {len(body)} cells that compute; at least one for every two"


def leftovers(notebook):
    """No marks of a merge, and every equation number that is cited exists, once."""
    for cell in notebook.cells:
        if mark := CONFLICT.search(cell.text):
            yield cell, f"holds a mark that a merge left behind: {mark[0]}"
    places = [(tag, cell) for cell in notebook.markdown for tag in re.findall(r"\\tag\{([^}]*)\}", cell.text)]
    counts = Counter()
    for tag, cell in places:
        counts[tag] += 1
        if counts[tag] == 2:
            yield cell, f"equation number ({tag}) is used twice"
    if not counts:
        return
    for cell in notebook.markdown:
        for number in cited_equations(cell):
            if number not in counts:
                yield cell, f"cites ({number}), but no equation of this lesson has that number"


def cited_equations(cell):
    """Numbers that the prose of a Markdown cell cites as (3); those that a link right after it sends to another lesson are left out."""
    for token in MARKDOWN.parse(cell.text):
        children = token.children or []
        for place, child in enumerate(children):
            if child.type != "text":
                continue
            for cited in re.finditer(r"(?<![\w)])\((\d{1,2})\)", child.content):
                rest = child.content[cited.end():]
                linked = place + 1 < len(children) and children[place + 1].type == "link_open" and re.fullmatch(r" (?:of|in|from) ", rest)
                if not linked and not re.match(r" (?:of|in) (?:section )?\d+\.\d", rest):
                    yield cited[1]


def title_numbers(notebook):
    """A link whose words begin with a number carries the number, and where it goes on the title, of the lesson it leads to."""
    for cell in notebook.markdown:
        for message in lessons.link_problems(notebook.path, cell.text, notebook.root):
            yield cell, message


RULES = [opening, headings, setup, normal_form, kinds_and_tags, portable_markdown, links, title_numbers, imports, code_style, alt_text,
         keys_used_once, exercises, check_cells, leftovers]
LESSON_RULES = [one_assert_where_it_reads, length, claims_are_checked]
OLD_RULES = [old_claims_are_checked]


def main(arguments=None):
    """Print the broken conventions of some notebooks, or of all; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    found = [line for path in options.notebook or source_files.notebooks_on_disk() for line in problems(path, source_files.ROOT)]
    print("\n".join(found) or "no broken conventions")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
