"""MQTT packets out of a stream, many at a time: the published messages for us, everything else for paho.

paho reads a packet in pieces with several system calls each, which was most of what the bridge cost. Only published
messages come in numbers, so they are cut out of large reads here; paho still makes the connection, subscribes and keeps
it alive, and finds the rest of its packets through `PacketSocket.recv`.

Source: MQTT 3.1.1, sections 2.2 (fixed header), 3.3 (PUBLISH), 3.4 (PUBACK).
"""

from __future__ import annotations

import socket
import ssl
from typing import NamedTuple

READ_BYTES = 256 * 1024
PUBLISH, DUP, QOS_2, QOS_1, RETAIN = 0x30, 0x08, 0x04, 0x02, 0x01
PUBACK = b"\x40\x02"  # followed by the message's two bytes of packet id
LONGER = 0x80  # in a byte of the remaining length: another one follows


class Malformed(ValueError):
    """The stream cannot be MQTT."""


class Publish(NamedTuple):
    """A published message; `mid` is its packet id as it came, empty at QoS 0, which is not acknowledged."""

    topic: bytes
    payload: bytes
    mid: bytes
    retained: bool
    repeated: bool


class PacketSocket:
    """A non-blocking socket whose published messages are read by `fill`, and whose other packets by paho."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._room = memoryview(bytearray(READ_BYTES))  # made once: memory of this size costs more than the reading
        self._cut_off = b""  # the beginning of a packet whose end has not come yet
        self._others = bytearray()
        self._ended = False

    def fill(self) -> list[Publish]:
        """Read what the network has, up to `READ_BYTES`, and return the whole messages in it."""
        read = 0
        while read < READ_BYTES:
            try:
                count = self._sock.recv_into(self._room[read:])
            except (BlockingIOError, ssl.SSLWantReadError):
                break
            if not count:
                self._ended = True
                break
            read += count
        published, others, self._cut_off = cut(self._cut_off + self._room[:read])
        self._others += others
        return published

    @property
    def has_others(self) -> bool:
        """Whether there is something for paho: a packet, or the end of the connection."""
        return bool(self._others) or self._ended

    def recv(self, size: int) -> bytes:
        """What paho reads: packets that are no published messages."""
        if not self.has_others:
            raise BlockingIOError
        taken = bytes(self._others[:size])
        del self._others[:size]
        return taken

    def send(self, data: bytes | bytearray) -> int:
        return self._sock.send(data)

    def pending(self) -> int:
        """Bytes that TLS has decrypted and `select` does not see."""
        pending = getattr(self._sock, "pending", None)
        return int(pending()) if pending else 0

    def fileno(self) -> int:
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        self._sock.setblocking(flag)

    def close(self) -> None:
        self._sock.close()


def cut(stream: bytes) -> tuple[list[Publish], bytes, bytes]:
    """The whole published messages, the bytes of the other whole packets, and the beginning of an unfinished packet.

    Raises Malformed.
    """
    published, others, at, end = [], [], 0, len(stream)
    while at + 2 <= end:
        body, size = at + 2, stream[at + 1]
        if size & LONGER:
            length = _length(stream, at)
            if length is None:
                break
            body, size = length
        stop = body + size
        if stop > end:
            break
        head = stream[at]
        if head & 0xF0 == PUBLISH:
            published.append(_publish(stream, head, body, stop))
        else:
            others.append(stream[at:stop])
        at = stop
    return published, b"".join(others), stream[at:]


def _publish(stream: bytes, head: int, body: int, stop: int) -> Publish:
    if head & QOS_2 or stop - body < 2:
        raise Malformed("a published message has a QoS that was not asked for, or no topic")
    topic_end = body + 2 + (stream[body] << 8 | stream[body + 1])
    payload = topic_end + 2 if head & QOS_1 else topic_end
    if payload > stop:
        raise Malformed("a published message ends within its topic")
    return Publish(
        stream[body + 2 : topic_end],
        stream[payload:stop],
        stream[topic_end:payload],
        head & RETAIN != 0,
        head & DUP != 0,
    )


def _length(stream: bytes, at: int) -> tuple[int, int] | None:
    """Where the body of a longer packet begins and its size, or None where its head is not complete."""
    size = 0
    for i in range(1, 5):
        if at + i >= len(stream):
            return None
        size |= (stream[at + i] & 0x7F) << 7 * (i - 1)
        if not stream[at + i] & LONGER:
            return at + i + 1, size
    raise Malformed("a packet's length has more than four bytes")


def acknowledgements(mids: list[bytes]) -> bytes:
    """The PUBACK packets of these messages, each packet id once, in order; what came at QoS 0 needs none."""
    return b"".join([PUBACK + mid for mid in dict.fromkeys(mids) if mid])
