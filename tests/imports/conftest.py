"""A small city to import into, and files made of lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests import builders as build
from tracker.imports.importing import bring_in
from tracker.imports.kinds import KINDS
from tracker.imports.plan import Plan
from tracker.storage import models as m
from tracker.storage.audit import OPERATOR, Actor
from tracker.storage.changes import By
from tracker.storage.rights import viewer_for

NOW = datetime(2026, 11, 19, 8, 0, tzinfo=UTC)
TODAY = date(2026, 11, 19)
Import = Callable[..., Plan]


def lines(*rows: str) -> bytes:
    return "\n".join(rows).encode()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


@pytest.fixture
def by(session: Session, engine: Engine) -> By:
    """An operator, in a city of an agency with one team, and another agency."""
    with engine.begin() as conn:
        agency = build.unit(conn, "Dinas Kebersihan")
        build.unit(conn, "Regu Menteng", agency)
        build.unit(conn, "Dinas Pertamanan")
    return By(session, OPERATOR, None, NOW, TODAY)


@pytest.fixture
def by_agency(by: By, session: Session) -> By:
    """Who administers one agency and all below it."""
    account = m.Account(username="admin-dinas")
    session.add(account)
    session.commit()
    build.grant(session.connection(), "admin-dinas", "administrator",
                session.scalars(select(m.Unit.id).where(m.Unit.name == "Dinas Kebersihan")).one())  # fmt: skip
    session.commit()
    return By(session, Actor(account.id, "192.0.2.1"), viewer_for(session, account, TODAY), NOW, TODAY)


def brought_in(by: By, kind: str, content: bytes, since: date | None = None) -> Plan:
    plan = bring_in(by, KINDS[kind], content, f"{kind}.csv", since)
    by.session.commit()
    return plan
