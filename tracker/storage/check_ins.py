"""Check-ins and check-outs of people on duty. Off duty none is kept: nobody is followed then."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tracker.storage.models import CheckIn, DutyWindow


class OffDuty(ValueError):
    """No duty of the person takes a check-in now."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a browser saw its person, in degrees and metres."""

    lat: float
    lon: float
    accuracy_m: float


def check_in(
    session: Session, person_id: int, key: uuid.UUID, leaves: bool, place: Place | None, now: datetime
) -> None:
    """Keep a check-in, or with `leaves` a check-out; a repeated key changes nothing. Raises `OffDuty`."""
    if session.scalar(select(CheckIn.id).where(CheckIn.key == key, CheckIn.person_id == person_id)):
        return  # sent again, perhaps after the duty ended
    if duty_for_check_in(session, person_id, now) is None:
        raise OffDuty
    where = {} if place is None else {
        "lat_e7": round(place.lat * 1e7), "lon_e7": round(place.lon * 1e7), "accuracy_m": round(place.accuracy_m),
    }  # fmt: skip
    kept = insert(CheckIn).values(person_id=person_id, key=key, at=now, leaves=leaves, **where)
    session.execute(kept.on_conflict_do_nothing(index_elements=[CheckIn.key]))


def duty_for_check_in(session: Session, person_id: int, now: datetime) -> DutyWindow | None:
    """The duty that takes a check-in now."""
    on_duty = select(DutyWindow).where(
        DutyWindow.person_id == person_id, DutyWindow.accepts_from <= now, DutyWindow.accepts_until >= now,
        DutyWindow.excuse.is_(None),
    )  # fmt: skip
    return session.scalar(on_duty.order_by(DutyWindow.starts_at).limit(1))


def check_ins_of(session: Session, person_id: int, start: datetime, end: datetime) -> Sequence[CheckIn]:
    """A person's check-ins and check-outs of [start, end], in order."""
    theirs = CheckIn.person_id == person_id, CheckIn.at.between(start, end)
    return session.scalars(select(CheckIn).where(*theirs).order_by(CheckIn.at, CheckIn.id)).all()


def forget_places(conn: Connection, oldest: datetime) -> int:
    """Forget where check-ins before `oldest` were made, as positions of that time are; returns how many."""
    nowhere = {"lat_e7": None, "lon_e7": None, "accuracy_m": None}
    old = update(CheckIn).where(CheckIn.at < oldest, CheckIn.lat_e7.is_not(None)).values(nowhere)
    return conn.execute(old).rowcount
