"""What a device is told so that it reports to us: settings of the apps and trackers that people have.

Keys of OwnTracks as in its booklet (_type=configuration), of Traccar Client as its configuration link takes them.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tracker.wire.topics import position_topic

HEARTBEAT_MIN = 15  # the least that Android allows
KEEPALIVE_S = 600
MQTT, HTTP = 0, 3  # OwnTracks' modes
MOVE = 2  # OwnTracks' monitoring: a position at each interval, moving or not
MQTT_3_1_1 = 4


@dataclass(frozen=True, slots=True)
class Doors:
    """Where devices reach the city from outside: the address of its pages, and its broker."""

    address: str  # without a slash at the end
    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True)
class Login:
    """One device's own: what it shows, and how often it is to report."""

    login: str
    secret: str
    interval_s: int


def owntracks_mqtt(device: Login, doors: Doors) -> dict[str, Any]:
    """OwnTracks over MQTT: nothing is kept by the broker for it, it subscribes to nothing and takes no commands."""
    return _owntracks(device, MQTT) | {
        "host": doors.host, "port": doors.port, "tls": doors.tls, "ws": False, "clientId": device.login,
        "pubTopicBase": position_topic(device.login), "pubQos": 1, "pubRetain": False, "sub": False,
        "cleanSession": True, "mqttProtocolLevel": MQTT_3_1_1, "keepalive": KEEPALIVE_S,
    }  # fmt: skip


def owntracks_http(device: Login, doors: Doors) -> dict[str, Any]:
    """OwnTracks over HTTP, where MQTT is blocked."""
    return _owntracks(device, HTTP) | {"url": f"{doors.address}/pub"}


def owntracks_link(configuration: dict[str, Any]) -> str:
    """A link that OwnTracks opens on the phone, and that a QR code carries."""
    packed = json.dumps(configuration, separators=(",", ":")).encode()
    return f"owntracks:///config?inline={quote(base64.b64encode(packed).decode(), safe='')}"


def traccar_link(device: Login, doors: Doors) -> str:
    """The address whose QR code Traccar Client scans in its settings."""
    settings = {
        "id": f"{device.login}.{device.secret}", "accuracy": "high", "distance": 0, "interval": device.interval_s,
        "fastest_interval": device.interval_s, "heartbeat": HEARTBEAT_MIN * 60, "buffer": "true",
        "stop_detection": "false",
    }  # fmt: skip
    return f"{doors.address}/osmand?{urlencode(settings)}"


def traccar_fields(device: Login, doors: Doors) -> dict[str, str]:
    """The same for whoever types it: what the app calls a setting, and its value."""
    return {
        "Device identifier": f"{device.login}.{device.secret}", "Server URL": f"{doors.address}/osmand",
        "Location accuracy": "High", "Distance": "0", "Interval": str(device.interval_s),
        "Stationary heartbeat": str(HEARTBEAT_MIN * 60), "Offline buffering": "on", "Stop detection": "off",
    }  # fmt: skip


def teltonika_fields(device: Login, doors: Doors) -> dict[str, str]:
    """What Teltonika's Configurator asks for under GPRS, with MQTT as the protocol and JSON as the codec."""
    topic = position_topic(device.login)
    return {
        "Protocol": "MQTT", "Codec": "Codec JSON", "Domain": doors.host, "Port": str(doors.port),
        "TLS Encryption": "TLS/DTLS" if doors.tls else "None", "MQTT Client Type": "Custom",
        "Device ID": device.login, "Username": device.login, "Password": device.secret, "Quality of Service": "1",
        "Data Topic": topic, "Command Topic": f"{topic}/cmd", "Min Period": str(device.interval_s),
    }  # fmt: skip


def _owntracks(device: Login, mode: int) -> dict[str, Any]:
    """What both modes share. The heartbeat says that the phone lives, where it does not move."""
    return {
        "_type": "configuration", "mode": mode, "auth": True, "username": device.login, "password": device.secret,
        "deviceId": device.login, "tid": device.login[-2:], "monitoring": MOVE, "ping": HEARTBEAT_MIN,
        "locatorInterval": device.interval_s, "moveModeLocatorInterval": device.interval_s, "locatorDisplacement": 0,
        "extendedData": True, "cmd": False, "remoteConfiguration": False, "allowRemoteLocation": False,
        "autostartOnBoot": True,
    }  # fmt: skip
