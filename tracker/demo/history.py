"""The daily logs of the simulated employees, written with the same functions and rules as from the pages.

Each day's logs are written when the day is over: some are drafts, some submitted, some already approved or returned.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.demo.accounts import USERNAMES
from tracker.demo.activities import Written, written
from tracker.demo.cast import Duty, Employee
from tracker.demo.person_days import PhoneDay
from tracker.demo.roster import PAST_DAYS
from tracker.demo.staff import DEMO_EMPLOYEE, STAFF
from tracker.demo.world import DAY, World
from tracker.domain.daily_log import LogState
from tracker.storage import daily_logs
from tracker.storage.models import Account, ActivityType, DailyLog, Membership, Person
from tracker.storage.rights import Right, Viewer, covers, viewer_for

WRITTEN_AFTER = timedelta(minutes=10)
REVIEW_TIME = time(9, 15)  # when the supervisor goes through yesterday's logs
RETURN_REASONS = (
    "Mohon lengkapi kegiatan setelah pukul 10.00.",
    "Volume penyapuan tidak sesuai dengan lokasi. Mohon diperiksa kembali.",
    "Keterangan kegiatan kurang jelas, mohon diperbaiki.",
)
NOTES = ("", "", "", "Sesuai jadwal.", "Cuaca hujan, pekerjaan sempat terhenti.", "Bersama regu.")


def write_logs(session: Session, world: World, now: datetime) -> None:
    """Write the logs of the last `PAST_DAYS` days whose duty is over, where nobody wrote one yet."""
    people = {nip: person_id for nip, person_id in session.execute(select(Person.nip, Person.id))}
    office = _Office.of(session, world, now)
    for back in range(PAST_DAYS, 0, -1):
        on = world.date_of(now.timestamp()) - back * DAY
        taken = set(session.scalars(select(DailyLog.person_id).where(DailyLog.work_date == on)))
        for employee in STAFF:
            person_id = people.get(employee.nip)
            day = world.phone_day(employee, on)
            if person_id is None or person_id in taken or day is None or day.duty.ends_at + 2 * WRITTEN_AFTER > now:
                continue
            chance = Random(f"log {employee.nip} {on}")
            if office.write(person_id, day, chance) and person_id in office.team:
                office.review(person_id, day.duty, chance)


@dataclass(frozen=True, slots=True)
class _Office:
    """Where logs are written and reviewed. `supervisor` is None where the demo's account is gone."""

    session: Session
    world: World
    now: datetime
    types: Mapping[str, int]
    supervisor: Viewer | None
    team: Set[int]  # ids of the people whose logs are theirs to decide

    @classmethod
    def of(cls, session: Session, world: World, now: datetime) -> _Office:
        types = {name: type_id for name, type_id in session.execute(select(ActivityType.name_id, ActivityType.id))}
        today = world.date_of(now.timestamp())
        account = session.scalar(select(Account).where(Account.username == USERNAMES["supervisor"]))
        if account is None:
            return cls(session, world, now, types, None, frozenset())
        supervisor = viewer_for(session, account, today)
        team = select(Membership.person_id).where(covers(supervisor, Right.DECIDE, Membership.person_id, today))
        return cls(session, world, now, types, supervisor, set(session.scalars(team)))

    def write(self, person_id: int, day: PhoneDay, chance: Random) -> bool:
        """Write one log as far as its author gets; True where it was handed in."""
        activities = [activity for activity in written(day) if activity.kind.name_id in self.types]
        outcome = _outcome(day.duty.employee, chance)
        if outcome is None or not activities:
            return False
        log_day = self._log_day(person_id, day.duty.work_date, day.duty.ends_at + WRITTEN_AFTER)
        for number, activity in enumerate(activities[: 2 if outcome is LogState.DRAFT else None]):
            key = uuid.uuid5(uuid.NAMESPACE_OID, f"{person_id} {day.duty.work_date} {number}")
            daily_logs.add_activity(self.session, log_day, key, self._entry(activity, chance.choice(NOTES)))
        if outcome is LogState.SUBMITTED:
            daily_logs.submit(self.session, log_day)
        return outcome is LogState.SUBMITTED

    def review(self, person_id: int, duty: Duty, chance: Random) -> None:
        """The supervisor's decision of the next morning; most of yesterday's logs still wait for one."""
        on = duty.work_date
        decision = _decision(duty.employee, self.world.date_of(self.now.timestamp()) - on <= DAY, chance)
        if decision is None or self.supervisor is None or person_id == self.supervisor.person_id:
            return
        reason = chance.choice(RETURN_REASONS) if decision is LogState.RETURNED else ""
        decided_at = datetime.combine(on + DAY, REVIEW_TIME, self.world.zone).astimezone(UTC)
        log_day = self._log_day(person_id, on, min(decided_at, self.now))
        seen = daily_logs.Seen(LogState.SUBMITTED, self._submitted_at(person_id, on))
        daily_logs.decide(self.session, self.supervisor, log_day, decision, seen, reason)

    def _submitted_at(self, person_id: int, on: date) -> datetime | None:
        return self.session.scalar(
            select(DailyLog.submitted_at).where(DailyLog.person_id == person_id, DailyLog.work_date == on)
        )

    def _log_day(self, person_id: int, on: date, at: datetime) -> daily_logs.Day:
        return daily_logs.day_of(self.session, person_id, on, self.world.zone, at)

    def _entry(self, activity: Written, note: str) -> daily_logs.Entry:
        type_id = self.types[activity.kind.name_id]
        return daily_logs.Entry(type_id, self._clock(activity.start), self._clock(activity.end), activity.volume, note)

    def _clock(self, at: int) -> time:
        return datetime.fromtimestamp(at, UTC).astimezone(self.world.zone).time()


def _outcome(employee: Employee, chance: Random) -> LogState | None:
    """How far the author gets: nothing, a draft, or handed in; who signs in to try the city has handed it in."""
    if employee.name == DEMO_EMPLOYEE:
        return LogState.SUBMITTED
    return chance.choices((None, LogState.DRAFT, LogState.SUBMITTED), (10, 14, 76))[0]


def _decision(employee: Employee, yesterday: bool, chance: Random) -> LogState | None:
    """What the supervisor makes of a log; the one who signs in to try the city has something to put right."""
    if employee.name == DEMO_EMPLOYEE:
        return LogState.RETURNED if yesterday else LogState.APPROVED
    weights = (25, 15, 60) if yesterday else (88, 7, 5)
    return chance.choices((LogState.APPROVED, LogState.RETURNED, None), weights)[0]
