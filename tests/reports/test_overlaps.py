"""Two duties of a person are never at once: what would make them so is refused, and what is so holds up only itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from tests.reports.duties import WORK_DATE
from tests.reports.rosters import DAY, by, give_leave, publish, rostered, rotation, shift, somebody, windows
from tracker.storage import calendar_changes, overlaps, roster_changes
from tracker.storage import models as m
from tracker.storage.changes import By
from tracker.storage.overlaps import DutiesOverlap
from tracker.storage.publication import mark_everybody
from tracker.storage.register import Impossible, Why

TODAY = WORK_DATE - DAY


def test_two_duties_at_once_are_a_problem_with_a_name_and_change_nothing(engine: Engine) -> None:
    person_id = somebody(engine)
    with engine.begin() as conn:
        extra = {"person_id": person_id, "day": WORK_DATE, "shift_id": shift(conn), "start_time": time(9)}
        conn.execute(insert(m.ExtraDuty).values(**extra, duration_min=60))
        mark_everybody(conn, WORK_DATE, "roster")
    assert publish(engine, "-1 06:00")["problems"] == 1
    with engine.connect() as conn:
        (problem,) = conn.scalars(select(m.Publication.problem))
    assert problem["and"] == str(WORK_DATE) and len(windows(engine, person_id)) == 1


def test_a_duty_that_would_overlap_is_refused_at_once(engine: Engine) -> None:
    person_id = somebody(engine)
    with Session(engine) as session:
        nip = session.scalars(select(m.Person.nip).where(m.Person.id == person_id)).one()
        late = shift(session.connection(), "15:00", 120)
        with pytest.raises(Impossible) as refused:
            roster_changes.add_overtime(by(session, "-1 06:00"), nip, WORK_DATE, late, time(15), 120, [], "")
    assert refused.value.why is Why.DUTIES_OVERLAP


def test_two_duties_at_once_hold_up_nothing_of_the_days_before(engine: Engine) -> None:
    person_id = somebody(engine)
    with engine.begin() as conn:
        extra = {"person_id": person_id, "day": WORK_DATE + DAY, "shift_id": shift(conn), "start_time": time(9)}
        conn.execute(insert(m.ExtraDuty).values(**extra, duration_min=60))
    give_leave(engine, person_id)
    assert publish(engine, "-1 06:00")["problems"] == 1
    assert windows(engine, person_id)[0].excuse == "sick"


def overtime(engine: Engine, person_id: int, shift_id: int, day: date, start: str, minutes: int = 60) -> None:
    """Overtime that nothing looked at."""
    with engine.begin() as conn:
        extra = {"person_id": person_id, "day": day, "shift_id": shift_id, "start_time": time.fromisoformat(start)}
        conn.execute(insert(m.ExtraDuty).values(**extra, duration_min=minutes))


def refused(engine: Engine, change: Callable[[By], Any]) -> DutiesOverlap | None:
    """Why a change is not made; None where it is."""
    with Session(engine) as session:
        try:
            change(by(session, "-1 06:00"))
            session.commit()
        except DutiesOverlap as overlap:
            return overlap
    return None


def ends(engine: Engine, shift_id: int, minutes: int) -> DutiesOverlap | None:
    return refused(engine, lambda by: calendar_changes.change_shift(by, shift_id, {"duration_min": minutes}))


def four(engine: Engine) -> tuple[int, list[int]]:
    """A shift from 08:00 to 16:00, and four people who work it every day."""
    with engine.begin() as conn:
        day = shift(conn)
        every_day = rotation(conn, day)
        return day, [rostered(conn, every_day) for _ in range(4)]


def test_a_longer_shift_is_refused_with_the_first_people_the_days_and_both_shifts(engine: Engine) -> None:
    day, people = four(engine)
    for person_id in people:
        overtime(engine, person_id, day, WORK_DATE, "16:30")
    why = ends(engine, day, 540)
    assert why is not None and len(why.people) == 3 and why.count == 4
    assert (why.overlap.one.work_date, why.overlap.other.work_date) == (WORK_DATE, WORK_DATE)
    assert ends(engine, day, 510) is None  # up to where the other begins


def test_what_overlapped_before_is_no_reason_to_refuse_what_mends_a_part_of_it(engine: Engine) -> None:
    day, (first, *_) = four(engine)
    overtime(engine, first, day, WORK_DATE, "15:30")
    overtime(engine, first, day, WORK_DATE + DAY, "12:00")
    assert ends(engine, day, 420) is None  # the first of the two is mended, the second was there
    why = ends(engine, day, 460)
    assert why is not None and why.overlap.one.work_date == WORK_DATE


def test_days_that_have_begun_and_days_long_ahead_are_not_looked_at(engine: Engine) -> None:
    day, (first, *_) = four(engine)
    for on in (TODAY - DAY, TODAY + overlaps.LOOKED_AHEAD + 3 * DAY):
        overtime(engine, first, day, on, "16:30")
    assert ends(engine, day, 540) is None


def test_rules_that_go_give_the_usual_hours_back_only_where_nobody_is_twice_at_work(engine: Engine) -> None:
    day, (first, *_) = four(engine)
    hours = {day: (time(9), 300, [])}
    kept = lambda by: calendar_changes.keep_rule_set(by, None, "Puasa", WORK_DATE, WORK_DATE, False, hours)  # noqa: E731
    assert refused(engine, kept) is None
    overtime(engine, first, day, WORK_DATE, "15:00")
    with engine.connect() as conn:
        number = conn.scalars(select(m.RuleSet.id)).one()
    assert refused(engine, lambda by: calendar_changes.remove_rule_set(by, number)) is not None


def test_rosters_that_are_alike_are_looked_at_once_and_no_more_than_so_many(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    day, people = four(engine)
    looked = []
    first = overlaps._first
    monkeypatch.setattr(overlaps, "_first", lambda *asked: looked.append(asked) or first(*asked))
    assert ends(engine, day, 485) is None and len(looked) == 1
    for person_id, start in zip(people[1:], ("16:30", "16:40", "16:50"), strict=True):
        overtime(engine, person_id, day, WORK_DATE, start)
    monkeypatch.setattr(overlaps, "MOST_ROSTERS", 2)
    looked.clear()
    why = ends(engine, day, 600)
    assert len(looked) == 2 and why is not None and why.count == 1
