"""Contests: an employee answers a verdict on a duty of theirs, and somebody else decides, on two levels.

Every change holds the row of the duty window until its transaction ends: of two that come at once the first stands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, func, select, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from tracker.domain import contest as rules
from tracker.domain.contest import Before, Refusal, Refused, Said
from tracker.domain.differences import DECISIVE
from tracker.storage.attestations import Word, attest
from tracker.storage.contest_rights import First, FirstDecider, about_others, decides, nobody_decides
from tracker.storage.due import DECISION, mark_windows
from tracker.storage.models import (
    Account,
    Contest,
    ContestPhoto,
    DutyWindow,
    Holiday,
    Person,
    VerdictRevision,
)
from tracker.storage.notifications import notify
from tracker.storage.paging import Page, page_of, total_of
from tracker.storage.person_days import verdicts_of
from tracker.storage.rights import Viewer

STATES = ("open", "decided")
LEVELS = ("all", "first", "second", "escalated")
MEDIA_TYPE = "image/jpeg"
LONGEST_HOLIDAYS = timedelta(days=60)  # in which a fifth working day is found for sure


@dataclass(frozen=True, slots=True)
class Times:
    """When it is, in which zone, for how many days a verdict may be contested, and from when on positions are kept."""

    now: datetime
    zone: ZoneInfo
    days: int
    oldest: datetime


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody says against a verdict, and the pictures that belong to it, as JPEG."""

    statement: str
    photos: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """Why the verdict stays or, with a span in which the decider vouches for the person's presence, changes."""

    reason: str
    present: tuple[datetime, datetime] | None = None


def said_of(verdict: VerdictRevision) -> dict[str, Any]:
    """What a verdict says, as the rules take it."""
    return {name: getattr(verdict, name) for name in DECISIVE}


def refusals(
    session: Session, verdicts: Mapping[int, Sequence[VerdictRevision]], times: Times
) -> dict[int, Refusal | None]:
    """Why the person concerned cannot contest the verdicts on each of these windows; None where they can.

    `verdicts` are all revisions of each window, newest first.
    """
    levels = select(Contest.window_id, Contest.revision, Contest.outcome, Contest.level)
    before: dict[int, list[Before]] = {}
    for row in session.execute(levels.where(Contest.window_id.in_(list(verdicts)))):
        if row.level == 1 or row.outcome is None:
            before.setdefault(row.window_id, []).append(Before(row.revision, row.outcome))
    return {
        window_id: rules.refusal_of(_revisions(found), before.get(window_id, ()), times.days, times.now)
        for window_id, found in verdicts.items()
    }


def closes_at(newest_first: Sequence[VerdictRevision], days: int) -> datetime:
    """Until when the verdict that stands may be contested."""
    return rules.closes_at(_revisions(newest_first), days)


def _revisions(newest_first: Sequence[VerdictRevision]) -> list[Said]:
    return [Said(one.revision, one.computed_at, said_of(one)) for one in reversed(newest_first)]


def own_window(session: Session, person_id: int, window_id: int) -> DutyWindow | None:
    """A duty of a person's own."""
    query = select(DutyWindow).where(DutyWindow.id == window_id, DutyWindow.person_id == person_id)
    return session.scalar(query.options(joinedload(DutyWindow.shift)))


def open_contest(session: Session, window: DutyWindow, answer: Answer, times: Times) -> Contest:
    """Contest the verdict that stands on a duty, in the name of its person. May raise `Refused`."""
    _hold(session, window.id)
    verdicts = verdicts_of(session, [window.id])
    newest_first = verdicts.get(window.id, [])
    refusal = refusals(session, {window.id: newest_first}, times)[window.id]
    if refusal is not None:
        raise Refused(refusal)
    return _added(session, Contest(window_id=window.id, revision=newest_first[0].revision), answer, times)


def appeal(session: Session, first: Contest, answer: Answer, times: Times) -> Contest:
    """Bring the decision on one's contest before the second level. May raise `Refused`."""
    _hold(session, first.window_id)
    standing = verdicts_of(session, [first.window_id])[first.window_id][0]
    refusal = appeal_refusal(session, first, standing, times.now)
    if refusal is not None:
        raise Refused(refusal)
    second = Contest(window_id=first.window_id, revision=standing.revision, level=2, appeal_of=first.id)
    return _added(session, second, answer, times)


def appeal_refusal(session: Session, first: Contest, standing: VerdictRevision, now: datetime) -> Refusal | None:
    """Why the decision on a contest cannot be brought before the second level; None where it can."""
    others = select(Contest.id).where(Contest.window_id == first.window_id)
    taken = session.scalar(others.where((Contest.appeal_of == first.id) | Contest.decided_at.is_(None)).limit(1))
    appealed = first.level != 1 or taken is not None
    return rules.refusal_of_appeal(said_of(standing), first.outcome, first.decided_at, appealed, now)


def _added(session: Session, contest: Contest, answer: Answer, times: Times) -> Contest:
    contest.statement, contest.opened_at = answer.statement, times.now
    contest.due_at = rules.due_at(times.now, _holidays(session, times.now.date()), times.zone)
    session.add(contest)
    session.flush()
    for number, content in enumerate(answer.photos, 1):
        session.add(ContestPhoto(contest_id=contest.id, number=number, media_type=MEDIA_TYPE, content=content))
    session.flush()
    return contest


def _holidays(session: Session, since: date) -> set[date]:
    return set(session.scalars(select(Holiday.day).where(Holiday.day.between(since, since + LONGEST_HOLIDAYS))))


def withdraw(session: Session, viewer: Viewer, contest: Contest, now: datetime) -> None:
    """Take one's open contest back. May raise `Refused`."""
    _decided(session, viewer, contest, {"outcome": "withdrawn"}, now)


def decide(
    session: Session, viewer: Viewer, contest: Contest, seen_digest: str, decision: Decision, times: Times
) -> None:
    """Decide an open contest, by the verdict as it was seen; the first of two decisions stands.

    Changed, the decider vouches for the person, and the duty is judged again, also after its lock. May raise `Refused`,
    and that of attestations.
    """
    window = _hold(session, contest.window_id)
    standing = verdicts_of(session, [window.id])[window.id][0]
    if rules.digest_of(said_of(standing)) != seen_digest:
        raise Refused(Refusal.CHANGED)
    outcome = "changed" if decision.present else "kept"
    _decided(session, viewer, contest, {"outcome": outcome, "reason": decision.reason}, times.now)
    if decision.present:
        _vouch(session, viewer, window, Word(*decision.present, decision.reason), times)
    told = {"outcome": outcome, "level": contest.level, "reason": decision.reason}
    notify(session, window.person_id, "contest_decided", window.work_date, told, times.now)


def _vouch(session: Session, viewer: Viewer, window: DutyWindow, word: Word, times: Times) -> None:
    """Without positions only the whole of a duty can be vouched for: the verdict then needs none."""
    oldest = times.oldest
    if window.accepts_from < oldest:
        if (word.start, word.end) != (window.starts_at, window.ends_at):
            raise Refused(Refusal.TOO_OLD)
        oldest = window.accepts_from
    attest(session, viewer, window, word, times.now, oldest)
    mark_windows(session, [window.id], DECISION, times.now)


def _decided(session: Session, viewer: Viewer, contest: Contest, values: Mapping[str, Any], now: datetime) -> None:
    is_open = Contest.id == contest.id, Contest.decided_at.is_(None)
    decided = update(Contest).where(*is_open).values(**values, decided_at=now, decided_by=viewer.account_id)
    if session.scalar(decided.returning(Contest.id)) is None:
        raise Refused(Refusal.DECIDED)


def _hold(session: Session, window_id: int) -> DutyWindow:
    query = select(DutyWindow).where(DutyWindow.id == window_id).with_for_update(key_share=True)
    return session.scalars(query).one()


def contest_list(
    session: Session, viewer: Viewer, state: str, level: str, number: int
) -> tuple[Page, Mapping[str, int]]:
    """One page of the contests that somebody decides, the oldest open one first; and how many each state has."""
    theirs = _theirs(viewer).where(*_at_level(level))
    reach = theirs.with_only_columns(Contest.decided_at.is_not(None).label("decided")).subquery()
    tallied = session.execute(select(reach.c.decided, func.count()).group_by(reach.c.decided))
    counts = {STATES[decided]: count for decided, count in tallied}
    order = Contest.opened_at.asc() if state == "open" else Contest.decided_at.desc()
    query = theirs.where(*_in_state(state)).order_by(order, Contest.id)
    return page_of(session, query, total_of(counts, state), number), counts


def open_contests(session: Session, viewer: Viewer) -> int:
    """How many contests wait for this viewer."""
    waiting = _theirs(viewer).where(*_in_state("open")).with_only_columns(Contest.id).subquery()
    return session.scalar(select(func.count()).select_from(waiting)) or 0


def contest_for(session: Session, viewer: Viewer, contest_id: int) -> Contest | None:
    """A contest that somebody decides, or could have; None where it is not theirs: the two look the same."""
    return session.scalar(_theirs(viewer).where(Contest.id == contest_id))


def own_contest(session: Session, person_id: int, contest_id: int) -> Contest | None:
    """A contest of a person's own."""
    return session.scalar(_own(person_id).where(Contest.id == contest_id))


def own_contests(session: Session, person_id: int) -> Sequence[Contest]:
    """What a person contested, newest first."""
    return session.scalars(_own(person_id).order_by(Contest.id.desc())).all()


def contests_of(session: Session, window_ids: Sequence[int]) -> dict[int, list[Contest]]:
    """The contests about windows, newest first; whoever asks may see the windows."""
    query = select(Contest).where(Contest.window_id.in_(window_ids)).order_by(Contest.id.desc())
    found: dict[int, list[Contest]] = {}
    for contest in session.scalars(query.options(joinedload(Contest.deciding_account).joinedload(Account.person))):
        found.setdefault(contest.window_id, []).append(contest)
    return found


def photos_of(session: Session, contest_ids: Sequence[int]) -> dict[int, list[int]]:
    """The numbers of the pictures of each contest."""
    query = select(ContestPhoto.contest_id, ContestPhoto.number).where(ContestPhoto.contest_id.in_(contest_ids))
    found: dict[int, list[int]] = {}
    for row in session.execute(query.order_by(ContestPhoto.number)):
        found.setdefault(row.contest_id, []).append(row.number)
    return found


def photo(session: Session, contest: Contest, number: int) -> ContestPhoto | None:
    """A picture of a contest that whoever asks may see."""
    return session.scalar(select(ContestPhoto).filter_by(contest_id=contest.id, number=number))


def escalate(conn: Connection, now: datetime) -> int:
    """Mark what was not decided in time; how many there were."""
    overdue = Contest.decided_at.is_(None), Contest.escalated_at.is_(None), Contest.due_at < now
    return conn.execute(update(Contest).where(*overdue).values(escalated_at=now)).rowcount


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many contests are open in the whole city, how many of them are overdue, and how many nobody may decide."""

    open: int
    overdue: int
    undecidable: int


def waiting(session: Session, now: datetime, today: date) -> Waiting:
    """How the contests of the city stand."""
    overdue = func.count().filter(Contest.due_at < now)
    open_ones = session.execute(select(func.count(), overdue).where(Contest.decided_at.is_(None))).one()
    undecidable = session.scalar(select(func.count()).select_from(nobody_decides(today).subquery()))
    return Waiting(*open_ones, undecidable or 0)


def _own(person_id: int) -> Select[Contest]:
    query = select(Contest).join(Contest.window).where(DutyWindow.person_id == person_id)
    account = joinedload(Contest.deciding_account).joinedload(Account.person)
    return query.options(contains_eager(Contest.window).joinedload(DutyWindow.shift), account)


def _theirs(viewer: Viewer) -> Select[Contest]:
    """What a viewer decides, and what was decided about people about whom they decide."""
    window = contains_eager(Contest.window)
    return (
        select(Contest)
        .join(Contest.window)
        .join(Person, Person.id == DutyWindow.person_id)
        .outerjoin(First, First.id == Contest.appeal_of)
        .outerjoin(FirstDecider, FirstDecider.id == First.decided_by)
        .where(about_others(viewer), Contest.decided_at.is_not(None) | decides(viewer))
        .options(window.joinedload(DutyWindow.person), window.joinedload(DutyWindow.shift),
                 joinedload(Contest.deciding_account).joinedload(Account.person))
    )  # fmt: skip


def _in_state(state: str) -> list[ColumnElement[bool]]:
    return [Contest.decided_at.is_(None) if state == "open" else Contest.decided_at.is_not(None)]


def _at_level(level: str) -> list[ColumnElement[bool]]:
    if level == "escalated":
        return [Contest.escalated_at.is_not(None)]
    return [] if level == "all" else [Contest.level == (1 if level == "first" else 2)]
