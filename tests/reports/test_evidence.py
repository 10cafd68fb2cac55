"""What speaks for a person beside the track, and what is still on its way."""

from __future__ import annotations

import uuid
from datetime import UTC, time, timedelta

import pytest
from sqlalchemy import Engine, func, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tests import builders
from tests.domain import days
from tests.reports.duties import WORK_DATE, at, judge, receive, track, verdicts
from tests.reports.rosters import (
    boss,
    by,
    phone_of,
    publish,
    shift,
    somebody,
    told,
    windows,
)
from tracker.domain.fix import Fix
from tracker.storage import leave, roster_changes
from tracker.storage import models as m
from tracker.storage.attestations import Word, attest, withdraw
from tracker.storage.check_ins import OffDuty, Place, check_in
from tracker.storage.fixes import Received, save_batch


def test_a_check_in_at_work_is_presence_and_off_duty_none_is_kept(engine: Engine) -> None:
    person_id = somebody(engine)
    key = uuid.uuid4()
    place = Place(days.WORK.lat, days.WORK.lon, 20)
    with Session(engine) as session, session.begin():
        for _ in range(2):
            check_in(session, person_id, key, False, place, at("08:02"))
        with pytest.raises(OffDuty):
            check_in(session, person_id, uuid.uuid4(), False, place, at("18:00"))
        assert session.scalar(select(func.count()).select_from(m.CheckIn)) == 1
    judge(engine, "17:30")
    (verdict,) = verdicts(engine, windows(engine, person_id)[0].id)
    assert (verdict.status, verdict.late_min, verdict.observed_s) == ("PRESENT", 0, 0)
    assert "lat" not in verdict.evidence["moments"][0]


def with_overtime(engine: Engine) -> tuple[int, int, int]:
    """Somebody who checks in for the day from work, and whose phone is at home until the end of their overtime.

    Returns the person, their phone and the window of the overtime.
    """
    person_id = somebody(engine)
    with Session(engine) as session, session.begin():
        nip = session.scalars(select(m.Person.nip).where(m.Person.id == person_id)).one()
        extra = shift(session.connection(), "18:00", 120)
        (entry,) = session.scalars(select(m.RosterEntry))
        roster_changes.add_overtime(by(session, "-1 06:00"), nip, WORK_DATE, extra, time(18), 120, entry.zone_ids, "")
    publish(engine, "-1 06:01")
    device_id = phone_of(engine, person_id)
    with Session(engine) as session, session.begin():
        place = Place(days.WORK.lat, days.WORK.lon, 20)
        check_in(session, person_id, uuid.uuid4(), False, place, at("08:02"))
        receive(session.connection(), device_id, track("07:30-11:00 home", "13:00-20:30 home"))
    judge(engine, "21:30")
    return person_id, device_id, windows(engine, person_id)[1].id


def test_a_phone_at_home_does_not_make_absent_from_overtime_who_checked_in_for_the_day(engine: Engine) -> None:
    _, device_id, overtime = with_overtime(engine)
    (verdict,) = verdicts(engine, overtime)
    assert (verdict.status, verdict.evidence["left_since"]) == ("UNVERIFIED", at("08:02").astimezone(UTC).isoformat())
    with engine.begin() as conn:  # it was at work at noon
        receive(conn, device_id, track("11:30-12:30 work"), received_at=at("+1 08:00"))
    judge(engine, "+1 08:01")
    assert told(engine, overtime) == [(1, "first", "UNVERIFIED"), (2, "late_fixes", "NO_SHOW")]


def test_overtime_is_judged_again_where_the_duty_before_it_is_another(engine: Engine) -> None:
    person_id, _, overtime = with_overtime(engine)
    with engine.connect() as conn:
        nip = conn.scalars(select(m.Person.nip).where(m.Person.id == person_id)).one()
    with Session(engine) as session, session.begin():
        roster_changes.set_day(by(session, "+1 09:00"), nip, WORK_DATE, None, [], "Tukar sif")
    publish(engine, "+1 09:01")
    judge(engine, "+1 09:02")
    assert told(engine, overtime) == [(1, "first", "UNVERIFIED"), (2, "roster", "NO_SHOW")]


def test_an_attestation_is_an_input_of_the_next_revision_and_so_is_its_end(engine: Engine) -> None:
    person_id = somebody(engine)
    judge(engine, "17:30")
    (row,) = windows(engine, person_id)
    viewer = boss(engine, person_id)
    with Session(engine) as session, session.begin():
        window = session.get_one(m.DutyWindow, row.id)
        word = Word(at("08:00"), at("16:00"), "Saya melihatnya di pos.")
        number = attest(session, viewer, window, word, at("+1 08:00"), builders.LONG_AGO).id
    judge(engine, "+1 08:01")
    with Session(engine) as session, session.begin():
        withdraw(session, viewer, session.get_one(m.Attestation, number), at("+1 09:00"), at("-60 00:00"))
    judge(engine, "+1 09:01")
    assert told(engine, row.id) == [
        (1, "first", "UNVERIFIED"), (2, "attestation", "PRESENT"), (3, "attestation", "UNVERIFIED"),
    ]  # fmt: skip
    with engine.connect() as conn:  # the last one is worse than the one before
        (notice,) = conn.execute(select(m.Notification.__table__))
    assert (notice.kind, notice.person_id) == ("verdict_worse", person_id)
    assert notice.detail["status"] == {"before": "PRESENT", "after": "UNVERIFIED"}


def test_a_drive_is_presence_and_one_that_was_never_ended_closes_when_its_vehicle_was_heard_last(
    engine: Engine,
) -> None:
    person_id = somebody(engine)
    with engine.begin() as conn:
        vehicle = builders.vehicle(conn)
        tracker = builders.device(conn, vehicle_id=vehicle)
        drive = {"vehicle_id": vehicle, "person_id": person_id, "period": Range(at("08:05"), None)}
        conn.execute(insert(m.DriverSession).values(drive))
        receive(conn, tracker, track("08:00-11:00 kiosk"))
    judge(engine, "17:30")
    (verdict,) = verdicts(engine, windows(engine, person_id)[0].id)
    assert (verdict.status, verdict.late_min, verdict.on_site_s) == ("PRESENT", 0, 175 * 60)
    assert verdict.evidence["sources"] == {"vehicle": 175 * 60}


def test_a_phone_that_said_it_may_not_know_where_it_is_accuses_nobody(engine: Engine) -> None:
    person_id = somebody(engine)
    device_id = phone_of(engine, person_id)
    with engine.begin() as conn:
        status = {"device_id": device_id, "received_at": at("07:00"), "permission": "never"}
        conn.execute(insert(m.DeviceStatus).values(status))
    judge(engine, "17:30")
    (verdict,) = verdicts(engine, windows(engine, person_id)[0].id)
    assert (verdict.status, verdict.cause) == ("UNVERIFIED", "location_off")


def test_a_request_for_leave_that_is_granted_excuses_the_day(engine: Engine) -> None:
    person_id = somebody(engine)
    viewer = boss(engine, person_id)
    with Session(engine) as session, session.begin():
        wanted = leave.Wanted("official_trip", WORK_DATE, WORK_DATE, place="Bandung")
        today = WORK_DATE - timedelta(days=2)
        asked = leave.ask(session, person_id, wanted, at("-2 09:00"), today)
        assert leave.ask(session, person_id, wanted, at("-2 09:00"), today).id == asked.id
        leave.decide(session, viewer, asked, True, "", at("-2 10:00"))
    publish(engine, "-2 10:01")
    assert windows(engine, person_id)[0].excuse == "official_trip"
    with engine.connect() as conn:
        assert conn.scalars(select(m.LeavePeriod.place)).all() == ["Bandung"]


def test_nobody_is_judged_while_a_backlog_streams_in(engine: Engine) -> None:
    person_id = somebody(engine)
    with engine.begin() as conn:
        for _ in range(6):  # vehicles that are heard at 17:29 with positions of 15:00
            device_id = builders.device(conn, vehicle_id=builders.vehicle(conn))
            save_batch(conn, [Received(device_id, at("17:29"), Fix(at("15:00"), days.WORK.lat, days.WORK.lon))], [])
    judge(engine, "17:30")
    (window,) = windows(engine, person_id)
    assert verdicts(engine, window.id) == []
    with engine.begin() as conn:
        conn.execute(update(m.DeviceState).values(last_heard_at=at("17:44"), lag_s=2))
    judge(engine, "17:45")
    assert told(engine, window.id) == [(1, "first", "UNVERIFIED")]
