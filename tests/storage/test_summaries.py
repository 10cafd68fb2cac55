"""Parts of units and pages of people: every number is a part of the whole it stands below, within rights."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from tests import builders as build
from tests.storage.test_figures import HOURS, MONDAY, NOW, REVISION, counted, duty, reader
from tracker.storage import figures, people_summaries
from tracker.storage import models as m
from tracker.storage.figures import Figures
from tracker.storage.people_summaries import PeopleFilter, people_list
from tracker.storage.rights import Grant, Viewer
from tracker.storage.unit_summaries import Part, only_unit, parts_of, unit_above

TUESDAY = MONDAY + timedelta(days=1)
CITY = reader(None)


@pytest.fixture
def tree(engine: Engine) -> dict[str, int]:
    """A city of two agencies; the team moves to the other agency on Tuesday. Everybody misses every duty."""
    with engine.begin() as conn:
        dinas, other = build.unit(conn, "Dinas"), build.unit(conn, "Lain")
        suku = build.unit(conn, "Suku", dinas)
        team = conn.scalars(insert(m.Unit).values(name="Regu").returning(m.Unit.id)).one()
        places = [(suku, Range(None, TUESDAY)), (other, Range(TUESDAY, None))]
        conn.execute(insert(m.UnitPlace), [{"unit_id": team, "parent_id": p, "period": days} for p, days in places])
        for unit in (dinas, suku, team, other):
            person = build.person(conn, unit, f"Pegawai {unit}")
            for day in (MONDAY, TUESDAY):
                duty(conn, person, day, status="NO_SHOW", on_site_s=0, off_site_s=HOURS)
    counted(engine, MONDAY, TUESDAY)
    return {"dinas": dinas, "suku": suku, "team": team, "other": other}


def numbers(parts: list[Part]) -> dict[str, int]:
    return {part.name: part.figures.no_show for part in parts}


def test_parts_are_as_the_tree_stood_and_sum_to_the_whole(engine: Engine, tree: dict[str, int]) -> None:
    with Session(engine) as session:
        def parts(unit_id: int | None, viewer: Viewer = CITY) -> dict[str, int]:
            found = parts_of(session, viewer, MONDAY, TUESDAY, unit_id)
            whole = figures.unit_figures(session, viewer, MONDAY, TUESDAY, unit_id)
            assert sum((part.figures for part in found), Figures()) == whole
            return numbers(found)

        assert parts(None) == {"Dinas": 5, "Lain": 3}
        assert parts(tree["dinas"]) == {"Suku": 3, "": 2}
        assert parts(tree["suku"]) == {"Regu": 1, "": 2}
        assert parts(tree["other"]) == {"Regu": 1, "": 2}
        assert parts(tree["team"]) == {"": 2}
        assert parts(tree["dinas"], reader(tree["suku"])) == {"Suku": 3}, "no more than is theirs"
        assert parts(None, reader(tree["team"])) == {"Regu": 2}
        assert parts(tree["other"], reader(tree["dinas"])) == {}, "what came there before it left is not there"


def test_who_has_one_right_within_another_counts_nothing_twice(engine: Engine, tree: dict[str, int]) -> None:
    grants = tuple(Grant("supervisor", tree[name]) for name in ("dinas", "suku", "other"))
    viewer = Viewer(1, "both", None, grants, MONDAY)
    with Session(engine) as session:
        parts = parts_of(session, viewer, MONDAY, TUESDAY, None)
        assert numbers(parts) == {"Dinas": 5, "Lain": 3}
        assert only_unit(viewer) is None and only_unit(reader(tree["suku"])) == tree["suku"]


def test_parts_come_in_the_order_that_is_asked_for(engine: Engine, tree: dict[str, int]) -> None:
    with engine.begin() as conn:
        good = select(m.DutyWindow.id).join(m.Person).where(m.Person.name == f"Pegawai {tree['dinas']}")
        second = {**REVISION, "revision": 2, "status": "PRESENT"}
        conn.execute(insert(m.VerdictRevision), [{**second, "window_id": window} for window in conn.scalars(good)])
    counted(engine, MONDAY, TUESDAY)
    with Session(engine) as session:
        names = [[part.name for part in parts_of(session, reader(None), MONDAY, TUESDAY, None, sort)]
                 for sort in ("name", "no_show")]  # fmt: skip
    assert names == [["Dinas", "Lain"], ["Lain", "Dinas"]]


def test_the_way_up_ends_where_the_rights_do(engine: Engine, tree: dict[str, int]) -> None:
    with Session(engine) as session:
        above = unit_above(session, reader(tree["dinas"]), tree["team"], MONDAY)
        assert above is not None and above.name == "Suku"
        assert unit_above(session, reader(tree["dinas"]), tree["team"], TUESDAY) is None, "it is another agency's"
        assert unit_above(session, reader(tree["team"]), tree["team"], MONDAY) is None


def names(session: Session, viewer: Viewer, **wanted: object) -> list[tuple[str, int]]:
    asked = PeopleFilter(MONDAY, TUESDAY, **wanted)  # type: ignore[arg-type]
    page = people_list(session, viewer, asked, NOW, 1).page
    return [(line.name, line.figures.no_show) for line in page.rows]


def test_people_show_the_days_that_may_be_read(engine: Engine, tree: dict[str, int]) -> None:
    dinas, suku, team, other = (f"Pegawai {tree[name]}" for name in ("dinas", "suku", "team", "other"))
    with Session(engine) as session:
        assert names(session, reader(tree["dinas"])) == sorted([(dinas, 2), (suku, 2), (team, 1)])
        assert names(session, reader(tree["other"])) == sorted([(team, 1), (other, 2)])
        assert names(session, reader(None), unit_id=tree["suku"], sort="no_show") == [(suku, 2), (team, 1)]
        assert names(session, reader(None), search=team) == [(team, 2)]
        days = people_summaries.readable_days_of
        (person,) = session.scalars(select(m.Person.id).where(m.Person.name == team))
        assert days(session, reader(tree["dinas"]), person, MONDAY, TUESDAY) == [MONDAY]
        assert days(session, reader(tree["other"]), person, MONDAY, TUESDAY) == [TUESDAY]
        assert days(session, reader(None), person, MONDAY, TUESDAY) == [MONDAY, TUESDAY]
        assert [one.no_show for _, one in people_summaries.person_days(session, person, [TUESDAY], NOW)] == [1]


def test_too_many_people_are_not_sorted_and_it_is_said(
    engine: Engine, tree: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = PeopleFilter(MONDAY, TUESDAY, sort="no_show")
    with Session(engine) as session:
        assert people_list(session, reader(None), asked, NOW, 1).sortable
        monkeypatch.setattr(people_summaries, "MOST_SORTED", 7)
        listed = people_list(session, reader(None), asked, NOW, 1)
        assert not listed.sortable and listed.page.total == 4


def test_idle_places_are_those_of_the_newest_figure(engine: Engine) -> None:
    def idle(conn: Connection, window: int, revision: int, *seconds: int) -> None:
        places = [{"lat": -6.2, "lon": 106.8, "start": NOW.isoformat(), "end": NOW.isoformat(), "seconds": one}
                  for one in seconds]  # fmt: skip
        kept = {name: REVISION[name] for name in ("reason", "computed_at", "rule_version", "inputs_digest",
                                                  "expected_s", "observed_s")}  # fmt: skip
        conn.execute(insert(m.IdleRevision).values(
            **kept, window_id=window, revision=revision, measure="idle", counted_s=sum(seconds),
            evidence={"places": places}))  # fmt: skip

    with engine.begin() as conn:
        person = build.person(conn)
        window = duty(conn, person, MONDAY)
        idle(conn, window, 1, 900, 700)
        idle(conn, window, 2, 600)
    with Session(engine) as session:
        assert [one.seconds for one in people_summaries.idle_places(session, person, [MONDAY])] == [600]
        assert people_summaries.idle_places(session, person, [TUESDAY]) == []
