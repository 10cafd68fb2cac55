"""Files that would harm the process that reads them, or stop it: each is refused, and no other one waits."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest
import xlsxwriter
from sqlalchemy import Engine, text

from tests.imports.conftest import NOW, brought_in
from tests.imports.test_runs import created, people, state, viewer_of, worked
from tracker.imports import runs, workbooks
from tracker.imports.importing import Refused
from tracker.imports.problems import BadFile, Wrong
from tracker.imports.tables import read_table
from tracker.storage.changes import By


def workbook(*written: tuple[int, int, Any]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet, grey = book.add_worksheet(), book.add_format({"bg_color": "#eeeeee"})
        for row, column, value in ((0, 0, "NIP"), (1, 0, "1"), *written):
            sheet.write(row, column, value, None if value else grey)
    return file.getvalue()


def circle(lon: float, lat: float, radius_m: object, name: str = '"Depot"') -> bytes:
    where, properties = json.dumps([lon, lat]), f'{{"name": {name}, "radius_m": {radius_m}}}'
    feature = f'{{"properties": {properties}, "geometry": {{"type": "Point", "coordinates": {where}}}}}'
    return f'{{"type": "FeatureCollection", "features": [{feature}]}}'.encode()


@pytest.mark.parametrize("row, column, name", [(1_048_575, 16_383, "XFD1048576"), (1, 16_383, "XFD2"),
                                               (999_999, 26, "AA1000000")])  # fmt: skip
def test_cells_far_apart_are_refused_before_the_sheet_is_unrolled(row: int, column: int, name: str) -> None:
    filled = tuple((line, 0, str(line)) for line in range(2, 1000))
    with pytest.raises(BadFile) as bad:
        read_table(workbook(*filled, (row, column, "x")))
    assert (bad.value.problem.wrong, bad.value.problem.value[:3]) == (Wrong.FAR_CELL, name[:3])


def test_a_far_cell_that_is_only_coloured_is_nothing() -> None:
    assert read_table(workbook((1_048_575, 16_383, ""))).rows == [(2, ["1"])]


def test_what_unpacks_into_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "LARGEST_UNPACKED", 1000)
    with pytest.raises(BadFile) as bad:
        read_table(workbook())
    assert bad.value.problem.wrong == Wrong.TOO_LARGE


def test_an_archive_of_another_kind_is_no_workbook() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("content.xml", "<x/>")
    with pytest.raises(BadFile) as bad:
        read_table(file.getvalue())
    assert bad.value.problem.wrong == Wrong.OTHER_FILE


@pytest.mark.parametrize("lon, lat, radius_m", [(206.8, -6.2, 150), (106.8, -6.2, 5), (float("nan"), -6.2, 150)])
def test_an_impossible_circle_is_refused_when_it_is_checked(by: By, lon: float, lat: float, radius_m: int) -> None:
    with pytest.raises(Refused) as refused:
        brought_in(by, "zones", circle(lon, lat, radius_m))
    assert [one.wrong for one in refused.value.plan.problems] == [Wrong.SHAPE]


def test_what_no_database_keeps_is_left_out_of_a_name(by: By) -> None:
    brought_in(by, "zones", circle(106.8, -6.2, 150, r'"Dep\ud800ot\u0000"'))
    assert by.session.scalar(text("SELECT name FROM zone")) == "Depot"
    by.session.rollback()


def test_a_file_name_is_kept_as_text(by_agency: By) -> None:
    run = runs.create(by_agency.session, viewer_of(by_agency), "", "people", "a\0b\udc80.csv", b"x", NOW)
    assert run.file_name == "ab.csv"


def test_an_error_nobody_thought_of_fails_its_run_only(
    engine: Engine, by_agency: By, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = created(by_agency), created(by_agency)
    with monkeypatch.context() as patched:
        patched.setattr(runs, "check", lambda _by, _kind, content, _since: int(content))
        worked(engine)
    worked(engine)
    assert (state(engine, first).state, state(engine, first).outcome["why"]) == ("failed", runs.UNEXPECTED)
    assert state(engine, second).state == "checked"
    assert "ValueError" in caplog.text and "Siti" not in caplog.text


class Killed(BaseException):
    """Nothing catches the end of a process."""


def test_a_run_that_ends_its_process_each_time_is_given_up(
    engine: Engine, by_agency: By, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = created(by_agency)

    def check(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(runs, "check", check)
        for _ in range(runs.MOST_BEGINNINGS):
            with pytest.raises(Killed):
                worked(engine)
    assert worked(engine) and not worked(engine)
    run = state(engine, run_id)
    assert (run.state, run.content, run.outcome["why"], people(engine)) == ("failed", None, runs.DIED, 0)
