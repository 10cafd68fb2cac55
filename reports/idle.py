"""The idle report: how long was nothing done, or the post left?"""

from __future__ import annotations

from datetime import datetime

from reports.computed import computed
from tracker.domain.duty import window_told
from tracker.domain.idle import measure_idle
from tracker.domain.plain import plain
from tracker.storage.duty import Inputs
from tracker.storage.revisions import Computed


def idle_in(inputs: Inputs, now: datetime) -> Computed:
    """The idle figure of one window, ready to be stored."""
    idle = measure_idle(inputs.window, inputs.evidence, inputs.rules, now)
    evidence = {"window": window_told(inputs.window), "places": [plain(place) for place in idle.places]}
    values = {"measure": idle.measure, "counted_s": idle.counted_s}
    return computed(inputs, idle.expected_s, idle.observed_s, evidence, values)
