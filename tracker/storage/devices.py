"""Devices: their logins and secrets, and who carries them."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    DateTime,
    Integer,
    Select,
    Text,
    any_,
    bindparam,
    exists,
    func,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, Range, insert

from tracker.storage.broker_hashes import hashes
from tracker.storage.models import Assignment, Device, DeviceState


class BrokerLogin(NamedTuple):
    """What a broker must know of one device: the hash that NATS, Mosquitto or RabbitMQ reads.

    A secret from before the latter two were kept has none for them: the device needs a new one there.
    """

    login: str
    secret_bcrypt: str
    secret_pbkdf2: str | None = None
    secret_sha256: str | None = None


def count_denied(conn: Connection, login: str, count: int, topic: str) -> None:
    """Note that a device published so often where it may not, last on `topic`: it was heard, and all of it was lost."""
    device = select(Device.id, func.now(), literal(count), func.now(), literal(topic)).where(Device.login == login)
    row = insert(DeviceState).from_select(["device_id", "last_heard_at", "denied", "denied_at", "denied_topic"], device)
    conn.execute(
        row.on_conflict_do_update(
            index_elements=[DeviceState.device_id],
            set_={
                "denied": DeviceState.denied + row.excluded.denied,
                "denied_at": row.excluded.denied_at,
                "denied_topic": row.excluded.denied_topic,
            },
        )
    )


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """What the road must know of a device."""

    id: int
    payload_key_sealed: bytes | None


@dataclass(frozen=True, slots=True)
class DeviceLogin:
    """What a door must know to let a device in."""

    id: int
    login: str
    secret_bcrypt: str | None
    revoked: bool


def register_device(
    conn: Connection,
    login: str,
    kind: str,
    *,
    model: str = "",
    expected_interval_s: int = 60,
    person_id: int | None = None,
    vehicle_id: int | None = None,
    since: datetime | None = None,
) -> None:
    """Create a device without a secret and hand it to its holder, if one is named, from `since` (now) on.

    No door lets it in before `renew_secret` gives it one.
    """
    row = {"login": login, "kind": kind, "model": model, "expected_interval_s": expected_interval_s}
    device_id = conn.scalars(insert(Device).values(row).returning(Device.id)).one()
    if person_id is not None or vehicle_id is not None:
        begin = since if since is not None else conn.scalars(select(func.now())).one()
        holder = {"person_id": person_id, "vehicle_id": vehicle_id}
        conn.execute(insert(Assignment).values(device_id=device_id, **holder, period=Range(begin, None)))


def add_device(conn: Connection, login: str, kind: str, **more: Any) -> str:
    """Create a device as `register_device` does, and set it up at once; returns its secret.

    The secret is shown this once: only its hash is kept.
    """
    register_device(conn, login, kind, **more)
    secret = renew_secret(conn, login)
    assert secret is not None  # it was just made
    return secret


def renew_secret(conn: Connection, login: str) -> str | None:
    """Give a device a new secret in place of one that got lost, shown this once; None where no such device lives."""
    secret, kept = _fresh_secret()
    living = update(Device).where(Device.login == login, Device.revoked_at.is_(None))
    return secret if conn.execute(living.values(**kept)).rowcount == 1 else None


def _fresh_secret() -> tuple[str, dict[str, str]]:
    """A new secret, and what is kept of it, by column."""
    secret = secrets.token_hex(16)
    kept = hashes(secret)
    return secret, {"secret_bcrypt": kept.bcrypt, "secret_pbkdf2": kept.pbkdf2, "secret_sha256": kept.sha256}


def revoke_device(conn: Connection, login: str) -> bool:
    """Take a device's right to publish; False where there is no such living device."""
    result = conn.execute(
        update(Device).where(Device.login == login, Device.revoked_at.is_(None)).values(revoked_at=func.now())
    )
    return result.rowcount == 1


def set_payload_key(conn: Connection, login: str, sealed: bytes | None) -> bool:
    """Keep the sealed key of what a device encrypts, or none; False where there is no such living device."""
    result = conn.execute(
        update(Device).where(Device.login == login, Device.revoked_at.is_(None)).values(payload_key_sealed=sealed)
    )
    return result.rowcount == 1


def carried_by(conn: Connection, login: str) -> list[int]:
    """The id of the person who carries a device at this moment, if it is a person."""
    held = select(Assignment.person_id).join(Device, Device.id == Assignment.device_id)
    at_present = Assignment.period.contains(func.statement_timestamp()), Assignment.person_id.is_not(None)
    now = held.where(Device.login == login, *at_present)
    return [person_id for person_id in conn.scalars(now) if person_id is not None]


def known_devices(conn: Connection, logins: Collection[str]) -> dict[str, KnownDevice]:
    """The devices of these logins, revoked ones too: what they sent while admitted is theirs."""
    wanted = bindparam("wanted", list(logins), ARRAY(Text))  # one parameter, however many they are
    found = conn.execute(select(Device.login, Device.id, Device.payload_key_sealed).where(Device.login == any_(wanted)))
    return {login: KnownDevice(device_id, sealed) for login, device_id, sealed in found}


def carried_by_nobody(conn: Connection, fixes: Sequence[tuple[int, int, datetime]]) -> set[int]:
    """Of (message, device, time): the messages with a time at which no assignment says who carried the device."""
    messages = literal([message for message, _, _ in fixes], ARRAY(Integer))
    devices = literal([device for _, device, _ in fixes], ARRAY(Integer))
    times = literal([at for _, _, at in fixes], ARRAY(DateTime(timezone=True)))
    asked = func.unnest(messages, devices, times).table_valued("message", "device", "at").render_derived()
    carried = exists().where(Assignment.device_id == asked.c.device, Assignment.period.contains(asked.c.at))
    return set(conn.scalars(select(asked.c.message).where(~carried)))


def device_login(conn: Connection, login: str) -> DeviceLogin | None:
    """The device of a login as it is at this moment, revoked or not."""
    columns = Device.id, Device.login, Device.secret_bcrypt, Device.revoked_at.is_not(None)
    row = conn.execute(select(*columns).where(Device.login == login)).one_or_none()
    return DeviceLogin(*row) if row else None


def broker_logins(conn: Connection) -> list[BrokerLogin]:
    """The devices a broker is to admit, in no order."""
    # past SQLAlchemy's rows, which take four times as long: a revoked device waits for this
    return [BrokerLogin._make(row) for row in conn.execute(_living()).cursor.fetchall()]


def broker_login(conn: Connection, login: str) -> BrokerLogin | None:
    """One that a broker is to admit, as it is at this moment."""
    row = conn.execute(_living().where(Device.login == login)).one_or_none()
    return BrokerLogin(*row) if row else None


def _living() -> Select[str, str, str | None, str | None]:
    set_up = cast("ColumnElement[str]", Device.secret_bcrypt)
    columns = Device.login, set_up, Device.secret_pbkdf2, Device.secret_sha256
    return select(*columns).where(Device.revoked_at.is_(None), Device.secret_bcrypt.is_not(None))
