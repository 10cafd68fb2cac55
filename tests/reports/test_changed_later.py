"""What changes after the day is judged again, and only that; after the lock it becomes a case."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import pytest
from sqlalchemy import Engine, delete, func, insert, select
from sqlalchemy.orm import Session

from tests import builders
from tests.reports.duties import WORK_DATE, at, idles, judge, receive, track, verdicts
from tests.reports.rosters import (
    DAY,
    boss,
    by,
    give_leave,
    phone_of,
    publish,
    rostered,
    rotation,
    shift,
    somebody,
    told,
    windows,
)
from tracker.storage import calendar_changes, roster_changes
from tracker.storage import models as m
from tracker.storage.cases import DecidedMeanwhile, Decision, TooOld, decide
from tracker.storage.publication import mark_rostered


def test_sick_leave_that_is_handed_in_later_turns_a_no_show_into_an_excuse(engine: Engine) -> None:
    person_id = somebody(engine)
    device_id = phone_of(engine, person_id)
    with engine.begin() as conn:
        receive(conn, device_id, track("07:30-16:30 home"))
    judge(engine, "17:30")
    give_leave(engine, person_id)
    publish(engine, "+1 09:00")
    judge(engine, "+1 09:01")
    (window,) = windows(engine, person_id)
    assert told(engine, window.id) == [(1, "first", "NO_SHOW"), (2, "leave", "EXCUSED")]


@pytest.mark.parametrize(("part", "excused_first"), [("first_half", True), ("second_half", False)])
def test_half_a_day_of_leave_later_splits_the_window_and_the_other_half_is_judged_by_its_fixes(
    engine: Engine, part: str, excused_first: bool
) -> None:
    person_id = somebody(engine)
    device_id = phone_of(engine, person_id)
    with engine.begin() as conn:
        receive(conn, device_id, track("07:30-16:30 home"))
    judge(engine, "17:30")
    give_leave(engine, person_id, part)
    assert publish(engine, "+1 09:00")["changed"] == 1
    judge(engine, "+1 09:01")
    halves = windows(engine, person_id)
    newest = [verdicts(engine, one.id)[-1].status for one in halves]
    assert newest == (["EXCUSED", "NO_SHOW"] if excused_first else ["NO_SHOW", "EXCUSED"])
    assert halves[0].ends_at == halves[1].starts_at == at("12:00")


def test_only_what_was_touched_is_judged_again(engine: Engine) -> None:
    sick, other = somebody(engine), somebody(engine)
    judge(engine, "17:30")
    give_leave(engine, sick)
    publish(engine, "+1 09:00")
    judge(engine, "+1 09:01")
    assert [len(verdicts(engine, windows(engine, one)[0].id)) for one in (sick, other)] == [2, 1]
    day_before = windows(engine, sick, WORK_DATE - DAY, WORK_DATE - DAY)[0]
    assert len(verdicts(engine, day_before.id)) == 1
    with engine.connect() as conn:
        assert conn.scalar(select(func.count()).select_from(m.WindowDue)) == 0


def test_a_roster_that_is_entered_after_the_day_accuses_nobody(engine: Engine) -> None:
    with engine.begin() as conn:
        person_id = rostered(conn, rotation(conn, shift(conn)))
    device_id = phone_of(engine, person_id)
    publish(engine, "12:00")
    with engine.begin() as conn:
        receive(conn, device_id, track("12:01-16:30 home"))
    judge(engine, "17:30")
    (verdict,) = verdicts(engine, windows(engine, person_id)[0].id)
    assert (verdict.status, verdict.cause) == ("UNVERIFIED", "roster_late")


def test_who_is_taken_off_the_roster_after_the_day_is_excused(engine: Engine) -> None:
    person_id = somebody(engine)
    judge(engine, "17:30")
    with Session(engine) as session, session.begin():
        nip = session.scalars(select(m.Person.nip).where(m.Person.id == person_id)).one()
        roster_changes.set_day(by(session, "+1 09:00"), nip, WORK_DATE, None, [], "Tukar sif")
    publish(engine, "+1 09:01")
    judge(engine, "+1 09:02")
    (window,) = windows(engine, person_id)
    assert (window.excuse, told(engine, window.id)[-1]) == ("off_roster", (2, "roster", "EXCUSED"))


def test_a_marked_window_that_is_deleted_takes_its_mark_along(engine: Engine) -> None:
    person_id = somebody(engine)
    (window,) = windows(engine, person_id)
    with engine.begin() as conn:
        conn.execute(insert(m.WindowDue).values(window_id=window.id, reason="rule", marked_at=at("08:00")))
        conn.execute(delete(m.DutyWindow).where(m.DutyWindow.id == window.id))
        assert conn.scalar(select(func.count()).select_from(m.WindowDue)) == 0


def late_and_locked(engine: Engine) -> tuple[int, int]:
    """Silent, judged and locked, then the fixes arrive; returns the person and the window."""
    person_id = somebody(engine)
    device_id = phone_of(engine, person_id)
    judge(engine, "17:30")
    with engine.begin() as conn:
        receive(conn, device_id, track("07:55-16:10 work"), received_at=at("+5 09:00"))
    judge(engine, "+5 09:01")
    return person_id, windows(engine, person_id)[0].id


def cases(engine: Engine, window_id: int) -> list[Any]:
    with engine.connect() as conn:
        rows = select(m.DutyCase.__table__).where(m.DutyCase.window_id == window_id).order_by(m.DutyCase.id)
        return list(conn.execute(rows))


def test_fixes_two_days_late_turn_unverified_into_present_and_after_the_lock_open_a_case(engine: Engine) -> None:
    in_time = somebody(engine)
    device_id = phone_of(engine, in_time)
    judge(engine, "17:30")
    with engine.begin() as conn:
        receive(conn, device_id, track("07:30-16:30 work"), received_at=at("+2 09:00"))
    judge(engine, "+2 09:01")
    assert told(engine, windows(engine, in_time)[0].id)[-1] == (2, "late_fixes", "PRESENT")
    _, window_id = late_and_locked(engine)
    assert told(engine, window_id) == [(1, "first", "UNVERIFIED")]
    (case,) = cases(engine, window_id)
    assert (case.cause, case.proposed["status"], case.decided_at) == ("late_fixes", "PRESENT", None)
    judge(engine, "+5 09:05")
    assert len(cases(engine, window_id)) == 1


@pytest.mark.parametrize(
    ("accepted", "after"), [(True, (2, "decision", "PRESENT")), (False, (1, "first", "UNVERIFIED"))]
)
def test_a_case_ends_in_a_human_decision(engine: Engine, accepted: bool, after: tuple[int, str, str]) -> None:
    person_id, window_id = late_and_locked(engine)
    viewer = boss(engine, person_id)
    with Session(engine) as session, session.begin():
        case = session.scalars(select(m.DutyCase)).one()
        decision = Decision(accepted, "Posisi memang terlambat.")
        decide(session, viewer, case, case.proposed_digest, decision, at("+5 10:00"), builders.LONG_AGO)
    with Session(engine) as session:
        case = session.scalars(select(m.DutyCase)).one()
        with pytest.raises(TooOld):  # its positions are gone
            yes = Decision(True, decision.reason)
            decide(session, viewer, case, case.proposed_digest, yes, at("+5 10:01"), at("+4 00:00"))
        with pytest.raises(DecidedMeanwhile):
            decide(session, viewer, case, case.proposed_digest, decision, at("+5 10:01"), builders.LONG_AGO)
    judge(engine, "+5 10:02")
    assert told(engine, window_id)[-1] == after
    with engine.connect() as conn:
        assert conn.scalars(select(m.Notification.kind)).all() == ["case_decided"]


def test_leave_after_the_lock_opens_a_case_and_its_acceptance_excuses(engine: Engine) -> None:
    person_id = somebody(engine)
    judge(engine, "17:30")
    give_leave(engine, person_id)
    assert publish(engine, "+6 09:00")["cases"] == 1
    (window,) = windows(engine, person_id)
    assert window.excuse is None and cases(engine, window.id)[0].cause == "leave"
    with Session(engine) as session, session.begin():
        case = session.scalars(select(m.DutyCase)).one()
        decision = Decision(True, "Surat dokter.")
        by_whom = boss(engine, person_id)
        decide(session, by_whom, case, case.proposed_digest, decision, at("+6 10:00"), builders.LONG_AGO)
    judge(engine, "+6 10:01")
    assert told(engine, window.id)[-1] == (2, "decision", "EXCUSED")


def accept(engine: Engine, person_id: int, clock: str, oldest: datetime = builders.LONG_AGO) -> None:
    """The only case there is."""
    viewer = boss(engine, person_id)
    with Session(engine) as session, session.begin():
        case = session.scalars(select(m.DutyCase)).one()
        decide(session, viewer, case, case.proposed_digest, Decision(True, "Surat dokter."), at(clock), oldest)


@pytest.mark.parametrize(("part", "excused_first"), [("first_half", True), ("second_half", False)])
def test_half_a_day_of_leave_after_the_lock_is_one_case_about_both_halves(
    engine: Engine, part: str, excused_first: bool
) -> None:
    person_id = somebody(engine)
    device_id = phone_of(engine, person_id)
    with engine.begin() as conn:
        receive(conn, device_id, track("07:30-16:30 home"))
    judge(engine, "17:30")
    give_leave(engine, person_id, part)
    assert publish(engine, "+6 09:00")["cases"] == 1
    (whole,) = windows(engine, person_id)
    (case,) = cases(engine, whole.id)
    assert len(case.proposed["beside"]) == 1 and (whole.excuse, whole.ends_at) == (None, at("16:00"))
    accept(engine, person_id, "+6 10:00")
    judge(engine, "+6 10:01")
    halves = windows(engine, person_id)
    assert [(one.starts_at, one.ends_at) for one in halves] == [(at("08:00"), at("12:00")), (at("12:00"), at("16:00"))]
    assert {one.published_at for one in halves} == {whole.published_at}
    newest = [verdicts(engine, one.id)[-1] for one in halves]
    statuses = [one.status for one in newest]
    assert statuses == (["EXCUSED", "NO_SHOW"] if excused_first else ["NO_SHOW", "EXCUSED"])
    assert [one.reason for one in newest] == ["decision", "first"]
    with engine.begin() as conn:
        mark_rostered(conn, [person_id], WORK_DATE, "leave")
    assert publish(engine, "+6 11:00") == {"people": 1}


def test_hours_that_a_case_adds_and_nobody_knew_accuse_nobody(engine: Engine) -> None:
    person_id = somebody(engine)
    device_id = phone_of(engine, person_id)
    with engine.begin() as conn:
        receive(conn, device_id, track("07:30-16:30 home"))
    judge(engine, "17:30")
    with Session(engine) as session, session.begin():
        shift_id = session.scalars(select(m.DutyWindow.shift_id).where(m.DutyWindow.person_id == person_id)).first()
        hours = {shift_id: (time(6), 480, [])}
        calendar_changes.keep_rule_set(by(session, "+6 08:00"), None, "Ramadan", WORK_DATE, WORK_DATE, False, hours)
    assert publish(engine, "+6 09:00")["cases"] == 1
    accept(engine, person_id, "+6 10:00")
    judge(engine, "+6 10:01")
    newest = verdicts(engine, windows(engine, person_id)[0].id)[-1]
    assert (newest.status, newest.cause) == ("UNVERIFIED", "roster_late")


def test_a_case_that_only_excuses_is_accepted_when_the_positions_are_deleted(engine: Engine) -> None:
    person_id = somebody(engine)
    judge(engine, "17:30")
    give_leave(engine, person_id)
    publish(engine, "+6 09:00")
    day_before, window = windows(engine, person_id, WORK_DATE - DAY, WORK_DATE)
    before = len(verdicts(engine, day_before.id))
    accept(engine, person_id, "+80 10:00", oldest=at("+20 00:00"))
    judge(engine, "+80 10:01")
    assert told(engine, window.id)[-1] == (2, "decision", "EXCUSED")
    assert idles(engine, window.id)[-1].reason == "decision"
    assert len(verdicts(engine, day_before.id)) == before


def test_a_case_that_leaves_half_a_day_to_be_judged_needs_its_positions(engine: Engine) -> None:
    person_id = somebody(engine)
    judge(engine, "17:30")
    give_leave(engine, person_id, "first_half")
    publish(engine, "+6 09:00")
    with pytest.raises(TooOld):
        accept(engine, person_id, "+80 10:00", oldest=at("+20 00:00"))
    assert len(windows(engine, person_id)) == 1


def test_a_case_about_leave_outlives_late_fixes_and_goes_with_the_leave(engine: Engine) -> None:
    person_id = somebody(engine)
    device_id = phone_of(engine, person_id)
    judge(engine, "17:30")
    give_leave(engine, person_id)
    publish(engine, "+6 09:00")
    with engine.begin() as conn:
        receive(conn, device_id, track("07:55-16:10 work"), received_at=at("+6 10:00"))
    judge(engine, "+6 10:01")
    (window,) = windows(engine, person_id)
    assert cases(engine, window.id)[0].proposed["terms"]["excuse"] == "sick"
    with engine.begin() as conn:
        conn.execute(delete(m.LeavePeriod))
        mark_rostered(conn, [person_id], WORK_DATE, "leave")
    publish(engine, "+6 11:00")
    (case,) = cases(engine, window.id)
    assert (case.proposed["status"], case.decided_at) == ("UNVERIFIED", None)
