"""The city in the register, once: units, zones, people, vehicles, devices, shifts, the catalogue and three accounts.

`prepare` may run at every start. It recognises its own city by the root unit and refuses to mix with another one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.orm import Session

from tracker.demo.accounts import demo_logins
from tracker.demo.activities import CATALOGUE
from tracker.demo.cast import FLEET, PHONE_INTERVAL_S, ROOT_UNIT, SHIFTS, SUPERVISED_UNIT, TRACKER_INTERVAL_S, UNITS
from tracker.demo.history import write_logs
from tracker.demo.memory import PROGRESS, SECRETS, Memory
from tracker.demo.places import ZONES
from tracker.demo.roster import PAST_DAYS, keep_rosters
from tracker.demo.staff import DEMO_EMPLOYEE, DEMO_SUPERVISOR, STAFF
from tracker.demo.world import World
from tracker.storage.accounts import create_account
from tracker.storage.devices import add_device, renew_secret
from tracker.storage.granting import grant_role
from tracker.storage.models import ActivityType, Device, Person, Shift, Unit, Vehicle, Zone
from tracker.storage.register import add_person, add_unit

SEED_LOCK = 0x6B6F7461  # "kota"
HANDED_OUT = timedelta(days=PAST_DAYS + 2)  # the devices were handed out before the first duty that is simulated


class ForeignCity(RuntimeError):
    """The database holds a city that is not the simulated one."""


def prepare(engine: Engine, world: World, data_dir: Path, now: datetime) -> dict[str, str]:
    """Make the city where it is missing, publish the roster, write yesterday's logs; returns each device's secret."""
    memory = Memory(data_dir)
    with Session(engine) as session, session.begin():
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SEED_LOCK})
        secrets = _city(session, world, data_dir, now)
        keep_rosters(session, world, now)
        keep_up(session, world, now)
        memory.write(SECRETS, secrets)  # before the commit: a secret in the database only would be lost
    return secrets


def keep_up(session: Session, world: World, now: datetime) -> None:
    """What a new day brings: the logs of the days that are over."""
    write_logs(session, world, now)


def _city(session: Session, world: World, data_dir: Path, now: datetime) -> dict[str, str]:
    if session.scalar(select(Unit.id).limit(1)) is None:
        Memory(data_dir).write(PROGRESS, {})
        return _found(session, world, data_dir, now)
    if session.scalar(select(Unit.id).where(Unit.name == ROOT_UNIT)) is None:
        raise ForeignCity("the database holds another city: start with DEMO=0, or give the simulated city a database")
    return _known_secrets(session.connection(), Memory(data_dir).read(SECRETS))


def _known_secrets(conn: Connection, kept: Mapping[str, str]) -> dict[str, str]:
    """The secrets of the living devices of the cast; those that were lost are renewed."""
    logins = [machine.login for machine in FLEET] + [person.login for person in STAFF]
    living = conn.scalars(select(Device.login).where(Device.login.in_(logins), Device.revoked_at.is_(None)))
    secrets = {login: kept.get(login) or renew_secret(conn, login) for login in living.all()}
    return {login: secret for login, secret in secrets.items() if secret is not None}


def _found(session: Session, world: World, data_dir: Path, now: datetime) -> dict[str, str]:
    conn = session.connection()
    units, zones = _units(session), _zones(conn)
    _shifts(conn)
    conn.execute(insert(ActivityType), [kind.row() for kind in CATALOGUE])
    since = datetime.combine(now.astimezone(world.zone).date(), time(), world.zone).astimezone(UTC) - HANDED_OUT
    secrets = _vehicles(conn, units, zones, since) | _people(session, since)
    _accounts(session, units, data_dir)
    return secrets


def _units(session: Session) -> dict[str, int]:
    return {name: add_unit(session, name, above).id for name, above in UNITS.items()}


def _zones(conn: Connection) -> dict[str, int]:
    rows = [
        {"name": z.name, "lat_e7": round(z.spot.lat * 1e7), "lon_e7": round(z.spot.lon * 1e7), "radius_m": z.radius_m}
        for z in ZONES
    ]
    conn.execute(insert(Zone), rows)
    return {name: zone_id for name, zone_id in conn.execute(select(Zone.name, Zone.id))}


def _shifts(conn: Connection) -> None:
    rows = [
        {"name": s.name, "start_time": s.start, "duration_min": s.minutes, "grace_min": s.grace_min,
         "profile": s.profile}
        for s in SHIFTS.values()
    ]  # fmt: skip
    conn.execute(insert(Shift), rows)


def _vehicles(conn: Connection, units: Mapping[str, int], zones: Mapping[str, int], since: datetime) -> dict[str, str]:
    secrets = {}
    for machine in FLEET:
        row = insert(Vehicle).values(
            call_sign=machine.call_sign,
            plate=machine.plate,
            kind=machine.kind,
            unit_id=units[machine.unit],
            base_zone_id=zones[machine.base.name],
        )
        vehicle_id = conn.scalars(row.returning(Vehicle.id)).one()
        secrets[machine.login] = add_device(
            conn, machine.login, "tracker", expected_interval_s=TRACKER_INTERVAL_S, vehicle_id=vehicle_id, since=since
        )
    return secrets


def _people(session: Session, since: datetime) -> dict[str, str]:
    secrets = {}
    for employee in STAFF:
        person_id = add_person(session, employee.nip, employee.name, employee.unit, employee.position).id
        if employee.has_phone:
            secrets[employee.login] = add_device(
                session.connection(),
                employee.login,
                "phone",
                expected_interval_s=PHONE_INTERVAL_S,
                person_id=person_id,
                since=since,
            )
    return secrets


def _accounts(session: Session, units: Mapping[str, int], data_dir: Path) -> None:
    holders = {"employee": DEMO_EMPLOYEE, "supervisor": DEMO_SUPERVISOR}
    roles = {
        "supervisor": ("supervisor", units[SUPERVISED_UNIT]),
        "auditor": ("auditor", None),
        "administrator": ("system_administrator", None),
    }
    for name, username, password in demo_logins(data_dir):
        person_id = session.scalar(select(Person.id).where(Person.name == holders.get(name)))
        account = create_account(session, username, password, person_id)
        if name in roles:
            grant_role(session, account.id, *roles[name], since=None)
