"""The catalogue of activities, and what the simulated employees write about their days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracker.demo.cast import Habit
from tracker.demo.journey import Stop
from tracker.demo.person_days import PhoneDay

ROUND_S = 300  # people write clock times in steps of five minutes
SHORTEST_S = 900
JOIN_S = 40 * 60  # stops of one kind that follow each other within this are one activity


@dataclass(frozen=True, slots=True)
class ActivityKind:
    """An entry of the catalogue, Indonesian and English."""

    name_id: str
    name_en: str
    volume_unit: str
    standard_min: int

    def row(self) -> dict[str, object]:
        return {
            "name_id": self.name_id,
            "name_en": self.name_en,
            "volume_unit": self.volume_unit,
            "standard_min": self.standard_min,
        }


CATALOGUE = (
    ActivityKind("Pelayanan administrasi warga", "Serving residents at the counter", "berkas", 20),
    ActivityKind("Penyusunan laporan", "Writing a report", "dokumen", 90),
    ActivityKind("Rapat koordinasi", "Coordination meeting", "rapat", 60),
    ActivityKind("Pengolahan data", "Data processing", "berkas", 30),
    ActivityKind("Penyapuan jalan", "Sweeping a street", "meter", 1),
    ActivityKind("Pembersihan saluran", "Clearing a drain", "meter", 3),
    ActivityKind("Pengangkutan sampah", "Collecting garbage", "titik", 10),
    ActivityKind("Pembongkaran muatan di TPST", "Unloading at the landfill", "rit", 40),
    ActivityKind("Pemeriksaan dan pencucian kendaraan", "Checking and washing the vehicle", "unit", 30),
    ActivityKind("Penyapuan jalan mekanis", "Mechanical street sweeping", "km", 8),
    ActivityKind("Penjagaan pos", "Guarding a post", "jam", 60),
    ActivityKind("Kontrol keliling", "Round of inspection", "putaran", 30),
    ActivityKind("Patroli wilayah", "Patrolling the area", "titik", 15),
    ActivityKind("Siaga ambulans", "Ambulance on standby", "jam", 60),
    ActivityKind("Pelayanan gawat darurat", "Emergency service", "pasien", 60),
    ActivityKind("Siaga pemadam dan latihan", "Fire watch and drill", "jam", 60),
    ActivityKind("Pengoperasian alat berat", "Operating heavy equipment", "jam", 60),
    ActivityKind("Perawatan taman", "Tending a park", "petak", 45),
    ActivityKind("Penyiraman tanaman", "Watering plants", "petak", 20),
)
KINDS = {kind.name_id: kind for kind in CATALOGUE}
# what a stop of a journey is called in a log, by shift and else for all; several names share the time
_NAMES: dict[tuple[str, str], tuple[str, ...]] = {
    ("", "office"): ("Pelayanan administrasi warga", "Rapat koordinasi", "Pengolahan data", "Penyusunan laporan"),
    ("", "post"): ("Penjagaan pos", "Kontrol keliling", "Penjagaan pos"),
    ("Piket 24 jam", "post"): ("Siaga pemadam dan latihan", "Kontrol keliling", "Siaga pemadam dan latihan"),
    ("", "field"): ("Penyapuan jalan", "Pembersihan saluran", "Penyapuan jalan"),
    ("Taman", "field"): ("Penyiraman tanaman", "Perawatan taman", "Perawatan taman"),
    ("Proyek", "field"): ("Pengoperasian alat berat", "Pengoperasian alat berat"),
    ("", "collect"): ("Pengangkutan sampah",),
    ("", "landfill"): ("Pembongkaran muatan di TPST",),
    ("", "base"): ("Pemeriksaan dan pencucian kendaraan",),
    ("AGD siang", "base"): ("Siaga ambulans",),
    ("AGD malam", "base"): ("Siaga ambulans",),
    ("", "scene"): ("Pelayanan gawat darurat",),
    ("", "hospital"): ("Pelayanan gawat darurat",),
    ("", "turn"): ("Penyapuan jalan mekanis",),
    ("", "watch"): ("Patroli wilayah",),
}


@dataclass(frozen=True, slots=True)
class Written:
    """One activity as its author writes it; seconds since 1970."""

    kind: ActivityKind
    start: int
    end: int

    @property
    def volume(self) -> int:
        return max(1, round((self.end - self.start) / 60 / self.kind.standard_min))


def written(day: PhoneDay) -> list[Written]:
    """What an employee writes about a duty: what the journey shows, or a full day from somebody who stayed at home."""
    start, end = day.duty.starts_at.timestamp(), day.duty.ends_at.timestamp()
    stops: tuple[Stop, ...] = day.journey.stops
    if day.mood is Habit.ABSENT:
        stops = (Stop({"OFFICE": "office", "DRIVER": "collect"}[day.duty.shift.profile], start, end, stops[0].spot),)
    activities: list[Written] = []
    for names, begun, over in _joined(stops, day.duty.shift.name):
        begun = max(begun, start, activities[-1].end if activities else start)
        activities.extend(_split(names, begun, min(over, end)))
    return activities


def _joined(stops: tuple[Stop, ...], shift: str) -> Iterator[tuple[tuple[str, ...], float, float]]:
    """The named stretches of a journey: stops that mean the same and follow each other closely are one."""
    last: tuple[tuple[str, ...], float, float] | None = None
    for stop in stops:
        names = _NAMES.get((shift, stop.what)) or _NAMES.get(("", stop.what))
        if names is None:
            continue
        if last is not None and last[0] == names and stop.start - last[2] <= JOIN_S:
            last = (names, last[1], stop.end)
            continue
        if last is not None:
            yield last
        last = (names, stop.start, stop.end)
    if last is not None:
        yield last


def _split(names: tuple[str, ...], start: float, end: float) -> Iterator[Written]:
    """Equal parts of a stretch, one for each name; a stretch that is too short is not worth a line."""
    first, last = -int(-start // ROUND_S) * ROUND_S, int(end // ROUND_S) * ROUND_S
    part = (last - first) // len(names) // ROUND_S * ROUND_S
    if part < SHORTEST_S:
        return
    for number, name in enumerate(names):
        yield Written(KINDS[name], first + number * part, first + (number + 1) * part)
