"""Everything that is stored about a person: the page, and the copies that say the same."""

from __future__ import annotations

import csv
import io
import json
import time
import tracemalloc
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import Engine, Table, insert, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from sqlalchemy.sql.visitors import iterate

from tests import builders as build
from tests.web.actions import add, day_path, decide, submit
from tests.web.conftest import NOW, WORK_DATE, Browser, Clock, People, at, signed_in
from tests.web.test_team import REVISION, judge
from tracker.storage import models as m
from tracker.storage.my_data import Whose
from tracker.web.cookies import SESSION
from tracker.web.my_data_categories import CATEGORIES

JSON, ZIP = "/me/data/everything.json", "/me/data/everything.zip"
# tables with a path to a person that no category gives, each with its reason
NOT_ABOUT_A_PERSON = {
    "late_day": "a mark for the scheduler, gone within minutes: a device and a day, whose positions are listed",
    "publication": "a mark for the scheduler: up to which day the duties, which are listed, are published",
    "window_due": "a mark for the scheduler, gone once it judged: a duty, which is listed, and why it looks again",
    "api_creation": "a program's key, and the number of what it created in the register; gone after a day",
}


@dataclass(frozen=True)
class Held:
    """What `own` holds: the id of the phone carried now, and of one that was handed on at noon."""

    phone: int
    handed_on: int


@pytest.fixture
def held(engine: Engine, people: People, employee: Browser, supervisor: Browser) -> Held:
    """A row in every category about `own`, and some of others beside them."""
    with engine.begin() as conn:
        phone = build.device(conn, "phone-of-siti", person_id=people.own)
        handed_on = build.device(conn, "phone-handed-on", person_id=people.own)
        period = Range(build.LONG_AGO, at(12), bounds="[)")
        assignment = m.Assignment.__table__
        conn.execute(update(assignment).where(assignment.c.device_id == handed_on).values(period=period))
        conn.execute(insert(assignment).values(device_id=handed_on, person_id=people.foreign, period=Range(at(12))))
        foreign = build.device(conn, "phone-of-budi", person_id=people.foreign)
        for device in (phone, handed_on, foreign):
            _device_rows(conn, device)
        judged = {"window_id": people.window, **REVISION, "observed_s": 0, "measure": "idle", "counted_s": 600}
        conn.execute(insert(m.IdleRevision).values(judged))
        account = select(m.Account.id).where(m.Account.username == "pegawai").scalar_subquery()
        failure = {"address": "10.9.8.7", "failed": 2, "last_at": at(7)}
        conn.execute(insert(m.SignInFailure).values(account_id=account, **failure))
        conn.execute(insert(m.Audit).values(account_id=account, people=[people.foreign], action="view_track"))
        asked = {"person_id": people.own, "at": at(9), "about": "register", "text": "My name is wrong."}
        conn.execute(insert(m.CorrectionRequest).values(asked))
        week = Range(WORK_DATE + timedelta(days=7), WORK_DATE + timedelta(days=14))
        conn.execute(insert(m.LeavePeriod).values(person_id=people.own, part="full", kind="leave", period=week))
        _attendance_rows(conn, account, people)
        file = {"kind": "people", "file_name": "pegawai.csv", "address": "", "created_at": at(8), "changed_at": at(8)}
        conn.execute(insert(m.ImportRun).values(account_id=account, **file))
        _account_rows(conn, account, people)
    judge(engine, people.window, "UNVERIFIED", cause="partial")
    add(employee, people.sweeping, "08:00", "09:30", note="=SUM(A1)")
    submit(employee)
    decide(supervisor, people.own, "returned", reason="Volume?")
    return Held(phone, handed_on)


def _attendance_rows(conn: Any, account: Any, people: People) -> None:
    """A row of `own` in each table of rosters, leave and presence, and one of somebody else's."""
    shift = build.shift(conn)
    cycle = insert(m.Rotation).values(name="R", anchor=WORK_DATE, days=7).returning(m.Rotation.id)
    rotation = conn.scalars(cycle).one()
    foreign = build.window(conn, people.foreign, at(8), at(16), work_date=WORK_DATE)
    why, when = "Saya melihatnya sendiri.", {"starts_at": at(8), "ends_at": at(9), "at": at(10)}
    for person, window in ((people.own, people.window), (people.foreign, foreign)):
        made = {"key": uuid.uuid4(), "at": at(8), "lat_e7": -62000001, "lon_e7": 1068000008}
        conn.execute(insert(m.CheckIn).values(person_id=person, **made))
        conn.execute(insert(m.Attestation).values(window_id=window, account_id=account, reason=why, **when))
        case = {"opened_at": at(9), "cause": "late_fixes", "proposed_digest": "x", "proposed": {"status": "PRESENT"}}
        conn.execute(insert(m.DutyCase).values(window_id=window, **case))
        said = {"statement": "Saya ada di pos.", "opened_at": at(9), "due_at": at(20), "revision": 1}
        contest = conn.scalars(insert(m.Contest).values(window_id=window, **said).returning(m.Contest.id)).one()
        picture = {"number": 1, "media_type": "image/jpeg", "content": b"x"}
        conn.execute(insert(m.ContestPhoto).values(contest_id=contest, **picture))
        found = {"account_id": account, "reason": "Tidak ada di pos.", "at": at(17)}
        conn.execute(insert(m.AbsenceFinding).values(window_id=window, **found))
        asked = {"kind": "sick", "part": "full", "requested_at": at(7)}
        days = Range(WORK_DATE + timedelta(days=20), WORK_DATE + timedelta(days=21))
        conn.execute(insert(m.LeaveRequest).values(person_id=person, period=days, **asked))
        told = {"at": at(9), "kind": "case_decided", "work_date": WORK_DATE}
        conn.execute(insert(m.Notification).values(person_id=person, **told))
        entry = {"rotation_id": rotation, "period": Range(WORK_DATE, None)}
        conn.execute(insert(m.RosterEntry).values(person_id=person, **entry))
        conn.execute(insert(m.RosterDay).values(person_id=person, day=WORK_DATE, note="libur"))
        extra = {"day": WORK_DATE, "shift_id": shift, "start_time": at(17).time(), "duration_min": 60}
        conn.execute(insert(m.ExtraDuty).values(person_id=person, **extra))


def _account_rows(conn: Any, account: Any, people: People) -> None:
    """A role that has ended, a deputy's time that has passed, a drive, a second factor and a token."""
    past = Range(WORK_DATE - timedelta(days=9), WORK_DATE - timedelta(days=8))
    conn.execute(insert(m.RoleGrant).values(account_id=account, role="supervisor", unit_id=people.unit, period=past))
    boss = select(m.Account.id).where(m.Account.username == "atasan").scalar_subquery()
    conn.execute(insert(m.Deputy).values(principal_id=boss, deputy_id=account, period=past))
    truck = build.vehicle(conn)
    tracker = build.device(conn, "truck-of-siti", vehicle_id=truck)
    conn.execute(insert(m.DriverSession).values(vehicle_id=truck, person_id=people.own, period=Range(at(8), at(9))))
    for hour in (8, 10):  # the second is somebody else's drive
        fix = {"fix_time": at(hour, 30), "received_after_s": 3, "lat_e7": -62000001, "lon_e7": 1068000000 + hour}
        conn.execute(insert(m.StoredFix).values(device_id=tracker, **fix))
    factor = {"secret_sealed": b"a-sealed-factor", "confirmed_at": at(7)}
    conn.execute(insert(m.SecondFactor).values(account_id=account, **factor))
    conn.execute(insert(m.MailAddress).values(account_id=account, address="siti@example.go.id", language="id"))
    wanted = {"account_id": account, "cadence": "weekly", "created_at": at(7)}
    subscription = conn.scalars(insert(m.Subscription).values(wanted).returning(m.Subscription.id)).one()
    mail = {"subscription_id": subscription, "period": WORK_DATE, "created_at": at(7), "next_at": at(7)}
    conn.execute(insert(m.Mail).values(account_id=account, **mail))
    token = {"name": "papan", "scopes": ["reports:read"], "token_sha256": b"a-tokens-sha256"}
    conn.execute(insert(m.ApiToken).values(account_id=account, created_at=at(7), expires_at=at(9), **token))


def _device_rows(conn: Any, device: int) -> None:
    """A fix, a status, a machine reading and a message in quarantine at 11 and at 13 o'clock; state and counters."""
    login = conn.scalars(select(m.Device.login).where(m.Device.id == device)).one()
    for hour in (11, 13):
        place = {"lat_e7": -62000001, "lon_e7": 1068000000 + hour}
        fix = {"device_id": device, "fix_time": at(hour), "received_after_s": 3, "accuracy_m": 8}
        conn.execute(insert(m.StoredFix).values(**fix, **place))
        conn.execute(insert(m.DeviceStatus).values(device_id=device, received_at=at(hour), permission="always"))
        conn.execute(insert(m.MachineReading).values(device_id=device, read_at=at(hour), received_at=at(hour)))
        message = {"received_at": at(hour), "topic": f"owntracks/01/{login}", "reasons": ["no_time"]}
        conn.execute(insert(m.Quarantine).values(device_id=device, **message))
    conn.execute(insert(m.DeviceState).values(device_id=device, last_heard_at=at(13), off_duty=1234, stored=2))
    conn.execute(insert(m.Rejection).values(device_id=device, day=WORK_DATE, reason="no_time", count=2))


def document(browser: Browser) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(browser.get(JSON).text)
    return found


def rows(browser: Browser, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = document(browser)["data"][name]["rows"]
    return found


def tables(browser: Browser) -> dict[str, list[dict[str, str]]]:
    """The CSV files of the zip, each as its rows."""
    found = {}
    with ZipFile(io.BytesIO(browser.get(ZIP).data)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            content = archive.read(name).decode()
            assert content.startswith("\ufeff"), "spreadsheets need the mark to read UTF-8"
            found[name.removesuffix(".csv")] = list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"))))
    return found


def with_a_path_to_a_person() -> set[str]:
    """Tables that refer to a person, an account or a device, directly or through other tables that do."""
    found = {"person", "account", "device"}
    columns = {"person_id", "account_id", "device_id"}
    while True:
        more = {
            table.name
            for table in m.Base.metadata.sorted_tables
            if columns & set(table.columns.keys()) or {key.column.table.name for key in table.foreign_keys} & found
        }
        if more <= found:
            return found
        found |= more


def test_every_table_about_people_is_in_a_category_or_has_a_reason() -> None:
    named = {table for category in CATEGORIES.values() for table in category.tables}
    assert with_a_path_to_a_person() - named == set(NOT_ABOUT_A_PERSON)
    assert named <= with_a_path_to_a_person()


def test_a_category_reads_the_tables_that_it_names() -> None:
    for category in CATEGORIES.values():
        read = {part.name for part in iterate(category.query(Whose(1, NOW))) if isinstance(part, Table)}
        assert set(category.tables) <= read, category.name


def test_page_and_both_copies_hold_the_same_number_of_rows(employee: Browser, held: Held) -> None:
    page = employee.get("/me/data").text
    counted = {name: len(part["rows"]) for name, part in document(employee)["data"].items()}
    assert counted.keys() == CATEGORIES.keys() and 0 not in counted.values()
    shown = {name: page.split(f'id="kind-{name}"')[1].split("</tr>")[0].split("<td")[3] for name in CATEGORIES}
    taken = {"looks": 1, "own_acts": 1}  # each copy is a look more
    for name, count in counted.items():
        assert f">{count - taken.get(name, 0)}</td>" in shown[name], name
    in_zip = {name: len(found) for name, found in tables(employee).items() if name != "contents"}
    assert in_zip == {name: count + taken.get(name, 0) for name, count in counted.items()}


def test_a_device_tells_only_of_the_time_in_which_the_person_held_it(
    app: Flask, engine: Engine, employee: Browser, held: Held
) -> None:
    own = [("phone-handed-on", 11), ("phone-of-siti", 11), ("phone-of-siti", 13)]
    for name, time_column in {
        "positions": "fix_time", "statuses": "received_at", "machine_hours": "read_at", "unread_messages": "received_at"
    }.items():  # fmt: skip
        said = [(row["login"], int(row[time_column][11:13])) for row in rows(employee, name)]
        assert sorted(said) == own, name
    for name in ("not_stored", "health"):
        assert [row["login"] for row in rows(employee, name)] == ["phone-of-siti"], name
    theirs = rows(signed_in(app, engine, "stranger"), "positions")
    assert [(row["login"], row["fix_time"][11:13]) for row in theirs] == [
        ("phone-of-budi", "11"), ("phone-handed-on", "13"), ("phone-of-budi", "13"),
    ]  # fmt: skip


def test_times_carry_the_citys_offset_and_places_are_degrees(employee: Browser, held: Held) -> None:
    first = rows(employee, "positions")[0]
    assert first["fix_time"] == "2026-11-19T11:00:00+07:00"
    assert (first["lat"], first["lon"]) == (-6.2000001, 106.8000011)
    assert first["accuracy_m"] == 8 and first["speed_cmps"] is None
    assert tables(employee)["positions"][0]["lat"] == "-6.2000001"
    assert rows(employee, "activities")[0]["starts_at"] == "2026-11-19T08:00:00+07:00"
    assert document(employee)["about"] == {"made_at": "2026-11-19T15:00:00+07:00", "time_zone": "Asia/Jakarta"}


def test_no_cell_of_the_tables_is_a_formula(employee: Browser, held: Held) -> None:
    assert tables(employee)["activities"][0]["note"] == "'=SUM(A1)"
    assert rows(employee, "activities")[0]["note"] == "=SUM(A1)"


def test_the_copies_say_what_each_part_is(employee: Browser, held: Held) -> None:
    part = document(employee)["data"]["positions"]
    assert part["what"] == "Posisi ponsel saat bertugas" and part["kept"] == "60 hari, lalu dihapus."
    listed = {row["file"]: row for row in tables(employee)["contents"]}
    assert listed["positions.csv"]["kept"] == part["kept"] and "pasal 20" in listed["positions.csv"]["ground"]


def test_the_page_says_which_positions_are_kept_and_how_many_were_not(employee: Browser, held: Held) -> None:
    page = employee.get("/me/data?lang=en").text
    assert "Kept now: from Thu, 19 Nov, 11:00 to Thu, 19 Nov, 13:00." in page
    assert "1234 positions off duty were not kept." in page and "60 days, then deleted." in page


def test_nothing_of_anybody_else_is_in_a_copy(employee: Browser, held: Held) -> None:
    everything = employee.get(JSON).text
    assert "Siti Rahayu" in everything and "Rina Marlina" in everything, "who decided is named"
    assert "phone-of-budi" not in everything and "Budi Santoso" not in everything
    assert [row["action"] for row in rows(employee, "own_acts")][0] == "view_track"


def test_no_secret_and_no_hash_is_in_a_copy(employee: Browser, held: Held, engine: Engine) -> None:
    with engine.begin() as conn:
        conn.execute(update(m.Device).values(secret_pbkdf2="a-pbkdf2", secret_sha256="a-sha256"))
        conn.execute(update(m.Device).values(payload_key_sealed=b"a-sealed-key"))
        secrets = [*conn.scalars(select(m.Account.password_argon2)), *conn.scalars(select(m.Device.secret_bcrypt))]
        tokens = list(conn.scalars(select(m.WebSession.token_sha256)))
    cookie = employee.client.get_cookie(SESSION)
    assert cookie is not None and tokens
    secrets += ["a-sealed-factor", b"a-sealed-factor".hex(), "a-tokens-sha256", b"a-tokens-sha256".hex()]
    secrets += ["a-pbkdf2", "a-sha256", "a-sealed-key", b"a-sealed-key".hex(), cookie.value]
    secrets += [written for token in tokens for written in (token.hex(), str(token))]
    with ZipFile(io.BytesIO(employee.get(ZIP).data)) as archive:
        unpacked = "".join(archive.read(name).decode() for name in archive.namelist())
    for everything in (employee.get(JSON).text, unpacked):
        assert [secret for secret in secrets if secret in everything] == []
    columns = {name for part in document(employee)["data"].values() for row in part["rows"] for name in row}
    forbidden = ("password", "secret", "token", "digest", "hash", "sha256", "sealed")
    assert [name for name in columns if any(word in name for word in forbidden)] == []


def test_every_copy_is_noted_before_it_is_sent(employee: Browser, people: People, engine: Engine) -> None:
    for address in (JSON, ZIP):
        assert "attachment" in employee.get(address).headers["Content-Disposition"]
    with engine.connect() as conn:
        noted = conn.execute(select(m.Audit.people, m.Audit.detail).where(m.Audit.action == "export_own")).all()
    assert [tuple(row) for row in noted] == [([people.own], {"format": "json"}), ([people.own], {"format": "zip"})]
    assert "mengunduh semua yang tersimpan" in employee.get("/me/data").text


def test_a_database_that_fails_on_the_rows_is_no_broken_file(
    employee: Browser, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = Session.execute

    def fails(session: Session, statement: object, *args: object, **more: object) -> object:
        if "yield_per" in getattr(statement, "get_execution_options", dict)():
            raise OperationalError("rows", {}, Exception("gone"))
        return execute(session, statement, *args, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Session, "execute", fails)
    for address in (JSON, ZIP):
        answer = employee.get(address)
        assert answer.status_code == 503 and "attachment" not in answer.headers.get("Content-Disposition", "")


DAYS, FIXES_A_DAY = 58, 1000  # those that lie in the days that the database has


@pytest.fixture
def sixty_days(engine: Engine, people: People, clock: Clock) -> Iterator[int]:
    """Some 60,000 fixes of `own`, and as many of somebody else."""
    clock.now = datetime.now(UTC)
    today = clock.now.replace(hour=0, minute=0, second=0, microsecond=0)
    with engine.begin() as conn:
        for holder in (people.own, people.foreign):
            conn.execute(
                text(
                    "INSERT INTO fix (device_id, fix_time, received_after_s, lat_e7, lon_e7, accuracy_m) "
                    "SELECT :device, :today - day * interval '1 day' + n * interval '30 s', 1, -62000000 - n, "
                    "1068000000 + n, 8 FROM generate_series(1, :days) day, generate_series(1, :fixes) n"
                ),
                {"device": build.device(conn, person_id=holder), "today": today, "days": DAYS, "fixes": FIXES_A_DAY},
            )
    yield DAYS * FIXES_A_DAY


@pytest.mark.parametrize("address", [JSON, ZIP])
def test_sixty_days_are_streamed_in_seconds_with_little_memory(
    app: Flask, engine: Engine, people: People, clock: Clock, sixty_days: int, address: str
) -> None:
    browser = signed_in(app, engine, "pegawai", clock.now)
    began, taken = time.monotonic(), 0
    tracemalloc.start()
    with browser.client.get(address) as answer:
        for piece in answer.iter_encoded():
            taken += len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    elapsed = time.monotonic() - began
    print(f"{address}: {taken / 1e6:.1f} MB, {elapsed:.1f} s (traced), peak {peak / 1e6:.1f} MB")
    assert taken > (10 if address == JSON else 0.2) * 1e6 and peak < 12e6
    assert elapsed < 60, "traced and beside other tests; alone it takes a few seconds"
    assert sixty_days == DAYS * FIXES_A_DAY


def test_a_newcomer_may_take_a_copy_before_reading_the_notice(
    app: Flask, engine: Engine, owner: Engine, people: People
) -> None:
    with owner.begin() as conn:
        conn.execute(m.NoticeAcknowledgement.__table__.delete())
    browser = signed_in(app, engine, "pegawai")
    assert [browser.get(address).status_code for address in (JSON, ZIP)] == [200, 200]


def test_what_the_page_links_to_is_there(employee: Browser) -> None:
    page = employee.get("/me/data").text
    assert JSON in page and ZIP in page and "/me/notice" in page
    assert "/me/data" in employee.get(day_path()).text
