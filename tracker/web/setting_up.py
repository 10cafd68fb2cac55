"""What a device is set up with, as people scan or type it. It holds the secret, so it is on one answer only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import request

from tracker.web import qr
from tracker.web.city import city
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

HERE_ONLY = ("127.0.0.1", "localhost", "::1")
PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Code:
    """A link, and the same as a QR code."""

    link: str
    svg: str


@dataclass(frozen=True, slots=True)
class SetUp:
    """Everything that one device can be set up with; `here_only`: other machines cannot reach an address in it."""

    login: str
    secret: str
    mqtt: Code
    http: Code
    traccar: Code
    traccar_fields: Mapping[str, str]
    teltonika_fields: Mapping[str, str]
    here_only: bool


def set_up_with(login: str, secret: str, interval_s: int) -> SetUp:
    """What to give to a device that has just got its secret."""
    device, there = Login(login, secret, interval_s), doors()
    return SetUp(
        login, secret,
        _code(owntracks_link(owntracks_mqtt(device, there))),
        _code(owntracks_link(owntracks_http(device, there))),
        _code(traccar_link(device, there)),
        traccar_fields(device, there), teltonika_fields(device, there),
        there.host in HERE_ONLY or urlsplit(there.address).hostname in HERE_ONLY,
    )  # fmt: skip


def doors() -> Doors:
    """Where devices reach this city: as it is set, else the pages as this browser does."""
    settings = city().settings
    parts = urlsplit(settings.mqtt_public_url)
    port = parts.port or PORTS[parts.scheme]
    address = settings.public_url or request.url_root.rstrip("/")
    return Doors(address, parts.hostname or "", port, parts.scheme == "mqtts")


def _code(link: str) -> Code:
    return Code(link, qr.svg(link, dense=True))
