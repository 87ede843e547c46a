"""Figures: their size in the page, and the panels of filmstrips for book/_static/filmstrip.js."""
import json
import posixpath
import struct
from pathlib import Path
from urllib.parse import quote

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from .facts import LOGGER, Html, executed_lesson, lesson_of


class Picture(nodes.image):
    """A PNG figure, written with its width and height in `pixels`, and fetched only when the reader comes near.

    An attribute `width` would make Sphinx link it to the file.
    """


def visit_picture(writer, node) -> None:
    width, height = node["pixels"]
    source = posixpath.join(writer.builder.imgpath, quote(writer.builder.images[node["uri"]]))
    writer.body.append(writer.emptytag(node, "img", "\n", src=source, alt=node.get("alt", ""), width=width, height=height, loading="lazy"))


def depart_picture(writer, node) -> None:
    pass


def png_size(data: bytes) -> tuple[int, int]:
    """Width and height in pixels of a PNG file, from its header (ISO/IEC 15948, 11.2.2)."""
    return struct.unpack(">II", data[16:24])


def filmstrips(app, docname: str) -> list[dict]:
    """Columns and titles of every filmstrip on a page, in order. A tag without metadata, or the reverse, is a warning."""
    found = []
    for index, cell in enumerate(executed_lesson(app, docname)["cells"]):
        strips = [output["metadata"]["filmstrip"] for output in cell.get("outputs", ()) if output.get("metadata", {}).get("filmstrip")]
        tagged = "filmstrip" in cell["metadata"].get("tags", ())
        if tagged and len(strips) == 1:
            found.append(strips[0])
        elif tagged or strips:
            LOGGER.warning("a cell tagged filmstrip must show exactly one filmstrip(...), and only such a cell may" if tagged else
                           "a cell that shows filmstrip(...) must be tagged filmstrip", location=(docname, (index + 1) * 10000))
    return found


def filmstrip_data(strips: list[dict]) -> str:
    """The element that book/_static/filmstrip.js reads."""
    data = json.dumps([{"columns": strip["columns"], "titles": strip["titles"]} for strip in strips], ensure_ascii=False)
    return '\n<script type="application/json" id="filmstrips">' + data.replace("</", "<\\/") + "</script>"


class SizePictures(SphinxPostTransform):
    """Gives every PNG figure of a lesson its size, so that no text moves when it arrives, and the page its filmstrips' data."""

    default_priority = 190
    formats = ("html",)

    def run(self, **kwargs) -> None:
        docname = self.env.docname
        if lesson_of(self.app, docname) is None:
            return
        for image in list(self.document.findall(nodes.image)):
            if image["uri"].endswith(".png"):
                picture = Picture(**image.attributes)
                picture["pixels"] = png_size((Path(self.app.srcdir) / image["uri"]).read_bytes())
                image.replace_self(picture)
        if strips := filmstrips(self.app, docname):
            self.document.append(Html(html=filmstrip_data(strips)))
