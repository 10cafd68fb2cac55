"""Pictures are drawn anew: nothing that a camera wrote stays, and what is made to break is refused."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image
from werkzeug.datastructures import FileStorage

from tracker.web.photos import LARGEST, LONGEST_SIDE, NoPhoto, drawn_anew, photos_in

GPS, ORIENTATION, MAKE = 0x8825, 0x0112, 0x010F


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: object) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size, 1).save(file, kind, **options)
    return file.getvalue()


def with_place() -> bytes:
    """As a phone takes it: where it was, by whom it was made, and that it lies on its side."""
    exif = Image.Exif()
    exif[MAKE], exif[ORIENTATION] = "Kamera", 6
    exif.get_ifd(GPS).update({1: "S", 2: (6.0, 12.0, 0.0), 3: "E", 4: (106.0, 48.0, 0.0)})
    return picture(exif=exif, comment=b"Siti Rahayu")


def read(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_the_place_and_all_else_that_a_camera_wrote_is_left_out() -> None:
    sent = with_place()
    assert read(sent).getexif().get_ifd(GPS) and b"Kamera" in sent and b"Siti" in sent
    kept = drawn_anew(sent)
    assert not read(kept).getexif() and b"Exif" not in kept and b"Kamera" not in kept and b"Siti" not in kept
    assert read(kept).size == (48, 64), "upright, as it was meant to be seen"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_every_kind_becomes_a_jpeg(kind: str, mode: str) -> None:
    if (kind, mode) in (("JPEG", "RGBA"), ("JPEG", "P"), ("WEBP", "P")):
        return
    kept = read(drawn_anew(picture(kind, mode=mode)))
    assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (64, 48))


def test_a_large_one_becomes_smaller_and_a_small_one_stays() -> None:
    assert read(drawn_anew(picture(size=(4000, 1000)))).size == (LONGEST_SIDE, 400)
    assert read(drawn_anew(picture("PNG", size=(10, 3000)))).size == (5, LONGEST_SIDE)


def png_that_says(width: int, height: int) -> bytes:
    """A small file that would be a huge picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1_000_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"x", b"\xff\xd8\xff", b"GIF89a" + b"\0" * 100, picture("GIF"), picture("BMP"), picture("TIFF"),
        picture()[:200], b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture("PNG")[:60],
        png_that_says(60_000, 60_000), png_that_says(6_000, 6_000), b"\0" * (LARGEST + 1),
        picture(mode="L", size=(4_100, 4_000), progressive=True),
    ],
    ids=lambda content: f"{len(content)}-{content[:4]!r}",
)  # fmt: skip
def test_what_is_no_picture_or_made_to_break_is_refused(content: bytes) -> None:
    with pytest.raises(NoPhoto):
        drawn_anew(content)


def test_a_field_that_was_left_empty_is_no_picture() -> None:
    files = [FileStorage(io.BytesIO(b""), ""), FileStorage(io.BytesIO(picture()), "a.jpg")]
    assert len(photos_in(files)) == 1
