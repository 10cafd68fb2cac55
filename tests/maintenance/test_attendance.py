"""What is older than attendance is kept goes, with all that hangs on it; the day after stays as it was."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tests import builders as build
from tracker.maintenance import attendance
from tracker.maintenance.attendance import drop_expired, first_kept, keys_to, what_expires
from tracker.storage import models as m
from tracker.web import my_data_categories as categories

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 19, 18, tzinfo=UTC)  # past midnight in Jakarta
FIRST = date(2021, 11, 20)
SAID = "Saya ada di pos sejak pagi."
COMPUTED: dict[str, Any] = {
    "revision": 1, "reason": "first", "computed_at": NOW, "rule_version": "1", "inputs_digest": "x", "expected_s": 0,
    "observed_s": 0, "evidence": {},
}  # fmt: skip
ABOUT_A_DAY = {
    "duty_window", "duty_window_zone", "window_due", "verdict", "idle_revision", "attestation", "absence_finding",
    "duty_case", "contest", "contest_photo", "leave_request", "leave_period", "roster_entry", "roster_day",
    "extra_duty", "notification", "check_in", "driver_session", "daily_log", "activity", "log_decision", "unit_day",
}  # fmt: skip
FIGURES: dict[str, Any] = dict.fromkeys((
    "people", "duties", "judged", "present", "no_show", "unverified", "excused", "late", "late_min", "left_early",
    "left_early_min", "expected_s", "observed_s", "on_site_s", "off_site_s", "moving_s", "unknown_s", "excused_s",
    "idle_s", "away_s",
), 1) | {"causes": {}, "rule_versions": []}  # fmt: skip
SECONDS = dict.fromkeys(("on_site_s", "off_site_s", "moving_s", "unknown_s"), 0)


@pytest.mark.parametrize(
    ("today", "years", "first"),
    [
        (date(2026, 11, 20), 5, date(2021, 11, 20)),
        (date(2028, 2, 29), 5, date(2023, 2, 28)),
        (date(2028, 2, 29), 4, date(2024, 2, 28)),
        (date(2027, 3, 1), 2, date(2025, 3, 1)),
    ],
)
def test_the_first_day_that_is_kept(today: date, years: int, first: date) -> None:
    assert first_kept(today, years) == first


def attended(session: Session, day: date) -> int:
    """One row of everything about that day; the id of its person."""
    conn, at = session.connection(), datetime.combine(day, time(9), JAKARTA)
    before = at - timedelta(hours=10)  # as who checks in for a night duty
    person, account = build.person(conn), m.Account(username=f"account-{day}")
    session.add(account)
    session.flush()
    window = build.window(conn, person, at, at + timedelta(hours=8), work_date=day, zones=[build.zone(conn)])
    days, word = Range(day, day + timedelta(days=1)), {"window_id": window, "reason": SAID, "account_id": account.id}
    leave: dict[str, Any] = {"person_id": person, "kind": "leave", "part": "full", "period": days}
    first = m.Contest(window_id=window, revision=1, statement=SAID, opened_at=at, due_at=at)
    asked = m.LeaveRequest(**leave, requested_at=at)
    log = m.DailyLog(person_id=person, work_date=day)
    session.add_all([first, asked, log])
    session.flush()
    ended = {"accepted": False, "decided_at": at, "decided_by": account.id, "reason": SAID}
    decided = {"outcome": "kept", "decided_at": at, "decided_by": account.id, "reason": SAID}
    for name, value in decided.items():
        setattr(first, name, value)
    shift = build.shift(conn)
    rotation = m.Rotation(name=f"Rotasi {day}", days=7, anchor=day)
    session.add(rotation)
    session.flush()
    session.add_all([
        m.VerdictRevision(window_id=window, **COMPUTED, **SECONDS, status="NO_SHOW"),
        m.IdleRevision(window_id=window, **COMPUTED, measure="idle", counted_s=0),
        m.WindowDue(window_id=window, marked_at=at, reason="late_fixes"),
        m.Attestation(**word, starts_at=at, ends_at=at + timedelta(hours=1), at=at),
        m.AbsenceFinding(**word, at=at),
        m.DutyCase(window_id=window, opened_at=at, cause="late_fixes", proposed={}, proposed_digest="x", **ended),
        m.ContestPhoto(contest_id=first.id, number=1, media_type="image/jpeg", content=b"x"),
        m.Contest(
            window_id=window, revision=1, level=2, appeal_of=first.id, statement=SAID, opened_at=at, due_at=at,
            **decided,
        ),
        m.LeavePeriod(**leave, request_id=asked.id),
        m.RosterEntry(person_id=person, rotation_id=rotation.id, offset=0, period=days),
        m.RosterDay(person_id=person, day=day, shift_id=shift),
        m.ExtraDuty(person_id=person, day=day, shift_id=shift, start_time=time(20), duration_min=60),
        m.Notification(person_id=person, at=at, kind="absence_found", work_date=day),
        m.CheckIn(person_id=person, key=uuid.uuid4(), at=before),
        m.UnitDay(work_date=day, unit_id=build.unit(conn), computed_at=at, **FIGURES),
        m.DriverSession(vehicle_id=build.vehicle(conn), person_id=person, period=Range(before - timedelta(1), before)),
        m.Activity(
            log_id=log.id, key=uuid.uuid4(), type_id=activity_type(session, day), starts_at=at, created_at=at,
            ends_at=at + timedelta(hours=1), volume=1, note="",
        ),
        m.LogDecision(log_id=log.id, at=at, account_id=account.id, decision="returned", reason=SAID),
    ])  # fmt: skip
    session.flush()
    return person


def activity_type(session: Session, day: date) -> int:
    kind = m.ActivityType(name_id=f"Rapat {day}", name_en="Meeting", volume_unit="rapat", standard_min=45)
    session.add(kind)
    session.flush()
    return kind.id


def rows(engine: Engine) -> dict[str, int]:
    with engine.connect() as conn:
        tables = m.Base.metadata.sorted_tables
        return {table.name: conn.scalars(select(func.count()).select_from(table)).one() for table in tables}


@pytest.mark.parametrize("at_once", [1, 1000])
def test_what_has_expired_goes_with_all_that_hangs_on_it(
    engine: Engine, owner: Engine, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(attendance, "AT_ONCE", at_once)
    with Session(engine) as session, session.begin():
        attended(session, FIRST)
    kept = rows(engine)
    with Session(engine) as session, session.begin():
        gone = [attended(session, FIRST - timedelta(days=back)) for back in (1, 400)]
    both = rows(engine)
    assert drop_expired(owner, NOW, JAKARTA, 5, stopped()) == 0 and rows(engine) == both
    assert drop_expired(owner, NOW, JAKARTA, 5, threading.Event()) == 22, "two of each of eleven tables"
    after = rows(engine)
    assert {name for name in after if after[name] < both[name]} == ABOUT_A_DAY
    assert {name: after[name] for name in ABOUT_A_DAY} == {name: kept[name] for name in ABOUT_A_DAY}
    with engine.connect() as conn:
        assert not conn.scalars(select(m.DutyWindow.id).where(m.DutyWindow.person_id.in_(gone))).all()
    assert drop_expired(owner, NOW, JAKARTA, 5, threading.Event()) == 0


def stopped() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@pytest.mark.parametrize("waiting", [m.Contest, m.DutyCase])
def test_a_duty_about_which_something_waits_for_a_decision_is_kept(
    engine: Engine, owner: Engine, waiting: type[m.Contest] | type[m.DutyCase]
) -> None:
    with Session(engine) as session, session.begin():
        attended(session, FIRST - timedelta(days=9))
        undecided = dict.fromkeys(("outcome", "accepted", "decided_at", "decided_by"))
        newest = session.scalars(select(waiting).order_by(waiting.id.desc())).first()
        for name in undecided.keys() & waiting.__table__.columns.keys():
            setattr(newest, name, None)
    before = rows(engine)
    assert drop_expired(owner, NOW, JAKARTA, 5, threading.Event()) == 10, "all but the duty"
    hangs_on_it = {key.parent.table.name for key in keys_to(m.Base.metadata.tables["duty_window"])}
    after = rows(engine)
    assert all(after[name] == before[name] > 0 for name in {"duty_window", "contest_photo", *hangs_on_it})


def test_leave_that_outlives_its_request_is_kept_with_it(engine: Engine, owner: Engine) -> None:
    asked = {"person_id": 0, "kind": "leave", "part": "full"}
    with Session(engine) as session, session.begin():
        asked["person_id"] = build.person(session.connection())
        request = m.LeaveRequest(**asked, period=Range(FIRST - timedelta(90), FIRST - timedelta(2)), requested_at=NOW)
        session.add(request)
        session.flush()
        longer = Range(FIRST - timedelta(90), FIRST + timedelta(2))
        session.add(m.LeavePeriod(**asked, period=longer, request_id=request.id))
    assert drop_expired(owner, NOW, JAKARTA, 5, threading.Event()) == 0
    assert drop_expired(owner, NOW + timedelta(2), JAKARTA, 5, threading.Event()) == 2


def test_nothing_goes_that_a_start_of_the_city_still_promised(engine: Engine, owner: Engine) -> None:
    """A scheduler that is started by hand with other settings than the rest of the city deletes no more than they."""
    with Session(engine) as session, session.begin():
        attended(session, FIRST - timedelta(days=400))
    with owner.begin() as conn:
        conn.execute(update(m.Retention).values(attendance_years=7))
    assert drop_expired(owner, NOW, JAKARTA, 5, threading.Event()) == 0


def test_every_table_that_my_data_gives_a_term_of_years_has_it() -> None:
    promised = {
        table for one in categories.CATEGORIES.values() for table in one.tables
        if one.kept in (categories.ATTENDANCE, categories.PLACES, categories.ENDED)
    }  # fmt: skip
    expire = list(what_expires(FIRST, JAKARTA))
    for table in expire:
        expire += [key.parent.table for key in keys_to(table)]
    assert promised == {table.name for table in expire} - {"contest_photo", "unit_day", "window_due"}


def test_what_goes_on_is_kept(engine: Engine, owner: Engine) -> None:
    """A rotation that somebody began long ago and still has, and who still drives."""
    with Session(engine) as session, session.begin():
        conn = session.connection()
        rotation = m.Rotation(name="Tetap", days=7, anchor=FIRST)
        session.add(rotation)
        session.flush()
        long_ago = FIRST - timedelta(days=900)
        since = datetime.combine(long_ago, time(), JAKARTA)
        person, vehicle = build.person(conn), build.vehicle(conn)
        session.add_all([
            m.RosterEntry(person_id=person, rotation_id=rotation.id, offset=0, period=Range(long_ago, None)),
            m.DriverSession(vehicle_id=vehicle, person_id=person, period=Range(since, None)),
            m.LeavePeriod(person_id=person, kind="leave", part="full", period=Range(long_ago, FIRST + timedelta(1))),
        ])  # fmt: skip
    before = rows(engine)
    assert drop_expired(owner, NOW, JAKARTA, 5, threading.Event()) == 0 and rows(engine) == before
