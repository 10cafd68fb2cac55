"""PDFs of ours: flat, the same twice, whole tables with their heads, and no character that goes missing."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from tracker.exports.day_plot import Series, draw_days, ticks_to
from tracker.exports.document import Table
from tracker.exports.fonts import MISSING, PLAIN, known_letters, lines_of, printable, width_of
from tracker.exports.paper import Imprint, Paper, widths_of

IMPRINT = Imprint("Laporan", "hari ini", "Halaman", "id")
TABLE = Table(["NIP", "Nama"], (), [1, 3], frozenset({0}))


def document(rows: Iterator[tuple[str, str]]) -> bytes:
    file = io.BytesIO()
    paper = Paper(file, IMPRINT, wide=True)
    paper.title("Laporan", "1–30 November")
    paper.table(TABLE, rows)
    paper.close()
    return file.getvalue()


def test_each_page_of_a_long_table_has_its_head_and_number_and_no_row_is_lost() -> None:
    made = document((str(number), f"Orang {number}") for number in range(500))
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(made)).pages]
    assert len(pages) > 5
    for number, text in enumerate(pages, 1):
        assert "Nama" in text and f"Halaman {number}" in text
    whole = "\n".join(pages)
    assert all(f"Orang {number}\n" in whole for number in range(500))
    assert made == document((str(number), f"Orang {number}") for number in range(500))


def test_a_character_that_cannot_be_printed_is_seen_to_be_missing() -> None:
    assert printable("Ḥaji 陳") == f"{MISSING}aji {MISSING}" and printable("Éva – ok") == "Éva – ok"
    text = PdfReader(io.BytesIO(document(iter([("1", "Ḥaji 陳")])))).pages[0].extract_text()
    assert f"{MISSING}aji {MISSING}" in text


@given(st.text(max_size=60), st.floats(20, 400))
def test_lines_hold_all_letters_and_fit(text: str, width: float) -> None:
    known_letters()
    shown = printable(text)
    lines = lines_of(shown, PLAIN, 8, width)
    assert "".join(lines).replace(" ", "") == shown.replace(" ", "")
    assert all(width_of(line, PLAIN, 8) <= width + 0.01 or len(line) == 1 for line in lines)


def test_no_column_is_narrower_than_a_word_of_its_head() -> None:
    table = Table(["Unverified", "x", "A long text"], (), [0.1, 5, 5])
    widths = widths_of(table, 500)
    assert abs(sum(widths) - 500) < 0.01 and widths[0] > width_of("Unverified", PLAIN, 7.5)


@given(st.floats(0, 1e6))
def test_ticks_reach_the_top_in_a_few_round_steps(top: float) -> None:
    ticks = ticks_to(top)
    assert ticks[0] == 0 and ticks[-1] >= top and 2 <= len(ticks) <= 7


@pytest.mark.parametrize("filled", range(20, 60))
def test_the_head_of_a_table_never_stands_without_a_row(filled: int) -> None:
    file = io.BytesIO()
    paper = Paper(file, IMPRINT)
    for _line in range(filled):
        paper.write("Baris")
    paper.heading("Per tugas")
    paper.table(Table(["Menit di tempat lain pada awal"], (), [1.0]), [["Isi pertama"]] * 3)
    paper.close()
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(file.getvalue())).pages]
    assert all(("Per tugas" in text) <= ("Menit di tempat" in text) <= ("Isi pertama" in text) for text in pages)


def test_a_plot_of_a_quarter_fits_on_its_page() -> None:
    file = io.BytesIO()
    paper = Paper(file, IMPRINT, wide=True)
    values = [number % 7 for number in range(92)]
    draw_days(paper, [f"{day}" for day in range(92)], [Series("present", "Hadir", values)], "Tugas")
    paper.close()
    [page] = PdfReader(io.BytesIO(file.getvalue())).pages
    assert "Hadir" in page.extract_text()
