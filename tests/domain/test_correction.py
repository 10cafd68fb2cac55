"""Requests for correction: how many may wait, and who may not answer."""

from __future__ import annotations

import pytest

from tracker.domain.correction import MOST_OPEN, Refusal, Refused, require_not_own, require_room
from tracker.web import correction_words


def test_there_is_room_below_the_limit_only() -> None:
    require_room(MOST_OPEN - 1)
    with pytest.raises(Refused) as refused:
        require_room(MOST_OPEN)
    assert refused.value.refusal is Refusal.TOO_MANY_OPEN


def test_only_ones_own_request_is_refused() -> None:
    require_not_own(1, 2)
    require_not_own(1, None)
    with pytest.raises(Refused):
        require_not_own(1, 1)


def test_every_refusal_has_its_sentence() -> None:
    assert set(correction_words.REFUSAL) == set(Refusal)
