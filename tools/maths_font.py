"""Make the book's font for formulas from STIX Two Math.

    python tools/maths_font.py STIXTwoMath.ttf book/_static/maths.woff2

The source is `source/STIXTwoMath.input.ttf` of https://github.com/stipub/stixfonts (2.12), under the SIL Open Font License;
the result stands under the same licence, book/_static/maths-font-license.txt, and has a name of its own. Run it again, with
more in CHARACTERS, when a formula needs what the font does not have; tests/site/test_maths.py says so. Four changes:

* only the characters that formulas use, in all their sizes;
* primes in the form that is drawn for exponents (ssty), as large as a reader can see, which browsers do not choose by themselves;
* all sizes of the root sign about as wide as the smallest, since Chromium reserves the width of the widest after every root;
* lines of fractions and roots 0.05 em thick instead of 0.068, since browsers draw those as one pixel here and two pixels there.
"""
import sys

from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

CHARACTERS = [(0x20, 0x7E), (0xA0, 0xFF), (0x131, 0x131), (0x237, 0x237), (0x2B0, 0x2DD), (0x300, 0x30C), (0x332, 0x338), (0x370, 0x3FF),
              (0x2010, 0x205F), (0x2061, 0x2064), (0x2070, 0x209C), (0x20D0, 0x20E1), (0x2100, 0x214F), (0x2190, 0x21FF), (0x2200, 0x22FF),
              (0x2308, 0x230B), (0x239B, 0x23B3), (0x23DC, 0x23E1), (0x25A0, 0x25CF), (0x27C2, 0x27C2), (0x27E6, 0x27EF), (0x27F5, 0x27FF),
              (0x2A00, 0x2A06), (0x2A7D, 0x2A7E), (0x2AAF, 0x2AB0), (0x1D400, 0x1D7FF)]  # ranges, ends included
PRIMES = "′″‴⁗"
RULE = 50  # thousandths of an em
NAME = "Book Maths"


def sizes(font, character: str) -> list[str]:
    """The names of all glyphs that make a growing sign: its variants and the parts it is put together from."""
    variants, glyph = font["MATH"].table.MathVariants, font.getBestCmap()[ord(character)]
    growth = variants.VertGlyphConstruction[variants.VertGlyphCoverage.glyphs.index(glyph)]
    return [v.VariantGlyph for v in growth.MathGlyphVariantRecord] + [p.glyph for p in growth.GlyphAssembly.PartRecords]


def narrow_roots(font) -> None:
    """Squeeze every size of the root sign to the advance width of the smallest."""
    width = font["hmtx"][font.getBestCmap()[ord("√")]][0]
    for name in dict.fromkeys(sizes(font, "√")):
        advance, _ = font["hmtx"][name]
        pen = TTGlyphPen(font.getGlyphSet())
        font.getGlyphSet()[name].draw(TransformPen(pen, (width / advance, 0, 0, 1, 0, 0)))
        font["glyf"][name] = glyph = pen.glyph()
        glyph.recalcBounds(font["glyf"])
        font["hmtx"][name] = (width, getattr(glyph, "xMin", 0))


def main(source: str, goal: str) -> None:
    """Read the font `source` and write the book's as WOFF2 to `goal`."""
    font, options = TTFont(source), Options()
    for table in font["cmap"].tables:
        table.cmap.update({ord(sign): f"{table.cmap[ord(sign)]}.ssty" for sign in PRIMES if ord(sign) in table.cmap})
    options.layout_features, options.hinting, options.notdef_outline, options.name_IDs = ["ccmp"], False, True, [0, 1, 2, 3, 4, 5, 6, 13, 14]
    choose = Subsetter(options)
    choose.populate(unicodes=[code for first, last in CHARACTERS for code in range(first, last + 1)])
    choose.subset(font)
    narrow_roots(font)
    constants = font["MATH"].table.MathConstants
    for part in ("FractionRuleThickness", "RadicalRuleThickness", "OverbarRuleThickness", "UnderbarRuleThickness"):
        getattr(constants, part).Value = RULE
    constants.RadicalDisplayStyleVerticalGap.Value = 2 * RULE  # else a root on a line of its own reaches far below its letter
    for number, text in ((1, NAME), (3, NAME), (4, NAME), (6, NAME.replace(" ", ""))):
        font["name"].setName(text, number, 3, 1, 0x409)
    font.flavor = "woff2"
    font.save(goal)


if __name__ == "__main__":
    main(*sys.argv[1:3])
