"""The rights of a person over their data: what they were told, and what they asked to be corrected."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.storage.models.accounts import Account
from tracker.storage.models.base import Base, one_of
from tracker.storage.models.register import Person


class NoticeAcknowledgement(Base):
    """That a person read a version of the privacy notice. Append-only."""

    __tablename__ = "notice_acknowledgement"
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]


class CorrectionRequest(Base):
    """What a person says is wrong, and the one answer to it. What was asked never changes."""

    __tablename__ = "correction_request"
    __table_args__ = (
        one_of("outcome", "corrected", "explained", "refused"),
        CheckConstraint("length(text) BETWEEN 10 AND 2000", name="text"),
        CheckConstraint("length(answer) BETWEEN 10 AND 2000", name="answer"),
        CheckConstraint("num_nulls(answer, answered_at, answered_by, outcome) IN (0, 4)", name="answered"),
        Index("ix_correction_request_open", "at", "id", postgresql_where=text("answered_at IS NULL")),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]
    about: Mapped[str]  # a category of `tracker.web.my_data_categories`
    text: Mapped[str]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    outcome: Mapped[str | None]
    person: Mapped[Person] = relationship()
    answering_account: Mapped[Account | None] = relationship()
