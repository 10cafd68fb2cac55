"""Auditors say why, in their own name: before each day, and before they take a report away."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from tests.web.actions import team_path
from tests.web.conftest import WORK_DATE, Browser, People, signed_in
from tracker.storage import models as m

WHY = "Pemeriksaan berkala triwulan IV"
CSV = f"/team/reports/no-show.csv?from={WORK_DATE}&to={WORK_DATE}"


@pytest.fixture
def auditor(app: Flask, engine: Engine, people: People) -> Browser:
    return signed_in(app, engine, "auditor")


def noted(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(m.Audit.action, m.Audit.why).order_by(m.Audit.id))]


def test_a_day_opens_after_a_reason_and_stays_open_for_this_day(
    auditor: Browser, employee: Browser, people: People, engine: Engine
) -> None:
    path = team_path(people.own)
    assert "Mengapa Anda melihat?" in auditor.get(path).text and noted(engine) == []
    assert auditor.post(f"{path}/look", why="ingin").status_code == 422
    assert auditor.post(f"{path}/look", why=WHY).headers["Location"] == path
    for _ in range(2):
        assert "Mengapa Anda melihat?" not in auditor.get(path).text
    assert "Mengapa Anda melihat?" in auditor.get(team_path(people.foreign)).text, "another person, another reason"
    assert noted(engine) == [("view_track", WHY)] * 2
    assert f"“<bdi>{WHY}</bdi>”" in employee.get("/me/data").text


def test_no_link_gives_a_reason_in_somebodys_name(auditor: Browser, people: People, engine: Engine) -> None:
    path = team_path(people.own)
    assert "Mengapa Anda melihat?" in auditor.get(f"{path}?why={WHY}").text
    auditor.token = "forged"
    assert auditor.post(f"{path}/look", why=WHY).status_code == 403
    assert auditor.get(f"{CSV}&why={WHY}").status_code == 422
    assert noted(engine) == []


def test_a_report_is_taken_away_with_a_reason(auditor: Browser, people: People, engine: Engine) -> None:
    auditor.get("/team/reports/no-show")
    assert auditor.post(CSV, why="").status_code == 422
    answer = auditor.post(CSV, why=WHY)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/csv")
    assert noted(engine) == [("export_report", WHY)]


def test_a_supervisor_needs_none(supervisor: Browser, people: People, engine: Engine) -> None:
    supervisor.get(team_path(people.own))
    assert supervisor.get(CSV).status_code == 200
    assert [action for action, _ in noted(engine)] == ["view_track", "export_report"]
