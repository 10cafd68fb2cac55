"""The register as administrators see it: what was asked for, and nothing outside of what they administer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tracker.storage import changes, register
from tracker.storage.audit import OPERATOR
from tracker.storage.changes import By
from tracker.storage.devices import add_device
from tracker.storage.models import Membership
from tracker.storage.person_pages import PersonFilter, person_list
from tracker.storage.register import Impossible, NotFound, Why
from tracker.storage.rights import Grant, Viewer
from tracker.storage.unit_pages import UnitFilter, unit_list
from tracker.storage.vehicle_pages import VehicleFilter, vehicle_list

DAY = timedelta(days=1)
NOW = datetime.now(UTC)
TODAY = NOW.date()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.fixture
def operator(session: Session) -> By:
    """Acts in a city of one agency with a team, and another agency; each has a person and a truck."""
    by = By(session, OPERATOR, None, NOW, TODAY)
    for nip, name, below in (("15", "Dinas", None), ("13", "Regu", "Dinas"), ("14", "Lain", None)):
        changes.add_unit(by, name, below)
        changes.add_person(by, nip, f"Orang {name}", name, "Petugas")
        changes.add_vehicle(by, f"T-{name}", f"B {name}", "garbage_truck", name)
    return by


def viewer(session: Session, unit: str | None) -> Viewer:
    unit_id = register.unit_named(session, unit).id if unit else None
    role = "administrator" if unit else "system_administrator"
    return Viewer(1, "admin", None, (Grant(role, unit_id),), TODAY)


def agency(operator: By) -> By:
    return By(operator.session, OPERATOR, viewer(operator.session, "Dinas"), NOW, TODAY)


def people(by: By, **wanted: object) -> list[str]:
    who = by.viewer or viewer(by.session, None)
    return [row.name for row in person_list(by.session, who, PersonFilter(**wanted), 1).rows]  # type: ignore[arg-type]


def units(by: By, **wanted: object) -> list[str]:
    who = by.viewer or viewer(by.session, None)
    return [row.name for row in unit_list(by.session, who, UnitFilter(**wanted), 1).rows]  # type: ignore[arg-type]


def vehicles(by: By, **wanted: object) -> list[str]:
    who = by.viewer or viewer(by.session, None)
    return [row.call_sign for row in vehicle_list(by.session, who, VehicleFilter(**wanted), 1).rows]  # type: ignore[arg-type]


def test_an_administrator_of_a_unit_sees_what_belongs_to_it(operator: By) -> None:
    ours = agency(operator)
    assert (units(ours), people(ours), vehicles(ours)) == (
        ["Dinas", "Regu"], ["Orang Dinas", "Orang Regu"], ["T-Dinas", "T-Regu"],
    )  # fmt: skip
    assert (len(units(operator)), len(people(operator)), len(vehicles(operator))) == (3, 3, 3)


def test_lists_are_narrowed_by_what_is_asked_for(operator: By) -> None:
    team = register.unit_named(operator.session, "Regu").id
    assert people(operator, search="regu") == people(operator, unit_id=team) == ["Orang Regu"]
    assert vehicles(operator, search="b lain") == ["T-Lain"] and vehicles(operator, kind="ambulance") == []
    assert units(operator, unit_id=register.unit_named(operator.session, "Dinas").id) == ["Regu"]
    changes.add_unit(operator, "Baru", "Dinas")
    assert units(operator, state="empty") == ["Baru"]


def test_who_has_left_and_who_begins_later_is_found(operator: By) -> None:
    changes.leave(operator, "15", TODAY)
    changes.add_person(operator, "99", "Orang Baru", "Regu", "", TODAY + 7 * DAY)
    assert people(operator, state="left") == ["Orang Dinas"] and people(operator, state="coming") == ["Orang Baru"]
    ours = agency(operator)
    assert people(ours) == ["Orang Baru", "Orang Regu"] and people(ours, state="left") == []


def test_who_belongs_nowhere_today_is_shown_with_the_next_place(operator: By) -> None:
    changes.leave(operator, "15", TODAY - 9 * DAY)
    for unit, ahead in (("Lain", 9), ("Regu", 7)):  # planned in any order
        operator.session.add(
            Membership(person_id=operator.person("15").id, unit_id=operator.unit(unit).id, position="",
                       period=Range(TODAY + ahead * DAY, TODAY + (ahead + 1) * DAY))
        )  # fmt: skip
    operator.session.flush()
    (row,) = person_list(operator.session, viewer(operator.session, None), PersonFilter(state="coming"), 1).rows
    assert (row.name, row.unit, row.period.lower) == ("Orang Dinas", "Regu", TODAY + 7 * DAY)
    assert "Orang Dinas" in people(agency(operator)), "and is theirs whose unit is among the places to come"
    assert "Orang Dinas" in people(operator) and people(operator, state="left") == []


def test_who_comes_from_elsewhere_later_is_not_ours_before(operator: By) -> None:
    changes.move_person(operator, "14", "Regu", None, TODAY + 7 * DAY)
    assert "Orang Lain" not in people(agency(operator))
    with pytest.raises(NotFound):
        changes.leave(agency(operator), "14", TODAY + DAY)


def test_phones_and_trackers_are_those_of_this_moment(operator: By) -> None:
    conn = operator.session.connection()
    add_device(conn, "phone-1", "phone", person_id=operator.person("15").id, since=NOW - DAY)
    add_device(conn, "truck-1", "tracker", vehicle_id=operator.vehicle("T-Regu").id, since=NOW - DAY)
    assert people(operator, state="no_phone") == ["Orang Lain", "Orang Regu"]
    assert vehicles(operator, state="no_tracker") == ["T-Dinas", "T-Lain"]


def test_a_retired_vehicle_is_driven_by_nobody_and_carries_nothing(operator: By) -> None:
    conn = operator.session.connection()
    for login in ("truck-1", "truck-2"):
        add_device(conn, login, "tracker", vehicle_id=operator.vehicle("T-Regu").id, since=NOW - DAY)
    changes.begin_drive(operator, "T-Regu", "14", NOW - DAY)
    changes.retire_vehicle(operator, "T-Regu")
    assert vehicles(operator, state="retired") == ["T-Regu"] and "T-Regu" not in vehicles(operator)
    (row,) = vehicle_list(operator.session, viewer(operator.session, None), VehicleFilter(state="retired"), 1).rows
    assert (row.device, row.driver) == (None, None)
    with pytest.raises(Impossible) as refused:
        changes.retire_vehicle(operator, "T-Regu")
    assert refused.value.why is Why.RETIRED


@pytest.mark.parametrize(
    "change",
    [
        lambda by: changes.rename_unit(by, "Lain", "Kita"),
        lambda by: changes.move_unit(by, "Regu", None, TODAY),
        lambda by: changes.move_unit(by, "Regu", "Lain", TODAY),
        lambda by: changes.merge_unit(by, "Regu", "Lain", TODAY),
        lambda by: changes.add_unit(by, "Baru", None),
        lambda by: changes.add_person(by, "7", "Baru", "Lain", ""),
        lambda by: changes.rename_person(by, "14", "14", "Kita"),
        lambda by: changes.move_person(by, "14", "Regu", None, TODAY),
        lambda by: changes.move_person(by, "15", "Lain", None, TODAY),
        lambda by: changes.leave(by, "14", TODAY),
        lambda by: changes.add_vehicle(by, "X", "X", "ambulance", "Lain"),
        lambda by: changes.change_vehicle(by, "T-Lain", {"plate": "X"}),
        lambda by: changes.move_vehicle(by, "T-Regu", "Lain"),
        lambda by: changes.retire_vehicle(by, "T-Lain"),
        lambda by: changes.begin_drive(by, "T-Regu", "14", NOW),
    ],
)
def test_an_administrator_of_a_unit_changes_nothing_outside_it(operator: By, change: object) -> None:
    with pytest.raises(NotFound):
        change(agency(operator))  # type: ignore[operator]


def test_a_name_that_is_taken_is_refused_and_all_else_of_the_transaction_stays(operator: By) -> None:
    changes.add_unit(operator, "Baru", "Dinas")
    for change, why in [
        (lambda: changes.add_unit(operator, "Regu", None), Why.UNIT_TAKEN),
        (lambda: changes.rename_unit(operator, "Lain", "Regu"), Why.UNIT_TAKEN),
        (lambda: changes.add_person(operator, "14", "Lagi", "Regu", ""), Why.NIP_TAKEN),
        (lambda: changes.rename_person(operator, "14", "15", "Lagi"), Why.NIP_TAKEN),
        (lambda: changes.add_vehicle(operator, "T-Regu", "B 9", "ambulance", "Regu"), Why.CALL_SIGN_TAKEN),
        (lambda: changes.change_vehicle(operator, "T-Regu", {"plate": "B Lain"}), Why.PLATE_TAKEN),
    ]:
        with pytest.raises(Impossible) as refused:
            change()
        assert refused.value.why is why
    assert "Baru" in units(operator)
