"""What a human decides on a contest, or finds, is an input of the next revision: also after the lock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, text
from sqlalchemy.orm import Session

from tests import builders
from tests.domain import days
from tests.reports.duties import RETENTION_DAYS, OnDuty, at, judge, on_duty, receive, track, verdicts
from tracker.domain.contest import Refusal, Refused
from tracker.domain.fix import oldest_kept
from tracker.storage import absences, contests
from tracker.storage import models as m
from tracker.storage.contests import Answer, Decision, Times
from tracker.storage.person_days import verdicts_of
from tracker.storage.rights import Viewer, viewer_for

AFTER_LOCK, LONG_AFTER = "+4 18:00", "+61 18:00"
WHY = "Saya melihatnya sendiri di pos."
SAID = Answer("Saya ada di pos sepanjang hari, ponsel saya rusak.")


@pytest.fixture
def duty(engine: Engine) -> OnDuty:
    """Of somebody whose phone is silent, with accounts of theirs, of their team and of the agency above it."""
    with engine.begin() as conn:
        found = on_duty(conn)
        team = conn.scalars(select(m.Membership.unit_id)).one()
        agency = builders.unit(conn)
        conn.execute(text("UPDATE unit_place SET parent_id = :up WHERE unit_id = :team"), {"up": agency, "team": team})
        for username, unit, person in (("regu", team, None), ("atasan", agency, None), ("pegawai", None, True)):
            conn.execute(insert(m.Account).values(username=username, person_id=found.person_id if person else None))
            if unit:
                builders.grant(conn, username, "supervisor", unit)
    return found


def who(session: Session, username: str = "regu") -> Viewer:
    account = session.scalars(select(m.Account).where(m.Account.username == username)).one()
    return viewer_for(session, account, at("18:00").date())


def times(now: datetime, days_open: int = 14) -> Times:
    return Times(now, days.WIB, days_open, oldest_kept(now, RETENTION_DAYS))


def seen(session: Session, duty: OnDuty) -> str:
    return absences.seen(verdicts_of(session, [duty.window_id])[duty.window_id][0])


def answer(engine: Engine, duty: OnDuty, clock: str = "18:01", days_open: int = 14) -> int:
    with Session(engine) as session, session.begin():
        window = session.get_one(m.DutyWindow, duty.window_id)
        return contests.open_contest(session, window, SAID, times(at(clock), days_open)).id


def decide(
    engine: Engine, duty: OnDuty, number: int, clock: str, present: tuple[str, str] | None, username: str = "regu"
) -> None:
    with Session(engine) as session, session.begin():
        span = None if present is None else (at(present[0]), at(present[1]))
        decision, contest = Decision(WHY, span), session.get_one(m.Contest, number)
        contests.decide(session, who(session, username), contest, seen(session, duty), decision, times(at(clock)))


def find_absent(engine: Engine, duty: OnDuty, clock: str = "18:01") -> int:
    with Session(engine) as session, session.begin():
        window, oldest = session.get_one(m.DutyWindow, duty.window_id), times(at(clock)).oldest
        return absences.find(session, who(session), window, seen(session, duty), WHY, at(clock), oldest).id


def told(engine: Engine, duty: OnDuty) -> list[tuple[Any, ...]]:
    return [(one.status, one.reason) for one in verdicts(engine, duty.window_id)]


def news(engine: Engine) -> list[str]:
    with engine.connect() as conn:
        return list(conn.scalars(select(m.Notification.kind).order_by(m.Notification.id)))


def test_absence_found_is_contested_attested_and_presence(engine: Engine, duty: OnDuty) -> None:
    judge(engine, "18:00")
    find_absent(engine, duty)
    judge(engine, "18:02")
    assert told(engine, duty) == [("UNVERIFIED", "first"), ("NO_SHOW", "decision")]
    newest = verdicts(engine, duty.window_id)[-1]
    assert newest.evidence["absence_found"] is True and WHY not in str(newest.evidence)
    judge(engine, "18:03")
    number = answer(engine, duty, "18:04")
    decide(engine, duty, number, "18:05", ("08:00", "16:00"))
    judge(engine, "18:06")
    assert told(engine, duty)[2:] == [("PRESENT", "decision")]
    judge(engine, "18:07")
    assert len(told(engine, duty)) == 3, "the same again is nothing new"
    assert news(engine) == ["absence_found", "verdict_worse", "contest_decided"]


def test_a_finding_is_taken_back_and_found_once(engine: Engine, duty: OnDuty) -> None:
    judge(engine, "18:00")
    number = find_absent(engine, duty)
    with pytest.raises(Refused, match=Refusal.FOUND):
        find_absent(engine, duty)
    judge(engine, "18:02")
    with pytest.raises(Refused, match=Refusal.NOT_SILENT):
        find_absent(engine, duty)
    for refusal in (None, Refusal.WITHDRAWN):
        with Session(engine) as session, session.begin():
            finding, window = session.get_one(m.AbsenceFinding, number), session.get_one(m.DutyWindow, duty.window_id)
            try:
                absences.withdraw(session, who(session), finding, window, at("18:03"), times(at("18:03")).oldest)
                assert refusal is None
            except Refused as refused:
                assert refused.refusal is refusal
    judge(engine, "18:04")
    assert told(engine, duty)[-1] == ("UNVERIFIED", "decision")
    assert news(engine) == ["absence_found", "verdict_worse", "absence_withdrawn"]
    find_absent(engine, duty, "18:05")


def test_what_arrives_late_overrides_a_finding(engine: Engine, duty: OnDuty) -> None:
    judge(engine, "18:00")
    find_absent(engine, duty)
    judge(engine, "18:02")
    with engine.begin() as conn:
        receive(conn, duty.device_id, track("07:40-16:10 work"), at("18:03"))
    judge(engine, "18:30")
    assert told(engine, duty)[-1] == ("PRESENT", "late_fixes")


def test_after_the_lock_a_decision_makes_the_next_revision(engine: Engine, duty: OnDuty) -> None:
    judge(engine, "18:00")
    number = answer(engine, duty, AFTER_LOCK)
    decide(engine, duty, number, AFTER_LOCK, ("08:00", "16:00"))
    judge(engine, AFTER_LOCK)
    assert told(engine, duty) == [("UNVERIFIED", "first"), ("PRESENT", "decision")]
    with engine.connect() as conn:
        assert conn.scalars(select(m.DutyCase.id)).all() == []


def test_a_verdict_that_is_kept_marks_nothing(engine: Engine, duty: OnDuty) -> None:
    judge(engine, "18:00")
    decide(engine, duty, answer(engine, duty), "18:02", None)
    judge(engine, "18:03")
    assert told(engine, duty) == [("UNVERIFIED", "first")] and news(engine) == ["contest_decided"]


def test_without_positions_the_whole_of_a_duty_can_still_be_vouched_for(engine: Engine, duty: OnDuty) -> None:
    judge(engine, "18:00")
    number = answer(engine, duty, LONG_AFTER, days_open=100)
    with pytest.raises(Refused, match=Refusal.TOO_OLD):
        decide(engine, duty, number, LONG_AFTER, ("08:00", "12:00"))
    decide(engine, duty, number, LONG_AFTER, ("08:00", "16:00"))
    judge(engine, LONG_AFTER)
    newest = verdicts(engine, duty.window_id)[-1]
    assert (newest.status, newest.reason, newest.late_min, newest.left_early_min) == ("PRESENT", "decision", 0, 0)
    with engine.connect() as conn:
        assert conn.scalars(select(m.WindowDue.window_id)).all() == []


def test_the_first_of_two_decisions_stands_and_only_on_what_was_seen(engine: Engine, duty: OnDuty) -> None:
    judge(engine, "18:00")
    number = answer(engine, duty)
    with Session(engine) as session, pytest.raises(Refused, match=Refusal.CHANGED):
        contest = session.get_one(m.Contest, number)
        contests.decide(session, who(session), contest, "x", Decision(WHY), times(at("18:02")))
    decide(engine, duty, number, "18:02", None)
    with pytest.raises(Refused, match=Refusal.DECIDED):
        decide(engine, duty, number, "18:03", ("08:00", "16:00"), "atasan")
    with engine.connect() as conn:
        assert conn.scalars(select(m.Contest.outcome)).one() == "kept"
        assert conn.scalars(select(m.Attestation.id)).all() == [], "what was refused leaves nothing behind"


def test_one_is_open_at_a_time_and_an_answered_one_goes_to_the_second_level(engine: Engine, duty: OnDuty) -> None:
    judge(engine, "18:00")
    number = answer(engine, duty)
    with pytest.raises(Refused, match=Refusal.OPEN):
        answer(engine, duty)
    with Session(engine) as session, session.begin():
        contests.withdraw(session, who(session, "pegawai"), session.get_one(m.Contest, number), at("18:02"))
    number = answer(engine, duty, "18:03")
    decide(engine, duty, number, "18:04", None)
    with pytest.raises(Refused, match=Refusal.ANSWERED):
        answer(engine, duty)
    for refusal in (None, Refusal.NO_APPEAL):
        with Session(engine) as session, session.begin():
            first = session.get_one(m.Contest, number)
            try:
                second = contests.appeal(session, first, SAID, times(at("18:05")))
                assert refusal is None and (second.level, second.appeal_of) == (2, number)
            except Refused as refused:
                assert refused.refusal is refusal


def test_what_is_overdue_is_escalated_once(engine: Engine, duty: OnDuty) -> None:
    judge(engine, "18:00")
    answer(engine, duty)
    with engine.begin() as conn:
        due = conn.scalars(select(m.Contest.due_at)).one()
        assert contests.escalate(conn, due) == 0
        later = due + timedelta(seconds=1)
        assert [contests.escalate(conn, later), contests.escalate(conn, later)] == [1, 0]
    with Session(engine) as session:
        assert contests.waiting(session, later, later.date()) == contests.Waiting(1, 1, 0)


def test_a_confirmed_holiday_moves_the_due_date(engine: Engine, duty: OnDuty) -> None:
    judge(engine, "18:00")
    first = answer(engine, duty)
    with engine.begin() as conn:
        due = conn.scalars(select(m.Contest.due_at)).one()
        day = due.astimezone(days.WIB).date()
        conn.execute(insert(m.Holiday).values(day=day, name="Hari raya", kind="public"))
    with Session(engine) as session, session.begin():
        contests.withdraw(session, who(session, "pegawai"), session.get_one(m.Contest, first), at("18:02"))
    with engine.connect() as conn:
        number = answer(engine, duty, "18:03")
        assert conn.scalars(select(m.Contest.due_at).where(m.Contest.id == number)).one() > due
