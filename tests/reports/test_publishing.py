"""Windows are published ahead, and follow what changes before the day."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tests.domain import days
from tests.reports.duties import WORK_DATE, at, judge, receive, track, verdicts
from tests.reports.rosters import (
    DAY,
    LONG_BEFORE,
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
    work_zone,
)
from tracker.storage import calendar_changes, zone_changes
from tracker.storage import models as m
from tracker.storage.fixes import Received, save_batch
from tracker.storage.publication import AHEAD, mark_everybody


def local(moment: Any) -> str:
    return f"{moment.astimezone(days.WIB):%d %H:%M}"


def test_windows_are_published_a_fortnight_ahead_and_a_day_more_each_day(engine: Engine) -> None:
    person_id = somebody(engine)
    first = WORK_DATE - timedelta(days=14)
    found = windows(engine, person_id, LONG_BEFORE, WORK_DATE + timedelta(days=60))
    assert found[-1].work_date == first + AHEAD and {one.published_at for one in found} == {at("-14 06:00")}
    assert publish(engine, "-14 06:01") == {}
    assert publish(engine, "-13 06:00") == {"people": 1, "added": 1}


def test_a_window_takes_over_what_the_shift_says(engine: Engine) -> None:
    with engine.begin() as conn:
        post = shift(conn, "22:00", 480, "POST")
        conn.execute(update(m.Shift).values(grace_min=5, breaks=[[120, 30]], before_min=20, after_min=10))
        person_id = rostered(conn, rotation(conn, post))
    publish(engine, "-1 06:00")
    (window,) = windows(engine, person_id)
    assert (window.profile, window.grace_min) == ("POST", 5)
    assert (window.starts_at, window.ends_at) == (at("22:00"), at("+1 06:00"))
    assert (window.accepts_from, window.accepts_until) == (at("21:40"), at("+1 06:10"))
    assert [[datetime.fromisoformat(moment) for moment in one] for one in window.breaks] == [
        [at("+1 00:00"), at("+1 00:30")]
    ]


def test_who_is_not_employed_on_a_day_has_no_window(engine: Engine) -> None:
    with engine.begin() as conn:
        person_id = rostered(conn, rotation(conn, shift(conn)))
        left = update(m.Membership).where(m.Membership.person_id == person_id)
        conn.execute(left.values(period=Range(None, WORK_DATE)))
    publish(engine, "-5 06:00")
    assert windows(engine, person_id) == [] != windows(engine, person_id, WORK_DATE - DAY, WORK_DATE - DAY)


def test_guards_of_24_hours_hand_over_without_a_gap(engine: Engine) -> None:
    with engine.begin() as conn:
        guard, zone_id = shift(conn, "08:00", 1440, "POST"), work_zone(conn)
        anchors = [WORK_DATE - n * DAY for n in range(3)]
        guards = [rostered(conn, rotation(conn, guard, None, None, anchor=anchor), zone_id) for anchor in anchors]
    publish(engine, "-5 06:00")
    found = sorted((w for g in guards for w in windows(engine, g, WORK_DATE, WORK_DATE + 4 * DAY)),
                   key=lambda window: window.starts_at)  # fmt: skip
    assert len({w.person_id for w in found[:3]}) == 3
    assert all(one.ends_at == other.starts_at for one, other in zip(found, found[1:], strict=False))


def test_leave_before_the_day_excuses_it_and_nobody_is_followed(engine: Engine) -> None:
    person_id = somebody(engine)
    device_id = phone_of(engine, person_id)
    give_leave(engine, person_id)
    assert publish(engine, "-1 12:00")["changed"] == 1
    (window,) = windows(engine, person_id)
    with engine.begin() as conn:
        at_work = [Received(device_id, fix.fix_time, fix) for fix in track("08:00-09:00 work")]
        assert save_batch(conn, at_work, []).off_duty == 61
    judge(engine, "17:30")
    assert (window.excuse, told(engine, window.id)) == ("sick", [(1, "first", "EXCUSED")])
    assert verdicts(engine, window.id)[0].excused_s == 8 * 3600


def test_collective_leave_that_is_announced_after_the_roster_excuses_the_office_and_not_the_guard(
    engine: Engine,
) -> None:
    office, guard = somebody(engine), somebody(engine, "06:00", 1440, beats_holidays=True)
    with Session(engine) as session, session.begin():
        announced = [(WORK_DATE, "Cuti bersama", "government")]
        assert calendar_changes.confirm_holidays(by(session, "-3 10:00"), announced) == 1
    publish(engine, "-3 10:01")
    assert [windows(engine, one)[0].excuse for one in (office, guard)] == ["holiday", None]
    with Session(engine) as session, session.begin():
        calendar_changes.remove_holiday(by(session, "-2 10:00"), WORK_DATE)
    publish(engine, "-2 10:01")
    assert windows(engine, office)[0].excuse is None


def test_the_hours_of_ramadan_begin_in_the_middle_of_a_week_and_end_again(engine: Engine) -> None:
    person_id = somebody(engine)
    with Session(engine) as session, session.begin():
        shift_id = session.scalars(select(m.DutyWindow.shift_id).where(m.DutyWindow.person_id == person_id)).first()
        hours = {shift_id: (time(8, 30), 420, [])}
        calendar_changes.keep_rule_set(by(session, "-5 10:00"), None, "Ramadan", WORK_DATE, WORK_DATE, True, hours)
    publish(engine, "-5 10:01")
    starts = [local(one.starts_at)[3:] for one in windows(engine, person_id, WORK_DATE - DAY, WORK_DATE + DAY)]
    assert starts == ["08:00", "08:30", "08:00"]
    device_id = phone_of(engine, person_id)
    with engine.begin() as conn:
        receive(conn, device_id, track("07:55-08:59 home", "09:00-15:35 work"))
    judge(engine, "17:30")
    (window,) = windows(engine, person_id)
    (verdict,) = verdicts(engine, window.id)
    assert verdict.rule_version.startswith("4/") and verdict.late_min == 14  # from the end of grace


def test_a_shift_that_changes_keeps_the_duties_that_have_begun(engine: Engine) -> None:
    person_id = somebody(engine)
    with Session(engine) as session, session.begin():
        shift_id = session.scalars(select(m.DutyWindow.shift_id).where(m.DutyWindow.person_id == person_id)).first()
        assert shift_id is not None
        calendar_changes.change_shift(by(session, "-1 10:00"), shift_id, {"start_time": time(9)})
    publish(engine, "-1 10:01")
    starts = [local(one.starts_at)[3:] for one in windows(engine, person_id, WORK_DATE - DAY, WORK_DATE + 2 * DAY)]
    assert starts == ["08:00", "09:00", "09:00", "09:00"]


def test_days_of_before_keep_the_shift_and_the_rotation_they_had(engine: Engine) -> None:
    person_id = somebody(engine)
    with Session(engine) as session, session.begin():
        shift_id = session.scalars(select(m.DutyWindow.shift_id).where(m.DutyWindow.person_id == person_id)).first()
        rotation_id = session.scalars(select(m.RosterEntry.rotation_id)).one()
        assert shift_id is not None
        for start in (time(9), time(10)):  # twice on one day: of before it is what held before both
            calendar_changes.change_shift(by(session, "-1 10:00"), shift_id, {"start_time": start, "grace_min": 5})
        other = shift(session.connection(), "13:00")
        calendar_changes.change_rotation(by(session, "-1 11:00"), rotation_id, "Siang", LONG_BEFORE, [other], True)
    with engine.begin() as conn:
        mark_everybody(conn, WORK_DATE - 3 * DAY, "leave")
    publish(engine, "+1 09:00")
    found = windows(engine, person_id, WORK_DATE - 3 * DAY, WORK_DATE + DAY)
    assert [(local(one.starts_at)[3:], one.grace_min) for one in found] == [
        ("08:00", 15), ("08:00", 15), ("08:00", 15), ("13:00", 15), ("13:00", 15),
    ]  # fmt: skip
    assert len({one.published_at for one in found[:3]}) == 1


def test_hours_that_were_not_known_make_nobody_late(engine: Engine) -> None:
    person_id = somebody(engine)
    device_id = phone_of(engine, person_id)
    with engine.begin() as conn:
        receive(conn, device_id, track("07:10-07:57 home", "07:58-16:10 work"))
    judge(engine, "17:30")
    with Session(engine) as session, session.begin():
        shift_id = session.scalars(select(m.DutyWindow.shift_id).where(m.DutyWindow.person_id == person_id)).first()
        hours = {shift_id: (time(7, 30), 480, [])}
        calendar_changes.keep_rule_set(by(session, "+1 10:00"), None, "Ramadan", WORK_DATE, None, False, hours)
    publish(engine, "+1 10:01")
    judge(engine, "+1 10:02")
    newest = verdicts(engine, windows(engine, person_id)[0].id)[-1]
    assert (newest.reason, newest.status, newest.late_min) == ("rule", "PRESENT", None)


def test_what_has_begun_keeps_the_shape_of_its_zone_whatever_marks_it_later(engine: Engine) -> None:
    person_id = somebody(engine)
    judge(engine, "17:30")
    with Session(engine) as session, session.begin():
        entry = session.scalars(select(m.RosterEntry)).one()
        old = session.get_one(m.Zone, entry.zone_ids[0])
        fresh = zone_changes.reshape_zone(by(session, "+1 08:00"), old, zone_changes.Circle(-6.3, 106.9, 100)).id
        before = old.id
    give_leave(engine, person_id, "first_half")
    publish(engine, "+1 09:00")
    with engine.connect() as conn:
        zones = select(m.DutyWindowZone.zone_id).join(m.DutyWindow, m.DutyWindow.id == m.DutyWindowZone.window_id)
        of = {day: set(conn.scalars(zones.where(m.DutyWindow.work_date == day)))
              for day in (WORK_DATE, WORK_DATE + 2 * DAY)}  # fmt: skip
    assert of[WORK_DATE + 2 * DAY] == {fresh} and before in of[WORK_DATE]


def test_how_minutes_count_is_a_rule_whose_change_judges_again(engine: Engine) -> None:
    person_id = somebody(engine)
    device_id = phone_of(engine, person_id)
    with engine.begin() as conn:
        receive(conn, device_id, track("07:10-08:59 home", "09:00-16:10 work"))
    judge(engine, "17:30")
    with Session(engine) as session, session.begin():
        calendar_changes.keep_rule_set(by(session, "+1 10:00"), None, "Hitung", WORK_DATE, WORK_DATE, True, {})
    publish(engine, "+1 10:01")
    judge(engine, "+1 10:02")
    minutes = [(v.reason, v.late_min) for v in verdicts(engine, windows(engine, person_id)[0].id)]
    assert minutes == [("first", 59), ("rule", 44)]
