"""What people do on the pages, for tests about what follows from it."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import date

from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from tests.web.conftest import WORK_DATE, Browser
from tracker.storage import models as m


def at_once(calls: Sequence[Callable[[], None]]) -> None:
    """Run all of these at the same time, each in a thread of its own."""
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def day_path(day: date = WORK_DATE) -> str:
    return f"/me/days/{day}"


def team_path(person_id: int, day: date = WORK_DATE) -> str:
    return f"/team/{person_id}/days/{day}"


def add(browser: Browser, type_id: int, start: str, end: str, day: date = WORK_DATE, **fields: str) -> TestResponse:
    """Write one activity on the employee's page."""
    browser.get(day_path(day))
    form = {"key": str(uuid.uuid4()), "volume": "3", "note": "", **fields}
    return browser.post(f"{day_path(day)}/activities", type_id=type_id, start=start, end=end, **form)


def submit(browser: Browser, day: date = WORK_DATE) -> TestResponse:
    browser.get(day_path(day))
    return browser.post(f"{day_path(day)}/submit")


def decide(browser: Browser, person_id: int, decision: str, seen: str = "submitted", reason: str = "") -> TestResponse:
    """Send a decision on the log that was seen in a state."""
    browser.get(team_path(person_id))
    return browser.post(team_path(person_id), decision=decision, seen=seen, reason=reason)


def state_of(engine: Engine, person_id: int, day: date = WORK_DATE) -> str | None:
    query = select(m.DailyLog.state).where(m.DailyLog.person_id == person_id, m.DailyLog.work_date == day)
    with engine.connect() as conn:
        return conn.scalar(query)


def activities_of(engine: Engine, person_id: int) -> list[tuple[object, object, int]]:
    """Start, end and volume of all activities of a person."""
    query = select(m.Activity.starts_at, m.Activity.ends_at, m.Activity.volume).join(m.DailyLog)
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(query.where(m.DailyLog.person_id == person_id))]
