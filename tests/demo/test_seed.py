"""The simulated city in a real database: made once, kept up daily, never mixed with another."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import bcrypt
import pytest
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from tests import builders
from tests.databases import TEMPLATE
from tests.services import DatabaseServer
from tracker.demo import seed
from tracker.demo.accounts import demo_logins
from tracker.demo.cast import FLEET, ROOT_UNIT, SUPERVISED_UNIT, duty
from tracker.demo.memory import SECRETS, Memory
from tracker.demo.roster import keep_rosters
from tracker.demo.staff import DEMO_EMPLOYEE, STAFF
from tracker.demo.world import DAY, World
from tracker.storage.accounts import check_password
from tracker.storage.engine import make_engine
from tracker.storage.models import (
    Activity,
    Assignment,
    Base,
    DailyLog,
    Device,
    DutyWindow,
    LogDecision,
    Membership,
    Person,
    Publication,
    RosterEntry,
    Unit,
    Vehicle,
    Zone,
)
from tracker.storage.publication import AHEAD, Times, publish
from tracker.storage.rights import units_below

JAKARTA = ZoneInfo("Asia/Jakarta")
WEDNESDAY = datetime(2026, 3, 4, 7, 0, tzinfo=UTC)  # 14:00 in Jakarta


@dataclass(frozen=True)
class Seeded:
    """A city that was seeded on a Wednesday, for all tests of this module: they leave no change behind."""

    engine: Engine
    data_dir: Path
    world: World

    def prepare(self, now: datetime = WEDNESDAY) -> dict[str, str]:
        return seed.prepare(self.engine, self.world, self.data_dir, now)


@pytest.fixture(scope="module")
def city(database_server: DatabaseServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    name = f"seeded_{os.getpid()}"
    database_server.create(name, template=TEMPLATE)
    engine = make_engine(database_server.url("jejak_app", name))
    city = Seeded(engine, tmp_path_factory.mktemp("data"), World(JAKARTA))
    city.prepare()
    yield city
    engine.dispose()
    database_server.drop(name)


@pytest.fixture
def session(city: Seeded) -> Iterator[Session]:
    """A transaction in the seeded city that is rolled back."""
    with city.engine.connect() as conn, conn.begin() as transaction:
        with Session(conn, join_transaction_mode="create_savepoint") as session:
            yield session
        transaction.rollback()


def admitted_with(city: Seeded, login: str) -> bytes:
    """The hash that the broker checks a device's secret against."""
    with city.engine.connect() as conn:
        return conn.scalars(select(Device.secret_bcrypt).where(Device.login == login)).one().encode()


def row_counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as conn:
        tables = Base.metadata.sorted_tables
        return {table.name: conn.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def test_the_register_holds_the_whole_cast(session: Session) -> None:
    assert session.scalar(select(func.count()).select_from(Person)) == len(STAFF)
    assert session.scalar(select(func.count()).select_from(Vehicle)) == len(FLEET)
    held = select(func.count()).select_from(Assignment)
    assert session.scalar(held.where(Assignment.vehicle_id.is_not(None))) == len(FLEET)
    assert session.scalar(held.where(Assignment.person_id.is_not(None))) == sum(e.has_phone for e in STAFF)
    root = session.scalars(select(Unit.id).where(Unit.name == ROOT_UNIT)).one()
    assert len(session.scalars(units_below(root, WEDNESDAY.date(), WEDNESDAY.date())).all()) == session.scalar(
        select(func.count()).select_from(Unit)
    )


def test_seeding_again_adds_nothing(city: Seeded) -> None:
    before = row_counts(city.engine)
    secrets = Memory(city.data_dir).read(SECRETS)
    assert city.prepare(WEDNESDAY + timedelta(minutes=5)) == secrets
    assert row_counts(city.engine) == before


def test_the_devices_remember_the_secrets_the_broker_checks(city: Seeded) -> None:
    secrets = Memory(city.data_dir).read(SECRETS)
    assert (city.data_dir / "demo" / SECRETS).stat().st_mode & 0o777 == 0o600
    hashes = {login: admitted_with(city, login) for login in secrets}
    assert len(hashes) == len(FLEET) + sum(e.has_phone for e in STAFF)
    assert all(bcrypt.checkpw(secrets[login].encode(), hashes[login]) for login in hashes)


def test_lost_secrets_are_replaced(city: Seeded) -> None:
    memory = Memory(city.data_dir)
    first = memory.read(SECRETS)
    memory.write(SECRETS, {login: secret for login, secret in first.items() if login != "agd-101"})
    second = city.prepare()
    assert {login for login in first if second[login] != first[login]} == {"agd-101"}
    assert bcrypt.checkpw(second["agd-101"].encode(), admitted_with(city, "agd-101"))


def test_another_city_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as conn:
        builders.unit(conn, "Kota Bandung")
    before = row_counts(engine)
    with pytest.raises(seed.ForeignCity, match="DEMO=0"):
        seed.prepare(engine, World(JAKARTA), tmp_path, WEDNESDAY)
    assert row_counts(engine) == before


def test_the_demo_logins_open_the_accounts(city: Seeded, session: Session) -> None:
    logins = demo_logins(city.data_dir)
    assert [role for role, _, _ in logins] == ["employee", "supervisor", "auditor", "administrator"]
    for _, username, password in logins:
        account = check_password(session, username, password, WEDNESDAY, "10.0.0.1")
        assert account is not None and account.username == username
    assert demo_logins(city.data_dir) == logins


def test_two_data_dirs_have_different_passwords(tmp_path: Path) -> None:
    assert {p for _, _, p in demo_logins(tmp_path / "a")}.isdisjoint(p for _, _, p in demo_logins(tmp_path / "b"))


def test_the_rosters_are_published_and_the_scheduler_goes_on_with_them(city: Seeded, session: Session) -> None:
    known = Times(WEDNESDAY + 3 * DAY, JAKARTA, timedelta(hours=72), WEDNESDAY - 60 * DAY)
    before = session.scalars(select(func.max(DutyWindow.work_date))).one()
    published = publish(session.connection(), known, 1000)
    assert published is not None and published["added"] > 100
    assert (published["changed"], published["deleted"], published["problems"]) == (0, 0, 0)
    assert session.scalars(select(func.max(DutyWindow.work_date))).one() == known.today + AHEAD > before


def test_the_windows_are_the_duties_that_are_simulated(session: Session) -> None:
    people = {nip: person_id for person_id, nip in session.execute(select(Person.id, Person.nip))}
    today = WEDNESDAY.astimezone(JAKARTA).date()
    for employee in STAFF:
        for day in (today - timedelta(days=3), today, today + timedelta(days=2)):
            work = duty(employee, day, JAKARTA)
            times = select(DutyWindow.starts_at, DutyWindow.ends_at).where(
                DutyWindow.person_id == people[employee.nip], DutyWindow.work_date == day
            )
            assert session.execute(times).all() == ([(work.starts_at, work.ends_at)] if work else [])


def test_a_city_from_before_there_were_rosters_keeps_its_windows(city: Seeded, session: Session) -> None:
    session.execute(delete(RosterEntry))
    session.execute(delete(Publication))
    before = session.scalars(select(DutyWindow.id)).all()
    keep_rosters(session, city.world, WEDNESDAY + DAY)
    assert set(session.scalars(select(DutyWindow.id))) >= set(before)
    newest = select(DutyWindow.work_date).where(DutyWindow.id.in_(before)).order_by(DutyWindow.work_date.desc())
    assert session.scalars(select(func.min(func.lower(RosterEntry.period)))).one() == (
        session.scalars(newest.limit(1)).one() + timedelta(days=1)
    )


def test_nobody_is_followed_in_two_windows_at_once(session: Session) -> None:
    windows = session.execute(
        select(DutyWindow.person_id, DutyWindow.accepts_from, DutyWindow.accepts_until, DutyWindow.starts_at).order_by(
            DutyWindow.person_id, DutyWindow.starts_at
        )
    ).all()
    assert len(windows) > 350
    assert all(a.person_id != b.person_id or a.accepts_until <= b.accepts_from for a, b in pairwise(windows))


def test_every_window_has_a_zone_and_was_published_before_it_began(session: Session) -> None:
    for window in session.scalars(select(DutyWindow)).all():
        assert window.zones and window.published_at < window.starts_at
    assert session.scalar(select(func.count()).select_from(Zone))


def test_yesterdays_logs_are_worth_a_review(city: Seeded, session: Session) -> None:
    yesterday = city.world.date_of(WEDNESDAY.timestamp()) - DAY
    states = Counter(session.scalars(select(DailyLog.state).where(DailyLog.work_date == yesterday)))
    assert states["submitted"] >= 10 and states["draft"] >= 2 and states["approved"] >= 2 and states["returned"] >= 1
    own = select(DailyLog.state).join(Person).where(Person.name == DEMO_EMPLOYEE, DailyLog.work_date == yesterday)
    assert session.scalars(own).one() == "returned"


def test_decisions_follow_the_rules(session: Session) -> None:
    supervised = session.scalars(select(Unit.id).where(Unit.name == SUPERVISED_UNIT)).one()
    units = units_below(supervised, WEDNESDAY.date(), WEDNESDAY.date())
    team = session.scalars(select(Membership.person_id).where(Membership.unit_id.in_(units))).all()
    rows = session.execute(select(LogDecision, DailyLog, Person).join(DailyLog, LogDecision.log_id == DailyLog.id)
                           .join(Person, DailyLog.person_id == Person.id)).all()  # fmt: skip
    assert len(rows) > 20
    for decision, log, person in rows:
        assert person.id in team and person.id != decision.account.person_id
        assert log.state == decision.decision and log.submitted_at < decision.at <= WEDNESDAY
        assert decision.reason or decision.decision == "approved"


def test_activities_lie_within_duty(session: Session) -> None:
    rows = session.execute(
        select(Activity.starts_at, Activity.ends_at, DutyWindow.starts_at, DutyWindow.ends_at)
        .join(DailyLog, Activity.log_id == DailyLog.id)
        .join(DutyWindow, (DutyWindow.person_id == DailyLog.person_id) & (DutyWindow.work_date == DailyLog.work_date))
    ).all()
    assert len(rows) > 250
    assert all(duty_start <= start < end <= duty_end for start, end, duty_start, duty_end in rows)


def test_a_log_somebody_wrote_is_not_written_again(city: Seeded, session: Session) -> None:
    written = session.scalar(select(func.count()).select_from(Activity))
    seed.keep_up(session, city.world, WEDNESDAY + timedelta(minutes=1))
    assert session.scalar(select(func.count()).select_from(Activity)) == written
