"""The idle report: how long was nothing done, or the post left?"""

from __future__ import annotations

from datetime import datetime

from reports.computed import Known, computed
from tracker.domain.duty import window_told
from tracker.domain.idle import idle_in_course
from tracker.domain.plain import plain
from tracker.storage.revisions import Computed


def idle_in(known: Known, now: datetime) -> Computed:
    """The idle figure of one window, ready to be stored."""
    inputs = known.inputs
    idle = idle_in_course(inputs.window, inputs.evidence, inputs.rules, now, known.course)
    evidence = {"window": window_told(inputs.window), "places": [plain(place) for place in idle.places]}
    values = {"measure": idle.measure, "counted_s": idle.counted_s}
    return computed(known, idle.expected_s, idle.observed_s, evidence, values)
