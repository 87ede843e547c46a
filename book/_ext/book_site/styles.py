"""The site's style sheets, made smaller and fit for paper once all pages are written.

* Rules whose classes and ids no page and no script names are left out: the theme brings all of Bootstrap, of which the book shows
  a fifth. A name that a script mentions, or builds from a beginning such as "bs-tooltip-", counts as used.
* Rules of the dark mode hold on the screen only, and those of the light mode on paper in either mode: whoever reads in the
  dark prints black on white, whatever brought the colours: the theme, the highlighting of code, or the book.
"""
import re
from pathlib import Path

import tinycss2
from sphinx.errors import ExtensionError

NAME = re.compile(r"([.#])((?:\\.|[\w-])+)")
WORD = re.compile(r"[A-Za-z_][\w-]*")
ATTRIBUTES = re.compile(r"""\s(?:class|id)=(?:"([^"]*)"|'([^']*)')""")
THEME = re.compile(r"""\[data-theme=["']?(light|dark)["']?\]""")
ALONE = ("@media", "@supports", "@layer", "@container")  # at-rules that hold rules


MARK = "/* Shortened by book/_ext/book_site/styles.py: only what pages use. */\n"


def used_names(site: Path) -> tuple[set[str], tuple[str, ...]]:
    """(The classes and ids on the pages of `site` and every word in the scripts they load, the words that end in a hyphen)."""
    names, scripts = set(), set()
    for path in site.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for values in ATTRIBUTES.findall(text):
            names.update("".join(values).split())
        for script in re.findall(r"<script[^>]*>(.*?)</script>", text, re.S):
            names.update(WORD.findall(script))
        scripts.update((path.parent / source.partition("?")[0]).resolve() for source in re.findall(r'<script[^>]* src="([^"]+)"', text))
    for path in filter(Path.is_file, scripts):
        names.update(WORD.findall(path.read_text(encoding="utf-8")))
    return names, tuple(name for name in names if name.endswith("-"))


def selectors(prelude: str) -> list[str]:
    """The selectors of a rule, split at the commas that stand outside of brackets and strings."""
    parts, depth, quote = [""], 0, ""
    for character in prelude:
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        depth += 0 if quote else (character in "([") - (character in ")]")
        if character == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def can_match(selector: str, names: set[str], beginnings: tuple[str, ...]) -> bool:
    """Whether all classes and ids that a selector demands are in use. What stands in brackets, such as :not(.a), demands nothing."""
    bare = re.sub(r"\[[^\]]*\]", "", selector)
    while (shorter := re.sub(r"\([^()]*\)", "", bare)) != bare:
        bare = shorter
    wanted = [re.sub(r"\\(.)", r"\1", name) for _, name in NAME.findall(bare)]
    return all(name in names or beginnings and name.startswith(beginnings) for name in wanted)


def lean(css: str, names: set[str], beginnings: tuple[str, ...]) -> str:
    """A style sheet without the rules that no page can use, and with light and dark told apart for paper."""
    return "".join(_rules(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True), names, beginnings))


def _rules(rules, names, beginnings, on_paper=True):
    """The texts of parsed rules that are left. Inside of an at-rule about print or themes nothing is moved (`on_paper` False)."""
    for rule in rules:
        if rule.type == "at-rule":
            head = f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}"
            if rule.content is not None and head.startswith(ALONE):
                inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
                inside = "".join(_rules(inner, names, beginnings, on_paper and "print" not in head))
                if inside:
                    yield f"{head}{{{inside}}}"
            else:
                yield rule.serialize()
        elif rule.type == "qualified-rule":
            kept = [s for s in selectors(tinycss2.serialize(rule.prelude)) if can_match(s, names, beginnings)]
            body = f"{{{tinycss2.serialize(rule.content).strip()}}}"
            dark = [s for s in kept if THEME.search(s) and "dark" in THEME.findall(s)] if on_paper else []
            light = [s for s in kept if THEME.findall(s) == ["light"]] if on_paper else []
            rest = [s for s in kept if s not in dark]
            if rest:
                yield ",".join(rest) + body
            if light:
                yield f"@media print{{{','.join(THEME.sub('[data-theme]', s) for s in light)}{body}}}"
            if dark:
                yield f"@media not print{{{','.join(dark)}{body}}}"
        elif rule.type == "error":
            raise ValueError(f"line {rule.source_line}: {rule.message}")


def shorten_styles(app, exception) -> None:
    """Put every style sheet of the site through lean()."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    names, beginnings = used_names(site)
    for path in sorted((site / "_static").rglob("*.css")):
        css = path.read_text(encoding="utf-8")
        if not css.startswith(MARK):
            try:
                path.write_text(MARK + lean(css, names, beginnings), encoding="utf-8")
            except ValueError as error:
                raise ExtensionError(f"{path.relative_to(site)}: {error}") from None


def setup(app) -> None:
    """Shorten the style sheets when everything else is written."""
    app.connect("build-finished", shorten_styles, priority=900)
