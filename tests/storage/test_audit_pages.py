"""Who reads which rows of the audit, and whose names in them."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tests import builders as build
from tracker.storage import models as m
from tracker.storage.audit import Action, Actor, record
from tracker.storage.audit_pages import AuditFilter, AuditPage, audit_list
from tracker.storage.rights import Grant, Viewer

JAKARTA, TODAY = ZoneInfo("Asia/Jakarta"), date(2026, 11, 19)
ALL = Grant("auditor", None)


@pytest.fixture
def city(engine: Engine) -> dict[str, int]:
    """Two people in two units, and rows about one, the other, both and nobody."""
    with engine.begin() as conn:
        here, there = build.unit(conn), build.unit(conn)
        ids = {"here": here, "siti": build.person(conn, here, "Siti"), "budi": build.person(conn, there, "Budi")}
    with Session(engine) as session, session.begin():
        for people in (["siti"], ["budi"], ["siti", "budi"], []):
            whose = [ids[one] for one in people]
            record(session, Actor(None, "10.0.0.1"), Action.EXPORT_REPORT, {"search": "budi"}, people=whose)
    return ids


def read(engine: Engine, grant: Grant, **wanted: str) -> tuple[AuditPage, list[list[int]]]:
    with Session(engine) as session:
        found = audit_list(session, Viewer(0, "", None, (grant,), TODAY), AuditFilter(**wanted), JAKARTA, 1)
        return found, [row.people for (row,) in found.page.rows]


def test_an_auditor_of_a_unit_reads_what_is_about_its_people(engine: Engine, city: dict[str, int]) -> None:
    siti, budi = city["siti"], city["budi"]
    found, people = read(engine, Grant("auditor", city["here"]))
    assert people == [[siti, budi], [siti]] and found.page.total == 2
    assert found.names == {siti: "Siti"}, "of the others no name"


def test_an_auditor_of_a_unit_finds_nobody_elsewhere(engine: Engine, city: dict[str, int]) -> None:
    grant = Grant("auditor", city["here"])
    assert read(engine, grant, whose="Budi")[1] == read(engine, grant, whose="Joko")[1] == []
    assert len(read(engine, grant, whose="Siti")[1]) == 2


@pytest.mark.parametrize("grant", [ALL, Grant("system_administrator", None)])
def test_who_watches_over_the_city_reads_everything(engine: Engine, city: dict[str, int], grant: Grant) -> None:
    found, people = read(engine, grant)
    assert len(people) == 4 and set(found.names.values()) == {"Siti", "Budi"}
    assert [people for people in read(engine, grant, whose="Budi")[1]] == [[city["siti"], city["budi"]], [city["budi"]]]


def test_a_right_is_that_of_the_day_of_the_row(engine: Engine, city: dict[str, int]) -> None:
    """Who came into the unit tomorrow was not its concern today."""
    with engine.begin() as conn:
        today = conn.scalar(select(m.Audit.at).limit(1)).astimezone(JAKARTA).date()  # type: ignore[union-attr]
        conn.execute(update(m.Membership).values(period=Range(today + timedelta(days=1), None)))
    assert read(engine, Grant("auditor", city["here"]))[1] == []


def test_the_oldest_rows_come_first_for_who_asks(engine: Engine, city: dict[str, int]) -> None:
    newest_first = read(engine, ALL)[1]
    assert read(engine, ALL, sort="oldest")[1] == newest_first[::-1] != newest_first
