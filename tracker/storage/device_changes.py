"""What changes of devices on somebody's behalf: see `tracker.storage.changes`.

A device that nobody carries is the city's. It has no secret until it is set up, and what it is set up with is shown
once: whoever needs it again gives it another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.storage import devices, holders, register
from tracker.storage.audit import Action
from tracker.storage.changes import By
from tracker.storage.models import Device
from tracker.storage.register import Impossible, Why, rules_said

CHANGEABLE = ("model", "expected_interval_s")


@dataclass(frozen=True, slots=True)
class Holder:
    """Who or what carries a device: a person by NIP, a vehicle by call sign, or with neither nobody."""

    nip: str | None = None
    call_sign: str | None = None

    def ids(self, by: By) -> tuple[int | None, int | None]:
        """The ids of the person and of the vehicle, of those whom they administer."""
        if self.nip and self.call_sign:
            raise Impossible("a person or a vehicle carries a device, not both", Why.TWO_HOLDERS)
        person = by.employee(self.nip).id if self.nip else None
        vehicle = by.vehicle(self.call_sign) if self.call_sign else None
        if vehicle is not None and vehicle.retired_at is not None:
            raise Impossible(f"{self.call_sign!r} is retired", Why.RETIRED)
        return person, vehicle.id if vehicle else None


NOBODY = Holder()


def register_device(
    by: By, login: str, kind: str, holder: Holder, *, model: str = "", expected_interval_s: int = 60,
    since: datetime | None = None,
) -> None:  # fmt: skip
    """Add a device that is not set up yet; from `since` (now) on its holder carries it."""
    person_id, vehicle_id = holder.ids(by)
    if holder == NOBODY and by.viewer is not None and not by.viewer.administers_city:
        raise Impossible("what nobody carries is the city's", Why.NEEDS_HOLDER)
    with rules_said(by.session):
        devices.register_device(
            by.session.connection(), login, kind, model=model, expected_interval_s=expected_interval_s,
            person_id=person_id, vehicle_id=vehicle_id, since=since or by.now,
        )  # fmt: skip
    carried = {"vehicle": holder.call_sign, "since": since and since.isoformat()}
    by.note(Action.ADD_DEVICE, {"device": login, **carried}, [person_id] if person_id else [])


def set_up(by: By, login: str) -> str:
    """Give a device a secret, shown this once; one that it had is refused from now on, its connection ends."""
    _living(by, login)
    conn = by.session.connection()
    secret = devices.renew_secret(conn, login)
    assert secret is not None  # it lives
    by.note(Action.RENEW_SECRET, {"device": login}, devices.carried_by(conn, login))
    return secret


def revoke(by: By, login: str) -> None:
    """Take a device's right to publish, for good: its connection ends, and its login is not given again."""
    _living(by, login)
    conn = by.session.connection()
    people = devices.carried_by(conn, login)
    devices.revoke_device(conn, login)
    by.note(Action.REVOKE_DEVICE, {"device": login}, people)


def set_key(by: By, login: str, sealed: bytes | None) -> None:
    """Keep the sealed key of what a device encrypts, or forget it."""
    _living(by, login)
    conn = by.session.connection()
    devices.set_payload_key(conn, login, sealed)
    detail = {"device": login, "encrypts": sealed is not None}
    by.note(Action.SET_DEVICE_KEY, detail, devices.carried_by(conn, login))


def change(by: By, login: str, values: Mapping[str, Any]) -> None:
    """Put other values in the columns of `CHANGEABLE`; what is the same is not noted."""
    device = _living(by, login)
    changed = {name: values[name] for name in CHANGEABLE if name in values and getattr(device, name) != values[name]}
    if not changed:
        return
    before = {name: getattr(device, name) for name in changed}
    for name, value in changed.items():
        setattr(device, name, value)
    by.session.flush()
    people = devices.carried_by(by.session.connection(), login)
    by.note(Action.CHANGE_DEVICE, {"device": login, "before": before, "after": changed}, people)


def hand_over(by: By, login: str, holder: Holder, since: datetime, until: datetime | None = None) -> None:
    """A person or a vehicle carries a device from a time on; whoever carried it until then does no more."""
    person_id, vehicle_id = holder.ids(by)
    _living(by, login)
    before = holders.hand_over(by.session, login, since, until, person_id=person_id, vehicle_id=vehicle_id)
    times = {"at": since.isoformat(), "until": until and until.isoformat()}
    detail = {"device": login, "vehicle": holder.call_sign, **times}
    if before is not None and before.person_id not in (None, person_id):
        by.note(Action.RETURN_DEVICE, detail, [before.person_id])
    by.note(Action.HAND_DEVICE, detail, [person_id] if person_id else [])


def take_back(by: By, login: str, at: datetime) -> None:
    """Nobody carries a device any more: what it says from now on is about nobody."""
    _living(by, login)
    ended = holders.take_back(by.session, login, at)
    people = [] if ended.person_id is None else [ended.person_id]
    by.note(Action.RETURN_DEVICE, {"device": login, "at": at.isoformat()}, people)


def swap(by: By, lost: str, fresh: str) -> str:
    """Put another device in the place of a lost one, which is revoked; returns its secret, shown this once."""
    _living(by, lost)
    with rules_said(by.session):
        secret = holders.swap_device(by.session, lost, fresh, by.now)
    people = devices.carried_by(by.session.connection(), fresh)
    by.note(Action.SWAP_DEVICE, {"device": fresh, "lost": lost}, people)
    return secret


def _living(by: By, login: str) -> Device:
    """A device that they administer and that is not revoked."""
    device = by.device(login)
    if device.revoked_at is not None:
        raise register.no_device(login)
    return device
