"""What the engine said of the simulated month against what happened in it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, func, select

from bench.month_phone import SHOWN_BY_CHECK_IN, Trouble
from bench.month_run import Happened, Run
from bench.month_truth import EARLY_S, IDLE_S, LATE_S, MIN, PLANTED, Deed, Duty, Outing, Times, expected_of
from tracker.storage.models import DutyCase, DutyWindow, IdleRevision, VerdictRevision

Key = tuple[int, int, int]  # person, start and end
SLACK_MIN = 3  # beside one interval of the phone: from the border to the desk, and what is rounded down


@dataclass(slots=True)
class Window:
    """A published window: all verdicts on it, oldest first, its newest idle figure, and whether a case was opened."""

    row: Row[Any]
    verdicts: list[Row[Any]] = field(default_factory=list)
    idle_s: int = 0
    case: Row[Any] | None = None

    @property
    def newest(self) -> Row[Any] | None:
        return self.verdicts[-1] if self.verdicts else None


@dataclass(slots=True)
class Counted:
    """Everything that is printed. `faults` say in words what must not be."""

    numbers: dict[str, tuple[float, str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        for name, (value, unit) in self.numbers.items():
            yield f"{name} {value:g} {unit}"


def counted(conn: Connection, run: Run) -> Counted:
    """Compare what was said of each window with what happened."""
    windows = _windows(conn, run)
    found = Counted()
    _said(found, windows, run, conn)
    _published(found, windows, run)
    _honest(found, windows, run)
    _planted(found, windows, run)
    _spent(found, run)
    return found


def _windows(conn: Connection, run: Run) -> dict[Key, Window]:
    numbers = {person_id: number for number, person_id in run.person_ids.items()}
    by_id = {row.id: Window(row) for row in conn.execute(select(DutyWindow.__table__))}
    newest = VerdictRevision.__table__
    columns = [newest.c[name] for name in
               ("window_id", "revision", "reason", "status", "cause", "late_min", "left_early_min")]  # fmt: skip
    for row in conn.execute(select(*columns).order_by(newest.c.window_id, newest.c.revision)):
        by_id[row.window_id].verdicts.append(row)
    idle = select(IdleRevision.window_id, IdleRevision.counted_s).order_by(IdleRevision.revision)
    for row in conn.execute(idle):
        by_id[row.window_id].idle_s = row.counted_s
    for row in conn.execute(select(DutyCase.__table__)):
        by_id[row.window_id].case = row
    return {
        (numbers[one.row.person_id], int(one.row.starts_at.timestamp()), int(one.row.ends_at.timestamp())): one
        for one in by_id.values()
    }


def _key(duty: Duty) -> Key:
    return duty.person, int(duty.start), int(duty.end)


def _said(found: Counted, windows: dict[Key, Window], run: Run, conn: Connection) -> None:
    numbers = found.numbers
    numbers["month.people"] = len(run.people), f"people_on_{run.month.days}_days"
    for name in ("stored", "duplicate", "off_duty", "unassigned", "clock_ahead"):
        numbers[f"month.fixes.{name}"] = getattr(run.saved, name), "fixes"
    numbers["month.check_ins"] = run.check_ins, "check-ins"
    status = Counter(one.newest.status if one.newest else "none" for one in windows.values())
    for name in ("PRESENT", "NO_SHOW", "UNVERIFIED", "EXCUSED", "none"):
        numbers[f"month.windows.{name.lower()}"] = status[name], "windows"
    causes = Counter(one.newest.cause for one in windows.values() if one.newest and one.newest.cause)
    for cause, count in sorted(causes.items()):
        numbers[f"month.unverified.{cause}"] = count, "windows"
    reasons = Counter(row.reason for one in windows.values() for row in one.verdicts)
    for reason, count in sorted(reasons.items()):
        numbers[f"month.revisions.{reason}"] = count, "revisions"
    cases = conn.execute(select(DutyCase.cause, func.count()).group_by(DutyCase.cause).order_by(DutyCase.cause))
    numbers |= {f"month.cases.{cause}": (count, "cases_after_lock") for cause, count in cases}


def _published(found: Counted, windows: dict[Key, Window], run: Run) -> None:
    """Whether the windows are those that were to be expected; a leave entered after the lock is a case."""
    for name in ("added", "changed", "deleted", "cases", "problems"):
        found.numbers[f"month.published.{name}"] = run.published[name], "windows"
    expected = {_key(duty): duty for one in run.people for duty in expected_of(one, run.month)}
    wrong = [key for key in expected.keys() ^ windows.keys()]
    for key in expected.keys() & windows.keys():
        excuse, window = expected[key].excuse, windows[key]
        proposed = window.case.proposed.get("terms", {}).get("excuse") if window.case else None
        said = window.row.excuse or proposed
        if _kind(said) != _kind(excuse):
            wrong.append(key)
    found.numbers["month.published.wrong"] = len(wrong), "windows_not_as_expected"
    found.faults += [f"window of person {key[0]} at {key[1]} is not as expected" for key in sorted(wrong)]


def _kind(excuse: str | None) -> str | None:
    return "holiday" if excuse and excuse not in ("leave", "sick", "official_trip") else excuse


# ---- the honest ----


def _honest(found: Counted, windows: dict[Key, Window], run: Run) -> None:
    """What was held against people who did what they were to do."""
    false_shows, passing = 0, 0
    against: dict[str, list[int]] = {"late_min": [], "left_early_min": []}
    statuses: dict[Trouble, Counter[str]] = defaultdict(Counter)
    unsaid: Counter[str] = Counter()
    for one in run.happened:
        if one.outing.deed is not Deed.WORKED:
            continue
        for duty in one.outing.duties:
            window = windows.get(_key(duty))
            if window is None or window.newest is None:
                continue
            if _unsaid(one, duty):
                unsaid[window.newest.status] += 1
                continue
            statuses[one.told.trouble][window.newest.status] += 1
            said = [row.status for row in window.verdicts]
            false_shows += said[-1] == "NO_SHOW"
            passing += "NO_SHOW" in said[:-1]
            if "NO_SHOW" in said:
                found.faults.append(f"false no-show: {_told(one, duty, window)}")
            if said[-1] != "PRESENT" and (one.told.trouble in SHOWN_BY_CHECK_IN or _clear(one, window)):
                found.notes.append(f"not present: {_told(one, duty, window)}")
            for name, minutes in against.items():
                worst = max((getattr(row, name) or 0 for row in window.verdicts), default=0)
                if worst:
                    minutes.append(worst)
                    found.notes.append(f"{name}: {_told(one, duty, window)}")
    numbers = found.numbers
    numbers["month.false_no_shows"] = false_shows, "windows"
    numbers["month.false_no_shows.passing"] = passing, "windows_revised_later"
    for name, key in (("month.false_late", "late_min"), ("month.false_early", "left_early_min")):
        numbers[name] = sum(against[key]), "minutes"
        numbers[f"{name}.windows"] = len(against[key]), "windows"
    numbers["month.honest"] = sum(sum(counts.values()) for counts in statuses.values()), "windows"
    numbers["month.unsaid"] = sum(unsaid.values()), "second_duties_without_a_check_in,_phone_at_home"
    numbers["month.unsaid.no_show"] = unsaid["NO_SHOW"], "windows"
    for trouble, counts in sorted(statuses.items()):
        whole = sum(counts.values())
        numbers[f"month.honest.{trouble}.present"] = round(counts["PRESENT"] / whole, 3), f"of_{whole}_windows"


def _clear(one: Happened, window: Window) -> bool:
    """Whether a phone told all that there was to tell, of a window that was known in time."""
    return one.told.trouble is Trouble.NONE and not one.told.lost and window.row.published_at < window.row.starts_at


def _unsaid(one: Happened, duty: Duty) -> bool:
    """Whether nothing says that somebody was there: their phone is at home, and they checked in for the duty before."""
    said = any(duty.start - 30 * MIN <= check_in.at <= duty.end + 30 * MIN for check_in in one.told.check_ins)
    return one.told.trouble in (Trouble.AT_HOME, Trouble.AT_HOME_NOWHERE) and not said


def _told(one: Happened, duty: Duty, window: Window) -> str:
    said = [(row.status, row.cause, row.late_min, row.left_early_min, row.reason) for row in window.verdicts]
    person = one.outing.person
    who = f"window {window.row.id}, person {person.number} ({person.role.name}) at {window.row.starts_at:%d %H:%M}"
    return f"{who}, {one.outing.deed}, phone {one.told.trouble}, {one.told.lost} lost: {said}, idle {window.idle_s} s"


# ---- what was planted ----


def _planted(found: Counted, windows: dict[Key, Window], run: Run) -> None:
    tally: dict[Deed, Counter[str]] = {deed: Counter() for deed in PLANTED}
    for one in run.happened:
        deed = one.outing.deed
        if deed not in PLANTED:
            continue
        (duty,) = one.outing.duties
        window = windows.get(_key(duty))
        outcome = "unpublished" if window is None or window.newest is None else _outcome(one, window)
        tally[deed][outcome] += 1
        if outcome in ("missed", "unpublished"):
            found.faults.append(f"missed: {_told(one, duty, window) if window else _key(duty)}")
    observable = {deed: counts["found"] + counts["missed"] + counts["unpublished"] for deed, counts in tally.items()}
    found.numbers["month.planted"] = sum(sum(counts.values()) for counts in tally.values()), "duties"
    found.numbers["month.planted.observable"] = sum(observable.values()), "duties"
    found.numbers["month.planted_found"] = sum(counts["found"] for counts in tally.values()), "duties"
    for deed, counts in tally.items():
        found.numbers[f"month.planted.{deed}"] = counts["found"], f"found_of_{observable[deed]}_observable"
    for deed, counts in tally.items():
        for why in sorted(counts.keys() - {"found"}):
            found.numbers[f"month.planted.{deed}.not_found.{why}"] = counts[why], "duties"


def _outcome(one: Happened, window: Window) -> str:
    """`found`, `missed`, or why it could not be seen."""
    if _found(one, window):
        return "found"
    assert window.newest is not None
    if one.outing.deed is Deed.SILENT or one.outing.deed is Deed.OUTAGE:
        return "missed"
    if one.told.lost:
        return "positions_lost"
    return "missed"


def _found(one: Happened, window: Window) -> bool:
    said = window.newest
    assert said is not None
    every_min = one.outing.person.interval_s / MIN + SLACK_MIN
    match one.outing.deed:
        case Deed.HOME:
            return bool(said.status == "NO_SHOW")
        case Deed.SILENT:
            return all((row.status, row.cause) in SILENT_OR_OUTAGE for row in window.verdicts)
        case Deed.OUTAGE if one.told.lost:
            return all((row.status, row.cause) == ("UNVERIFIED", "outage") for row in window.verdicts)
        case Deed.OUTAGE:  # the phone sent it all afterwards: nothing of the day is unknown
            return said.status == "NO_SHOW" or (said.status, said.cause) == ("UNVERIFIED", "outage")
        case Deed.LATE:
            true_min = (_at_sites(one.outing)[0] - one.outing.start) / MIN
            return said.status == "PRESENT" and true_min - every_min <= (said.late_min or 0) <= LATE_S / MIN
        case Deed.EARLY:
            true_min = (one.outing.end - _at_sites(one.outing)[1]) / MIN
            return said.status == "PRESENT" and true_min - every_min <= (said.left_early_min or 0) <= EARLY_S / MIN
        case _:
            return said.status == "PRESENT" and IDLE_S - 2 * MIN * every_min <= window.idle_s


def _at_sites(outing: Outing) -> Times:
    """When somebody is first and last at or near one of their sites, by chance on their way, too."""
    way = np.array(outing.way)
    times = np.arange(outing.start, outing.end, 10.0)
    east, north = np.interp(times, way[:, 0], way[:, 1]), np.interp(times, way[:, 0], way[:, 2])
    near = [np.hypot(east - site.at[0], north - site.at[1]) <= 1.3 * site.radius_m + 60 for site in outing.person.sites]
    there = times[np.logical_or.reduce(near)]
    return float(there[0]), float(there[-1])


SILENT_OR_OUTAGE = (("UNVERIFIED", "silent"), ("UNVERIFIED", "outage"))


def _spent(found: Counted, run: Run) -> None:
    days = run.month.days
    for name, value in sorted(run.spent.by.items()):
        found.numbers[f"month.seconds.{name}"] = round(value, 1), "s"
    whole = sum(run.spent.by.values())
    found.numbers["month.seconds"] = round(whole, 1), "s"
    found.numbers["month.day"] = round(whole / days, 2), "s_for_each_simulated_day"
