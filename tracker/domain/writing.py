"""How names are written: one line that shows all there is of it, so that two that look alike are the same."""

from __future__ import annotations

import unicodedata

# Unicode's categories of what is no sign on paper: controls and separators part words, the others steer a text unseen
PARTING, UNSEEN = ("Cc", "Zl", "Zp", "Zs"), ("Cf", "Cs")


def one_line(text: str) -> str:
    """A name as it is kept: composed characters (NFC), one blank between words, nothing that nobody sees."""
    if not text.isprintable():
        text = "".join(_seen(sign) for sign in text)
    return " ".join(unicodedata.normalize("NFC", text).split())


def plate(text: str) -> str:
    """A licence plate as it is kept: in capitals, one blank between its parts."""
    return one_line(text).upper()


def _seen(sign: str) -> str:
    category = unicodedata.category(sign)
    return " " if category in PARTING else "" if category in UNSEEN else sign
