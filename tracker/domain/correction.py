"""Asking for a correction of one's data, and answering it."""

from __future__ import annotations

from enum import StrEnum

from tracker.domain.ruling import RuledOut

MOST_OPEN = 5  # requests of one person that wait for an answer
SHORTEST_TEXT, LONGEST_TEXT = 10, 2000  # characters, of a request and of its answer


class Outcome(StrEnum):
    CORRECTED = "corrected"
    EXPLAINED = "explained"
    REFUSED = "refused"


class Refusal(StrEnum):
    """Why something cannot be done; the pages hold the sentence that says what to do next."""

    TOO_MANY_OPEN = "too_many_open"
    OWN_REQUEST = "own_request"
    ANSWERED_MEANWHILE = "answered_meanwhile"


class Refused(RuledOut):
    """A rule of correction requests says no."""

    refusal: Refusal


def require_room(open_requests: int) -> None:
    """One more request may be made beside so many open ones."""
    if open_requests >= MOST_OPEN:
        raise Refused(Refusal.TOO_MANY_OPEN)


def require_not_own(person_id: int, answering_person_id: int | None) -> None:
    """Nobody answers their own request; an account without a person has none."""
    if person_id == answering_person_id:
        raise Refused(Refusal.OWN_REQUEST)
