"""A connection in NATS's own protocol, as much of it as the access service speaks.

The usual library is asynchronous and costs more per message than answering it does; 100,000 phones that come back at
once wait for these answers.
"""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Iterator
from threading import Lock
from typing import NamedTuple
from urllib.parse import urlsplit

from tracker.broker_access.nats_keys import Login

CONNECT_S = 15.0  # longer than NATS asks us about a login it does not know, if it is ours by another secret
READ = 1 << 18  # bytes at once
END = b"\r\n"


class Message(NamedTuple):
    """What came."""

    subject: str
    reply: str
    headers: bytes
    payload: bytes


class Connection:
    """Open until it is closed. Raises OSError where the server is away or says no."""

    def __init__(self, url: str, login: Login) -> None:
        parts = urlsplit(url)
        self._sending = Lock()
        self._answered = False
        self._socket = socket.create_connection((parts.hostname, parts.port), CONNECT_S)
        self._buffer = bytearray()
        self._early: list[Message] = []  # came while an answer was awaited
        try:
            self._introduce(login)
        except BaseException:
            self._socket.close()
            raise

    def _introduce(self, login: Login) -> None:
        asked = json.loads(self._line().removeprefix(b"INFO "))
        said = {
            "nkey": login.public, "sig": login.sign(asked["nonce"]), "verbose": False, "pedantic": False,
            "headers": True, "no_responders": True, "name": "broker-access", "lang": "python", "version": "1",
        }  # fmt: skip
        self.send(b"CONNECT " + json.dumps(said).encode() + END + b"PING" + END)
        self._await_pong()
        self._socket.settimeout(None)

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it, also while another thread waits for messages."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it has ended already
        self._socket.close()

    def subscribe(self, subject: str, queue: str = "") -> None:
        """Returns when the server has it; what it brings at once is not lost."""
        self._socket.settimeout(CONNECT_S)
        self._answered = False
        self.send(f"SUB {subject} {queue} 1\r\nPING\r\n".encode())
        while not self._answered:
            self._read()
            self._early += self._whole()
        self._socket.settimeout(None)

    def send(self, said: bytes) -> None:
        """Send what is already in the protocol's form; see `published`."""
        with self._sending:
            self._socket.sendall(said)

    def messages(self, timeout_s: float) -> list[Message]:
        """What has come, as soon as something has; nothing after so long. Raises ConnectionError at the end."""
        if self._early:
            early, self._early = self._early, []
            return early
        if not select.select([self._socket], [], [], timeout_s)[0]:
            return []
        self._read()
        return list(self._whole())

    def _read(self) -> None:
        fresh = self._socket.recv(READ)
        if not fresh:
            raise ConnectionError("NATS ended the connection")
        self._buffer += fresh

    def _line(self) -> bytes:
        while (end := self._buffer.find(END)) < 0:
            self._read()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + len(END)]
        return line

    def _await_pong(self) -> None:
        while (line := self._line()) != b"PONG":
            if line.startswith(b"-ERR"):
                raise ConnectionError(f"NATS refuses the access service: {line.decode()}")

    def _whole(self) -> Iterator[Message]:
        """The messages that have come as a whole."""
        place, text = 0, bytes(self._buffer)
        while (end := text.find(END, place)) >= 0:
            words = text[place:end].split()
            begin = end + len(END)
            if words and words[0] in (b"MSG", b"HMSG"):
                after = begin + int(words[-1]) + len(END)
                if after > len(text):
                    break
                yield _message(words, text[begin : after - len(END)])
                begin = after
            elif words == [b"PONG"]:
                self._answered = True
            elif words == [b"PING"]:
                self.send(b"PONG" + END)
            elif words and words[0] == b"-ERR":
                raise ConnectionError(text[place:end].decode())
            place = begin
        del self._buffer[:place]


def _message(words: list[bytes], content: bytes) -> Message:
    with_headers = words[0] == b"HMSG"
    reply = words[3].decode() if len(words) == (6 if with_headers else 5) else ""
    headers = int(words[-2]) if with_headers else 0
    return Message(words[1].decode(), reply, content[:headers], content[headers:])


def published(subject: str, payload: bytes, reply: str = "") -> bytes:
    """A message in the protocol's form."""
    return f"PUB {subject} {reply} {len(payload)}\r\n".encode() + payload + END
