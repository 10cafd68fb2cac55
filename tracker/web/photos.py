"""Pictures that people send, drawn anew by us: what a camera writes into them, such as where it was, is left behind."""

from __future__ import annotations

import io
import struct
import threading
import zlib
from collections.abc import Sequence

from PIL import Image, ImageOps
from werkzeug.datastructures import FileStorage

LARGEST = 12 * 1024 * 1024  # bytes; what the cameras of phones make is mostly below
LONGEST_SIDE = 1600  # pixels, of what is kept
# of what is sent; a JPEG is read at the size it is needed in, the others as a whole, and one in several scans is too
MOST_PIXELS = {"JPEG": 64_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
MOST_IN_SCANS = 16_000_000
QUALITY = 80
WHITE = (255, 255, 255)
# what a file that is broken, or made to break, may raise
BROKEN = (
    OSError, ValueError, SyntaxError, EOFError, LookupError, TypeError, ArithmeticError, MemoryError, struct.error,
    zlib.error, Image.DecompressionBombError, Image.DecompressionBombWarning,
)  # fmt: skip

_drawing = threading.Lock()  # each takes up to 170 MB for a second: one at a time in a process


class NoPhoto(ValueError):
    """A file is no picture that can be kept: too large, or none of the kinds that are taken."""


def photos_in(files: Sequence[FileStorage]) -> list[bytes]:
    """The pictures of a form, as JPEG; a field that was left empty is none. May raise `NoPhoto`."""
    return [drawn_anew(file.read(LARGEST + 1)) for file in files if file.filename]


def drawn_anew(content: bytes) -> bytes:
    """A picture as a JPEG of its own, upright and no longer than `LONGEST_SIDE`. May raise `NoPhoto`."""
    if len(content) > LARGEST:
        raise NoPhoto
    try:
        with _drawing, Image.open(io.BytesIO(content), formats=tuple(MOST_PIXELS)) as image:
            return _as_jpeg(image)
    except BROKEN as broken:
        raise NoPhoto from broken


def _most_pixels(image: Image.Image) -> int:
    """A JPEG in several scans keeps every pixel of each until the last: six bytes for one, whatever size is needed."""
    return MOST_IN_SCANS if image.info.get("progressive") else MOST_PIXELS[image.format or ""]


def _as_jpeg(image: Image.Image) -> bytes:
    """So far only the head was read: its size is asked before anything is unpacked."""
    if image.width * image.height > _most_pixels(image):
        raise NoPhoto
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    upright = ImageOps.exif_transpose(image)
    picture = Image.new("RGB", upright.size, WHITE)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        picture.paste(upright, mask=upright)
    else:
        picture.paste(upright.convert("RGB"))
    written = io.BytesIO()
    picture.save(written, "JPEG", quality=QUALITY, optimize=True)
    return written.getvalue()
