"""What becomes of a person's published windows when their roster, leave or a holiday says something else.

A window keeps its identity, and with it its revisions, as long as anything of it is still expected. What nobody knew of
it in time is said by `published_at`: fixes outside the hours that were known were not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from tracker.domain.roster import Duty, Times, bounds

OFF_ROSTER = "off_roster"  # the excuse of a window that is not on the roster any more


@dataclass(frozen=True, slots=True)
class Terms:
    """What a window says: when, where, by which shift, and why nobody is expected, if so."""

    work_date: date
    shift: int
    start: datetime
    end: datetime
    accepts_from: datetime
    accepts_until: datetime
    zones: frozenset[int]
    breaks: tuple[Times, ...] = ()
    excuse: str | None = None
    profile: str = ""
    grace_min: int = 0

    def covers(self, other: Terms) -> bool:
        """Whether the other's time was known, and its fixes kept, by this one."""
        return self.excuse is None and self.start <= other.start and other.end <= self.end

    def overlaps(self, other: Terms) -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Published:
    """A window as it stands. `judged`: it has a verdict already."""

    id: int
    terms: Terms
    published_at: datetime
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What to do: windows to add and to change, each with when its time was known first, and windows to delete."""

    added: list[tuple[Terms, datetime]] = field(default_factory=list)
    changed: list[tuple[int, Terms, datetime]] = field(default_factory=list)
    deleted: list[int] = field(default_factory=list)


def terms_of(expected: Sequence[Duty]) -> list[Terms]:
    """The windows of one person's duties and excused parts, which are in order of time."""
    accepted = dict(zip((duty.start for duty in expected if not duty.excuse),
                        bounds([duty for duty in expected if not duty.excuse]), strict=True))  # fmt: skip
    return [_terms(duty, accepted.get(duty.start, duty.times)) for duty in expected]


def reconciled(published: Sequence[Published], wanted: Sequence[Terms], now: datetime) -> Changes:
    """From what one person's windows are to what they are to be; nothing where they are the same.

    A window that is expected no more is deleted before it begins, and excused as `OFF_ROSTER` afterwards.
    """
    changes = Changes()
    pairs, gone, fresh = _matched(published, wanted)
    for window, terms in pairs:
        if window.terms != terms:
            changes.changed.append((window.id, terms, known_since(published, terms, now)))
    for window in gone:
        if window.terms.excuse == OFF_ROSTER:
            continue  # it had begun, in its margin at least, which it has no more
        if not window.judged and now < window.terms.accepts_from:
            changes.deleted.append(window.id)
        else:
            changes.changed.append((window.id, _off_roster(window.terms), window.published_at))
    changes.added.extend((terms, known_since(published, terms, now)) for terms in fresh)
    return changes


def _terms(duty: Duty, accepted: Times) -> Terms:
    start, end = duty.times
    breaks = ((max(since, start), min(until, end)) for since, until in duty.breaks)
    lasting = tuple((since, until) for since, until in breaks if since < until)
    return Terms(duty.work_date, duty.shift, start, end, *accepted, frozenset(duty.zones), lasting, duty.excuse)


def _off_roster(terms: Terms) -> Terms:
    return replace(terms, accepts_from=terms.start, accepts_until=terms.end, excuse=OFF_ROSTER)


Pair = tuple[Published, Terms]


def _matched(
    published: Sequence[Published], wanted: Sequence[Terms]
) -> tuple[list[Pair], list[Published], list[Terms]]:
    """Which window becomes what: the same beginning first, then the same shift on a date, then whatever overlaps."""
    alike: tuple[Callable[[Terms, Terms], bool], ...] = (
        lambda one, other: one.start == other.start,
        lambda one, other: (one.work_date, one.shift) == (other.work_date, other.shift),
        Terms.overlaps,
    )
    pairs: list[Pair] = []
    left, fresh = list(published), list(wanted)
    for same in alike:
        for terms in list(fresh):
            window = next((one for one in left if same(one.terms, terms)), None)
            if window is not None:
                pairs.append((window, terms))
                left.remove(window)
                fresh.remove(terms)
    return pairs, left, fresh


def known_since(published: Iterable[Published], terms: Terms, now: datetime) -> datetime:
    """When it was first known that fixes of this time are to be kept."""
    covering = (window.published_at for window in published if window.terms.covers(terms))
    return min(covering, default=now)


def beside(held: Mapping[int, Terms], added: Iterable[Terms]) -> dict[int, list[Terms]]:
    """Which of the windows to add lie in the time of windows that stay as they are for now, each by the first of these.

    They come with what these become, or not at all: nobody is expected twice at one time, nor half a day forgotten.
    """
    found: dict[int, list[Terms]] = {}
    for terms in added:
        number = next((number for number, one in held.items() if one.overlaps(terms)), None)
        if number is not None:
            found.setdefault(number, []).append(terms)
    return found


def first_day_touched(on: date) -> date:
    """From which work date on windows may change when something changes on a day: margins reach into the day before."""
    return on - timedelta(days=1)
