"""A week of a small team in which much goes wrong ends in the revisions, reports and mails that a person expects.

Monday: Citra's phone has no network; its positions come on Wednesday. Tuesday: the network of the whole city is down
from 09.30 on, and Siti's phone alone sends what it kept. Wednesday: Budi's phone stays at home, and he contests.
Thursday: Dewi comes late, and on Friday it is ruled that minutes of that day count from the end of grace.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import Connection, Engine, insert, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from reports.batches import Clock
from reports.figures import count_due
from reports.judging import judge_due
from reports.mails import send_due
from reports.periods import make_due
from reports.publishing import publish_due
from tests import builders as build
from tests.domain import days
from tests.domain.days import WIB
from tests.mailserver import Mailbox, mail_server
from tests.reports.duties import LOCK, RETENTION_DAYS, receive
from tests.reports.mailing import mails, post, reader, subscribed
from tests.reports.rosters import rotation, shift, work_zone
from tracker.domain.fix import Fix, oldest_kept
from tracker.storage import calendar_changes, contests
from tracker.storage import models as m
from tracker.storage.absences import seen
from tracker.storage.audit import OPERATOR
from tracker.storage.changes import By
from tracker.storage.contests import Answer, Decision
from tracker.storage.contests import Times as Deadlines
from tracker.storage.figures import Figures, person_figures, unit_figures
from tracker.storage.person_days import verdicts_of
from tracker.storage.publication import Times, mark_people
from tracker.storage.rights import Viewer, viewer_for

DAY = timedelta(days=1)
TODAY = datetime.now(WIB).date()
MONDAY = TODAY - DAY * (TODAY.weekday() + 7)  # of the last whole week
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY, NEXT_MONDAY = (MONDAY + DAY * n for n in range(1, 8))
TEAM = ("Siti", "Budi", "Citra", "Dewi", "Eka", "Fajar", "Gita")
WHOLE_DAY, NETWORK_GONE = "07:45-16:15 work", "09:30"


@dataclass(frozen=True)
class Team:
    unit: int
    people: dict[str, int]
    phones: dict[str, int]
    boss: int  # the account


def at(day: date, clock: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), WIB)


def track(day: date, *words: str) -> list[Fix]:
    moved = datetime.combine(day, time(), WIB) - days.DAY
    return [fix._replace(fix_time=fix.fix_time + moved) for fix in days.track(*words)]


def turn(engine: Engine, mailbox: Mailbox, day: date, clock: str) -> None:
    """What the scheduler does at that time, in its order; and the mails."""
    now = at(day, clock)
    oldest = oldest_kept(now, RETENTION_DAYS)
    publish_due(engine, Times(now, WIB, LOCK, oldest))
    judge_due(engine, Clock(now, oldest, LOCK), lambda: False)
    count_due(engine, WIB, now, lambda: False)
    make_due(engine, WIB, now, lambda: False)
    send_due(engine, post(mailbox), lambda: False)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def team(engine: Engine, mailbox: Mailbox) -> Team:
    """Monday to Friday from 8 to 16, published a week ahead; who subscribed to what."""
    with engine.begin() as conn:
        unit = build.unit(conn, "Regu Menteng")
        hours, zone = shift(conn), work_zone(conn)
        works = rotation(conn, *[hours] * 5, None, None, anchor=MONDAY - 28 * DAY)
        people = {name: build.person(conn, unit, name) for name in TEAM}
        for person in people.values():
            entry = {"person_id": person, "rotation_id": works, "period": Range(MONDAY, None), "zone_ids": [zone]}
            conn.execute(insert(m.RosterEntry).values(entry))
        mark_people(conn, people.values(), MONDAY, "roster")
        phones = {name: build.device(conn, person_id=person) for name, person in people.items()}
        boss = reader(conn, "kepala", unit)
        own = reader(conn, "budi", person_id=people["Budi"])
        subscribed(conn, boss, "daily", unit)
        subscribed(conn, boss, "weekly", unit)
        subscribed(conn, own, "weekly", None)
    turn(engine, mailbox, MONDAY - 7 * DAY, "06:00")
    return Team(unit, people, phones, boss)


def send(conn: Connection, team: Team, day: date, words: str, *names: str, late: datetime | None = None) -> None:
    for name in names:
        receive(conn, team.phones[name], track(day, words), received_at=late)


def revisions(engine: Engine, person: int) -> dict[date, list[tuple[str, str, str | None]]]:
    """Of each work date cause, status and why of each revision, oldest first."""
    verdict = m.VerdictRevision
    query = select(m.DutyWindow.work_date, verdict.reason, verdict.status, verdict.cause)
    joined = query.join(verdict, verdict.window_id == m.DutyWindow.id).where(m.DutyWindow.person_id == person)
    ordered = joined.order_by(m.DutyWindow.starts_at, verdict.revision)
    found: dict[date, list[tuple[str, str, str | None]]] = {}
    with engine.connect() as conn:
        for work_date, *told in conn.execute(ordered):
            found.setdefault(work_date, []).append(tuple(told))
    return found


def late_minutes(engine: Engine, person: int, day: date) -> list[int | None]:
    query = select(m.VerdictRevision.late_min).join(m.DutyWindow, m.DutyWindow.id == m.VerdictRevision.window_id)
    with engine.connect() as conn:
        of_day = query.where(m.DutyWindow.person_id == person, m.DutyWindow.work_date == day)
        return list(conn.scalars(of_day.order_by(m.VerdictRevision.revision)))


def contested(engine: Engine, team: Team, now: datetime) -> int:
    """Budi says that he was there."""
    with Session(engine) as session, session.begin():
        on_day = select(m.DutyWindow).where(m.DutyWindow.work_date == WEDNESDAY)
        window = session.scalars(on_day.where(m.DutyWindow.person_id == team.people["Budi"])).one()
        said = Answer("Saya ada di pos, ponsel saya tertinggal di rumah.")
        return contests.open_contest(session, window, said, deadlines(now)).id


def decided(engine: Engine, team: Team, contest_id: int, now: datetime) -> None:
    with Session(engine) as session, session.begin():
        contest = session.get_one(m.Contest, contest_id)
        newest = verdicts_of(session, [contest.window_id])[contest.window_id][0]
        span = contest.window.starts_at, contest.window.ends_at
        decision = Decision("Saya bekerja bersamanya sepanjang hari.", span)
        contests.decide(session, viewer(session, team, now), contest, seen(newest), decision, deadlines(now))


def deadlines(now: datetime) -> Deadlines:
    return Deadlines(now, WIB, 14, oldest_kept(now, RETENTION_DAYS))


def viewer(session: Session, team: Team, now: datetime) -> Viewer:
    return viewer_for(session, session.get_one(m.Account, team.boss), now.astimezone(WIB).date())


def lived_through(engine: Engine, team: Team, mailbox: Mailbox) -> None:
    """The week as it happened, with the scheduler's turns between."""
    with engine.begin() as conn:
        send(conn, team, MONDAY, WHOLE_DAY, *(name for name in TEAM if name != "Citra"))
    for clock in ("17:30", "23:00"):
        turn(engine, mailbox, MONDAY, clock)
    turn(engine, mailbox, TUESDAY, "01:00")
    with engine.begin() as conn:
        send(conn, team, TUESDAY, f"07:45-{NETWORK_GONE} work", *TEAM)
    turn(engine, mailbox, TUESDAY, "17:30")
    turn(engine, mailbox, WEDNESDAY, "01:00")
    with engine.begin() as conn:  # what the phones of Citra and Siti kept
        send(conn, team, WEDNESDAY, "07:45-08:00 work", *(name for name in TEAM if name != "Budi"))
        send(conn, team, MONDAY, WHOLE_DAY, "Citra", late=at(WEDNESDAY, "08:00"))
        send(conn, team, TUESDAY, f"{NETWORK_GONE}-16:15 work", "Siti", late=at(WEDNESDAY, "08:00"))
    turn(engine, mailbox, WEDNESDAY, "08:05")
    with engine.begin() as conn:
        send(conn, team, WEDNESDAY, "08:01-16:15 work", *(name for name in TEAM if name != "Budi"))
        send(conn, team, WEDNESDAY, "07:45-16:15 home", "Budi")
    turn(engine, mailbox, WEDNESDAY, "17:30")
    contest_id = contested(engine, team, at(WEDNESDAY, "18:00"))
    with engine.begin() as conn:
        send(conn, team, THURSDAY, WHOLE_DAY, *(name for name in TEAM if name != "Dewi"))
        send(conn, team, THURSDAY, "07:45-08:40 home", "Dewi")
        send(conn, team, THURSDAY, "08:41-16:15 work", "Dewi")
    turn(engine, mailbox, THURSDAY, "01:00")
    decided(engine, team, contest_id, at(THURSDAY, "10:00"))
    turn(engine, mailbox, THURSDAY, "17:30")
    turn(engine, mailbox, FRIDAY, "01:00")
    with Session(engine) as session, session.begin():
        now = at(FRIDAY, "10:00")
        by = By(session, OPERATOR, None, now, FRIDAY)
        calendar_changes.keep_rule_set(by, None, "Hujan lebat", THURSDAY, THURSDAY, True, {})
    with engine.begin() as conn:
        send(conn, team, FRIDAY, WHOLE_DAY, *TEAM)
    turn(engine, mailbox, FRIDAY, "17:30")
    for day in (SATURDAY, SUNDAY, NEXT_MONDAY):
        turn(engine, mailbox, day, "01:00")


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_a_week_ends_in_the_revisions_reports_and_mails_that_a_person_expects(
    engine: Engine, team: Team, mailbox: Mailbox
) -> None:
    lived_through(engine, team, mailbox)

    # revisions: what happened to whom, and why it was judged again
    there, outage = ("first", "PRESENT", None), ("first", "UNVERIFIED", "outage")
    usual = {MONDAY: [there], TUESDAY: [outage], WEDNESDAY: [there], THURSDAY: [there], FRIDAY: [there]}
    expected = {name: dict(usual) for name in TEAM}
    expected["Citra"][MONDAY] = [("first", "UNVERIFIED", "silent"), ("late_fixes", "PRESENT", None)]
    expected["Siti"][TUESDAY] = [outage, ("late_fixes", "PRESENT", None)]
    expected["Budi"][WEDNESDAY] = [("first", "NO_SHOW", None), ("decision", "PRESENT", None)]
    for name in TEAM:
        expected[name][THURSDAY] = [there, ("rule", "PRESENT", None)]
    assert {name: revisions(engine, team.people[name]) for name in TEAM} == expected
    assert late_minutes(engine, team.people["Dewi"], THURSDAY) == [40, 25]

    # figures: of the team and of Budi, as they stand at the end
    with Session(engine) as session:
        now = at(NEXT_MONDAY, "02:00")
        whole = unit_figures(session, viewer(session, team, now), MONDAY, SUNDAY, team.unit)
        own = person_figures(session, team.people["Budi"], MONDAY, SUNDAY, now)
    assert (whole.duties, whole.judged, whole.present, whole.no_show, whole.unverified) == (35, 35, 29, 0, 6)
    assert whole.causes == {"outage": 6} and (whole.late, whole.late_min) == (1, 25)
    assert whole.on_site_s + whole.off_site_s + whole.moving_s + whole.unknown_s == whole.expected_s == 35 * 8 * 3600
    assert (own.present, own.no_show, own.unverified) == (4, 0, 1) and own != Figures()

    # reports: each period made once; mails: each once, to whom it is for
    with engine.connect() as conn:
        made = conn.execute(select(m.ReportRun.report, m.ReportRun.period, m.ReportRun.state)).all()
    periods = Counter((row.report, row.period) for row in made if row.report in ("daily", "weekly"))
    assert periods == Counter([*(("daily", MONDAY + DAY * n) for n in range(7)), ("weekly", MONDAY)])
    assert {row.state for row in made} == {"done"}
    assert Counter(mail.state for mail in mails(engine)) == {"sent": 9} and set(mailbox.ids.values()) == {1}
    to = Counter((letter["To"], letter["Subject"].split(":")[0]) for letter in mailbox.letters)
    assert to == {("kepala@example.go.id", "Daily report"): 7, ("kepala@example.go.id", "Weekly report"): 1,
                  ("budi@example.go.id", "Weekly report"): 1}  # fmt: skip
    weekly = {letter["To"]: text_of(letter) for letter in mailbox.letters if letter["Subject"].startswith("Weekly")}
    boss, budi = weekly["kepala@example.go.id"], weekly["budi@example.go.id"]
    assert "Not at the place of duty: 0" in boss and "outage: 6" in boss and "Present: 4" in budi
    assert not any(name in boss for name in TEAM)
