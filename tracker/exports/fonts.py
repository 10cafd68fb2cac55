"""The letters of our PDFs. They are embedded; a character they lack is shown as `MISSING`, never left out."""

from __future__ import annotations

from functools import cache

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

PLAIN, BOLD = "Vera", "VeraBd"  # Bitstream Vera, which comes with reportlab: Latin letters
MISSING = "[?]"


@cache
def known_letters() -> frozenset[int]:
    """Register both fonts; returns the characters that both have."""
    fonts = [TTFont(name, f"{name}.ttf") for name in (PLAIN, BOLD)]
    for font in fonts:
        pdfmetrics.registerFont(font)
    plain, bold = (frozenset(font.face.charToGlyph) for font in fonts)
    return plain & bold


def printable(text: str) -> str:
    """The text with what can be printed of it; what cannot is marked. Line ends and the like become spaces."""
    if text.isascii() and text.isprintable():  # almost always
        return text
    letters = known_letters()
    return "".join(" " if one.isspace() else one if ord(one) in letters else MISSING for one in text)


def width_of(text: str, font: str, size: float) -> float:
    """In points."""
    return float(pdfmetrics.stringWidth(text, font, size))


def lines_of(text: str, font: str, size: float, width: float) -> list[str]:
    """Printable text as lines of at most that width; what has no gap is broken anywhere."""
    if len(text) * size < width:  # no letter is wider than it is high: need not be measured
        return [text]
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width_of(longer, font, size) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        line = word
        while width_of(line, font, size) > width and len(line) > 1:
            fits = max(1, _fitting(line, font, size, width))
            lines.append(line[:fits])
            line = line[fits:]
    return [*lines, line]


def _fitting(word: str, font: str, size: float, width: float) -> int:
    """How many of the first letters fit."""
    used = 0.0
    for number, letter in enumerate(word):
        used += width_of(letter, font, size)
        if used > width:
            return number
    return len(word)
