"""Files brought in from the command line."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, func, select

from tests.web.conftest import People
from tests.web.test_commands import run
from tracker.storage import models as m


def people_called(engine: Engine, name: str) -> int:
    with engine.connect() as conn:
        return conn.scalar(select(func.count()).where(m.Person.name == name)) or 0


def test_a_file_is_brought_in_and_a_dry_run_changes_nothing(
    app: Flask, engine: Engine, people: People, tmp_path: Path
) -> None:
    file = tmp_path / "pegawai.csv"
    file.write_text("NIP,Nama,Unit\n77,Dewi,Regu Menteng\n")
    code, said = run(app, "people", "import", str(file), "--dry-run")
    assert (code, people_called(engine, "Dewi")) == (0, 0) and "1 new" in said
    code, said = run(app, "people", "import", str(file))
    assert (code, people_called(engine, "Dewi")) == (0, 1) and "1 new" in said


def test_wrong_rows_are_said_and_nothing_is_half_done(
    app: Flask, engine: Engine, people: People, tmp_path: Path
) -> None:
    file = tmp_path / "pegawai.csv"
    file.write_text("NIP,Nama,Unit\n77,Dewi,Regu Menteng\n78,Eko,Regu Mars\n")
    code, said = run(app, "people", "import", str(file))
    assert (code, people_called(engine, "Dewi")) == (1, 0)
    assert "line 3, Unit: You administer no unit named “Regu Mars”" in said and "nothing was changed: 1 errors" in said


def test_a_drafted_year_of_holidays_can_be_imported(app: Flask, engine: Engine, tmp_path: Path) -> None:
    code, drafted = run(app, "holidays", "draft", "2026")
    assert code == 0
    file = tmp_path / "libur.csv"
    file.write_text(drafted)
    code, said = run(app, "holidays", "import", str(file))
    assert code == 0, said
    with engine.connect() as conn:
        kinds = dict(conn.execute(select(m.Holiday.kind, func.count()).group_by(m.Holiday.kind)).all())
    assert kinds["public"] >= 14 and kinds["government"] >= 1
