"""Who decides a contest: whoever decides about the person, and at the second level another one above them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tests import builders as build
from tracker.storage import contests
from tracker.storage import models as m
from tracker.storage.rights import viewer_for

DAY = date(2026, 11, 19)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
MINUTES = count()


def account(conn: Connection, username: str, person: int | None = None, *units: int) -> int:
    values = {"username": username, "person_id": person}
    number = conn.scalars(insert(m.Account).values(**values).returning(m.Account.id)).one()
    for unit in units:
        build.grant(conn, username, "supervisor", unit)
    return number


def contest(conn: Connection, person: int, decided_by: int | None = None) -> int:
    """One of a person, at the second level once somebody decided at the first."""
    start = datetime(2026, 11, 19, 1, tzinfo=UTC) + timedelta(minutes=next(MINUTES))
    window = build.window(conn, person, start, start + timedelta(hours=8), work_date=DAY)
    said = {"window_id": window, "revision": 1, "opened_at": NOW, "due_at": NOW, "statement": "Saya ada di pos."}
    if decided_by is None:
        return conn.scalars(insert(m.Contest).values(said).returning(m.Contest.id)).one()
    decision = {"outcome": "kept", "decided_at": NOW, "decided_by": decided_by, "reason": "Tidak terbukti."}
    first = conn.scalars(insert(m.Contest).values(**said, **decision).returning(m.Contest.id)).one()
    return conn.scalars(insert(m.Contest).values(**said, level=2, appeal_of=first).returning(m.Contest.id)).one()


@pytest.fixture
def city(engine: Engine) -> dict[str, int]:
    """A city, an agency, a team with a person, who decides over each of them, and somebody of another agency."""
    with engine.begin() as conn:
        top = build.unit(conn, "Kota")
        agency = build.unit(conn, "Dinas", top)
        team, other = build.unit(conn, "Regu", agency), build.unit(conn, "Lain")
        person, head = build.person(conn, team), build.person(conn, team)
        return {
            "agency": agency, "team": team, "person": person, "head": head,
            "own": account(conn, "pegawai", person, team), "first": account(conn, "regu", head, team),
            "second": account(conn, "dinas", build.person(conn, agency), agency),
            "beside": account(conn, "wakil-regu", None, team), "stranger": account(conn, "lain", None, other),
            "city": account(conn, "kota", None, top),
        }  # fmt: skip


def deciders(engine: Engine, number: int) -> set[str]:
    """Whom the contest is shown to, as what waits for them."""
    with Session(engine) as session:
        found = set()
        for one in session.scalars(select(m.Account)).all():
            viewer = viewer_for(session, one, TODAY)
            shown = contests.contest_for(session, viewer, number) is not None
            page, _ = contests.contest_list(session, viewer, "open", "all", 1)
            assert shown == (number in [row[0].id for row in page.rows])
            assert contests.open_contests(session, viewer) == len(page.rows)
            if shown:
                found.add(one.username)
        return found


def deputy(conn: Connection, principal: int, stands_in: int) -> None:
    days = Range(DAY, DAY + timedelta(30))
    conn.execute(insert(m.Deputy).values(principal_id=principal, deputy_id=stands_in, period=days))


def test_the_first_level_is_of_whoever_decides_about_the_person_but_themselves(
    engine: Engine, city: dict[str, int]
) -> None:
    with engine.begin() as conn:
        number = contest(conn, city["person"])
    assert deciders(engine, number) == {"regu", "dinas", "wakil-regu", "kota"}


def test_the_second_level_is_of_somebody_above_who_did_not_decide_first(engine: Engine, city: dict[str, int]) -> None:
    with engine.begin() as conn:
        after_team, after_agency = (contest(conn, city["person"], city[one]) for one in ("first", "second"))
    assert deciders(engine, after_team) == {"dinas", "kota"}
    assert deciders(engine, after_agency) == {"kota"}


def test_where_nobody_is_above_another_of_the_same_unit_decides(engine: Engine, city: dict[str, int]) -> None:
    with engine.begin() as conn:
        conn.execute(delete(m.RoleGrant).where(m.RoleGrant.account_id.in_([city["second"], city["city"]])))
        number = contest(conn, city["person"], city["first"])
    assert deciders(engine, number) == {"wakil-regu"}


def test_a_deputy_decides_nothing_of_the_one_they_stand_in_for(engine: Engine, city: dict[str, int]) -> None:
    with engine.begin() as conn:
        deputy(conn, city["second"], city["stranger"])
        for_another, for_the_first = (contest(conn, city["person"], city[one]) for one in ("first", "second"))
    assert deciders(engine, for_another) == {"dinas", "kota", "lain"}
    assert deciders(engine, for_the_first) == {"kota"}


def test_nobody_decides_their_own_by_standing_in_for_another(engine: Engine, city: dict[str, int]) -> None:
    with engine.begin() as conn:
        deputy(conn, city["second"], city["own"])
        deputy(conn, city["first"], city["stranger"])
        own, heads = contest(conn, city["person"]), contest(conn, city["head"])
    assert deciders(engine, own) == {"regu", "dinas", "wakil-regu", "kota", "lain"}
    assert deciders(engine, heads) == {"pegawai", "dinas", "wakil-regu", "kota"}, "nor their deputy"


def test_that_nobody_may_decide_is_seen(engine: Engine, city: dict[str, int]) -> None:
    with engine.begin() as conn:
        contest(conn, city["person"])
        contest(conn, city["head"], city["second"])
    with Session(engine) as session:
        assert contests.waiting(session, NOW, TODAY).undecidable == 0
    with engine.begin() as conn:
        keeps = [city["own"], city["second"]]
        conn.execute(delete(m.RoleGrant).where(m.RoleGrant.account_id.not_in(keeps)))
    with Session(engine) as session:
        assert contests.waiting(session, NOW, TODAY).undecidable == 0, "the person's colleague decides on their head"
    with engine.begin() as conn:
        conn.execute(delete(m.RoleGrant).where(m.RoleGrant.account_id == city["own"]))
    with Session(engine) as session:
        assert contests.waiting(session, NOW, TODAY) == contests.Waiting(2, 0, 1)


def test_a_team_that_moved_is_decided_about_where_it_stood_on_that_day(engine: Engine, city: dict[str, int]) -> None:
    with engine.begin() as conn:
        other = conn.scalars(select(m.Unit.id).where(m.Unit.name == "Lain")).one()
        place = m.UnitPlace.unit_id == city["team"]
        conn.execute(update(m.UnitPlace).where(place).values(period=Range(None, TODAY)))
        conn.execute(insert(m.UnitPlace).values(unit_id=city["team"], parent_id=other, period=Range(TODAY, None)))
        number = contest(conn, city["person"], city["first"])
    assert deciders(engine, number) == {"dinas", "kota"}
