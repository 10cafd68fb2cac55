"""The cells of the authorisation matrix over MQTT, and how each is tried: see `test_matrix` for the table itself."""

from __future__ import annotations

import itertools
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sqlalchemy import Engine, func, select, text

from mqtt_bridge.client import client_id
from tests import builders
from tests.broker_access import witness
from tests.broker_access.witness import WITNESS, Witness
from tests.conftest import Database, bridge_process
from tests.devices import Client, location
from tests.services import AnyBroker, Mosquitto, Process, access_processes, wait_until
from tracker.broker_access.nats import BRIDGE_LOGIN
from tracker.broker_access.nats_keys import Login
from tracker.storage.devices import add_device, revoke_device
from tracker.storage.models import StoredFix
from tracker.wire.topics import position_topic

PHONE, TRUCK, OTHER, LEAVING, REVOKED = "phone-a", "truck-b", "other-c", "leaving-d", "revoked-e"
BRIDGE = "the bridge"
AT_ONCE = 8  # cells that are tried at the same time, each by a phone or truck of its own
TWINS = [f"{kind}-{n}" for kind in (PHONE, TRUCK) for n in range(AT_ONCE)]
DEVICES = (PHONE, TRUCK, OTHER, LEAVING, REVOKED, WITNESS, *TWINS)
CONNECTS, KEPT_OUT = "comes in", "kept out, and nothing arrives of what it sent along"
ARRIVES, NOWHERE, ENDED = "arrives", "arrives nowhere", "the connection ends, nothing arrives"
DELIVERS, REFUSED, SILENT = "delivers what others say", "refused", "granted, delivers nothing"
OWN_COMMANDS = "delivers its own commands only"
OVERHEARD, FIX_LOST = "the thief hears another's commands", "a fix is lost"
LEAKS = {CONNECTS, ARRIVES, DELIVERS, OWN_COMMANDS, OVERHEARD, FIX_LOST}  # where the table does not say so
LET_IN = b"\x20\2\0\0"


@dataclass(frozen=True)
class Cell:
    """One actor who does one thing; `expected` in words, for all brokers or for each."""

    actor: str
    does: Callable[[World, Cell], str]
    what: str
    expected: str | dict[str, str]
    qos: int = 1
    retain: bool = False

    @property
    def name(self) -> str:
        how = f" at QoS {self.qos}{', retained' * self.retain}" if self.does in (publish, subscribe) else ""
        return f"{self.actor}: {self.does.__name__.replace('_', ' ')} {self.what}{how}"

    def by(self, number: int) -> Cell:
        """The same, done by that twin of its phone or truck."""
        return replace(self, actor=f"{self.actor}-{number}") if self.actor in (PHONE, TRUCK) else self

    def on(self, kind: str) -> str:
        return self.expected if isinstance(self.expected, str) else self.expected[kind]


@dataclass
class World:
    """A broker with the bridge and its devices, who all come over TLS. Mosquitto knows one connection of each login."""

    engine: Engine
    broker: AnyBroker
    bridge: Process
    secrets: dict[str, str]
    rights_of: str  # nats, mosquitto or rabbitmq
    numbers: Iterator[int] = field(default_factory=itertools.count)
    witness: Witness = field(init=False)
    other: Client = field(init=False)  # whose topics are tried; it hears its own commands all the time

    def topic(self, cell: Cell) -> str:
        """The topic of a cell, with the other device or the actor itself in it."""
        own = position_topic(cell.actor) if cell.actor in self.secrets else ""
        other = position_topic(OTHER)
        shard = other.split("/")[1]
        return cell.what.format(
            own=own, other=other, login=cell.actor, other_login=OTHER, shard=shard, dots=other.replace("/", ".")
        )

    def connect(self, actor: str, name: str = "", clean: bool = True, will: tuple[str, bytes] | None = None) -> Client:
        login, secret = actor, self.secrets.get(actor, "")
        if actor == BRIDGE:
            login, secret = BRIDGE_LOGIN, self.broker.bridge_secret
            name = name or client_id(secret)
        port, ca_file = self.broker.tls_port, self.broker.ca_file
        return Client(port, login, secret, ca_file, client_id=name, clean=clean, will=will)

    def said(self, what: str = "said") -> bytes:
        """A payload that there is once."""
        return f"<{what} {next(self.numbers)}>".encode()

    def saw(self, said: bytes) -> bool:
        """Whether it went anywhere."""
        return any(said in payload for one in (self.witness, self.other) for payload in list(one.payloads))

    def mark(self) -> None:
        """Let a device say what it may: when that has arrived, what was refused before it will not arrive."""
        mark = self.said("mark")
        self.other.publish(f"{position_topic(OTHER)}/cmd", mark)
        for one in (self.other, self.witness):
            wait_until(lambda there=one: any(mark in payload for payload in list(there.payloads)), "a mark arrives")

    def command(self, login: str, said: bytes) -> None:
        """Say what is meant for a device; where a login is one connection, it cannot do so itself beside that."""
        if isinstance(self.broker, Mosquitto):
            assert isinstance(self.witness, Client)
            self.witness.publish(f"{position_topic(login)}/cmd", said)
        else:
            client = self.connect(login)
            client.publish(f"{position_topic(login)}/cmd", said)
            client.wait_acknowledged(1)
            client.close()
        wait_until(lambda: self.saw(said), "it is said")

    def stored(self) -> int:
        with self.engine.connect() as conn:
            return conn.scalars(select(func.count()).select_from(StoredFix)).one()


@contextmanager
def world(kind: str, broker: AnyBroker, engine: Engine, database: Database, folder: Path) -> Iterator[World]:
    """The running world of one broker; its devices are admitted, one was revoked again."""
    login = witness.prepare(broker)
    with engine.begin() as conn:
        secrets = {one: add_device(conn, one, "tracker", vehicle_id=builders.vehicle(conn), since=builders.LONG_AGO)
                   for one in DEVICES}  # fmt: skip
    tls = {"MQTT_URL": broker.tls_url, "MQTT_CA_FILE": str(broker.ca_file)}
    bridge = bridge_process(database, broker, folder, **tls)
    processes = [broker.process, *access_processes(database.app_url, database.owner_url, broker, folder), bridge]
    there = World(engine, broker, bridge, secrets, kind)
    try:
        broker.process.start()
        for process in processes[1:]:
            process.start(wait=False)
        _people(there, login)
        yield there
        there.other.close()
        there.witness.close()
    finally:
        for process in reversed(processes):
            process.stop()


def _people(world: World, login: Login) -> None:
    for one in DEVICES:
        wait_until(lambda device=one: comes_in(world, device), f"{one} is admitted")
    world.witness = witness.begin(world.broker, login, world.secrets[WITNESS])
    with world.engine.begin() as conn:
        revoke_device(conn, REVOKED)
    wait_until(lambda: not comes_in(world, REVOKED), "the revoked one is not")
    world.other = world.connect(OTHER)
    assert world.other.subscribe(f"{position_topic(OTHER)}/cmd")
    for topic in ("", "/cmd"):
        world.other.publish(position_topic(OTHER) + topic, b"<kept>", retain=True)
    world.mark()


def comes_in(world: World, login: str) -> bool:
    client = world.connect(login)
    client.close()
    return client.code == "Success"


# What actors do. Each answers in the words of the table what came of it.


def connect(world: World, cell: Cell) -> str:
    """`what` says by which login and secret; subscribes and publishes before it has the broker's answer."""
    login, _, kind = cell.what.format(login=cell.actor, upper=cell.actor.upper()).partition(" with ")
    given = {
        "its secret": world.secrets.get(login, ""), "the bridge's secret": world.broker.bridge_secret, "none": "",
        "a wrong secret": "wrong", "another's secret": world.secrets[OTHER],
        "its bcrypt hash": _kept_hash(world, login, "secret_bcrypt"),
        "its pbkdf2 hash": _kept_hash(world, login, "secret_pbkdf2"),
        "its sha256 hash": _kept_hash(world, login, "secret_sha256"),
    }[kind]  # fmt: skip
    said = world.said()
    heard = in_one_breath(world, login or None, given, said)
    world.mark()
    if world.saw(said):
        return ARRIVES
    return DELIVERS if b"<" in heard else CONNECTS if heard.startswith(LET_IN) else KEPT_OUT


def in_one_breath(world: World, login: str | None, secret: str, said: bytes) -> bytes:
    """Connect, subscribe and publish in another's name before the broker answered; all that it said to that."""
    flags = 0x02 if login is None else 0xC2
    parts = [b"breath", *([] if login is None else [login.encode(), secret.encode()])]
    there = b"\0\4MQTT\4" + bytes([flags]) + b"\0\x3c" + b"".join(map(_text, parts))
    theirs = position_topic(OTHER)
    packets = [(0x10, there), (0x82, b"\0\1" + _text(f"{theirs}/cmd".encode()) + b"\0"),
               (0x30, _text(theirs.encode()) + said), (0x30, _text(f"{theirs}/cmd".encode()) + said)]  # fmt: skip
    sent = b"".join(bytes([kind]) + _length(len(body)) + body for kind, body in packets)
    trusted, heard = ssl.create_default_context(cafile=str(world.broker.ca_file)), b""
    with (
        socket.create_connection(("127.0.0.1", world.broker.tls_port), 30) as plain,
        trusted.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        wrapped.sendall(sent)
        try:
            while not (heard.startswith(LET_IN) and heard > LET_IN) and (fresh := wrapped.recv(4096)):
                heard += fresh
        except ConnectionError:
            pass  # it was ended with what was sent unread
    return heard


def _text(content: bytes) -> bytes:
    return len(content).to_bytes(2) + content


def _length(count: int) -> bytes:
    return bytes([count]) if count < 128 else bytes([count % 128 | 128, count // 128])


def _kept_hash(world: World, login: str, column: str) -> str:
    with world.engine.connect() as conn:
        query = text(f"SELECT {column} FROM device WHERE login = :login")
        return str(conn.execute(query, {"login": login}).scalar() or "none")


def publish(world: World, cell: Cell) -> str:
    topic, said = world.topic(cell), world.said()
    client = world.connect(cell.actor)
    client.publish(topic, said, cell.retain, cell.qos)
    client.subscribe("owntracks/+/+" if cell.actor == BRIDGE else f"{position_topic(cell.actor)}/cmd")
    ended = client.disconnected
    client.close()
    world.mark()
    if cell.retain and isinstance(world.witness, Client):  # NATS's witness sees what is kept
        world.witness.subscribe(topic)
        world.mark()
    return ARRIVES if world.saw(said) else ENDED if ended else NOWHERE


def leave_a_will_on(world: World, cell: Cell) -> str:
    said, mark = world.said(), world.said("mark")
    world.connect(cell.actor, will=(world.topic(cell), said)).drop()
    world.connect(cell.actor, will=(position_topic(cell.actor), mark)).drop()
    wait_until(lambda: world.saw(mark), "a will that is allowed arrives")
    world.mark()
    return ARRIVES if world.saw(said) else NOWHERE


def subscribe(world: World, cell: Cell) -> str:
    spy, wanted = world.connect(cell.actor), world.topic(cell)
    granted = spy.subscribe(wanted, cell.qos)
    theirs, own = world.said("theirs"), world.said("own")
    for topic in ("", "/event", "/cmd"):
        world.other.publish(position_topic(OTHER) + topic, theirs)
    world.mark()
    if not spy.disconnected:
        _hear_a_mark(world, cell, spy, own)
    ended = spy.disconnected
    spy.close()
    if theirs in spy.payloads or b"<kept>" in spy.payloads:
        return DELIVERS
    topics = {topic for topic, said in zip(spy.heard, spy.payloads, strict=True) if said == own}
    if topics:
        return OWN_COMMANDS if topics == {f"{position_topic(cell.actor)}/cmd"} else f"delivers its own {topics}"
    return ENDED if ended else SILENT if granted else REFUSED


def _hear_a_mark(world: World, cell: Cell, spy: Client, own: bytes) -> None:
    """Let the spy hear what it may: what it was to hear before that, it has heard."""
    mark = world.said("mark")
    if cell.actor == BRIDGE:
        spy.subscribe(f"{position_topic(OTHER)}/event", cell.qos)
        world.other.publish(f"{position_topic(OTHER)}/event", mark)
    else:
        mine = position_topic(cell.actor)
        for topic in ("", "/event", "/cmd"):
            spy.publish(mine + topic, own)
        spy.wait_acknowledged(3)
        spy.subscribe(f"{mine}/cmd", cell.qos)
        spy.publish(f"{mine}/cmd", mark)
    wait_until(lambda: mark in spy.payloads or spy.disconnected, "it hears what it may")


def take_the_client_id(world: World, cell: Cell) -> str:
    """Of a truck that is there, or away with a command waiting; to go on with its session or to begin a clean one.

    Then another command is said. The answer tells what the truck has of both when it comes back.
    """
    name = cell.what.split()[0]
    victim, waits, said = _truck(world, name), world.said("waits"), world.said("said")
    if "away" in cell.what:
        victim.close()
        world.command(TRUCK, waits)
    thief = world.connect(cell.actor, name, clean="clean" in cell.what)
    if "ended" in cell.on(world.rights_of):
        wait_until(lambda: victim.disconnected, "who was there is out")
    world.command(TRUCK, said)
    if let_in := thief.code == "Success":
        _hear_a_mark(world, cell, thief, b"own")
    overheard = {said, waits} & set(thief.payloads)
    thief.close()
    got = {said, waits} & {*victim.payloads, *_back(world, victim, name)}
    gets = "it gets all" if len(got) == 1 + ("away" in cell.what) else "what waits for it is lost"
    how = "the truck's connection is ended, " if "ended" in cell.on(world.rights_of) else ""
    return OVERHEARD if overheard else f"{'let in' if let_in else 'kept out'}: {how}{gets}"


def _truck(world: World, name: str) -> Client:
    """The truck with its own session. For a second after two came with one client id, NATS takes neither."""
    while True:
        client = world.connect(TRUCK, name, clean=False)
        if client.code == "Success" and client.subscribe(f"{position_topic(TRUCK)}/cmd"):
            return client
        client.close()


def _back(world: World, victim: Client, name: str) -> list[bytes]:
    """What a device hears that comes back with its session."""
    mark = world.said("mark")
    victim.close()
    back = _truck(world, name)
    back.publish(f"{position_topic(TRUCK)}/cmd", mark)
    wait_until(lambda: mark in back.payloads, "it hears what it may")
    back.close()
    world.connect(TRUCK, name).close()  # a clean one: nothing stays for the next cell
    return back.payloads


def take_the_bridges_client_id(world: World, cell: Cell) -> str:
    """By one who knows it, which nobody does, while the bridge is there or away; then a fix is to be stored."""
    before, name = world.stored(), client_id(world.broker.bridge_secret)
    if "away" in cell.what:
        world.bridge.stop()
        world.other.publish(position_topic(OTHER), location(before))
        world.mark()
    thief = world.connect(cell.actor, name, clean="clean" in cell.what)
    let_in = thief.code == "Success"
    if let_in:
        _hear_a_mark(world, cell, thief, b"own")
    thief.close()
    if "away" in cell.what:
        world.bridge.start()
    else:
        world.other.publish(position_topic(OTHER), location(before))
    try:
        wait_until(lambda: world.stored() == before + 1, "it is stored", 15)
    except AssertionError:
        return FIX_LOST
    overheard = any(b"_type" in payload for payload in thief.payloads)
    return OVERHEARD if overheard else f"{'let in' if let_in else 'kept out'}: nothing is lost"


def stay_after_it_is_revoked(world: World, cell: Cell) -> str:
    client, said = world.connect(cell.actor), world.said()
    assert client.subscribe(f"{position_topic(cell.actor)}/cmd")
    with world.engine.begin() as conn:
        revoke_device(conn, cell.actor)
    wait_until(lambda: client.disconnected, "its connection ends")
    client.publish(position_topic(cell.actor), said)
    client.publish(f"{position_topic(cell.actor)}/cmd", said)
    world.mark()
    client.close()
    back = world.connect(cell.actor)
    back.close()
    return ARRIVES if world.saw(said) or client.payloads else CONNECTS if back.code == "Success" else KEPT_OUT


def read_secrets(world: World, cell: Cell) -> str:
    """Whether anything that went over the broker, to whomever, holds a secret or a hash."""
    with world.engine.connect() as conn:
        query = "SELECT secret_bcrypt, secret_pbkdf2, secret_sha256 FROM device"
        hashes = [kept for row in conn.execute(text(query)) for kept in row if kept]
    opens = [*hashes, *world.secrets.values(), world.broker.bridge_secret]
    carried = b"\n".join([*world.witness.payloads, *world.other.payloads])
    return DELIVERS if any(one.encode() in carried for one in opens) else NOWHERE
