"""The brokers that are kept in step, each behind the same four questions."""

from __future__ import annotations

import hashlib
import hmac
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from sqlalchemy import Engine

from tracker import metrics
from tracker.broker_access import mosquitto, nats, rabbitmq
from tracker.broker_access.callout import Callout, Logins, LookUp
from tracker.broker_access.expel import Expeller
from tracker.broker_access.nats_keys import Keys
from tracker.broker_access.violations import LogTail, denied
from tracker.storage.broker_hashes import SHA256_SALT_BYTES, sha256
from tracker.storage.devices import BrokerLogin, count_denied

if TYPE_CHECKING:
    from config import Config

log = logging.getLogger("broker-access")


class Kind(Protocol):
    """One running broker. Everything raises OSError while it is away."""

    reads: str  # which hash of a device's secret it checks, an attribute of BrokerLogin

    def admit_bridge(self) -> None:
        """Let the bridge in, and nobody else yet, where the broker knows nobody."""

    def bridge_session_exists(self) -> bool:
        """Whether it keeps for the bridge what devices publish."""

    def admit(self, devices: Sequence[BrokerLogin]) -> bool:
        """Let in these and end the connections of all others; True where that was news."""

    def watch(self, engine: Engine) -> None:
        """Look at what it keeps, and at what it denied."""


class Nats:
    """A NATS server with its files in `folder`, which asks who may enter; of a cluster, the one beside this process."""

    reads = "secret_bcrypt"  # which every device has

    def __init__(self, folder: Path, keys: Keys, tail: LogTail, look_up: LookUp) -> None:
        self._folder, self._tail = folder, tail
        self._logins = Logins()
        self._callout = Callout(folder, keys, self._logins, lambda: nats.bridge_session_exists(folder), look_up)
        self._expeller = Expeller(folder, keys, self._logins)

    def admit_bridge(self) -> None:
        """Its configuration does that; from now on everybody else is answered."""
        if not self._callout.ident:
            self._callout.start()
            self._expeller.start()

    def bridge_session_exists(self) -> bool:
        return nats.bridge_session_exists(self._folder)

    def admit(self, devices: Sequence[BrokerLogin]) -> bool:
        before = len(self._logins)
        gone = self._logins.replace(devices)
        if gone:
            self._expeller.expel(gone)
        return bool(gone) or before != len(devices)

    def watch(self, engine: Engine) -> None:
        if not (self._callout.works() and self._expeller.is_alive()):
            sys.exit("a thread ended by an error: the whole process is started anew")
        if trouble := self._callout.trouble:
            raise ConnectionError(trouble)
        watch_nats(engine, self._folder, self._tail)


def watch_nats(engine: Engine, folder: Path, tail: LogTail) -> None:
    """Look at the broker's backlog, and count at each device what it published where it may not."""
    metrics.BACKLOG.set(nats.backlog(folder))
    metrics.REPEATED.set(nats.redelivered(folder))
    # first all that may fail at the broker, then all or nothing: what is counted is not read again
    found = [(nats.login_of(folder, one.connection), one) for one in denied(tail.read())]
    with engine.begin() as conn:
        for login, one in found:
            if login is not None:
                count_denied(conn, login, one.count, one.topic)
    tail.remember()
    for login, one in found:
        metrics.DENIED.inc(one.count)
        log.warning("%s published %d times where it may not, last on %s", login or "somebody", one.count, one.topic)


class Mosquitto:
    """A Mosquitto with its files in `folder`. It tells neither what it keeps nor what it denied."""

    reads = "secret_pbkdf2"

    def __init__(self, folder: Path, bridge_secret: str) -> None:
        self._folder, self._secret = folder, bridge_secret
        self._told = False

    def admit_bridge(self) -> None:
        if not (self._folder / mosquitto.PASSWORD_FILE).exists():
            mosquitto.admit(self._folder, mosquitto.password_file([], self._secret))

    def bridge_session_exists(self) -> bool:
        return mosquitto.bridge_session_exists(self._folder)

    def admit(self, devices: Sequence[BrokerLogin]) -> bool:
        news = mosquitto.admit(self._folder, mosquitto.password_file(devices, self._secret)) or not self._told
        if news:
            mosquitto.reload(self._folder)
            self._told = True
        return news

    def watch(self, engine: Engine) -> None:
        pass


class RabbitMQ:
    """A RabbitMQ, or a cluster of them, behind its management interface. It does not tell what it denied."""

    reads = "secret_sha256"

    def __init__(self, management: rabbitmq.Management, bridge_login: str, bridge_secret: str) -> None:
        self._management, self._login, self._secret = management, bridge_login, bridge_secret
        self._known: dict[str, str | None] | None = None  # the hashes of who is in; None: to be asked for

    def admit_bridge(self) -> None:
        salt = hmac.digest(self._secret.encode(), b"salt", hashlib.sha256)[:SHA256_SALT_BYTES]
        rabbitmq.admit_bridge(self._management, self._login, sha256(self._secret.encode(), salt))
        self._known = None

    def bridge_session_exists(self) -> bool:
        return rabbitmq.bridge_session_exists(self._management)

    def admit(self, devices: Sequence[BrokerLogin]) -> bool:
        known = rabbitmq.admitted(self._management) if self._known is None else self._known
        self._known = None  # whatever fails now: ask again
        wanted = {device.login: device.secret_sha256 for device in devices}
        gone = [login for login, hashed in known.items() if wanted.get(login) != hashed]
        fresh = [device for device in devices if known.get(device.login) != device.secret_sha256]
        # a renewed secret, too, ends the connection that was made with the old one
        rabbitmq.expel(self._management, gone)
        rabbitmq.admit(self._management, fresh)
        self._known = dict(wanted)
        return bool(gone or fresh)

    def watch(self, engine: Engine) -> None:
        metrics.BACKLOG.set(rabbitmq.backlog(self._management))


def kind_of(config: Config, look_up: LookUp) -> Kind:
    """The broker of a configuration."""
    parts = urlsplit(config.mqtt_urls[0])
    secret, folder = unquote(parts.password or ""), config.broker_dir
    read_until = config.data_dir / "log" / "broker.read"
    kinds: dict[str, Callable[[], Kind]] = {
        "nats": lambda: Nats(folder, Keys(config.broker_secret), LogTail(config.broker_log, read_until), look_up),
        "mosquitto": lambda: Mosquitto(folder, secret),
        "rabbitmq": lambda: RabbitMQ(rabbitmq.Management(config.broker_api), unquote(parts.username or ""), secret),
    }
    return kinds[config.broker or ""]()
