"""How devices are: a list for administrators. It reads health and counters, never a position."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from tracker.storage import administered
from tracker.storage.models import (
    Assignment,
    Device,
    DeviceState,
    DeviceStatus,
    Membership,
    Person,
    Rejection,
    Vehicle,
)
from tracker.storage.paging import Page, page_of
from tracker.storage.rights import Viewer, units_below

SILENT_AFTER = timedelta(hours=1)  # a heartbeat comes each 15 minutes
LOW_BATTERY_PCT = 15
RECENT_DAYS = 7  # UTC days, today included, for which a device's mistakes are held up to it
FILTERS = ("silent", "rejected", "denied", "low_battery", "not_set_up", "revoked")
SORTS = ("login", "heard", "battery", "rejected")


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """What somebody asked for; empty values do not narrow. Without `state` all living devices.

    `unit_id`: what people and vehicles of that unit, or of what stands below it, carry at this moment.
    """

    search: str = ""
    unit_id: int | None = None
    state: str = ""
    sort: str = "login"


EVERY_DEVICE = DeviceFilter()


@dataclass(frozen=True, slots=True)
class DeviceList:
    """One page of devices; the newest status and the rejections by reason of those on it; how many each filter has."""

    page: Page
    statuses: Mapping[int, Row[Any]]
    rejections: Mapping[int, Mapping[str, int]]
    counts: Mapping[str, int]


def device_list(session: Session, viewer: Viewer, wanted: DeviceFilter, now: datetime, number: int) -> DeviceList:
    """One page of the devices that somebody administers, with what they must know of each."""
    conditions = _conditions(now)
    counts = device_counts(session, viewer, now, wanted)
    query = _of_devices(COLUMNS, viewer, wanted, now).where(conditions[wanted.state])
    query = query.order_by(*_order(wanted.sort), Device.login)
    page = page_of(session, query, counts[wanted.state], number)
    ids = [row.id for row in page.rows]
    return DeviceList(page, _statuses(session, ids), _rejections(session, ids, now), counts)


def device_counts(
    session: Session, viewer: Viewer, now: datetime, wanted: DeviceFilter = EVERY_DEVICE
) -> Mapping[str, int]:
    """How many of the devices that somebody asked for each filter has; '' is every living device."""
    conditions = _conditions(now)
    tallies = [func.count().filter(condition) for condition in conditions.values()]
    tallied = session.execute(_of_devices(tallies, viewer, wanted, now)).one()
    return dict(zip(conditions, tallied, strict=True))


def device_row(session: Session, viewer: Viewer, device_id: int, now: datetime) -> Row[Any] | None:
    """One device with what the list knows of it; None where it is not there or not theirs: the two look the same."""
    one = _of_devices(COLUMNS, viewer, DeviceFilter(), now).where(Device.id == device_id)
    return session.execute(one).one_or_none()


def status_of(session: Session, device_id: int) -> Row[Any] | None:
    """What a device last said of itself."""
    return _statuses(session, [device_id]).get(device_id)


def rejections_of(session: Session, device_id: int, now: datetime) -> Mapping[str, int]:
    """How often a device was rejected for each reason in the recent days."""
    return _rejections(session, [device_id], now).get(device_id, {})


def holders_of(session: Session, device_id: int) -> Sequence[Row[Any]]:
    """Who or what carried a device, carries it and will, the newest first: period, person_id, name, vehicle_id, ..."""
    columns: Sequence[Any] = (
        Assignment.period, Person.id.label("person_id"), Person.name, Person.nip, Vehicle.id.label("vehicle_id"),
        Vehicle.call_sign,
    )  # fmt: skip
    query: Select[Any] = select(*columns).select_from(Assignment).outerjoin(Person, Person.id == Assignment.person_id)
    query = query.outerjoin(Vehicle, Vehicle.id == Assignment.vehicle_id).where(Assignment.device_id == device_id)
    return session.execute(query.order_by(Assignment.period.desc())).all()


def devices_carried(session: Session, person_id: int, now: datetime) -> Sequence[Device]:
    """The living devices that a person carries at a moment, by login."""
    query = select(Device).join(Assignment, Assignment.device_id == Device.id)
    theirs = query.where(Assignment.person_id == person_id, Assignment.period.contains(now))
    return session.scalars(theirs.where(Device.revoked_at.is_(None)).order_by(Device.login)).all()


def devices_chosen(session: Session, viewer: Viewer, device_ids: Collection[int], now: datetime) -> Sequence[Row[Any]]:
    """Of these devices those that somebody administers and that are not revoked, with what the list knows of them."""
    query = _of_devices(COLUMNS, viewer, DeviceFilter(), now).where(Device.id.in_(device_ids))
    return session.execute(query.where(Device.revoked_at.is_(None)).order_by(Device.login)).all()


STATE = (
    "last_heard_at", "lag_s", "battery_pct", "charging", "connectivity", "lost_at", "stored", "duplicate", "off_duty",
    "unassigned", "clock_ahead", "no_fix", "rejected", "denied", "denied_at", "denied_topic",
)  # fmt: skip
COLUMNS = (
    Device.id, Device.login, Device.kind, Device.model, Device.expected_interval_s, Device.created_at,
    Device.revoked_at, Device.secret_bcrypt.is_not(None).label("set_up"),
    func.coalesce(Person.name, Vehicle.call_sign).label("holder"),
    *(getattr(DeviceState, name) for name in STATE),
)  # fmt: skip


def _of_devices(columns: Sequence[Any], viewer: Viewer, wanted: DeviceFilter, now: datetime) -> Select[Any]:
    """These columns of the devices that were searched, of a unit or of all, their state and their present holder."""
    query: Select[Any] = (
        select(*columns)
        .select_from(Device)
        .outerjoin(DeviceState, DeviceState.device_id == Device.id)
        .outerjoin(Assignment, and_(Assignment.device_id == Device.id, Assignment.period.contains(now)))
        .outerjoin(Person, Person.id == Assignment.person_id)
        .outerjoin(Vehicle, Vehicle.id == Assignment.vehicle_id)
    )
    query = query.where(administered.devices(viewer, now))
    if wanted.unit_id is not None:
        query = query.where(_carried_in(wanted.unit_id, viewer.today))
    if wanted.search:
        by_name = (Device.login, Device.model, Person.name, Person.nip, Vehicle.call_sign, Vehicle.plate)
        query = query.where(or_(*(column.icontains(wanted.search, autoescape=True) for column in by_name)))
    return query


def _carried_in(unit_id: int, today: date) -> ColumnElement[bool]:
    """Whether the holder belongs to a unit, or to what stands below it."""
    below = units_below(unit_id, today, today)
    members = select(Membership.person_id).where(Membership.unit_id.in_(below), Membership.period.contains(today))
    return or_(Vehicle.unit_id.in_(below), Person.id.in_(members))


def _conditions(now: datetime) -> dict[str, ColumnElement[bool]]:
    """What each filter holds; '' is every living device."""
    living = Device.revoked_at.is_(None)
    rejected = select(Rejection.device_id).where(Rejection.day >= _since(now))
    set_up = Device.secret_bcrypt.is_not(None)
    unheard = or_(DeviceState.last_heard_at.is_(None), DeviceState.last_heard_at < now - SILENT_AFTER)
    states = {
        "silent": and_(set_up, unheard),
        "rejected": Device.id.in_(rejected),
        "denied": DeviceState.denied_at >= now - timedelta(days=RECENT_DAYS),
        "not_set_up": Device.secret_bcrypt.is_(None),
        "low_battery": and_(DeviceState.battery_pct <= LOW_BATTERY_PCT, DeviceState.charging.is_not(True)),
    }
    return {"": living, **{name: living & one for name, one in states.items()}, "revoked": ~living}


def _order(sort: str) -> Sequence[ColumnElement[Any]]:
    match sort:
        case "heard":
            return (DeviceState.last_heard_at.asc().nulls_first(),)
        case "battery":
            return (DeviceState.battery_pct.asc().nulls_last(),)
        case "rejected":
            return (DeviceState.rejected.desc().nulls_last(),)
    return ()


def _statuses(session: Session, ids: Collection[int]) -> Mapping[int, Row[Any]]:
    """The newest status of each device that ever said one."""
    newest = (
        select(*DeviceStatus.__table__.columns)
        .where(DeviceStatus.device_id == Device.id)
        .order_by(DeviceStatus.received_at.desc())
        .limit(1)
        .lateral("newest")
    )
    query = select(newest).select_from(Device).join(newest, true()).where(Device.id.in_(ids))
    return {row.device_id: row for row in session.execute(query)}


def _rejections(session: Session, ids: Collection[int], now: datetime) -> Mapping[int, Mapping[str, int]]:
    """How often each device was rejected for each reason in the recent days, most often first."""
    count = func.sum(Rejection.count)
    query = (
        select(Rejection.device_id, Rejection.reason, count)
        .where(Rejection.device_id.in_(ids), Rejection.day >= _since(now))
        .group_by(Rejection.device_id, Rejection.reason)
        .order_by(count.desc(), Rejection.reason)
    )
    found: dict[int, dict[str, int]] = {}
    for device_id, reason, times in session.execute(query):
        found.setdefault(device_id, {})[reason] = times
    return found


def _since(now: datetime) -> Any:
    return now.astimezone(UTC).date() - timedelta(days=RECENT_DAYS - 1)
