"""The idle report: how long was nothing done, or the post left?"""

from __future__ import annotations

from datetime import datetime

from tracker.domain.duty import digest
from tracker.domain.idle import measure_idle
from tracker.domain.plain import plain
from tracker.storage.duty import Inputs
from tracker.storage.revisions import Computed


def idle_in(inputs: Inputs, now: datetime) -> Computed:
    """The idle figure of one window, ready to be stored."""
    idle = measure_idle(inputs.window, inputs.evidence, inputs.rules, now)
    return Computed(
        window_id=inputs.window_id,
        rule_version=inputs.rules.version,
        inputs_digest=digest(inputs.window, inputs.evidence, inputs.rules),
        expected_s=idle.expected_s,
        observed_s=idle.observed_s,
        evidence={"window": plain(inputs.window), "places": [plain(place) for place in idle.places]},
        values={"measure": idle.measure, "counted_s": idle.counted_s},
    )
