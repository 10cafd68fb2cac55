"""Rows with sensible defaults, so that a test names only what it is about."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tracker.storage import models as m
from tracker.storage.devices import add_device, known_devices
from tracker.storage.notices import NOTICE_VERSION
from tracker.storage.zones import add_polygon

_numbers = itertools.count(1)
ALWAYS: Range[date] = Range(None, None)
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def unit(conn: Connection, name: str = "", below: int | None = None) -> int:
    name = name or f"Unit {next(_numbers)}"
    unit_id = conn.scalars(insert(m.Unit).values(name=name).returning(m.Unit.id)).one()
    conn.execute(insert(m.UnitPlace).values(unit_id=unit_id, parent_id=below, period=ALWAYS))
    return unit_id


def person(conn: Connection, unit_id: int | None = None, name: str = "Siti Rahayu") -> int:
    nip = f"19800101200501{next(_numbers):04d}"
    person_id = conn.scalars(insert(m.Person).values(nip=nip, name=name).returning(m.Person.id)).one()
    conn.execute(insert(m.Membership).values(person_id=person_id, unit_id=unit_id or unit(conn), period=ALWAYS))
    return person_id


def has_read_notice(conn: Connection, *person_ids: int) -> None:
    """The people know the present privacy notice, so that their pages open at once."""
    rows = [{"person_id": person_id, "version": NOTICE_VERSION, "at": LONG_AGO} for person_id in person_ids]
    conn.execute(insert(m.NoticeAcknowledgement), rows)


def zone(conn: Connection, lat: float = -6.2, lon: float = 106.8, radius_m: int = 150, name: str = "") -> int:
    values = {"name": name or f"Zone {next(_numbers)}", "lat_e7": round(lat * 1e7), "lon_e7": round(lon * 1e7)}
    return conn.scalars(insert(m.Zone).values(**values, radius_m=radius_m).returning(m.Zone.id)).one()


def area(conn: Connection, *rings: Sequence[tuple[float, float]], name: str = "") -> int:
    """A polygon zone of an outer ring and holes, given in degrees, longitude first."""
    with Session(conn, join_transaction_mode="create_savepoint") as session:
        geometry = {"type": "Polygon", "coordinates": rings}
        zone_id = add_polygon(session, name or f"Zone {next(_numbers)}", geometry).id
        session.commit()
        return zone_id


def vehicle(conn: Connection, unit_id: int | None = None, kind: str = "garbage_truck", base: int | None = None) -> int:
    number = next(_numbers)
    values = {"call_sign": f"V-{number}", "plate": f"B {number} XY", "kind": kind, "base_zone_id": base}
    return conn.scalars(insert(m.Vehicle).values(**values, unit_id=unit_id or unit(conn)).returning(m.Vehicle.id)).one()


def device(
    conn: Connection,
    login: str = "",
    *,
    person_id: int | None = None,
    vehicle_id: int | None = None,
    interval_s: int = 60,
) -> int:
    """A device held by the person or vehicle since long ago, or by nobody; returns its id."""
    login = login or f"device-{next(_numbers)}"
    kind = "tracker" if vehicle_id else "phone"
    add_device(
        conn, login, kind, expected_interval_s=interval_s, person_id=person_id, vehicle_id=vehicle_id, since=LONG_AGO
    )
    return known_devices(conn, [login])[login].id


def shift(conn: Connection, profile: str = "FIELD", grace_min: int = 15) -> int:
    values = {"name": f"Shift {next(_numbers)}", "start_time": time(8), "duration_min": 480, "profile": profile}
    return conn.scalars(insert(m.Shift).values(**values, grace_min=grace_min).returning(m.Shift.id)).one()


def window(
    conn: Connection,
    person_id: int,
    starts_at: datetime,
    ends_at: datetime,
    *,
    work_date: date | None = None,
    zones: Sequence[int] = (),
    shift_id: int | None = None,
    margin: timedelta = timedelta(hours=1),
    published_at: datetime = LONG_AGO,
    excuse: str | None = None,
) -> int:
    """A published duty window; `work_date` is the UTC date of its start unless given."""
    shift_id = shift_id or shift(conn)
    terms = conn.execute(select(m.Shift.profile, m.Shift.grace_min).where(m.Shift.id == shift_id)).one()
    values = {
        **terms._mapping,
        "excuse": excuse,
        "person_id": person_id,
        "shift_id": shift_id,
        "work_date": work_date or starts_at.date(),
        "starts_at": starts_at,
        "ends_at": ends_at,
        "accepts_from": starts_at - margin,
        "accepts_until": ends_at + margin,
        "published_at": published_at,
    }
    window_id = conn.scalars(insert(m.DutyWindow).values(values).returning(m.DutyWindow.id)).one()
    for zone_id in zones:
        conn.execute(insert(m.DutyWindowZone).values(window_id=window_id, zone_id=zone_id))
    return window_id


def grant(conn: Connection, username: str, role: str, unit_id: int | None = None) -> None:
    """Give an account a role since ever."""
    account = select(m.Account.id).where(m.Account.username == username).scalar_subquery()
    conn.execute(insert(m.RoleGrant).values(account_id=account, role=role, unit_id=unit_id, period=ALWAYS))
