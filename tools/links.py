"""The links of the built site: every one that stays on the site must lead to a file, and to a place on its page if it names one."""
import html.parser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Links(html.parser.HTMLParser):
    """Collects from one page the addresses it refers to (`targets`), and the names that may be linked to (`names`)."""

    def __init__(self, text: str):
        super().__init__()
        self.targets, self.names = [], {"top"}
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.names.update(value for key, value in attributes if key in ("id", "name") and value)
        self.targets += [value for key, value in attributes if key in ("href", "src") and value]


def dead_links(site: Path, root: Path) -> list[str]:
    """A message for every link, picture, style or script on a page of `site` that leads to no file or to no place on a page.

    A message names the page by its source below `root` (`chapters/….ipynb`) where there is one, else by its own path.
    """
    site = site.resolve()
    pages = {path: Links(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))
             if "_static" not in path.relative_to(site).parts}
    problems = []
    for path, page in pages.items():
        place = path.relative_to(site)
        source = next((name for suffix in (".ipynb", ".md") if (root / (name := place.with_suffix(suffix))).is_file()), place)
        for target in dict.fromkeys(page.targets):
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            goal = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            goal = goal / "index.html" if goal.is_dir() else goal
            if not goal.is_file():
                problems.append(f"{source.as_posix()}: dead link: {target}")
            elif parts.fragment and goal in pages and unquote(parts.fragment) not in pages[goal].names:
                problems.append(f"{source.as_posix()}: dead link: {target}: no such place on that page")
    return problems
