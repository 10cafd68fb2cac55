"""Vehicles, known by their call signs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import any_, func, or_, select

from tracker.domain.writing import folded
from tracker.imports import bulk, cells
from tracker.imports.columns import Column, Row, as_known
from tracker.imports.kind import Kind
from tracker.imports.plan import Change, Plan, once
from tracker.imports.problems import Problem, Wrong
from tracker.imports.register import StandingUnit, array_of, ours, unit_for, units_of
from tracker.storage import administered
from tracker.storage.changes import By
from tracker.storage.models import Unit, Vehicle
from tracker.storage.register import folded_column

KINDS = cells.Choice({
    "ambulance": ("ambulance", "ambulans"), "fire_truck": ("fire truck", "mobil pemadam", "pemadam"),
    "heavy_equipment": ("heavy equipment", "alat berat"), "garbage_truck": ("garbage truck", "truk sampah"),
    "street_sweeper": ("street sweeper", "penyapu jalan"), "patrol_car": ("patrol car", "mobil patroli"),
})  # fmt: skip
ABLE = cells.Choice({
    "compactor": ("compactor", "pemadat"), "crane": ("crane", "derek"), "ladder": ("ladder", "tangga"),
    "life_support": ("life support", "alat penunjang hidup"), "power_take_off": ("power take-off", "pto"),
    "pump": ("pump", "pompa"), "stretcher": ("stretcher", "tandu"), "water_tank": ("water tank", "tangki air"),
}, many=True)  # fmt: skip
VIEWS = cells.Choice({
    "by_kind": ("by kind", "sesuai jenis"), "at_base": ("at base", "di pangkalan"), "hidden": ("hidden", "tersembunyi"),
})  # fmt: skip
COLUMNS = (
    Column("call_sign", ("Call sign", "vehicle"), ("Kode panggil", "kendaraan", "nomor lambung"), required=True,
           example=("TS-01", "AMB-02")),
    Column("plate", ("Plate", "licence plate"), ("Nomor polisi", "pelat", "nopol"), cells.plate, True,
           example=("B 9123 XY", "B 1234 AB")),
    Column("kind", ("Kind",), ("Jenis",), KINDS, True, ("garbage truck", "ambulance"),
           ("truk sampah", "ambulans")),
    Column("unit", ("Unit",), ("Unit", "unit kerja"), required=True, example=("Cleaning agency", "Health agency"),
           example_indonesian=("Dinas Kebersihan", "Dinas Kesehatan")),
    Column("capabilities", ("Capabilities",), ("Kemampuan",), ABLE,
           example=("compactor", "stretcher, life support"),
           example_indonesian=("pemadat", "tandu, alat penunjang hidup")),
    Column("public_view", ("Public view",), ("Tampilan publik",), VIEWS,
           example=("by kind", "at base"),
           example_indonesian=("sesuai jenis", "di pangkalan")),
)  # fmt: skip
OPTIONAL = {"capabilities": (), "public_view": "by_kind"}


def compare(by: By, rows: Sequence[Row], since: date | None, plan: Plan) -> None:
    units = units_of(by)
    query = select(Vehicle, Unit.name).join(Unit, Unit.id == Vehicle.unit_id)
    signs, plates = [folded(row["call_sign"]) for row in rows], [_squeezed(row["plate"]) for row in rows]
    squeezed, sign = func.replace(Vehicle.plate, " ", ""), folded_column(Vehicle.call_sign)
    named = query.where(or_(sign == any_(array_of(signs)), squeezed == any_(array_of(plates))))
    found = [(vehicle, unit) for vehicle, unit in by.session.execute(named)]
    known = {vehicle.call_sign: (vehicle, unit) for vehicle, unit in found}
    written = {_squeezed(vehicle.plate): vehicle.plate for vehicle, _ in found}
    rows = [Row(row.line, {**row.values, "plate": written.setdefault(_squeezed(row["plate"]), row["plate"])})
            for row in as_known(as_known(rows, units, "unit"), known, "call_sign")]  # fmt: skip
    rows = once(plan, once(plan, rows, "call_sign"), "plate")
    holders = {vehicle.plate: vehicle.call_sign for vehicle, _ in found}
    reached = ours(by, Vehicle, [vehicle.id for vehicle, _ in found], administered.vehicles)
    for row in rows:
        vehicle, unit = known.get(row["call_sign"], (None, None))
        if vehicle is not None and vehicle.id not in reached:
            plan.refuse(Problem(row.line, "call_sign", Wrong.NOT_YOURS, row["call_sign"]))
        elif vehicle is not None and vehicle.retired_at is not None:
            plan.refuse(Problem(row.line, "call_sign", Wrong.RETIRED, row["call_sign"]))
        elif holders.get(row["plate"], row["call_sign"]) != row["call_sign"]:
            plan.refuse(Problem(row.line, "plate", Wrong.PLATE_TAKEN, row["plate"]))
        else:
            _compare(plan, units, row, vehicle, unit, by.today)


def _squeezed(plate: str) -> str:
    """A plate as it is compared: blanks make no other one."""
    return plate.replace(" ", "")


def _compare(
    plan: Plan, units: dict[str, StandingUnit], row: Row, vehicle: Vehicle | None, unit: str | None, today: date
) -> None:
    after: dict[str, Any] = {name: row[name] for name in ("plate", "kind", "unit")}
    for name, usual in OPTIONAL.items():
        after[name] = row[name] if row[name] is not None else getattr(vehicle, name) if vehicle else usual
    after["capabilities"] = tuple(after["capabilities"])
    unit_id = (
        vehicle.unit_id if vehicle and unit == row["unit"] else unit_for(plan, units, row, row["unit"], "unit", today)
    )
    if unit_id is None:
        return
    if vehicle is None:
        plan.new.append(Change(row, row["call_sign"], None, after, {"unit_id": unit_id}))
        return
    before = {"plate": vehicle.plate, "kind": vehicle.kind, "unit": unit,
              "capabilities": tuple(vehicle.capabilities), "public_view": vehicle.public_view}  # fmt: skip
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        plan.same += 1
        return
    ids = {"id": vehicle.id, "unit_id": unit_id, "all": after}
    was, becomes = ({name: side[name] for name in changed} for side in (before, after))
    plan.changed.append(Change(row, row["call_sign"], was, becomes, ids))


def keep(by: By, plan: Plan, progress: bulk.Progress) -> set[int]:
    columns = "call_sign text, plate text, kind text, unit_id integer, capabilities text, public_view text"
    add = (
        "INSERT INTO vehicle (call_sign, plate, kind, unit_id, capabilities, public_view) SELECT call_sign, plate, "
        "kind, unit_id, string_to_array(capabilities, ','), public_view FROM given"
    )
    change = (
        "UPDATE vehicle SET plate = given.plate, kind = given.kind, unit_id = given.unit_id, "
        "capabilities = string_to_array(given.capabilities, ','), public_view = given.public_view "
        "FROM given WHERE vehicle.call_sign = given.call_sign"
    )
    for statement, side in ((add, plan.new), (change, plan.changed)):
        for some in bulk.chunks(side):
            bulk.run(by.session, statement, columns, [_values(one) for one in some])
            progress(len(some))
    return set()


def _values(one: Change) -> tuple[Any, ...]:
    full = one.ids.get("all", one.after)
    capabilities = ",".join(full["capabilities"])
    return one.key, full["plate"], full["kind"], one.ids["unit_id"], capabilities, full["public_view"]


KIND = Kind("vehicles", COLUMNS, compare, keep)
