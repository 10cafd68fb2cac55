"""The no-show report: was the person there?"""

from __future__ import annotations

from datetime import datetime

from reports.computed import computed
from tracker.domain.duty import judge
from tracker.storage.duty import Inputs
from tracker.storage.revisions import Computed


def verdict_on(inputs: Inputs, now: datetime) -> Computed:
    """The verdict on one window, ready to be stored."""
    verdict = judge(inputs.window, inputs.evidence, inputs.rules, now)
    values = {
        "status": verdict.status,
        "cause": verdict.cause,
        "late_min": verdict.late_min,
        "left_early_min": verdict.left_early_min,
        "on_site_s": verdict.on_site_s,
        "off_site_s": verdict.off_site_s,
        "moving_s": verdict.moving_s,
        "unknown_s": verdict.unknown_s,
    }
    return computed(inputs, verdict.expected_s, verdict.observed_s, verdict.evidence, values)
