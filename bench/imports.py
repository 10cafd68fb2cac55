"""How long files take to be checked and brought in: new, the same again, and with 1 % changed; CSV and XLSX.

`make bench-imports`; prints `name value unit` lines. The database is a fresh embedded one.
"""

from __future__ import annotations

import io
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import xlsxwriter
from sqlalchemy.orm import Session

from tests import builders as build
from tests.databases import TEMPLATE, templated_server
from tests.services import server_folder
from tracker.imports.importing import bring_in
from tracker.imports.kinds import KINDS
from tracker.storage.audit import OPERATOR
from tracker.storage.changes import By
from tracker.storage.engine import make_engine

ROWS = 100_000
UNITS = 300
HEADINGS = ("NIP", "Nama", "Unit", "Jabatan")


def rows(changed: int = 0) -> list[tuple[str, str, str, str]]:
    return [(f"1980010120050{n:05d}", f"Pegawai {n}", f"Unit {(n + (n < changed)) % UNITS}", "Petugas")
            for n in range(ROWS)]  # fmt: skip


def as_csv(table: list[tuple[str, str, str, str]]) -> bytes:
    return "\n".join(",".join(row) for row in (HEADINGS, *table)).encode()


def as_xlsx(table: list[tuple[str, str, str, str]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((HEADINGS, *table)):
            for place, value in enumerate(row):
                sheet.write_string(number, place, value)
    return file.getvalue()


@contextmanager
def timed(name: str) -> Iterator[None]:
    began, cpu = time.monotonic(), time.process_time()
    yield
    print(f"imports.{name} {time.monotonic() - began:.1f} s (of our processor {time.process_time() - cpu:.1f} s)")


def main() -> None:
    files = {"new": rows(), "same": rows(), "changed": rows(ROWS // 100)}
    with server_folder() as folder, templated_server(folder) as server:
        for form, written in (("csv", as_csv), ("xlsx", as_xlsx)):
            server.create(form, TEMPLATE)
            engine = make_engine(server.url("jejak_app", form))
            with engine.begin() as conn:
                for number in range(UNITS):
                    build.unit(conn, f"Unit {number}")
            for name, table in files.items():
                content = written(table)
                with timed(f"{form}.{name}"), Session(engine) as session:
                    now = datetime.now(UTC)
                    by = By(session, OPERATOR, None, now, now.date())
                    plan = bring_in(by, KINDS["people"], content, f"people.{form}")
                    session.commit()
                print(f"  {plan.counts()}")
            engine.dispose()
    print(f"imports.memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


if __name__ == "__main__":
    main()
