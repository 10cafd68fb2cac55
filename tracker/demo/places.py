"""Real places of Jakarta: what the city's zones are drawn around, and where people and vehicles are on their way to.

Positions are those of the map, rounded to about ten metres; radii are chosen to hold the premises.
"""

from __future__ import annotations

from dataclasses import dataclass

from tracker.demo.ground import Spot


@dataclass(frozen=True, slots=True)
class Place:
    """A circle with a name; becomes a zone."""

    name: str
    spot: Spot
    radius_m: int


def _place(name: str, lat: float, lon: float, radius_m: int) -> Place:
    return Place(name, Spot(lat, lon), radius_m)


# offices
BALAI_KOTA = _place("Balai Kota DKI Jakarta", -6.1817, 106.8289, 150)
DINAS_LH = _place("Dinas Lingkungan Hidup, Cililitan", -6.2640, 106.8665, 150)
SUDIN_LH_PUSAT = _place("Suku Dinas LH Jakarta Pusat", -6.1712, 106.8706, 120)
DINAS_BINA_MARGA = _place("Dinas Bina Marga, Jatibaru", -6.1843, 106.8120, 120)
KELURAHAN_MENTENG = _place("Kantor Kelurahan Menteng", -6.1985, 106.8395, 100)
KELURAHAN_GAMBIR = _place("Kantor Kelurahan Gambir", -6.1716, 106.8180, 100)
# bases of vehicles, and posts
AGD_TARAKAN = _place("Pos AGD Tarakan", -6.1719, 106.8101, 120)
AGD_MATRAMAN = _place("Pos AGD Matraman", -6.2118, 106.8597, 120)
AGD_FATMAWATI = _place("Pos AGD Fatmawati", -6.2927, 106.7953, 120)
DAMKAR_KETAPANG = _place("Mako Damkar Ketapang", -6.1609, 106.8160, 130)
DAMKAR_MATRAMAN = _place("Pos Damkar Matraman", -6.2086, 106.8577, 120)
POOL_SUNTER = _place("Pool Truk Sampah Sunter", -6.1445, 106.8790, 200)
POOL_CILILITAN = _place("Pool Truk Sampah Cililitan", -6.2612, 106.8688, 180)
POOL_PENYAPU = _place("Pool Penyapu Jalan Cempaka Putih", -6.1806, 106.8690, 150)
BENGKEL_ALKAL = _place("Bengkel Alat Berat Pulogadung", -6.1905, 106.9060, 180)
POS_SATPOL = _place("Mako Satpol PP Jakarta Pusat", -6.1690, 106.8125, 120)
# sites where machines and field staff work
SITE_CILIWUNG = _place("Pengerukan Ciliwung, Kampung Melayu", -6.2235, 106.8600, 300)
SITE_BKT = _place("Pengerukan Kanal Banjir Timur, Duren Sawit", -6.2330, 106.9300, 350)
SITE_BRIGIF = _place("Pembangunan Waduk Brigif, Jagakarsa", -6.3370, 106.8020, 350)
SITE_GATSU = _place("Perbaikan Jalan Gatot Subroto", -6.2352, 106.8232, 300)
MONAS = _place("Taman Medan Merdeka (Monas)", -6.1754, 106.8272, 600)
LAPANGAN_BANTENG = _place("Taman Lapangan Banteng", -6.1704, 106.8350, 250)
TAMAN_SUROPATI = _place("Taman Suropati", -6.1994, 106.8327, 250)
THAMRIN = _place("Jalan M.H. Thamrin", -6.1893, 106.8231, 650)
SUDIRMAN = _place("Jalan Jenderal Sudirman, Dukuh Atas", -6.2065, 106.8215, 650)
BANTARGEBANG = _place("TPST Bantargebang", -6.3470, 106.9990, 900)
# areas in which vehicles serve
AREA_AGD = _place("Wilayah layanan AGD", -6.2000, 106.8350, 7000)
AREA_MENTENG = _place("Wilayah Menteng", -6.1972, 106.8335, 1800)
AREA_TANAH_ABANG = _place("Wilayah Tanah Abang", -6.1990, 106.8125, 1800)
AREA_KEMAYORAN = _place("Wilayah Kemayoran", -6.1640, 106.8530, 1800)
AREA_JATINEGARA = _place("Wilayah Jatinegara", -6.2330, 106.8790, 2000)
AREA_KRAMAT_JATI = _place("Wilayah Kramat Jati", -6.2800, 106.8700, 2000)
AREA_GAMBIR = _place("Wilayah Gambir", -6.1735, 106.8225, 1800)

ZONES = tuple(value for value in list(globals().values()) if isinstance(value, Place))

HOSPITALS = (
    Spot(-6.1972, 106.8466),  # RSUPN Cipto Mangunkusumo
    Spot(-6.1717, 106.8103),  # RSUD Tarakan
    Spot(-6.2026, 106.8857),  # RSUP Persahabatan
    Spot(-6.2925, 106.7949),  # RSUP Fatmawati
    Spot(-6.2949, 106.8213),  # RSUD Pasar Minggu
    Spot(-6.1767, 106.8369),  # RSPAD Gatot Soebroto
)
NEIGHBOURHOODS = (
    Spot(-6.1640, 106.8560),  # Kemayoran
    Spot(-6.2290, 106.8560),  # Tebet
    Spot(-6.2170, 106.8790),  # Cipinang
    Spot(-6.2370, 106.9140),  # Duren Sawit
    Spot(-6.2040, 106.7990),  # Palmerah
    Spot(-6.1960, 106.7700),  # Kebon Jeruk
    Spot(-6.1790, 106.8720),  # Cempaka Putih
    Spot(-6.2820, 106.8430),  # Pasar Minggu
    Spot(-6.2930, 106.8720),  # Kramat Jati
    Spot(-6.1450, 106.8080),  # Tambora
)
# the way of a sweeper along each avenue, from one end to the other
AVENUES = {
    "Thamrin-Sudirman": (
        Spot(-6.1806, 106.8228), Spot(-6.1876, 106.8235), Spot(-6.1950, 106.8230), Spot(-6.2015, 106.8226),
        Spot(-6.2090, 106.8190), Spot(-6.2195, 106.8148), Spot(-6.2275, 106.8008),
    ),
    "Medan Merdeka": (
        Spot(-6.1707, 106.8225), Spot(-6.1693, 106.8290), Spot(-6.1757, 106.8325), Spot(-6.1808, 106.8315),
        Spot(-6.1812, 106.8232), Spot(-6.1707, 106.8225),
    ),
    "Gajah Mada": (
        Spot(-6.1663, 106.8203), Spot(-6.1518, 106.8175), Spot(-6.1445, 106.8150), Spot(-6.1376, 106.8140),
    ),
    "Rasuna Said": (
        Spot(-6.2067, 106.8303), Spot(-6.2170, 106.8330), Spot(-6.2270, 106.8328), Spot(-6.2362, 106.8310),
    ),
}  # fmt: skip
BEATS = {  # the points a patrol car passes by turns
    "Menteng": (
        Spot(-6.1950, 106.8230), Spot(-6.1962, 106.8296), Spot(-6.1994, 106.8327), Spot(-6.1900, 106.8390),
        Spot(-6.1985, 106.8395), Spot(-6.2009, 106.8228),
    ),
    "Gambir": (
        Spot(-6.1754, 106.8235), Spot(-6.1704, 106.8350), Spot(-6.1817, 106.8289), Spot(-6.1663, 106.8203),
        Spot(-6.1716, 106.8180),
    ),
    "Tanah Abang": (
        Spot(-6.1866, 106.8115), Spot(-6.1950, 106.8230), Spot(-6.2009, 106.8120), Spot(-6.2100, 106.8060),
        Spot(-6.1920, 106.8180),
    ),
    "Senen": (
        Spot(-6.1747, 106.8433), Spot(-6.1704, 106.8350), Spot(-6.1870, 106.8450), Spot(-6.1640, 106.8480),
    ),
}  # fmt: skip
