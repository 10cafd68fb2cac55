"""gunicorn's threaded worker, with a limit on how long a client may take to say what it wants.

Its threads read requests, so a few clients that send a byte now and then would keep everybody else waiting. Who has not
finished in time is not listened to any more; an answer that takes longer is not cut short. A server in front that reads
requests whole (nginx does) makes this the second line of defence.
"""

from __future__ import annotations

import socket
import time
from typing import Any

import zxcvbn  # noqa: F401  its lists take a second and 80 MB: once, before the processes part
from gunicorn.workers.gthread import TConn, ThreadWorker

SAYING_S = 20.0  # head and body: 64 KiB on the slowest mobile network


class PatientWorker(ThreadWorker):
    """The worker, with the connections whose requests are being read or answered, and until when each may speak."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._speaking: dict[TConn, float] = {}

    def handle(self, conn: TConn) -> Any:
        self._speaking[conn] = time.monotonic() + SAYING_S
        try:
            return super().handle(conn)
        finally:
            del self._speaking[conn]

    def murder_pending(self) -> None:
        """Called by the worker's loop at least once a second."""
        super().murder_pending()
        now = time.monotonic()
        for conn in [conn for conn, until in list(self._speaking.items()) if until < now]:
            try:
                conn.sock.shutdown(socket.SHUT_RD)
            except OSError:
                pass  # it went by itself
