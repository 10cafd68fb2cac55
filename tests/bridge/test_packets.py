"""Packets out of a stream: whole ones only, each once, wherever the network cuts it."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mqtt_bridge.packets import Malformed, PacketSocket, Publish, acknowledgements, cut

PINGRESP = b"\xd0\x00"


def packet(head: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while True:
        size, byte = divmod(size, 128)
        length += bytes([byte | (0x80 if size else 0)])
        if not size:
            return bytes([head]) + length + body


def published(message: Publish) -> bytes:
    head = 0x30 | (0x02 if message.mid else 0) | message.retained | message.repeated << 3
    return packet(head, len(message.topic).to_bytes(2) + message.topic + message.mid + message.payload)


class Network(socket.socket):
    """A socket that has these pieces to say, and then nothing for the moment, or its end."""

    def __init__(self, pieces: list[bytes], ends: bool = False) -> None:
        super().__init__()
        self.close()
        self.pieces, self.ends = list(pieces), ends

    def recv_into(self, room: memoryview) -> int:
        if self.pieces:
            piece = self.pieces.pop(0)
            if len(piece) > len(room):
                self.pieces.insert(0, piece[len(room) :])
            size = min(len(piece), len(room))
            room[:size] = piece[:size]
            return size
        if self.ends:
            return 0
        raise BlockingIOError


messages = st.builds(
    Publish,
    topic=st.binary(max_size=40),
    payload=st.binary(max_size=300) | st.just(b"x" * 20_000),
    mid=st.just(b"") | st.binary(min_size=2, max_size=2),
    retained=st.booleans(),
    repeated=st.booleans(),
)
pieces = st.lists(messages | st.just(PINGRESP), max_size=12)


@given(pieces, st.lists(st.integers(1, 5000), min_size=1, max_size=20))
def test_every_message_comes_once_wherever_the_network_cuts_the_stream(
    said: list[Publish | bytes], sizes: list[int]
) -> None:
    stream = b"".join(one if isinstance(one, bytes) else published(one) for one in said)
    came: list[Publish] = []
    others, at, turn = b"", 0, 0
    network = Network([])
    sock = PacketSocket(network)
    while at < len(stream):
        size = sizes[turn % len(sizes)]
        network.pieces.append(stream[at : at + size])
        at, turn = at + size, turn + 1
        came += sock.fill()
        while sock.has_others:
            others += sock.recv(1)
    assert came == [one for one in said if isinstance(one, Publish)]
    assert others == b"".join(one for one in said if isinstance(one, bytes))


@given(st.binary(max_size=400))
def test_no_stream_crashes_the_reader(stream: bytes) -> None:
    try:
        came, others, rest = cut(stream)
    except Malformed:
        return
    assert len(others) + len(rest) <= len(stream) and all(isinstance(one, Publish) for one in came)


@pytest.mark.parametrize(
    "stream",
    [b"\x32\x00", b"\x32\x01\x00", b"\x32\x04\x00\x09ab", b"\x34\x06\x00\x01a\x00\x01x", b"\x32\xff\xff\xff\xff\x01"],
    ids=["no topic", "half a topic length", "a topic beyond the end", "QoS 2", "a length of five bytes"],
)
def test_what_cannot_be_mqtt_is_named(stream: bytes) -> None:
    with pytest.raises(Malformed):
        cut(stream)


def test_paho_waits_for_its_packets_and_learns_of_the_end() -> None:
    sock = PacketSocket(Network([PINGRESP]))
    with pytest.raises(BlockingIOError):
        sock.recv(1)
    assert sock.fill() == [] and sock.recv(10) == PINGRESP
    ended = PacketSocket(Network([], ends=True))
    assert ended.fill() == [] and ended.has_others and ended.recv(1) == b""


def test_each_packet_id_is_acknowledged_once_in_order_and_qos_0_is_not() -> None:
    assert acknowledgements([b"\x00\x02", b"", b"\x00\x01", b"\x00\x02"]) == b"\x40\x02\x00\x02\x40\x02\x00\x01"
