"""Who signs in, and who looked at what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.storage.models.base import Base, one_of
from tracker.storage.models.register import Person, Unit


class Account(Base):
    """Who signs in. A supervisor sees `supervised_unit_id` and all below it."""

    __tablename__ = "account"
    __table_args__ = (
        one_of("role", "employee", "supervisor", "administrator"),
        CheckConstraint("(role = 'supervisor') = (supervised_unit_id IS NOT NULL)", name="supervised_unit"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password_argon2: Mapped[str]
    role: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), unique=True)
    supervised_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    failed_sign_ins: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    blocked_until: Mapped[datetime | None]
    person: Mapped[Person | None] = relationship()
    supervised_unit: Mapped[Unit | None] = relationship()

    @property
    def people(self) -> list[int]:
        """Whose account it is, for the audit."""
        return [] if self.person_id is None else [self.person_id]


class SignInFailure(Base):
    """Wrong passwords in a row at an account from one address; a right one there, or a day, forgets them."""

    __tablename__ = "sign_in_failure"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    failed: Mapped[int] = mapped_column(SmallInteger)
    last_at: Mapped[datetime] = mapped_column(index=True)
    blocked_until: Mapped[datetime | None]


class WebSession(Base):
    """One signed-in browser. The cookie carries the token, the table its SHA-256: a copy of the table opens nothing."""

    __tablename__ = "web_session"
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Audit(Base):
    """Who did what with whose data, when, why and from where. Append-only; `account` is None at the command line."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_people", "people", postgresql_using="gin"),)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    people: Mapped[list[int]] = mapped_column(server_default="{}")
    action: Mapped[str]
    why: Mapped[str] = mapped_column(server_default="")
    address: Mapped[str] = mapped_column(server_default="")
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    account: Mapped[Account | None] = relationship()


class AuditLink(Base):
    """The link of one row of the audit: `hash` is over the row and the link before. Only the database writes them."""

    __tablename__ = "audit_chain"
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    audit_id: Mapped[int] = mapped_column(unique=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
