"""Phones and trackers, and who or what carries them. Each gets its secret when it is set up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import text

from tracker.imports import bulk, cells
from tracker.imports.columns import Column, Row, as_known
from tracker.imports.kind import Kind
from tracker.imports.plan import Change, Plan, once
from tracker.imports.problems import Problem, Wrong
from tracker.imports.register import ours, people_with, vehicles_called
from tracker.storage import administered
from tracker.storage.changes import By
from tracker.storage.models import Device

KINDS = cells.Choice({"phone": ("phone", "ponsel", "hp"), "tracker": ("tracker", "pelacak")})
COLUMNS = (
    Column("login", ("Login",), ("Login", "nama login"), cells.login, True, ("siti-rahayu", "ts-01")),
    Column("kind", ("Kind",), ("Jenis",), KINDS, True, ("phone", "tracker"), ("ponsel", "pelacak")),
    Column("nip", ("NIP", "carried by"), ("NIP", "nomor induk pegawai"), cells.nip, example=("198001012005011001", "")),
    Column("call_sign", ("Call sign", "vehicle"), ("Kode panggil", "kendaraan"), example=("", "TS-01")),
    Column("model", ("Model",), ("Model", "tipe"), example=("Samsung A15", "Teltonika FMC130")),
)  # fmt: skip
KNOWN = """
SELECT device.login, device.id, device.kind, device.model, device.revoked_at, last.first, last.carried,
       person.nip, vehicle.call_sign, last.person_id
FROM device
LEFT JOIN LATERAL (
    SELECT person_id, vehicle_id, lower(period) AS first, upper_inf(period) OR upper(period) > :now AS carried
    FROM assignment WHERE device_id = device.id ORDER BY period DESC LIMIT 1) last ON true
LEFT JOIN person ON person.id = last.person_id AND last.carried
LEFT JOIN vehicle ON vehicle.id = last.vehicle_id AND last.carried
WHERE device.login = ANY(:logins)
"""


def compare(by: By, rows: Sequence[Row], since: date | None, plan: Plan) -> None:
    rows = once(plan, rows, "login")
    asked = {"logins": [row["login"] for row in rows], "now": by.now}
    known = {one.login: one for one in by.session.execute(text(KNOWN), asked)}
    reached = ours(by, Device, [one.id for one in known.values()], administered.devices)
    people = people_with(by, [row["nip"] for row in rows if row["nip"]])
    vehicles = vehicles_called(by, [row["call_sign"] for row in rows if row["call_sign"]])
    rows = as_known(rows, vehicles, "call_sign")
    for row in rows:
        device = known.get(row["login"])
        if device is not None and device.id not in reached:
            plan.refuse(Problem(row.line, "login", Wrong.NOT_YOURS, row["login"]))
        elif device is not None and device.revoked_at is not None:
            plan.refuse(Problem(row.line, "login", Wrong.REVOKED, row["login"]))
        elif _may_be_carried(by, plan, row, people, vehicles):
            holder = {"person_id": people.get(row["nip"]), "vehicle_id": vehicles.get(row["call_sign"])}
            _compare(by, plan, row, device, holder)


def _may_be_carried(by: By, plan: Plan, row: Row, people: dict[str, int], vehicles: dict[str, int]) -> bool:
    nip, call_sign = row["nip"], row["call_sign"]
    of_city = nip is None and call_sign is None and by.viewer is not None and not by.viewer.administers_city
    if (nip is not None and call_sign is not None) or of_city:
        plan.refuse(Problem(row.line, "nip", Wrong.ONE_HOLDER))
    elif nip is not None and nip not in people:
        plan.refuse(Problem(row.line, "nip", Wrong.UNKNOWN_PERSON, nip))
    elif call_sign is not None and call_sign not in vehicles:
        plan.refuse(Problem(row.line, "call_sign", Wrong.UNKNOWN_VEHICLE, call_sign))
    else:
        return True
    return False


def _compare(by: By, plan: Plan, row: Row, device: Any, holder: dict[str, int | None]) -> None:
    """A device whose row names no holder stays with the one it has."""
    if device is None:
        after = {name: row[name] or "" for name in ("kind", "model", "nip", "call_sign")}
        plan.new.append(Change(row, row["login"], None, after, holder))
        return
    before = {"kind": device.kind, "model": device.model, "nip": device.nip, "call_sign": device.call_sign}
    after = {"kind": row["kind"], "model": device.model if row["model"] is None else row["model"],
             "nip": row["nip"], "call_sign": row["call_sign"]}  # fmt: skip
    if row["nip"] is None and row["call_sign"] is None:
        after |= {"nip": device.nip, "call_sign": device.call_sign}
    changed = [name for name in after if after[name] != before[name]]
    handed = "nip" in changed or "call_sign" in changed
    if handed and device.first is not None and device.first >= by.now:
        plan.refuse(Problem(row.line, "login", Wrong.LATER, str(by.today), str(device.first.date())))
    elif changed:
        ids = holder | {"id": device.id, "handed": handed, "was": device.person_id if device.carried else None,
                        "kind": after["kind"], "model": after["model"]}  # fmt: skip
        was, becomes = ({name: side[name] for name in changed} for side in (before, after))
        plan.changed.append(Change(row, row["login"], was, becomes, ids))
    else:
        plan.same += 1


def keep(by: By, plan: Plan, progress: bulk.Progress) -> set[int]:
    people: set[int | None] = set()
    for new in bulk.chunks(plan.new):
        add = "INSERT INTO device (login, kind, model) SELECT login, kind, model FROM given RETURNING login, id"
        values = [(one.key, one.after["kind"], one.after["model"]) for one in new]
        ids = dict(bulk.run(by.session, add, "login text, kind text, model text", values))
        people |= _hand(by, [(ids[one.key], one.ids["person_id"], one.ids["vehicle_id"]) for one in new])
        progress(len(new))
    for some in bulk.chunks(plan.changed):
        change = "UPDATE device SET kind = given.kind, model = given.model FROM given WHERE device.id = given.id"
        values = [(one.ids["id"], one.ids["kind"], one.ids["model"]) for one in some]
        bulk.run(by.session, change, "id integer, kind text, model text", values)
        handed = [one.ids for one in some if one.ids["handed"]]
        people |= {ids["was"] for ids in handed}
        people |= _hand(by, [(ids["id"], ids["person_id"], ids["vehicle_id"]) for ids in handed])
        progress(len(some))
    return {person for person in people if person is not None}


def _hand(by: By, holders: Sequence[tuple[int, int | None, int | None]]) -> set[int | None]:
    """From now on these carry the devices; whoever did does no more. Returns the people among them."""
    carried = [one for one in holders if one[1:] != (None, None)]
    end = (
        "UPDATE assignment SET period = period * tstzrange(NULL, :now) FROM given "
        "WHERE device_id = given.id AND period @> CAST(:now AS timestamptz)"
    )
    bulk.run(by.session, end, "id integer", [(device,) for device, _, _ in carried], now=by.now)
    hand = (
        "INSERT INTO assignment (device_id, person_id, vehicle_id, period) "
        "SELECT id, person_id, vehicle_id, tstzrange(:now, NULL) FROM given"
    )
    bulk.run(by.session, hand, "id integer, person_id integer, vehicle_id integer", carried, now=by.now)
    return {person for _, person, _ in carried}


KIND = Kind("devices", COLUMNS, compare, keep)
