"""What a device is told: complete, for this device only, and readable by the app it is for."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tracker.wire.makers import MAKERS, WORDS, maker_of
from tracker.wire.provisioning import (
    Doors,
    Login,
    owntracks_http,
    owntracks_link,
    owntracks_mqtt,
    teltonika_fields,
    traccar_fields,
    traccar_link,
)
from tracker.wire.topics import login_of

PHONE = Login("phone-1", "0123456789abcdef0123456789abcdef", 60)
DOORS = Doors("https://jejak.example.go.id", "broker.example.go.id", 8883, True)


def unpacked(link: str) -> dict[str, object]:
    """What the app reads of a link."""
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path) == ("owntracks", "", "/config")
    found: dict[str, object] = json.loads(base64.b64decode(parse_qs(parts.query)["inline"][0]))
    return found


def test_a_phone_keeps_nothing_at_the_broker_and_hears_nobody() -> None:
    said = unpacked(owntracks_link(owntracks_mqtt(PHONE, DOORS)))
    assert (said["_type"], said["mode"], said["host"], said["port"], said["tls"]) == (
        "configuration", 0, "broker.example.go.id", 8883, True,
    )  # fmt: skip
    assert login_of(str(said["pubTopicBase"])) == said["username"] == said["clientId"] == "phone-1"
    assert (said["pubRetain"], said["cleanSession"], said["sub"], said["cmd"]) == (False, True, False, False)
    assert (said["pubQos"], said["mqttProtocolLevel"], said["ping"]) == (1, 4, 15)
    assert said["password"] == PHONE.secret and said["locatorInterval"] == 60


def test_over_http_the_same_phone_speaks_to_the_door() -> None:
    said = unpacked(owntracks_link(owntracks_http(PHONE, DOORS)))
    assert (said["mode"], said["url"], said["auth"]) == (3, "https://jejak.example.go.id/pub", True)
    assert "host" not in said and said["username"] == "phone-1"


def test_traccar_client_reads_its_settings_off_the_address() -> None:
    parts = urlsplit(traccar_link(PHONE, DOORS))
    said = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://jejak.example.go.id/osmand"
    assert (said["id"], said["interval"], said["heartbeat"]) == (f"phone-1.{PHONE.secret}", "60", "900")
    assert traccar_fields(PHONE, DOORS)["Device identifier"] == said["id"]


def test_a_tracker_is_told_its_topic_and_its_encryption() -> None:
    said = teltonika_fields(PHONE, DOORS)
    assert login_of(said["Data Topic"]) == "phone-1" and said["TLS Encryption"] == "TLS/DTLS"
    assert teltonika_fields(PHONE, Doors("", "broker", 1883, False))["TLS Encryption"] == "None"


@pytest.mark.parametrize(
    ("said", "maker"),
    [
        (("Samsung Galaxy A05", None), "samsung"), (("SM-A055F", None), "samsung"), (("Redmi 12C", None), "xiaomi"),
        (("OPPO A18", None), "oppo"), (("realme C53", None), "oppo"), (("vivo Y17s", None), "vivo"),
        (("Infinix Smart 8", None), "transsion"), (("", "iOS"), "apple"), (("Nokia 3310", "Android"), None),
        ((None, None), None),
    ],
)  # fmt: skip
def test_the_maker_is_read_off_the_model(said: tuple[str | None, str | None], maker: str | None) -> None:
    assert maker_of(*said) == maker


def test_every_maker_has_a_name() -> None:
    assert set(WORDS.values()) == set(MAKERS)
