"""The authorisation matrix over MQTT: who does what, and what comes of it, on each broker as `deploy/` configures it.

"Arrives nowhere" is seen: a witness hears everything that the broker carries, and an allowed message that comes later
arrives. How a broker refuses is part of the table. A foreign message: NATS and Mosquitto acknowledge it, Mosquitto and
RabbitMQ end the connection. A foreign subscription: NATS says no, Mosquitto grants it and serves of it only what the
rights name, RabbitMQ ends the connection. A foreign will is dropped when it is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.broker_access.matrix import (
    ARRIVES,
    AT_ONCE,
    BRIDGE,
    CONNECTS,
    DELIVERS,
    ENDED,
    KEPT_OUT,
    LEAKS,
    LEAVING,
    NOWHERE,
    OVERHEARD,
    OWN_COMMANDS,
    PHONE,
    REFUSED,
    REVOKED,
    SILENT,
    TRUCK,
    Cell,
    World,
    connect,
    leave_a_will_on,
    publish,
    read_secrets,
    stay_after_it_is_revoked,
    subscribe,
    take_the_bridges_client_id,
    take_the_client_id,
    world,
)
from tests.conftest import Database
from tests.deploy.test_brokers import BROKERS
from tests.services import missing_program, server_folder

# what a broker does with a message that it may not take, and with a subscription that it may not serve
DROPS = {"nats": NOWHERE, "mosquitto": ENDED, "rabbitmq": ENDED}
SERVES_NOT = {"nats": REFUSED, "mosquitto": SILENT, "rabbitmq": ENDED}
# Mosquitto looks at each message, not at the subscription: one that covers a device's own commands brings those
SERVES_OWN = SERVES_NOT | {"mosquitto": OWN_COMMANDS}

WHO = [
    ("nobody", " with none"), ("nobody", "unknown with a wrong secret"), ("nobody", "guest with a wrong secret"),
    (PHONE, "{login} with none"), (PHONE, "{login} with a wrong secret"), (PHONE, "{login} with another's secret"),
    (PHONE, "{login} with its bcrypt hash"), (PHONE, "{login} with its pbkdf2 hash"),
    (PHONE, "{login} with its sha256 hash"), (PHONE, "{upper} with a wrong secret"),
    (PHONE, "_bridge with none"), (PHONE, "_bridge with another's secret"), (REVOKED, f"{REVOKED} with its secret"),
    (REVOKED, f"{REVOKED} with none"),
]  # fmt: skip
OWN_TOPICS = ["{own}", "{own}/event", "{own}/status", "{own}/waypoint", "{own}/cmd"]
FOREIGN_TOPICS = [
    "{other}", "{other}/event", "{other}/cmd", "{dots}", "{dots}.cmd", "owntracks/{login}/{other_login}",
    "owntracks/{shard}/{other_login}/{login}", "/{other}", "owntracks", "anything", "$SYS/broker/uptime",
    "$SYS/REQ/SERVER/PING", "$MQTT/msgs/{other}", "$MQTT/sub/x", "$MQTT/JSA/x", "$JS/API/INFO", "$JS/API/STREAM/LIST",
    "_INBOX/access/x", "$share/g/{other}", "$queue/{other}", "$CONTROL/dynamic-security/v1",
]  # fmt: skip
FOREIGN_FILTERS = [
    "{other}", "{other}/cmd", "{other}/#", "{other}/+", "{dots}", "{dots}.cmd", "owntracks/{shard}/+", "owntracks/+/+",
    "owntracks/*/*", "owntracks/*/*/cmd", "owntracks/>", "$SYS/#", "$SYS/broker/#", "$MQTT/#", "$MQTT/sub/#",
    "+/sub/#", "$MQTT/msgs/#", "$MQTT/rmsgs/#", "$JS/#", "$JS/API/#", "_INBOX/#", "$CONTROL/#", "{own}", "{own}/event",
    "+/+/{login}", "+/+/+", "owntracks/+/{login}", "$share/{login}/{other}/cmd",
]  # fmt: skip
WIDE_FILTERS = ["#", "owntracks/#", "+/#", "+/+/+/+", "owntracks/+/+/+", "+/+/+/cmd", "{own}/#", "{own}/+",
                "+/+/{login}/cmd", "owntracks/+/{login}/cmd", "owntracks/+/{login}/#", "$share/{login}/#"]  # fmt: skip


KEEPS_OUT = {"nats": "kept out: it gets all", "mosquitto": "let in: it gets all", "rabbitmq": "kept out: it gets all"}
# A client id of another form belongs to whoever knows it. Mosquitto's are the logins, whatever a client says.
ANY_ID = "any-id-of-a-truck"
ENDS = "the truck's connection is ended, "
THERE = {"nats": f"let in: {ENDS}it gets all", "rabbitmq": OVERHEARD}
THERE_CLEAN = {kind: f"let in: {ENDS}what waits for it is lost" for kind in ("nats", "rabbitmq")}
AWAY = {"nats": "let in: it gets all", "rabbitmq": OVERHEARD}
AWAY_CLEAN = {kind: "let in: what waits for it is lost" for kind in ("nats", "rabbitmq")}
IDS = [
    (f"{TRUCK}:1 there", KEEPS_OUT), (f"{TRUCK}:1 there, clean", KEEPS_OUT), (f"{TRUCK}:1 away", KEEPS_OUT),
    (f"{TRUCK}:1 away, clean", KEEPS_OUT), (f"{ANY_ID} there", KEEPS_OUT | THERE),
    (f"{ANY_ID} there, clean", KEEPS_OUT | THERE_CLEAN),
    (f"{ANY_ID} away", KEEPS_OUT | AWAY), (f"{ANY_ID} away, clean", KEEPS_OUT | AWAY_CLEAN),
]  # fmt: skip
BRIDGES = {"nats": "kept out: nothing is lost", "mosquitto": "let in: nothing is lost",
           "rabbitmq": "kept out: nothing is lost"}  # fmt: skip


def tried_together() -> list[Cell]:
    """What a phone or truck does with a connection of its own."""
    cells = [Cell(who, connect, what, KEPT_OUT) for who, what in WHO]
    cells += [Cell(who, connect, "{login} with its secret", CONNECTS) for who in (PHONE, TRUCK)]
    cells += [Cell(PHONE, publish, topic, DROPS, qos) for topic in FOREIGN_TOPICS for qos in (0, 1)]
    for who in (PHONE, TRUCK):
        cells += [Cell(who, publish, topic, ARRIVES, qos) for topic in OWN_TOPICS for qos in (0, 1)]
        cells += [Cell(who, publish, topic, DROPS, 1, True) for topic in ("{other}", "{other}/cmd", "$SYS/x")]
        cells += [Cell(who, leave_a_will_on, topic, NOWHERE) for topic in ("{other}", "{other}/cmd", "$SYS/x")]
        cells += [Cell(who, leave_a_will_on, topic, ARRIVES) for topic in ("{own}", "{own}/event")]
        cells += [Cell(who, subscribe, "{own}/cmd", OWN_COMMANDS, qos) for qos in (0, 1)]
    cells += [Cell(PHONE, subscribe, topic, SERVES_NOT, qos) for topic in FOREIGN_FILTERS for qos in (0, 1)]
    cells += [Cell(PHONE, subscribe, topic, SERVES_OWN, qos) for topic in WIDE_FILTERS for qos in (0, 1)]
    cells += [Cell(TRUCK, publish, topic, DROPS) for topic in ("{other}", "{other}/cmd", "$SYS/x", "$MQTT/sub/x")]
    cells += [Cell(TRUCK, subscribe, topic, SERVES_NOT) for topic in ("{other}", "{other}/cmd", "$SYS/#", "+/+/+")]
    cells += [Cell(TRUCK, subscribe, topic, SERVES_OWN) for topic in ("#", "owntracks/#", "$share/{login}/#")]
    cells += [Cell(PHONE, publish, "{own}", ARRIVES, 1, True)]
    cells += [Cell(PHONE, publish, "{other}", DROPS | {"nats": ENDED}, 2)]
    return cells


def tried_alone() -> list[Cell]:
    """What changes something for others."""
    cells = [Cell(PHONE, take_the_client_id, what, expected) for what, expected in IDS]
    cells += [
        Cell(PHONE, take_the_bridges_client_id, what, BRIDGES)
        for what in ("there", "there, clean", "away", "away, clean")
    ]
    cells += [Cell(LEAVING, stay_after_it_is_revoked, "", KEPT_OUT)]
    return cells


def tried_by_the_bridge() -> list[Cell]:
    cells = [Cell(BRIDGE, publish, topic, DROPS) for topic in ("{other}", "{other}/cmd", "$SYS/x", "anything")]
    cells += [Cell(BRIDGE, subscribe, topic, DELIVERS) for topic in ("owntracks/+/+", "owntracks/+/+/+")]
    # more than NATS lets one client have unacknowledged
    cells += [Cell(BRIDGE, subscribe, "owntracks/#", {"nats": REFUSED, "mosquitto": DELIVERS, "rabbitmq": DELIVERS})]
    cells += [Cell(BRIDGE, subscribe, topic, SERVES_NOT) for topic in ("$SYS/#", "$MQTT/#", "$JS/#")]
    return [*cells, Cell("anybody", read_secrets, "or hashes", NOWHERE)]


def outcomes(there: World) -> Iterator[tuple[Cell, str]]:
    """Each cell, and what came of it."""
    together = tried_together()

    def by_one(number: int) -> list[tuple[Cell, str]]:
        return [(cell, cell.does(there, cell.by(number))) for cell in together[number::AT_ONCE]]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for some in pool.map(by_one, range(AT_ONCE)):
            yield from some
    for cell in tried_alone():
        yield cell, cell.does(there, cell)
    there.bridge.stop()  # its login, and on Mosquitto its only connection, is for the table now
    for cell in tried_by_the_bridge():
        yield cell, cell.does(there, cell)


@pytest.mark.parametrize("kind", ["nats", "mosquitto", "rabbitmq"])
def test_each_actor_may_do_what_the_table_says_and_nothing_else(
    kind: str, engine: Engine, database: Database, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    if program := missing_program(kind):
        pytest.skip(f"{program} is not installed: deploy/setup test-services")
    with server_folder() as folder, world(kind, BROKERS[kind](folder), engine, database, tmp_path) as there:
        found = list(outcomes(there))
    wrong = [(cell, was) for cell, was in found if was != cell.on(kind)]
    record_property("matrix", (f"MQTT on {kind}", len(found), sum(was in LEAKS for _, was in wrong)))
    assert not wrong, "\n".join(f"{cell.name}: {was}; it should be: {cell.on(kind)}" for cell, was in wrong)
