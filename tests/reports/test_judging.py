"""Windows become revisions: each once, again when late fixes touch them, and never by half."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from reports import batches
from reports.batches import Clock
from reports.computed import Known
from reports.judging import judge_date, judge_due
from tests import builders
from tests.conftest import Database
from tests.domain import days
from tests.reports.duties import (
    LOCK,
    RETENTION_DAYS,
    WORK_DATE,
    OnDuty,
    at,
    clock_at,
    idles,
    judge,
    on_duty,
    receive,
    runs,
    track,
    verdicts,
)
from tests.reports.rosters import by
from tracker.domain.fix import oldest_kept
from tracker.storage import calendar_changes
from tracker.storage.duty import RULES, Inputs, QuietTimes, inputs_of
from tracker.storage.engine import make_engine
from tracker.storage.models import Assignment, DutyWindow, LateDay, VerdictRevision, WindowDue
from tracker.storage.revisions import Computed


def test_a_window_that_ended_gets_a_verdict_and_an_idle_figure(engine: Engine) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn)
        receive(conn, duty.device_id, track("07:30-12:00 work", "12:05-12:45 kiosk", "12:50-16:30 work"))
    judge(engine, "17:30")
    (verdict,), (idle,) = verdicts(engine, duty.window_id), idles(engine, duty.window_id)
    assert (verdict.revision, verdict.reason, verdict.status, verdict.cause) == (1, "first", "PRESENT", None)
    assert (verdict.late_min, verdict.left_early_min, verdict.observed_s) == (0, 0, 28800)
    assert (idle.measure, idle.counted_s, idle.inputs_digest) == ("idle", 2400, verdict.inputs_digest)
    assert [place["seconds"] for place in idle.evidence["places"]] == [2400]


def test_of_what_is_older_than_the_fixes_that_are_kept_only_an_excuse_is_judged(engine: Engine) -> None:
    with engine.begin() as conn:
        expected, excused = on_duty(conn), on_duty(conn)
        excuse = update(DutyWindow).where(DutyWindow.id == excused.window_id).values(excuse="sick")
        conn.execute(excuse)
        marked = {"reason": "rule", "marked_at": at("+80 09:00")}
        conn.execute(insert(WindowDue), [{"window_id": one.window_id, **marked} for one in (expected, excused)])
    for clock in ("+80 10:00", "+80 10:01"):
        judge(engine, clock)
        assert verdicts(engine, expected.window_id) == idles(engine, expected.window_id) == []
        (verdict,), (idle,) = verdicts(engine, excused.window_id), idles(engine, excused.window_id)
        assert (verdict.status, verdict.excused_s, idle.counted_s) == ("EXCUSED", 8 * 3600, 0)


def waiting(engine: Engine) -> list[int]:
    with engine.connect() as conn:
        return list(conn.scalars(select(DutyWindow.id).where(DutyWindow.awaits_verdict)))


def test_a_window_waits_until_it_has_both_its_verdict_and_its_idle_figure(engine: Engine) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn)
    judge_date(engine, "no_show", WORK_DATE, clock_at("17:30"))
    assert waiting(engine) == [duty.window_id] and idles(engine, duty.window_id) == []
    judge(engine, "17:31")
    assert waiting(engine) == []
    assert len(verdicts(engine, duty.window_id)) == len(idles(engine, duty.window_id)) == 1


def test_a_window_that_is_added_long_after_its_end_is_judged_in_the_next_run(engine: Engine) -> None:
    with engine.begin() as conn:
        on_duty(conn)
    judge(engine, "+5 17:30")
    with engine.begin() as conn:
        late = on_duty(conn, "09:00", "10:00")
    judge(engine, "+5 17:31")
    assert len(verdicts(engine, late.window_id)) == 1 and waiting(engine) == []


def test_judging_does_not_wait_for_who_changes_a_window_and_judges_it_in_the_next_run(engine: Engine) -> None:
    with engine.begin() as conn:
        held, other = on_duty(conn), on_duty(conn)
    with engine.begin() as conn:
        conn.execute(update(DutyWindow).where(DutyWindow.id == held.window_id).values(grace_min=5))
        judge(engine, "17:30")
        assert waiting(engine) == [held.window_id] and len(verdicts(engine, other.window_id)) == 1
    judge(engine, "17:31")
    assert waiting(engine) == [] and len(verdicts(engine, held.window_id)) == 1


def test_rules_that_change_while_a_first_verdict_is_computed_judge_it_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn)
        receive(conn, duty.device_id, track("07:00-08:30 home", "09:00-16:30 work"))
    changed = threading.Event()

    def changed_when_read(conn: Connection, window_ids: Sequence[int], quiet: QuietTimes | None = None) -> list[Inputs]:
        found = inputs_of(conn, window_ids, quiet)
        if window_ids and not changed.is_set():
            changed.set()
            with Session(engine) as session, session.begin():
                calendar_changes.keep_rule_set(by(session, "17:30"), None, "Hitung", WORK_DATE, WORK_DATE, True, {})
        return found

    monkeypatch.setattr(batches, "inputs_of", changed_when_read)
    judge(engine, "17:30")
    first, second = verdicts(engine, duty.window_id)
    assert (first.rule_version, second.reason) == (RULES.version, "rule")
    assert second.rule_version.startswith(f"{RULES.version}/")


@pytest.mark.parametrize("ends", ["fails", "stops"])
def test_reading_ahead_keeps_no_window_nor_connection_where_a_run_ends_early(
    database: Database, engine: Engine, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    monkeypatch.setattr(batches, "WINDOWS_AT_A_TIME", 1)
    with engine.begin() as conn:
        duties = [on_duty(conn) for _ in range(4)]
    two = make_engine(database.app_url, pool_size=2)
    judged: list[None] = []

    def progress(*_: object) -> None:
        judged.append(None)
        if ends == "fails":
            raise OperationalError("", {}, Exception("the database is away"))

    monkeypatch.setattr("reports.judging.report_runs.progress", progress)
    with suppress(OperationalError):
        judge_due(two, clock_at("17:30"), lambda: bool(judged) and ends == "stops")
    assert len(judged) == 1 and two.pool.checkedout() == 0  # type: ignore[attr-defined]
    two.dispose()
    monkeypatch.undo()
    judge(engine, "17:31")
    assert waiting(engine) == [] and {len(verdicts(engine, duty.window_id)) for duty in duties} == {1}


def test_each_person_is_judged_by_their_own_phone(engine: Engine) -> None:
    with engine.begin() as conn:
        there, away, silent = on_duty(conn), on_duty(conn), on_duty(conn)
        receive(conn, there.device_id, track("07:30-16:30 work"))
        receive(conn, away.device_id, track("07:10-16:30 home"))
    judge(engine, "17:30")
    found = {duty: verdicts(engine, duty.window_id)[0] for duty in (there, away, silent)}
    assert [(v.status, v.cause) for v in found.values()] == [
        ("PRESENT", None), ("NO_SHOW", None), ("UNVERIFIED", "silent"),
    ]  # fmt: skip
    run = runs(engine)["no_show"]
    assert (run.state, run.error) == ("done", None)
    assert run.counts == {"windows": 3, "written": 3, "NO_SHOW": 1, "PRESENT": 1, "UNVERIFIED": 1}
    assert runs(engine)["idle"].counts == {"windows": 3, "written": 3, "idle": 3}


def test_a_day_in_a_polygon_is_judged_by_its_outline_and_holes(engine: Engine) -> None:
    with engine.begin() as conn:
        yard = builders.area(conn, days.square(2000), days.square(100, 0, 900))  # the kiosk is in the hole
        there, away = on_duty(conn, zone_id=yard), on_duty(conn, zone_id=yard)
        receive(conn, there.device_id, track("07:30-12:00 gate", "12:05-12:45 kiosk", "12:50-16:30 corner"))
        receive(conn, away.device_id, track("07:10-16:30 kiosk"))
    judge(engine, "17:30")
    (verdict,), (idle,) = verdicts(engine, there.window_id), idles(engine, there.window_id)
    assert (verdict.status, verdict.late_min, verdict.left_early_min, idle.counted_s) == ("PRESENT", 0, 0, 2400)
    (told,) = verdict.evidence["window"]["zones"]
    assert [told] == idle.evidence["window"]["zones"] and len(told["shape"]) == 64
    assert [v.status for v in verdicts(engine, away.window_id)] == ["NO_SHOW"]
    judge(engine, "17:31")
    judge_date(engine, "no_show", WORK_DATE, clock_at("18:00"))
    assert len(verdicts(engine, there.window_id)) == 1  # read again, it is the same polygon


@pytest.mark.parametrize(("grace_min", "too_early", "due"), [(0, "17:14", "17:15"), (100, "17:39", "17:40")])
def test_a_window_is_judged_after_its_last_fixes_and_grace(
    engine: Engine, grace_min: int, too_early: str, due: str
) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn, grace_min=grace_min)
    judge(engine, too_early)
    assert verdicts(engine, duty.window_id) == [] and runs(engine) == {}
    judge(engine, due)
    assert len(verdicts(engine, duty.window_id)) == 1


def test_judging_again_writes_nothing(engine: Engine) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn)
        receive(conn, duty.device_id, track("07:30-16:30 work"))
    judge(engine, "17:30")
    finished = runs(engine)["no_show"].finished_at
    judge(engine, "17:31")
    judge_date(engine, "no_show", WORK_DATE, clock_at("18:00"))
    assert len(verdicts(engine, duty.window_id)) == 1
    assert runs(engine)["idle"].finished_at < runs(engine)["no_show"].finished_at > finished


def test_fixes_that_arrive_late_turn_unverified_into_present(engine: Engine) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn)
    judge(engine, "17:30")
    with engine.begin() as conn:
        receive(conn, duty.device_id, track("07:30-16:30 work"), received_at=at("+1 09:00"))
    judge(engine, "+1 09:01")
    revisions = verdicts(engine, duty.window_id)
    assert [(v.revision, v.reason, v.status) for v in revisions] == [
        (1, "first", "UNVERIFIED"), (2, "late_fixes", "PRESENT"),
    ]  # fmt: skip
    assert [i.revision for i in idles(engine, duty.window_id)] == [1, 2]
    assert late_days(engine) == 0


def test_a_night_shift_is_judged_again_for_late_fixes_of_either_utc_day(engine: Engine) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn, "22:00", "+1 08:00")  # 15:00 to 01:00 UTC
    judge(engine, "+1 09:30")
    for words in ("22:00-23:00 work", "+1 07:10-+1 08:00 work"):
        with engine.begin() as conn:
            receive(conn, duty.device_id, track(words), received_at=at("+1 10:00"))
        judge(engine, "+1 10:01")
    assert [v.on_site_s for v in verdicts(engine, duty.window_id)] == [0, 3600, 3600 + 3000]


def test_late_fixes_of_a_window_that_still_runs_wait_for_its_end(engine: Engine) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn)
        receive(conn, duty.device_id, track("07:30-12:00 work"), received_at=at("12:30"))
    assert late_days(engine) > 0
    judge(engine, "12:31")
    assert late_days(engine) == 0 and verdicts(engine, duty.window_id) == []
    judge(engine, "17:30")
    assert verdicts(engine, duty.window_id)[0].on_site_s == 4 * 3600


def test_marks_of_vehicles_are_taken_away(engine: Engine) -> None:
    with engine.begin() as conn:
        device_id = builders.device(conn, vehicle_id=builders.vehicle(conn))
        receive(conn, device_id, track("07:30-09:00 work"), received_at=at("12:30"))
    judge(engine, "12:31")
    assert late_days(engine) == 0 and runs(engine) == {}


def test_a_phone_handed_over_in_the_middle_counts_for_each_holder_in_turn(engine: Engine) -> None:
    with engine.begin() as conn:
        first, second = on_duty(conn), on_duty(conn)
        conn.execute(update(Assignment).where(Assignment.device_id == first.device_id).values(
            period=Range(builders.LONG_AGO, at("12:00"), bounds="[)")))
        conn.execute(update(Assignment).where(Assignment.device_id == second.device_id).values(
            period=Range(builders.LONG_AGO, at("12:00"), bounds="[)")))
        handed_over = Range(at("12:00"), None, bounds="[)")
        conn.execute(insert(Assignment).values(
            device_id=first.device_id, person_id=second.person_id, period=handed_over))
        receive(conn, first.device_id, track("07:30-16:30 work"))
    judge(engine, "17:30")
    on_site = [verdicts(engine, duty.window_id)[0].on_site_s for duty in (first, second)]
    assert on_site == [4 * 3600 - 60, 4 * 3600]


def test_a_device_whose_clock_runs_ahead_accuses_nobody(engine: Engine) -> None:
    """A clock 7 h ahead makes the night at home look like the day at work."""
    with engine.begin() as conn:
        duty = on_duty(conn)
        receive(conn, duty.device_id, track("07:10-16:30 home"), slow=timedelta(hours=-7))
    judge(engine, "17:30")
    (verdict,) = verdicts(engine, duty.window_id)
    assert (verdict.status, verdict.cause) == ("UNVERIFIED", "silent")


def test_a_device_whose_clock_is_slow_accuses_nobody(engine: Engine) -> None:
    """A clock 9 h slow makes an evening at home look like a day away; another phone's clock says nothing of it."""
    with engine.begin() as conn:
        duty, late = on_duty(conn), on_duty(conn)
        other_phone = builders.device(conn, person_id=duty.person_id)
        receive(conn, other_phone, track("07:05-07:20 home"))
        receive(conn, duty.device_id, track("07:10-16:30 home"), slow=timedelta(hours=9))
        receive(conn, late.device_id, track("07:10-09:59 home", "10:00-16:30 work"), slow=timedelta(hours=9))
    judge(engine, "+1 03:00")
    (verdict,), (minutes,) = verdicts(engine, duty.window_id), verdicts(engine, late.window_id)
    assert (verdict.status, verdict.cause) == ("UNVERIFIED", "clock_unproven")
    assert (minutes.status, minutes.late_min, minutes.left_early_min) == ("PRESENT", None, 0)
    assert idles(engine, duty.window_id)[0].counted_s == 0


def test_one_fix_that_arrives_when_it_is_made_proves_the_clock(engine: Engine) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn)
        receive(conn, duty.device_id, track("07:10-16:20 home"), received_at=at("16:21"))
    judge(engine, "17:30")
    assert verdicts(engine, duty.window_id)[0].status == "NO_SHOW"


def test_punctual_fixes_after_the_end_are_no_late_fixes(engine: Engine) -> None:
    """Whatever belongs to a window has arrived when it is judged, so computing it again changes nothing."""
    with engine.begin() as conn:
        duty = on_duty(conn)
        receive(conn, duty.device_id, track("07:30-16:15 work"))
    judge(engine, "16:30")
    with engine.begin() as conn:
        receive(conn, duty.device_id, track("16:16-17:00 work"))
    judge(engine, "17:15")
    judge_date(engine, "no_show", WORK_DATE, clock_at("18:00"))
    assert [v.reason for v in verdicts(engine, duty.window_id)] == ["first"]


def test_silence_while_all_others_were_silent_too_is_an_outage(engine: Engine) -> None:
    with engine.begin() as conn:
        silent = on_duty(conn)
        for _ in range(5):
            receive(conn, on_duty(conn).device_id, track("07:10-08:30 work", "15:30-16:30 work"))
    judge(engine, "17:30")
    (verdict,) = verdicts(engine, silent.window_id)
    assert (verdict.status, verdict.cause) == ("UNVERIFIED", "outage")


def test_an_outage_stays_one_when_some_phones_send_afterwards_what_they_kept(engine: Engine) -> None:
    with engine.begin() as conn:
        silent = on_duty(conn)
        others = [on_duty(conn) for _ in range(5)]
        for other in others:
            receive(conn, other.device_id, track("07:10-08:30 work", "15:30-16:30 work"))
            receive(conn, other.device_id, track("08:31-15:29 work"), received_at=at("15:30"))
    judge(engine, "17:30")
    (verdict,) = verdicts(engine, silent.window_id)
    assert (verdict.status, verdict.cause) == ("UNVERIFIED", "outage")


def test_silence_while_others_were_heard_is_silence(engine: Engine) -> None:
    with engine.begin() as conn:
        silent = on_duty(conn)
        for _ in range(5):
            receive(conn, on_duty(conn).device_id, track("07:10-16:30 work"))
    judge(engine, "17:30")
    assert verdicts(engine, silent.window_id)[0].cause == "silent"


def test_a_window_whose_fixes_are_no_longer_kept_is_not_judged(engine: Engine) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn)
    too_late = at("17:30") + timedelta(days=RETENTION_DAYS + 1)
    judge_due(engine, Clock(too_late, oldest_kept(too_late, RETENTION_DAYS), LOCK), lambda: False)
    assert verdicts(engine, duty.window_id) == []


def test_a_run_that_fails_says_why_leaves_nothing_half_done_and_is_tried_again(
    engine: Engine, database: Database
) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn)
    as_owner(database, "REVOKE INSERT ON idle_revision FROM jejak_app")
    with pytest.raises(ProgrammingError):
        judge(engine, "17:30")
    failed = runs(engine)["no_show"]
    assert failed.state == "failed" and "permission denied for table idle_revision" in failed.error
    assert verdicts(engine, duty.window_id) == []
    as_owner(database, "GRANT INSERT ON idle_revision TO jejak_app")
    judge(engine, "17:31")
    assert (runs(engine)["no_show"].state, runs(engine)["no_show"].error) == ("done", None)
    assert len(verdicts(engine, duty.window_id)) == 1


def test_marks_of_a_failed_run_are_still_there(engine: Engine, database: Database) -> None:
    with engine.begin() as conn:
        duty = on_duty(conn)
    judge(engine, "17:30")
    with engine.begin() as conn:
        receive(conn, duty.device_id, track("07:30-16:30 work"), received_at=at("+1 09:00"))
    as_owner(database, "REVOKE INSERT ON verdict FROM jejak_app")
    with pytest.raises(ProgrammingError):
        judge(engine, "+1 09:01")
    as_owner(database, "GRANT INSERT ON verdict TO jejak_app")
    judge(engine, "+1 09:02")
    assert [v.status for v in verdicts(engine, duty.window_id)] == ["UNVERIFIED", "PRESENT"]


def test_a_run_that_is_stopped_says_so_and_goes_on_later(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "WINDOWS_AT_A_TIME", 1)
    with engine.begin() as conn:
        duties = [on_duty(conn) for _ in range(2)]
    judge_due(engine, clock_at("17:30"), lambda: True)
    assert [len(verdicts(engine, duty.window_id)) for duty in duties] == [1, 0]
    assert runs(engine)["no_show"].error == "stopped before the end; it goes on at the next start"
    judge(engine, "17:31")
    assert [len(verdicts(engine, duty.window_id)) for duty in duties] == [1, 1]
    assert (runs(engine)["no_show"].state, runs(engine)["no_show"].error) == ("done", None)


def test_a_run_that_is_stopped_after_its_last_window_is_done(engine: Engine) -> None:
    with engine.begin() as conn:
        on_duty(conn)
    judge_due(engine, clock_at("17:30"), lambda: True)
    assert runs(engine)["no_show"].state == "done"


@pytest.fixture
def bad_windows(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """Ids of windows on which a rule fails."""
    bad: set[int] = set()
    report = batches.REPORTS["idle"]

    def compute(known: Known, now: datetime) -> Computed:
        if known.window_id in bad:
            raise ZeroDivisionError("float division by zero")
        return report.compute(known, now)

    monkeypatch.setitem(batches.REPORTS, "idle", replace(report, compute=compute))
    return bad


def test_a_window_that_cannot_be_judged_is_named_and_holds_up_nobody(
    engine: Engine, bad_windows: set[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "WINDOWS_AT_A_TIME", 2)
    with engine.begin() as conn:
        bad, *others = [on_duty(conn) for _ in range(5)]
    bad_windows.add(bad.window_id)
    judge(engine, "17:30")
    assert [len(verdicts(engine, duty.window_id)) for duty in others] == [1, 1, 1, 1]
    assert verdicts(engine, bad.window_id) == idles(engine, bad.window_id) == []
    run = runs(engine)["no_show"]
    assert (run.state, run.counts["windows"]) == ("failed", 4)
    assert run.error == f"window {bad.window_id}: ZeroDivisionError: float division by zero"
    bad_windows.clear()
    judge(engine, "17:31")
    assert len(verdicts(engine, bad.window_id)) == 1 and runs(engine)["no_show"].state == "done"


def test_late_fixes_of_a_window_that_cannot_be_judged_are_judged_once_it_can(
    engine: Engine, bad_windows: set[int]
) -> None:
    with engine.begin() as conn:
        bad, other = on_duty(conn), on_duty(conn)
    judge(engine, "17:30")
    with engine.begin() as conn:
        for duty in (bad, other):
            receive(conn, duty.device_id, track("07:30-16:30 work"), received_at=at("+1 09:00"))
    bad_windows.add(bad.window_id)
    judge(engine, "+1 09:01")
    assert [len(verdicts(engine, duty.window_id)) for duty in (bad, other)] == [1, 2]
    assert runs(engine)["idle"].state == "failed"
    bad_windows.clear()
    judge(engine, "+1 09:02")
    assert [len(verdicts(engine, duty.window_id)) for duty in (bad, other)] == [2, 2]
    assert late_days(engine) == 0 and runs(engine)["idle"].state == "done"


def test_a_date_by_hand_counts_what_could_not_be_judged(engine: Engine, bad_windows: set[int]) -> None:
    with engine.begin() as conn:
        bad, _ = on_duty(conn), on_duty(conn)
    bad_windows.add(bad.window_id)
    counts = judge_date(engine, "idle", WORK_DATE, clock_at("17:30"))
    assert (counts["windows"], counts["not_judged"]) == (1, 1)


def test_first_verdicts_come_before_late_fixes(engine: Engine) -> None:
    with engine.begin() as conn:
        vehicle = builders.device(conn, vehicle_id=builders.vehicle(conn))
        receive(conn, vehicle, track("07:30-09:00 work"), received_at=at("12:30"))
        duty = on_duty(conn)
    judge_due(engine, clock_at("17:30"), lambda: True)
    assert len(verdicts(engine, duty.window_id)) == 1 and late_days(engine) == 1


def test_marks_without_end_do_not_keep_a_run_from_ending(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MARKS_AT_A_TIME", 1)
    monkeypatch.setattr(batches, "MARK_BATCHES", 2)
    with engine.begin() as conn:
        for _ in range(3):
            vehicle = builders.device(conn, vehicle_id=builders.vehicle(conn))
            receive(conn, vehicle, track("07:30-09:00 work"), received_at=at("12:30"))
    judge(engine, "12:31")
    assert late_days(engine) == 1
    judge(engine, "12:32")
    assert late_days(engine) == 0


def test_several_judges_at_once_write_each_verdict_once(engine: Engine) -> None:
    with engine.begin() as conn:
        duties = [on_duty(conn) for _ in range(8)]
    judges = [threading.Thread(target=judge, args=(engine, "17:30")) for _ in range(3)]
    for thread in judges:
        thread.start()
    for thread in judges:
        thread.join()
    with engine.connect() as conn:
        assert conn.scalar(select(func.count()).select_from(VerdictRevision)) == len(duties)


def test_a_mark_set_while_its_day_is_judged_is_not_lost(engine: Engine) -> None:
    """The bridge's transaction began before the judge's and commits after it; its fix must still be judged."""
    with engine.begin() as conn:
        duty = on_duty(conn)
        receive(conn, duty.device_id, track("07:30-09:00 work"), received_at=at("+1 09:00"))
    with engine.connect() as bridge, bridge.begin():
        receive(bridge, duty.device_id, track("09:01-16:30 work"), received_at=at("+1 09:00"))
        judge(engine, "+1 09:01")
    judge(engine, "+1 09:02")
    assert verdicts(engine, duty.window_id)[-1].status == "PRESENT"


def test_a_date_can_be_computed_by_hand(engine: Engine) -> None:
    with engine.begin() as conn:
        duty, _ = on_duty(conn), on_duty(conn, "14:00", "22:00")
    counts = judge_date(engine, "no_show", WORK_DATE, clock_at("17:30"))
    assert counts == {"windows": 1, "written": 1, "UNVERIFIED": 1, "not_judged": 1}
    assert len(verdicts(engine, duty.window_id)) == 1 and idles(engine, duty.window_id) == []
    judge(engine, "17:31")
    assert len(verdicts(engine, duty.window_id)) == len(idles(engine, duty.window_id)) == 1


def late_days(engine: Engine) -> int:
    with engine.connect() as conn:
        return conn.scalar(select(func.count()).select_from(LateDay)) or 0


def as_owner(database: Database, statement: str) -> None:
    owner = make_engine(database.owner_url, pool_size=1)
    with owner.begin() as conn:
        conn.execute(text(statement))
    owner.dispose()


def colleagues(conn: Connection, count: int, lat: float, lon: float) -> list[OnDuty]:
    """People who work in one zone all day."""
    zone_id = builders.zone(conn, lat, lon)
    return [on_duty(conn, zone_id=zone_id) for _ in range(count)]


def test_an_area_that_was_not_heard_is_an_outage_there_and_nowhere_else(engine: Engine) -> None:
    with engine.begin() as conn:
        here = colleagues(conn, 6, days.WORK.lat, days.WORK.lon)
        far = colleagues(conn, 6, days.WORK.lat + 0.4, days.WORK.lon)
        for one in here:
            receive(conn, one.device_id, track("07:00-08:00 work"))
        for one in far[1:]:
            receive(conn, one.device_id, track("07:00-16:30 home"))
        receive(conn, far[0].device_id, track("07:00-08:00 work"))
    judge(engine, "17:30")
    silent = {one.window_id: verdicts(engine, one.window_id)[0] for one in (here[0], far[0])}
    assert [(v.status, v.cause) for v in silent.values()] == [("UNVERIFIED", "outage"), ("UNVERIFIED", "partial")]
