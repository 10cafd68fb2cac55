"""Looking at what is in quarantine, and taking it out again for a mended decoder."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, any_, case, exists, func, literal, or_, select, update
from sqlalchemy.orm import Session

from tracker.storage.models import Assignment, Device, Quarantine, Rejection
from tracker.storage.paging import Page, page_of

STATES = ("waiting", "replayed", "no_payload")
SORTS = ("newest", "oldest")
LOGIN_OF_TOPIC = func.split_part(Quarantine.topic, "/", 3)


@dataclass(frozen=True, slots=True)
class QuarantineFilter:
    """What somebody asked for; empty values do not narrow. `day` is a UTC day, as rejections are counted.

    `ids`: of those only these messages.
    """

    reason: str = ""
    login: str = ""
    day: date | None = None
    state: str = ""
    sort: str = "newest"
    ids: Collection[int] = ()


def quarantine_list(session: Session, wanted: QuarantineFilter, number: int) -> Page:
    """One page of messages in the order that was asked for, without what they say."""
    conditions = _narrowed(wanted)
    total = session.scalar(select(func.count()).select_from(_messages(conditions).subquery())) or 0
    by = (Quarantine.received_at, Quarantine.id)
    query = _messages(conditions).order_by(*(by if wanted.sort == "oldest" else [one.desc() for one in by]))
    return page_of(session, query, total, number)


def quarantined(session: Session, quarantine_id: int) -> Row[Any] | None:
    """One message with what it says; None where it is gone.

    What came under a login that a person has or had is not shown, also where nobody knew that when it came.
    """
    persons = exists().where(
        Device.login == LOGIN_OF_TOPIC, Assignment.device_id == Device.id, Assignment.person_id.is_not(None)
    )
    payload = case((persons.correlate(Quarantine), None), else_=Quarantine.payload).label("payload")
    query = _messages([Quarantine.id == quarantine_id]).add_columns(payload)
    return session.execute(query).one_or_none()


def rejection_days(session: Session, login: str, last: date, days: int) -> Mapping[str, Mapping[date, int]]:
    """How often each reason was counted on each of so many UTC days, of one device or of all; most often first."""
    since = last - timedelta(days=days - 1)
    query = select(Rejection.reason, Rejection.day, func.sum(Rejection.count)).where(Rejection.day.between(since, last))
    if login:
        query = query.where(Rejection.device_id == _device_of(login))
    counts: dict[str, dict[date, int]] = {}
    for reason, day, count in session.execute(query.group_by(Rejection.reason, Rejection.day)):
        counts.setdefault(reason, {})[day] = count
    return dict(sorted(counts.items(), key=lambda one: (-sum(one[1].values()), one[0])))


@dataclass(frozen=True, slots=True)
class Held:
    """A message that waits; `device_id` is None where its sender was unknown when it came."""

    id: int
    received_at: datetime
    topic: str
    device_id: int | None
    reasons: Sequence[str]
    payload: bytes


def take_waiting(conn: Connection, wanted: QuarantineFilter, below_id: int, most: int) -> list[Held]:
    """The newest messages below an id that can be replayed, locked; those another replay works on are left out."""
    columns = Quarantine.id, Quarantine.received_at, Quarantine.topic, Quarantine.device_id, Quarantine.reasons
    query = (
        select(*columns, Quarantine.payload)
        .where(*_narrowed(wanted), *_waiting(), Quarantine.id < below_id)
        .order_by(Quarantine.id.desc())
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    rows = conn.execute(query)
    return [Held(row.id, row.received_at, row.topic, row.device_id, row.reasons, row.payload) for row in rows]


def mark_replayed(conn: Connection, ids: Sequence[int], now: datetime) -> None:
    """Note that these messages are stored now."""
    conn.execute(update(Quarantine).where(Quarantine.id.in_(ids)).values(replayed_at=now))


def count_waiting(conn: Connection | Session, wanted: QuarantineFilter) -> tuple[int, int]:
    """How many messages of the filter can be replayed, and how many cannot, because only their reasons were kept."""
    unreplayed = and_(*_narrowed(wanted), Quarantine.replayed_at.is_(None))
    kept = func.count(Quarantine.payload)
    row = conn.execute(select(kept, func.count() - kept).where(unreplayed)).one()
    return row[0], row[1]


def _messages(conditions: Sequence[ColumnElement[bool]]) -> Any:
    return (
        select(
            Quarantine.id,
            Quarantine.received_at,
            Quarantine.topic,
            Quarantine.reasons,
            Quarantine.replayed_at,
            func.octet_length(Quarantine.payload).label("size"),
            func.coalesce(Device.login, LOGIN_OF_TOPIC).label("login"),
            Quarantine.device_id.is_not(None).label("known"),
        )
        .outerjoin(Device, Device.id == Quarantine.device_id)
        .where(*conditions)
    )


def _waiting() -> tuple[ColumnElement[bool], ...]:
    return Quarantine.replayed_at.is_(None), Quarantine.payload.is_not(None)


def _narrowed(wanted: QuarantineFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.reason:
        conditions.append(literal(wanted.reason) == any_(Quarantine.reasons))
    if wanted.login:  # also what it sent before it was registered
        unknown = and_(Quarantine.device_id.is_(None), LOGIN_OF_TOPIC == wanted.login)
        conditions.append(or_(Quarantine.device_id == _device_of(wanted.login), unknown))
    if wanted.ids:
        conditions.append(Quarantine.id.in_(wanted.ids))
    if wanted.day:
        begin = datetime.combine(wanted.day, time(), UTC)
        conditions += [Quarantine.received_at >= begin, Quarantine.received_at < begin + timedelta(days=1)]
    if wanted.state == "waiting":
        conditions += _waiting()
    elif wanted.state == "replayed":
        conditions.append(Quarantine.replayed_at.is_not(None))
    elif wanted.state == "no_payload":
        conditions += [Quarantine.replayed_at.is_(None), Quarantine.payload.is_(None)]
    return conditions


def _device_of(login: str) -> Any:
    return select(Device.id).where(Device.login == login).scalar_subquery()
