"""A day as the supervisor sees it: the bar and the table never say anything else than the verdict beside them."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session

from tests import builders as build
from tests.web.actions import team_path
from tests.web.conftest import NOW, Browser, Clock, People, at, move_to
from tests.web.test_team import judge
from tracker.domain import duty
from tracker.storage import models as m
from tracker.storage.duty import inputs_of

ENGLISH = {"Accept-Language": "en"}


def span(start: datetime, end: datetime, place: str) -> dict[str, str]:
    return {"start": start.isoformat(), "end": end.isoformat(), "place": place}


SPANS = [span(at(8), at(9), "outside"), span(at(9), at(15), "inside"), span(at(15), at(16), "unknown")]


def pieces(page: str) -> list[tuple[str, ...]]:
    """Beginning, end and kind of each row of the day's table."""
    table = page.split('id="segments"')[1].split("<tbody>")[1].split("</tbody>")[0]
    rows = [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in table.split("</tr>")[:-1]]
    return [tuple(re.sub(r"<span.*</span> ", "", cell) for cell in row[:3]) for row in rows]


def send(engine: Engine, person_id: int, minutes: range, lon_e7: int = 1068000000) -> None:
    """Fixes at the zone (or east of it) at minutes since eight o'clock."""
    with engine.begin() as conn:
        phone = build.device(conn, person_id=person_id)
        times = [at(8) + timedelta(minutes=minute) for minute in minutes]
        place = {"device_id": phone, "lat_e7": -62000000, "lon_e7": lon_e7, "accuracy_m": 8}
        conn.execute(insert(m.StoredFix), [{"fix_time": one, "received_after_s": 0, **place} for one in times])


def test_a_judged_day_is_drawn_from_its_verdict_and_not_computed_anew(
    supervisor: Browser, people: People, engine: Engine
) -> None:
    judge(engine, people.window, "PRESENT", evidence={"spans": SPANS, "unknown_because": "silent"})
    page = supervisor.get(team_path(people.own), **ENGLISH).text
    assert pieces(page) == [
        ("08:00", "09:00", "Elsewhere"), ("09:00", "15:00", "At the place of duty"), ("15:00", "16:00", "Unknown")
    ]  # fmt: skip
    assert "About the unknown time: The phone was not heard." in page


def test_positions_that_were_deleted_are_not_called_silence(
    supervisor: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    judge(engine, people.window, "PRESENT", evidence={"spans": SPANS})
    move_to(clock, engine, NOW + timedelta(days=61))
    page = supervisor.get(team_path(people.own), **ENGLISH).text
    assert "Positions are deleted after 60 days" in page and "There is no usable position" not in page
    assert ("09:00", "15:00", "At the place of duty") in pieces(page)


def test_stops_and_moves_are_told_where_the_positions_still_say_what_the_verdict_says(
    supervisor: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    move_to(clock, engine, at(17))
    send(engine, people.own, range(0, 480, 2))
    with engine.connect() as conn:
        (inputs,) = inputs_of(conn, [people.window])
    found = duty.judge(inputs.window, inputs.evidence, inputs.rules, clock.now)
    judge(engine, people.window, found.status, evidence=dict(found.evidence))
    page = supervisor.get(team_path(people.own), **ENGLISH).text
    assert '<span class="stay-mark on_site">1</span>' in page
    judge(engine, people.window, "UNVERIFIED", revision=2, reason="rule", evidence={"spans": SPANS})
    page = supervisor.get(team_path(people.own), **ENGLISH).text
    assert [kind for _, _, kind in pieces(page)] == ["Elsewhere", "At the place of duty", "Unknown"]


def test_where_the_phone_lay_while_somebody_vouched_is_no_place_of_duty(
    supervisor: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    move_to(clock, engine, at(17))
    send(engine, people.own, range(0, 480, 2), lon_e7=1068200000)
    assert '"kind": "off_site", "number": 1' in supervisor.get(team_path(people.own)).text
    with Session(engine) as session, session.begin():
        boss = session.scalars(select(m.Account.id).where(m.Account.username == "atasan")).one()
        times = {"starts_at": at(8), "ends_at": at(16), "at": at(17)}
        session.add(m.Attestation(window_id=people.window, account_id=boss, reason="Saya melihatnya.", **times))
    page = supervisor.get(team_path(people.own), **ENGLISH).text
    assert pieces(page) == [("08:00", "16:00", "At the place of duty")] and '"stays": []' in page


def test_minutes_elsewhere_at_both_edges_are_both_told(supervisor: Browser, people: People, engine: Engine) -> None:
    judge(engine, people.window, "PRESENT", late_min=40, left_early_min=59)
    page = supervisor.get(team_path(people.own), **ENGLISH).text
    assert "Seen elsewhere for the first 40 minutes." in page and "Seen elsewhere for the last 59 minutes." in page
    both = "first 40 min elsewhere, last 59 min elsewhere"
    assert both in page and both in supervisor.get("/team/reports/no-show", **ENGLISH).text


def test_positions_left_out_for_a_clock_ahead_are_counted(supervisor: Browser, people: People, engine: Engine) -> None:
    evidence: dict[str, Any] = {"spans": SPANS, "clock_ahead": 7}
    judge(engine, people.window, "UNVERIFIED", cause="silent", evidence=evidence)
    page = supervisor.get(team_path(people.own), **ENGLISH).text
    assert "7 positions were left out: the phone's clock was ahead." in page


def test_the_rest_of_a_running_duty_is_not_yet(supervisor: Browser, people: People, engine: Engine) -> None:
    send(engine, people.own, range(0, 420, 2))
    page = supervisor.get(team_path(people.own), **ENGLISH).text
    assert pieces(page)[-1] == ("15:00", "16:00", "Not yet")
    assert "Unknown" not in [kind for _, _, kind in pieces(page)[:1]]


def test_the_map_gets_polygons_as_they_are(supervisor: Browser, people: People, engine: Engine) -> None:
    ring = [(106.8, -6.2), (106.81, -6.2), (106.8, -6.19), (106.8, -6.2)]
    with engine.begin() as conn:
        area = build.area(conn, ring, name="Menteng")
        conn.execute(insert(m.DutyWindowZone).values(window_id=people.window, zone_id=area))
    send(engine, people.own, range(0, 10, 2))
    page = supervisor.get(team_path(people.own), **ENGLISH).text
    given = json.loads(re.findall(r'id="track-data"[^>]*>(.*?)</script>', page, re.S)[0])
    circle, polygon = sorted(given["zones"], key=lambda zone: zone["radius_m"] is None)
    assert circle["geometry"] == {"type": "Point", "coordinates": [106.8, -6.2]} and circle["radius_m"] == 150
    assert polygon["geometry"] == {"type": "MultiPolygon", "coordinates": [[[list(point) for point in ring]]]}


def test_the_map_gets_the_fixes_and_the_gap_of_the_verdict(
    supervisor: Browser, people: People, engine: Engine
) -> None:
    with engine.begin() as conn:
        phone = build.device(conn, person_id=people.own, interval_s=300)
        good = {"device_id": phone, "lat_e7": -62000000, "lon_e7": 1068000000, "accuracy_m": 8}
        vague = {**good, "lon_e7": 1069000000, "accuracy_m": 900}
        rows = [{**one, "fix_time": when, "received_after_s": 0}
                for one, when in ((good, at(9)), (vague, at(9, 5)), (good, at(9, 10)))]  # fmt: skip
        conn.execute(insert(m.StoredFix), rows)
    page = supervisor.get(team_path(people.own)).text
    data = json.loads(re.findall(r'id="track-data">(.*?)</script>', page)[0])
    assert data["gap_s"] == 900 and [fix[0] for fix in data["fixes"]] == [3600, 4200]


def test_a_duty_that_has_not_begun_is_no_silence(supervisor: Browser, people: People, clock: Clock) -> None:
    clock.now = at(7)
    page = supervisor.get(team_path(people.own), **ENGLISH).text
    assert pieces(page) == [("08:00", "16:00", "Not yet")] and "This duty has not begun yet." in page
