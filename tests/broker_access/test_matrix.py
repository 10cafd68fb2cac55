"""The authorisation matrix over MQTT: who does what, and what comes of it, on each broker as `deploy/` configures it.

"Arrives nowhere" is seen: a witness hears everything that the broker carries, and an allowed message that comes later
arrives. How a broker refuses is part of the table: Mosquitto grants every subscription and serves only what the rights
name; NATS and Mosquitto acknowledge what they drop; RabbitMQ ends the connection.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.broker_access.matrix import (
    ARRIVES,
    BRIDGE,
    CONNECTS,
    DELIVERS,
    ENDED,
    KEPT_OUT,
    LEAKS,
    LEAVING,
    NOWHERE,
    OWN_COMMANDS,
    PHONE,
    REFUSED,
    REVOKED,
    SILENT,
    TRUCK,
    Cell,
    connect,
    leave_a_will_on,
    publish,
    read_secrets,
    stay_after_it_is_revoked,
    subscribe,
    take_the_id_of_a_device,
    take_the_id_of_the_bridge,
    world,
)
from tests.conftest import Database
from tests.deploy.test_brokers import BROKERS
from tests.services import missing_program, server_folder

# what a broker does with a message that it may not take, and with a subscription that it may not serve
DROPS = {"nats": NOWHERE, "mosquitto": NOWHERE, "rabbitmq": ENDED}
SERVES_NOT = {"nats": REFUSED, "mosquitto": SILENT, "rabbitmq": ENDED}
# Mosquitto looks at each message, not at the subscription: one that covers a device's own commands brings those
SERVES_OWN = SERVES_NOT | {"mosquitto": OWN_COMMANDS}

WHO = [
    ("nobody", " with none"), ("nobody", "unknown with a wrong secret"), ("nobody", "guest with a wrong secret"),
    (PHONE, f"{PHONE} with none"), (PHONE, f"{PHONE} with a wrong secret"), (PHONE, f"{PHONE} with another's secret"),
    (PHONE, f"{PHONE} with its bcrypt hash"), (PHONE, f"{PHONE} with its pbkdf2 hash"),
    (PHONE, f"{PHONE} with its sha256 hash"), (PHONE, "PHONE-A with a wrong secret"),
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
    "+/+/{login}", "+/+/+", "owntracks/+/{login}",
]  # fmt: skip
WIDE_FILTERS = ["#", "owntracks/#", "+/#", "+/+/+/+", "owntracks/+/+/+", "+/+/+/cmd", "{own}/#", "{own}/+",
                "+/+/{login}/cmd", "owntracks/+/{login}/cmd", "owntracks/+/{login}/#"]  # fmt: skip


def table() -> list[Cell]:
    cells = [Cell(who, connect, what, KEPT_OUT) for who, what in WHO]
    cells += [Cell(who, connect, f"{who} with its secret", CONNECTS) for who in (PHONE, TRUCK)]
    for who in (PHONE, TRUCK):
        cells += [Cell(who, publish, topic, ARRIVES, qos) for topic in OWN_TOPICS for qos in (0, 1)]
        cells += [Cell(who, publish, topic, DROPS, qos) for topic in FOREIGN_TOPICS for qos in (0, 1)]
        cells += [Cell(who, publish, topic, DROPS, 1, True) for topic in ("{other}", "{other}/cmd", "$SYS/x")]
        cells += [Cell(who, leave_a_will_on, topic, NOWHERE) for topic in ("{other}", "{other}/cmd", "$SYS/x")]
        cells += [Cell(who, leave_a_will_on, topic, ARRIVES) for topic in ("{own}", "{own}/event")]
        for qos in (0, 1):
            cells += [Cell(who, subscribe, "{own}/cmd", OWN_COMMANDS, qos)]
            cells += [Cell(who, subscribe, topic, SERVES_NOT, qos) for topic in FOREIGN_FILTERS]
            cells += [Cell(who, subscribe, topic, SERVES_OWN, qos) for topic in WIDE_FILTERS]
            cells += [Cell(who, subscribe, topic, SERVES_NOT, qos) for topic in ("$share/g/#", "$share/g/{other}/cmd")]
    cells += [Cell(PHONE, publish, "{own}", ARRIVES, 1, True), Cell(PHONE, publish, "{other}", DROPS, 2)]
    cells += [Cell(PHONE, take_the_id_of_a_device, what, "?") for what in
              ("there", "there, clean", "away", "away, clean")]
    cells += [Cell(PHONE, take_the_id_of_the_bridge, what, "?") for what in
              ("there", "there, clean", "away", "away, clean", "away, read")]
    cells += [Cell(LEAVING, stay_after_it_is_revoked, "", KEPT_OUT)]
    return cells


def table_of_the_bridge() -> list[Cell]:
    cells = [Cell(BRIDGE, publish, topic, DROPS) for topic in ("{other}", "{other}/cmd", "$SYS/x", "anything")]
    cells += [Cell(BRIDGE, subscribe, topic, DELIVERS) for topic in ("owntracks/#", "owntracks/+/+", "owntracks/+/+/+")]
    cells += [Cell(BRIDGE, subscribe, topic, SERVES_NOT) for topic in ("$SYS/#", "$MQTT/#", "$JS/#")]
    cells += [Cell("anybody", read_secrets, "or hashes", NOWHERE)]
    return cells


@pytest.mark.parametrize("kind", BROKERS)
def test_each_actor_may_do_what_the_table_says_and_nothing_else(
    kind: str, engine: Engine, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if program := missing_program(kind):
        pytest.skip(f"{program} is not installed: deploy/setup test-services")
    rights_of = "nats" if kind == "cluster" else kind
    wrong, leaks = [], 0
    with server_folder() as folder, world(BROKERS[kind](folder), engine, database, tmp_path) as there:
        cells = [table(), table_of_the_bridge()]
        for some in cells:
            for cell in some:
                expected, was = cell.on(rights_of), cell.does(there, cell)
                if was != expected:
                    wrong.append(f"{cell.name}: {was}; it should be: {expected}")
                    leaks += was in LEAKS
            there.bridge.stop()  # its login, and on Mosquitto its only connection, is for the table now
    with capsys.disabled():
        print(f"\nMQTT matrix: {sum(map(len, cells))} cells on {kind}, {leaks} leaks")
    assert not wrong, "\n".join(wrong)
