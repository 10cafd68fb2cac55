"""Units, people and vehicles on pages: added, changed, ended; what is refused is said beside the field."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.dialects.postgresql import Range

from tests import builders as build
from tests.web.conftest import NOW, WORK_DATE, Browser, People, one, said, signed_in
from tracker.storage import models as m

TODAY, LATER = str(WORK_DATE), str(WORK_DATE + timedelta(days=9))


def test_a_unit_is_added_moved_renamed_and_merged(admin: Browser, engine: Engine) -> None:
    assert said(admin, "/admin/units/new", name="Regu Cikini", below="Dinas Kebersihan") == ""
    assert "The unit Regu Cikini is added." in admin.get("/admin/units").text
    address = f"/admin/units/{one(engine, m.Unit, name='Regu Cikini').id}"
    assert said(admin, f"{address}/name", name="Regu Menteng").startswith("There is a unit of this name already.")
    assert said(admin, f"{address}/name", name="Regu Gondangdia") == ""
    assert said(admin, f"{address}/place", below="Nowhere", on=TODAY).startswith("You administer no unit of this name.")
    assert said(admin, f"{address}/place", below="Dinas Pertamanan", on=TODAY) == ""
    page = admin.get(address).text
    assert "Below Dinas Pertamanan" in page and "Where it stood" in page and "Dinas Kebersihan" in page
    agency = f"/admin/units/{one(engine, m.Unit, name='Dinas Pertamanan').id}"
    assert "A unit cannot stand below itself" in said(admin, f"{agency}/place", below="Regu Gondangdia", on=LATER)
    assert said(admin, f"{address}/merger", into="Dinas Pertamanan", on=LATER).startswith("A unit is merged on the day")
    assert said(admin, f"{address}/place", below="Dinas Kebersihan", on=LATER) == ""
    assert "Planned" in admin.get(address).text
    assert said(admin, f"{address}/plan", on=LATER) == ""
    assert "The plan is cancelled" in admin.get(address).text and "Planned" not in admin.get(address).text
    assert said(admin, f"{address}/merger", into="Dinas Pertamanan", on=TODAY) == ""
    assert "This unit has ended: it was merged into Dinas Pertamanan." in admin.get(address).text
    for way, typed in (("name", {"name": "Lagi"}), ("merger", {"into": "Regu Menteng", "on": TODAY})):
        assert said(admin, f"{address}/{way}", **typed).startswith("This unit ended")


def test_what_a_unit_form_lacks_is_said(admin: Browser) -> None:
    assert said(admin, "/admin/units/new", below="Dinas Kebersihan").startswith("Write a name of at most 120")
    assert said(admin, "/admin/units/new", name="X", since="1999-01-01").startswith("Choose a day from 2000")


def test_a_person_is_added_with_an_account_whose_code_is_shown_once(admin: Browser, engine: Engine) -> None:
    dewi = {"nip": "77", "name": "Dewi", "unit": "Regu Menteng", "position": "Penyapu", "account": "1"}
    answer = admin.post("/admin/people/new", **dewi)
    code = re.findall(r'class="payload"[^>]*>([a-z0-9-]+)<', answer.text)
    assert len(code) == 1 and answer.headers["Cache-Control"] == "no-store"
    address = f"/admin/people/{one(engine, m.Person, nip='77').id}"
    page = admin.get(address).text
    assert "Penyapu · Regu Menteng · NIP 77" in page and code[0] not in page
    assert said(admin, "/admin/people/new", nip="77", name="Lagi", unit="Regu Menteng").startswith(
        "There is a person with this NIP already."
    )
    assert said(admin, "/admin/people/new", nip="78", name="X", unit="X").startswith("You administer no unit")
    assert said(admin, "/admin/people/new", nip="7a", name="X", unit="Regu Menteng").startswith("Write the NIP")


def test_a_person_moves_is_put_right_and_leaves_with_account_and_phone(
    admin: Browser, engine: Engine, people: People
) -> None:
    with engine.begin() as conn:
        build.device(conn, "hp-1", person_id=people.own)
    address = f"/admin/people/{people.own}"
    assert said(admin, f"{address}/name", name="Siti R.", nip="12") == ""
    assert said(admin, f"{address}/unit", unit="Dinas Pertamanan", on=LATER) == ""
    assert "Something else is planned" in said(admin, f"{address}/leave", on=TODAY)
    other = f"/admin/people/{people.foreign}"
    with engine.begin() as conn:
        build.device(conn, "hp-2", person_id=people.foreign)
    assert said(admin, f"{other}/leave", on=TODAY, close="1", take_back="1") == ""
    account = one(engine, m.Account, username="stranger")
    assert account.closed_at is not None and "Have left" in admin.get("/admin/people?state=left").text
    with engine.connect() as conn:
        held = conn.scalars(select(m.Assignment.period).where(m.Assignment.person_id == people.foreign)).one()
    assert held.upper == NOW
    assert "belongs to no unit then" in said(admin, f"{other}/leave", on=LATER)


def test_an_account_with_rights_elsewhere_is_not_closed_in_passing(
    local: Browser, engine: Engine, people: People
) -> None:
    with engine.begin() as conn:
        build.grant(conn, "pegawai", "supervisor", people.foreign_unit)
    assert "Close their account now" not in local.get(f"/admin/people/{people.own}").text
    assert said(local, f"/admin/people/{people.own}/leave", on=TODAY, close="1") == ""
    assert one(engine, m.Account, username="pegawai").closed_at is None


def test_many_are_moved_together_or_not_at_all(admin: Browser, engine: Engine, people: People) -> None:
    ticked = {"chosen": [people.own, people.foreign, people.boss], "action": "move", "wanted": "q=a&sort=nip&x=1"}
    assert "Move to a unit: 3 people" in admin.post("/admin/people/chosen", **ticked).text
    confirmed = {**ticked, "confirmed": "1", "on": TODAY}
    assert said(admin, "/admin/people/chosen", **confirmed, unit="").startswith("Choose a unit")
    assert said(admin, "/admin/people/chosen", **confirmed, unit="X").startswith("You administer no unit")
    with engine.begin() as conn:  # two have a plan
        for one in (people.foreign, people.boss):
            plan(conn, one, people.unit)
    answer = admin.post("/admin/people/chosen", **confirmed, unit="Dinas Kebersihan")
    refused = re.findall(r'<b class="breakable">([^<]+)</b>: ([^<]+)', answer.text)
    assert answer.status_code == 422 and {name for name, _ in refused} == {"Budi Santoso", "Rina Marlina"}
    assert all(why.startswith("Something else is planned") for _, why in refused)
    assert "Regu Menteng" in admin.get(f"/admin/people/{people.own}").text
    confirmed["chosen"] = [people.own]
    taken = admin.post("/admin/people/chosen", **confirmed, unit="Dinas Kebersihan")
    assert taken.location == "/admin/people?q=a&sort=nip", "the list is as it was"
    assert "1 person was moved." in admin.get("/admin/people").text
    assert unit_of(engine, people.own) == "Dinas Kebersihan"
    assert admin.post("/admin/people/chosen", action="move", everybody="x").status_code == 400
    admin.post("/admin/people/chosen", action="move")
    assert "tick at least one row" in admin.get("/admin/people").text
    admin.post("/admin/people/chosen", action="move", chosen=[people.own, 999_999])
    assert "some of those that were ticked are not here any more" in admin.get("/admin/people").text


def plan(conn: Connection, person_id: int, unit_id: int) -> None:
    """Somebody moves to a unit later."""
    conn.execute(update(m.Membership).where(m.Membership.person_id == person_id).values(period=f"[,{LATER})"))
    conn.execute(insert(m.Membership).values(person_id=person_id, unit_id=unit_id, period=f"[{LATER},)"))


def test_what_is_ticked_is_done_with_those_who_were_shown(admin: Browser, engine: Engine, people: People) -> None:
    page = admin.post("/admin/people/chosen", action="leave", everybody="1", wanted="q=siti").text
    assert re.findall(r'name="chosen" value="(\d+)"', page) == [str(people.own)]


def test_many_vehicles_change_hands_or_retire_together(admin: Browser, engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        trucks = [build.vehicle(conn, people.unit) for _ in range(3)]
    ticked = {"chosen": trucks[:2], "action": "move", "wanted": "unit=Regu+Menteng"}
    assert "Give to another unit: 2 vehicles" in admin.post("/admin/vehicles/chosen", **ticked).text
    ticked["confirmed"] = "1"
    assert said(admin, "/admin/vehicles/chosen", **ticked, unit="X").startswith("You administer no unit")
    taken = admin.post("/admin/vehicles/chosen", **ticked, unit="Dinas Pertamanan")
    assert taken.location == "/admin/vehicles?unit=Regu+Menteng"
    assert "2 vehicles were given away." in admin.get("/admin/vehicles").text
    assert [one(engine, m.Vehicle, id=truck).unit_id for truck in trucks] == [
        people.foreign_unit, people.foreign_unit, people.unit,
    ]  # fmt: skip
    everything = {"action": "retire", "everybody": "1", "confirmed": "1", "wanted": "unit=Dinas+Pertamanan"}
    assert said(admin, "/admin/vehicles/chosen", **everything) == ""
    retired = [one(engine, m.Vehicle, id=truck).retired_at is not None for truck in trucks]
    assert retired == [True, True, False]


def test_vehicles_of_others_are_not_among_those_chosen(local: Browser, engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        truck = build.vehicle(conn, people.foreign_unit)
    local.post("/admin/vehicles/chosen", action="retire", confirmed="1", chosen=[truck])
    assert one(engine, m.Vehicle, id=truck).retired_at is None
    local.post("/admin/vehicles/chosen", action="retire", confirmed="1", everybody="1", wanted="unit=Dinas+Pertamanan")
    assert one(engine, m.Vehicle, id=truck).retired_at is None


def test_lists_are_narrowed_by_the_name_of_a_unit(local: Browser) -> None:
    page = local.get("/admin/people?unit=Regu+Menteng").text
    assert "Siti Rahayu" in page and "Rina Marlina" not in page and 'value="Regu Menteng"' in page
    for path in ("people", "vehicles", "units"):
        page = local.get(f"/admin/{path}?unit=Dinas+Pertamanan").text  # of others, or of nobody
        assert "You administer no unit of this name." in page and "person-name" not in page


def test_what_somebody_drove_is_on_their_page(admin: Browser, engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        truck = build.vehicle(conn, people.unit)
        drove = Range(NOW - timedelta(hours=2), NOW)
        conn.execute(insert(m.DriverSession).values(vehicle_id=truck, person_id=people.own, period=drove))
    assert f'href="/admin/vehicles/{truck}"' in admin.get(f"/admin/people/{people.own}").text
    assert "What they drove" not in admin.get(f"/admin/people/{people.foreign}").text


def test_a_merger_says_how_much_it_moves(admin: Browser, engine: Engine, people: People) -> None:
    agency = one(engine, m.Unit, name="Dinas Kebersihan").id
    page = admin.get(f"/admin/units/{agency}").text
    assert "That is now: 1 person of its own, 0 vehicles of its own, 1 unit below it." in page


def test_codes_for_all_of_a_filter_are_printed_once(admin: Browser, engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        for number in range(3):
            build.person(conn, people.unit, f"Baru {number}")
    chosen = {"action": "accounts", "everybody": "1", "wanted": "q=baru&state=no_account", "confirmed": "1"}
    page = admin.post("/admin/people/chosen", **chosen)
    codes = re.findall(r'class="payload"[^>]*>([a-z0-9-]+)<', page.text)
    assert len(set(codes)) == 3 and page.headers["Cache-Control"] == "no-store"
    assert admin.get("/admin/people?q=baru&state=no_account").text.count("person-name") == 0


def test_a_vehicle_is_added_changed_given_away_and_retired(admin: Browser, engine: Engine, people: People) -> None:
    typed = {"call_sign": "TS-9", "plate": "B 9", "kind": "garbage_truck", "unit": "Regu Menteng"}
    assert said(admin, "/admin/vehicles/new", **typed, base="Nowhere").startswith("There is no zone of this name.")
    assert said(admin, "/admin/vehicles/new", **typed, capability=["compactor", "nonsense"]) == ""
    vehicle = one(engine, m.Vehicle, call_sign="TS-9")
    address = f"/admin/vehicles/{vehicle.id}"
    assert vehicle.capabilities == ["compactor"]
    assert said(admin, "/admin/vehicles/new", **typed).startswith("There is a vehicle with this call sign already.")
    changed = {"call_sign": "TS-10", "plate": "B 9", "kind": "ambulance", "public_view": "hidden"}
    assert said(admin, address, **changed) == ""
    assert (one(engine, m.Vehicle, id=vehicle.id).kind, one(engine, m.Vehicle, id=vehicle.id).capabilities) == (
        "ambulance", [],
    )  # fmt: skip
    assert said(admin, f"{address}/unit", unit="X").startswith("You administer no unit")
    assert said(admin, f"{address}/unit", unit="Dinas Pertamanan") == ""
    assert said(admin, f"{address}/retire") == ""
    assert "It serves no more since" in admin.get(address).text
    assert admin.post(f"{address}/retire").status_code == 404


def test_an_administrator_of_a_unit_finds_its_own_and_nothing_else(
    local: Browser, engine: Engine, people: People
) -> None:
    page = local.get("/admin/people").text
    assert "Siti Rahayu" in page and "Budi Santoso" not in page
    assert "Dinas Pertamanan" not in local.get("/admin/units").text
    assert local.get(f"/admin/people/{people.foreign}").status_code == 404
    assert said(local, "/admin/people/new", nip="9", name="X", unit="Dinas Pertamanan").startswith("You administer no")
    assert said(local, "/admin/units/new", name="X").startswith("You administer no unit of this name.")
    ticked = {"chosen": [people.foreign], "action": "leave", "confirmed": "1", "on": TODAY}
    local.post("/admin/people/chosen", **ticked)
    assert "Dinas Pertamanan" in unit_of(engine, people.foreign)


def unit_of(engine: Engine, person_id: int) -> str:
    """In which unit somebody works."""
    with engine.connect() as conn:
        query = select(m.Unit.name).join(m.Membership, m.Membership.unit_id == m.Unit.id)
        theirs = m.Membership.person_id == person_id
        return conn.scalars(query.where(theirs, m.Membership.period.contains(WORK_DATE))).one()


def test_the_overview_counts_what_needs_somebody_and_leads_there(
    admin: Browser, engine: Engine, people: People
) -> None:
    page = admin.get("/admin").text
    assert "people have no phone" in page and 'href="/admin/people?state=no_phone"' in page
    assert "Setting the city up" in page and "To do" in page  # there is no device yet
    with engine.begin() as conn:
        build.device(conn, person_id=people.own)
        build.vehicle(conn, people.unit)
    page = admin.get("/admin").text
    assert "Setting the city up" not in page and "vehicles have no tracker" in page


def test_a_plan_is_cancelled_and_what_was_before_goes_on(admin: Browser, engine: Engine, people: People) -> None:
    address = f"/admin/people/{people.own}"
    far = str(WORK_DATE + timedelta(days=400))
    assert said(admin, f"{address}/unit", unit="Dinas Pertamanan", on=far).startswith("That is over a year away.")
    assert said(admin, f"{address}/unit", unit="Dinas Pertamanan", on=LATER) == ""
    assert "Planned" in admin.get(address).text and "Dinas Pertamanan" in admin.get(address).text
    assert said(admin, f"{address}/plan", on=TODAY).startswith("Nothing is planned for this day")
    assert said(admin, f"{address}/plan", on=LATER) == ""
    assert "Planned" not in admin.get(address).text and unit_of(engine, people.own) == "Regu Menteng"
    assert said(admin, f"{address}/leave", on=LATER) == ""
    assert "in no unit" in admin.get(address).text
    assert said(admin, f"{address}/plan", on=LATER) == "" and "Planned" not in admin.get(address).text


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    admin: Browser, local: Browser, engine: Engine, people: People
) -> None:
    with engine.begin() as conn:
        truck = build.vehicle(conn, people.unit)
    opened = {
        path: re.findall(r'name="shown" value="([0-9a-f]+)"', admin.get(f"/admin/{path}").text)[0]
        for path in (f"people/{people.own}", f"vehicles/{truck}", f"units/{people.unit}")
    }
    row = one(engine, m.Vehicle, id=truck)
    sent = {"call_sign": row.call_sign, "plate": row.plate, "kind": row.kind}
    assert said(local, f"/admin/people/{people.own}/name", name="Siti R.", nip="12") == ""
    assert said(local, f"/admin/vehicles/{truck}", **sent, public_view="hidden") == ""
    assert said(local, f"/admin/units/{people.unit}/name", name="Regu Lain") == ""
    for path, typed in (
        (f"people/{people.own}/name", {"name": "Siti Rahayu", "nip": "13"}),
        (f"vehicles/{truck}", {**sent, "public_view": "by_kind"}),
        (f"units/{people.unit}/name", {"name": "Regu Menteng"}),
    ):
        shown = next(version for page, version in opened.items() if path.startswith(page))
        refused = admin.post(f"/admin/{path}", **typed, shown=shown)
        assert refused.status_code == 422 and "Somebody else changed this in the meantime" in refused.text
    assert one(engine, m.Person, id=people.own).nip == "12"
    assert one(engine, m.Vehicle, id=truck).public_view == "hidden"
    assert one(engine, m.Unit, id=people.unit).name == "Regu Lain"
    now = re.findall(r'name="shown" value="([0-9a-f]+)"', admin.get(f"/admin/people/{people.own}").text)[0]
    assert said(admin, f"/admin/people/{people.own}/name", name="Siti Rahayu", nip="13", shown=now) == ""


def test_who_leaves_hands_back_every_phone(admin: Browser, engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        devices = [build.device(conn, f"hp-{n}", person_id=people.own) for n in (1, 2)]
    address = f"/admin/people/{people.own}"
    page = admin.get(address).text
    assert "Take back now: hp-1, hp-2" in page
    for also in ({"close": "1"}, {"take_back": "1"}):
        assert said(admin, f"{address}/leave", on=LATER, **also).startswith("Account and phones stay")
    assert said(admin, f"{address}/leave", on=TODAY, take_back="1") == ""
    with engine.connect() as conn:
        held = conn.scalars(select(m.Assignment.period).where(m.Assignment.device_id.in_(devices))).all()
    assert [period.upper for period in held] == [NOW, NOW]


def test_who_left_and_keeps_an_account_stands_out(admin: Browser, engine: Engine, people: People) -> None:
    assert said(admin, f"/admin/people/{people.foreign}/leave", on=TODAY) == ""
    assert "have left and keep an account or a phone" in admin.get("/admin").text
    assert "Budi Santoso" in admin.get("/admin/people?state=left_behind").text
    assert said(admin, f"/admin/people/{people.own}/leave", on=TODAY, close="1") == ""
    assert "Siti Rahayu" not in admin.get("/admin/people?state=left_behind").text


def test_names_that_look_alike_are_the_same_name(admin: Browser, engine: Engine, people: People) -> None:
    for name in ("regu menteng", " Regu  Menteng", "Regu\u200b Menteng", "REGU MENTENG"):
        refused = said(admin, "/admin/units/new", name=name, below="dinas kebersihan")
        assert refused.startswith("There is a unit of this name already."), name
    assert said(admin, "/admin/units/new", name="\u200b") == "Write a name of at most 120 characters."
    truck = {"call_sign": "TS-01", "plate": "b 9123  xy", "kind": "garbage_truck", "unit": "REGU MENTENG"}
    assert said(admin, "/admin/vehicles/new", **truck) == ""
    assert one(engine, m.Vehicle, call_sign="TS-01").plate == "B 9123 XY"
    again = {**truck, "call_sign": "TS-02", "plate": "B9123XY"}
    assert said(admin, "/admin/vehicles/new", **again).startswith("There is a vehicle with this plate already.")
    again = {**truck, "call_sign": "ts-01", "plate": "B 1"}
    assert said(admin, "/admin/vehicles/new", **again).startswith("There is a vehicle with this call sign already.")


def test_codes_that_were_lost_are_printed_anew(admin: Browser, engine: Engine, people: People) -> None:
    ticked = {"chosen": [people.own, people.foreign], "confirmed": "1"}
    with engine.begin() as conn:
        before = b"before"
        conn.execute(update(m.Account).where(m.Account.person_id == people.foreign).values(
            password_argon2=None, activation_sha256=before))  # fmt: skip
        conn.execute(update(m.Account).where(m.Account.person_id == people.own).values(password_argon2="x"))
    page = admin.post("/admin/people/chosen", action="codes", **ticked).text
    assert len(re.findall(r'class="payload"', page)) == 1 and "Budi Santoso" in page and "Siti Rahayu" not in page
    assert ">stranger</code>" in page
    assert one(engine, m.Account, username="stranger").activation_sha256 not in (None, before)


def test_many_units_are_placed_together(admin: Browser, local: Browser, engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        teams = [build.unit(conn, name, people.unit) for name in ("Pos A", "Pos B")]
        part = build.unit(conn, "Pos A1", teams[0])
    ticked = {"chosen": [*teams, part], "action": "move"}
    assert "Place below a unit: 3 units" in admin.post("/admin/units/chosen", **ticked).text
    ticked |= {"confirmed": "1", "on": TODAY}
    assert said(admin, "/admin/units/chosen", **ticked, unit="X").startswith("You administer no unit")
    assert said(admin, "/admin/units/chosen", **ticked, unit="Dinas Pertamanan") == ""
    assert "2 units were moved." in admin.get("/admin/units").text
    assert "Below Dinas Pertamanan" in admin.get(f"/admin/units/{teams[0]}").text
    assert "Below Pos A" in admin.get(f"/admin/units/{part}").text, "it moved along"
    local.post("/admin/units/chosen", action="move", confirmed="1", chosen=teams, unit="Dinas Kebersihan", on=TODAY)
    assert "are not here any more" in local.get("/admin/units").text


def test_a_vehicles_page_shows_its_days(app: Flask, engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        vehicle_id = build.vehicle(conn, people.unit)
        spent = {"moving_s": 3600, "idle_s": 1800, "working_s": 0, "parked_s": 70200, "unknown_s": 10800}
        conn.execute(insert(m.VehicleDay).values(
            vehicle_id=vehicle_id, day=WORK_DATE, computed_at=NOW, counted_operating_s=7200, **spent))  # fmt: skip
    page = signed_in(app, engine, "admin").get(f"/admin/vehicles/{vehicle_id}").text
    assert "Idle, engine on" in page or "Menganggur, mesin menyala" in page
    assert "30" in page.split("days-title")[-1]
