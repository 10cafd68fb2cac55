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
from tracker.storage.audit import OPERATOR
from tracker.storage.changes import By
from tracker.storage.device_changes import Holder
from tracker.storage.periods import Later
from tracker.storage.register import Impossible, Why

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
        lambda: changes.merge_unit(by, "Regu A", "Regu B", far),
        lambda: changes.add_person(by, "2", "Budi", "Regu A", "", far),
    ):
        assert why_not(change) is Why.TOO_FAR


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


def test_who_begins_later_may_begin_earlier(by: By) -> None:
    changes.add_person(by, "2", "Budi", "Regu A", "Petugas", LATER)
    changes.move_person(by, "2", "Regu A", None, SOON)
    assert works(by, "2") == [("Regu A", SOON, None)]
    changes.move_person(by, "2", "Regu B", None, TODAY)
    assert works(by, "2") == [("Regu B", TODAY, SOON), ("Regu A", SOON, None)]
    with pytest.raises(Later):  # who works already did not begin before
        changes.move_person(by, "2", "Lain", None, TODAY - timedelta(days=5))


def test_a_plan_whose_unit_ends_is_not_cancelled_into_nothing(by: By) -> None:
    changes.move_person(by, "1", "Regu B", None, SOON)
    changes.merge_unit(by, "Regu A", "Lain", SOON)
    assert why_not(lambda: changes.cancel_person_plan(by, "1", SOON)) is Why.NOT_STANDING


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


def test_a_planned_merger_is_cancelled_whole(by: By) -> None:
    changes.add_unit(by, "Pos", "Regu A")
    changes.add_person(by, "2", "Budi", "Regu B", "Petugas")
    changes.merge_unit(by, "Regu A", "Regu B", SOON)
    assert works(by) == [("Regu A", None, SOON), ("Regu B", SOON, None)]
    assert why_not(lambda: changes.rename_unit(by, "Regu A", "Lagi")) is Why.UNIT_ENDED
    assert why_not(lambda: changes.merge_unit(by, "Regu A", "Lain", LATER)) is Why.UNIT_ENDED
    changes.cancel_unit_plan(by, "Regu A", SOON)
    assert works(by) == [("Regu A", None, None)] and works(by, "2") == [("Regu B", None, None)]
    parents = select(m.UnitPlace.parent_id).join(m.Unit, m.Unit.id == m.UnitPlace.unit_id).where(m.Unit.name == "Pos")
    assert by.session.scalars(parents).all() == [by.unit("Regu A").id]
    assert by.unit("Regu A").merged_into_id is None
    changes.rename_unit(by, "Regu A", "Regu Menteng")


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
