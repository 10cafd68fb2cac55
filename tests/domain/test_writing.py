"""Names that look alike are kept alike."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.writing import folded, one_line, plate


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Dinas   Kesehatan ", "Dinas Kesehatan"),
        ("Dinas\u00a0Kesehatan", "Dinas Kesehatan"),
        ("Dinas\nKesehatan\tKota", "Dinas Kesehatan Kota"),
        ("Ke\u200bse\u00adhatan\ufeff", "Kesehatan"),
        ("\u202eDinas", "Dinas"),
        ("Rene\u0301", "Ren\u00e9"),
        ("\u200b \u2028", ""),
        ("Tim 🚒 A", "Tim 🚒 A"),
    ],
)
def test_what_nobody_sees_is_no_part_of_a_name(typed: str, kept: str) -> None:
    assert one_line(typed) == kept


@given(st.text())
def test_a_name_is_one_printable_line_and_is_kept_as_it_is(text: str) -> None:
    kept = one_line(text)
    assert one_line(kept) == kept
    assert {unicodedata.category(sign) for sign in kept}.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
    assert "  " not in kept
    assert kept == kept.strip()
    assert unicodedata.is_normalized("NFC", kept)


def test_plates_are_capitals() -> None:
    assert plate(" b 9123\u00a0 xy ") == "B 9123 XY"


def test_capitals_make_no_other_name() -> None:
    assert folded("Dinas KESEHATAN É") == "dinas kesehatan É"
