"""The landing page: the map of the chapters, drawn from book/chapters.yml, and a figure that moves."""
import base64
import html
import re
from pathlib import Path

from sphinx.transforms.post_transforms import SphinxPostTransform

from .facts import LOGGER, ROOT, Html, by_docname, executed_lesson, lessons, link, place_for, printed
from .figures import filmstrip_data, png_size

LANDING = "index"
WIDTH, HEIGHT, GAP_X, GAP_Y, SHEET = 176, 46, 20, 29, 400  # of a box, between boxes, of the whole picture


def chapters() -> list[dict]:
    """The chapters of book/chapters.yml, in order. Raises ValueError, naming the file, where an entry is not usable."""
    entries = lessons.data("chapters.yml", ROOT)
    known = {str(entry["number"]) for entry in entries}
    for entry in entries:
        entry["number"], entry["needs"] = str(entry["number"]), [str(number) for number in entry.get("needs", [])]
        if unknown := set(entry["needs"]) - known:
            raise ValueError(f"book/chapters.yml: chapter {entry['number']} needs {', '.join(sorted(unknown))}, which is not in the list")
    return entries


def rows_of(entries: list[dict]) -> list[list[dict]]:
    """The chapters in rows of at most two, each below all that it needs. Raises ValueError where needs go in a circle."""
    ranks, waiting = {}, list(entries)
    while waiting:
        ready = [entry for entry in waiting if all(number in ranks for number in entry["needs"])]
        if not ready:
            raise ValueError("book/chapters.yml: chapters need each other in a circle: " + ", ".join(entry["number"] for entry in waiting))
        for entry in ready:
            ranks[entry["number"]] = 1 + max((ranks[number] for number in entry["needs"]), default=0)
        waiting = [entry for entry in waiting if entry["number"] not in ranks]
    rows = []
    for rank in sorted(set(ranks.values())):
        level = [entry for entry in entries if ranks[entry["number"]] == rank]
        rows += [level[start:start + 2] for start in range(0, len(level), 2)]
    return rows


def chapter_map(app) -> str:
    """The picture of the chapters as HTML: those that exist are links, the others say that they are coming."""
    entries, place, y = chapters(), {}, 0
    for row in rows_of(entries):
        for column, entry in enumerate(row):
            place[entry["number"]] = SHEET / 2 + (column - (len(row) - 1) / 2) * (WIDTH + GAP_X), y, HEIGHT + 18 * bool(entry.get("note"))
        y += max(place[entry["number"]][2] for entry in row) + GAP_Y
    boxes, lines = [], []
    for entry in entries:
        number, name, (x, top, height) = entry["number"], entry["name"], place[entry["number"]]
        docname = f"chapters/{entry.get('folder')}/index"
        here = docname in app.env.found_docs
        small = [entry["note"]] if entry.get("note") else []
        small += [] if here else ["coming"]
        words = f'<rect x="{x - WIDTH / 2:g}" y="{top}" width="{WIDTH}" height="{height}" rx="6"/>'
        words += f'<text x="{x:g}" y="{top + (20 if small else 28)}">{html.escape(f"{number}  {name}")}</text>'
        words += "".join(f' <text class="small" x="{x:g}" y="{top + 38 + 18 * line}">{html.escape(text)}</text>' for line, text in enumerate(small))
        boxes.append(f'<a class="here" href="{link(app, LANDING, app.builder.get_target_uri(docname))}">'
                     f"{words}</a>" if here else f'<g class="coming">{words}</g>')
        for needed in entry["needs"]:
            x1, top1, height1 = place[needed]
            x1, x2 = x1 + (x - x1) * 0.3, x + (x1 - x) * 0.3
            lines.append(f'<path d="M{x1:.0f} {top1 + height1:.0f}L{x2:.0f} {top - 7:.0f}" marker-end="url(#arrow)"/>')
    names = {entry["number"]: entry["name"] for entry in entries}
    needs = " ".join(f"{entry['name']} needs {' and '.join(names[number] for number in entry['needs'])}." if entry["needs"] else f"{entry['name']} comes first."
                     for entry in entries)
    return (f'\n<figure class="chapter-map"><svg viewBox="0 0 {SHEET} {y - GAP_Y + 4}" role="group" aria-labelledby="map-title" aria-describedby="map-desc">'
            f'<title id="map-title">The chapters, and which needs which</title><desc id="map-desc">{html.escape(needs)}</desc>'
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="4" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
            '<path class="head" d="M0 0L8 4L0 8z"/></marker></defs>'
            f'<g class="arrows" aria-hidden="true">{"".join(lines)}</g>{"".join(boxes)}</svg>'
            '<figcaption>An arrow leads from a chapter to one that needs it. Chapters with a solid frame can be read now.</figcaption></figure>\n')


def featured(app, wanted: str) -> str:
    """The first filmstrip of the lesson `wanted`, or of the first lesson that has one where the book has no such lesson, as HTML."""
    names = [wanted] if wanted in by_docname() else list(by_docname())
    for docname in names:
        for cell in executed_lesson(app, docname)["cells"]:
            for output in cell.get("outputs", ()):
                if strip := output.get("metadata", {}).get("filmstrip"):
                    data = base64.b64decode(output["data"]["image/png"])
                    picture = Path(app.outdir) / "_images" / "featured.png"
                    picture.parent.mkdir(exist_ok=True)
                    picture.write_bytes(data)
                    width, height = png_size(data)
                    alt = html.escape(cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", ""))
                    return ('\n<figure class="featured"><div class="cell tag_filmstrip"><div class="cell_output">'
                            f'<img src="{link(app, LANDING, "_images/featured.png")}" width="{width}" height="{height}" alt="{alt}"/></div></div>'
                            f'<figcaption>Drag the slider. This figure is drawn and explained in <a href="{link(app, LANDING, app.builder.get_target_uri(docname))}">'
                            f'{html.escape(printed(by_docname()[docname].heading))}</a>.</figcaption></figure>\n' + filmstrip_data([strip]))
    LOGGER.warning("no filmstrip to feature in %s", " or ".join(names), location=LANDING)
    return ""


class FillLanding(SphinxPostTransform):
    """Puts the map and the figure into the landing page."""

    default_priority = 190
    formats = ("html",)

    def run(self, **kwargs) -> None:
        if self.env.docname != LANDING:
            return
        if place := place_for(self.document, "chapter-map", LANDING):
            try:
                place.replace_self(Html(html=chapter_map(self.app)))
            except (ValueError, KeyError, TypeError) as error:
                LOGGER.warning("the chapter map cannot be drawn: %s", error if isinstance(error, ValueError) else f"book/chapters.yml: {error!r}", location=LANDING)
        if place := place_for(self.document, "featured", LANDING):
            wanted = re.search(r'data-page="([^"]*)"', place.astext())
            place.replace_self(Html(html=featured(self.app, wanted[1] if wanted else "")))
