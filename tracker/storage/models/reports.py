"""What reports hold beside the verdicts: their runs, the figures of units, who subscribes to them, and the mails."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.storage.models.accounts import Account
from tracker.storage.models.base import Base, one_of
from tracker.storage.models.register import Unit

CADENCES = ("daily", "weekly", "monthly")
MAIL_STATES = ("due", "sending", "sent", "withheld", "failed")


class ReportRun(Base):
    """One run of a report over one period; the truth about what was computed. `done` of `total` says how far it is."""

    __tablename__ = "report_run"
    __table_args__ = (UniqueConstraint("report", "period"), one_of("state", "running", "done", "failed"))
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    report: Mapped[str]
    period: Mapped[date] = mapped_column(Date)
    state: Mapped[str]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    done: Mapped[int | None]
    total: Mapped[int | None]
    counts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    error: Mapped[str | None]


class UnitDay(Base):
    """The duties of a unit's own people on a work date, counted by their newest verdicts; seconds are sums.

    `duties` have begun by the roster, `judged` of them have a verdict. `causes` counts the unverified ones.
    """

    __tablename__ = "unit_day"
    work_date: Mapped[date] = mapped_column(Date, primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    computed_at: Mapped[datetime]
    people: Mapped[int]
    duties: Mapped[int]
    judged: Mapped[int]
    present: Mapped[int]
    no_show: Mapped[int]
    unverified: Mapped[int]
    excused: Mapped[int]
    causes: Mapped[dict[str, Any]] = mapped_column(JSONB)
    late: Mapped[int]
    late_min: Mapped[int]
    left_early: Mapped[int]
    left_early_min: Mapped[int]
    expected_s: Mapped[int] = mapped_column(BigInteger)
    observed_s: Mapped[int] = mapped_column(BigInteger)
    on_site_s: Mapped[int] = mapped_column(BigInteger)
    off_site_s: Mapped[int] = mapped_column(BigInteger)
    moving_s: Mapped[int] = mapped_column(BigInteger)
    unknown_s: Mapped[int] = mapped_column(BigInteger)
    excused_s: Mapped[int] = mapped_column(BigInteger)
    idle_s: Mapped[int] = mapped_column(BigInteger)
    away_s: Mapped[int] = mapped_column(BigInteger)
    rule_versions: Mapped[list[str]]
    unit: Mapped[Unit] = relationship()


class UnitDayDue(Base):
    """A work date whose figures are to be counted again, because a verdict of it is newer than they are."""

    __tablename__ = "unit_day_due"
    work_date: Mapped[date] = mapped_column(Date, primary_key=True)
    marked_at: Mapped[datetime]


class MailAddress(Base):
    """Where an account's mails go, in which language; in use once its owner has confirmed it by the code sent there."""

    __tablename__ = "mail_address"
    __table_args__ = (one_of("language", "id", "en"),)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str]
    language: Mapped[str]
    code_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_expires_at: Mapped[datetime | None]
    wrong_codes: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    confirmed_at: Mapped[datetime | None]


class Subscription(Base):
    """That an account wants a report by mail: about a unit and all below it, or about its own person without one."""

    __tablename__ = "subscription"
    __table_args__ = (
        one_of("cadence", *CADENCES),
        Index("uq_subscription", "account_id", "cadence", text("coalesce(unit_id, 0)"), unique=True,
              postgresql_where=text("ended_at IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    cadence: Mapped[str]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    account: Mapped[Account] = relationship()
    unit: Mapped[Unit | None] = relationship()


class Mail(Base):
    """A mail to be sent once: of a subscription's report over a period, or, without one, the code of an address.

    `sending` is written down before the server is asked: one that a killed process left so may have been sent, and is
    never sent again by itself. `withheld` is what its reader may not see any more, or an administrator closed;
    `problem` says why, or what failed.
    """

    __tablename__ = "mail"
    __table_args__ = (
        one_of("state", *MAIL_STATES),
        CheckConstraint("num_nulls(subscription_id, period) IN (0, 2)", name="about"),
        UniqueConstraint("subscription_id", "period"),
        Index("ix_mail_due", "next_at", "id", postgresql_where=text("state = 'due'")),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id", ondelete="CASCADE"))
    period: Mapped[date | None] = mapped_column(Date)
    state: Mapped[str] = mapped_column(server_default="due")
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    claimed_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    problem: Mapped[str] = mapped_column(server_default="")
    subscription: Mapped[Subscription | None] = relationship()
    account: Mapped[Account] = relationship()
