"""Who signs in, and who looked at what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, LargeBinary, SmallInteger, text
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
    """Who looked at whose data, when and why. Append-only."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    action: Mapped[str]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    account: Mapped[Account | None] = relationship()
