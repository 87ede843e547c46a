"""The book as its readers see it: chapters, sections and lessons with their numbers, minutes and checks; the terms and the idioms.

Everything is read off the files: numbers off paths, titles off first headings, terms off **bold** words, and the rest off four small
data files in `book/`: `terms.yml`, `idioms.yml`, `chapters.yml`, `moved.yml`, beside the list `not-rewritten.txt`.
"""
import ast
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import yaml
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

import cells as parts
import notebooks
from notebooks import ROOT
from site_info import colab_url, is_github, repository_url

STAR = "★"
TABLE_START = "<!-- lessons: written by `make normalise` -->"
TABLE_END = "<!-- end of lessons -->"
# As MyST reads it; an escaped \$ stays a token of its own, so that a lone dollar sign can be told from it.
MARKDOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin, allow_labels=True).disable("text_join")
LABEL = re.compile(r"[.:?!]$|^\d+$")  # bold words that end so are labels, such as **Note.**, and no terms


# --------------------------------------------------------------------------------------------------------- the shape of the book

@dataclass
class Lesson:
    """One notebook in its place."""
    path: Path
    root: Path
    chapter: "Chapter" = None
    section: "Section | None" = None  # where the section is a folder

    @cached_property
    def notebook(self):
        """The notebook as JSON holds it."""
        return notebooks.read(self.path)

    @property
    def place(self):
        """The path relative to the book, with forward slashes."""
        return self.path.relative_to(self.root).as_posix()

    @property
    def docname(self):
        """The name that Sphinx gives the page: the place without suffix."""
        return self.place.removesuffix(".ipynb")

    @cached_property
    def number(self):
        """"2.5.2", read off the path."""
        return notebooks.number(self.path, self.root)

    @cached_property
    def heading(self):
        """The first heading in full, such as "1.1.3 ★ The Axioms"."""
        return notebooks.title(self.notebook)

    @cached_property
    def title(self):
        """The title without number and star."""
        return re.sub(r"^[\d.]+\s+", "", self.heading).removeprefix(STAR).strip()

    @property
    def starred(self):
        """Whether most readers may leave this lesson out."""
        return STAR in self.heading

    @cached_property
    def minutes(self):
        return parts.reading_minutes(self.notebook)

    @cached_property
    def checks(self):
        """How many asserts pass when the notebook runs."""
        return parts.checks(self.notebook)

    @property
    def rewritten(self):
        """Whether the lesson has the form that the conventions ask of new ones."""
        return self.place not in not_rewritten(self.root)

    @cached_property
    def question(self):
        """The question in italics of the opening cell, as plain words; "" where there is none."""
        found = re.search(r"^[*_](?![*_])(.+?)[*_]$", parts.source(self.notebook["cells"][0]), re.M | re.S)
        return " ".join(found[1].split()) if found else ""

    @cached_property
    def terms(self):
        """(term, heading under which it stands, number of the cell from 1) of every term that is defined here, once each."""
        return list(_bold_terms(self.notebook, strict=self.rewritten))


@dataclass
class Section:
    """A section that is a folder of parts: its `index.md` and its lessons."""
    index: Path
    root: Path
    lessons: list = field(default_factory=list)

    @property
    def number(self):
        return notebooks.number(self.index, self.root)

    @property
    def heading(self):
        return first_heading(self.index)

    @property
    def title(self):
        return re.sub(r"^[\d.]+\s+", "", self.heading)

    @property
    def place(self):
        return self.index.relative_to(self.root).as_posix()


@dataclass
class Chapter:
    """A chapter: its `index.md` and its lessons in reading order; `sections` holds a `Section` or a `Lesson` for each section."""
    index: Path
    root: Path
    sections: list = field(default_factory=list)

    @property
    def number(self):
        return notebooks.number(self.index, self.root)

    @property
    def title(self):
        return re.sub(r"^Chapter \d+:\s*", "", first_heading(self.index))

    @property
    def place(self):
        return self.index.relative_to(self.root).as_posix()

    @property
    def lessons(self):
        return [lesson for part in self.sections for lesson in (part.lessons if isinstance(part, Section) else [part])]


@dataclass
class Book:
    root: Path
    chapters: list = field(default_factory=list)

    @cached_property
    def lessons(self):
        """All lessons in reading order."""
        return [lesson for chapter in self.chapters for lesson in chapter.lessons]

    @cached_property
    def sections(self):
        """The sections that are folders, in reading order."""
        return [part for chapter in self.chapters for part in chapter.sections if isinstance(part, Section)]

    def lesson(self, place):
        """The lesson at a place such as "chapters/01-vectors/…ipynb" or its docname; None where there is none."""
        return next((lesson for lesson in self.lessons if place in (lesson.place, lesson.docname)), None)


def first_heading(path):
    """The text of the first heading of a Markdown file; "" where there is none."""
    found = re.search(r"^# (.+)$", Path(path).read_text(encoding="utf-8"), re.M)
    return found[1].strip() if found else ""


def book(root=ROOT):
    """The book as `_toc.yml` orders it. Raises FileNotFoundError for an entry without a file, ValueError for a path without number."""
    root = Path(root).resolve()
    made, chapter, section = Book(root), None, None
    for path in notebooks.toc(root):
        path = path.resolve()
        if not path.is_relative_to(root / "chapters"):
            continue
        depth = len(path.relative_to(root / "chapters").parts)
        if path.name == "index.md" and depth == 2:
            chapter, section = Chapter(path, root), None
            made.chapters.append(chapter)
        elif path.name == "index.md":
            section = Section(path, root)
            chapter.sections.append(section)
        elif path.suffix == ".ipynb":
            inside = section is not None and path.parent == section.index.parent
            lesson = Lesson(path, root, chapter, section if inside else None)
            (section.lessons if inside else chapter.sections).append(lesson)
    return made


def not_rewritten(root=ROOT):
    """Places of the lessons that do not have the present form yet, a set; the list may only get shorter."""
    path = Path(root, "book", "not-rewritten.txt")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {line.strip() for line in lines if line.strip() and not line.startswith("#")}


def data(name, root=ROOT):
    """What the data file `book/NAME` holds; {} for one that is empty or missing. Raises ValueError, naming the file, for broken YAML."""
    path = Path(root, "book", name)
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.is_file() else {}
    except yaml.YAMLError as error:
        raise ValueError(f"book/{name}: {error}") from error


# ------------------------------------------------------------------------------------------------------------------------- terms

@dataclass
class Term:
    """One entry of the index of terms."""
    name: str
    lesson: Lesson
    heading: str        # the heading under which it is defined, as Markdown
    also: list          # other spellings and names


def _bold_terms(nb, strict):
    """(term, heading, cell number) for the **bold** words of a notebook's prose, the opening cell and labels left out.

    A term that opens a sentence comes in lower case; `terms` gives proper names their capital back. Lessons in the older form (`strict` false) also print whole sentences bold: there only four words or fewer count.
    """
    heading, seen = "", set()
    for count, cell in enumerate(nb["cells"], 1):
        if cell["cell_type"] != "markdown":
            continue
        tokens = MARKDOWN.parse(parts.source(cell))
        for before, token in zip([None, *tokens], tokens):
            if token.type != "inline":
                continue
            if before.type == "heading_open":
                heading = token.content
                if heading in ("Exercises", "References"):
                    return
                continue
            if count == 1:
                continue
            inside, words, said = False, "", ""
            for child in token.children:
                said += child.content if not inside and child.type == "text" else ""
                if child.type == "strong_open":
                    inside, words, opens = True, "", not said.strip() or said.rstrip()[-1] in ".:?!"
                elif child.type == "strong_close":
                    inside = False
                    name = " ".join(words.split())
                    if name and not LABEL.search(name) and key(name) not in seen and (strict or len(name.split()) <= 4 and "$" not in name):
                        seen.add(key(name))
                        yield name[0].lower() + name[1:] if opens and name[1:2].islower() else name, heading, count
                elif inside:
                    words += f"${child.content}$" if child.type.startswith("math") else child.content if child.type != "softbreak" else " "


def key(name):
    """A term as it is compared: lower case, without maths, hyphens read as spaces, a plural "s" left off."""
    plain = re.sub(r"\$[^$]*\$", " ", name).casefold().replace("-", " ").replace("–", " ")
    return re.sub(r"(?<=[a-rt-z])s$", "", " ".join(plain.split()))


def terms(root=ROOT, made=None):
    """The index of terms, sorted. Raises ValueError with one line for each term that two lessons define.

    A lesson in the present form counts before an older one; among older ones the first counts. `book/terms.yml` says the rest:
    `defined` (term: lesson number, where two lessons print it bold), `also` (term: list of other names), `leave_out`, and `names`,
    words that begin with a capital wherever they stand.
    """
    made, extra = made or book(root), data("terms.yml", root)
    defined = {key(name): str(number) for name, number in (extra.get("defined") or {}).items()}
    also = {key(name): names for name, names in (extra.get("also") or {}).items()}
    leave_out = {key(name) for name in extra.get("leave_out") or []}
    capital = {name.casefold(): name for name in extra.get("names") or []}
    found = {}
    for lesson in made.lessons:
        for name, heading, _ in lesson.terms:
            if key(name) not in leave_out:
                first = re.match(r"\w*", name)[0]
                name = capital.get(first, first) + name[len(first):]
                found.setdefault(key(name), []).append(Term(name, lesson, heading, list(also.get(key(name), []))))
    problems, entries = [], []
    for word, places in found.items():
        if word in defined:
            chosen = [term for term in places if term.lesson.number == defined[word]]
            if not chosen:
                problems.append(f'book/terms.yml: "{word}" is said to be defined in {defined[word]}, which does not print it bold')
                continue
            places = chosen
        else:
            current = [term for term in places if term.lesson.rewritten]
            if len(current) > 1:
                problems.append(f'"{current[0].name}" is defined in {" and in ".join(term.lesson.place for term in current)}; '
                                "print it bold in one, or say in book/terms.yml under `defined` which it is")
            places = current or places
        entries.append(places[0])
    for word in [*defined, *also]:
        if word not in found:
            problems.append(f'book/terms.yml: no lesson prints "{word}" bold')
    for word, names in also.items():
        problems += [f'book/terms.yml: "{name}" is said to be another name of "{word}", but {found[key(name)][0].lesson.place} defines it'
                     for name in names if key(name) in found]
    if problems:
        raise ValueError("\n".join(problems))
    return sorted(entries, key=lambda term: (term.name.lstrip("$\\").casefold(), term.name))


# ------------------------------------------------------------------------------------------------------------------------ idioms

@dataclass
class Idiom:
    """An idiom of JAX or NumPy, and the lesson that introduces it (its place in `chapters/`, without suffix)."""
    name: str
    find: list
    lesson: str

    def used(self, tree):
        """Whether the code with this syntax tree uses the idiom."""
        return any(_uses(node, what) for node in ast.walk(tree) for what in self.find)


def _dotted(node):
    """"jax.lax.scan" for the syntax tree of that expression; a part that is no name is left empty: "x[0].at" gives ".at"."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _uses(node, what):
    """Whether one node of a syntax tree is the idiom `what`: a dotted name, `.attribute`, `keyword=`, `[None]` or `[mask]`."""
    if what.endswith("="):
        return isinstance(node, ast.Call) and any(keyword.arg == what[:-1] for keyword in node.keywords)
    if what in ("[None]", "[mask]"):
        if not isinstance(node, ast.Subscript):
            return False
        pieces = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        wanted = (lambda n: isinstance(n, ast.Constant) and n.value is None) if what == "[None]" else (lambda n: isinstance(n, ast.Compare))
        return any(map(wanted, pieces))
    if isinstance(node, ast.ImportFrom):
        return any(f"{node.module}.{alias.name}" == what for alias in node.names)
    if what.startswith("."):
        return isinstance(node, ast.Attribute) and node.attr == what[1:]
    return isinstance(node, ast.Attribute) and (dotted := _dotted(node)) in (what, what.removeprefix("jax."))


def idioms(root=ROOT):
    """The idioms of `book/idioms.yml`, in its order. Raises ValueError, naming the entry, where a field is missing."""
    found = []
    for entry in data("idioms.yml", root) or []:
        if not isinstance(entry, dict) or not {"name", "find", "lesson"} <= entry.keys():
            raise ValueError(f"book/idioms.yml: {entry}: each idiom has name, find and lesson")
        find = entry["find"] if isinstance(entry["find"], list) else [entry["find"]]
        found.append(Idiom(entry["name"], find, entry["lesson"]))
    return found


def idiom_problems(root=ROOT, made=None):
    """One line for each idiom that a lesson shows before its introduction, or whose introduction does not show it."""
    made, found = made or book(root), []
    order = {lesson.docname.removeprefix("chapters/"): place for place, lesson in enumerate(made.lessons)}
    for idiom in idioms(root):
        if idiom.lesson not in order:
            found.append(f"book/idioms.yml: {idiom.name}: there is no lesson {idiom.lesson}")
            continue
        for place, lesson in enumerate(made.lessons):
            for count, cell in enumerate(lesson.notebook["cells"], 1):
                if parts.role(cell) in ("body", "exercise") and (tree := parts.tree(parts.source(cell))) and idiom.used(tree):
                    if place < order[idiom.lesson]:
                        found.append(f"{lesson.place}: cell {count} ({cell['id']}): uses {idiom.name}, which {idiom.lesson} introduces later")
                    break
            else:
                if place == order[idiom.lesson]:
                    found.append(f"{lesson.place}: introduces {idiom.name}, by book/idioms.yml, but no visible cell uses it")
    return found


# ------------------------------------------------------------------------------------------------------------------------- links

def link_problems(path, text, root=ROOT):
    """A message for each link in the Markdown `text` of the file `path` whose words begin with a number that is not its target's.

    Words after the number must be the target's title, so that a renamed lesson is found wherever it is named.
    """
    path, found = Path(path), []
    for token in MARKDOWN.parse(text):
        children, target, words = token.children or [], None, ""
        for child in children:
            if child.type == "link_open":
                target, words = child.attrs["href"], ""
            elif child.type == "link_close" and target is not None:
                if message := _link_problem(path, target, words, Path(root).resolve()):
                    found.append(message)
                target = None
            elif target is not None:
                words += child.content
    return found


def _link_problem(path, target, words, root):
    goal = (path.parent / target.partition("#")[0]).resolve()
    said = re.match(r"(?:Chapter )?(\d+(?:\.\d+)*)(?::)?\s*(.*)", words.strip(), re.S)
    if not said or "://" in target or not goal.is_file() or not goal.is_relative_to(root / "chapters"):
        return None
    heading = notebooks.title(notebooks.read(goal)) if goal.suffix == ".ipynb" else first_heading(goal)
    number, title = notebooks.number(goal, root), re.sub(r"^(Chapter )?[\d.]+:?\s*", "", heading)
    if said[1] != number:
        return f'link "{words}" leads to {number}'
    rest = " ".join(said[2].removeprefix(STAR).split())
    if rest and rest != " ".join(title.removeprefix(STAR).split()):
        return f'link "{words}": the title there is "{title}"'
    return None


# ------------------------------------------------------------------------------------------------------------- the README's table

def table(root=ROOT, address=None):
    """The tables of lessons in Markdown, one a chapter. With `address` (as `https://github.com/owner/name`), a Colab link in each row."""
    blocks = []
    for chapter in book(root).chapters:
        rows = [f"### {chapter.number} {chapter.title}", "", "| lesson | read it |" + (" run it |" if address else ""),
                "|---|---|" + ("---|" if address else "")]
        for part in chapter.sections:
            if isinstance(part, Section):
                rows.append(f"| **[{part.heading}]({part.place})** | |" + (" |" if address else ""))
            for lesson in part.lessons if isinstance(part, Section) else [part]:
                row = f"| [{lesson.heading}]({lesson.place}) | {lesson.minutes} min{', optional' * lesson.starred} |"
                rows.append(row + (f" [Colab]({colab_url(address, lesson.place)}) |" if address else ""))
        blocks.append("\n".join(rows))
    return "\n\n".join(blocks)


def without_colab(text):
    """The tables with their Colab column left out, so that two of them compare whatever address each was made with."""
    return re.sub(r"^(\|[^|]*\|[^|]*\|)[^|\n]*\|$", r"\1", text, flags=re.M)


def readme_parts(text):
    """README text split in three: up to the tables, the tables, after them. Raises ValueError where a marker is missing."""
    try:
        before, rest = text.split(TABLE_START)
        middle, after = rest.split(TABLE_END)
    except ValueError:
        raise ValueError(f"README.md must hold {TABLE_START} and {TABLE_END} once each") from None
    return before, middle.strip("\n"), after


def write_readme(root=ROOT):
    """Write the tables of lessons into README.md.

    The Colab column uses the address that the tables already have; only without one they take the repository's address, where there
    is one. So the committed text is the same whoever writes it, from a fork or from a copy without a remote too.
    """
    path = Path(root, "README.md")
    before, old, after = readme_parts(path.read_text(encoding="utf-8"))
    known = re.search(r"colab\.research\.google\.com/github/([^/]+/[^/]+)/blob", old)
    address = f"https://github.com/{known[1]}" if known else repository_url(Path(root))
    path.write_text(f"{before}{TABLE_START}\n\n{table(root, address if is_github(address) else None)}\n\n{TABLE_END}{after}",
                    encoding="utf-8", newline="\n")
