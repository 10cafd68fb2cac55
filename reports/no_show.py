"""The no-show report: was the person there?"""

from __future__ import annotations

from datetime import datetime

from tracker.domain.duty import digest, judge
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
    return Computed(
        window_id=inputs.window_id,
        rule_version=inputs.rules.version,
        inputs_digest=digest(inputs.window, inputs.evidence, inputs.rules),
        expected_s=verdict.expected_s,
        observed_s=verdict.observed_s,
        evidence=verdict.evidence,
        values=values,
    )
