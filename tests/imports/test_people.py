"""People from files: who is new, who moved, and what is refused, with nothing half done."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select, text

from tests.imports.conftest import TODAY, brought_in, lines
from tracker.imports.importing import Refused
from tracker.imports.problems import Wrong
from tracker.storage import changes
from tracker.storage import models as m
from tracker.storage.audit import Action
from tracker.storage.changes import By

PEOPLE = lines(
    "NIP,Nama,Unit kerja,Jabatan",
    "198001012005011001,Siti Rahayu,Regu Menteng,Penyapu",
    "198001012005011002,Budi Santoso,Dinas Pertamanan,",
)
REGISTER = """
SELECT nip, person.name, unit.name, position, period FROM person
JOIN membership ON person_id = person.id JOIN unit ON unit.id = unit_id ORDER BY nip, period
"""


def register_of(by: By) -> list[tuple[object, ...]]:
    return [tuple(row) for row in by.session.execute(text(REGISTER))]


def wrongs(refused: pytest.ExceptionInfo[Refused]) -> list[tuple[int, str, Wrong]]:
    return [(one.line, one.column, one.wrong) for one in refused.value.plan.problems]


def test_the_same_file_again_changes_nothing(by: By) -> None:
    assert brought_in(by, "people", PEOPLE).counts() == {"new": 2, "changed": 0, "same": 0, "errors": 0}
    before = register_of(by)
    assert brought_in(by, "people", PEOPLE).counts() == {"new": 0, "changed": 0, "same": 2, "errors": 0}
    assert register_of(by) == before
    assert by.session.scalar(select(func.count()).where(m.Audit.action == Action.IMPORT)) == 1


def test_an_updated_file_changes_only_what_changed(by: By) -> None:
    brought_in(by, "people", PEOPLE)
    updated = PEOPLE.replace(b"Budi Santoso,Dinas Pertamanan", b"Budi Santosa,Regu Menteng")
    assert brought_in(by, "people", updated).counts() == {"new": 0, "changed": 1, "same": 1, "errors": 0}
    assert [row[1:4] for row in register_of(by)] == [
        ("Siti Rahayu", "Regu Menteng", "Penyapu"),
        ("Budi Santosa", "Dinas Pertamanan", ""),
        ("Budi Santosa", "Regu Menteng", ""),
    ]
    noted = by.session.scalars(select(m.Audit).order_by(m.Audit.id.desc()).limit(1)).one()
    budi = by.session.scalars(select(m.Person.id).where(m.Person.nip.endswith("2"))).one()
    assert (noted.action, noted.people) == (Action.IMPORT, [budi])


def test_wrong_rows_are_named_and_nothing_is_kept(by: By) -> None:
    content = lines(
        "NIP;Name;Unit",
        "198001012005011001;Siti;Regu Menteng",
        "1,98E+17;Budi;Regu Menteng",
        "12AB;;Regu Menteng",
        "198001012005011004;Dewi;Regu Mars",
        "198001012005011001;Siti lagi;Regu Menteng",
    )
    with pytest.raises(Refused) as refused:
        brought_in(by, "people", content)
    by.session.rollback()
    assert sorted(wrongs(refused)) == [
        (3, "nip", Wrong.ROUNDED),
        (4, "name", Wrong.MISSING),
        (4, "nip", Wrong.NIP),
        (5, "unit", Wrong.UNKNOWN_UNIT),
        (6, "nip", Wrong.TWICE),
    ]
    assert register_of(by) == []


def test_a_unit_administrator_reaches_nothing_outside(by: By, by_agency: By) -> None:
    brought_in(by, "people", PEOPLE)
    content = lines("NIP,Name,Unit", "198001012005011002,Budi,Regu Menteng", "3,Dewi,Dinas Pertamanan")
    with pytest.raises(Refused) as refused:
        brought_in(by_agency, "people", content)
    assert wrongs(refused) == [(2, "nip", Wrong.NOT_YOURS), (3, "unit", Wrong.UNKNOWN_UNIT)]


def test_a_file_and_changes_one_by_one_make_the_same_register(by: By) -> None:
    brought_in(by, "people", PEOPLE)
    moved = lines("NIP,Name,Unit,Position,Since", "198001012005011001,Siti R.,Dinas Pertamanan,,2026-12-01",
                  "198001012005011002,Budi Santoso,Dinas Pertamanan,Mandor,",
                  "77,Dewi,Regu Menteng,X,2026-11-01")  # fmt: skip
    brought_in(by, "people", moved)
    from_files = register_of(by)
    by.session.execute(text("DELETE FROM membership"))
    by.session.execute(text("DELETE FROM person"))
    changes.add_person(by, "198001012005011001", "Siti Rahayu", "Regu Menteng", "Penyapu")
    changes.add_person(by, "198001012005011002", "Budi Santoso", "Dinas Pertamanan", "")
    changes.rename_person(by, "198001012005011001", "198001012005011001", "Siti R.")
    changes.move_person(by, "198001012005011001", "Dinas Pertamanan", None, date(2026, 12, 1))
    changes.move_person(by, "198001012005011002", "Dinas Pertamanan", "Mandor", TODAY)
    changes.add_person(by, "77", "Dewi", "Regu Menteng", "X", date(2026, 11, 1))
    by.session.flush()
    assert register_of(by) == from_files


def test_who_had_left_is_back_and_a_plan_is_never_dropped(by: By) -> None:
    brought_in(by, "people", PEOPLE)
    changes.leave(by, "198001012005011001", date(2026, 11, 1))
    changes.move_person(by, "198001012005011002", "Regu Menteng", None, date(2026, 12, 1))
    by.session.commit()
    with pytest.raises(Refused) as refused:
        brought_in(by, "people", PEOPLE)
    by.session.rollback()
    assert wrongs(refused) == [(3, "since", Wrong.LATER)]
    brought_in(by, "people", b"\n".join(PEOPLE.split(b"\n")[:2]))
    began = by.session.scalars(text("SELECT lower(period) FROM membership ORDER BY person_id, period"))
    assert began.all()[:2] == [None, TODAY]
