"""What a new revision says otherwise, and whether it is worse for the person."""

from __future__ import annotations

from typing import Any

import pytest

from tracker.domain.differences import TOLD, Difference, another, differences, worse


def told(status: str = "PRESENT", late_min: int | None = 0, **more: Any) -> dict[str, Any]:
    return {**dict.fromkeys(TOLD), "status": status, "late_min": late_min, "left_early_min": 0, **more}


def test_differences_are_named_with_both_values() -> None:
    assert differences(told("UNVERIFIED", None, cause="silent"), told(on_site_s=60)) == [
        Difference("status", "UNVERIFIED", "PRESENT"), Difference("cause", "silent", None),
        Difference("late_min", None, 0), Difference("on_site_s", None, 60),
    ]  # fmt: skip
    assert differences(told(), told()) == []


def test_seconds_that_move_are_not_another_result() -> None:
    assert not another(told(on_site_s=1), told(on_site_s=2))
    assert another(told(late_min=16), told(late_min=20))


@pytest.mark.parametrize(
    ("before", "after", "is_worse"),
    [
        (told(), told("UNVERIFIED", None), True),
        (told("UNVERIFIED", None), told("NO_SHOW", None), True),
        (told("UNVERIFIED", None), told(), False),
        (told(), told("EXCUSED", None), False),
        (told("EXCUSED", None), told("NO_SHOW", None), True),
        (told(late_min=None), told(late_min=30), True),
        (told(late_min=30), told(late_min=20), False),
        (told(), told(left_early_min=20), True),
    ],
)
def test_worse_is_what_is_held_against_the_person(before: Any, after: Any, is_worse: bool) -> None:
    assert worse(before, after) is is_worse
