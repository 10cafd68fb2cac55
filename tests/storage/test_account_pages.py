"""Which accounts an administrator may change, against the same rule said once more, slowly, over random cities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, insert
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tests import builders as build
from tracker.storage import models as m
from tracker.storage.account_pages import AccountFilter, account_list, manageable
from tracker.storage.rights import LONGEST_CHAIN, viewer_for

TODAY = date(2026, 11, 19)
DAY = timedelta(days=1)
ENDED, NOW, LATER = Range(None, TODAY), Range(TODAY - DAY, TODAY + DAY), Range(TODAY + DAY, TODAY + 9 * DAY)
TOP, MINE, BELOW, FOREIGN = range(4)  # units; the viewer administers MINE, and so BELOW
INSIDE = (MINE, BELOW)
VIEWER, ACCOUNTS = 0, 7

roles = st.sampled_from(["supervisor", "auditor", "administrator", "system_administrator"])
# mostly inside, so that the few ways out decide
units = st.sampled_from([MINE, BELOW, BELOW, BELOW, BELOW, TOP, FOREIGN, None])
periods = st.sampled_from([NOW, NOW, LATER, ENDED])
a_person = st.sampled_from([BELOW, BELOW, BELOW, MINE, FOREIGN, None])


@dataclass(frozen=True)
class City:
    """Where the people of the accounts work; their roles: account, role, unit, period; deputies by principal."""

    persons: list[int | None]
    grants: list[tuple[int, str, int | None, Range[date]]]
    deputies: dict[int, tuple[int, Range[date]]]


@st.composite
def cities(draw: st.DrawFn) -> City:
    numbers = st.integers(VIEWER, ACCOUNTS - 1)
    drawn = draw(st.lists(st.tuples(numbers, roles, units, periods), max_size=5))
    grants = [(one, role, unit, period) for one, role, unit, period in drawn if _stands(role, unit) and one != VIEWER]
    dates = st.sampled_from([Range(TODAY, TODAY + DAY), LATER, Range(TODAY - 9 * DAY, TODAY)])
    deputies = draw(st.dictionaries(numbers, st.tuples(numbers, dates), max_size=6))
    named = {one: (other, period) for one, (other, period) in deputies.items() if one != other}
    return City([MINE, *draw(st.lists(a_person, min_size=ACCOUNTS - 1, max_size=ACCOUNTS - 1))], grants, named)


def _stands(role: str, unit: int | None) -> bool:
    return role == "auditor" or (unit is None) == (role == "system_administrator")


def may(city: City, number: int, hops: int = 0) -> bool:
    """The rule: a person and roles inside, not oneself, and the same of everybody in whose place it decides."""
    lasting = [unit for one, _, unit, period in city.grants if one == number and period is not ENDED]
    own = number != VIEWER and city.persons[number] in INSIDE and all(unit in INSIDE for unit in lasting)
    above = [one for one, (other, period) in city.deputies.items() if other == number and period.upper > TODAY]
    return own and (hops == LONGEST_CHAIN or all(may(city, one, hops + 1) for one in above))


def build_city(session: Session, city: City) -> list[int]:
    """The ids of the accounts."""
    conn = session.connection()
    top = build.unit(conn)
    mine = build.unit(conn, below=top)
    unit_ids = [top, mine, build.unit(conn, below=mine), build.unit(conn)]
    accounts = []
    for number, unit in enumerate(city.persons):
        person = None if unit is None else build.person(conn, unit_ids[unit])
        accounts.append(m.Account(username=f"account-{number}", person_id=person))
    session.add_all(accounts)
    session.flush()
    ids = [account.id for account in accounts]
    conn.execute(insert(m.RoleGrant).values(account_id=ids[0], role="administrator", unit_id=mine, period=NOW))
    for number, role, unit, period in city.grants:
        unit_id = None if unit is None else unit_ids[unit]
        conn.execute(insert(m.RoleGrant).values(account_id=ids[number], role=role, unit_id=unit_id, period=period))
    for principal, (deputy, period) in city.deputies.items():
        values = {"principal_id": ids[principal], "deputy_id": ids[deputy], "period": period}
        conn.execute(insert(m.Deputy).values(values))
    return ids


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(cities())
def test_an_administrator_of_a_unit_changes_what_lies_inside_and_nothing_else(engine: Engine, city: City) -> None:
    with Session(engine) as session:
        ids = build_city(session, city)
        accounts = [session.get_one(m.Account, one) for one in ids]
        viewer = viewer_for(session, accounts[VIEWER], TODAY)
        found = [manageable(session, viewer, account, TODAY) for account in accounts]
        assert found == [may(city, number) for number in range(ACCOUNTS)]
        listed = account_list(session, viewer, AccountFilter(), TODAY, 1, second_factor=True)
        seen = {row.Account.id for row in listed.page.rows}
        assert seen == {ids[number] for number, unit in enumerate(city.persons) if unit in INSIDE}
        assert listed.manageable == {one for one, is_so in zip(ids, found, strict=True) if is_so}
        session.rollback()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(cities())
def test_a_system_administrator_changes_every_account_but_their_own(engine: Engine, city: City) -> None:
    with Session(engine) as session:
        ids = build_city(session, city)
        build.grant(session.connection(), "account-0", "system_administrator")
        accounts = [session.get_one(m.Account, one) for one in ids]
        viewer = viewer_for(session, accounts[VIEWER], TODAY)
        assert [manageable(session, viewer, account, TODAY) for account in accounts] == [False] + [True] * 6
        session.rollback()


@pytest.mark.parametrize("role", ["supervisor", "auditor"])
def test_who_administers_nothing_changes_nothing(engine: Engine, role: str) -> None:
    with Session(engine) as session:
        ids = build_city(session, City([BELOW] * ACCOUNTS, [(1, role, MINE, NOW)], {}))
        viewer, other = (session.get_one(m.Account, one) for one in ids[1:3])
        assert not manageable(session, viewer_for(session, viewer, TODAY), other, TODAY)


def test_with_the_role_of_an_administrator_their_reach_ends(engine: Engine) -> None:
    with Session(engine) as session:
        ids = build_city(session, City([MINE, BELOW] + [BELOW] * 5, [(1, "supervisor", BELOW, NOW)], {}))
        viewer, other = (session.get_one(m.Account, one) for one in ids[:2])
        assert manageable(session, viewer_for(session, viewer, TODAY), other, TODAY)
        tomorrow = TODAY + DAY  # the administrator's role has ended then
        assert not manageable(session, viewer_for(session, viewer, tomorrow), other, tomorrow)
