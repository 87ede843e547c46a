"""The tables of chapter and section pages: optional parts are marked, and a phone shows the rows as blocks.

That they are complete and in order, and that their words are the titles, the conventions see to (tests/conventions).
"""
import re

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from .facts import Html, children, target_of

OPTIONAL = '<span class="optional">★ optional</span>'


class MarkParts(SphinxPostTransform):
    """Gives the table that lists the pages below a page the class `sections`, and each starred part in it the word "optional"."""

    default_priority = 190  # references have been resolved
    formats = ("html",)

    def run(self, **kwargs) -> None:
        docname = self.env.docname
        below = children(self.app, docname)
        if docname == self.app.config.root_doc:
            return
        for table in self.document.findall(nodes.table):
            links = [(link, target_of(self.app, docname, link)) for row in table.findall(nodes.row) for link in row.children[0].findall(nodes.reference)]
            if not any(target in below for _, target in links):
                continue
            table["classes"].append("sections")
            for link, target in links:
                if target and "★" in self.env.titles[target].astext():
                    for text in list(link.findall(nodes.Text)):
                        text.parent.replace(text, nodes.Text(re.sub(r"★\s*", "", text)))
                    place = link.parent.index(link) + 1
                    if link.parent[place:] and link.parent[place].astext().strip() == "★ optional":  # the source says it for other readers
                        del link.parent[place]
                    link.parent.insert(place, Html(html=" " + OPTIONAL))
