"""An employee's day: writing, changing, submitting, and what the page says."""

from __future__ import annotations

import re
import threading
import uuid
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, insert, select

from tests import builders as build
from tests.web.actions import activities_of, add, day_path, decide, state_of, submit
from tests.web.conftest import NOW, WORK_DATE, Browser, Clock, People, at, signed_in
from tracker.storage import models as m


def keys_of(engine: Engine) -> list[uuid.UUID]:
    with engine.connect() as conn:
        return list(conn.scalars(select(m.Activity.key).order_by(m.Activity.starts_at)))


def test_an_activity_is_stored_in_utc_from_local_clock_times(employee: Browser, people: People, engine: Engine) -> None:
    assert add(employee, people.sweeping, "08:00", "09:30").status_code == 303
    assert activities_of(engine, people.own) == [(at(8), at(9, 30), 3)]
    page = employee.get(day_path()).text
    assert "Penyapuan jalan" in page and "08.00" in page and "1 jam 30 mnt" in page
    assert '3 <span lang="id">meter</span>' in page


def test_a_repeated_request_enters_nothing_twice(employee: Browser, people: People, engine: Engine) -> None:
    key = str(uuid.uuid4())
    answers = [add(employee, people.sweeping, "08:00", "09:00", key=key).status_code for _ in range(2)]
    assert answers == [303, 303] and len(activities_of(engine, people.own)) == 1


def test_other_values_under_the_same_key_are_not_called_saved(
    employee: Browser, people: People, engine: Engine
) -> None:
    key = str(uuid.uuid4())
    add(employee, people.sweeping, "08:00", "09:00", key=key)
    answer = add(employee, people.sweeping, "09:00", "10:00", key=key)
    assert answer.status_code == 422 and "isi lain" in answer.text
    assert f'name="key" value="{key}"' not in answer.text, "the next try is a new activity"
    assert activities_of(engine, people.own) == [(at(8), at(9), 3)]


def test_deleting_what_is_not_there_says_so_and_leaves_nothing(
    employee: Browser, people: People, engine: Engine
) -> None:
    employee.get(day_path())
    employee.post(f"{day_path()}/activities/{uuid.uuid4()}/delete")
    page = employee.get(day_path()).text
    assert "Dihapus." not in page and "sudah tidak ada" in page
    assert state_of(engine, people.own) is None


def test_the_same_hour_is_not_written_on_two_days(
    employee: Browser, people: People, clock: Clock, engine: Engine
) -> None:
    friday = date(2026, 11, 20)
    with engine.begin() as conn:
        build.window(conn, people.own, at(22), at(6, 0, friday), work_date=WORK_DATE)
    clock.now = at(10, 0, friday)
    assert add(employee, people.sweeping, "04:00", "05:00").status_code == 303
    twice = add(employee, people.meeting, "04:30", "05:30", friday)
    assert twice.status_code == 422 and "bertumpuk" in twice.text
    assert len(activities_of(engine, people.own)) == 1


def test_parallel_requests_never_overlap(app: Flask, engine: Engine, people: People) -> None:
    browsers = [signed_in(app, engine, "pegawai") for _ in range(4)]
    threads = [threading.Thread(target=add, args=(b, people.sweeping, "10:00", "11:00")) for b in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(activities_of(engine, people.own)) == 1


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("09:00", "09:00", "sesudah waktu mulai"),
        ("10:00", "09:00", "sesudah waktu mulai"),
        ("14:00", "15:30", "masih di depan"),
        ("08:30", "09:30", "bertumpuk"),
    ],
)
def test_times_that_cannot_be_are_refused_with_a_sentence_and_kept_in_the_form(
    employee: Browser, people: People, engine: Engine, start: str, end: str, sentence: str
) -> None:
    add(employee, people.sweeping, "08:00", "09:00")
    answer = add(employee, people.meeting, start, end, note="rapat pagi")
    assert answer.status_code == 422 and sentence in answer.text
    assert f'value="{start}"' in answer.text and "rapat pagi" in answer.text
    assert len(activities_of(engine, people.own)) == 1


@pytest.mark.parametrize("fields", [{"type_id": ""}, {"start": "morning"}, {"volume": "-1"}, {"note": "x" * 501}])
def test_a_field_that_is_not_understood_is_named(employee: Browser, people: People, fields: dict[str, str]) -> None:
    form = {"type_id": str(people.sweeping), "start": "08:00", "end": "09:00", **fields}
    start, end, kind = form.pop("start"), form.pop("end"), form.pop("type_id")
    answer = add(employee, kind, start, end, **form)  # type: ignore[arg-type]
    assert answer.status_code == 422 and "field-error" in answer.text


def test_the_form_offers_the_time_since_the_last_entry(employee: Browser, people: People) -> None:
    assert 'name="start" type="time" required value="08:00"' in employee.get(day_path()).text
    add(employee, people.sweeping, "08:00", "10:30")
    page = employee.get(day_path()).text
    assert 'type="time" required value="10:30"' in page and 'type="time" required value="15:00"' in page


def test_what_somebody_does_most_is_offered_first(employee: Browser, people: People) -> None:
    add(employee, people.meeting, "08:00", "09:00")
    choices = re.findall(r'name="type_id" value="(\d+)"', employee.get(day_path()).text)
    assert [int(choice) for choice in choices] == [people.meeting, people.sweeping]


def test_an_activity_can_be_changed_and_deleted(employee: Browser, people: People, engine: Engine) -> None:
    add(employee, people.sweeping, "08:00", "09:00")
    (key,) = keys_of(engine)
    path = f"{day_path()}/activities/{key}"
    employee.get(path)
    changed = employee.post(path, type_id=people.meeting, start="08:15", end="09:15", volume="7")
    assert changed.status_code == 303 and activities_of(engine, people.own) == [(at(8, 15), at(9, 15), 7)]
    employee.post(f"{path}/delete")
    assert activities_of(engine, people.own) == []


def test_nobody_touches_the_activity_of_another(
    employee: Browser, supervisor: Browser, people: People, engine: Engine
) -> None:
    add(employee, people.sweeping, "08:00", "09:00")
    (key,) = keys_of(engine)
    supervisor.get("/me")
    path = f"{day_path()}/activities/{key}"
    supervisor.post(f"{path}/delete")
    supervisor.post(path, type_id=people.meeting, start="08:15", end="09:15", volume="7")
    add(supervisor, people.meeting, "08:00", "09:00", key=str(key))
    assert activities_of(engine, people.own) == [(at(8), at(9), 3)]


def test_a_submitted_day_is_closed_until_it_is_returned(
    employee: Browser, supervisor: Browser, people: People, engine: Engine
) -> None:
    add(employee, people.sweeping, "08:00", "09:00")
    assert submit(employee).status_code == 303 and state_of(engine, people.own) == "submitted"
    refused = add(employee, people.meeting, "09:00", "10:00")
    assert refused.status_code == 422 and "ada pada atasan Anda" in refused.text
    decide(supervisor, people.own, "returned", reason="Volume belum benar.")
    page = employee.get(day_path()).text
    assert "Volume belum benar." in page and "Rina Marlina" in page
    assert add(employee, people.meeting, "09:00", "10:00").status_code == 303
    submit(employee)
    assert state_of(engine, people.own) == "submitted"


def test_an_empty_day_cannot_be_submitted(employee: Browser, people: People, engine: Engine) -> None:
    submit(employee)
    assert "paling sedikit satu kegiatan" in employee.get(day_path()).text and state_of(engine, people.own) is None


def test_a_draft_closes_at_noon_of_the_next_working_day(
    employee: Browser, people: People, clock: Clock, engine: Engine
) -> None:
    clock.now = at(11, 59, date(2026, 11, 20))
    assert add(employee, people.sweeping, "08:00", "09:00").status_code == 303
    clock.now = at(12, 0, date(2026, 11, 20))
    late = add(employee, people.meeting, "09:00", "10:00")
    assert late.status_code == 422 and "Minta atasan Anda membukanya" in late.text


def test_a_night_shift_is_written_on_the_day_it_began(
    employee: Browser, people: People, clock: Clock, engine: Engine
) -> None:
    friday, saturday = date(2026, 11, 20), date(2026, 11, 21)
    with engine.begin() as conn:
        build.window(conn, people.own, at(22, 0, friday), at(6, 0, saturday), work_date=friday)
    clock.now = at(2, 0, saturday)
    assert "20 November 2026" in employee.get("/me").text
    assert add(employee, people.sweeping, "23:30", "01:00", friday).status_code == 303
    assert activities_of(engine, people.own) == [(at(23, 30, friday), at(1, 0, saturday), 3)]


def test_the_page_says_when_the_phone_was_heard(employee: Browser, people: People, engine: Engine) -> None:
    assert "belum terdengar" in employee.get("/me").text
    with engine.begin() as conn:
        phone = build.device(conn, person_id=people.own)
        heard = {"device_id": phone, "last_heard_at": NOW - timedelta(minutes=2), "battery_pct": 61}
        conn.execute(insert(m.DeviceState).values(**heard))
    page = employee.get("/me").text
    assert "2 menit lalu" in page and "61 %" in page


def test_a_future_day_cannot_be_written(employee: Browser, people: People) -> None:
    tomorrow = WORK_DATE + timedelta(days=1)
    assert "belum dimulai" in employee.get(day_path(tomorrow)).text
    assert "belum dimulai" in add(employee, people.sweeping, "08:00", "09:00", tomorrow).text
