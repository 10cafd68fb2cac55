"""Rights follow the date: what an account may see is decided by where people and units stood on the day in question."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import builders as build
from tracker.storage import models as m
from tracker.storage import register
from tracker.storage.accounts import account_named
from tracker.storage.granting import deputies_of, end_now, grant_role, grants_held, may_stand_in, name_deputy
from tracker.storage.periods import Later
from tracker.storage.register import Impossible
from tracker.storage.rights import (
    Grant,
    Right,
    Viewer,
    covered_members,
    covers,
    grants_of,
    grounds,
    units_below,
    units_covered,
    viewer_for,
    visible_member,
)

DAY = timedelta(days=1)
MONDAY = date(2026, 11, 16)
TODAY = MONDAY + 3 * DAY


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.fixture
def city(session: Session) -> Session:
    """An agency with two teams, each with a person; and a second agency."""
    for name, below in (("Dinas", None), ("Regu A", "Dinas"), ("Regu B", "Dinas"), ("Lain", None)):
        register.add_unit(session, name, below)
    for nip, unit in (("1", "Regu A"), ("2", "Regu B"), ("3", "Lain"), ("9", "Dinas")):
        register.add_person(session, nip, f"Orang {nip}", unit, "Petugas")
    return session


def person(session: Session, nip: str) -> int:
    return register.person_with_nip(session, nip).id


def account(session: Session, username: str, role: str = "", unit: str | None = None, nip: str = "") -> m.Account:
    person_id = person(session, nip) if nip else None
    made = m.Account(username=username, password_argon2="", person_id=person_id)
    session.add(made)
    session.flush()
    if role:
        grant_role(session, made.id, role, register.unit_named(session, unit).id if unit else None, None)
    return made


def seen(session: Session, viewer: Viewer, on: date, right: Right = Right.READ) -> str:
    """The NIPs a right covers on a day, asked in three ways that must agree."""
    one = select(m.Person.nip).where(covers(viewer, right, m.Person.id, on))
    members = covered_members(viewer, right, on, on).subquery()
    other = select(m.Person.nip).join(members, members.c.person_id == m.Person.id)
    each = [p for p in session.scalars(select(m.Person)).all() if visible_member(session, viewer, right, p.id, on)]
    answers = {"".join(sorted(session.scalars(query))) for query in (one, other)}
    (answer,) = answers | {"".join(sorted(p.nip for p in each))}
    return answer


def test_a_supervisor_sees_a_unit_and_all_below_it(city: Session) -> None:
    assert seen(city, viewer_for(city, account(city, "a", "supervisor", "Dinas"), TODAY), TODAY) == "129"
    assert seen(city, viewer_for(city, account(city, "b", "supervisor", "Regu A"), TODAY), TODAY) == "1"
    assert seen(city, viewer_for(city, account(city, "c"), TODAY), TODAY) == ""


def test_what_each_role_may(city: Session) -> None:
    roles = (("supervisor", "Dinas"), ("auditor", None), ("administrator", "Dinas"), ("system_administrator", None))
    viewers = {role: viewer_for(city, account(city, role, role, unit), TODAY) for role, unit in roles}
    held = {role: {right.name for right in Right if viewer.holds(right)} for role, viewer in viewers.items()}
    assert held == {
        "supervisor": {"READ", "DECIDE"},
        "auditor": {"READ", "READ_AUDIT"},
        "administrator": {"ADMINISTER"},
        "system_administrator": {"ADMINISTER", "ADMINISTER_CITY", "READ_AUDIT"},
    }
    assert seen(city, viewers["auditor"], TODAY) == "1239"
    assert seen(city, viewers["administrator"], TODAY, Right.ADMINISTER) == "129"
    assert seen(city, viewers["system_administrator"], TODAY) == "", "who keeps the register sees nobody's days"


def test_who_moves_is_seen_by_each_supervisor_on_the_days_they_were_theirs(city: Session) -> None:
    register.move_person(city, "1", "Regu B", None, TODAY, TODAY)
    old, new = (viewer_for(city, account(city, u, "supervisor", u), TODAY) for u in ("Regu A", "Regu B"))
    assert [seen(city, old, day) for day in (TODAY - DAY, TODAY)] == ["1", ""]
    assert [seen(city, new, day) for day in (TODAY - DAY, TODAY)] == ["2", "12"]
    members = covered_members(old, Right.READ, MONDAY, TODAY + DAY).subquery()
    ((days,),) = city.execute(select(members.c.days)).all()
    assert list(days) == [Range(MONDAY, TODAY)]


def test_who_leaves_is_seen_up_to_the_last_day_and_may_come_back(city: Session) -> None:
    register.leave(city, "1", TODAY)
    viewer = viewer_for(city, account(city, "a", "supervisor", "Regu A"), TODAY)
    assert [seen(city, viewer, day) for day in (TODAY - DAY, TODAY)] == ["1", ""]
    register.move_person(city, "1", "Regu A", "Mandor", TODAY + DAY, TODAY)
    member = visible_member(city, viewer, Right.READ, person(city, "1"), TODAY + DAY)
    assert member is not None and member.position == "Mandor"


def test_a_unit_that_moves_takes_its_people_along_from_that_day(city: Session) -> None:
    register.move_unit(city, "Regu A", "Lain", TODAY)
    dinas, lain = (viewer_for(city, account(city, u, "supervisor", u), TODAY) for u in ("Dinas", "Lain"))
    assert [seen(city, dinas, day) for day in (TODAY - DAY, TODAY)] == ["129", "29"]
    assert [seen(city, lain, day) for day in (TODAY - DAY, TODAY)] == ["3", "13"]


def test_a_merged_unit_ends_and_its_days_before_stay(city: Session) -> None:
    register.add_unit(city, "Pos", "Regu A")
    register.move_person(city, "3", "Regu A", None, TODAY + 2 * DAY, TODAY)  # a plan that the merger takes over
    assert register.merge_unit(city, "Regu A", "Regu B", TODAY, TODAY) == {person(city, "1"), person(city, "3")}
    old, new = (viewer_for(city, account(city, u, "supervisor", u), TODAY) for u in ("Regu A", "Regu B"))
    assert [seen(city, old, day) for day in (TODAY - DAY, TODAY)] == ["1", ""]
    assert [seen(city, new, TODAY + n * DAY) for n in (-1, 0, 2)] == ["2", "12", "123"]
    below = units_below(register.unit_named(city, "Regu B").id, TODAY, TODAY)
    assert register.unit_named(city, "Pos").id in city.scalars(below).all()
    assert register.unit_named(city, "Regu A").id not in city.scalars(
        units_below(register.unit_named(city, "Dinas").id, TODAY, TODAY)
    )


def test_no_unit_comes_to_stand_below_itself(city: Session) -> None:
    with pytest.raises(Impossible, match="is a part of 'Dinas'"):
        register.move_unit(city, "Dinas", "Regu A", TODAY)
    with pytest.raises(Impossible, match="is a part of 'Dinas'"):
        register.merge_unit(city, "Dinas", "Regu A", TODAY, TODAY)


def test_nobody_is_put_into_a_unit_that_has_ended(city: Session) -> None:
    register.merge_unit(city, "Regu A", "Regu B", TODAY, TODAY)
    for change in (
        lambda: register.add_person(city, "7", "Baru", "Regu A", "", TODAY),
        lambda: register.move_person(city, "2", "Regu A", None, TODAY + DAY, TODAY),
        lambda: register.merge_unit(city, "Regu B", "Regu A", TODAY + DAY, TODAY + DAY),
        lambda: register.add_unit(city, "Pos", "Regu A", TODAY),
    ):
        with pytest.raises(Impossible, match="'Regu A' is not in the tree"):
            change()


def test_vehicles_change_hands_on_the_day_of_a_merger(city: Session) -> None:
    register.add_vehicle(city, "TS-1", "B 1", "garbage_truck", "Regu A")
    with pytest.raises(Impossible, match="before the day has come"):
        register.merge_unit(city, "Regu A", "Regu B", TODAY + DAY, TODAY)
    register.merge_unit(city, "Regu A", "Regu B", TODAY, TODAY)
    assert register.vehicle_called(city, "TS-1").unit.name == "Regu B"


def test_a_unit_that_is_gone_still_narrows_the_days_it_had(city: Session) -> None:
    register.merge_unit(city, "Regu A", "Regu B", TODAY, TODAY)
    viewer = viewer_for(city, account(city, "a", "auditor"), TODAY)
    for unit, expected in (("Regu A", {"1": [Range(MONDAY, TODAY)]}), ("Dinas", None), ("Lain", {"3": None})):
        unit_id = register.unit_named(city, unit).id
        members = covered_members(viewer, Right.READ, MONDAY, TODAY, unit_id).subquery()
        query = select(m.Person.nip, members.c.days).join(members, members.c.person_id == m.Person.id)
        found = {nip: list(days) for nip, days in city.execute(query)}
        assert found.keys() == (expected or {"1": 0, "2": 0, "9": 0}).keys()
        assert unit != "Regu A" or found == expected


def test_a_plan_is_not_dropped_in_passing(city: Session) -> None:
    register.move_person(city, "1", "Regu B", None, TODAY + 7 * DAY, TODAY)
    with pytest.raises(Later, match=str(TODAY + 7 * DAY)):
        register.move_person(city, "1", "Lain", None, TODAY, TODAY)


def test_a_right_that_ended_opens_not_even_the_past(city: Session) -> None:
    made = account(city, "a", "supervisor", "Dinas")
    (grant,) = grants_held(city, made.id, TODAY)
    end_now(city, grant, TODAY)
    assert seen(city, viewer_for(city, made, TODAY), TODAY - DAY) == ""
    assert grants_of(city, made.id, TODAY - DAY) == (Grant("supervisor", register.unit_named(city, "Dinas").id),)


def test_a_right_of_today_that_is_taken_back_leaves_nothing(city: Session) -> None:
    made = account(city, "a")
    grant = grant_role(city, made.id, "auditor", None, TODAY)
    end_now(city, grant, TODAY)
    assert grants_held(city, made.id, TODAY) == []


def test_a_deputy_decides_for_the_period_and_about_everybody_but_the_principal(city: Session) -> None:
    boss, deputy = account(city, "boss", "supervisor", "Dinas", "9"), account(city, "deputy", nip="1")
    name_deputy(city, boss, deputy, TODAY, TODAY + DAY, TODAY)
    for day, expected in ((TODAY - DAY, ""), (TODAY, "12"), (TODAY + DAY, "12"), (TODAY + 2 * DAY, "")):
        assert seen(city, viewer_for(city, deputy, day), TODAY, Right.DECIDE) == expected, day
    (ground,) = grounds(city, viewer_for(city, deputy, TODAY), Right.DECIDE, person(city, "2"), TODAY)
    assert ground.instead_of == "boss"
    assert grounds(city, viewer_for(city, deputy, TODAY), Right.DECIDE, person(city, "9"), TODAY) == []


def test_a_deputy_administers_and_audits_nothing(city: Session) -> None:
    boss, deputy = account(city, "boss", "supervisor", "Dinas"), account(city, "deputy")
    for role, unit in (("administrator", register.unit_named(city, "Dinas").id), ("auditor", None)):
        grant_role(city, boss.id, role, unit, None)
    name_deputy(city, boss, deputy, TODAY, TODAY, TODAY)
    assert [grant.role for grant in grants_of(city, deputy.id, TODAY)] == ["supervisor"]


def test_deputies_of_deputies_end_after_three_and_never_come_back(city: Session) -> None:
    boss = account(city, "a", "supervisor", "Dinas")
    chain = [boss, *(account(city, name, "supervisor", "Lain") for name in "bcde")]
    for one, other in pairwise(chain[:4]):
        name_deputy(city, one, other, TODAY, TODAY, TODAY)
    assert seen(city, viewer_for(city, chain[3], TODAY), TODAY) == "1239"
    with pytest.raises(Impossible, match="end after 3"):
        name_deputy(city, chain[3], chain[4], TODAY, TODAY, TODAY)
    with pytest.raises(Impossible, match="their own deputy"):
        name_deputy(city, chain[3], boss, TODAY, TODAY, TODAY)
    with pytest.raises(Impossible, match="already"):
        name_deputy(city, boss, chain[4], TODAY, TODAY, TODAY)
    with pytest.raises(Impossible, match="nothing to stand in for"):
        name_deputy(city, account(city, "f"), boss, TODAY, TODAY, TODAY)
    with pytest.raises(Impossible, match="have passed"):
        name_deputy(city, chain[4], boss, TODAY - DAY, TODAY - DAY, TODAY)


def test_whoever_hands_a_right_on_is_judged_by_nobody_they_chose(city: Session) -> None:
    boss = account(city, "boss", "supervisor", "Dinas", "9")
    middle, junior = account(city, "middle", "supervisor", "Lain", "1"), account(city, "junior", nip="2")
    name_deputy(city, boss, middle, TODAY, TODAY, TODAY)
    name_deputy(city, middle, junior, TODAY, TODAY, TODAY)
    viewer = viewer_for(city, junior, TODAY)
    assert seen(city, viewer, TODAY, Right.DECIDE) == "23", "neither the boss nor who stands in between"
    assert grounds(city, viewer, Right.DECIDE, person(city, "1"), TODAY) == []


def test_a_closed_account_hands_nothing_on(city: Session) -> None:
    boss, middle = account(city, "boss", "supervisor", "Dinas"), account(city, "middle", "supervisor", "Lain")
    last = account(city, "last")
    name_deputy(city, boss, middle, TODAY, TODAY, TODAY)
    name_deputy(city, middle, last, TODAY, TODAY, TODAY)
    middle.closed_at = NOON
    city.flush()
    assert grants_of(city, last.id, TODAY) == ()
    with pytest.raises(Impossible, match="closed"):
        name_deputy(city, boss, middle, TODAY + DAY, TODAY + DAY, TODAY)


def test_what_has_ended_is_not_ended_again(city: Session) -> None:
    made = account(city, "a")
    grant = grant_role(city, made.id, "auditor", None, MONDAY, MONDAY + DAY)
    with pytest.raises(Impossible, match="has ended already"):
        end_now(city, grant, TODAY)
    assert grant.period == Range(MONDAY, MONDAY + 2 * DAY)


def test_a_right_of_later_hands_nothing_on_today(city: Session) -> None:
    boss = account(city, "boss")
    grant_role(city, boss.id, "supervisor", register.unit_named(city, "Dinas").id, TODAY + 10 * DAY)
    with pytest.raises(Impossible, match="nothing to stand in for"):
        name_deputy(city, boss, account(city, "other"), TODAY, TODAY + DAY, TODAY)
    assert deputies_of(city, boss.id, TODAY) == []


def test_a_supervisor_names_colleagues_of_the_units_around(city: Session) -> None:
    boss = account(city, "boss", "supervisor", "Regu A", "1")
    others = {nip: account(city, f"other {nip}", nip=nip) for nip in ("2", "3", "9")}
    near = {nip for nip, one in others.items() if may_stand_in(city, boss, one, TODAY)}
    assert near == {"2", "9"} and not may_stand_in(city, boss, account(city, "machine"), TODAY)


def test_even_a_circle_of_deputies_ends(city: Session) -> None:
    one, other = account(city, "a", "supervisor", "Dinas"), account(city, "b", "supervisor", "Lain")
    for principal, deputy in ((one, other), (other, one)):
        city.execute(
            insert(m.Deputy).values(principal_id=principal.id, deputy_id=deputy.id, period=Range(TODAY, TODAY + DAY))
        )
    assert seen(city, viewer_for(city, one, TODAY), TODAY) == "1239"


def test_names_are_found_as_people_type_them(city: Session) -> None:
    account(city, "kepala")
    assert account_named(city, " KEPALA ").username == "kepala"


NOON = datetime(2026, 11, 19, 5, tzinfo=UTC)
HOURS = (Range(NOON, NOON + timedelta(hours=8)), Range(NOON + timedelta(hours=7), None))
DAYS = (Range(MONDAY, TODAY), Range(TODAY - DAY, None))


@pytest.mark.parametrize(
    "table", ["unit_place", "membership", "assignment", "deputy", "driver of a vehicle", "vehicle of a driver"]
)
def test_the_database_lets_no_two_periods_overlap(engine: Engine, table: str) -> None:
    with engine.begin() as conn, pytest.raises(IntegrityError, match="ex_"):
        for row in _twice(conn, table):
            conn.execute(row)


def _twice(conn: Connection, table: str) -> list[object]:
    """Two rows about the same whose periods overlap."""
    unit, someone, truck = build.unit(conn), build.person(conn), build.vehicle(conn)
    phone = build.device(conn)
    match table:
        case "unit_place":
            fresh = conn.scalars(insert(m.Unit).values(name="Baru").returning(m.Unit.id)).one()
            return [insert(m.UnitPlace).values(unit_id=fresh, parent_id=unit, period=days) for days in DAYS]
        case "membership":
            fresh = conn.scalars(insert(m.Person).values(nip="7", name="Baru").returning(m.Person.id)).one()
            return [insert(m.Membership).values(person_id=fresh, unit_id=unit, period=days) for days in DAYS]
        case "assignment":
            return [insert(m.Assignment).values(device_id=phone, person_id=someone, period=time) for time in HOURS]
        case "deputy":
            names = insert(m.Account).returning(m.Account.id)
            one, *others = conn.scalars(names, [{"username": name, "password_argon2": ""} for name in "abc"]).all()
            days = (Range(MONDAY, TODAY), Range(TODAY - DAY, TODAY))
            pairs = zip(others, days, strict=True)
            return [insert(m.Deputy).values(principal_id=one, deputy_id=two, period=when) for two, when in pairs]
        case "driver of a vehicle":
            people = (someone, build.person(conn))
            rows = [{"vehicle_id": truck, "person_id": one} for one in people]
        case _:
            rows = [{"vehicle_id": one, "person_id": someone} for one in (truck, build.vehicle(conn))]
    return [insert(m.DriverSession).values(**row, period=time) for row, time in zip(rows, HOURS, strict=True)]


# the plain reading of the rule, for any tree: day by day, step by step upwards
Tree = dict[int, dict[date, int | None]]  # unit -> day -> the unit above it, None at the top; no day: it is not
SPAN = [MONDAY + n * DAY for n in range(4)]


def oracle(tree: Tree, members: dict[int, dict[date, int]], granted: int, on: date) -> set[int]:
    """The people whose unit of the day is `granted`, or stands below it that day."""
    found = set()
    for one, days in members.items():
        unit: int | None = days.get(on)
        while unit is not None and unit != granted:
            unit = tree[unit].get(on)
        if unit == granted:
            found.add(one)
    return found


@st.composite
def cities(draw: st.DrawFn) -> tuple[Tree, dict[int, dict[date, int]]]:
    """Five units that stand below an earlier one or at the top, or are not, each day anew; four people in them."""
    tree: Tree = {unit: {} for unit in range(5)}
    for unit in tree:
        for day in SPAN:
            above = draw(st.sampled_from([*range(unit), None, "gone"]))
            if above != "gone":
                tree[unit][day] = above  # type: ignore[assignment]
    members = {
        one: {day: unit for day in SPAN if (unit := draw(st.sampled_from([*tree, None]))) is not None}
        for one in range(4)
    }
    return tree, members


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])  # each rolls back
@given(cities(), st.integers(0, 4))
def test_rights_are_those_of_the_plain_reading(
    engine: Engine, city: tuple[Tree, dict[int, dict[date, int]]], granted: int
) -> None:
    tree, members = city
    with Session(engine) as session:
        units = [build.unit(session.connection()) for _ in tree]
        session.query(m.UnitPlace).delete()
        people = {}
        for unit, days in tree.items():
            for day, above in days.items():
                values = {"parent_id": None if above is None else units[above], "period": Range(day, day + DAY)}
                session.execute(insert(m.UnitPlace).values(unit_id=units[unit], **values))
        for one, spells in members.items():
            row = insert(m.Person).values(nip=str(one), name="x").returning(m.Person.id)
            people[session.scalars(row).one()] = one
            for day, unit in spells.items():
                session.execute(
                    insert(m.Membership).values(
                        person_id=max(people), unit_id=units[unit], period=Range(day, day + DAY)
                    )
                )
        viewer = Viewer(0, "", None, (Grant("supervisor", units[granted]),), TODAY)
        for day in SPAN:
            found = session.scalars(select(m.Person.id).where(covers(viewer, Right.READ, m.Person.id, day)))
            assert {people[one] for one in found} == oracle(tree, members, granted, day)
        rows = session.execute(covered_members(viewer, Right.READ, SPAN[0], SPAN[-1])).all()
        seen_days = {(people[row.person_id], day) for row in rows for span in row.days for day in _days(span)}
        assert seen_days == {(one, day) for day in SPAN for one in oracle(tree, members, granted, day)}
        below = set(session.scalars(units_covered(viewer, Right.READ, SPAN[0], SPAN[0])))
        assert below == {units[unit] for unit in tree if _stands_below(tree, unit, granted, SPAN[0])}
        session.rollback()


def _days(span: Range[date]) -> list[date]:
    assert span.lower is not None and span.upper is not None
    return [span.lower + n * DAY for n in range((span.upper - span.lower).days)]


def _stands_below(tree: Tree, unit: int | None, granted: int, on: date) -> bool:
    while unit is not None and unit != granted:
        unit = tree[unit].get(on)
    return unit == granted
