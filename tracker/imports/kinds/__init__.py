"""The kinds of files, one module each."""

from __future__ import annotations

from tracker.imports.kind import Kind
from tracker.imports.kinds import devices, holidays, leave, people, roster, units, vehicles, zones

# in the order in which an empty city is filled
KINDS: dict[str, Kind] = {
    one.name: one
    for one in (
        units.KIND, people.KIND, zones.KIND, vehicles.KIND, devices.KIND, holidays.KIND, roster.KIND, leave.KIND,
    )
}
