"""The no-show report: was the person there?"""

from __future__ import annotations

from datetime import datetime

from reports.computed import Known, computed
from tracker.domain.duty import judge_course
from tracker.storage.revisions import Computed


def verdict_on(known: Known, now: datetime) -> Computed:
    """The verdict on one window, ready to be stored."""
    inputs = known.inputs
    verdict = judge_course(inputs.window, inputs.evidence, inputs.rules, now, known.course)
    values = {
        "status": verdict.status,
        "cause": verdict.cause,
        "late_min": verdict.late_min,
        "left_early_min": verdict.left_early_min,
        "on_site_s": verdict.on_site_s,
        "off_site_s": verdict.off_site_s,
        "moving_s": verdict.moving_s,
        "unknown_s": verdict.unknown_s,
        "excused_s": verdict.excused_s,
    }
    return computed(known, verdict.expected_s, verdict.observed_s, verdict.evidence, values)
