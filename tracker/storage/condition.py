"""How the store is: what the page about the system's condition asks the database. No position and nobody's name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from tracker.storage.day_tables import day_tables
from tracker.storage.models import Device, DeviceState, Quarantine

LEADER_LOCK = 0x6C656164  # "lead": held by the active scheduler as long as it lives
SERVER = text("""
SELECT current_setting('server_version') AS version, pg_database_size(current_database()) AS bytes,
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most
""")
LEADER = text("""
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = :lock
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
""")


@dataclass(frozen=True, slots=True)
class Server:
    """The database server: its version, the bytes of our database, all clients' connections and their limit."""

    version: str
    bytes: int
    connections: int
    most: int


@dataclass(frozen=True, slots=True)
class Heard:
    """How many devices there are that are not revoked, how many of them were heard in the last hour, and the last."""

    devices: int
    within_hour: int
    last: datetime | None


def server(session: Session) -> Server:
    return Server(**session.execute(SERVER).mappings().one())


def stored_days(session: Session) -> Sequence[date]:
    """The UTC days that fixes can be stored in, in order."""
    return [table.day for table in day_tables(session.connection()) if table.attached and not table.part]


def heard(session: Session, now: datetime) -> Heard:
    within_hour = func.count().filter(DeviceState.last_heard_at > now - timedelta(hours=1))
    query: Any = select(func.count(), within_hour, func.max(DeviceState.last_heard_at))
    living = query.select_from(Device).outerjoin(DeviceState, DeviceState.device_id == Device.id)
    return Heard(*session.execute(living.where(Device.revoked_at.is_(None))).one())


def quarantined_since(session: Session, since: datetime) -> int:
    """How many messages came into quarantine since then."""
    query = select(func.count()).select_from(Quarantine).where(Quarantine.received_at > since)
    return session.scalar(query) or 0


def scheduler_is_active(conn: Connection | Session) -> bool:
    """Whether a scheduler is active, on whatever machine: it holds its lock."""
    return bool(conn.scalar(LEADER, {"lock": LEADER_LOCK}))
