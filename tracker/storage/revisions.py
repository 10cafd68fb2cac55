"""Revisions of verdicts and idle figures: written once, never changed, superseded by the next number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, true

from tracker.storage.models import DutyWindow, IdleRevision, VerdictRevision

RevisionTable = type[VerdictRevision] | type[IdleRevision]


@dataclass(frozen=True, slots=True)
class Computed:
    """A result about to be stored: `values` are the columns of its own table beside those every revision has."""

    window_id: int
    rule_version: str
    inputs_digest: str
    expected_s: int
    observed_s: int
    evidence: Mapping[str, Any]
    values: Mapping[str, Any]


def store(conn: Connection, table: RevisionTable, computed: Computed, now: datetime) -> bool:
    """Store the next revision of a window; False where the newest one rests on the same inputs already.

    The caller holds `duty.lock_judging`.
    """
    newest = _newest(conn, table, computed.window_id)
    if newest and newest.inputs_digest == computed.inputs_digest:
        return False
    row = {
        "window_id": computed.window_id,
        "revision": newest.revision + 1 if newest else 1,
        "reason": _reason(newest, computed),
        "computed_at": now,
        "rule_version": computed.rule_version,
        "inputs_digest": computed.inputs_digest,
        "expected_s": computed.expected_s,
        "observed_s": computed.observed_s,
        "evidence": dict(computed.evidence),
    }
    conn.execute(insert(table).values(**row, **computed.values))
    return True


def totals(conn: Connection, table: RevisionTable, column: str, work_date: date) -> dict[str, int]:
    """How many windows of the work date have each value of `column` in their newest revision."""
    revisions = select(table).where(table.window_id == DutyWindow.id).order_by(table.revision.desc())
    newest = revisions.limit(1).lateral("newest")
    value = newest.c[column]
    counted = select(value, func.count()).select_from(DutyWindow).join(newest, true())
    rows = conn.execute(counted.where(DutyWindow.work_date == work_date).group_by(value).order_by(value))
    return {str(name): count for name, count in rows}


def _newest(conn: Connection, table: RevisionTable, window_id: int) -> Row[Any] | None:
    columns = select(table.revision, table.inputs_digest, table.rule_version, table.evidence)
    return conn.execute(columns.where(table.window_id == window_id).order_by(table.revision.desc()).limit(1)).first()


def _reason(newest: Row[Any] | None, computed: Computed) -> str:
    """What changed since the newest revision: first, rule, roster or late_fixes."""
    if newest is None:
        return "first"
    if newest.rule_version != computed.rule_version:
        return "rule"
    return "late_fixes" if newest.evidence["window"] == computed.evidence["window"] else "roster"
