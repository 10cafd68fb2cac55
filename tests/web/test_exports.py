"""Downloads of reports: bounded, noted, and honest when the database is away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.web.conftest import WORK_DATE, Browser, People
from tests.web.test_team import judge
from tracker.storage import models as m

ADDRESS = f"/team/reports/no-show.csv?from={WORK_DATE}&to={WORK_DATE}"


def test_a_download_of_more_than_a_quarter_is_refused_with_a_sentence(supervisor: Browser, people: People) -> None:
    ninety_two = f"/team/reports/no-show.csv?from={WORK_DATE - timedelta(days=91)}&to={WORK_DATE}"
    assert supervisor.get(ninety_two).status_code == 200
    one_more = f"/team/reports/no-show.csv?from={WORK_DATE - timedelta(days=92)}&to={WORK_DATE}"
    for language, sentence in (("en", "at most 92 days"), ("id", "paling banyak 92 hari")):
        refused = supervisor.get(one_more, **{"Accept-Language": language})
        assert refused.status_code == 422 and sentence in refused.text


def test_every_download_is_noted_with_its_period_and_filter(
    supervisor: Browser, people: People, engine: Engine
) -> None:
    judge(engine, people.window, "PRESENT")
    assert "Siti Rahayu" in supervisor.get(f"{ADDRESS}&q=siti&status=PRESENT").text
    with engine.connect() as conn:
        (row,) = conn.execute(select(m.Audit.people, m.Audit.detail).where(m.Audit.action == "export_report"))
    assert row.people == [people.own] and row.detail == {
        "report": "no-show", "format": "csv", "first": str(WORK_DATE), "last": str(WORK_DATE), "search": "siti",
        "unit_id": None, "status": "PRESENT", "elsewhere": "",
    }  # fmt: skip


def test_a_database_that_fails_on_the_rows_is_no_empty_file(
    supervisor: Browser, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = Session.execute

    def fails(session: Session, statement: object, *args: object, **more: object) -> object:
        if "yield_per" in getattr(statement, "get_execution_options", dict)():
            raise OperationalError("rows", {}, Exception("gone"))
        return execute(session, statement, *args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Session, "execute", fails)
    answer = supervisor.get(ADDRESS)
    assert answer.status_code == 503 and "attachment" not in answer.headers.get("Content-Disposition", "")
