"""One who sees all that a test's broker carries, so that a test sees that nothing came of what was refused.

No city has such a login: it is written into the test's own copy of the configuration.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from threading import Thread
from typing import Protocol

from nacl.signing import SigningKey

from tests.devices import Client
from tests.services import AnyBroker, Broker, Mosquitto, NatsCluster, RabbitMQ
from tracker.broker_access import nats
from tracker.broker_access.nats_connection import Connection
from tracker.broker_access.nats_keys import Login

WITNESS = "witness"  # on Mosquitto and RabbitMQ a device with rights of its own
NATS_USER = '{{nkey: "{}", permissions: {{subscribe: ">", publish: {{deny: ">"}}}}}}\n    # The bridge reads'
EVERYTHING = ("#", "$SYS/#", "$MQTT/#", "$JS/#")


class Witness(Protocol):
    """What was seen so far, from every topic or subject."""

    payloads: list[bytes]

    def close(self) -> None: ...


class NatsWitness:
    """Reads everything in NATS's own protocol, where the broker's internal subjects are seen too."""

    def __init__(self, folder: Path, login: Login) -> None:
        self.payloads: list[bytes] = []
        self._connection = Connection(nats.address(folder), login)
        self._connection.subscribe(">")
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._connection.close()
        self._thread.join()

    def _listen(self) -> None:
        try:
            while True:
                self.payloads += [message.payload for message in self._connection.messages(60)]
        except (OSError, ValueError):
            pass  # closed


def prepare(broker: AnyBroker) -> Login:
    """Write the witness's rights before the broker starts; the login it has at NATS."""
    login = Login(SigningKey(secrets.token_bytes(32)))
    for folder in nats_folders(broker):
        path = folder / "logins.conf"
        known = path.read_text().replace("# The bridge reads", NATS_USER.format(login.public), 1)
        path.write_text(known.replace('auth_users: ["_bridge"', f'auth_users: ["_bridge", "{login.public}"'))
    if isinstance(broker, Mosquitto):
        everything = "".join(f"topic readwrite {topic}\n" for topic in EVERYTHING)
        with (broker.folder / "rights").open("a") as file:
            file.write(f"\nuser {WITNESS}\n{everything}")
    return login


def begin(broker: AnyBroker, login: Login, secret: str) -> Witness:
    """Let it look; `secret` is the one of the device of its name, which is admitted already."""
    if folders := nats_folders(broker):
        return NatsWitness(folders[0], login)
    if isinstance(broker, RabbitMQ):
        rights = {"user": WITNESS, "vhost": "/"}
        broker.management.ask("definitions", {
            "permissions": [rights | {"configure": ".*", "write": ".*", "read": ".*"}],
            "topic_permissions": [rights | {"exchange": "amq.topic", "write": ".*", "read": ".*"}],
        })  # fmt: skip
    client = Client(broker.tls_port, WITNESS, secret, broker.ca_file)
    assert all(client.subscribe(topic) for topic in EVERYTHING)
    return client


def nats_folders(broker: AnyBroker) -> list[Path]:
    """The folders of its servers, if it is NATS."""
    if isinstance(broker, NatsCluster):
        return [node.folder for node in broker.nodes]
    return [broker.nats.folder] if isinstance(broker, Broker) else []
