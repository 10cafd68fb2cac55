"""What is planned for days to come can be cancelled, and nothing that was decided meanwhile is lost by it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests import builders as build
from tracker.storage import changes, device_changes
from tracker.storage import models as m
from tracker.storage.audit import OPERATOR, Actor
from tracker.storage.changes import By
from tracker.storage.device_changes import Holder
from tracker.storage.periods import Later
from tracker.storage.register import Impossible, NotFound, Why
from tracker.storage.rights import viewer_for

TODAY = date(2026, 11, 19)
NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
SOON, LATER = TODAY + timedelta(days=10), TODAY + timedelta(days=20)


@pytest.fixture
def by(engine: Engine) -> Iterator[By]:
    """An operator, in a city of an agency with two teams and another agency, with a person in the first team."""
    with Session(engine) as session:
        by = By(session, OPERATOR, None, NOW, TODAY)
        for name, below in (("Dinas", None), ("Regu A", "Dinas"), ("Regu B", "Dinas"), ("Lain", None)):
            changes.add_unit(by, name, below)
        changes.add_person(by, "1", "Siti", "Regu A", "Petugas")
        session.commit()
        yield by


def works(by: By, nip: str = "1") -> list[tuple[str, date | None, date | None]]:
    query = select(m.Unit.name, m.Membership.period).join(m.Unit, m.Unit.id == m.Membership.unit_id)
    rows = by.session.execute(query.join(m.Person).where(m.Person.nip == nip).order_by(m.Membership.period))
    return [(name, period.lower, period.upper) for name, period in rows]


def why_not(change: Callable[[], Any]) -> Why | None:
    with pytest.raises(Impossible) as refused:
        change()
    assert isinstance(refused.value.why, Why)
    return refused.value.why


def test_a_planned_move_is_cancelled_and_the_days_before_go_on(by: By) -> None:
    changes.move_person(by, "1", "Regu B", None, SOON)
    changes.move_person(by, "1", "Lain", None, LATER)
    changes.cancel_person_plan(by, "1", SOON)
    assert works(by) == [("Regu A", None, LATER), ("Lain", LATER, None)]
    changes.cancel_person_plan(by, "1", LATER)
    assert works(by) == [("Regu A", None, None)]


def test_leaving_is_cancelled(by: By) -> None:
    changes.leave(by, "1", SOON)
    changes.cancel_person_plan(by, "1", SOON)
    assert works(by) == [("Regu A", None, None)]


def test_only_what_is_planned_can_be_cancelled(by: By) -> None:
    changes.move_person(by, "1", "Regu B", None, TODAY)
    assert why_not(lambda: changes.cancel_person_plan(by, "1", TODAY)) is Why.NOT_PLANNED
    assert why_not(lambda: changes.cancel_person_plan(by, "1", SOON)) is Why.NOT_PLANNED
    assert why_not(lambda: changes.cancel_unit_plan(by, "Regu A", SOON)) is Why.NOT_PLANNED


def test_a_slip_of_the_year_is_refused(by: By) -> None:
    far = TODAY.replace(year=2126)
    for change in (
        lambda: changes.move_person(by, "1", "Regu B", None, far),
        lambda: changes.leave(by, "1", far),
        lambda: changes.move_unit(by, "Regu A", "Lain", far),
        lambda: changes.add_person(by, "2", "Budi", "Regu A", "", far),
    ):
        assert why_not(change) is Why.TOO_FAR


def test_years_of_days_are_not_given_away_by_a_slip(by: By) -> None:
    past = TODAY.replace(year=2016)
    for change in (
        lambda: changes.move_person(by, "1", "Regu B", None, past),
        lambda: changes.leave(by, "1", past),
        lambda: changes.move_unit(by, "Regu A", "Lain", past),
    ):
        assert why_not(change) is Why.TOO_FAR


def test_who_has_left_carries_and_drives_nothing(by: By) -> None:
    changes.add_vehicle(by, "TS-1", "B 1", "garbage_truck", "Regu A")
    build.device(by.session.connection(), "hp-1")
    changes.leave(by, "1", TODAY)
    for change in (
        lambda: changes.begin_drive(by, "TS-1", "1", NOW),
        lambda: device_changes.register_device(by, "hp-2", "phone", Holder(nip="1")),
        lambda: device_changes.hand_over(by, "hp-1", Holder(nip="1"), NOW),
    ):
        assert why_not(change) is Why.NO_MEMBER


def test_what_was_entered_wrongly_is_put_right_on_the_same_day(by: By) -> None:
    changes.move_person(by, "1", "Lain", "Mandor", TODAY)
    changes.move_person(by, "1", "Regu B", None, TODAY)
    assert works(by) == [("Regu A", None, TODAY), ("Regu B", TODAY, None)]
    changes.move_unit(by, "Regu B", "Lain", TODAY)
    changes.move_unit(by, "Regu B", "Dinas", TODAY)
    changes.merge_unit(by, "Regu B", "Regu A", TODAY)
    assert works(by) == [("Regu A", None, TODAY), ("Regu A", TODAY, None)]
    changes.leave(by, "1", TODAY)
    assert works(by) == [("Regu A", None, TODAY)]


def test_what_is_so_already_is_not_written_again(by: By) -> None:
    changes.move_person(by, "1", "regu a", None, TODAY)
    changes.move_person(by, "1", "Regu A", " Petugas ", SOON)
    assert works(by) == [("Regu A", None, None)]
    changes.move_unit(by, "Regu A", "Dinas", SOON)
    places = select(m.UnitPlace).where(m.UnitPlace.unit_id == by.unit("Regu A").id)
    assert len(by.session.scalars(places).all()) == 1
    changes.move_person(by, "1", "Regu A", "Mandor", TODAY)
    assert works(by) == [("Regu A", None, TODAY), ("Regu A", TODAY, None)]


def test_who_begins_later_may_begin_earlier(by: By) -> None:
    changes.add_person(by, "2", "Budi", "Regu A", "Petugas", LATER)
    changes.move_person(by, "2", "Regu A", None, SOON)
    assert works(by, "2") == [("Regu A", SOON, None)]
    changes.move_person(by, "2", "Regu B", None, TODAY)
    assert works(by, "2") == [("Regu B", TODAY, SOON), ("Regu A", SOON, None)]
    with pytest.raises(Later):  # who works already did not begin before
        changes.move_person(by, "2", "Lain", None, TODAY - timedelta(days=5))


def test_a_units_plan_is_cancelled(by: By) -> None:
    changes.move_unit(by, "Regu A", "Lain", SOON)
    changes.cancel_unit_plan(by, "Regu A", SOON)
    changes.move_unit(by, "Regu A", "Regu B", TODAY)  # nothing stands in the way
    changes.move_unit(by, "Regu A", "Dinas", SOON)
    changes.move_unit(by, "Regu B", "Lain", LATER)
    changes.cancel_unit_plan(by, "Regu A", SOON)
    place = select(m.UnitPlace.parent_id).join(m.Unit, m.Unit.id == m.UnitPlace.unit_id)
    at_last = place.where(m.Unit.name == "Regu A", m.UnitPlace.period.contains(LATER))
    assert by.session.scalar(at_last) == by.unit("Regu B").id


def test_no_plan_is_cancelled_into_a_circle(by: By) -> None:
    changes.move_unit(by, "Regu A", "Lain", SOON)
    changes.move_unit(by, "Dinas", "Regu A", SOON)
    assert why_not(lambda: changes.cancel_unit_plan(by, "Regu A", SOON)) is Why.OWN_PART


def test_a_unit_is_merged_on_the_day_and_then_left_alone(by: By) -> None:
    assert why_not(lambda: changes.merge_unit(by, "Regu A", "Regu B", SOON)) is Why.MERGED_LATER
    changes.merge_unit(by, "Regu A", "Regu B", TODAY)
    assert works(by) == [("Regu A", None, TODAY), ("Regu B", TODAY, None)]
    assert by.unit("Regu A").merged_into_id == by.unit("Regu B").id
    for change in (
        lambda: changes.rename_unit(by, "Regu A", "Lagi"),
        lambda: changes.merge_unit(by, "Regu A", "Lain", TODAY),
        lambda: changes.move_unit(by, "Regu A", "Lain", SOON),
    ):
        assert why_not(change) is Why.UNIT_ENDED


def test_a_plan_stands_in_nobodys_way_who_comes_to_the_unit_before(by: By) -> None:
    changes.move_unit(by, "Regu A", "Lain", SOON)
    changes.add_person(by, "2", "Budi", "Regu A", "Petugas", TODAY)
    with pytest.raises(Later):
        changes.move_unit(by, "Regu A", "Regu B", TODAY + timedelta(days=1))


def test_who_left_and_comes_back_may_come_back_earlier(by: By) -> None:
    changes.leave(by, "1", TODAY - timedelta(days=50))
    changes.move_person(by, "1", "Regu A", "Mandor", LATER)
    changes.move_person(by, "1", "Regu B", None, SOON)
    assert works(by)[1:] == [("Regu B", SOON, LATER), ("Regu A", LATER, None)]
    positions = by.session.scalars(select(m.Membership.position).order_by(m.Membership.period)).all()
    assert positions == ["Petugas", "Mandor", "Mandor"]


def of_dinas(by: By) -> By:
    """The same, on behalf of who administers the agency and nothing else."""
    account = m.Account(username="admin-dinas")
    by.session.add(account)
    by.session.flush()
    build.grant(by.session.connection(), "admin-dinas", "administrator", by.unit("Dinas").id)
    viewer = viewer_for(by.session, account, TODAY)
    return By(by.session, Actor(account.id, "192.0.2.1"), viewer, NOW, TODAY)


def test_plans_of_others_are_not_cancelled_by_who_has_the_person_today(by: By) -> None:
    changes.move_person(by, "1", "Lain", None, SOON)
    changes.leave(by, "1", LATER)
    changes.move_unit(by, "Regu B", "Lain", SOON)
    changes.move_unit(by, "Regu B", "Dinas", LATER)
    by.session.commit()
    theirs = of_dinas(by)
    by.session.commit()
    for cancel in (
        lambda: changes.cancel_person_plan(theirs, "1", LATER),  # they would work for the others for ever
        lambda: changes.cancel_person_plan(theirs, "1", SOON),
        lambda: changes.cancel_unit_plan(theirs, "Regu B", LATER),
        lambda: changes.cancel_unit_plan(theirs, "Dinas", LATER),
    ):
        assert why_not(cancel) in (Why.NOT_ALL_YOURS, Why.TOP_OF_YOURS)
        by.session.rollback()
    with pytest.raises(NotFound):
        changes.cancel_unit_plan(theirs, "Lain", SOON)
    changes.cancel_person_plan(by, "1", LATER)
    changes.move_person(by, "1", "Regu A", None, LATER)
    by.session.commit()
    assert why_not(lambda: changes.cancel_person_plan(theirs, "1", LATER)) is Why.NOT_ALL_YOURS


def test_who_would_be_nobodys_is_not_taken_out_of_reach(by: By) -> None:
    changes.add_person(by, "2", "Budi", "Regu A", "", SOON)
    theirs = of_dinas(by)
    assert why_not(lambda: changes.cancel_person_plan(theirs, "2", SOON)) is Why.OUT_OF_REACH


def test_nobody_takes_the_wheel_of_what_is_retired(by: By) -> None:
    changes.add_vehicle(by, "TS-1", "B 1", "garbage_truck", "Regu A")
    changes.retire_vehicle(by, "TS-1")
    assert why_not(lambda: changes.begin_drive(by, "ts-1", "1", NOW)) is Why.RETIRED


def test_one_move_beside_many_waits_for_them(by: By, engine: Engine) -> None:
    """Many are moved in the order of the list, one from its end at the same time: each would wait for the other."""
    for number in range(2, 30):
        changes.add_person(by, str(number), f"Orang {number}", "Regu A", "")
    by.session.commit()
    wrong: list[BaseException] = []

    def move(numbers: list[int]) -> None:
        with Session(engine) as session:
            mine = By(session, OPERATOR, None, NOW, TODAY)
            try:
                for number in numbers:
                    changes.move_person(mine, str(number), "Regu B", None, TODAY)
                session.commit()
            except BaseException as error:
                wrong.append(error)

    upwards = list(range(2, 30))
    threads = [threading.Thread(target=move, args=(numbers,)) for numbers in (upwards, upwards[::-1], [29], [2])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_two_who_hand_over_one_device_at_once_do_it_one_after_the_other(by: By, engine: Engine) -> None:
    for number in range(2, 10):
        changes.add_person(by, str(number), f"Orang {number}", "Regu B", "")
    build.device(by.session.connection(), "hp-1")
    by.session.commit()
    refused: list[BaseException] = []

    def hand(number: int) -> None:
        with Session(engine) as session:
            mine = By(session, OPERATOR, None, NOW + timedelta(seconds=number), TODAY)
            try:
                device_changes.hand_over(mine, "hp-1", Holder(nip=str(number)), mine.now)
                changes.rename_person(mine, "1", "1", f"Siti {number}")
                session.commit()
            except Later:
                session.rollback()
            except BaseException as error:
                refused.append(error)

    threads = [threading.Thread(target=hand, args=(number,)) for number in range(2, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    by.session.rollback()
    periods = by.session.scalars(select(m.Assignment.period).order_by(m.Assignment.period)).all()
    assert periods and periods[-1].upper is None
