"""NATS asks who may connect (auth callout), and this answers: from memory, so that no database is in the way.

An answer that is yes is a token signed by our issuer, with exactly the rights of that device.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from queue import Full, Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import bcrypt

from tracker.broker_access import nats
from tracker.broker_access.nats import login_in, name_of
from tracker.broker_access.nats_connection import Connection, Message, published
from tracker.broker_access.nats_keys import Keys, claims_of
from tracker.wire.topics import BRIDGE_CLIENTS, LOGIN, ROOT, TO_DEVICES, shard

if TYPE_CHECKING:
    from tracker.storage.devices import BrokerLogin

QUESTIONS, GROUP = "$SYS.REQ.USER.AUTH", "access"
SERVERS_KEY = b"Nats-Server-Xkey:"
ACCOUNT = "$G"  # where it all happens
RETRY_S = 0.1
SESSION_LOOK_S = 0.2
TURN_S = 5.0
LOOK_UPS = 50  # in a second, of what memory does not say yes to
SALT_BYTES = 4
BCRYPT_LIMIT = 72  # bytes; a longer secret is none of ours

log = logging.getLogger("broker-access")

LookUp = Callable[[str], "BrokerLogin | None"]


class Logins:
    """The devices that may connect, as this process knows them."""

    def __init__(self) -> None:
        self._known: dict[str, BrokerLogin] = {}
        self.loaded = False

    def replace(self, devices: Iterable[BrokerLogin]) -> set[str]:
        """Know these and no others; the names of connections that were right until now."""
        before, self._known = self._known, {device.login: device for device in devices}
        self.loaded = True
        return {name_of(device) for login, device in before.items() if self._known.get(login) != device}

    def get(self, login: str) -> BrokerLogin | None:
        return self._known.get(login)

    def holds(self, name: str) -> bool:
        """Whether a connection of this name may stay."""
        device = self._known.get(login_in(name))
        return device is not None and name_of(device) == name

    def keep_for_another(self, client_id: str, login: str) -> bool:
        """Whether a client id is a bridge's, or the login of another device, or begins with that and a colon.

        Whoever connects with a client id ends the connection that has it, and may delete its session.
        """
        owner = client_id.partition(":")[0]
        return client_id.startswith(BRIDGE_CLIENTS) or (owner != login and owner in self._known)

    def __len__(self) -> int:
        return len(self._known)


class Question(NamedTuple):
    """Whether somebody may connect."""

    reply: str
    login: str
    secret: str
    client_id: str
    server: str
    servers_key: str
    connection_key: str  # made for this connection alone: no answer can be used again
    until: float  # nobody waits for the answer any more


class Callout(Thread):
    """Answers one server, and others of its cluster when theirs is away; finds it again by itself."""

    def __init__(
        self,
        folder: Path,
        keys: Keys,
        logins: Logins,
        session_exists: Callable[[], bool],
        look_up: LookUp | None = None,
    ) -> None:
        """`look_up` asks the database for one that is not known, or not by this secret: a change may be on its way."""
        super().__init__(name="callout", daemon=True)
        self._folder, self._keys, self._logins = folder, keys, logins
        self._session_exists, self._look_up = session_exists, look_up
        self._open = False  # we know who may, and the bridge's session is there: what devices publish is kept
        self._connection: Connection | None = None
        self._ended = Event()
        self._looker: Thread | None = None
        self._late: Queue[tuple[Connection, Question]] = Queue(LOOK_UPS)
        self._asked: set[str] = set()  # whom the database was asked for within this second, in vain or not yet answered
        self._second = 0.0
        self.answers: str | None = None  # the address of the server that it answers
        self.trouble: str | None = None  # why it answers none

    def run(self) -> None:
        if self._look_up is not None:
            self._looker = Thread(target=self._answer_late, args=(self._look_up,), name="look-up", daemon=True)
            self._looker.start()
        while not self._ended.is_set():
            try:
                self._serve()
            except (OSError, ValueError) as error:  # away, or about to start
                self.answers, self.trouble = None, str(error)
            self._ended.wait(RETRY_S)

    def works(self) -> bool:
        """Whether no thread of it has ended by an error."""
        return self.is_alive() and (self._looker is None or self._looker.is_alive())

    def end(self) -> None:
        """Answer no more."""
        self._ended.set()
        if connection := self._connection:
            connection.close()
        self.join()

    def _serve(self) -> None:
        session = self._session_exists()
        if session and not self._logins.loaded:
            return  # another service may know more
        self._open = session
        address = nats.address(self._folder)
        with Connection(address, self._keys.callout) as self._connection:
            self._connection.subscribe(QUESTIONS, GROUP)
            self.answers, self.trouble = address, None
            looked_at = time.monotonic()
            while not self._ended.is_set():
                said = self._connection.messages(TURN_S if self._open else SESSION_LOOK_S)
                if not self._open and time.monotonic() - looked_at >= SESSION_LOOK_S:
                    self._open, looked_at = self._logins.loaded and self._session_exists(), time.monotonic()
                self._connection.send(b"".join(map(self._answered, said)))

    def _answered(self, message: Message) -> bytes:
        """The answer, in the protocol's form; nothing where there is none, or none yet."""
        try:
            question = _read(self._keys, message)
        except (ValueError, KeyError, TypeError) as error:
            log.error("NATS asks what cannot be read: %s", error)
            return b""
        if question.until <= time.time():
            return b""  # after an outage those who still wait come first
        if not self._open or self._logins.keep_for_another(question.client_id, question.login):
            return self._said(question, None)
        device = self._logins.get(question.login)
        if device is not None and right(device, question.secret):
            return self._said(question, device)
        return b"" if self._put_off(question) else self._said(question, None)

    def _put_off(self, question: Question) -> bool:
        """Leave it to the thread that asks the database: once a second for one login in vain, and so many in all.

        So strangers who guess neither load the database nor keep others waiting. Whose secret is right is not counted.
        """
        if time.monotonic() - self._second >= 1:
            self._second = time.monotonic()
            self._asked.clear()
        asked = question.login in self._asked or len(self._asked) >= LOOK_UPS or not LOGIN.fullmatch(question.login)
        if asked or self._look_up is None or self._connection is None:
            return False
        self._asked.add(question.login)
        try:
            self._late.put_nowait((self._connection, question))
        except Full:  # the database hangs
            return False
        return True

    def _answer_late(self, look_up: LookUp) -> None:
        while True:
            connection, question = self._late.get()
            device = look_up(question.login)
            found = device if device is not None and right(device, question.secret) else None
            if found is not None:
                self._asked.discard(question.login)  # no guesser: it may come again before memory knows it
            try:
                connection.send(self._said(question, found))
            except OSError:
                pass  # nobody waits for it any more

    def _said(self, question: Question, device: BrokerLogin | None) -> bytes:
        common = {"iss": self._keys.issuer, "sub": question.connection_key, "iat": int(time.time())}
        answer: dict[str, object] = {"type": "authorization_response", "version": 2}
        if device is None:
            answer["error"] = "not admitted"
        else:
            rights = {"type": "user", "version": 2, "subs": -1, "data": -1, "payload": -1, **rights_of(device.login)}
            claims = {**common, "jti": "user", "name": name_of(device), "aud": ACCOUNT, "nats": rights}
            answer["jwt"] = self._keys.token(claims)
        token = self._keys.token({**common, "jti": "answer", "aud": question.server, "nats": answer})
        return published(question.reply, self._keys.sealed(token.encode(), question.servers_key))


def _read(keys: Keys, message: Message) -> Question:
    """Raises ValueError, KeyError or TypeError where it is no question of ours.

    The server's signature is not looked at: it is the only one who can seal with that key and may publish there, and an
    answer is of use to nobody who has not the device's secret.
    """
    servers_key = message.headers.partition(SERVERS_KEY)[2].partition(b"\r\n")[0].strip().decode()
    claims: dict[str, Any] = claims_of(keys.opened(message.payload, servers_key))
    asked = claims["nats"]
    given = asked["connect_opts"]
    return Question(
        message.reply, given.get("user", ""), given.get("pass", ""), asked["client_info"].get("mqtt_id", ""),
        asked["server_id"]["id"], servers_key, asked["user_nkey"], claims["exp"],
    )  # fmt: skip


def rights_of(login: str) -> dict[str, object]:
    """A device writes under its own topic in its own shard and reads its own `cmd`; it speaks MQTT only."""
    own = f"{ROOT}.{shard(login)}.{login}"
    return {
        "pub": {"allow": [own, f"{own}.*"]},  # deeper the bridge does not listen
        "sub": {"allow": [f"{own}.{TO_DEVICES}", "$MQTT.sub.>"]},
        "allowed_connection_types": ["MQTT"],
    }  # fmt: skip


def right(device: BrokerLogin, secret: str) -> bool:
    """Whether it is the device's secret. Devices from before migration 0003 have the slower hash only."""
    given = secret.encode(errors="surrogatepass")
    if device.secret_sha256 is None:
        return len(given) <= BCRYPT_LIMIT and bcrypt.checkpw(given, device.secret_bcrypt.encode())
    kept = base64.b64decode(device.secret_sha256)
    salt = kept[:SALT_BYTES]
    return hmac.compare_digest(hashlib.sha256(salt + given).digest(), kept[SALT_BYTES:])
