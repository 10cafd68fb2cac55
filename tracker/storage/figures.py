"""The duties of people and units over some days, counted by their newest verdicts.

Those of a unit are counted once for each work date (`count_day`) and summed from there; those of single people are
counted when they are asked for. Both are the same count. Every query is within the reader's rights on each day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Row,
    RowMapping,
    Select,
    Text,
    and_,
    case,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from tracker.domain.duty import Cause, Status
from tracker.storage.models import DutyWindow, IdleRevision, Membership, UnitDay, UnitDayDue, VerdictRevision
from tracker.storage.rights import Right, Viewer, covers_unit, stood_below

SECONDS = (
    "expected_s", "observed_s", "on_site_s", "off_site_s", "moving_s", "unknown_s", "excused_s", "idle_s", "away_s",
)  # fmt: skip
COUNTS = ("duties", "judged", "present", "no_show", "unverified", "excused", "late", "late_min", "left_early",
          "left_early_min")  # fmt: skip
SUMS = (*COUNTS, *SECONDS)
COUNT_AGAIN = timedelta(minutes=30)
MEASURES = {"idle_s": "idle", "away_s": "away_from_post"}


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts, minutes and seconds of some duties; `causes` are those of the unverified ones.

    `duties` have begun by the roster, `judged` of them have a verdict; what follows is of the judged ones. The seconds
    from `on_site_s` to `excused_s` sum to `expected_s`.
    """

    duties: int = 0
    judged: int = 0
    present: int = 0
    no_show: int = 0
    unverified: int = 0
    excused: int = 0
    late: int = 0
    late_min: int = 0
    left_early: int = 0
    left_early_min: int = 0
    expected_s: int = 0
    observed_s: int = 0
    on_site_s: int = 0
    off_site_s: int = 0
    moving_s: int = 0
    unknown_s: int = 0
    excused_s: int = 0
    idle_s: int = 0
    away_s: int = 0
    causes: Mapping[str, int] = field(default_factory=dict)
    rule_versions: tuple[str, ...] = ()
    computed_at: datetime | None = None

    def __add__(self, other: Figures) -> Figures:
        times = [at for at in (self.computed_at, other.computed_at) if at]
        return Figures(
            **{name: getattr(self, name) + getattr(other, name) for name in SUMS},
            causes=dict(Counter(self.causes) + Counter(other.causes)),
            rule_versions=tuple(sorted({*self.rule_versions, *other.rule_versions})),
            computed_at=max(times, default=None),
        )

    @property
    def watched_s(self) -> int:
        """What was to be observed: excused time is not."""
        return self.expected_s - self.excused_s


def mark_days(conn: Connection | Session, dates: Collection[date], now: datetime) -> None:
    """The figures of these work dates are to be counted again."""
    if dates:
        rows = [{"work_date": work_date, "marked_at": now} for work_date in sorted(dates)]
        marked = upsert(UnitDayDue).values(rows)
        conn.execute(marked.on_conflict_do_update(index_elements=["work_date"], set_={"marked_at": now}))


def mark_counted(conn: Connection | Session, first: date, now: datetime) -> None:
    """What was counted of this work date and later is to be counted again: people belonged to other units."""
    days = select(UnitDay.work_date, literal(now)).where(UnitDay.work_date >= first).distinct()
    counted = days.order_by(UnitDay.work_date)  # as `mark_days` does: two that mark the same wait in turn
    marked = upsert(UnitDayDue).from_select(["work_date", "marked_at"], counted)
    conn.execute(marked.on_conflict_do_update(index_elements=["work_date"], set_={"marked_at": now}))


def mark_begun(conn: Connection, today: date, now: datetime) -> None:
    """Count the days that are under way again once duties have begun since, at most once in `COUNT_AGAIN`.

    A duty is judged when it is over; that it was due is to be seen before.
    """
    begun = (
        select(DutyWindow.work_date, func.max(DutyWindow.starts_at).label("begun_at"))
        .where(DutyWindow.work_date.between(today - timedelta(days=1), today), DutyWindow.starts_at <= now)
        .group_by(DutyWindow.work_date)
        .subquery()
    )
    last = select(func.max(UnitDay.computed_at)).where(UnitDay.work_date == begun.c.work_date).scalar_subquery()
    late = or_(last.is_(None), and_(last < begun.c.begun_at, last < now - COUNT_AGAIN))
    mark_days(conn, conn.scalars(select(begun.c.work_date).where(late)).all(), now)


def due_days(conn: Connection | Session) -> list[date]:
    """The work dates that are to be counted, the newest first."""
    return list(conn.scalars(select(UnitDayDue.work_date).order_by(UnitDayDue.work_date.desc())))


def count_day(conn: Connection, work_date: date, now: datetime) -> None:
    """Count the figures of every unit on a work date afresh, and take its mark, in the caller's transaction.

    A mark that arrives meanwhile waits for that transaction and then is a new one.
    """
    conn.execute(select(UnitDayDue).where(UnitDayDue.work_date == work_date).with_for_update())
    conn.execute(delete(UnitDay).where(UnitDay.work_date == work_date))
    windows = _windows().where(DutyWindow.work_date == work_date, DutyWindow.starts_at <= now)
    counted = windows.add_columns(Membership.unit_id).join(
        Membership, and_(Membership.person_id == DutyWindow.person_id, Membership.period.contains(work_date))
    )
    rows = counted.cte("counted")
    columns = {"work_date": literal(work_date, UnitDay.work_date.type), "unit_id": rows.c.unit_id,
               "computed_at": literal(now, UnitDay.computed_at.type),
               "people": func.count(rows.c.person_id.distinct()), **_sums(rows)}  # fmt: skip
    summed = select(*(value.label(name) for name, value in columns.items())).group_by(rows.c.unit_id)
    conn.execute(insert(UnitDay).from_select(list(columns), summed))
    conn.execute(delete(UnitDayDue).where(UnitDayDue.work_date == work_date))


def unit_figures(session: Session, viewer: Viewer, first: date, last: date, unit_id: int | None = None) -> Figures:
    """All that somebody may read about from `first` to `last`, or of it a unit and what stood below it each day."""
    return sum((figures for _, figures in figures_by_day(session, viewer, first, last, unit_id)), Figures())


def figures_by_day(
    session: Session, viewer: Viewer, first: date, last: date, unit_id: int | None = None
) -> list[tuple[date, Figures]]:
    """The same for each work date that has duties, in order."""
    days = readable_days(viewer, first, last, unit_id)
    return sorted(summed_by(session, days, days.c.work_date).items(), key=itemgetter(0))


def figures_by_unit(
    session: Session, viewer: Viewer, first: date, last: date, unit_id: int | None = None
) -> dict[int, Figures]:
    """The same for each unit's own people, without those of the units below it."""
    days = readable_days(viewer, first, last, unit_id)
    return summed_by(session, days, days.c.unit_id)


def figures_of(
    session: Session, windows: Select[Any], first: date, last: date, now: datetime
) -> dict[int, Figures]:
    """The figures of each person with one of the duties that `windows` gives the ids of, counted now.

    Whoever calls asks for no duties but those that the reader may see.
    """
    return _figures_by("person_id", session, windows, first, last, now)


def figures_on(session: Session, windows: Select[Any], first: date, last: date, now: datetime) -> dict[date, Figures]:
    """The same of each work date, in order."""
    found = _figures_by("work_date", session, windows, first, last, now)
    return dict(sorted(found.items()))


def _figures_by(
    key: str, session: Session, windows: Select[Any], first: date, last: date, now: datetime
) -> dict[Any, Figures]:
    found = session.execute(_summed(key, _begun(windows, first, last, now).cte("counted")))
    return {row.key: figures_in(row) for row in found}


def sums_by_unit(windows: Select[Any], first: date, last: date, now: datetime) -> Select[Any]:
    """What `figures_in` takes, for each person of these duties (`key`) and each unit (`unit_id`) they belonged to."""
    belonged = and_(Membership.person_id == DutyWindow.person_id, Membership.period.contains(DutyWindow.work_date))
    counted = _begun(windows, first, last, now).add_columns(Membership.unit_id).join(Membership, belonged)
    rows = counted.cte("counted")
    return _summed("person_id", rows).add_columns(rows.c.unit_id).group_by(rows.c.unit_id)


def _begun(windows: Select[Any], first: date, last: date, now: datetime) -> Select[Any]:
    return _windows().where(
        DutyWindow.id.in_(windows), DutyWindow.work_date.between(first, last), DutyWindow.starts_at <= now
    )


def _summed(key: str, rows: CTE) -> Select[Any]:
    """What `figures_in` takes, for each `key` (person_id or work_date) of these duties, which stands beside it."""
    sums = _sums(rows)
    computed_at = func.max(rows.c.computed_at).label("computed_at")
    columns = (rows.c[key].label("key"), computed_at, *(value.label(name) for name, value in sums.items()))
    return select(*columns).group_by(rows.c[key])


def figures_in(row: Row[Any]) -> Figures:
    """The figures of a row of `sums_by_unit` and its like."""
    return _figures(row._mapping, row.causes)


def person_figures(session: Session, person_id: int, first: date, last: date, now: datetime) -> Figures:
    """A person's own figures, for their own eyes."""
    own = select(DutyWindow.id).where(DutyWindow.person_id == person_id)
    return figures_of(session, own, first, last, now).get(person_id, Figures())


def _windows() -> Select[Any]:
    """Duty windows with their newest verdict and idle figure."""
    verdict, idle = (
        select(table).where(table.window_id == DutyWindow.id).order_by(table.revision.desc()).limit(1).lateral(name)
        for table, name in ((VerdictRevision, "verdict"), (IdleRevision, "idle"))
    )
    own = ("status", "cause", "late_min", "left_early_min", "expected_s", "observed_s", "on_site_s", "off_site_s",
           "moving_s", "unknown_s", "excused_s", "rule_version", "computed_at")  # fmt: skip
    figure = idle.c.measure, idle.c.counted_s
    return (
        select(DutyWindow.person_id, DutyWindow.work_date, *(verdict.c[name] for name in own), *figure)
        .select_from(DutyWindow)
        .outerjoin(verdict, true())
        .outerjoin(idle, true())
    )  # fmt: skip


def _sums(rows: CTE) -> dict[str, ColumnElement[Any]]:
    """The sums over rows of `_windows`, named as the columns of `UnitDay`."""
    status, late, early = rows.c.status, rows.c.late_min, rows.c.left_early_min
    idle = {name: func.coalesce(func.sum(case((rows.c.measure == measure, rows.c.counted_s), else_=0)), 0)
            for name, measure in MEASURES.items()}  # fmt: skip
    return {
        "duties": func.count(),
        "judged": func.count(status),
        **{one.lower(): func.count().filter(status == one) for one in Status},
        "causes": _tally(rows.c.cause),
        "late": func.count().filter(late > 0),
        "late_min": func.coalesce(func.sum(late), 0),
        "left_early": func.count().filter(early > 0),
        "left_early_min": func.coalesce(func.sum(early), 0),
        **{name: func.coalesce(func.sum(rows.c[name]), 0) for name in SECONDS if name not in idle},
        **idle,
        "rule_versions": func.coalesce(
            func.array_agg(rows.c.rule_version.distinct()).filter(rows.c.rule_version.is_not(None)), text("'{}'")
        ),
    }


def _tally(cause: ColumnElement[str]) -> ColumnElement[Any]:
    """How often each cause stands in a group, as JSON: {"silent": 2}."""
    pairs = [part for one in Cause for part in (
        literal(one, Text), func.nullif(func.count().filter(cause == one), 0))]  # fmt: skip
    return func.jsonb_strip_nulls(func.jsonb_build_object(*pairs), type_=JSONB)


def readable_days(viewer: Viewer, first: date, last: date, unit_id: int | None) -> CTE:
    """The unit days that somebody may read, of a unit and what stood below it where one is asked for."""
    query = select(UnitDay).where(
        UnitDay.work_date.between(first, last), covers_unit(viewer, Right.READ, UnitDay.unit_id, UnitDay.work_date)
    )
    if unit_id is not None:
        query = query.where(stood_below(unit_id, UnitDay.unit_id, UnitDay.work_date))
    return query.cte("readable")


def summed_by(session: Session, days: CTE, key: ColumnElement[Any]) -> dict[Any, Figures]:
    """The sums of unit days by `key`, one of their columns."""
    sums = [func.sum(days.c[name]).label(name) for name in SUMS]
    each = [func.sum(cast(days.c.causes[cause.value].astext, UnitDay.duties.type)).label(cause) for cause in Cause]
    computed_at = func.max(days.c.computed_at).label("computed_at")
    query = select(key.label("key"), days.c.rule_versions, *sums, *each, computed_at)
    found: dict[Any, Figures] = {}
    # a group for each set of versions, too: to collect them within one would sort all rows
    for row in session.execute(query.group_by(key, days.c.rule_versions)).mappings():
        figures = _figures(row, {cause: int(row[cause]) for cause in Cause if row[cause]})
        found[row["key"]] = found.get(row["key"], Figures()) + figures
    return found


def _figures(row: RowMapping, causes: Mapping[str, int]) -> Figures:
    versions = row["rule_versions"] or ()
    return Figures(
        **{name: int(row[name] or 0) for name in SUMS}, causes=dict(causes),
        rule_versions=tuple(sorted({version for version in versions if version})), computed_at=row["computed_at"],
    )  # fmt: skip
