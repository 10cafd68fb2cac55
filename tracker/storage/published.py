"""Published duty windows: read as terms, and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, func, insert, select, update

from tracker.domain.publishing import Published, Terms
from tracker.storage.models import DutyWindow, DutyWindowZone, VerdictRevision


def published(conn: Connection, person_id: int, first: date, last: date) -> list[Published]:
    """A person's windows of the work dates from `first` to `last`, in order of time."""
    zones = select(func.array_agg(DutyWindowZone.zone_id)).where(DutyWindowZone.window_id == DutyWindow.id)
    judged = exists().where(VerdictRevision.window_id == DutyWindow.id)
    query = select(DutyWindow.__table__, zones.scalar_subquery().label("zones"), judged.label("judged")).where(
        DutyWindow.person_id == person_id, DutyWindow.work_date.between(first, last)
    )
    return [_as_published(row) for row in conn.execute(query.order_by(DutyWindow.starts_at))]


def _as_published(row: Row[Any]) -> Published:
    breaks = tuple((datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in row.breaks)
    terms = Terms(
        row.work_date, row.shift_id, row.starts_at, row.ends_at, row.accepts_from, row.accepts_until,
        frozenset(row.zones or ()), breaks, row.excuse, row.profile, row.grace_min,
    )  # fmt: skip
    return Published(row.id, terms, row.published_at, row.judged)


def change_window(conn: Connection, window_id: int, terms: Terms, published_at: datetime) -> None:
    """Give a window other terms."""
    columns = {**_columns(terms), "published_at": published_at}
    conn.execute(update(DutyWindow).where(DutyWindow.id == window_id).values(columns))
    conn.execute(delete(DutyWindowZone).where(DutyWindowZone.window_id == window_id))
    _add_zones(conn, [(window_id, terms)])


def add_windows(conn: Connection, person_id: int, added: Sequence[tuple[Terms, datetime]]) -> None:
    """Add windows, each with when its time was known first."""
    if not added:
        return
    rows = [{"person_id": person_id, **_columns(terms), "published_at": since} for terms, since in added]
    ids = conn.scalars(insert(DutyWindow).returning(DutyWindow.id, sort_by_parameter_order=True), rows).all()
    _add_zones(conn, zip(ids, (terms for terms, _ in added), strict=True))


def _add_zones(conn: Connection, windows: Iterable[tuple[int, Terms]]) -> None:
    links = [{"window_id": number, "zone_id": zone} for number, terms in windows for zone in sorted(terms.zones)]
    if links:
        conn.execute(insert(DutyWindowZone), links)


def _columns(terms: Terms) -> dict[str, Any]:
    return {
        "work_date": terms.work_date, "shift_id": terms.shift, "starts_at": terms.start, "ends_at": terms.end,
        "accepts_from": terms.accepts_from, "accepts_until": terms.accepts_until, "excuse": terms.excuse,
        "profile": terms.profile, "grace_min": terms.grace_min, "breaks": _told_breaks(terms),
    }  # fmt: skip


def _told_breaks(terms: Terms) -> list[list[str]]:
    return [[start.isoformat(), end.isoformat()] for start, end in terms.breaks]


def told(terms: Terms) -> dict[str, Any]:
    """Terms as a case keeps them."""
    times = ("start", "end", "accepts_from", "accepts_until")
    return {
        "work_date": str(terms.work_date), "shift": terms.shift, "zones": sorted(terms.zones),
        "breaks": _told_breaks(terms), "excuse": terms.excuse, "profile": terms.profile, "grace_min": terms.grace_min,
        **{name: getattr(terms, name).isoformat() for name in times},
    }  # fmt: skip


def proposal(terms: Terms, beside: Sequence[Terms]) -> dict[str, Any]:
    """What a case about the terms of a window proposes: others, and windows to be added beside it, if there are any."""
    return {"terms": told(terms), **({"beside": [told(one) for one in beside]} if beside else {})}


def proposed_terms(proposed: Mapping[str, Any]) -> list[Terms]:
    """What `proposal` wrote down, the window's own terms first; none where a case is about a verdict."""
    kept = [proposed["terms"], *proposed.get("beside", ())] if "terms" in proposed else []
    return [terms_told(one) for one in kept]


def terms_told(kept: dict[str, Any]) -> Terms:
    """What `told` wrote down."""
    start, end, since, until = (
        datetime.fromisoformat(kept[name]) for name in ("start", "end", "accepts_from", "accepts_until")
    )
    breaks = tuple((datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in kept["breaks"])
    return Terms(
        date.fromisoformat(kept["work_date"]), kept["shift"], start, end, since, until, frozenset(kept["zones"]),
        breaks, kept["excuse"], kept["profile"], kept["grace_min"],
    )  # fmt: skip
