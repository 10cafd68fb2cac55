"""Who and what the simulated city has: units, shifts, employees and vehicles, all invented; and who works when.

A roster is a cycle of days that starts on a Monday: what somebody works on a date follows from the date alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from random import Random

from tracker.demo import places as at
from tracker.demo.ground import Spot, somewhere
from tracker.demo.places import Place

ROOT_UNIT = "Pemerintah Provinsi DKI Jakarta"
SUPERVISED_UNIT = "Dinas Lingkungan Hidup"
FIRST_MONDAY = date(2026, 1, 5)
PHONE_INTERVAL_S = 60
TRACKER_INTERVAL_S = 60  # of a parked vehicle; one that moves reports more often


class Habit(StrEnum):
    """What an employee, or a vehicle's crew, is known for."""

    STEADY = "steady"
    LATE = "late"
    ABSENT = "absent"  # stays at home with the phone on
    SILENT = "silent"  # the phone is off all day
    FLAT_PHONE = "flat_phone"  # the battery dies in the middle of the shift
    LOCATION_OFF = "location_off"  # location is switched off after the first hours
    HALF_DAY = "half_day"  # leaves in the middle of the shift
    IDLER = "idler"  # spends an hour or more where there is nothing to do
    DRIFTING = "drifting"  # a phone deep inside a building, whose position wanders


@dataclass(frozen=True, slots=True)
class ShiftPattern:
    """A pattern of duty: local start, length, and the profile of the role."""

    name: str
    start: time
    minutes: int
    profile: str
    grace_min: int = 15


SHIFTS = {
    "office": ShiftPattern("Kantor", time(7, 30), 510, "OFFICE"),
    "field": ShiftPattern("Lapangan pagi", time(5), 480, "FIELD"),
    "park": ShiftPattern("Taman", time(7), 480, "FIELD"),
    "site": ShiftPattern("Proyek", time(8), 510, "FIELD"),
    "haul": ShiftPattern("Angkutan pagi", time(5), 480, "DRIVER"),
    "haul_pm": ShiftPattern("Angkutan siang", time(13), 480, "DRIVER"),
    "haul_night": ShiftPattern("Angkutan malam", time(0), 480, "DRIVER"),
    "sweep": ShiftPattern("Penyapu jalan mekanis", time(4, 30), 480, "DRIVER"),
    "sweep_night": ShiftPattern("Penyapu jalan mekanis malam", time(0), 360, "DRIVER"),
    "crew_day": ShiftPattern("AGD siang", time(7), 720, "DRIVER", 10),
    "crew_night": ShiftPattern("AGD malam", time(19), 720, "DRIVER", 10),
    "beat": ShiftPattern("Patroli pagi", time(7), 480, "PATROL"),
    "beat_pm": ShiftPattern("Patroli siang", time(15), 480, "PATROL"),
    "beat_night": ShiftPattern("Patroli malam", time(0), 420, "PATROL"),
    "inspect": ShiftPattern("Pengawas kebersihan", time(6), 480, "PATROL"),
    "post_am": ShiftPattern("Jaga pagi", time(6), 480, "POST", 10),
    "post_pm": ShiftPattern("Jaga siang", time(14), 480, "POST", 10),
    "post_night": ShiftPattern("Jaga malam", time(22), 480, "POST", 10),
    "fire_24": ShiftPattern("Piket 24 jam", time(7, 30), 1440, "POST", 10),
}


@dataclass(frozen=True, slots=True)
class Roster:
    """A cycle of shift names, one a day, None is a day off; `offset` days ahead of a cycle begun on a Monday."""

    cycle: tuple[str | None, ...]
    offset: int = 0

    def shift(self, on: date) -> ShiftPattern | None:
        name = self.cycle[((on - FIRST_MONDAY).days + self.offset) % len(self.cycle)]
        return SHIFTS[name] if name else None


def weekdays(shift: str) -> Roster:
    return Roster((shift,) * 5 + (None,) * 2)


def six_days(shift: str, day_off: int = 6) -> Roster:
    return Roster(tuple(None if day == day_off else shift for day in range(7)))


def every_day(shift: str) -> Roster:
    return Roster((shift,))


def guards(offset: int) -> Roster:
    return Roster(("post_am", "post_pm", "post_night", None), offset)


def firefighters(platoon: int) -> Roster:
    return Roster(("fire_24", None, None), platoon)


def ambulance_crew(offset: int) -> Roster:
    return Roster(("crew_day", "crew_night", None, None), offset)


@dataclass(frozen=True, slots=True)
class Machine:
    """A vehicle: what it is, where it is parked, and where it works."""

    call_sign: str
    kind: str
    unit: str
    base: Place
    works_at: Place | str  # an area, or the name of an avenue or a beat
    shift: str | None = None  # when it is out; ambulances and fire trucks follow the calls
    habit: Habit = Habit.STEADY

    @property
    def login(self) -> str:
        return self.call_sign.lower()

    @property
    def plate(self) -> str:
        number = Random(f"plate {self.call_sign}").randrange(1000, 10000)
        return f"B {number} {'PQR' if self.kind == 'patrol_car' else 'PQT'}"

    @property
    def parking(self) -> Spot:
        """Where on its base it is parked."""
        return somewhere(self.base.spot, 0.4 * min(self.base.radius_m, 150), Random(f"parking {self.call_sign}"))


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody who works for the city; `rides` is the call sign of the vehicle they drive or patrol in."""

    number: int
    name: str
    position: str
    unit: str
    roster: Roster
    zones: tuple[Place, ...]  # the first is where work begins and ends
    habit: Habit = Habit.STEADY
    rides: str | None = None
    has_phone: bool = True

    @property
    def login(self) -> str:
        return f"staf-{self.number:03d}"

    @property
    def nip(self) -> str:
        """18 digits: born, appointed, sex, and a number among those appointed together."""
        chance = Random(f"nip {self.name}")
        born = date(1968, 1, 1) + timedelta(days=chance.randrange(365 * 28))
        appointed = f"{born.year + chance.randrange(22, 29)}{chance.choice(('01', '03', '12'))}"
        return f"{born:%Y%m%d}{appointed}{chance.choice('12')}{self.number:03d}"

    @property
    def workplace(self) -> Place:
        return self.zones[0]


@dataclass(frozen=True, slots=True)
class Duty:
    """One shift of one employee: absolute start and end, aware UTC."""

    employee: Employee
    shift: ShiftPattern
    work_date: date
    starts_at: datetime
    ends_at: datetime


def duty(employee: Employee, on: date, zone: tzinfo) -> Duty | None:
    """What the roster says for one work date, or None on a day off."""
    shift = employee.roster.shift(on)
    if shift is None:
        return None
    starts_at = datetime.combine(on, shift.start, zone).astimezone(UTC)
    return Duty(employee, shift, on, starts_at, starts_at + timedelta(minutes=shift.minutes))


UNITS: dict[str, str | None] = {  # a unit -> the one above it
    ROOT_UNIT: None,
    "Dinas Kesehatan": ROOT_UNIT,
    "Ambulans Gawat Darurat": "Dinas Kesehatan",
    "AGD Jakarta Pusat": "Ambulans Gawat Darurat",
    "AGD Jakarta Timur": "Ambulans Gawat Darurat",
    "AGD Jakarta Selatan": "Ambulans Gawat Darurat",
    "Dinas Penanggulangan Kebakaran dan Penyelamatan": ROOT_UNIT,
    "Suku Dinas Gulkarmat Jakarta Pusat": "Dinas Penanggulangan Kebakaran dan Penyelamatan",
    "Suku Dinas Gulkarmat Jakarta Timur": "Dinas Penanggulangan Kebakaran dan Penyelamatan",
    "Dinas Bina Marga": ROOT_UNIT,
    "Unit Peralatan dan Perbekalan Bina Marga": "Dinas Bina Marga",
    "Regu Alat Berat": "Unit Peralatan dan Perbekalan Bina Marga",
    SUPERVISED_UNIT: ROOT_UNIT,
    "Suku Dinas LH Jakarta Pusat": SUPERVISED_UNIT,
    "Regu Angkutan Sampah Pusat": "Suku Dinas LH Jakarta Pusat",
    "Regu Penyapu Jalan Pusat": "Suku Dinas LH Jakarta Pusat",
    "Suku Dinas LH Jakarta Timur": SUPERVISED_UNIT,
    "Regu Angkutan Sampah Timur": "Suku Dinas LH Jakarta Timur",
    "Dinas Pertamanan dan Hutan Kota": ROOT_UNIT,
    "Suku Dinas Pertamanan Jakarta Pusat": "Dinas Pertamanan dan Hutan Kota",
    "Satuan Polisi Pamong Praja": ROOT_UNIT,
    "Satpol PP Jakarta Pusat": "Satuan Polisi Pamong Praja",
    "Regu Patroli": "Satpol PP Jakarta Pusat",
    "Regu Jaga Balai Kota": "Satpol PP Jakarta Pusat",
    "Kota Administrasi Jakarta Pusat": ROOT_UNIT,
    "Kecamatan Menteng": "Kota Administrasi Jakarta Pusat",
    "Kelurahan Menteng": "Kecamatan Menteng",
    "Kecamatan Gambir": "Kota Administrasi Jakarta Pusat",
    "Kelurahan Gambir": "Kecamatan Gambir",
}


def _fleet() -> Iterator[Machine]:
    pusat, timur = "Suku Dinas Gulkarmat Jakarta Pusat", "Suku Dinas Gulkarmat Jakarta Timur"
    for number in (101, 102, 103):
        yield Machine(f"AGD-{number}", "ambulance", "AGD Jakarta Pusat", at.AGD_TARAKAN, at.AREA_AGD)
    for number in (201, 202, 203):
        yield Machine(f"AGD-{number}", "ambulance", "AGD Jakarta Timur", at.AGD_MATRAMAN, at.AREA_AGD)
    for number in (301, 302):
        yield Machine(f"AGD-{number}", "ambulance", "AGD Jakarta Selatan", at.AGD_FATMAWATI, at.AREA_AGD)
    for number in (11, 12, 13, 14):
        yield Machine(f"DMK-{number}", "fire_truck", pusat, at.DAMKAR_KETAPANG, at.AREA_GAMBIR)
    for number in (21, 22, 23, 24):
        yield Machine(f"DMK-{number}", "fire_truck", timur, at.DAMKAR_MATRAMAN, at.AREA_JATINEGARA)
    sites = (at.SITE_CILIWUNG, at.SITE_CILIWUNG, at.SITE_BKT, at.SITE_BRIGIF, at.SITE_GATSU)
    for number, site in enumerate(sites, 1):
        yield Machine(f"ALB-{number:02d}", "heavy_equipment", "Regu Alat Berat", site, site)
    for number in (6, 7):
        yield Machine(f"ALB-{number:02d}", "heavy_equipment", "Regu Alat Berat", at.BENGKEL_ALKAL, at.BENGKEL_ALKAL)
    yield from _garbage_trucks()
    shifts = ("sweep", "sweep", "sweep", "sweep_night")
    for number, (avenue, shift) in enumerate(zip(at.AVENUES, shifts, strict=True), 1):
        yield Machine(f"SWP-{number:02d}", "street_sweeper", "Regu Penyapu Jalan Pusat", at.POOL_PENYAPU, avenue, shift)
    shifts = ("beat", "beat", "beat_pm", "beat_night")
    for number, (beat, shift) in enumerate(zip(at.BEATS, shifts, strict=True), 1):
        yield Machine(f"PTR-{number:02d}", "patrol_car", "Regu Patroli", at.POS_SATPOL, beat, shift)


def _garbage_trucks() -> Iterator[Machine]:
    central = (at.AREA_MENTENG, at.AREA_TANAH_ABANG, at.AREA_KEMAYORAN, at.AREA_MENTENG, at.AREA_TANAH_ABANG)
    out = ("haul", "haul", "haul", "haul_pm", "haul_night")
    for number, (area, shift) in enumerate(zip(central, out, strict=True), 1):
        habit = Habit.IDLER if number == 2 else Habit.STEADY
        yield Machine(f"LHP-{number:02d}", "garbage_truck", "Regu Angkutan Sampah Pusat", at.POOL_SUNTER, area,
                      shift, habit)  # fmt: skip
    eastern = (at.AREA_JATINEGARA, at.AREA_KRAMAT_JATI, at.AREA_JATINEGARA, at.AREA_KRAMAT_JATI)
    for number, (area, shift) in enumerate(zip(eastern, out[1:], strict=True), 1):
        yield Machine(f"LHT-{number:02d}", "garbage_truck", "Regu Angkutan Sampah Timur", at.POOL_CILILITAN, area,
                      shift)  # fmt: skip


FLEET = tuple(_fleet())
