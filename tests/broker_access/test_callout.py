"""NATS asks who may connect: what holds when the one who answers, or the database behind it, is away."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from config import kept_secret
from tests.broker_access.test_admission import new_device
from tests.conftest import Database, bridge_process
from tests.devices import Client, location
from tests.services import (
    Broker,
    DatabaseServer,
    NatsCluster,
    Process,
    access_processes,
    server_folder,
    wait_until,
)
from tracker.broker_access import nats
from tracker.broker_access.callout import LOOK_UPS, Callout, Logins
from tracker.broker_access.nats_connection import Connection, published
from tracker.broker_access.nats_keys import Keys, Login
from tracker.storage.broker_hashes import hashes
from tracker.storage.devices import BrokerLogin, add_device, renew_secret, revoke_device
from tracker.storage.engine import make_engine
from tracker.storage.migrate import migrate
from tracker.wire.topics import position_topic

SECRET = "0123456789abcdef" * 2


@pytest.fixture
def service(database: Database, broker: Broker, bridge: Process, tmp_path: Path) -> Iterator[Process]:
    """The one who answers, running, with the bridge's session there."""
    [service] = access_processes(database.app_url, database.owner_url, broker, tmp_path)
    with_one = make_engine(database.app_url, pool_size=1)
    new_device(with_one, "truck-0")
    with_one.dispose()
    service.start()
    wait_until(lambda: answered(broker, "truck-0"), "it answers")
    yield service
    service.stop()


def answered(broker: Broker, login: str) -> bool:
    """Whether a wrong secret is refused at once, and not after the broker waited in vain."""
    began = time.monotonic()
    assert code(broker, login, "wrong") != "Success"
    return time.monotonic() - began < 5


def code(broker: Broker, login: str, secret: str) -> str:
    client = Client(broker.port, login, secret)
    client.close()
    return str(client.code)


def publishes(client: Client, login: str) -> bool:
    before = len(client.acknowledged)
    client.publish(position_topic(login), location(1))
    client.wait_acknowledged(before + 1)
    return not client.disconnected


def test_a_login_and_its_secret_open_and_nothing_else(engine: Engine, broker: Broker, service: Process) -> None:
    secret = new_device(engine, "truck-1")
    assert code(broker, "truck-1", secret) == "Success", "at once: it is committed"
    for login, given in (("truck-1", "wrong"), ("truck-1", ""), ("truck-9", secret), ("TRUCK-1", secret), ("", secret)):
        assert code(broker, login, given) != "Success", (login, given)
    with engine.begin() as conn:
        old, new = secret, renew_secret(conn, "truck-1")
    wait_until(lambda: new and code(broker, "truck-1", new) == "Success", "the new one opens")
    wait_until(lambda: code(broker, "truck-1", old) != "Success", "the old one opens no more")
    with engine.begin() as conn:
        assert revoke_device(conn, "truck-1")
    wait_until(lambda: code(broker, "truck-1", new) != "Success", "a revoked one does not come in")


def test_a_device_from_before_the_second_hash_comes_in(
    engine: Engine, owner: Engine, broker: Broker, service: Process
) -> None:
    secret = new_device(engine, "truck-1")
    with owner.begin() as conn:
        conn.execute(text("UPDATE device SET secret_sha256 = NULL"))
    assert code(broker, "truck-1", secret) == "Success" and code(broker, "truck-1", "wrong") != "Success"


def test_when_the_service_dies_those_who_are_in_stay_and_it_lets_in_others_when_it_is_back(
    engine: Engine, broker: Broker, service: Process
) -> None:
    secrets = {login: new_device(engine, login) for login in ("stays", "revoked", "renewed")}
    inside = {login: Client(broker.port, login, secret) for login, secret in secrets.items()}
    service.kill()
    assert all(publishes(client, login) for login, client in inside.items())
    assert code(broker, "stays", secrets["stays"]) != "Success"
    with engine.begin() as conn:
        revoke_device(conn, "revoked")
        new = renew_secret(conn, "renewed")
    service.start()
    for login in ("revoked", "renewed"):
        wait_until(lambda one=login: inside[one].disconnected, f"{login} meanwhile: its connection ends")
    wait_until(lambda: answered(broker, "stays"), "it answers")
    assert code(broker, "stays", secrets["stays"]) == "Success" and code(broker, "renewed", str(new)) == "Success"
    assert code(broker, "revoked", secrets["revoked"]) != "Success"
    assert publishes(inside["stays"], "stays")
    for client in inside.values():
        client.close()


def test_of_two_services_one_may_die(
    engine: Engine, database: Database, broker: Broker, service: Process, tmp_path: Path
) -> None:
    (tmp_path / "second").mkdir()
    [second] = access_processes(database.app_url, database.owner_url, broker, tmp_path / "second")
    second.start()
    secret = new_device(engine, "truck-1")
    assert [code(broker, "truck-1", secret) for _ in range(4)] == ["Success"] * 4
    living = Client(broker.port, "truck-1", secret)
    service.kill()
    assert [code(broker, "truck-1", secret) for _ in range(4)] == ["Success"] * 4
    with engine.begin() as conn:
        revoke_device(conn, "truck-1")
    wait_until(lambda: living.disconnected, "its connection ends")
    living.close()
    second.stop()


def test_who_was_known_comes_in_while_the_database_is_away(broker: Broker, tmp_path: Path) -> None:
    with server_folder() as folder:
        server = DatabaseServer(folder)
        server.process.start()
        urls = server.url("jejak_app"), server.url("jejak_owner")
        owner = make_engine(urls[1], pool_size=1)
        migrate(owner, "jejak_app", 60)
        with owner.begin() as conn:
            secret = add_device(conn, "truck-1", "tracker")
        owner.dispose()
        bridge = bridge_process(Database("jejak", *urls), broker, tmp_path)
        [service] = access_processes(*urls, broker, tmp_path)
        bridge.start()
        service.start()
        wait_until(lambda: answered(broker, "truck-1"), "it answers")
        server.process.kill()
        for _ in range(3):
            assert code(broker, "truck-1", secret) == "Success"
            assert code(broker, "truck-2", secret) != "Success"
        bridge.stop()
        service.stop()


def test_the_broker_killed_and_started_again_is_answered_again(
    engine: Engine, broker: Broker, service: Process
) -> None:
    secret = new_device(engine, "truck-1")
    assert code(broker, "truck-1", secret) == "Success"
    broker.process.kill()
    broker.process.start()
    wait_until(lambda: answered(broker, "truck-1"), "it answers")
    living = Client(broker.port, "truck-1", secret)
    with engine.begin() as conn:
        revoke_device(conn, "truck-1")
    wait_until(lambda: living.disconnected, "its connection ends")
    living.close()


def test_at_a_server_whose_own_service_is_away_another_lets_in_and_out(
    engine: Engine, database: Database, tmp_path: Path
) -> None:
    with server_folder() as folder:
        cluster = NatsCluster(folder)
        cluster.process.start()
        bridge = bridge_process(database, cluster, tmp_path)
        bridge.start()
        first, *others = access_processes(database.app_url, database.owner_url, cluster, tmp_path)
        secret = new_device(engine, "truck-1")
        first.start()
        third = cluster.nodes[2].port

        def let_in() -> bool:
            client = Client(third, "truck-1", secret)
            client.close()
            return client.code == "Success"

        wait_until(let_in, "the first server's service answers for the third")
        living = Client(third, "truck-1", secret)
        assert living.code == "Success" and publishes(living, "truck-1")
        with engine.begin() as conn:
            revoke_device(conn, "truck-1")
        wait_until(lambda: living.disconnected, "its connection ends")
        assert not let_in()
        living.close()
        for process in (first, bridge, cluster.process):
            process.stop()


def test_strangers_who_guess_do_not_load_the_database(broker: Broker) -> None:
    looked_up: list[str] = []
    known = Logins()
    known.replace([BrokerLogin("truck-1", *hashes(SECRET))])
    keys = Keys(kept_secret(broker.nats.folder.parent, "broker_access"))
    callout = Callout(broker.nats.folder, keys, known, lambda: True, lambda login: looked_up.append(login))  # type: ignore[func-returns-value]
    callout.start()
    wait_until(lambda: callout.answers, "it answers")
    began = time.monotonic()
    for number in range(150):
        assert code(broker, f"guess-{number % 75}", SECRET) != "Success"
    assert code(broker, "'; --", SECRET) != "Success"
    seconds = int(time.monotonic() - began) + 2
    assert 0 < len(looked_up) <= LOOK_UPS * seconds and set(looked_up) <= {f"guess-{n}" for n in range(75)}
    assert all(looked_up.count(one) <= seconds for one in set(looked_up))
    assert code(broker, "truck-1", SECRET) == "Success"
    callout.end()


def test_whom_memory_does_not_know_yet_may_connect_again_at_once(broker: Broker) -> None:
    added = BrokerLogin("truck-1", *hashes(SECRET))
    known = Logins()
    known.replace([])
    keys = Keys(kept_secret(broker.nats.folder.parent, "broker_access"))
    callout = Callout(broker.nats.folder, keys, known, lambda: True, lambda login: added)
    callout.start()
    wait_until(lambda: callout.answers, "it answers")
    assert [code(broker, "truck-1", SECRET) for _ in range(4)] == ["Success"] * 4
    callout.end()


def refused(broker: Broker, login: Login, line: bytes) -> bool:
    """Whether the server refuses what is said under one of the service's own logins."""
    with Connection(nats.address(broker.nats.folder), login) as connection:
        connection.send(line)
        try:
            connection.subscribe("$SYS.REQ.USER.AUTH" if b"USER.AUTH" not in line else "x", "access")
        except ConnectionError as error:
            return "Permissions Violation" in str(error)
    return False


def test_the_services_own_logins_may_do_their_work_and_nothing_else(broker: Broker) -> None:
    keys = Keys(kept_secret(broker.nats.folder.parent, "broker_access"))
    assert not refused(broker, keys.callout, b"")
    for said in (
        b"SUB owntracks.> 2\r\n", b"SUB > 2\r\n", b"SUB $MQTT.msgs.> 2\r\n", b"SUB $SYS.REQ.USER.AUTH 2\r\n",
        published("owntracks.00.truck-1", b"{}"), published("$MQTT.msgs.owntracks.00.truck-1", b"{}"),
        published("$JS.API.STREAM.LIST", b""), published("$SYS.REQ.USER.AUTH", b"", "x"),
    ):  # fmt: skip
        assert refused(broker, keys.callout, said), said
    for said in (
        b"SUB owntracks.> 2\r\n", b"SUB > 2\r\n", b"SUB $SYS.> 2\r\n", published("owntracks.00.truck-1", b"{}"),
        published("$SYS.REQ.SERVER.PING.VARZ", b"", "_INBOX.access.x"),
        published("$SYS.REQ.SERVER.x.RELOAD", b"", "_INBOX.access.x"),
    ):  # fmt: skip
        assert refused(broker, keys.system, said), said
    with pytest.raises(ConnectionError, match="Authorization Violation"):
        Connection(nats.address(broker.nats.folder), Keys("another" * 8).callout)


def test_the_configuration_holds_nothing_that_opens_anything(broker: Broker) -> None:
    access_secret = kept_secret(broker.nats.folder.parent, "broker_access")
    written = "".join(path.read_text() for path in broker.nats.folder.glob("*.conf"))
    assert broker.bridge_secret not in written and access_secret not in written and "@CALLOUT" not in written
