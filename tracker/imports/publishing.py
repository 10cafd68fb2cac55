"""Whose duties are published anew after a file, and from which day on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tracker.imports import bulk
from tracker.storage.changes import By

COLUMNS = "person_id integer, due date, reason text"
EARLIEST = "SELECT person_id, min(due) AS due, min(reason) AS reason FROM given GROUP BY person_id"
OF_ROSTERED = (
    "UPDATE publication SET due_from = least(publication.due_from, due.due), due_reason = due.reason "
    f"FROM ({EARLIEST}) AS due WHERE publication.person_id = due.person_id"
)
OF_ALL = (
    f"INSERT INTO publication (person_id, due_from, due_reason) {EARLIEST} "
    "ON CONFLICT (person_id) DO UPDATE SET due_from = least(publication.due_from, excluded.due_from), "
    "due_reason = excluded.due_reason"
)


def mark(by: By, days: Sequence[tuple[int, date]], reason: str, *, begins: bool = False) -> None:
    """Mark people, each from a day on, who have a roster; where it `begins` with the file also who has none yet."""
    for some in bulk.chunks(days):
        rows = [(person_id, day, reason) for person_id, day in some]
        bulk.run(by.session, OF_ALL if begins else OF_ROSTERED, COLUMNS, rows)
