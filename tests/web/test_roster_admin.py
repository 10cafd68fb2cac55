"""Rosters on pages: shifts, rotations, dated rules, holidays, a person's days, a unit's month, gaps and posts."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import Range

from tests import builders as build
from tests.web.conftest import JAKARTA, NOW, WORK_DATE, Browser, People, one, said, signed_in
from tracker.storage import models as m
from tracker.storage.publication import Times, publish

TODAY, MONDAY = str(WORK_DATE), "2026-11-16"
MORNING = {"name": "Pagi", "start": "07:30", "end": "16:00", "profile": "OFFICE", "break": "12:00", "break_min": "60"}


def count(engine: Engine, table: Any) -> int:
    with engine.connect() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def published(engine: Engine) -> list[tuple[date, str, str | None]]:
    """The windows from tomorrow on: work date, local start, excuse."""
    with engine.begin() as conn:
        publish(conn, Times(NOW, JAKARTA, timedelta(days=3), NOW - timedelta(days=60)), 100)
        w = m.DutyWindow
        ahead = select(w.work_date, w.starts_at, w.excuse).where(w.work_date > WORK_DATE).order_by(w.starts_at)
        rows = conn.execute(ahead).all()
        return [(day, f"{starts.astimezone(JAKARTA):%H:%M}", excuse) for day, starts, excuse in rows]


def with_week(admin: Browser, engine: Engine) -> tuple[str, str]:
    """The shift Pagi and a rotation of it from Monday to Friday; their numbers."""
    assert said(admin, "/admin/shifts/new", **MORNING) == ""
    shift = str(one(engine, m.Shift, name="Pagi").id)
    week = {"days": "7", "anchor": MONDAY, "name": "Kantor", "day": [shift] * 5 + ["", ""]}
    assert said(admin, "/admin/rotations/new", **week) == ""
    return shift, str(one(engine, m.Rotation, name="Kantor").id)


def test_a_shift_is_added_changed_and_retired(admin: Browser, engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        build.zone(conn, name="Balai Kota")
    assert said(admin, "/admin/shifts/new", **MORNING, zone=["balai kota", ""]) == ""
    assert "The shift Pagi is added." in admin.get("/admin/shifts").text
    kept = one(engine, m.Shift, name="Pagi")
    assert (kept.duration_min, kept.breaks, len(kept.zone_ids), kept.grace_min) == (510, [[270, 60]], 1, 15)
    address = f"/admin/shifts/{kept.id}"
    whole_day = {**MORNING, "name": "Jaga", "end": "07:30", "break": "23:30", "break_min": "90", "profile": "POST"}
    assert said(admin, address, **whole_day) == ""
    kept = one(engine, m.Shift, name="Jaga")
    assert (kept.duration_min, kept.breaks, kept.zone_ids) == (1440, [[960, 90]], [])
    assert "07:30–07:30" in admin.get(address).text
    for name in ("Jaga", " jaga "):
        assert said(admin, "/admin/shifts/new", **{**MORNING, "name": name}).startswith("There is, or was, a shift")
    assert said(admin, address, **{**whole_day, "name": "JAGA"}) == ""  # its own name, otherwise written
    assert said(admin, address, **whole_day) == ""
    assert said(admin, address, **{**MORNING, "break": "06:00"}).startswith("Write when each break begins")
    assert said(admin, address, **{**MORNING, "end": "07:45"}).startswith("Duties last 30 minutes")
    assert said(admin, address, **MORNING, zone="Nowhere").startswith("There is no zone of this name.")
    assert said(admin, address, **{**MORNING, "profile": "X"}).startswith("Choose one of the list.")
    assert said(admin, f"{address}/retire") == ""
    assert "not offered any more" in admin.get("/admin/shifts").text
    assert admin.get("/admin/shifts/999999").status_code == 404


def test_what_was_typed_of_breaks_stays_where_a_form_is_refused(admin: Browser, engine: Engine) -> None:
    """The form of a browser always holds an empty row for one break more."""
    shift, _ = with_week(admin, engine)
    taken = {**MORNING, "break": ["12:00", "", "14:00"], "break_min": ["60", "", ""]}
    rules = {"name": "Ramadan", "first": "2027-02-18", "last": "2027-01-01"}
    rules |= {f"start-{shift}": "08:00", f"end-{shift}": "15:00"}
    rules |= {f"break-{shift}": ["12:00", ""], f"break_min-{shift}": ["30", ""]}
    for address, typed, kept in (("shifts/new", taken, 2), (f"shifts/{shift}", taken, 2), ("rule-sets/new", rules, 1)):
        page = admin.post(f"/admin/{address}", **typed)
        assert page.status_code == 422
        rows = re.findall(r'name="break(?:-\d+)?" type="time" value="([^"]+)"', page.text)
        assert len(rows) == kept, address


def test_an_older_form_is_refused(admin: Browser, engine: Engine) -> None:
    shift, rotation = with_week(admin, engine)
    for address, typed in ((f"/admin/shifts/{shift}", MORNING), (f"/admin/rotations/{rotation}/retire", {})):
        assert said(admin, address, **typed, shown="0" * 16).startswith("Somebody else changed this")


def test_a_rotation_is_made_of_as_many_days_as_were_chosen(admin: Browser, engine: Engine, people: People) -> None:
    assert 'name="day"' not in admin.get("/admin/rotations/new").text
    page = admin.get(f"/admin/rotations/new?days=7&anchor={MONDAY}").text
    assert page.count('name="day"') == 7 and "Day 1, Monday" in page
    assert "Write a number of days from 1 to 366." in admin.get("/admin/rotations/new?days=400&anchor=2026-11-16").text
    shift, rotation = with_week(admin, engine)
    week = {"days": "7", "anchor": MONDAY, "name": "Lain", "day": [""] * 7}
    assert said(admin, "/admin/rotations/new", **week).startswith("Choose a shift for one day at least.")
    taken = {**week, "name": "kantor ", "day": [shift]}
    assert said(admin, "/admin/rotations/new", **taken).startswith("There is, or was")
    address = f"/admin/rotations/{rotation}"
    assert admin.get(f"{address}?days=4&anchor={MONDAY}").text.count('name="day"') == 4
    four = {"days": "4", "anchor": MONDAY, "name": "Empat", "day": [shift, "", shift, ""], "beats_holidays": "1"}
    assert said(admin, address, **four) == ""
    assert count(engine, m.RotationDay) == 2 and one(engine, m.Rotation, name="Empat").beats_holidays
    assert said(admin, f"/admin/shifts/{shift}/retire").startswith("Rotations have this shift.")
    assert said(admin, f"/admin/rosters/{people.own}/rotation", rotation=rotation, first=TODAY) == ""
    assert said(admin, f"{address}/retire").startswith("People work by this rotation")
    assert said(admin, f"/admin/rosters/{people.own}/end", on=TODAY) == ""
    assert said(admin, f"{address}/retire") == ""
    assert said(admin, f"/admin/rosters/{people.own}/rotation", rotation=rotation, first=TODAY).startswith(
        "This rotation is not offered any more."
    )
    assert "not offered any more" in admin.get("/admin/rotations").text and admin.get(address).status_code == 200


def test_a_rotation_that_overlaps_itself_is_refused_when_it_is_made(admin: Browser, engine: Engine) -> None:
    shift, rotation = with_week(admin, engine)
    night = {**MORNING, "name": "Malam", "start": "22:00", "end": "08:00", "break": "", "break_min": ""}
    assert said(admin, "/admin/shifts/new", **night) == ""
    late = str(one(engine, m.Shift, name="Malam").id)
    turns = {"days": "3", "anchor": MONDAY, "name": "Regu", "day": [shift, "", late]}
    why = "The rotation Regu would overlap itself: Malam (22:00–08:00) on its day 3 is not over when Pagi"
    assert said(admin, "/admin/rotations/new", **turns).startswith(why)
    assert said(admin, f"/admin/rotations/{rotation}", **turns).startswith(why)
    assert count(engine, m.Rotation) == 1 and one(engine, m.Rotation).name == "Kantor"
    assert said(admin, "/admin/rotations/new", **{**turns, "day": [shift, late, ""]}) == ""
    longer = {**MORNING, "end": "22:30", "break": "", "break_min": ""}
    assert said(admin, f"/admin/shifts/{shift}", **longer) == "", "a day later nothing of it is in the way"
    all_day = {**longer, "start": "22:15", "end": "22:15"}
    assert "Pagi (22:15–22:15) on its day 1 is not over when Malam (22:00–08:00) of day 2 begins" in said(
        admin, f"/admin/shifts/{shift}", **all_day
    )
    with engine.begin() as conn:
        conn.execute(update(m.Shift).where(m.Shift.name == "Pagi").values(start_time=time(22, 15), duration_min=1440))
    regu = f"/admin/rotations/{one(engine, m.Rotation, name='Regu').id}"
    assert said(admin, regu, **{**turns, "name": "Regu A", "day": [shift, late, ""]}) == "", "it was so before"


def test_rules_do_not_begin_years_ago_by_a_slip_of_the_finger(admin: Browser, engine: Engine) -> None:
    rules = {"name": "Hitung", "first": "2016-11-20", "minutes_after_grace": "1"}
    assert said(admin, "/admin/rule-sets/new", **rules).startswith("That is over a year away.")
    assert said(admin, "/admin/rule-sets/new", **{**rules, "first": TODAY}) == ""
    with engine.begin() as conn:
        conn.execute(update(m.RuleSet).values(period=Range(date(2016, 11, 20), None)))
    address = f"/admin/rule-sets/{one(engine, m.RuleSet).id}"
    mistyped = said(admin, address, **{**rules, "last": "2016-12-31"})
    assert mistyped.startswith("That is over a year ago.") and one(engine, m.RuleSet).period.upper is None
    assert said(admin, address, **{**rules, "last": TODAY}) == "", "what began long ago can be ended"


def test_what_is_the_citys_is_seen_by_units_and_changed_by_the_city(local: Browser, engine: Engine) -> None:
    with engine.begin() as conn:
        shift = build.shift(conn)
    for page in ("shifts", "rotations", "rule-sets", "holidays", "rosters", "roster-gaps", f"shifts/{shift}"):
        assert local.get(f"/admin/{page}").status_code == 200
    for page in ("shifts/new", "rotations/new", "rule-sets/new"):
        assert local.get(f"/admin/{page}").status_code == 404
    for address in ("shifts/new", f"shifts/{shift}", "rotations/new", "rule-sets/new", "holidays", "holidays/add"):
        assert local.post(f"/admin/{address}", **MORNING).status_code == 404
    assert "Add a shift" not in local.get("/admin/shifts").text
    assert "Confirm those ticked" not in local.get("/admin/holidays").text


def test_one_persons_roster(local: Browser, admin: Browser, engine: Engine, people: People) -> None:
    shift, rotation = with_week(admin, engine)
    with engine.begin() as conn:
        build.zone(conn, name="Balai Kota")
    address = f"/admin/rosters/{people.own}"
    assert "They have no rotation" in local.get(address).text
    assert local.get(f"/admin/rosters/{people.foreign}").status_code == 404
    first = {"rotation": rotation, "first": TODAY}
    assert local.post(f"/admin/rosters/{people.foreign}/rotation", **first).status_code == 404
    assert said(local, f"{address}/rotation", **first, last=MONDAY).startswith("The last day is before the first.")
    assert said(local, f"{address}/rotation", **first, zone="Nowhere").startswith("There is no zone of this name.")
    assert said(local, f"{address}/rotation", rotation="", first="2029-01-01").startswith("Choose a rotation")
    assert said(local, f"{address}/rotation", **{**first, "first": "2029-01-01"}).startswith("That is over a year away")
    assert said(local, f"{address}/rotation", **first) == ""
    assert local.get(address).text.count("no zone: presence cannot be shown") == 8
    assert said(local, f"{address}/rotation", **first, zone=["Balai Kota", "", ""]) == ""
    page = local.get(address).text
    assert "no zone: presence" not in page
    assert "The rotation is assigned." in page and "Kantor" in page and "Balai Kota" in page
    assert page.count("Pagi · 07:30–16:00") == 8  # the working days from the 19th to the 30th
    assert published(engine)[0] == (date(2026, 11, 20), "07:30", None)
    assert said(local, f"{address}/day", on="2026-11-20", shift="", note="Tukar") == ""
    assert said(local, f"{address}/day", on="2026-11-22", shift=shift) == ""
    late = {"on": "2026-11-23", "start": "15:00", "end": "18:00", "shift": shift}
    assert said(local, f"{address}/overtime", **late).startswith(
        "Nothing was kept, as two duties of Siti Rahayu would overlap: Pagi (07:30–16:00) of Monday, 23 November 2026"
        " is not over when Pagi (15:00–18:00) of Monday, 23 November 2026 begins."
    )
    assert said(local, f"{address}/overtime", **{**late, "start": "17:45"}).startswith("Duties last 30 minutes")
    assert said(local, f"{address}/overtime", **{**late, "start": "16:00"}) == ""
    page = local.get(address).text
    assert "changed by hand: Tukar" in page and "overtime from 16:00–18:00" in page
    days = [day for day, _, _ in published(engine)]
    assert date(2026, 11, 20) not in days and date(2026, 11, 22) in days and days.count(date(2026, 11, 23)) == 2
    extra = one(engine, m.ExtraDuty).id
    assert said(local, f"{address}/overtime/remove", extra=extra) == ""
    assert said(local, f"{address}/overtime/remove", extra=extra).startswith("This overtime was removed")
    assert said(local, f"{address}/day/clear", on="2026-11-20") == ""
    assert said(local, f"{address}/day/clear", on="2026-11-20").startswith("On this day the rotation holds already")
    assert date(2026, 11, 20) in [day for day, _, _ in published(engine)]
    assert said(local, f"{address}/end", on="2026-11-24") == ""
    assert said(local, f"{address}/end", on="2026-11-24").startswith("They work by no rotation on this day.")
    assert max(day for day, _, _ in published(engine)) == date(2026, 11, 23)
    assert "assigned you the rotation Kantor" in signed_in_own(local, engine, people)


def signed_in_own(browser: Browser, engine: Engine, people: People) -> str:
    own = signed_in(browser.client.application, engine, "pegawai")
    own.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return own.get("/me/data").text


def test_a_month_shows_ramadan_leave_and_holidays(admin: Browser, engine: Engine, people: People) -> None:
    shift, rotation = with_week(admin, engine)
    assert said(admin, f"/admin/rosters/{people.own}/rotation", rotation=rotation, first=TODAY) == ""
    ramadan = {"name": "Ramadan", "first": "2026-11-23", "last": "2026-11-25", f"start-{shift}": "08:15",
               f"end-{shift}": "14:45"}  # fmt: skip
    assert said(admin, "/admin/rule-sets/new", **{**ramadan, "last": "2026-11-01"}).startswith("The last day is before")
    assert said(admin, "/admin/rule-sets/new", **{**ramadan, f"end-{shift}": ""}).startswith("Write both the start")
    assert said(admin, "/admin/rule-sets/new", **ramadan) == ""
    assert said(admin, "/admin/rule-sets/new", **{**ramadan, "name": "RAMADAN"}).startswith("There are rules of this")
    assert "08:15–14:45" in admin.get("/admin/rule-sets").text
    assert said(admin, "/admin/holidays/add", on="2026-11-26", name="Hari Kota", kind="public") == ""
    with engine.begin() as conn:
        leave = {"person_id": people.own, "part": "first_half", "kind": "sick"}
        conn.execute(insert(m.LeavePeriod).values(**leave, period=Range(date(2026, 11, 27), date(2026, 11, 28))))
    page = admin.get("/admin/rosters?month=2026-11&unit=Regu+Menteng").text
    cells = [re.sub(r"<[^>]+>|\s+", " ", cell).split() for cell in re.findall("<td class=.*?</td>", page, re.S)]
    assert len(cells) == 30 and cells[17] == ["·"]
    assert cells[18][-1] == "07:30" and cells[22][-1] == "08:15" and cells[21] == ["·"]
    assert cells[25][0] == "Holiday" and cells[26][0] == "Sick" and len(cells[26]) == 5
    assert "Hari Kota" in page and "What the letters mean" in page and "Budi Santoso" not in page
    rows = published(engine)
    assert (date(2026, 11, 24), "08:15", None) in rows and (date(2026, 11, 26), "07:30", "holiday") in rows
    assert (date(2026, 11, 27), "07:30", "sick") in rows and (date(2026, 11, 27), "11:45", None) in rows
    rules = f"/admin/rule-sets/{one(engine, m.RuleSet).id}"
    assert said(admin, rules, **{**ramadan, "name": "Puasa", "last": "2026-11-24"}) == ""
    assert "Puasa" in admin.get(rules).text and said(admin, f"{rules}/remove") == ""
    assert admin.get(rules).status_code == 404
    assert (date(2026, 11, 24), "07:30", None) in published(engine)
    assert "Nobody works here" in admin.get("/admin/rosters?unit=Nowhere").text


def test_many_get_a_rotation_at_once(local: Browser, admin: Browser, engine: Engine, people: People) -> None:
    _, rotation = with_week(admin, engine)
    wanted = {"action": "assign", "wanted": "month=2026-12", "chosen": [people.own, people.boss]}
    page = local.post("/admin/rosters/chosen", **wanted).text
    assert "Assign a rotation: 2 people" in page and "Kantor" in page
    with engine.begin() as conn:
        hall = build.zone(conn, name="Balai Kota")
    sent = {**wanted, "confirmed": "1", "rotation": rotation, "first": TODAY, "zone": ["balai kota", ""]}
    wrong = local.post("/admin/rosters/chosen", **{**sent, "zone": "Nowhere"})
    assert wrong.status_code == 422 and 'value="Nowhere"' in wrong.text
    assert "There is no zone of this name." in wrong.text
    answer = local.post("/admin/rosters/chosen", **sent)
    assert answer.headers["Location"] == "/admin/rosters?month=2026-12"
    assert "2 people have the rotation." in local.get("/admin/rosters?month=2026-12").text
    with engine.connect() as conn:
        assert conn.scalars(select(m.RosterEntry.zone_ids)).all() == [[hall], [hall]]
    foreign = {**sent, "chosen": [people.foreign]}
    assert local.post("/admin/rosters/chosen", **foreign).status_code == 303 and count(engine, m.RosterEntry) == 2
    end = {"action": "end", "chosen": [people.own], "confirmed": "1", "on": "2026-11-30"}
    assert local.post("/admin/rosters/chosen", **end).status_code == 303
    assert "The roster of 1 person ends." in local.get("/admin/rosters").text


def test_holidays_are_drafted_confirmed_renamed_and_removed(admin: Browser, engine: Engine, people: People) -> None:
    page = admin.get("/admin/holidays?year=2026").text
    assert page.count("Draft only") >= 15 and "Confirmed" not in page
    assert said(admin, "/admin/holidays", year="2026").startswith("Tick at least one day.")
    day = {"year": "2026", "day": "2026-08-17", "name-2026-08-17": "HUT RI", "kind-2026-08-17": "public"}
    assert said(admin, "/admin/holidays", **day) == ""
    assert one(engine, m.Holiday).name == "HUT RI"
    page = admin.get("/admin/holidays?year=2026").text
    assert "1 day was confirmed or changed." in page and "Draft: Hari Kemerdekaan Republik Indonesia" in page
    assert said(admin, "/admin/holidays", **{**day, "kind-2026-08-17": "x"}) != ""
    other = admin.post("/admin/holidays", year="2026", day="2026-12-25")
    assert other.status_code == 422 and "keep their tick: Monday, 17 August 2026." in other.text
    assert re.search(r'value="2026-12-25"[^>]* checked', other.text), "what was ticked stays ticked"
    assert count(engine, m.Holiday) == 1
    assert said(admin, "/admin/holidays", year="2026", all="1").startswith("Nothing was kept.")
    assert said(admin, "/admin/holidays", year="2026", all="1", day="2026-08-17") == ""
    assert count(engine, m.Holiday) >= 15
    assert said(admin, "/admin/holidays/add", year="2026", on="2026-06-22", kind="public").startswith("Write a name")
    assert said(admin, "/admin/holidays/add", on="2026-06-22", name="HUT Jakarta", kind="government") == ""
    assert "not in the draft" in admin.get("/admin/holidays?year=2026").text
    assert said(admin, "/admin/holidays/remove", year="2026", on="2026-06-22") == ""
    assert said(admin, "/admin/holidays/remove", year="2026", on="2026-06-22").startswith("This day is no holiday")
    assert said(admin, "/admin/holidays/add", on="2027-01-02", name="X", kind="public", shown="0" * 16).startswith(
        "Somebody else changed"
    )


def test_an_older_page_of_holidays_shows_what_holds_now_and_ticks_nothing_of_its_own(
    admin: Browser, engine: Engine
) -> None:
    def page_of(text: str) -> str:
        found = re.search(r'name="shown" value="(\w+)"', text)
        assert found
        return found[1]

    natal = {"year": "2026", "day": "2026-12-25", "name-2026-12-25": "Natal", "kind-2026-12-25": "public"}
    assert said(admin, "/admin/holidays", **natal) == ""
    seen = page_of(admin.get("/admin/holidays?year=2026").text)
    assert said(admin, "/admin/holidays/remove", year="2026", on="2026-12-25") == ""
    older = {"year": "2026", "day": ["2026-08-17", "2026-12-25"], "shown": seen}
    answer = admin.post("/admin/holidays", **older).text
    assert "Somebody else changed this" in answer and not re.search(r'name="day"[^>]* checked', answer)
    seen = page_of(answer)
    assert said(admin, "/admin/holidays", **{**natal, "name-2026-12-25": "Natal (SKB)"}) == ""
    other = said(admin, "/admin/holidays", year="2026", day="2026-08-17", shown=seen)
    assert other.startswith("Somebody else changed this"), "and not that a tick was taken away"


def test_gaps_and_posts(local: Browser, admin: Browser, engine: Engine, people: People) -> None:
    shift, rotation = with_week(admin, engine)
    with engine.begin() as conn:
        build.zone(conn, name="Balai Kota")
    page = local.get("/admin/roster-gaps").text
    assert "Siti Rahayu" in page and "Budi Santoso" not in page and "There is no post yet." in page
    assert "people have no roster" in local.get("/admin").text
    post = {"unit": "Regu Menteng", "zone": "Balai Kota", "shift": shift, "people": "2", "first": TODAY}
    assert said(local, "/admin/roster-gaps/posts", **post).startswith("Tick at least one day of the week.")
    post["weekday"] = ["5"]
    foreign = {**post, "unit": "Dinas Pertamanan"}
    assert said(local, "/admin/roster-gaps/posts", **foreign).startswith("You administer no")
    assert said(local, "/admin/roster-gaps/posts", **{**post, "zone": "X"}).startswith("There is no zone")
    assert said(local, "/admin/roster-gaps/posts", **post, last="2026-11-01").startswith("The last day is before")
    assert said(local, "/admin/roster-gaps/posts", **post, last="2026-11-20") == ""
    page = local.get("/admin/roster-gaps").text
    assert page.count("0 of 2 people") == 1 and "until Fri, 20 Nov" in page
    (month,) = re.findall(r'href="(/admin/rosters\?unit=[^"]*month=[^"]*)"', page)  # where people are found for it
    assert local.get(month.replace("&amp;", "&")).status_code == 200
    with engine.begin() as conn:
        conn.execute(delete(m.Post))
    assert said(local, "/admin/roster-gaps/posts", **post) == ""
    assert local.get("/admin/roster-gaps").text.count("0 of 2 people") == 2  # two Fridays
    for person in (people.own, people.boss):  # the chief belongs to the agency above: not of this post
        address = f"/admin/rosters/{person}/rotation"
        assert said(local, address, rotation=rotation, first=TODAY, zone="Balai Kota") == ""
    published(engine)
    page = local.get("/admin/roster-gaps").text
    assert page.count("1 of 2 people") == 2 and "Everybody has a roster." in page and "without a zone" not in page
    number = one(engine, m.Post).id
    assert said(local, f"/admin/roster-gaps/posts/{number}/end").startswith("Choose a day")
    assert said(local, f"/admin/roster-gaps/posts/{number}/end", on="2026-11-21") == ""
    assert local.get("/admin/roster-gaps").text.count("1 of 2 people") == 1
    assert said(local, f"/admin/roster-gaps/posts/{number}/end", on=TODAY) == "" and count(engine, m.Post) == 0
    assert local.post(f"/admin/roster-gaps/posts/{number}/end", on=TODAY).status_code == 404
    with engine.begin() as conn:
        conn.execute(delete(m.DutyWindowZone))
    placeless = local.get("/admin/roster-gaps").text.split('id="placeless-title"')[1].split("</section>")[0]
    assert "Siti Rahayu" in placeless and "Budi Santoso" not in placeless


def test_a_roster_that_overlaps_is_named_and_made_up_for_once_mended(
    local: Browser, admin: Browser, engine: Engine, people: People
) -> None:
    shift, rotation = with_week(admin, engine)
    address = f"/admin/rosters/{people.own}"
    assert said(local, f"{address}/rotation", rotation=rotation, first="2026-11-20") == ""
    late = {"day": date(2026, 11, 25), "start_time": time(15), "duration_min": 120, "shift_id": int(shift)}
    with engine.begin() as conn:  # as no form would let it
        conn.execute(insert(m.ExtraDuty).values(person_id=people.own, **late))
    assert [day.day for day, *_ in published(engine)] == [20, 23, 24]  # up to the day before
    page = local.get("/admin/roster-gaps").text
    assert "Rosters that cannot be published" in page and "Pagi of Wednesday, 25 November 2026 is not over" in page
    assert "rosters cannot be published" in local.get("/admin").text
    assert "Their duties cannot be published" in local.get(address).text
    assert "Two duties of theirs overlap" in local.get("/admin/rosters").text
    assert said(local, f"{address}/overtime/remove", extra=one(engine, m.ExtraDuty).id) == ""
    assert published(engine)[0] == (date(2026, 11, 20), "07:30", None)  # not from the day that was mended on
    assert "Rosters that cannot be published" not in local.get("/admin/roster-gaps").text


def test_terms_that_make_duties_overlap_are_refused_at_once_and_nothing_is_kept(
    local: Browser, admin: Browser, engine: Engine, people: People
) -> None:
    shift, rotation = with_week(admin, engine)
    address = f"/admin/rosters/{people.own}"
    assert said(local, f"{address}/rotation", rotation=rotation, first="2026-11-20") == ""
    late = {"on": "2026-11-25", "start": "16:00", "end": "18:00", "shift": shift}
    assert said(local, f"{address}/overtime", **late) == ""
    why = "Nothing was kept, as two duties of Siti Rahayu would overlap: Pagi (%s) of Wednesday, 25 November 2026 is"
    assert said(admin, f"/admin/shifts/{shift}", **{**MORNING, "end": "17:00"}).startswith(why % "07:30–17:00")
    ramadan = {"name": "Ramadan", "first": "2026-11-23", "last": "2026-11-25", f"start-{shift}": "08:15",
               f"end-{shift}": "17:15"}  # fmt: skip
    assert said(admin, "/admin/rule-sets/new", **ramadan).startswith(why % "08:15–17:15")
    assert said(admin, "/admin/shifts/new", **{**MORNING, "name": "Jaga", "end": "07:30", "profile": "POST"}) == ""
    guard = str(one(engine, m.Shift, name="Jaga").id)
    both = {"days": "2", "anchor": MONDAY, "name": "Kantor", "day": [shift, guard]}
    assert said(admin, f"/admin/rotations/{rotation}", **both).startswith(
        why.replace("Pagi (%s)", "Jaga (07:30–07:30)")
    )
    assert one(engine, m.Shift, name="Pagi").duration_min == 510 and count(engine, m.RuleSet) == 0
    assert one(engine, m.Rotation).days == 7
    assert said(admin, f"/admin/shifts/{shift}", **{**MORNING, "end": "15:30", "break": "11:00"}) == ""
