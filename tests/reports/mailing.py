"""A small city that subscribes to reports: its accounts, addresses and subscriptions, and mails as rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select

from reports.mails import Post
from tests import builders as build
from tests.domain.days import WIB
from tests.mailserver import Mailbox
from tracker.mailing.letters import Sender
from tracker.mailing.server import MailServer
from tracker.storage import models as m

PAGES = "https://jejak.example.go.id"
FROM = "jejak@example.go.id"
SINCE = build.LONG_AGO


def post(mailbox: Mailbox | None, pages: str = PAGES) -> Post:
    return Post(MailServer.of(mailbox.url, FROM) if mailbox else None, Sender(FROM, pages, WIB))


def reader(
    conn: Connection, username: str, unit_id: int | None = None, person_id: int | None = None, language: str = "en"
) -> int:
    """An account with a confirmed address, which may read about a unit where one is given."""
    account = insert(m.Account).values(username=username, person_id=person_id).returning(m.Account.id)
    number = conn.scalars(account).one()
    if unit_id:
        build.grant(conn, username, "supervisor", unit_id)
    address = {"address": f"{username}@example.go.id", "language": language, "confirmed_at": SINCE}
    conn.execute(insert(m.MailAddress).values(account_id=number, **address))
    return number


def subscribed(
    conn: Connection, account_id: int, cadence: str, unit_id: int | None, since: datetime = SINCE
) -> int:
    row = {"account_id": account_id, "cadence": cadence, "unit_id": unit_id, "created_at": since}
    return conn.scalars(insert(m.Subscription).values(**row).returning(m.Subscription.id)).one()


def due_mail(conn: Connection, account_id: int, subscription_id: int | None, period: date | None, **said: Any) -> int:
    row = {"account_id": account_id, "subscription_id": subscription_id, "period": period, "created_at": SINCE,
           "next_at": SINCE, **said}  # fmt: skip
    return conn.scalars(insert(m.Mail).values(**row).returning(m.Mail.id)).one()


def mails(engine: Engine) -> Sequence[Row[Any]]:
    with engine.connect() as conn:
        return conn.execute(select(m.Mail.__table__).order_by(m.Mail.id)).all()


def state_of(engine: Engine) -> tuple[str, str]:
    """State and problem of the only mail."""
    (mail,) = mails(engine)
    return mail.state, mail.problem
