"""What the load consists of: OwnTracks positions of many vehicles."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tracker.wire.topics import position_topic


@dataclass(frozen=True, slots=True)
class Load:
    """`fixes` positions, one of each of the `devices` in turn; a device's fixes are a second apart from `begin` on."""

    devices: int
    fixes: int
    begin: int  # seconds since 1970

    @classmethod
    def ending_now(cls, devices: int, fixes: int) -> Load:
        return cls(devices, fixes, int(datetime.now(UTC).timestamp()) - fixes // devices)

    def messages(self) -> Iterator[tuple[str, str]]:
        """Topic and payload of each, as the OwnTracks app writes them."""
        topics = [position_topic(f"bench-{n}") for n in range(self.devices)]
        for i in range(self.fixes):
            second, device = divmod(i, self.devices)
            yield topics[device], _position(device, self.begin + second)

    def write(self, path: Path) -> float:
        """Write all messages for mqtt.c; returns the mean size of a payload in bytes."""
        size = 0
        with path.open("w") as lines:
            for topic, payload in self.messages():
                lines.write(f"{topic}\t{payload}\n")
                size += len(payload)
        return size / self.fixes


def _position(device: int, at: int) -> str:
    """A vehicle that circles around its own place in the city at 30 km/h."""
    angle = at / 60 + device
    return json.dumps({
        "_type": "location", "tid": f"{device % 100:02d}", "tst": at, "created_at": at + 1,
        "lat": round(-6.2 + device % 40 / 1000 + 0.004 * math.sin(angle), 7),
        "lon": round(106.8 + device % 70 / 1000 + 0.004 * math.cos(angle), 7),
        "acc": 5 + device % 10, "alt": 12, "vel": 30, "cog": int(math.degrees(-angle) % 360),
        "batt": 20 + device % 80, "bs": 1, "conn": "m", "m": 1, "t": "t",
    }, separators=(",", ":"))  # fmt: skip
