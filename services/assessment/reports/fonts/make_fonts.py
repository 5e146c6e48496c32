"""Makes the two fonts in this folder from Noto Sans CJK SC; run once, by hand.

    apt-get install fonts-noto-cjk && pip install fonttools
    python services/assessment/reports/fonts/make_fonts.py

Reports embed their fonts, and what sets them takes TrueType outlines only; Noto Sans CJK has cubic
ones (CFF). So the glyphs that official texts need are taken out and their outlines turned into
quadratic ones, at most 1/1000 em off: every ideograph of GBK (20,902, all of Unicode 1.1) for
Regular, those of GB 2312 (6,763) for Bold, which falls back to Regular character by character.
"""

import sys
from pathlib import Path
from typing import Any

SOURCE = Path("/usr/share/fonts/opentype/noto")
HERE = Path(__file__).parent
FAMILY = "LianxinSans"
_MORE = "–—‘’“”…•‰′″℃№→←↑↓≤≥≠×÷±·［］〔〕【】《》〈〉「」『』　、。"


def characters(encoding: str) -> set[int]:
    """What a double-byte encoding can say, and Latin letters with signs."""
    found = {ord(letter) for letter in _MORE} | set(range(0x20, 0x7F)) | set(range(0xA0, 0x180))
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            text = bytes((lead, trail)).decode(encoding, errors="ignore")
            if len(text) == 1:
                found.add(ord(text))
    return found


def quadratic(font: Any) -> None:
    """Turn the font's outlines into TrueType ones."""
    from fontTools.pens.cu2quPen import Cu2QuPen  # noqa: PLC0415
    from fontTools.pens.ttGlyphPen import TTGlyphPen  # noqa: PLC0415
    from fontTools.ttLib import newTable  # noqa: PLC0415

    order, glyphs = font.getGlyphOrder(), font.getGlyphSet()
    outlines = {}
    for name in order:
        pen = TTGlyphPen(glyphs)
        glyphs[name].draw(Cu2QuPen(pen, max_err=1.0, reverse_direction=True))
        outlines[name] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, outlines
    for glyph in outlines.values():
        glyph.recalcBounds(font["glyf"])
    for tag in ("CFF ", "VORG", "GPOS", "GSUB", "GDEF", "BASE", "vhea", "vmtx", "DSIG"):
        if tag in font:
            del font[tag]
    for name, (advance, _) in font["hmtx"].metrics.items():
        font["hmtx"].metrics[name] = (advance, getattr(outlines[name], "xMin", 0))
    maxp = font["maxp"]
    maxp.tableVersion = 0x00010000
    zeros = ("maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs")
    for field in (*zeros, "maxStackElements", "maxSizeOfInstructions", "maxComponentElements"):
        setattr(maxp, field, 0)
    maxp.maxZones = 1
    maxp.recalc(font)
    font["post"].formatType, font["post"].extraNames, font["post"].mapping = 3.0, [], {}
    font["post"].glyphOrder = None
    font.sfntVersion = "\x00\x01\x00\x00"


def make(weight: str, encoding: str) -> Path:
    """Make one of the fonts; its file."""
    from fontTools import subset  # noqa: PLC0415
    from fontTools.ttLib import TTCollection  # noqa: PLC0415

    collection = TTCollection(SOURCE / f"NotoSansCJK-{weight}.ttc")
    font = next(
        f for f in collection.fonts if f["name"].getDebugName(1).startswith("Noto Sans CJK SC")
    )
    options = subset.Options(
        layout_features=[], hinting=False, desubroutinize=True, notdef_outline=True
    )
    chosen = subset.Subsetter(options)
    chosen.populate(unicodes=characters(encoding))
    chosen.subset(font)
    quadratic(font)
    # The licence wants another name where a font was changed and the name is reserved.
    name = font["name"]
    kept = {0, 13, 14}
    name.names = [record for record in name.names if record.nameID in kept]
    for id, text in (
        (1, FAMILY),
        (2, weight),
        (4, f"{FAMILY} {weight}"),
        (6, f"{FAMILY}-{weight}"),
    ):
        name.setName(text, id, 3, 1, 0x409)
    path = HERE / f"{FAMILY}-{weight}.ttf"
    font.save(path)
    return path


if __name__ == "__main__":
    for weight, encoding in (("Regular", "gbk"), ("Bold", "gb2312")):
        path = make(weight, encoding)
        sys.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes\n")
