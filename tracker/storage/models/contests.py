"""The right to answer: what a person says against a verdict, the decisions on it, and absence found by a human."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.storage.models.accounts import Account
from tracker.storage.models.base import Base, one_of
from tracker.storage.models.duty import DutyWindow

OUTCOMES = ("changed", "kept", "withdrawn")


class Contest(Base):
    """That a person contests the verdict on a duty of theirs, and the one decision on it.

    `revision` is the number of the verdict that was contested. The second level is a row of its own, which names the
    first in `appeal_of`. An escalated one was not decided by `due_at`: whoever decides the second level may decide it.
    """

    __tablename__ = "contest"
    __table_args__ = (
        one_of("outcome", *OUTCOMES),
        CheckConstraint("level IN (1, 2) AND (level = 2) = (appeal_of IS NOT NULL)", name="level"),
        CheckConstraint("length(statement) BETWEEN 10 AND 2000", name="statement"),
        CheckConstraint("num_nulls(outcome, decided_at, decided_by) IN (0, 3)", name="decided"),
        CheckConstraint("outcome IS NULL OR outcome = 'withdrawn' OR length(reason) >= 10", name="reason"),
        Index("uq_contest_open", "window_id", unique=True, postgresql_where=text("decided_at IS NULL")),
        Index("ix_contest_due", "due_at", postgresql_where=text("decided_at IS NULL")),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("duty_window.id"), index=True)
    level: Mapped[int] = mapped_column(SmallInteger, server_default="1")
    appeal_of: Mapped[int | None] = mapped_column(ForeignKey("contest.id"), unique=True)
    revision: Mapped[int]
    opened_at: Mapped[datetime]
    statement: Mapped[str]
    due_at: Mapped[datetime]
    escalated_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(server_default="")
    window: Mapped[DutyWindow] = relationship()
    deciding_account: Mapped[Account | None] = relationship()


class ContestPhoto(Base):
    """A picture that belongs to a contest, written anew by us: without what a camera writes into it."""

    __tablename__ = "contest_photo"
    __table_args__ = (UniqueConstraint("contest_id", "number"),)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contest.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    media_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class AbsenceFinding(Base):
    """That a human found somebody absent where nothing was heard: an input of the next verdict.

    Append-only, but may be withdrawn; one at a time holds for a window.
    """

    __tablename__ = "absence_finding"
    __table_args__ = (
        CheckConstraint("length(reason) BETWEEN 10 AND 500", name="reason"),
        CheckConstraint("num_nulls(withdrawn_at, withdrawn_by) IN (0, 2)", name="withdrawn"),
        Index("uq_absence_finding_window_id", "window_id", unique=True,
              postgresql_where=text("withdrawn_at IS NULL")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    window_id: Mapped[int] = mapped_column(ForeignKey("duty_window.id"), index=True)  # of withdrawn ones, too
    reason: Mapped[str]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    account: Mapped[Account] = relationship(foreign_keys=[account_id])
