"""The employees of the simulated city. Every name and number is invented."""

from __future__ import annotations

from tracker.demo import places as at
from tracker.demo.cast import (
    Employee,
    Habit,
    Roster,
    ambulance_crew,
    every_day,
    firefighters,
    guards,
    six_days,
    weekdays,
)
from tracker.demo.places import Place

Row = tuple[str, str, Roster, Habit]

STEADY, LATE, ABSENT, SILENT = Habit.STEADY, Habit.LATE, Habit.ABSENT, Habit.SILENT
FLAT, OFF, HALF, IDLER, DRIFT = Habit.FLAT_PHONE, Habit.LOCATION_OFF, Habit.HALF_DAY, Habit.IDLER, Habit.DRIFTING
WITHOUT_PHONE = ("Sugeng Prayitno", "Maman Suparman", "Yohanes Simbolon", "Kasiman")
DEMO_EMPLOYEE = "Siti Rahmawati"
DEMO_SUPERVISOR = "Bambang Sutrisno"

# name, position, roster, habit; grouped by unit and the zones they work in
_OFFICES: tuple[tuple[str, Place, tuple[Row, ...]], ...] = (
    ("Dinas Lingkungan Hidup", at.DINAS_LH, (
        ("Bambang Sutrisno", "Kepala Bidang Kebersihan", weekdays("office"), STEADY),
        ("Dewi Kartikasari", "Analis Lingkungan Hidup", weekdays("office"), DRIFT),
        ("Agus Hermawan", "Pengelola Data", weekdays("office"), LATE),
    )),
    ("Suku Dinas LH Jakarta Pusat", at.SUDIN_LH_PUSAT, (
        ("Rina Marlina", "Kepala Seksi Penanganan Sampah", weekdays("office"), STEADY),
        ("Hendra Gunawan", "Pengadministrasi Umum", weekdays("office"), ABSENT),
        ("Lestari Wulandari", "Penyuluh Lingkungan", weekdays("office"), HALF),
    )),
    ("Dinas Bina Marga", at.DINAS_BINA_MARGA, (
        ("Tommy Nainggolan", "Kepala Seksi Jalan", weekdays("office"), STEADY),
        ("Fitri Handayani", "Pengelola Data", weekdays("office"), IDLER),
    )),
    ("Kelurahan Menteng", at.KELURAHAN_MENTENG, (
        ("Endang Susilowati", "Lurah", weekdays("office"), STEADY),
        ("Ahmad Fauzi", "Sekretaris Kelurahan", weekdays("office"), STEADY),
        ("Nurul Hidayah", "Kasi Pemerintahan", weekdays("office"), LATE),
        ("Sugeng Prayitno", "Pengadministrasi Umum", weekdays("office"), STEADY),
        ("Yanti Oktaviani", "Petugas PTSP", weekdays("office"), DRIFT),
    )),
    ("Kelurahan Gambir", at.KELURAHAN_GAMBIR, (
        ("Rudi Hartono", "Lurah", weekdays("office"), STEADY),
        ("Maria Goretti Tan", "Sekretaris Kelurahan", weekdays("office"), FLAT),
        ("Kasiman", "Pengadministrasi Umum", weekdays("office"), STEADY),
    )),
)  # fmt: skip
_FIELD: tuple[tuple[str, tuple[Place, ...], tuple[Row, ...]], ...] = (
    ("Regu Penyapu Jalan Pusat", (at.THAMRIN,), (
        ("Siti Rahmawati", "Petugas Kebersihan", every_day("field"), STEADY),
        ("Joko Widianto", "Petugas Kebersihan", six_days("field", 6), IDLER),
        ("Sri Mulyani Astuti", "Petugas Kebersihan", six_days("field", 2), STEADY),
    )),
    ("Regu Penyapu Jalan Pusat", (at.SUDIRMAN,), (
        ("Udin Saepudin", "Petugas Kebersihan", six_days("field", 6), FLAT),
        ("Ratna Dewi Anggraini", "Petugas Kebersihan", six_days("field", 4), LATE),
        ("Maman Suparman", "Petugas Kebersihan", every_day("field"), STEADY),
    )),
    ("Regu Angkutan Sampah Timur", (at.POOL_CILILITAN,), (
        ("Slamet Riyadi", "Penjaga Pool", guards(0), STEADY),
        ("Wahyu Setiawan", "Penjaga Pool", guards(1), IDLER),
        ("Dedi Kurniawan", "Penjaga Pool", guards(2), STEADY),
        ("Iwan Setiabudi", "Penjaga Pool", guards(3), SILENT),
    )),
    ("Suku Dinas LH Jakarta Pusat", (at.AREA_MENTENG,), (
        ("Yusuf Maulana", "Pengawas Kebersihan", six_days("inspect"), STEADY),
        ("Ferry Siregar", "Pengawas Kebersihan", every_day("inspect"), IDLER),
    )),
    ("Suku Dinas Gulkarmat Jakarta Pusat", (at.DAMKAR_KETAPANG,), (
        ("Arif Budiman", "Komandan Regu A", firefighters(0), STEADY),
        ("Dian Saputra", "Komandan Regu B", firefighters(1), STEADY),
        ("Gatot Suprapto", "Komandan Regu C", firefighters(2), DRIFT),
    )),
    ("Suku Dinas Gulkarmat Jakarta Timur", (at.DAMKAR_MATRAMAN,), (
        ("Hasan Basri", "Petugas Pemadam Regu A", firefighters(0), STEADY),
        ("Irfan Hakim", "Petugas Pemadam Regu B", firefighters(1), FLAT),
        ("Yohanes Simbolon", "Petugas Pemadam Regu C", firefighters(2), STEADY),
    )),
    ("Regu Alat Berat", (at.SITE_CILIWUNG,), (
        ("Suparno", "Operator Ekskavator", six_days("site"), STEADY),
        ("Tarmizi Lubis", "Operator Ekskavator", six_days("site"), IDLER),
    )),
    ("Regu Alat Berat", (at.SITE_BKT,), (("Wawan Darmawan", "Operator Ekskavator", six_days("site"), STEADY),)),
    ("Regu Alat Berat", (at.SITE_BRIGIF,), (("Eko Purnomo", "Operator Buldoser", six_days("site"), LATE),)),
    ("Regu Jaga Balai Kota", (at.BALAI_KOTA,), (
        ("Sofyan Hadi", "Anggota Satpol PP", guards(0), STEADY),
        ("Rizky Ramadhan", "Anggota Satpol PP", guards(1), STEADY),
        ("Mulyadi", "Anggota Satpol PP", guards(2), STEADY),
        ("Novi Yuliana", "Anggota Satpol PP", guards(3), LATE),
    )),
    ("Suku Dinas Pertamanan Jakarta Pusat", (at.MONAS,), (
        ("Sutarti", "Petugas Taman", six_days("park", 0), STEADY),
        ("Asep Sunandar", "Petugas Taman", every_day("park"), HALF),
    )),
    ("Suku Dinas Pertamanan Jakarta Pusat", (at.LAPANGAN_BANTENG, at.TAMAN_SUROPATI), (
        ("Ningsih", "Petugas Taman", every_day("park"), STEADY),
    )),
)  # fmt: skip
_HAULAGE = (at.POOL_SUNTER, at.BANTARGEBANG)
_HAULAGE_EAST = (at.POOL_CILILITAN, at.BANTARGEBANG)
# name, vehicle, roster, habit, zones
_CREWS: tuple[tuple[str, str, str, Roster, Habit, tuple[Place, ...]], ...] = (
    ("Regu Angkutan Sampah Pusat", "Darsono", "LHP-01", six_days("haul"), STEADY, (*_HAULAGE, at.AREA_MENTENG)),
    ("Regu Angkutan Sampah Pusat", "Ujang Sutisna", "LHP-02", six_days("haul"), STEADY,
     (*_HAULAGE, at.AREA_TANAH_ABANG)),
    ("Regu Angkutan Sampah Pusat", "Edi Santoso", "LHP-03", six_days("haul"), OFF, (*_HAULAGE, at.AREA_KEMAYORAN)),
    ("Regu Angkutan Sampah Pusat", "Rahmat Hidayat", "LHP-04", six_days("haul_pm"), STEADY,
     (*_HAULAGE, at.AREA_MENTENG)),
    ("Regu Angkutan Sampah Timur", "Parjo", "LHT-01", six_days("haul"), STEADY, (*_HAULAGE_EAST, at.AREA_JATINEGARA)),
    ("Regu Angkutan Sampah Timur", "Sapto Nugroho", "LHT-02", six_days("haul"), ABSENT,
     (*_HAULAGE_EAST, at.AREA_KRAMAT_JATI)),
    ("Regu Angkutan Sampah Timur", "Jaenal Abidin", "LHT-03", six_days("haul_pm"), STEADY,
     (*_HAULAGE_EAST, at.AREA_JATINEGARA)),
    ("Regu Penyapu Jalan Pusat", "Kusnadi", "SWP-01", six_days("sweep"), STEADY, (at.POOL_PENYAPU, at.THAMRIN)),
    ("Regu Penyapu Jalan Pusat", "Taufik Ismanto", "SWP-02", six_days("sweep", 3), STEADY,
     (at.POOL_PENYAPU, at.MONAS)),
    ("AGD Jakarta Pusat", "dr. Anita Purnamasari", "AGD-101", ambulance_crew(0), STEADY, (at.AGD_TARAKAN, at.AREA_AGD)),
    ("AGD Jakarta Pusat", "Budi Prasetyo", "AGD-101", ambulance_crew(1), STEADY, (at.AGD_TARAKAN, at.AREA_AGD)),
    ("AGD Jakarta Pusat", "Citra Ayu Lestari", "AGD-101", ambulance_crew(2), LATE, (at.AGD_TARAKAN, at.AREA_AGD)),
    ("AGD Jakarta Pusat", "Fajar Nugraha", "AGD-101", ambulance_crew(3), STEADY, (at.AGD_TARAKAN, at.AREA_AGD)),
    ("AGD Jakarta Timur", "Gita Permatasari", "AGD-201", ambulance_crew(0), STEADY, (at.AGD_MATRAMAN, at.AREA_AGD)),
    ("AGD Jakarta Timur", "Hari Wibowo", "AGD-201", ambulance_crew(2), FLAT, (at.AGD_MATRAMAN, at.AREA_AGD)),
    ("Regu Patroli", "Dadang Hidayat", "PTR-01", six_days("beat"), STEADY, (at.POS_SATPOL, at.AREA_MENTENG)),
    ("Regu Patroli", "Lukman Hakim", "PTR-02", every_day("beat"), STEADY, (at.POS_SATPOL, at.AREA_GAMBIR)),
    ("Regu Patroli", "Rahmad Effendi", "PTR-04", every_day("beat_night"), STEADY, (at.POS_SATPOL, at.AREA_GAMBIR)),
    ("Regu Angkutan Sampah Pusat", "Sukirman", "LHP-05", six_days("haul_night"), STEADY,
     (*_HAULAGE, at.AREA_TANAH_ABANG)),
    ("Regu Patroli", "Priyo Utomo", "PTR-03", every_day("beat_pm"), STEADY, (at.POS_SATPOL, at.AREA_TANAH_ABANG)),
)  # fmt: skip
_CREW_POSITIONS = {
    "LHP": "Pengemudi Truk Sampah",
    "LHT": "Pengemudi Truk Sampah",
    "SWP": "Pengemudi Penyapu Jalan",
    "AGD": "Petugas Ambulans",
    "PTR": "Anggota Patroli Satpol PP",
}


def _staff() -> tuple[Employee, ...]:
    people: list[Employee] = []

    def hire(
        name: str, position: str, unit: str, roster: Roster, zones: tuple[Place, ...], habit: Habit, rides: str | None
    ) -> None:
        has_phone = name not in WITHOUT_PHONE
        people.append(
            Employee(len(people) + 1, name, position, unit, roster, zones, habit, rides, has_phone)
        )

    for unit, office, rows in _OFFICES:
        for name, position, roster, habit in rows:
            hire(name, position, unit, roster, (office,), habit, None)
    for unit, zones, rows in _FIELD:
        for name, position, roster, habit in rows:
            hire(name, position, unit, roster, zones, habit, None)
    for unit, name, call_sign, roster, habit, zones in _CREWS:
        hire(name, _CREW_POSITIONS[call_sign[:3]], unit, roster, zones, habit, call_sign)
    return tuple(people)


STAFF = _staff()
