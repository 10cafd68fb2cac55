"""By which right an account stands before one day of a person."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import abort

from tracker.storage.models import DutyWindow, Membership
from tracker.storage.person_days import windows_on
from tracker.storage.rights import Grant, Right, grounds, visible_member
from tracker.web.access import viewer
from tracker.web.city import db


def member_on(right: Right, person_id: int, work_date: date) -> Membership:
    """Who the person was on that day, where the right covers it."""
    return visible_member(db.session(), viewer(), right, person_id, work_date) or abort(404)


def window_on(person_id: int, work_date: date, window_id: int) -> DutyWindow:
    """A duty of that day by its number; 404 where it is of another day or somebody else's."""
    windows = windows_on(db.session(), person_id, work_date)
    return next((one for one in windows if one.id == window_id), None) or abort(404)


def ground_of(right: Right, person_id: int, work_date: date) -> Grant:
    """By which grant the viewer has this right over the day: one of their own before one in somebody's place."""
    found = grounds(db.session(), viewer(), right, person_id, work_date)
    return min(found, key=lambda grant: (grant.role == "auditor", grant.instead_of is not None))


def noted(right: Right, person_id: int, work_date: date) -> dict[str, Any]:
    """What the audit keeps of a look or a decision: the day, and in which role."""
    ground = ground_of(right, person_id, work_date)
    instead_of = {"instead_of": ground.instead_of} if ground.instead_of else {}
    return {"work_date": work_date.isoformat(), "role": ground.role, **instead_of}
