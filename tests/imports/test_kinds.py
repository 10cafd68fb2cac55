"""The other kinds of files, each: new, again, changed; and the real sub-districts."""

from __future__ import annotations

import json
from datetime import date, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from tests import builders as build
from tests.imports.conftest import NOW, TODAY, brought_in, lines
from tracker.imports.importing import Refused
from tracker.imports.problems import Wrong
from tracker.storage import changes
from tracker.storage import models as m
from tracker.storage.changes import By
from tracker.storage.publication import Times, publish
from tracker.storage.register import Impossible

KELURAHAN = Path(__file__).parents[3] / "shared" / "data" / "jakarta" / "kelurahan.geojson"
PEOPLE = lines("NIP,Name,Unit", "1,Siti,Regu Menteng", "2,Budi,Regu Menteng")


def counts(by: By, kind: str, *rows: str) -> tuple[int, int, int]:
    found = brought_in(by, kind, lines(*rows)).counts()
    return found["new"], found["changed"], found["same"]


def refusals(by: By, kind: str, *rows: str) -> list[tuple[int, Wrong]]:
    with pytest.raises(Refused) as refused:
        brought_in(by, kind, lines(*rows))
    by.session.rollback()
    return [(one.line, one.wrong) for one in refused.value.plan.problems]


def table(by: By, query: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in by.session.execute(text(query))]


def test_units_come_in_any_order_and_move(by: By) -> None:
    rows = ("Nama,Di bawah", "Regu Baru,Suku Dinas", "Suku Dinas,Dinas Kebersihan")
    assert counts(by, "units", *rows) == (2, 0, 0)
    assert counts(by, "units", *rows) == (0, 0, 2)
    assert counts(by, "units", "Nama,Di bawah", "Regu Baru,Dinas Pertamanan") == (0, 1, 0)
    assert refusals(by, "units", "Nama,Di bawah", "Dinas Kebersihan,Regu Menteng") == [(2, Wrong.CIRCLE)]


def test_a_unit_is_never_below_itself_until_a_plan_either(by: By) -> None:
    """The team stands elsewhere from a later day on; until then the agency would stand below a part of its own."""
    brought_in(by, "units", lines("Nama,Di bawah", "Pos Menteng,Regu Menteng"))
    changes.move_unit(by, "Regu Menteng", "Dinas Pertamanan", date(2027, 3, 1))
    by.session.commit()
    assert refusals(by, "units", "Nama,Di bawah", "Dinas Kebersihan,Pos Menteng") == [(2, Wrong.CIRCLE)]
    with pytest.raises(Impossible):
        changes.move_unit(by, "Dinas Kebersihan", "Pos Menteng", by.today)


def test_vehicles_change_only_what_changed(by: By) -> None:
    head = "call sign;plate;kind;unit;capabilities"
    assert counts(by, "vehicles", head, "TS-01;B 1;truk sampah;Regu Menteng;compactor") == (1, 0, 0)
    assert counts(by, "vehicles", head, "TS-01;B 1;garbage truck;Regu Menteng;") == (0, 0, 1)
    assert counts(by, "vehicles", head, "TS-01;B 2;garbage truck;Dinas Pertamanan;") == (0, 1, 0)
    assert table(by, "SELECT plate, capabilities FROM vehicle") == [("B 2", ["compactor"])]
    assert refusals(by, "vehicles", head, "TS-02;B 2;ambulans;Regu Menteng;", "TS-03;B 3;bus;Regu Menteng;") == [
        (3, Wrong.CHOICE), (2, Wrong.PLATE_TAKEN),
    ]  # fmt: skip


def test_devices_come_without_a_secret_and_change_hands(by: By) -> None:
    brought_in(by, "people", PEOPLE)
    head = "login,kind,nip,call_sign,model"
    assert counts(by, "devices", head, "hp-1,ponsel,1,,Samsung A15") == (1, 0, 0)
    assert counts(by, "devices", head, "hp-1,phone,1,,") == (0, 0, 1)
    later = By(by.session, by.actor, None, NOW.replace(hour=9), by.today)
    assert counts(later, "devices", head, "hp-1,phone,2,,Samsung A15") == (0, 1, 0)
    held = "SELECT nip, upper_inf(period) FROM assignment JOIN person ON person.id = person_id ORDER BY period"
    assert table(by, held) == [("1", False), ("2", True)]
    assert table(by, "SELECT model, secret_bcrypt FROM device") == [("Samsung A15", None)]
    assert refusals(by, "devices", head, "hp-2,phone,3,,", "Hp 3,phone,1,,") == [
        (3, Wrong.LOGIN), (2, Wrong.UNKNOWN_PERSON),
    ]  # fmt: skip


def test_leave_may_be_halves_of_a_day_and_never_overlaps(by: By) -> None:
    brought_in(by, "people", PEOPLE)
    head = "NIP,Hari pertama,Hari terakhir,Bagian hari,Jenis"
    rows = ("1,2027-02-01,2027-02-05,,cuti", "1,08/02/2027,08/02/2027,paruh pertama,sakit",
            "1,2027-02-08,2027-02-08,paruh kedua,dinas luar")  # fmt: skip
    assert counts(by, "leave", head, *rows) == (3, 0, 0)
    assert counts(by, "leave", head, *rows) == (0, 0, 3)
    assert counts(by, "leave", head, rows[0].replace("02-05", "02-06")) == (0, 1, 0)
    assert refusals(by, "leave", head, "1,2027-02-07,2027-02-09,penuh,cuti") == [(2, Wrong.OVERLAP)]
    assert refusals(by, "leave", head, "2,2027-02-08,2027-02-07,penuh,cuti") == [(2, Wrong.BACKWARDS)]


def test_leave_changes_its_part_of_the_day_and_is_withdrawn(by: By) -> None:
    brought_in(by, "people", PEOPLE)
    head = "NIP,First day,Last day,Part,Kind"
    kept = "SELECT part, kind, lower(period)::text FROM leave_period ORDER BY part"
    assert counts(by, "leave", head, "1,2027-02-08,2027-02-08,full,leave") == (1, 0, 0)
    assert counts(by, "leave", head, "1,2027-02-08,2027-02-08,first half,leave") == (0, 1, 0)
    assert table(by, kept) == [("first_half", "leave", "2027-02-08")]
    halves = ("1,2027-02-08,2027-02-08,first half,leave", "1,2027-02-08,2027-02-08,second half,sick")
    assert counts(by, "leave", head, *halves) == (1, 0, 1)
    gone = halves[0].replace("leave", "withdrawn")
    assert counts(by, "leave", head, gone) == (0, 1, 0) and counts(by, "leave", head, gone) == (0, 0, 1)
    assert table(by, kept) == [("second_half", "sick", "2027-02-08")]


def test_a_holiday_is_withdrawn(by: By) -> None:
    brought_in(by, "holidays", lines("Date,Name,Kind", "2027-01-01,Tahun Baru,public"))
    gone = "2027-01-01,Tahun Baru,dibatalkan"
    assert counts(by, "holidays", "Date,Name,Kind", gone) == (0, 1, 0)
    assert counts(by, "holidays", "Date,Name,Kind", gone) == (0, 0, 1)
    assert table(by, "SELECT count(*) FROM holiday") == [(0,)]


def test_capitals_and_blanks_make_no_other_unit_vehicle_or_zone(by: By) -> None:
    assert counts(by, "units", "Name,Below", "regu  MENTENG,dinas kebersihan") == (0, 0, 1)
    assert refusals(by, "units", "Name,Below", "Regu X,Dinas Kebersihan", "REGU x,Dinas Kebersihan") == [
        (3, Wrong.TWICE)
    ]
    head = "call sign,plate,kind,unit"
    assert counts(by, "vehicles", head, "TS-01,b 9123 xy,ambulance,regu menteng") == (1, 0, 0)
    assert counts(by, "vehicles", head, "ts-01,B9123XY,ambulance,Regu Menteng") == (0, 0, 1)
    assert refusals(by, "vehicles", head, "TS-02,B9123XY,ambulance,Regu Menteng") == [(2, Wrong.PLATE_TAKEN)]
    brought_in(by, "people", PEOPLE.replace(b"Regu Menteng", b"REGU MENTENG"))


def test_a_unit_without_a_place_stays_where_it_is(by: By) -> None:
    assert counts(by, "units", "Name,Below", "Regu Menteng,") == (0, 0, 1)
    assert counts(by, "units", "Name", "Regu Menteng") == (0, 0, 1)
    assert counts(by, "units", "Name,Below", "Regu Menteng,-") == (0, 1, 0)
    assert counts(by, "units", "Name,Below", "Regu Menteng,-", "Dinas Baru,") == (1, 0, 1)


def test_a_file_is_put_right_on_the_same_day(by: By) -> None:
    brought_in(by, "people", PEOPLE)
    assert counts(by, "people", "NIP,Name,Unit", "1,Siti,Dinas Pertamanan") == (0, 1, 0)
    assert counts(by, "people", "NIP,Name,Unit", "1,Siti,Dinas Kebersihan") == (0, 1, 0)
    places = "SELECT name, lower(period)::text FROM membership JOIN unit ON unit.id = unit_id WHERE person_id = 1"
    assert table(by, f"{places} ORDER BY period") == [("Regu Menteng", None), ("Dinas Kebersihan", "2026-11-19")]
    assert counts(by, "units", "Name,Below", "Regu Menteng,Dinas Pertamanan") == (0, 1, 0)
    assert counts(by, "units", "Name,Below", "Regu Menteng,Dinas Kebersihan") == (0, 1, 0)


def test_a_unit_is_not_taken_from_superiors_who_are_not_asked(by_agency: By, by: By) -> None:
    """The agency is at the top of what its administrator administers: placing it is the city's."""
    build.unit(by.session.connection(), "Pos Lain")
    by.session.commit()
    brought_in(by, "units", lines("Name,Below", "Dinas Kebersihan,Dinas Pertamanan"))
    brought_in(by_agency, "units", lines("Name,Below", "Regu Baru,Regu Menteng"))
    moved = "Name,Below", "Dinas Kebersihan,Regu Baru"
    assert refusals(by_agency, "units", *moved) == [(2, Wrong.NOT_YOURS)]
    assert counts(by_agency, "units", "Name,Below", "Regu Baru,Dinas Kebersihan") == (0, 1, 0)


def test_a_slip_of_the_year_is_refused_in_a_file(by: By) -> None:
    head = "NIP,Name,Unit,Since"
    assert refusals(by, "people", head, "1,Siti,Regu Menteng,2062-01-01") == [(2, Wrong.TOO_FAR)]
    assert counts(by, "people", head, "1,Siti,Regu Menteng,2006-01-01") == (1, 0, 0), "who begins may have long ago"
    assert counts(by, "people", head, "1,Siti,Regu Menteng,2006-01-01") == (0, 0, 1)
    assert refusals(by, "people", head, "1,Siti,Dinas Pertamanan,2016-01-01") == [(2, Wrong.TOO_FAR)]


def test_what_is_withdrawn_is_what_the_row_says(by: By) -> None:
    brought_in(by, "people", PEOPLE)
    head = "NIP,First day,Last day,Part,Kind"
    brought_in(by, "leave", lines(head, "1,2027-02-08,2027-02-12,full,leave", "2,2027-03-08,2027-03-08,first half,sick",
                                  "2,2027-03-08,2027-03-08,second half,leave"))  # fmt: skip
    for row in ("1,2027-02-08,2027-02-08,first half,withdrawn", "2,2027-03-08,2027-03-08,full,withdrawn"):
        assert refusals(by, "leave", head, row) == [(2, Wrong.OVERLAP)]
    assert counts(by, "leave", head, "1,2027-02-08,2027-02-12,full,withdrawn") == (0, 1, 0)


def test_holidays_are_one_a_day(by: By) -> None:
    assert counts(by, "holidays", "Tanggal,Nama,Jenis", "2027-01-01,Tahun Baru,libur nasional") == (1, 0, 0)
    assert counts(by, "holidays", "Date,Name,Kind", "2027-01-01,Tahun Baru Masehi,public") == (0, 1, 0)


@pytest.mark.skipif(not KELURAHAN.exists(), reason=f"{KELURAHAN.name} is not beside the checkout")
def test_the_real_sub_districts_are_zones_those_that_cross_themselves_mended(by: By) -> None:
    content = KELURAHAN.read_bytes()
    plan = brought_in(by, "zones", content)
    assert plan.counts()["new"] == len(json.loads(content)["features"]) and plan.notes
    assert brought_in(by, "zones", content).counts()["same"] == plan.counts()["new"]


def test_a_point_with_a_radius_is_a_circle(by: By) -> None:
    point = {"type": "Point", "coordinates": [106.8, -6.2]}
    features = [{"type": "Feature", "properties": {"nama": "Depot", "radius_m": 150}, "geometry": point},
                {"type": "Feature", "properties": {"nama": "Tanpa"}, "geometry": point}]  # fmt: skip
    assert refusals(by, "zones", json.dumps({"type": "FeatureCollection", "features": features})) == [(2, Wrong.SHAPE)]
    one = json.dumps({"type": "FeatureCollection", "features": features[:1]})
    assert counts(by, "zones", one) == (1, 0, 0) and counts(by, "zones", one) == (0, 0, 1)


def rotations(by: By) -> None:
    """A rotation of one shift every day, one of three days, and two zones."""
    conn = by.session.connection()
    shift = build.shift(conn)
    days = [m.RotationDay(number=0, shift_id=shift)]
    by.session.add(m.Rotation(name="Tiap hari", anchor=TODAY, days=1, shifts=days))
    days = [m.RotationDay(number=number, shift_id=shift) for number in (0, 1)]
    by.session.add(m.Rotation(name="Tiga hari", anchor=TODAY, days=3, shifts=days))
    for name in ("Balai Kota", "Taman Suropati"):
        build.zone(conn, name=name)
    brought_in(by, "people", PEOPLE)


ENTRIES = (
    "SELECT rotation.name, period::text, \"offset\", cardinality(zone_ids) FROM roster_entry "
    "JOIN rotation ON rotation.id = rotation_id ORDER BY person_id, period"
)


def test_rosters_are_assigned_changed_and_withdrawn(by: By) -> None:
    rotations(by)
    head = "NIP,Rotasi,Hari pertama,Hari terakhir,Hari lebih awal,Zona,Jenis"
    rows = ("1,tiap HARI,2026-11-20,,,Balai Kota; taman suropati,", "2,Tiga hari,2026-11-20,2026-12-31,4,,ditugaskan")
    assert counts(by, "roster", head, *rows) == (2, 0, 0)
    assert counts(by, "roster", head, *rows) == (0, 0, 2)
    assert table(by, ENTRIES) == [("Tiap hari", "[2026-11-20,)", 0, 2), ("Tiga hari", "[2026-11-20,2027-01-01)", 1, 0)]
    marked = "SELECT nip, due_from::text, due_reason FROM publication JOIN person ON person.id = person_id ORDER BY nip"
    assert table(by, marked) == [("1", "2026-11-20", "roster"), ("2", "2026-11-20", "roster")]
    assert counts(by, "roster", head, "1,Tiga hari,2026-12-01,,,,") == (1, 0, 0)
    assert table(by, ENTRIES)[:2] == [
        ("Tiap hari", "[2026-11-20,2026-12-01)", 0, 2), ("Tiga hari", "[2026-12-01,)", 0, 0),
    ]  # fmt: skip
    assert refusals(by, "roster", head, rows[0]) == [(2, Wrong.LATER)]
    assert counts(by, "roster", head, "1,Tiap hari,2026-12-01,,,Balai Kota,") == (0, 1, 0)
    gone = "1,Tiap hari,2026-12-01,,,,dibatalkan"
    assert counts(by, "roster", head, gone) == (0, 1, 0) and counts(by, "roster", head, gone) == (0, 0, 1)
    assert len(table(by, ENTRIES)) == 2


def test_what_is_wrong_with_a_row_of_a_roster_is_said(by: By, by_agency: By) -> None:
    rotations(by)
    head = "NIP,Rotation,First day,Last day,Days ahead,Zones"
    wrong = ("9,Tiap hari,2026-11-20,,,", "1,Lain,2026-11-20,,,", "1,Tiap hari,2026-11-20,,x,",
             "1,Tiap hari,2026-11-20,,,Monas", "1,Tiap hari,2026-11-20,2026-11-01,,",
             "1,Tiap hari,2036-11-20,,,")  # fmt: skip
    assert sorted(refusals(by_agency, "roster", head, *wrong)) == [
        (2, Wrong.UNKNOWN_PERSON), (3, Wrong.UNKNOWN_ROTATION), (4, Wrong.NUMBER), (5, Wrong.UNKNOWN_ZONE),
        (6, Wrong.BACKWARDS), (7, Wrong.TOO_FAR),
    ]  # fmt: skip
    two = ("1,Tiap hari,2026-11-20,,,", "1,Tiga hari,2026-12-20,,,", "1,Tiga hari,2026-12-20,,,")
    assert refusals(by, "roster", head, *two) == [(4, Wrong.TWICE), (2, Wrong.ROSTER_OVERLAP)]
    assert counts(by_agency, "roster", head, two[0].replace("20,,", "20,2026-12-19,"), two[1]) == (2, 0, 0)


def test_a_row_that_would_make_two_duties_overlap_is_refused(by: By) -> None:
    rotations(by)
    head = "NIP,Rotation,First day,Last day"
    brought_in(by, "roster", lines(head, "1,Tiap hari,2026-11-20,2026-11-30", "2,Tiap hari,2026-11-20,"))
    shift = by.session.query(m.Shift).one()
    whole_day = m.Shift(name="Jaga", start_time=time(12), duration_min=1440, profile="POST")
    by.session.add(whole_day)
    by.session.flush()
    days = [m.RotationDay(number=0, shift_id=whole_day.id), m.RotationDay(number=1, shift_id=shift.id)]
    by.session.add(m.Rotation(name="Bergantian", anchor=TODAY, days=2, shifts=days))
    by.session.commit()
    two = ("1,Bergantian,2026-11-25,", "2,Tiap hari,2026-11-20,2026-11-22")
    with pytest.raises(Refused) as refused:
        brought_in(by, "roster", lines(head, *two))
    (problem,) = refused.value.plan.problems
    assert (problem.line, problem.wrong) == (2, Wrong.DUTIES_OVERLAP)
    assert (problem.value, problem.more) == ("Jaga 2026-11-25", f"{shift.name} 2026-11-26")
    by.session.rollback()
    assert counts(by, "roster", head, "1,Bergantian,2026-11-25,2026-11-25") == (1, 0, 0)  # and nothing the day after


def windows(by: By) -> list[tuple[object, ...]]:
    """What is published of the days from tomorrow on, once the scheduler was there."""
    conn = by.session.connection()
    publish(conn, Times(NOW, ZoneInfo("Asia/Jakarta"), timedelta(days=3), NOW - timedelta(days=60)), 100)
    by.session.commit()
    query = "SELECT nip, excuse FROM duty_window JOIN person ON person.id = person_id WHERE work_date = '2026-11-23' "
    return table(by, query + "ORDER BY nip, starts_at")


def test_leave_holidays_and_who_leaves_reach_what_was_published(by: By) -> None:
    rotations(by)
    brought_in(by, "roster", lines("NIP,Rotation,First day", "1,Tiap hari,2026-11-20", "2,Tiap hari,2026-11-20"))
    assert windows(by) == [("1", None), ("2", None)]
    head = "NIP,First day,Last day,Part,Kind"
    away = ("1,2026-11-22,2026-11-24,full,sick", "2,2026-11-23,2026-11-23,first half,leave")
    brought_in(by, "leave", lines(head, *away))
    assert windows(by) == [("1", "sick"), ("2", "leave"), ("2", None)]
    brought_in(by, "leave", lines(head, "1,2026-11-22,2026-11-24,full,withdrawn"))
    assert windows(by) == [("1", None), ("2", "leave"), ("2", None)]
    brought_in(by, "holidays", lines("Date,Name,Kind", "2026-11-23,Hari Kota,public"))
    assert windows(by) == [("1", "holiday"), ("2", "holiday")]
    brought_in(by, "holidays", lines("Date,Name,Kind", "2026-11-23,Hari Kota,withdrawn"))
    assert windows(by) == [("1", None), ("2", "leave"), ("2", None)]
    changes.leave(by, "2", date(2026, 11, 23))
    by.session.commit()
    assert windows(by) == [("1", None)]
    brought_in(by, "people", lines("NIP,Name,Unit,Since", "2,Budi,Regu Menteng,2026-11-23"))
    assert windows(by) == [("1", None), ("2", "leave"), ("2", None)]
