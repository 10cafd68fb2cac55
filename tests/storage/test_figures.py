"""Figures of units and people: one count, whether it is asked for by day, by unit or by person."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection, Engine, insert, select, text
from sqlalchemy.orm import Session

from reports.figures import DAYS_AT_A_TIME, count_due
from tests import builders as build
from tests.domain.days import WIB
from tests.services import wait_until
from tracker.storage import changes, figures
from tracker.storage import models as m
from tracker.storage.audit import OPERATOR
from tracker.storage.changes import By
from tracker.storage.figures import Figures
from tracker.storage.report_rows import NO_SHOW, ReportFilter, report_people
from tracker.storage.rights import Grant, Viewer

MONDAY = date(2026, 11, 16)
NOW = datetime(2026, 11, 20, 5, tzinfo=UTC)
HOURS = 8 * 3600
REVISION = {"revision": 1, "reason": "first", "computed_at": NOW, "rule_version": "4", "inputs_digest": "0",
            "expected_s": HOURS, "observed_s": HOURS, "evidence": {}, "off_site_s": 0, "moving_s": 0,
            "unknown_s": 0, "on_site_s": HOURS}  # fmt: skip


def at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def duty(conn: Connection, person: int, day: date, **verdict: object) -> int:
    window = build.window(conn, person, at(day, 1), at(day, 9), work_date=day)
    if verdict:
        conn.execute(insert(m.VerdictRevision).values({**REVISION, "window_id": window, **verdict}))
    return window


def reader(unit_id: int | None) -> Viewer:
    return Viewer(1, "reader", None, (Grant("supervisor" if unit_id else "auditor", unit_id),), MONDAY)


def counted(engine: Engine, *days: date) -> None:
    for day in days:
        with engine.begin() as conn:
            figures.count_day(conn, day, NOW)


def test_the_newest_verdict_counts_once_for_its_unit_and_what_stands_above(engine: Engine) -> None:
    with engine.begin() as conn:
        above = build.unit(conn, "Dinas")
        below, beside = build.unit(conn, "Suku Dinas", above), build.unit(conn, "Lain")
        siti, budi, rudi = (build.person(conn, unit) for unit in (above, below, beside))
        duty(conn, siti, MONDAY, status="PRESENT", late_min=20, left_early_min=0)
        window = duty(conn, budi, MONDAY, status="NO_SHOW", on_site_s=0, off_site_s=HOURS)
        second = {**REVISION, "revision": 2, "window_id": window, "status": "UNVERIFIED", "cause": "silent"}
        conn.execute(insert(m.VerdictRevision).values({**second, "observed_s": 0, "unknown_s": HOURS, "on_site_s": 0}))
        conn.execute(insert(m.IdleRevision).values(
            {name: REVISION[name] for name in ("revision", "reason", "computed_at", "rule_version", "inputs_digest",
                                               "expected_s", "observed_s", "evidence")}
            | {"window_id": window, "measure": "idle", "counted_s": 600}))  # fmt: skip
        duty(conn, rudi, MONDAY, status="NO_SHOW")
        duty(conn, siti, MONDAY + timedelta(days=1))
    counted(engine, MONDAY, MONDAY + timedelta(days=1))
    with Session(engine) as session:
        whole = figures.unit_figures(session, reader(above), MONDAY, MONDAY + timedelta(days=6))
        assert (whole.duties, whole.judged, whole.present, whole.no_show, whole.unverified) == (3, 2, 1, 0, 1)
        assert (whole.late, whole.late_min, whole.causes, whole.idle_s) == (1, 20, {"silent": 1}, 600)
        assert (whole.expected_s, whole.observed_s, whole.unknown_s) == (2 * HOURS, HOURS, HOURS)
        assert whole.rule_versions == ("4",) and whole.computed_at == NOW
        by_day = figures.figures_by_day(session, reader(above), MONDAY, MONDAY + timedelta(days=6))
        assert [(day, one.duties) for day, one in by_day] == [(MONDAY, 2), (MONDAY + timedelta(days=1), 1)]
        own_people = figures.figures_by_unit(session, reader(above), MONDAY, MONDAY)
        assert {unit: one.unverified for unit, one in own_people.items()} == {above: 0, below: 1}
        assert figures.unit_figures(session, reader(above), MONDAY, MONDAY, below).judged == 1
        assert figures.unit_figures(session, reader(below), MONDAY, MONDAY, above).judged == 1, "no more than is theirs"
        assert figures.unit_figures(session, reader(below), MONDAY, MONDAY, beside) == Figures()
        assert figures.unit_figures(session, reader(None), MONDAY, MONDAY).no_show == 1
        assert figures.person_figures(session, budi, MONDAY, MONDAY, NOW).causes == {"silent": 1}


def test_people_sum_to_their_unit(engine: Engine) -> None:
    with engine.begin() as conn:
        unit = build.unit(conn, "Dinas")
        people = [build.person(conn, unit) for _ in range(4)]
        for number, person in enumerate(people):
            status = ("PRESENT", "NO_SHOW", "UNVERIFIED", "EXCUSED")[number]
            duty(conn, person, MONDAY, status=status, cause="outage" if status == "UNVERIFIED" else None)
    counted(engine, MONDAY)
    with Session(engine) as session:
        every = figures.figures_of(session, select(m.DutyWindow.id), MONDAY, MONDAY, NOW)
        whole = figures.unit_figures(session, reader(unit), MONDAY, MONDAY)
        assert every.keys() == set(people) and sum(every.values(), Figures()) == whole


def test_a_day_is_counted_afresh_and_its_mark_taken(engine: Engine) -> None:
    with engine.begin() as conn:
        unit = build.unit(conn, "Dinas")
        person = build.person(conn, unit)
        figures.mark_days(conn, [MONDAY], NOW)
        duty(conn, person, MONDAY, status="NO_SHOW")
    counted(engine, MONDAY)
    with engine.begin() as conn:
        assert figures.due_days(conn) == []
        window = conn.scalars(select(m.DutyWindow.id)).one()
        conn.execute(insert(m.VerdictRevision).values(
            {**REVISION, "revision": 2, "window_id": window, "status": "PRESENT"}))  # fmt: skip
    counted(engine, MONDAY)
    with Session(engine) as session:
        whole = figures.unit_figures(session, reader(unit), MONDAY, MONDAY)
        assert (whole.judged, whole.present, whole.no_show) == (1, 1, 0)


def test_days_are_counted_again_where_somebody_belonged_to_another_unit(engine: Engine) -> None:
    days = [MONDAY + timedelta(days=number) for number in range(3)]
    with engine.begin() as conn:
        here, there = build.unit(conn, "Dinas"), build.unit(conn, "Lain")
        person = build.person(conn, here)
        for day in days:
            duty(conn, person, day, status="NO_SHOW")
        nip = conn.scalars(select(m.Person.nip)).one()
    counted(engine, *days)
    with Session(engine) as session, session.begin():
        by = By(session, OPERATOR, None, NOW, NOW.date())
        changes.move_person(by, nip, "Lain", None, days[1])
        assert figures.due_days(session) == [days[2], days[1]], "what was before stays as it was counted"
    counted(engine, days[1], days[2])
    with Session(engine) as session:
        both = [figures.unit_figures(session, reader(unit), days[0], days[2]).no_show for unit in (here, there)]
        assert both == [1, 2]


def test_two_that_mark_the_same_days_wait_for_each_other_in_turn(engine: Engine) -> None:
    days = [MONDAY + timedelta(days=number) for number in range(60)]
    with engine.begin() as conn:
        unit = build.unit(conn, "Dinas")
        values = {column.name: 0 for column in m.UnitDay.__table__.c if column.name in figures.SUMS}
        conn.execute(insert(m.UnitDay), [{**values, "work_date": day, "unit_id": unit, "computed_at": NOW, "people": 1,
                                          "causes": {}, "rule_versions": []} for day in days])  # fmt: skip

    def mark_all() -> None:
        with engine.begin() as conn:
            conn.execute(text("SET LOCAL application_name = 'marking'"))
            figures.mark_counted(conn, MONDAY, NOW)

    marking = "application_name = 'marking' AND wait_event_type = 'Lock'"
    waits = text(f"SELECT count(*) FROM pg_stat_activity WHERE {marking}")
    other = threading.Thread(target=mark_all)
    with engine.begin() as conn:
        figures.mark_days(conn, days[:1], NOW)
        other.start()
        with engine.connect() as watch:
            watch.execution_options(isolation_level="AUTOCOMMIT")
            wait_until(lambda: watch.scalar(waits) == 1, "the other one waits for the first day")
        figures.mark_days(conn, days[1:], NOW)
    other.join()
    with engine.connect() as conn:
        assert len(figures.due_days(conn)) == len(days)


def test_a_report_of_people_sums_to_the_units_they_belonged_to(engine: Engine) -> None:
    days = [MONDAY + timedelta(days=number) for number in range(3)]
    with engine.begin() as conn:
        above = build.unit(conn, "Dinas")
        here, there = build.unit(conn, "Regu A", above), build.unit(conn, "Regu B", above)
        person = build.person(conn, here)
        for day in days:
            duty(conn, person, day, status="NO_SHOW")
        nip = conn.scalars(select(m.Person.nip)).one()
    with Session(engine) as session, session.begin():
        changes.move_person(By(session, OPERATOR, None, NOW, NOW.date()), nip, "Regu B", None, days[1])
    counted(engine, *days)
    wanted = ReportFilter(days[0], days[2])
    with Session(engine) as session:
        lines = list(report_people(session, NO_SHOW, reader(above), wanted, [person], NOW))
        assert [(row.unit, one.no_show) for row, one in lines] == [("Regu A", 1), ("Regu B", 2)]
        by_unit = figures.figures_by_unit(session, reader(above), days[0], days[2])
        assert {here: lines[0][1], there: lines[1][1]} == {
            unit: replace(one, computed_at=NOW) for unit, one in by_unit.items()}  # fmt: skip
        [(row, one)] = report_people(session, NO_SHOW, reader(there), wanted, [person], NOW)
        assert (row.unit, one.no_show) == ("Regu B", 2), "no more than is theirs"


def test_a_day_under_way_is_counted_when_duties_begin_but_not_all_the_time(engine: Engine) -> None:
    def begun(now: datetime) -> list[date]:
        with engine.begin() as conn:
            figures.mark_begun(conn, MONDAY, now)
            due = figures.due_days(conn)
            for day in due:
                figures.count_day(conn, day, now)
            return due

    with engine.begin() as conn:
        person, other = build.person(conn), build.person(conn)
        duty(conn, person, MONDAY)
        build.window(conn, other, at(MONDAY, 1) + timedelta(minutes=10), at(MONDAY, 9), work_date=MONDAY)
    assert begun(at(MONDAY, 0)) == [], "nothing has begun"
    assert begun(at(MONDAY, 1)) == [MONDAY]
    assert begun(at(MONDAY, 1) + timedelta(minutes=15)) == [], "not so soon again"
    assert begun(at(MONDAY, 1) + timedelta(minutes=35)) == [MONDAY]
    assert begun(at(MONDAY, 5)) == [], "nothing has begun since"
    with Session(engine) as session:
        whole = figures.unit_figures(session, reader(None), MONDAY, MONDAY)
        assert (whole.duties, whole.judged) == (2, 0)


def test_a_persons_days_sum_to_the_person(engine: Engine) -> None:
    with engine.begin() as conn:
        person = build.person(conn)
        for number, status in enumerate(("PRESENT", "NO_SHOW")):
            duty(conn, person, MONDAY + timedelta(days=number), status=status)
    with Session(engine) as session:
        last = MONDAY + timedelta(days=6)
        days = list(figures.figures_on(session, select(m.DutyWindow.id), MONDAY, last, NOW).items())
        assert [(day, one.no_show) for day, one in days] == [(MONDAY, 0), (MONDAY + timedelta(days=1), 1)]
        assert sum((one for _, one in days), Figures()) == figures.person_figures(session, person, MONDAY, last, NOW)


def test_years_that_are_to_be_counted_hold_up_nothing_else_for_long(engine: Engine) -> None:
    with engine.begin() as conn:
        figures.mark_days(conn, [MONDAY - timedelta(days=number) for number in range(2 * DAYS_AT_A_TIME + 1)], NOW)
    left = []
    for _ in range(3):
        count_due(engine, WIB, NOW, lambda: False)
        with engine.connect() as conn:
            left.append(figures.due_days(conn))
    assert [len(days) for days in left] == [DAYS_AT_A_TIME + 1, 1, 0]
    assert left[1] == [MONDAY - timedelta(days=2 * DAYS_AT_A_TIME)], "the oldest last"
