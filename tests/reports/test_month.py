"""A week of a small city with imperfect phones: nobody honest is called absent, and who was absent is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from bench import month
from bench.month_count import Counted
from tests.conftest import Database
from tests.databases import Databases
from tracker.storage.engine import make_engine


@pytest.fixture(scope="module")
def found(databases: Databases) -> Iterator[Counted]:
    database: Database = databases.take()
    engine: Engine = make_engine(database.app_url)
    yield month.measure(engine, people=36, days=7, seed=2014, planted=0.12, step=timedelta(hours=6))
    engine.dispose()
    databases.give_back(database)


def test_nobody_honest_is_called_absent_in_a_week_of_imperfect_phones(found: Counted) -> None:
    assert found.numbers["month.honest"][0] > 100
    assert found.numbers["month.false_no_shows"][0] == 0, found.faults
    assert found.numbers["month.false_no_shows.passing"][0] == 0, found.faults


def test_no_minutes_are_held_against_who_was_there(found: Counted) -> None:
    minutes = [found.numbers[name][0] for name in ("month.false_late", "month.false_early")]
    assert minutes == [0, 0], found.notes


def test_each_absence_that_could_be_seen_is_found(found: Counted) -> None:
    assert found.numbers["month.planted.observable"][0] >= 10
    assert found.numbers["month.planted_found"] == found.numbers["month.planted.observable"], found.faults


def test_the_windows_are_those_that_the_calendar_says(found: Counted) -> None:
    assert found.numbers["month.published.wrong"][0] == 0, found.faults
    assert found.numbers["month.published.problems"][0] == found.numbers["month.windows.none"][0] == 0
    assert found.faults == []
