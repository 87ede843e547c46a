"""Tables as a screen reader needs them: the empty corner above a column of names is no header."""
from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class EmptyHeaders(SphinxPostTransform):
    """Write the header cells of a table that hold nothing as ordinary cells, `<td>`; the theme writes every one as `<th>`."""

    default_priority, formats = 900, ("html",)

    def run(self, **kwargs) -> None:
        for head in list(self.document.findall(nodes.thead)):
            for entry in list(head.findall(nodes.entry)):
                if not entry.astext().strip() and not any(entry.findall(nodes.image)) and not any(entry.findall(nodes.math)):
                    entry.replace_self(nodes.raw("", "<td></td>", format="html"))


def setup(app) -> dict:
    app.add_post_transform(EmptyHeaders)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
