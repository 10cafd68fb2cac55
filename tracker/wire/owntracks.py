"""OwnTracks JSON, every message of the app. Speeds come in km/h, times in seconds since 1970.

Source: https://owntracks.org/booklet/tech/json/ . What is not read here is discarded; docs/formats.md says by name what
that is among the fields that apps are known to send.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracker.domain.fix import Fix, impossible
from tracker.domain.observation import Lost, NoFix, Observation, Rejected, Status
from tracker.wire import values
from tracker.wire.position import Bounds, position
from tracker.wire.values import within

PING = "p"  # the trigger of a message whose `tst` is the present and whose position may be hours old
BEACON = "b"  # the trigger of a region that is a radio beacon: the position may be the beacon's
CONNECTIVITY: dict[str | None, str] = {"w": "wifi", "m": "mobile", "o": "offline"}
CHARGING: dict[int | None, bool] = {1: False, 2: True, 3: True}  # unplugged, charging, full; 0 is unknown
# between them the position is coarse, or the right holds only while the app is open
ANDROID_PERMISSIONS: dict[float, str] = {0: "always", -4: "never"}
IOS_PERMISSIONS = {
    "kCLAuthorizationStatusAuthorizedAlways": "always",
    "kCLAuthorizationStatusAuthorizedWhenInUse": "limited",
    "kCLAuthorizationStatusDenied": "never",
    "kCLAuthorizationStatusRestricted": "never",
    "kCLAuthorizationStatusNotDetermined": "never",  # nobody has been asked yet
}


def read(said: dict[str, Any], bounds: Bounds) -> Observation:
    """One message of the app, by its `_type`."""
    kind = said["_type"]
    if kind == "location":
        return _location(said, bounds)
    reader = OTHERS.get(kind) if isinstance(kind, str) else None
    return reader(said, bounds) if reader else Rejected(("unknown_owntracks_type",))


def _location(said: dict[str, Any], bounds: Bounds) -> Observation:
    """The message that comes in numbers; `owntracks_plain` reads most of them."""
    get = said.get
    battery, sent_at = values.percent(get("batt")), values.seconds(get("created_at"))
    charging, connectivity = CHARGING.get(_key(get("bs"))), CONNECTIVITY.get(_key(get("conn")))
    if get("t") == PING:
        return NoFix("ping", battery, charging, connectivity)
    at, lat, lon = values.seconds(get("tst")), values.number(get("lat")), values.number(get("lon"))
    if at is None or lat is None or lon is None or impossible(lat, lon, at, bounds.now, bounds.oldest):
        return position(at, lat, lon, bounds)  # says why
    return Fix(
        at,
        lat,
        lon,
        within(get("acc"), 0, 1e7),
        within(get("alt"), -1000, 20000),
        values.speed_mps(get("vel"), values.KMH_PER_MPS),
        within(get("cog"), 0, 360),
        battery,
        None,
        sent_at,
        charging,
        connectivity,
    )


def _key(value: object) -> Any:
    return value if isinstance(value, (str, int)) else None


def _transition(said: dict[str, Any], bounds: Bounds) -> Observation:
    """A region was entered or left, here and at that time. Which region is the person's own business."""
    if said.get("t") == BEACON:
        return NoFix("transition")
    accuracy = values.accuracy_m(said.get("acc"))
    return position(values.seconds(said.get("tst")), said.get("lat"), said.get("lon"), bounds, accuracy_m=accuracy)


def _status(said: dict[str, Any], _: Bounds) -> Observation:
    android, ios = said.get("android"), said.get("iOS")
    if isinstance(android, dict):
        loc = values.number(android.get("loc"))
        saves = [values.number(android.get(name)) for name in ("ps", "bo", "hib")]  # 0 is fine, 1 may stop the app
        return Status(
            permission=None if loc is None else ANDROID_PERMISSIONS.get(loc, "limited"),
            power_save=None if all(value is None for value in saves) else any(value == 1 for value in saves),
            app_version=values.text(android.get("version")),
            platform="android",
        )
    if isinstance(ios, dict):
        refresh = ios.get("backgroundRefreshStatus")
        permission = IOS_PERMISSIONS.get(_key(ios.get("locationManagerAuthorizationStatus")))
        return Status(
            permission=permission,
            power_save=None if refresh is None else refresh != "UIBackgroundRefreshStatusAvailable",
            app_version=values.text(ios.get("version")),
            platform="ios",
        )
    return NoFix("status")


def _lost(_said: dict[str, Any], _: Bounds) -> Observation:
    """The broker says it in the device's place; its `tst` is when the connection was made, which tells nothing."""
    return Lost()


def _nothing(kind: str) -> Callable[[dict[str, Any], Bounds], Observation]:
    return lambda _said, _bounds: NoFix(kind)


OTHERS: dict[str, Callable[[dict[str, Any], Bounds], Observation]] = {
    "transition": _transition,
    "status": _status,
    "lwt": _lost,
    **{
        kind: _nothing(kind)
        for kind in ("waypoint", "waypoints", "steps", "beacon", "card", "cmd", "configuration", "request", "dump")
    },
}
