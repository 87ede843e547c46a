"""Old addresses: book/moved.yml maps the name of a page that is gone to the one that took its place, and readers are led there."""
import html
from pathlib import Path

from .facts import LOGGER, ROOT, lessons, link

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{title} has moved</title>
<link rel="canonical" href="{url}">
<meta http-equiv="refresh" content="0; url={url}">
</head>
<body>
<main>
<h1>This page has moved</h1>
<p>It is now <a href="{url}">{title}</a>.</p>
</main>
</body>
</html>
"""


def moved() -> dict[str, str]:
    """Old page names and new ones; empty where the book has no such file."""
    return lessons.data("moved.yml", ROOT)


def write_redirects(app, exception) -> None:
    """Write a small page at every old address. An old name that is a page, or a new one that is none, is a warning."""
    if exception or app.builder.format != "html":
        return
    for old, new in moved().items():
        if old in app.env.found_docs:
            LOGGER.warning("book/moved.yml: %s is a page of the book, so it has not moved", old)
        elif new not in app.env.found_docs:
            LOGGER.warning("book/moved.yml: %s leads to %s, which is no page of the book", old, new)
        else:
            path = Path(app.outdir) / f"{old}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(PAGE.format(title=html.escape(app.env.titles[new].astext()),
                                        url=html.escape(link(app, old, app.builder.get_target_uri(new)))), encoding="utf-8")
