"""How devices are: a list for administrators. It reads health and counters, never a position."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from tracker.storage.models import Assignment, Device, DeviceState, DeviceStatus, Person, Rejection, Vehicle
from tracker.storage.paging import Page, page_of
from tracker.storage.rights import Right, Viewer, covers, units_covered

SILENT_AFTER = timedelta(hours=1)  # a heartbeat comes each 15 minutes
LOW_BATTERY_PCT = 15
RECENT_DAYS = 7  # UTC days, today included, for which a device's mistakes are held up to it
FILTERS = ("silent", "rejected", "denied", "low_battery", "revoked")
SORTS = ("login", "heard", "battery", "rejected")


@dataclass(frozen=True, slots=True)
class DeviceFilter:
    """What somebody asked for; empty values do not narrow. Without `state` all living devices."""

    search: str = ""
    state: str = ""
    sort: str = "login"


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
    tallies = [func.count().filter(condition) for condition in conditions.values()]
    tallied = session.execute(_of_devices(tallies, viewer, wanted.search, now)).one()
    counts = dict(zip(conditions, tallied, strict=True))
    query = _of_devices(COLUMNS, viewer, wanted.search, now).where(conditions[wanted.state])
    query = query.order_by(*_order(wanted.sort), Device.login)
    page = page_of(session, query, counts[wanted.state], number)
    ids = [row.id for row in page.rows]
    return DeviceList(page, _statuses(session, ids), _rejections(session, ids, now), counts)


STATE = (
    "last_heard_at", "lag_s", "battery_pct", "charging", "connectivity", "lost_at", "stored", "duplicate", "off_duty",
    "unassigned", "clock_ahead", "no_fix", "rejected", "denied", "denied_at", "denied_topic",
)  # fmt: skip
COLUMNS = (
    Device.id, Device.login, Device.kind, Device.revoked_at,
    func.coalesce(Person.name, Vehicle.call_sign).label("holder"),
    *(getattr(DeviceState, name) for name in STATE),
)  # fmt: skip


def _of_devices(columns: Sequence[Any], viewer: Viewer, search: str, now: datetime) -> Select[Any]:
    """These columns of the devices that were searched, their state and their present holder."""
    query: Select[Any] = (
        select(*columns)
        .select_from(Device)
        .outerjoin(DeviceState, DeviceState.device_id == Device.id)
        .outerjoin(Assignment, and_(Assignment.device_id == Device.id, Assignment.period.contains(now)))
        .outerjoin(Person, Person.id == Assignment.person_id)
        .outerjoin(Vehicle, Vehicle.id == Assignment.vehicle_id)
    )
    if not viewer.administers_city:
        query = query.where(_carried_by_ours(viewer))
    if not search:
        return query
    by_name = (Device.login, Person.name, Person.nip, Vehicle.call_sign, Vehicle.plate)
    return query.where(or_(*(column.icontains(search, autoescape=True) for column in by_name)))


def _carried_by_ours(viewer: Viewer) -> ColumnElement[bool]:
    """Whether the holder belongs to a unit of the viewer; what nobody carries is the city's."""
    ours = Vehicle.unit_id.in_(units_covered(viewer, Right.ADMINISTER, viewer.today, viewer.today))
    return or_(ours, covers(viewer, Right.ADMINISTER, Person.id, viewer.today))


def _conditions(now: datetime) -> dict[str, ColumnElement[bool]]:
    """What each filter holds; '' is every living device."""
    living = Device.revoked_at.is_(None)
    rejected = select(Rejection.device_id).where(Rejection.day >= _since(now))
    states = {
        "silent": or_(DeviceState.last_heard_at.is_(None), DeviceState.last_heard_at < now - SILENT_AFTER),
        "rejected": Device.id.in_(rejected),
        "denied": DeviceState.denied_at >= now - timedelta(days=RECENT_DAYS),
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
