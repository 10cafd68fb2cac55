"""Files that take long to make: a few at once in each process, made on disk and sent from there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO

from flask import Response, send_file
from flask_babel import lazy_gettext as _

# a process answers pages by the same interpreter: two that compute leave it a third of its time
AT_ONCE = 2
RETRY_AFTER_S = 30
BUSY = _("Other files are being made just now. Try again in half a minute: nothing was downloaded.")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PDF = "application/pdf"

_slots = threading.BoundedSemaphore(AT_ONCE)


class Busy(Exception):
    """As many files are being made as may be at once."""


@contextmanager
def slot() -> Iterator[None]:
    """Room for a long file; raises `Busy` where there is none."""
    if not _slots.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        _slots.release()


def made(write: Callable[[IO[bytes]], object], name: str, media_type: str) -> Response:
    """What `write` leaves in a file, as a download. The file has no name on disk: it goes when it is sent, or we do."""
    file = TemporaryFile()
    try:
        write(file)
        size = file.seek(0, 2)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    response = send_file(file, media_type, as_attachment=True, download_name=name, etag=False)
    response.content_length = size
    return response
