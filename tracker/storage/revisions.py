"""Revisions of verdicts and idle figures: written once, superseded by the next number; only places are forgotten."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select, text, true
from sqlalchemy.dialects.postgresql import distinct_on

from tracker.domain.differences import DECISIVE, another, worse
from tracker.storage.among import among
from tracker.storage.cases import follow_case, open_case
from tracker.storage.due import DECISION
from tracker.storage.models import DutyWindow, IdleRevision, VerdictRevision
from tracker.storage.notifications import notify_worse

RevisionTable = type[VerdictRevision] | type[IdleRevision]


@dataclass(frozen=True, slots=True)
class Computed:
    """A result about to be stored: `values` are the columns of its own table beside those every revision has.

    `reason` is what marked the window to be judged again, if something did; a `locked` one changes by decision only.
    """

    window_id: int
    rule_version: str
    inputs_digest: str
    expected_s: int
    observed_s: int
    evidence: Mapping[str, Any]
    values: Mapping[str, Any]
    reason: str = ""
    locked: bool = False


def store(conn: Connection, table: RevisionTable, results: Sequence[Computed], now: datetime) -> list[int]:
    """Store the next revision of each window whose newest does not rest on the same inputs already; the ids of these.

    Where a window is locked another result opens a case instead, unless it was decided. A worse verdict is told to its
    person. One result for a window. The caller holds `duty.lock_judging`.
    """
    newest = _newest(conn, table, [computed.window_id for computed in results])
    pairs = [(newest.get(computed.window_id), computed) for computed in results]
    rows = [_row(*pair, now) for pair in pairs if not _is_known(*pair) and not _is_final(*pair)]
    if rows:
        # one statement for all rows, whose values the server reads as those of the table
        columns = ", ".join(rows[0])
        source = f"SELECT {columns} FROM jsonb_populate_recordset(NULL::{table.__tablename__}, CAST(:rows AS jsonb))"
        conn.execute(text(f"INSERT INTO {table.__tablename__} ({columns}) {source}"), {"rows": json.dumps(rows)})
    if table is VerdictRevision:
        for before, computed in pairs:
            if before is not None:
                _tell(conn, before, computed, now)
    return [row["window_id"] for row in rows]


def _is_final(newest: Row[Any] | None, computed: Computed) -> bool:
    """Whether the newest revision stands until somebody decides."""
    return newest is not None and computed.locked and computed.reason != DECISION


def _tell(conn: Connection, newest: Row[Any], computed: Computed, now: datetime) -> None:
    """Open a case where another result may not be stored, or tell the person that theirs became worse."""
    before = {name: getattr(newest, name) for name in DECISIVE}
    if not _is_final(newest, computed):
        if not _is_known(newest, computed) and worse(before, computed.values):
            notify_worse(conn, computed.window_id, before, computed.values, now)
    elif another(before, computed.values):
        proposed = {name: computed.values[name] for name in DECISIVE}
        open_case(conn, computed.window_id, _reason(newest, computed), proposed, now)
    else:
        follow_case(conn, computed.window_id, before)


def _is_known(newest: Row[Any] | None, computed: Computed) -> bool:
    return newest is not None and newest.inputs_digest == computed.inputs_digest


def _row(newest: Row[Any] | None, computed: Computed, now: datetime) -> dict[str, Any]:
    """The next revision, as JSON knows it."""
    return {
        "window_id": computed.window_id,
        "revision": newest.revision + 1 if newest else 1,
        "reason": _reason(newest, computed),
        "computed_at": now.isoformat(),
        "rule_version": computed.rule_version,
        "inputs_digest": computed.inputs_digest,
        "expected_s": computed.expected_s,
        "observed_s": computed.observed_s,
        "evidence": computed.evidence,
        **computed.values,
    }


def totals(conn: Connection, table: RevisionTable, column: str, work_date: date) -> dict[str, int]:
    """How many windows of the work date have each value of `column` in their newest revision."""
    revisions = select(table).where(table.window_id == DutyWindow.id).order_by(table.revision.desc())
    newest = revisions.limit(1).lateral("newest")
    value = newest.c[column]
    counted = select(value, func.count()).select_from(DutyWindow).join(newest, true())
    rows = conn.execute(counted.where(DutyWindow.work_date == work_date).group_by(value).order_by(value))
    return {str(name): count for name, count in rows}


def _newest(conn: Connection, table: RevisionTable, window_ids: Sequence[int]) -> dict[int, Row[Any]]:
    """The newest revision of each window that has one."""
    window = table.evidence["window"].label("window")
    told = [getattr(table, name) for name in DECISIVE] if table is VerdictRevision else []
    columns = select(table.window_id, table.revision, table.inputs_digest, table.rule_version, window, *told)
    newest = columns.where(among(table.window_id, window_ids)).ext(distinct_on(table.window_id))
    rows = conn.execute(newest.order_by(table.window_id, table.revision.desc()))
    return {row.window_id: row for row in rows}


def _reason(newest: Row[Any] | None, computed: Computed) -> str:
    """Why the next revision is computed: what marked it, or what changed since the newest one."""
    if newest is None:
        return "first"
    if computed.reason:
        return computed.reason
    if newest.rule_version != computed.rule_version:
        return "rule"
    return "late_fixes" if newest.window == computed.evidence["window"] else "roster"
