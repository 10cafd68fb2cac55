"""What an administrator should look at, and how far an empty city is: numbers that lead to lists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from tracker.storage import administered
from tracker.storage.corrections import request_list
from tracker.storage.device_pages import device_counts
from tracker.storage.models import Device, Person, Unit, Vehicle, Zone
from tracker.storage.person_pages import PersonFilter, people_wanted
from tracker.storage.quarantine_pages import QuarantineFilter, count_waiting
from tracker.storage.rights import Viewer
from tracker.storage.roster_pages import MOST_POST_DAYS, rosterless, short_posts, troubled
from tracker.storage.vehicle_pages import VehicleFilter, vehicles_wanted

DEVICE_STATES = ("denied", "rejected", "silent", "low_battery", "not_set_up")


def attention(session: Session, viewer: Viewer, now: datetime) -> Mapping[str, int]:
    """How many there are of each kind that needs somebody, within what the viewer administers."""
    devices = device_counts(session, viewer, now)
    found = {f"devices_{state}": devices[state] for state in DEVICE_STATES}
    found["people_no_phone"] = _count(session, people_wanted(viewer, PersonFilter(state="no_phone")))
    found["people_no_account"] = _count(session, people_wanted(viewer, PersonFilter(state="no_account")))
    found["people_left_behind"] = _count(session, people_wanted(viewer, PersonFilter(state="left_behind")))
    found["vehicles_no_tracker"] = _count(session, vehicles_wanted(viewer, VehicleFilter(state="no_tracker")))
    found["corrections"] = request_list(session, viewer, "open", 1)[1].get("open", 0)
    found["without_roster"] = _count(session, rosterless(viewer, None, viewer.today))
    found["roster_problems"] = _count(session, troubled(viewer, None, viewer.today))
    last = viewer.today + timedelta(days=MOST_POST_DAYS - 1)
    found["posts_short"] = len(short_posts(session, viewer, None, viewer.today, last))
    if viewer.administers_city:
        found["quarantine"] = count_waiting(session, QuarantineFilter())[0]
    return found


def first_steps(session: Session, viewer: Viewer) -> Mapping[str, bool]:
    """What a city needs before it works, in the order in which it is set up, and whether some of each is there."""
    tables: Mapping[str, tuple[Any, Any]] = {
        "units": (Unit, administered.units(viewer)), "people": (Person, administered.people(viewer)),
        "vehicles": (Vehicle, administered.vehicles(viewer)), "devices": (Device, administered.devices(viewer)),
        "zones": (Zone, Zone.retired_at.is_(None)),
    }  # fmt: skip
    there = [exists(select(table.id).where(ours)) for table, ours in tables.values()]
    return dict(zip(tables, session.execute(select(*there)).one(), strict=True))


def _count(session: Session, query: Select[Any]) -> int:
    return session.scalar(select(func.count()).select_from(query.subquery())) or 0
