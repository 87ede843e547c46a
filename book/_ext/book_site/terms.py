"""The page of terms and idioms: where each is defined, made from what tools/lessons.py finds in the lessons.

The page book/terms.md holds the lines <div id="terms"></div> and <div id="idioms"></div>; both are replaced by Markdown while it
is read. Where a heading stands on its page is looked up when the page is written, and one that is not found stops the build.
"""
import functools
import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from .facts import LOGGER, ROOT, book, lesson_of, lessons, link, printed

TERMS = "book/terms"


class DefinedAt(nodes.Element):
    """A link to a lesson, `docname`, and to `heading` on its page; `heading` may be "" for the lesson as a whole."""


@functools.cache
def entries() -> list[tuple]:
    """The index of terms: (term, lesson, heading, other spellings)."""
    return [(term.name, term.lesson, term.heading, term.also) for term in lessons.terms(ROOT, book())]


def sort_key(term: str) -> tuple[str, str]:
    """Terms in the order in which one looks for them: by letters and digits alone, whatever their case."""
    letters = re.sub(r"[^\w]|_", "", re.sub(r"\\(mathbf|mathrm|lVert|rVert|operatorname)", "", term)).casefold()
    return letters, term


def letter(term: str) -> str:
    """The heading that a term stands under."""
    first = sort_key(term)[0][:1]
    return first.upper() if first.isalpha() else "0–9"


def anchor(term: str) -> str:
    """The name of a term's place on the page."""
    return "term-" + (re.sub(r"[^a-z0-9]+", "-", term.casefold().replace("+", "-plus")).strip("-") or "-".join(f"{ord(sign):x}" for sign in term))


def terms_markdown() -> str:
    """The terms in Markdown: a heading for each letter, each term with its place, other spellings with a link to theirs."""
    lines = {}
    for number, (term, lesson, heading, aliases) in enumerate(entries()):
        lines.setdefault(sort_key(term), f'<span id="{anchor(term)}"></span>{term}\n: {{defined}}`term {number}`\n')
        for alias in aliases:
            lines.setdefault(sort_key(alias), f'{alias}\n: see <a href="#{anchor(term)}">{term}</a>\n')
    text, current = [], None
    for key in sorted(lines):
        if (this := letter(key[1])) != current:
            text.append(f"## {this}\n")
            current = this
        text.append(lines[key])
    return "\n".join(text)


@functools.cache
def idiom_entries() -> list[tuple]:
    """The idioms with the lessons that introduce them: (name, lesson), in the order of the data file."""
    return [(idiom.name, book().lesson(f"chapters/{idiom.lesson}")) for idiom in lessons.idioms(ROOT)]


def idioms_markdown() -> str:
    """The table of idioms in Markdown."""
    rows = [f"| {name if '`' in name else f'`{name}`'} | {{defined}}`idiom {number}` |" for number, (name, lesson) in enumerate(idiom_entries()) if lesson]
    return "\n".join(["| idiom | introduced in |", "|---|---|", *rows])


def fill_source(app, docname: str, text: list[str]) -> None:
    """Put the generated Markdown in place of the two lines, each of which must be there once."""
    if docname != TERMS:
        return
    for name, made in (("terms", terms_markdown), ("idioms", idioms_markdown)):
        line = f'<div id="{name}"></div>'
        try:
            filling = made()
        except ValueError as error:  # every line names a lesson or a data file
            LOGGER.warning("%s", error, location=docname)
            filling = ""
        if (count := text[0].count(line)) != 1:
            LOGGER.warning("the page has %d places %s where one is expected", count, line, location=docname)
        text[0] = text[0].replace(line, filling)


def defined(name, rawtext, text, lineno, inliner, options=None, content=None):
    """The role {defined}`term 3` or {defined}`idiom 3`: where the third term or idiom is defined."""
    kind, _, number = text.partition(" ")
    entry = (entries() if kind == "term" else idiom_entries())[int(number)]
    lesson, heading = (entry[1], entry[2]) if kind == "term" else (entry[1], "")
    return [DefinedAt(docname=lesson.docname, heading=heading or "")], []


def letters_of(text: str) -> str:
    """A heading reduced to what it has in common as Markdown and as set text."""
    return re.sub(r"[\W_]+", "", text).casefold()


class LinkTerms(SphinxPostTransform):
    """Turns each DefinedAt into links to the lesson and to the heading's place on its page."""

    default_priority = 150  # before what works on formulae in text, which headings may hold
    formats = ("html",)

    def run(self, **kwargs) -> None:
        for node in list(self.document.findall(DefinedAt)):
            lesson = lesson_of(self.app, node["docname"])
            page = link(self.app, self.env.docname, self.app.builder.get_target_uri(node["docname"]))
            made = [nodes.reference("", printed(lesson.heading), refuri=page, internal=True)]
            if node["heading"]:
                found = self.heading(node["docname"], node["heading"])
                if found is None:
                    LOGGER.warning("%s has no heading %r, where a term is defined", node["docname"], node["heading"], location=self.env.docname)
                elif found["anchorname"]:
                    place = nodes.reference("", "", *(child.deepcopy() for child in found.children), refuri=page + found["anchorname"], internal=True)
                    made += [nodes.Text(": "), place]
            node.replace_self(made)
        if self.env.docname == TERMS:
            for found in self.document.findall(nodes.definition_list):
                found["classes"].append("terms")
            if any(self.document.findall(nodes.math)):  # taken over from headings: the page needs maths
                self.env.get_domain("math").data["has_equations"][TERMS] = True

    def heading(self, docname: str, heading: str):
        """The entry of a heading in its page's own table of contents, or None."""
        wanted = letters_of(heading)
        return next((entry for entry in self.env.tocs[docname].findall(nodes.reference)
                     if entry.get("refuri") == docname and letters_of(entry.astext()) == wanted), None)


def always_outdated(app, env, added, changed, removed) -> list[str]:
    """The page of terms is read anew in every build: what it says stands in other files."""
    return [TERMS] if TERMS in env.found_docs else []
