"""The chain's bytes are unambiguous, and a walk along it names each change once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.audit_chain import BEGINNING, Fault, Fields, Head, Link, Walk, Wrong, next_hash, row_bytes

FIELDS = st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=6), min_size=3, max_size=3)


def chained(*rows: Fields) -> list[Link]:
    links, before = [], BEGINNING.hash
    for seq, fields in enumerate(rows, 1):
        before = next_hash(before, fields)
        links.append(Link(seq, seq, before, fields))
    return links


def faults(links: list[Link], expect: Head | None = None) -> list[Fault]:
    walk = Walk(expect)
    found = [fault for link in links for fault in walk.step(link)]
    return [*found, *walk.end()]


@given(FIELDS, FIELDS)
def test_two_rows_never_have_the_same_bytes(one: Fields, other: Fields) -> None:
    assert (row_bytes(one) == row_bytes(other)) == (one == other)


def test_nothing_is_not_the_empty_text() -> None:
    assert len({row_bytes(fields) for fields in ((None, ""), ("", None), ("", ""), (None, None))}) == 4


@given(st.lists(FIELDS, min_size=1, max_size=6), st.data())
def test_an_altered_row_is_one_fault_and_an_untouched_chain_none(rows: list[Fields], data: st.DataObject) -> None:
    links = chained(*rows)
    assert faults(links, Head(links[-1].seq, links[-1].hash)) == []
    at = data.draw(st.integers(0, len(rows) - 1))
    other = data.draw(FIELDS.filter(lambda fields: fields != rows[at]))
    links[at] = Link(at + 1, at + 1, links[at].hash, other)
    assert faults(links) == [Fault(Wrong.ALTERED, at + 1, at + 1)]


def test_a_head_is_read_as_it_is_written() -> None:
    head = Head(12, bytes(range(32)))
    assert Head.read(f" {str(head).upper()}\n") == head


ZEROS = "0" * 64


@pytest.mark.parametrize("text", ["", "12", "12:ab", f"x:{ZEROS}", f"-1:{ZEROS}", f"1:{ZEROS}0", f"١:{ZEROS}"])
def test_what_is_no_head_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        Head.read(text)
