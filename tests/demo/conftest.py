"""What reaches the bridge's subscription, as a fixture."""

from __future__ import annotations

import json
from collections.abc import Iterator

import paho.mqtt.client as mqtt
import pytest

from tests.services import Broker, wait_until
from tracker.broker_access import nats as nats_access
from tracker.wire.topics import login_of, position_topic


class Listener:
    """Subscribes as the bridge does, over restarts of the broker too, and keeps what each login published."""

    def __init__(self, broker: Broker) -> None:
        self.payloads: dict[str, list[bytes]] = {}
        subscribed: list[bool] = []
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "listener", clean_session=False)
        self._client.username_pw_set(nats_access.BRIDGE_LOGIN, broker.bridge_secret)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe("owntracks/+/+", 1)
        self._client.on_subscribe = lambda *_: subscribed.append(True)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        wait_until(lambda: subscribed, "SUBACK")

    def times(self, login: str) -> list[int]:
        """The fix times of one login, in the order of arrival."""
        return [json.loads(payload)["tst"] for payload in self.payloads.get(login, [])]

    def _on_message(self, _client: object, _userdata: object, message: mqtt.MQTTMessage) -> None:
        login = login_of(message.topic)
        assert login is not None and message.topic == position_topic(login)
        assert message.qos == 1 and not message.retain
        self.payloads.setdefault(login, []).append(message.payload)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def listener(broker: Broker) -> Iterator[Listener]:
    listener = Listener(broker)
    yield listener
    listener.close()
