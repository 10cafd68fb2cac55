"""The evidence of one verdict: the page and the PDF say the same, to nobody but who may know, and leave a note."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import Engine, cast, insert, select, update
from sqlalchemy.dialects.postgresql import TSTZRANGE, Range
from werkzeug.test import TestResponse

from tests import builders as build
from tests.web.conftest import NOW, WORK_DATE, Browser, Clock, People, at, move_to, signed_in
from tests.web.test_team import judge
from tracker.domain import duty
from tracker.storage import models as m
from tracker.storage.duty import inputs_of

ENGLISH = {"Accept-Language": "en"}


def path(people: People, end: str = "") -> str:
    return f"/team/{people.own}/days/{WORK_DATE}/duties/{people.window}{end}"


def text_of(answer: TestResponse) -> str:
    assert answer.status_code == 200 and answer.mimetype == "application/pdf", answer.text
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.data)).pages)


def shown(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def seen_all_day(engine: Engine, people: People, clock: Clock) -> None:
    """At the place, then a vague fix and a jump, then an hour elsewhere, silence, and a verdict on it."""
    with engine.begin() as conn:
        phone = build.device(conn, "staf-007", person_id=people.own, interval_s=60)
        place = {"device_id": phone, "lat_e7": -62000000, "lon_e7": 1068000000, "accuracy_m": 8, "battery_pct": 80}
        inside = [{**place, "fix_time": at(8) + timedelta(minutes=n)} for n in range(0, 180, 2)]
        vague = {**place, "fix_time": at(9, 1), "accuracy_m": 900}
        spike = {**place, "fix_time": at(10, 1), "lon_e7": 1078000000}
        east = {**place, "lon_e7": 1068100000, "battery_pct": 30}
        outside = [{**east, "fix_time": at(11, 10) + timedelta(minutes=n)} for n in range(0, 60, 2)]
        rows = [{**one, "received_after_s": 0} for one in (*inside, vague, spike, *outside)]
        conn.execute(insert(m.StoredFix), rows)
        conn.execute(insert(m.DeviceStatus).values(device_id=phone, received_at=at(8, 3), permission="limited"))
    move_to(clock, engine, at(18))
    with engine.connect() as conn:
        (inputs,) = inputs_of(conn, [people.window])
    found = duty.judge(inputs.window, inputs.evidence, inputs.rules, clock.now)
    seconds = {name: getattr(found, name) for name in ("on_site_s", "off_site_s", "moving_s", "unknown_s")}
    kept = {"evidence": dict(found.evidence), "cause": found.cause, "rule_version": inputs.rules.version, **seconds}
    judge(engine, people.window, found.status, found.observed_s, **kept)


PARTS = (
    "Siti Rahayu", "Field: works in a zone", "Zone", "circle of 150 m", "At the place of duty",
    "Positions of the phone", "Not exact enough to decide", "A jump that nobody can make", "staf-007", "60 s",
    "80 %", "30 %",
    "only while the app is open", "Silences within the duty", "12:08", "16:00", "Grace", "15 min",
    "Silence is not absence", "first computed", "Provisional until",
)  # fmt: skip


def test_the_page_and_the_document_say_all_that_the_verdict_rests_on(
    supervisor: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    seen_all_day(engine, people, clock)
    page = supervisor.get(path(people), **ENGLISH).text
    document = re.sub(r"\s+", " ", text_of(supervisor.get(path(people, ".pdf"), **ENGLISH)))
    for part in PARTS:
        assert part in shown(page), part
        assert part in document, part
    assert '<polyline class="way on_site"' in page and '<circle class="off_site stay"' in page
    assert "Page 1" in document and "Page 2" in document and "by atasan" in document
    assert "Bukti: Siti Rahayu" in text_of(supervisor.get(path(people, ".pdf")))


def test_a_device_that_another_has_by_now_says_nothing_of_them(
    supervisor: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    seen_all_day(engine, people, clock)
    heard = {"last_heard_at": at(17, 50), "fix_time": at(8)}
    with engine.begin() as conn:
        conn.execute(insert(m.DeviceState).values(device_id=select(m.Device.id).scalar_subquery(), **heard))
    assert "Last heard" in shown(supervisor.get(path(people), **ENGLISH).text)
    with engine.begin() as conn:
        until = Range(None, at(17))
        conn.execute(update(m.Assignment).values(period=m.Assignment.period * cast(until, TSTZRANGE)))
    page = shown(supervisor.get(path(people), **ENGLISH).text)
    assert "staf-007" in page and "Last heard" not in page


def test_the_same_evidence_gives_the_same_file(
    supervisor: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    seen_all_day(engine, people, clock)
    first, second = (supervisor.get(path(people, ".pdf")).data for _ in range(2))
    assert first == second


def test_revisions_are_told_with_what_is_different(supervisor: Browser, people: People, engine: Engine) -> None:
    judge(engine, people.window, "UNVERIFIED", cause="silent")
    changed = {"revision": 2, "reason": "late_fixes", "late_min": 0, "inputs_digest": "abcdef", "on_site_s": 28800}
    judge(engine, people.window, "PRESENT", 28800, unknown_s=0, **changed)
    page = shown(supervisor.get(path(people), **ENGLISH).text)
    assert "Verdict: Unverified before, now Present" in page and "late positions arrived" in page and "abcdef" in page
    assert "The verdict was found by version 1." in page


def test_what_people_said_and_decided_is_told(supervisor: Browser, people: People, engine: Engine) -> None:
    judge(engine, people.window, "UNVERIFIED", cause="silent")
    with engine.begin() as conn:
        boss = conn.scalars(select(m.Account.id).where(m.Account.username == "atasan")).one()
        said = {"window_id": people.window, "account_id": boss, "at": NOW}
        times = {"starts_at": at(9), "ends_at": at(10)}
        conn.execute(insert(m.Attestation).values(**said, **times, reason="Saya bersamanya di lapangan."))
        conn.execute(insert(m.AbsenceFinding).values(**said, reason="Tidak ada yang melihatnya."))
        contest = {"window_id": people.window, "revision": 1, "opened_at": NOW, "due_at": NOW + timedelta(days=3)}
        conn.execute(insert(m.Contest).values(**contest, statement="Baterai ponsel saya habis."))
        case = {"window_id": people.window, "opened_at": NOW, "cause": "late_fixes", "proposed_digest": "x"}
        conn.execute(insert(m.DutyCase).values(**case, proposed={"status": "PRESENT"}))
    for told in (supervisor.get(path(people)).text, text_of(supervisor.get(path(people, ".pdf")))):
        for part in ("Saya bersamanya", "Tidak ada yang melihatnya", "Baterai ponsel saya", "Rina Marlina",
                     "Menunggu keputusan"):  # fmt: skip
            assert part in re.sub(r"\s+", " ", told), part


def test_when_the_positions_are_deleted_it_says_so_and_what_is_kept(
    supervisor: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    spans = [{"start": at(8).isoformat(), "end": at(16).isoformat(), "place": "inside", "source": "track"}]
    told: dict[str, Any] = {"spans": spans, "sources": {"track": 28800}, "fixes": 480, "vague": 7, "spikes": 2}
    judge(engine, people.window, "PRESENT", 28800, evidence=told)
    move_to(clock, engine, NOW + timedelta(days=61))
    page = shown(supervisor.get(path(people), **ENGLISH).text)
    assert "The positions of this duty are deleted by now" in page and "480" in page
    assert "Not exact enough to decide 7" in page and "these numbers are kept with the verdict" in page
    assert "No outage" not in page, "that nobody knows any more"


def test_a_duty_without_a_verdict_or_without_expectation_has_a_page(
    supervisor: Browser, people: People, engine: Engine
) -> None:
    assert "not judged yet" in supervisor.get(path(people), **ENGLISH).text
    with engine.begin() as conn:
        window = build.window(conn, people.own, at(18), at(19), work_date=WORK_DATE, excuse="leave")
    judge(engine, window, "EXCUSED", excused_s=28800, unknown_s=0)
    page = shown(supervisor.get(f"/team/{people.own}/days/{WORK_DATE}/duties/{window}", **ENGLISH).text)
    assert "On leave" in page and "Nobody was expected" in page and "Positions set aside" not in page
    assert supervisor.get(f"/team/{people.own}/days/{WORK_DATE}/duties/{window}.pdf").status_code == 200


@pytest.mark.parametrize("end", ["", ".pdf"])
def test_it_is_there_for_nobody_else(
    stranger: Browser, supervisor: Browser, employee: Browser, people: People, engine: Engine, end: str
) -> None:
    judge(engine, people.window, "PRESENT")
    assert stranger.get(path(people, end)).status_code == 404
    assert stranger.get(f"/me/duties/{people.window}{end}").status_code == 404
    other_day = f"/team/{people.own}/days/{WORK_DATE - timedelta(days=1)}/duties/{people.window}{end}"
    assert supervisor.get(other_day).status_code == 404, "the right is that of the day"
    assert supervisor.get(f"/team/{people.boss}/days/{WORK_DATE}/duties/{people.window}{end}").status_code == 404
    own = employee.get(f"/me/duties/{people.window}{end}")
    assert own.status_code == 200 and f"/me/duties/{people.window}" in employee.get(f"/me/days/{WORK_DATE}").text


def test_each_look_is_written_down(supervisor: Browser, people: People, engine: Engine) -> None:
    judge(engine, people.window, "PRESENT")
    assert path(people) in supervisor.get(f"/team/{people.own}/days/{WORK_DATE}").text
    supervisor.get(path(people))
    supervisor.get(path(people, ".pdf"))
    query = select(m.Audit.action, m.Audit.people, m.Audit.detail).order_by(m.Audit.id)
    with engine.connect() as conn:
        _day, page, file = conn.execute(query).all()
    assert (page.action, page.people, page.detail["duty"]) == ("view_track", [people.own], people.window)
    assert (file.action, file.people) == ("export_report", [people.own]) and file.detail["report"] == "evidence"
    assert file.detail["first"] == str(WORK_DATE)


def test_an_auditor_says_why_first(app: Flask, engine: Engine, people: People) -> None:
    judge(engine, people.window, "PRESENT")
    auditor = signed_in(app, engine, "auditor")
    assert auditor.get(path(people, ".pdf")).headers["Location"] == path(people)
    asked = auditor.get(path(people), **ENGLISH).text
    assert "Why do you look?" in asked and "SHA-256" not in asked
    look = f"/team/{people.own}/days/{WORK_DATE}/look"
    assert auditor.post(look, why="x", duty=people.window).status_code == 422
    answer = auditor.post(look, why="Keberatan pegawai", duty=people.window)
    assert answer.headers["Location"] == path(people)
    assert "SHA-256" in auditor.get(path(people)).text
    assert auditor.get(path(people, ".pdf")).mimetype == "application/pdf"
    with engine.connect() as conn:
        assert conn.scalars(select(m.Audit.why)).all() == ["Keberatan pegawai"] * 2
