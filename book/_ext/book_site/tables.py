"""The tables of chapter and section pages: they list what stands below the page, complete and in order (tools/lessons.py: link_problems, for the words).

A page that has no such table gets one. Either way a part with a star is marked as optional, and a phone shows rows as blocks.
"""
import html
import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from .facts import LOGGER, Html, children, lesson_of, link, target_of

OPTIONAL = '<span class="optional">★ optional</span>'


def without_star(title: str) -> str:
    """A title without the star that marks an optional part."""
    return re.sub(r"\s*★\s*", " ", title).strip()


class ListParts(SphinxPostTransform):
    """Checks the table of a page that has pages below it, marks optional parts, or writes the table where there is none."""

    default_priority = 190  # references have been resolved
    formats = ("html",)

    def run(self, **kwargs) -> None:
        docname = self.env.docname
        below = children(self.app, docname)
        if not below or docname == self.app.config.root_doc:
            return
        tables = [table for table in self.document.findall(nodes.table)
                  if any(target_of(self.app, docname, reference) in below for reference in self.first_column(table))]
        for table in tables:
            table["classes"].append("sections")
        listed = [reference for table in tables for reference in self.first_column(table) if target_of(self.app, docname, reference) in below]
        if not tables:
            self.document.children[0].append(Html(html=self.table(docname, below)))
            return
        targets = [target_of(self.app, docname, reference) for reference in listed]
        if targets != below:
            LOGGER.warning("the table lists %s, but the table of contents has %s", ", ".join(targets), ", ".join(below), location=docname)
        for reference, target in zip(listed, targets):
            title = self.env.titles[target].astext()
            if "★" in title:
                for text in list(reference.findall(nodes.Text)):
                    text.parent.replace(text, nodes.Text(re.sub(r"★\s*", "", text)))
                reference.parent.insert(reference.parent.index(reference) + 1, Html(html=" " + OPTIONAL))

    @staticmethod
    def first_column(table) -> list:
        """The links in the first cell of each row."""
        return [reference for row in table.findall(nodes.row) if row.children for reference in row.children[0].findall(nodes.reference)]

    def table(self, docname: str, below: list[str]) -> str:
        """The table of the pages `below` a page, as HTML: title, question and minutes."""
        rows = []
        for name in below:
            title, lesson = self.env.titles[name].astext(), lesson_of(self.app, name)
            words = html.escape(without_star(title)) + "</a>" + (" " + OPTIONAL if "★" in title else "")
            rows.append(f'<tr><td><a href="{html.escape(link(self.app, docname, self.app.builder.get_target_uri(name)))}">{words}</td>'
                        f'<td>{html.escape(lesson.question) if lesson else ""}</td>'
                        f'<td class="minutes">{f"{lesson.minutes} min" if lesson else ""}</td></tr>')
        return ('\n<div class="pst-scrollable-table-container"><table class="table sections"><thead><tr><th scope="col">part</th>'
                '<th scope="col">its question</th><th scope="col">read it</th></tr></thead><tbody>' + "".join(rows) + "</tbody></table></div>\n")
