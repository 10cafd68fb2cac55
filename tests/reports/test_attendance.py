"""What people say is an input of the next revision; after the lock it opens a case, which a decision ends."""

from __future__ import annotations

import threading
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.orm import Session

from tests import builders
from tests.domain import days
from tests.reports.duties import WORK_DATE, OnDuty, at, idles, judge, on_duty, receive, track, verdicts
from tracker.maintenance.forgotten import forget_idle_places
from tracker.storage import attestations, cases, check_ins
from tracker.storage import models as m
from tracker.storage.attestations import Word
from tracker.storage.cases import Decision
from tracker.storage.check_ins import OffDuty, Place, forget_places
from tracker.storage.people_summaries import idle_places
from tracker.storage.rights import Viewer, viewer_for

AFTER_LOCK = "+4 18:00"
WHY = "Saya melihatnya sendiri di pos."


@pytest.fixture
def duty(engine: Engine) -> OnDuty:
    """Of somebody whose phone is silent, with an account above them."""
    with engine.begin() as conn:
        found = on_duty(conn)
        conn.execute(insert(m.Account).values(username="atasan"))
        builders.grant(conn, "atasan", "supervisor", conn.scalars(select(m.Membership.unit_id)).one())
    return found


def boss(session: Session) -> Viewer:
    return viewer_for(session, session.scalars(select(m.Account)).one(), at("18:00").date())


def attest(engine: Engine, duty: OnDuty, now: datetime) -> int:
    with Session(engine) as session, session.begin():
        window = session.get_one(m.DutyWindow, duty.window_id)
        word = Word(at("08:00"), at("16:00"), WHY)
        return attestations.attest(session, boss(session), window, word, now, builders.LONG_AGO).id


def withdraw(engine: Engine, number: int, now: datetime) -> None:
    with Session(engine) as session, session.begin():
        attestations.withdraw(session, boss(session), session.get_one(m.Attestation, number), now, builders.LONG_AGO)


def open_cases(engine: Engine) -> list[m.DutyCase]:
    with Session(engine, expire_on_commit=False) as session:
        return list(session.scalars(select(m.DutyCase).where(m.DutyCase.decided_at.is_(None))))


def told(engine: Engine, duty: OnDuty) -> list[tuple[Any, ...]]:
    return [(one.status, one.reason) for one in verdicts(engine, duty.window_id)]


def test_an_attestation_and_its_withdrawal_are_revisions(engine: Engine, duty: OnDuty) -> None:
    judge(engine, "18:00")
    number = attest(engine, duty, at("18:01"))
    judge(engine, "18:02")
    assert told(engine, duty) == [("UNVERIFIED", "first"), ("PRESENT", "attestation")]
    assert verdicts(engine, duty.window_id)[1].evidence["sources"] == {"attestation": 28800}
    withdraw(engine, number, at("18:03"))
    judge(engine, "18:04")
    assert told(engine, duty)[2:] == [("UNVERIFIED", "attestation")]
    with engine.connect() as conn:
        assert conn.scalars(select(m.WindowDue.window_id)).all() == []
        (news,) = conn.execute(select(m.Notification.person_id, m.Notification.kind)).all()
        assert tuple(news) == (duty.person_id, "verdict_worse")


@pytest.mark.parametrize(("accepted", "status"), [(True, "PRESENT"), (False, "UNVERIFIED")])
def test_after_the_lock_a_human_decides(engine: Engine, duty: OnDuty, accepted: bool, status: str) -> None:
    judge(engine, "18:00")
    attest(engine, duty, at(AFTER_LOCK))
    judge(engine, AFTER_LOCK)
    (case,) = open_cases(engine)
    assert case.cause == "attestation" and case.proposed["status"] == "PRESENT"
    assert told(engine, duty) == [("UNVERIFIED", "first")]
    with Session(engine) as session, session.begin():
        seen = session.get_one(m.DutyCase, case.id)
        decision = Decision(accepted, WHY)
        cases.decide(session, boss(session), seen, seen.proposed_digest, decision, at(AFTER_LOCK), builders.LONG_AGO)
    judge(engine, AFTER_LOCK)
    assert told(engine, duty)[-1] == ((status, "decision") if accepted else (status, "first"))
    judge(engine, AFTER_LOCK)
    assert open_cases(engine) == []


def test_an_open_case_says_what_stands_where_nothing_else_would_be(engine: Engine, duty: OnDuty) -> None:
    judge(engine, "18:00")
    number = attest(engine, duty, at(AFTER_LOCK))
    judge(engine, AFTER_LOCK)
    assert len(open_cases(engine)) == 1
    withdraw(engine, number, at(AFTER_LOCK))
    judge(engine, AFTER_LOCK)
    (case,) = open_cases(engine)
    assert case.proposed["status"] == "UNVERIFIED" and told(engine, duty) == [("UNVERIFIED", "first")]


def test_a_check_in_inside_is_presence_and_elsewhere_is_none(engine: Engine) -> None:
    with engine.begin() as conn:
        there, elsewhere = on_duty(conn), on_duty(conn)
        receive(conn, elsewhere.device_id, track("07:10-16:30 home"))
    places = ((there, days.PLACES["work"]), (elsewhere, days.PLACES["home"]))
    with Session(engine) as session, session.begin():
        for duty, place in places:
            check_ins.check_in(session, duty.person_id, uuid.uuid4(), False, Place(*place, 10.0), at("08:05"))
    judge(engine, "18:00")
    assert [told(engine, duty)[0][0] for duty, _ in places] == ["PRESENT", "NO_SHOW"]
    moments = [verdicts(engine, duty.window_id)[0].evidence["moments"][0]["place"] for duty, _ in places]
    assert moments == ["inside", "outside"]


def test_off_duty_and_excused_nothing_is_kept(engine: Engine, duty: OnDuty) -> None:
    with Session(engine) as session, pytest.raises(OffDuty):
        check_ins.check_in(session, duty.person_id, uuid.uuid4(), False, None, at("18:00"))
    with engine.begin() as conn:
        conn.execute(update(m.DutyWindow).values(excuse="sick"))
    with Session(engine) as session, pytest.raises(OffDuty):
        check_ins.check_in(session, duty.person_id, uuid.uuid4(), False, None, at("09:00"))


def test_places_of_check_ins_are_forgotten_with_the_positions(engine: Engine, duty: OnDuty) -> None:
    with Session(engine) as session, session.begin():
        for clock in ("08:05", "09:05"):
            key, place = uuid.uuid4(), Place(-6.2, 106.8, 10.0)
            check_ins.check_in(session, duty.person_id, key, False, place, at(clock))
    with engine.begin() as conn:
        assert forget_places(conn, at("09:00")) == 1
        kept = conn.execute(select(m.CheckIn.lat_e7, m.CheckIn.accuracy_m).order_by(m.CheckIn.at)).all()
    assert [tuple(row) for row in kept] == [(None, None), (-62000000, 10)]
    with engine.begin() as conn:
        assert forget_places(conn, at("09:00") - timedelta(hours=1)) == 0


def test_places_of_idle_time_are_forgotten_with_the_positions(engine: Engine, owner: Engine) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn)
        receive(conn, duty.device_id, track("07:40-11:55 work", "12:00-14:00 home", "14:05-16:10 work"))
    judge(engine, "18:00")
    (before,) = idles(engine, duty.window_id)
    assert [round(place["lat"], 3) for place in before.evidence["places"]] == [round(days.PLACES["home"][0], 3)]
    going_on = threading.Event()
    assert forget_idle_places(owner, at("08:00"), going_on) == 0, "positions of that duty are still there"
    assert [forget_idle_places(owner, at("18:00"), going_on) for _ in range(2)] == [1, 0]
    (after,) = idles(engine, duty.window_id)
    times = [{name: place[name] for name in ("start", "end", "seconds")} for place in before.evidence["places"]]
    assert after.evidence == {**before.evidence, "places": times}
    with Session(engine) as session:
        assert idle_places(session, duty.person_id, [WORK_DATE]) == []
