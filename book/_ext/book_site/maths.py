"""Formulas, set while the book is built: TeX becomes MathML, which browsers draw and screen readers read without scripts.

math-core (Rust, MIT) does the conversion; here stands what it leaves to its caller: equation numbers, the font, what browsers
need, and a build that stops at a formula nobody could read, with the file and the cell.
"""
import base64
import functools
import html
import re
from pathlib import Path

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

LOGGER = logging.getLogger(__name__)
CONVERTER = LatexToMathML(fancy_error=False)
TAG = re.compile(r"\s*\\tag(\*?)\s*\{([^{}]*)\}")
ROW_SPACE = re.compile(r"(\\\\)\s*\[\s*-?[\d.]+\s*(?:ex|em|pt|mm|cm|in|mu|px)\s*\]")  # would be set as text
DOTS = re.compile(r'<mo lspace="0">·</mo><mo lspace="0" rspace="0.1667em">·</mo><mo lspace="0" rspace="0">·</mo>')
SIZED_BASE = re.compile(r"(<m(?:sub|sup|subsup)>)(<mo [^<>]*minsize=[^<>]*>[^<>]*</mo>)")


class MathsError(ValueError):
    """A formula that cannot be set; the message says why, in one line."""


@functools.cache
def mathml(tex: str, display: bool) -> tuple[str, str]:
    """A formula in TeX as (a <math> element, its number as shown, or "").

    The TeX stays with it as `alttext`. `\\tag{3}` is taken out and returned as "(3)". Raises MathsError.
    """
    tags = TAG.findall(tex)
    if len(tags) > 1 or tags and not display:
        raise MathsError(r"\tag belongs once into a displayed formula")
    bare = ROW_SPACE.sub(r"\1", TAG.sub("", tex)).strip()
    if not bare:
        raise MathsError("an empty formula")
    try:
        made = CONVERTER.convert_with_local_state(bare, displaystyle=display)
    except LatexError as error:
        raise MathsError(" ".join(str(error).split())) from None
    made = DOTS.sub('<mo lspace="0" rspace="0">⋯</mo>', made)
    # Chromium leaves a bracket of a given size small where an exponent sits on it directly.
    made = SIZED_BASE.sub(r"\1<mrow>\2</mrow>", made)
    made = made.replace("<math", f'<math alttext="{html.escape(bare)}"', 1)
    return made, "".join(text if star else f"({text})" for star, text in tags)


def set_formula(node, display: bool) -> tuple[str, str]:
    """mathml() of a node. For a formula that cannot be set: a warning, which stops the build, and its TeX."""
    try:
        return mathml(node.astext(), display)
    except MathsError as error:
        LOGGER.warning("this formula cannot be set: %s: %s", " ".join(node.astext().split())[:120], error, location=node)
        return html.escape(node.astext()), ""


def check_formulas(app, doctree) -> None:
    """Set each formula of a page once when it has been read, where its file and cell are known."""
    for kind in (nodes.math, nodes.math_block):
        for node in doctree.findall(kind):
            set_formula(node, kind is nodes.math_block)


def inline(translator, node) -> None:
    """Write a formula in a line of text."""
    translator.body.append(f'<span class="math notranslate nohighlight">{set_formula(node, False)[0]}</span>')
    raise nodes.SkipNode


def displayed(translator, node) -> None:
    """Write a formula on a line of its own in a box that scrolls where it is too wide, and its number beside that box."""
    made, number = set_formula(node, True)
    if node.get("number"):
        number = f"({get_node_equation_number(translator, node)})"
    number = f'<span class="eqno">{html.escape(number)}</span>' if number else ""
    translator.body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight")
                           + f'<div class="formula">{made}</div>{number}</div>\n')
    raise nodes.SkipNode


def embed_font(app, exception) -> None:
    """Put the font into the style sheet, so that it is there when the first formula is drawn, from a disk, too, and no text moves."""
    static = Path(app.outdir) / "_static"
    style, font = static / "maths.css", static / "maths.woff2"
    if exception or app.builder.format != "html" or not font.is_file():
        return
    data = base64.b64encode(font.read_bytes()).decode()
    style.write_text(style.read_text(encoding="utf-8").replace("url(maths.woff2)", f"url(data:font/woff2;base64,{data})"), encoding="utf-8")
    font.unlink()


def setup(app) -> None:
    """Take the place of Sphinx's MathJax."""
    app.add_html_math_renderer("mathml", (inline, None), (displayed, None))
    app.connect("config-inited", lambda app, config: setattr(config, "html_math_renderer", "mathml"), priority=900)
    app.connect("doctree-read", check_formulas)
    app.connect("build-finished", embed_font)
