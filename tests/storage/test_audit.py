"""The audit: append-only for the application, a chain that shows every change to everybody, and nobody waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from tests.databases import RETENTION_DAYS
from tests.services import DatabaseServer, server_folder
from tests.storage.test_migrate import OLDEST
from tracker.domain.audit_chain import BEGINNING, Fault, Head, Wrong, next_hash, row_bytes
from tracker.storage import audit_chain
from tracker.storage.audit import OPERATOR, Action, Actor, looks_at, record
from tracker.storage.audit_chain import FIELDS, Verified, verify
from tracker.storage.engine import make_engine
from tracker.storage.migrate import migrate
from tracker.storage.models import Audit, AuditLink
from tracker.storage.revision import MIGRATIONS

ROWS = 9
THREADS, EACH = 8, 10


def note(session: Session, number: int = 0) -> None:
    detail = {"number": number, "work_date": "2026-11-19"}
    record(session, Actor(None, "10.0.0.1"), Action.VIEW_TRACK, detail, people=[number, number + 1], why=f"w{number}")


def note_committed(engine: Engine, numbers: range = range(1)) -> None:
    for number in numbers:
        with Session(engine) as session:
            note(session, number)
            session.commit()


def verified(engine: Engine, expect: Head | None = None) -> Verified:
    with Session(engine) as session:
        return verify(session, expect)


@pytest.fixture
def noted(engine: Engine) -> Head:
    """An audit of some rows; its head."""
    note_committed(engine, range(ROWS))
    found = verified(engine)
    assert (found.rows, found.faults, found.head.seq) == (ROWS, [], ROWS)
    return found.head


def tampered(owner: Engine, *statements: str) -> None:
    """Do what the owner can: without anything else of the database in the way."""
    with owner.begin() as conn:
        for statement in statements:
            conn.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET why = ''",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "UPDATE audit_chain SET hash = ''",
        "DELETE FROM audit_chain",
        "TRUNCATE audit_chain",
        "INSERT INTO audit_chain (seq, audit_id, hash) VALUES (1000, 1000, '')",
        "INSERT INTO audit (action, at) VALUES ('view_track', '2020-01-01')",
        "INSERT INTO audit (id, action) OVERRIDING SYSTEM VALUE VALUES (1000, 'view_track')",
        "ALTER TABLE audit DISABLE TRIGGER audit_linked",
        "DROP TRIGGER audit_linked ON audit",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION link_audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SELECT audit_bytes(audit) FROM audit",
        "LOCK TABLE audit IN ACCESS EXCLUSIVE MODE",
    ],
)
def test_the_application_can_only_append(engine: Engine, noted: Head, statement: str) -> None:
    with engine.begin() as conn, pytest.raises(DBAPIError, match="permission denied|must be owner"):
        conn.execute(text(statement))


def test_the_application_cannot_make_links_by_a_table_of_its_own(engine: Engine, noted: Head) -> None:
    with engine.begin() as conn, pytest.raises(DBAPIError, match="permission denied"):
        conn.execute(text("CREATE TEMP TABLE mine (LIKE audit)"))
        conn.execute(text("CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION public.link_audit()"))


def test_a_table_of_the_same_name_does_not_lead_the_links_astray(engine: Engine, owner: Engine, noted: Head) -> None:
    with Session(engine) as session:
        session.execute(text("CREATE TEMP TABLE audit_chain (LIKE public.audit_chain)"))
        note(session)
        session.commit()
    found = verified(owner, noted)
    assert found.faults == [] and found.head.seq == ROWS + 1


def test_a_transaction_kept_open_does_not_antedate_what_it_records(engine: Engine) -> None:
    with Session(engine) as session:
        began = session.scalars(select(func.now())).one()
        note(session)
        session.flush()
        assert session.scalars(select(Audit.at)).one() > began


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "at = 'infinity'",
        "account_id = (SELECT min(id) FROM account)",
        "people = '{}'",
        "people = people || 99",
        "people = '{NULL}'",
        "action = 'view_message'",
        "why = ''",
        "address = '10.0.0.2'",
        "detail = detail || '{\"number\": 5}'",
        "detail = '{}'",
    ],
)
def test_an_altered_row_is_found_whatever_was_altered(engine: Engine, owner: Engine, noted: Head, change: str) -> None:
    with engine.begin() as conn:
        values = "VALUES ('a', 'x')"
        conn.execute(text(f"INSERT INTO account (username, password_argon2) {values}"))
    tampered(owner, f"UPDATE audit SET {change} WHERE id = 4")
    assert verified(engine, noted).faults == [Fault(Wrong.ALTERED, 4, 4)]


def test_a_changed_id_is_found(engine: Engine, owner: Engine, noted: Head) -> None:
    tampered(owner, "ALTER TABLE audit ALTER id SET GENERATED BY DEFAULT", "UPDATE audit SET id = 90 WHERE id = 4")
    assert verified(engine).faults == [Fault(Wrong.REMOVED, 4, 4), Fault(Wrong.UNLINKED, row=90)]


@pytest.mark.parametrize(
    ("statements", "faults"),
    [
        (["DELETE FROM audit WHERE id = 4"], [Fault(Wrong.REMOVED, 4, 4)]),
        (["DELETE FROM audit WHERE id = 4", "DELETE FROM audit_chain WHERE seq = 4"], [Fault(Wrong.BROKEN, 5, 5)]),
        (
            ["DELETE FROM audit WHERE id = 4", "DELETE FROM audit_chain WHERE seq = 4",
             "UPDATE audit_chain SET seq = seq - 1 WHERE seq > 4"],
            [Fault(Wrong.ALTERED, 4, 5), Fault(Wrong.CUT_OFF, ROWS)],
        ),
        (["DELETE FROM audit_chain WHERE seq = 4"], [Fault(Wrong.BROKEN, 5, 5), Fault(Wrong.UNLINKED, row=4)]),
        (["DELETE FROM audit WHERE id = 1", "DELETE FROM audit_chain WHERE seq = 1"], [Fault(Wrong.BROKEN, 2, 2)]),
        (["DELETE FROM audit WHERE id = 9", "DELETE FROM audit_chain WHERE seq = 9"], [Fault(Wrong.CUT_OFF, ROWS)]),
        (["TRUNCATE audit, audit_chain"], [Fault(Wrong.CUT_OFF, ROWS)]),
        (
            ["UPDATE audit a SET detail = b.detail, people = b.people FROM audit b WHERE {a.id, b.id} = {3, 6}"],
            [Fault(Wrong.ALTERED, 3, 3), Fault(Wrong.ALTERED, 6, 6)],
        ),
        (
            ["UPDATE audit_chain SET audit_id = -3 WHERE audit_id = 3",
             "UPDATE audit_chain SET audit_id = 3 WHERE audit_id = 6",
             "UPDATE audit_chain SET audit_id = 6 WHERE audit_id = -3"],
            [Fault(Wrong.ALTERED, 3, 6), Fault(Wrong.ALTERED, 6, 3)],
        ),
        (
            ["ALTER TABLE audit DISABLE TRIGGER audit_linked", "INSERT INTO audit (action) VALUES ('view_track')",
             "ALTER TABLE audit ENABLE TRIGGER audit_linked"],
            [Fault(Wrong.UNLINKED, row=ROWS + 1)],
        ),
    ],
)  # fmt: skip
def test_what_an_owner_removes_swaps_or_puts_in_is_found(
    engine: Engine, owner: Engine, noted: Head, statements: list[str], faults: list[Fault]
) -> None:
    swap = "(a.id = 3 AND b.id = 6) OR (a.id = 6 AND b.id = 3)"
    tampered(owner, *(statement.replace("{a.id, b.id} = {3, 6}", swap) for statement in statements))
    assert verified(engine, noted).faults == faults


def test_a_row_put_in_between_with_a_right_link_breaks_the_next_one(engine: Engine, owner: Engine, noted: Head) -> None:
    tampered(
        owner,
        "ALTER TABLE audit DISABLE TRIGGER audit_linked",
        "INSERT INTO audit (action) VALUES ('view_track')",
        "UPDATE audit_chain SET seq = -seq - 1 WHERE seq > 4",
        "UPDATE audit_chain SET seq = -seq WHERE seq < 0",
        "INSERT INTO audit_chain SELECT 5, a.id, sha256(c.hash || audit_bytes(a)) "
        f"FROM audit a, audit_chain c WHERE a.id = {ROWS + 1} AND c.seq = 4",
    )
    assert verified(engine).faults == [Fault(Wrong.ALTERED, 6, 5)]


def test_a_chain_that_was_written_anew_is_sound_and_not_the_one_noted(
    engine: Engine, owner: Engine, noted: Head
) -> None:
    tampered(owner, "UPDATE audit SET why = 'other' WHERE id = 4")
    with owner.begin() as conn:
        before = conn.scalars(select(AuditLink.hash).where(AuditLink.seq == 3)).one()
        for row in conn.execute(select(Audit.id, *FIELDS).where(Audit.id > 3).order_by(Audit.id)).all():
            before = next_hash(before, row[1:])
            conn.execute(text("UPDATE audit_chain SET hash = :h WHERE audit_id = :id"), {"h": before, "id": row.id})
    assert verified(engine).faults == []
    assert verified(engine, noted).faults == [Fault(Wrong.REWRITTEN, ROWS)]


def test_a_replaced_function_is_noticed_at_the_first_row_it_links(engine: Engine, owner: Engine, noted: Head) -> None:
    tampered(
        owner,
        "CREATE OR REPLACE FUNCTION audit_bytes(kept audit) RETURNS bytea LANGUAGE sql AS $$ SELECT ''::bytea $$",
    )
    note_committed(engine)
    assert verified(engine).faults == [Fault(Wrong.ALTERED, ROWS + 1, ROWS + 1)]


def test_an_earlier_head_stays_a_part_of_the_chain(engine: Engine, noted: Head) -> None:
    note_committed(engine, range(3))
    found = verified(engine, noted)
    assert found.faults == [] and found.head.seq == ROWS + 3
    assert Head.read(str(found.head)) == found.head
    with engine.begin() as conn:
        assert audit_chain.head(conn) == found.head


def test_an_empty_audit_is_sound(engine: Engine) -> None:
    assert verified(engine, BEGINNING) == Verified()


def test_faults_beyond_the_first_are_counted_not_kept(
    engine: Engine, owner: Engine, noted: Head, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_chain, "MOST_NAMED", 2)
    tampered(owner, "UPDATE audit SET why = 'x'")
    found = verified(engine)
    assert len(found.faults) == 2 and found.unnamed == ROWS - 2


TAMPERING: dict[str, Callable[[int, int], list[str]]] = {
    "alter": lambda one, _: [f"UPDATE audit SET why = why || '!' WHERE id = {one}"],
    "remove": lambda one, _: [f"DELETE FROM audit WHERE id = {one}"],
    "cut out": lambda one, _: [f"DELETE FROM audit WHERE id = {one}", f"DELETE FROM audit_chain WHERE seq = {one}"],
    "close the gap": lambda one, _: [
        f"DELETE FROM audit WHERE id = {one}", f"DELETE FROM audit_chain WHERE seq = {one}",
        f"UPDATE audit_chain SET seq = seq - 1000 WHERE seq > {one}",
        "UPDATE audit_chain SET seq = seq + 999 WHERE seq < 0",
    ],
    "copy": lambda one, two: [
        "UPDATE audit a SET why = b.why, people = b.people, detail = b.detail, address = 'other' FROM audit b "
        f"WHERE a.id = {one} AND b.id = {two}",
    ],
    "forge a hash": lambda one, _: [f"UPDATE audit_chain SET hash = sha256(hash) WHERE seq = {one}"],
    "unlink": lambda one, _: [f"DELETE FROM audit_chain WHERE seq = {one}"],
}  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    how=st.sampled_from(sorted(TAMPERING)),
    one=st.integers(1, ROWS),
    two=st.integers(1, ROWS),
)
def test_no_tampering_passes_for_the_noted_head(owner: Engine, noted: Head, how: str, one: int, two: int) -> None:
    with owner.connect() as conn:
        for statement in TAMPERING[how](one, two):
            conn.execute(text(statement))
        with Session(conn) as session:
            faults = verify(session, noted).faults
        assert {fault.seq or fault.row for fault in faults} & {one, one + 1, ROWS}, faults
        conn.rollback()
    assert verified(owner, noted).faults == []


EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(-1e300, 1e300) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8,
)  # fmt: skip


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    at=st.timedeltas(timedelta(days=-738000), timedelta(days=2900000)).map(lambda age: EPOCH + age),
    people=st.lists(st.integers(-(2**31), 2**31 - 1), max_size=5),
    texts=st.tuples(TEXTS, TEXTS, TEXTS),
    detail=st.dictionaries(TEXTS, JSON, max_size=3),
)
def test_the_database_and_the_verifier_mean_the_same_bytes(
    owner: Engine, at: datetime, people: list[int], texts: tuple[str, str, str], detail: dict[str, object]
) -> None:
    action, why, address = texts
    values = {"at": at, "people": people, "action": action, "why": why, "address": address, "detail": detail}
    with owner.connect() as conn:
        row = conn.execute(insert(Audit).values(values).returning(Audit.id, *FIELDS)).one()
        made = conn.scalars(text("SELECT audit_bytes(a) FROM audit a WHERE id = :id"), {"id": row.id}).one()
        conn.rollback()
    assert row_bytes(row[1:]) == made


def test_many_at_once_make_one_chain(engine: Engine) -> None:
    def record_some(_: int) -> None:
        note_committed(engine, range(EACH))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(record_some, range(THREADS)))
    found = verified(engine)
    assert (found.rows, found.head.seq, found.faults) == (THREADS * EACH, THREADS * EACH, [])


def test_what_was_rolled_back_leaves_no_hole(engine: Engine, noted: Head) -> None:
    with Session(engine) as session:
        note(session)
        session.flush()
        session.rollback()
        note(session, 1)
        with session.begin_nested() as inner:
            note(session, 2)
            session.flush()
            inner.rollback()
        session.commit()
    found = verified(engine, noted)
    assert found.faults == [] and found.head.seq == ROWS + 1


def test_a_long_transaction_that_recorded_something_holds_up_nobody(engine: Engine, noted: Head) -> None:
    with Session(engine) as long:
        note(long, 1)
        long.flush()
        with Session(engine) as other:
            other.execute(text("SET LOCAL lock_timeout = '1s'"))
            other.execute(text("SET LOCAL statement_timeout = '5s'"))
            note(other, 2)
            other.commit()
        long.commit()
    with engine.begin() as conn:
        order = conn.scalars(select(AuditLink.audit_id).order_by(AuditLink.seq)).all()
    assert list(order[-2:]) == [ROWS + 2, ROWS + 1]  # in the order of their commits
    assert verified(engine, noted).faults == []


def test_a_transaction_that_sees_an_old_chain_fails_and_breaks_nothing(engine: Engine, noted: Head) -> None:
    with Session(engine) as strict:
        strict.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        note(strict, 1)
        strict.flush()
        note_committed(engine)
        with pytest.raises(IntegrityError, match="pk_audit_chain"):
            strict.commit()
    found = verified(engine, noted)
    assert found.faults == [] and found.head.seq == ROWS + 1


def test_everybody_whose_data_it_was_finds_it(engine: Engine) -> None:
    with Session(engine) as session:
        record(session, OPERATOR, Action.EXPORT_REPORT, {}, people=[3, 1, 3])
        record(session, OPERATOR, Action.VIEW_TRACK, {}, people=[1])
        session.commit()
        assert [row.people for (row,) in looks_at(session, 1, 1).rows] == [[1], [1, 3]]
        assert [row.people for (row,) in looks_at(session, 3, 1).rows] == [[1, 3]]
        assert looks_at(session, 2, 1).total == 0


@pytest.fixture(params=["newest", "oldest"])
def before(request: pytest.FixtureRequest, database_server: DatabaseServer) -> Iterator[tuple[Engine, Engine]]:
    """A database of revision 0003 with looks at two people, as its owner and the application see it; two servers."""
    name = "migrated_with_looks"
    if request.param == "newest":
        database_server.create(name)
        yield from _with_looks(database_server, name)
        database_server.drop(name)
        return
    with server_folder() as folder:
        server = DatabaseServer(folder, OLDEST)
        server.process.start()
        server.create(name)
        yield from _with_looks(server, name)
        server.process.stop()


def _with_looks(server: DatabaseServer, name: str) -> Iterator[tuple[Engine, Engine]]:
    owner, engine = (make_engine(server.url(role, name)) for role in ("jejak_owner", "jejak_app"))
    with owner.begin() as conn:
        _upgrade(conn, "0003")
        unit = conn.scalars(text("INSERT INTO unit (name) VALUES ('Dinas') RETURNING id")).one()
        for nip in ("1", "2"):
            conn.execute(text(f"INSERT INTO person (nip, name, unit_id) VALUES ({nip}, 'Siti', {unit})"))
        for person, detail in (("1", '{"work_date": "2026-11-19"}'), ("2", '{"why": "asked"}'), ("NULL", "{}")):
            look = f"INSERT INTO audit (person_id, action, detail) VALUES ({person}, 'view_track', '{detail}')"
            conn.exec_driver_sql(look)
    yield owner, engine
    for used in (owner, engine):
        used.dispose()


def _upgrade(conn: Connection, revision: str) -> None:
    alembic = AlembicConfig()
    alembic.set_main_option("script_location", str(MIGRATIONS))
    alembic.attributes["connection"] = conn
    command.upgrade(alembic, revision)


def test_looks_from_before_are_linked_and_the_chain_goes_on(before: tuple[Engine, Engine]) -> None:
    owner, engine = before
    migrate(owner, "jejak_app", RETENTION_DAYS)
    with engine.begin() as conn:
        rows = conn.execute(select(Audit.people, Audit.why, Audit.detail).order_by(Audit.id)).all()
    assert [tuple(row) for row in rows] == [([1], "", {"work_date": "2026-11-19"}), ([2], "asked", {}), ([], "", {})]
    note_committed(engine, range(2))
    found = verified(engine)
    assert (found.rows, found.faults) == (5, [])
    with engine.begin() as conn, pytest.raises(DBAPIError, match="permission denied"):
        conn.execute(text("INSERT INTO audit (action, at) VALUES ('view_track', now())"))
