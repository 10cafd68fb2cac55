"""What every report says of a window: which inputs and which rules it was computed from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracker.domain.duty import digest
from tracker.storage.duty import Inputs
from tracker.storage.revisions import Computed


def computed(
    inputs: Inputs, expected_s: int, observed_s: int, evidence: Mapping[str, Any], values: Mapping[str, Any]
) -> Computed:
    """A report's `values` on one window, seconds as in `Computed`, ready to be stored."""
    return Computed(
        window_id=inputs.window_id,
        rule_version=inputs.rules.version,
        inputs_digest=digest(inputs.window, inputs.evidence, inputs.rules),
        expected_s=expected_s,
        observed_s=observed_s,
        evidence=evidence,
        values=values,
    )
