"""What every report says of a window: which inputs and which rules it was computed from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tracker.domain.duty import Course, courses_of, digest
from tracker.storage.duty import Inputs
from tracker.storage.revisions import Computed


@dataclass(frozen=True, slots=True)
class Known:
    """A window as every report finds it: inputs, their digest, the course, why it is judged, whether it is locked."""

    inputs: Inputs
    course: Course
    inputs_digest: str
    reason: str
    locked: bool

    @property
    def window_id(self) -> int:
        return self.inputs.window_id

    @property
    def work_date(self) -> date:
        return self.inputs.work_date


def known_of(inputs: Sequence[Inputs], reasons: Mapping[int, str], now: datetime, lock: timedelta) -> list[Known]:
    """The windows with their courses, which are computed together; each is locked so long after its end."""
    courses = courses_of([(one.window, one.evidence, one.rules) for one in inputs], now)
    return [
        Known(one, course, digest(one.window, one.evidence, one.rules), reasons[one.window_id],
              one.window.end + lock <= now)
        for one, course in zip(inputs, courses, strict=True)
    ]  # fmt: skip


def computed(
    known: Known, expected_s: int, observed_s: int, evidence: Mapping[str, Any], values: Mapping[str, Any]
) -> Computed:
    """A report's `values` on one window, seconds as in `Computed`, ready to be stored."""
    return Computed(
        window_id=known.window_id,
        rule_version=known.inputs.rules.version,
        inputs_digest=known.inputs_digest,
        expected_s=expected_s,
        observed_s=observed_s,
        evidence=evidence,
        values=values,
        reason=known.reason,
        locked=known.locked,
    )
