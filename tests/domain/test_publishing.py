"""A window keeps its identity while anything of it is expected, and nobody is held to what was not known in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.publishing import OFF_ROSTER, Changes, Published, Terms, reconciled, terms_of
from tracker.domain.roster import (
    Assignment,
    Duty,
    Extra,
    Leave,
    Part,
    Pattern,
    Rotation,
    duties,
    excused,
)

WIB = ZoneInfo("Asia/Jakarta")
MONDAY = date(2026, 2, 16)
KNOWN = datetime(2026, 2, 9, tzinfo=WIB)
OFFICE = Pattern("Kantor", time(7, 30), 510, key=1, zones=(4,), breaks=((270, 60),))
LATER = replace(OFFICE, start=time(9))
NIGHT = Pattern("Malam", time(22), 480, key=2)


def on(clock: str, day: int = 16) -> datetime:
    hours, minutes = clock.split(":")
    return datetime(2026, 2, day, int(hours), int(minutes), tzinfo=WIB)


def wanted(
    pattern: Pattern | None = OFFICE, *leaves: Leave, days: int = 1, extras: Sequence[Extra] = ()
) -> list[Terms]:
    last = MONDAY + timedelta(days=days - 1)
    rotation = [Assignment(Rotation(MONDAY, (pattern,)), MONDAY)]
    return terms_of(excused(duties(rotation, (), MONDAY, last, WIB, extras=extras), {}, leaves))


def published(terms: Sequence[Terms], judged: bool = False) -> list[Published]:
    return [Published(number, one, KNOWN, judged) for number, one in enumerate(terms, 1)]


def leave(part: Part = Part.FULL) -> Leave:
    return Leave("sick", MONDAY, MONDAY, part)


def test_what_is_as_it_was_changes_nothing() -> None:
    assert reconciled(published(wanted(days=7)), wanted(days=7), on("12:00")) == Changes()


def test_what_is_new_is_known_from_now_on() -> None:
    (added,) = reconciled([], wanted(), on("12:00")).added
    assert added == (wanted()[0], on("12:00"))


def test_a_window_of_the_future_that_is_not_expected_any_more_is_deleted() -> None:
    assert reconciled(published(wanted()), [], on("06:00")).deleted == [1]


def test_one_that_has_begun_or_was_judged_is_excused_and_stays() -> None:
    for judged, now in ((False, on("12:00")), (True, on("06:00"))):
        changes = reconciled(published(wanted(), judged), [], now)
        ((number, terms, _),) = changes.changed
        assert (number, terms.excuse) == (1, OFF_ROSTER)
        assert (terms.accepts_from, terms.accepts_until) == (terms.start, terms.end)
        assert reconciled([Published(1, terms, KNOWN, judged)], [], now) == Changes()


def test_one_that_has_begun_in_its_margin_stays_when_the_same_is_asked_again() -> None:
    windows = published(wanted(), judged=False)  # its margin begins at 07:00
    ((number, terms, known),) = reconciled(windows, [], on("07:10")).changed
    assert terms.excuse == OFF_ROSTER
    assert reconciled([Published(number, terms, known)], [], on("07:10")) == Changes()


def test_a_whole_day_of_leave_excuses_the_window_and_nobody_is_followed_in_it() -> None:
    ((number, terms, _),) = reconciled(published(wanted()), wanted(OFFICE, leave()), on("06:00")).changed
    assert (number, terms.excuse) == (1, "sick")
    assert (terms.accepts_from, terms.accepts_until) == (terms.start, terms.end)


def test_half_a_day_of_leave_after_the_day_splits_the_window_and_its_fixes_still_count() -> None:
    before = published(wanted(), judged=True)
    for part, kept_excuse in ((Part.FIRST_HALF, "sick"), (Part.SECOND_HALF, None)):
        changes = reconciled(before, wanted(OFFICE, leave(part)), on("12:00", 18))
        ((number, terms, _),), ((other, known_since),) = changes.changed, changes.added
        assert (number, terms.excuse, terms.end) == (1, kept_excuse, other.start)
        assert {terms.excuse, other.excuse} == {"sick", None}
        assert known_since == KNOWN  # fixes of that time were kept by the whole window


def test_leave_that_is_withdrawn_after_the_day_leaves_a_window_that_was_not_known() -> None:
    on_leave = published(wanted(OFFICE, leave()), judged=True)
    ((number, terms, known_since),) = reconciled(on_leave, wanted(), on("12:00", 18)).changed
    assert (number, terms.excuse, known_since) == (1, None, on("12:00", 18))


def test_a_shift_that_is_moved_before_it_begins_keeps_its_window() -> None:
    ((number, terms, known_since),) = reconciled(published(wanted()), wanted(LATER), on("06:00")).changed
    assert (number, terms.start, known_since) == (1, on("09:00"), on("06:00"))


def test_another_shift_on_the_same_day_is_another_window() -> None:
    changes = reconciled(published(wanted()), wanted(NIGHT), on("06:00"))
    assert changes.deleted == [1] and [terms.shift for terms, _ in changes.added] == [2]


def test_overtime_is_added_beside_the_day_and_the_margins_meet_at_its_beginning() -> None:
    overtime = Extra(MONDAY, Pattern("Lembur", time(16, 15), 120, key=3))
    changes = reconciled(published(wanted()), wanted(extras=[overtime]), on("06:00"))
    ((_, office, _),), ((extra, _),) = changes.changed, changes.added
    assert office.accepts_until == extra.start == extra.accepts_from == on("16:15")


def test_breaks_are_cut_to_the_half_that_is_worked() -> None:
    first, second = wanted(OFFICE, leave(Part.FIRST_HALF))  # the middle is 11:45
    assert (first.breaks, second.breaks) == ((), ((on("12:00"), on("13:00")),))


patterns = st.sampled_from([OFFICE, LATER, NIGHT, None])
leaves = st.lists(st.builds(Leave, st.just("sick"), st.just(MONDAY), st.just(MONDAY), st.sampled_from(list(Part))),
                  max_size=2)  # fmt: skip
moments = st.integers(-24, 96).map(lambda hours: on("00:00") + timedelta(hours=hours))


def applied(before: Sequence[Published], changes: Changes) -> list[Published]:
    """The windows after the changes."""
    anew = {number: (terms, known) for number, terms, known in changes.changed}
    kept = [replace(one, terms=anew[one.id][0], published_at=anew[one.id][1]) if one.id in anew else one
            for one in before if one.id not in changes.deleted]  # fmt: skip
    return [*kept, *(Published(100 + n, terms, known) for n, (terms, known) in enumerate(changes.added))]


@given(patterns, leaves, patterns, leaves, moments, st.booleans())
def test_afterwards_exactly_what_is_wanted_is_expected_and_doing_it_again_changes_nothing(
    before: Pattern | None, was: list[Leave], after: Pattern | None, becomes: list[Leave], now: datetime, judged: bool
) -> None:
    windows = published(wanted(before, *was, days=2), judged)
    aim = wanted(after, *becomes, days=2)
    changes = reconciled(windows, aim, now)
    held = applied(windows, changes)
    assert sorted(one.terms.start for one in held if one.terms.excuse != OFF_ROSTER) == [one.start for one in aim]
    again = reconciled(held, aim, now)
    assert not again.added and not again.deleted
    assert all(one.published_at <= now or one.published_at == KNOWN for one in held)


def test_a_duty_needs_no_zone_to_be_a_window() -> None:
    (terms,) = terms_of([Duty(MONDAY, "x", on("08:00"), on("09:00"))])
    assert terms.zones == frozenset()
