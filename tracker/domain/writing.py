"""How names are written: one line that shows all there is of it, so that two that look alike are the same."""

from __future__ import annotations

import unicodedata
from string import ascii_lowercase, ascii_uppercase

# Unicode's categories of what is no sign on paper: controls and separators part words, the others steer a text unseen
PARTING, UNSEEN = ("Cc", "Zl", "Zp", "Zs"), ("Cf", "Cs")


LONGEST_NAME = 120  # characters of a unit's, a person's or a zone's name
SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)


def one_line(text: str) -> str:
    """A name as it is kept: composed characters (NFC), one blank between words, nothing that steers text unseen."""
    if not text.isprintable():
        text = "".join(_seen(sign) for sign in text)
    return " ".join(unicodedata.normalize("NFC", text).split())


def folded(name: str) -> str:
    """A kept name as it is compared: capitals of A to Z make no other one, as the database sees it in any locale."""
    return name.translate(SMALL)


def plate(text: str) -> str:
    """A licence plate as it is kept: in capitals, one blank between its parts."""
    return one_line(text).upper()


def _seen(sign: str) -> str:
    category = unicodedata.category(sign)
    return " " if category in PARTING else "" if category in UNSEEN else sign
