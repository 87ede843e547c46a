"""What the search knows: for every heading of the book the words below it, as a script that a page can load, from a server or from disk.

The file is `_static/search-data.js`; book/_static/search.js reads it and hands it to MiniSearch. It assigns to `bookSearch`:

* `pages`: [address, section number or "", title] of every page, in reading order;
* `entries`: [page, anchor, heading, text, names], one for each heading. `page` counts in `pages`. `text` is what the reader sees as
  prose, one line for a paragraph, with short formulas as plain characters and longer ones as "…". `names` are the names of
  functions and modules that the code below the heading mentions. Neither holds anything of the setup cell or of what cells print;
* `terms`: [term, other spellings, entry], the index of terms; `entry` counts in `entries`.
"""
import ast
import json
import re
import sys
import unicodedata
from pathlib import Path

from docutils import nodes
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tools"))
import lessons  # noqa: E402
from notebooks import setup_cell  # noqa: E402

DATA = "_static/search-data.js"
NUMBER = re.compile(r"^(?:Chapter )?(\d+(?:\.\d+)*)[.:]? +")
LOST = "…"  # stands for what an excerpt cannot show
PLOTTING = {"plt", "ax", "axes", "fig", "figure"}  # their methods are in every figure
SAYABLE = get_default_latex_context_db()
SAYABLE.add_context_category("book", prepend=True, macros=[  # what pylatexenc leaves out without a word
    MacroTextSpec(name, sign) for name, sign in {"ne": "≠", "det": "det ", "dim": "dim ", "bmod": " mod ", "argmin": "argmin", "argmax": "argmax"}.items()]
    + [MacroTextSpec(name, discard=True) for name in "bigl bigr Bigl Bigr biggl biggr big Big left right textstyle displaystyle".split()])
TO_TEXT = LatexNodes2Text(math_mode="text", keep_comments=False, latex_context=SAYABLE)
ARGUMENTS = {"mathbf", "boldsymbol", "mathrm", "operatorname", "text", "mathbb", "mathcal", "mathsf", "sqrt", "hat", "bar", "dot", "overline", "tfrac", "dfrac"}
RAISED = dict(zip("0123456789+-=()nijTkxt*", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱʲᵀᵏˣᵗ*"))
LOWERED = dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ"))


# ------------------------------------------------------------------------------------------------------------- text of a page

class _Unsayable(ValueError):
    """A formula that plain characters cannot write."""


def _script(match) -> str:
    """An index or exponent of a formula in raised or lowered characters. Raises _Unsayable where Unicode has none."""
    table, content = RAISED if match[1] == "^" else LOWERED, match[2].strip("{}").replace("\\top", "T").replace("\\prime", "'").strip()
    if match[1] == "^" and set(content) <= {"'"}:
        return content
    if not content or not set(content) <= set(table):
        raise _Unsayable
    return "".join(map(table.get, content))


def formula_text(tex: str) -> str:
    """A formula in plain characters, such as "‖v‖² = 25", or LOST where that would be long, ambiguous or not prose."""
    tex = re.sub(r"\\tag\*? *\{[^{}]*\}", "", tex)
    for name in re.findall(r"\\([A-Za-z]+)", tex):
        known = SAYABLE.get_macro_spec(name)
        if name not in ARGUMENTS | {"top", "prime", "frac"} and not (known and known.macroname):
            return LOST
    if re.search(r"\\(?:[dtc]?frac|d?binom|begin|over|underbrace|overbrace|sum|prod|int)(?![a-z])", re.sub(r"\\[dt]?frac *(?:\{\w+\}|\w) *(?:\{\w+\}|\w)(?![\w^_])", "", tex)):
        return LOST
    try:
        text = TO_TEXT.latex_to_text(re.sub(r"([_^]) *(\{[^{}]*\}|\\top(?![a-z])|\w)", _script, tex))
    except Exception:  # _Unsayable, or whatever pylatexenc thinks of broken TeX, of which the page itself complains
        return LOST
    # 𝐯 is read out as "mathematical bold small v": here it is v
    text = re.sub("[\U0001D400-\U0001D7FF]", lambda letter: unicodedata.normalize("NFKC", letter[0]), text)
    text = " ".join(re.sub(r"([<>])", r" \1 ", text).split())
    return LOST if not text or len(text) > 40 or set(text) & set("\\{}$^_&") else text


def code_names(source: str) -> set[str]:
    """The functions and modules that a cell's code names, as "jax.lax.psum"; those of the plotting library are left out."""
    try:
        tree = ast.parse("\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!"))))
    except SyntaxError:
        return set()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.alias):
            names.add(node.name)
        elif isinstance(node, ast.Attribute):
            chain, inner = [node.attr], node.value
            while isinstance(inner, ast.Attribute):
                chain.append(inner.attr)
                inner = inner.value
            if isinstance(inner, ast.Name) and inner.id not in PLOTTING:
                names.add(".".join([inner.id, *reversed(chain)]))
    # jax.lax of jax.lax.psum says nothing that the longer one does not
    return {name for name in names if len(name) > 2 and not any(other.startswith(name + ".") for other in names)}


BLOCKS = (nodes.paragraph, nodes.title, nodes.term, nodes.caption, nodes.rubric, nodes.line)


class Entry:
    """One heading and what stands below it, up to the next heading."""

    def __init__(self, anchor: str, heading: str):
        self.anchor, self.heading, self.blocks, self.names = anchor, heading, [], set()

    def gather(self, node, setup: str) -> None:
        """Add the words of `node` and of all that it holds. `setup` is the code of the setup cell, of which nothing is kept."""
        if isinstance(node, nodes.literal_block):
            if (code := node.astext().strip()) and code not in setup:
                self.names |= code_names(code)
                if checked := re.match(r"# @title Check: (.+)", code):
                    self.blocks.append(f"Checked: {checked[1].strip()}")
        elif isinstance(node, nodes.row):
            cells = [text for entry in node.children if (text := inline_text(entry))]
            if cells:
                self.blocks.append(" · ".join(cells))
        elif isinstance(node, nodes.math_block):
            if (formula := formula_text(node.astext())) != LOST:
                self.blocks.append(formula)
        elif isinstance(node, BLOCKS):
            if text := inline_text(node):
                self.blocks.append(text)
        elif isinstance(node, nodes.Element) and not isinstance(node, (nodes.Invisible, nodes.raw, nodes.section)) \
                and "cell_output" not in node.get("classes", ()) and not str(node.get("nb_element", "")).startswith("cell_code_output"):
            for child in node.children:
                self.gather(child, setup)


def inline_text(node) -> str:
    """The words inside a paragraph, a heading or a table's cell, formulas and code included, on one line."""
    def parts(node):
        if isinstance(node, nodes.Text):
            return node.astext()
        if isinstance(node, nodes.math):
            return formula_text(node.astext())
        if isinstance(node, (nodes.raw, nodes.Invisible, nodes.image, nodes.math_block)):
            return " "
        space = " " if isinstance(node, (*BLOCKS, nodes.list_item)) else ""
        return space + "".join(map(parts, getattr(node, "children", ()))) + space
    text = " ".join(parts(node).split())
    return re.sub(rf"{LOST}(?:[ ,;]*{LOST})+", LOST, text)


def entries(doctree, setup: str = "") -> list[Entry]:
    """One Entry for each heading of a page that has an anchor, in order; the first is the page itself, with the anchor ""."""
    found = []

    def walk(section, anchor):
        entry, inner = Entry(anchor, "".join(inline_text(child) for child in section.children if isinstance(child, nodes.title))), []
        found.append(entry)
        for child in section.children:
            if isinstance(child, nodes.section):
                inner.append(child)
            elif not isinstance(child, nodes.title):
                entry.gather(child, setup)
        for child in inner:
            walk(child, child["ids"][0])
    tops = [child for child in doctree.children if isinstance(child, nodes.section)]
    for index, top in enumerate(tops):
        walk(top, "" if index == 0 else top["ids"][0])
    return found


# ----------------------------------------------------------------------------------------------------------------- the whole

def reading_order(app) -> list[str]:
    """The names of all pages that the table of contents reaches, in its order."""
    order = []

    def walk(docname):
        order.append(docname)
        for child in app.env.toctree_includes.get(docname, ()):
            if child not in order:
                walk(child)
    walk(app.config.root_doc)
    return order


def heading_text(markdown: str) -> str:
    """A heading as a notebook writes it, in the characters that `inline_text` makes of it on the page."""
    text = re.sub(r"\$([^$]*)\$", lambda formula: formula_text(formula[1]), markdown)
    return " ".join(re.sub(r"\[([^]]*)\]\([^)]*\)|[`*\\]", r"\1", text).split())


def plain_quotes(text: str) -> str:
    """`text` with the plain quotes and dashes of its source, which Sphinx sets as “ ” ’ –."""
    return text.translate(str.maketrans("“”‘’–—", "\"\"''--"))


def data(app) -> dict:
    """The search's data, as the head of this file describes it."""
    setup = "".join(setup_cell(ROOT)["source"])
    pages, rows, place = [], [], {}
    for docname in reading_order(app):
        found = entries(app.env.get_doctree(docname), setup)
        if not found:
            continue
        number = NUMBER.match(found[0].heading)
        for entry in found:
            heading = NUMBER.sub("", entry.heading) if entry is found[0] else entry.heading
            for name in (plain_quotes(heading), plain_quotes(entry.heading), None):
                place.setdefault((docname, name), len(rows))
            rows.append([len(pages), entry.anchor, heading, "\n".join(entry.blocks), " ".join(sorted(entry.names))])
        pages.append([app.builder.get_target_uri(docname), number[1] if number else "", NUMBER.sub("", found[0].heading)])
    terms = [[heading_text(term.name), term.also, place[term.lesson.docname, wanted if (term.lesson.docname, wanted) in place else None]]
             for term in lessons.terms(ROOT) if (term.lesson.docname, None) in place for wanted in [plain_quotes(heading_text(term.heading))]]
    return {"pages": pages, "entries": rows, "terms": terms}


def write(app, exception) -> None:
    """Write the search's data into the site that has just been built."""
    if exception or app.builder.format != "html":
        return
    script = json.dumps(data(app), ensure_ascii=False, separators=(",", ":")).replace("\u2028", " ").replace("\u2029", " ")
    (Path(app.outdir) / DATA).write_text(f"window.bookSearch = {script};\n", encoding="utf-8")


def drop_sphinx_search(app, pagename, templatename, context, doctree) -> None:
    """Leave Sphinx's own scripts for searching and marking out of a page: book/_static/search.js does both."""
    context["script_files"] = [script for script in context.get("script_files", ())
                               if Path(str(getattr(script, "filename", script))).name not in ("doctools.js", "sphinx_highlight.js")]


def setup(app) -> dict:
    app.connect("html-page-context", drop_sphinx_search, priority=950)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
