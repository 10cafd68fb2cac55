"""Who signs in, and who looked at what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.storage.models.base import Base, one_of
from tracker.storage.models.register import Person, Unit


class Account(Base):
    """Who signs in. A supervisor sees `supervised_unit_id` and all below it.

    Without a password it is not activated: its one-time code, kept as SHA-256, lets the person choose one. A closed one
    opens nothing.
    """

    __tablename__ = "account"
    __table_args__ = (
        one_of("role", "employee", "supervisor", "administrator"),
        CheckConstraint("(role = 'supervisor') = (supervised_unit_id IS NOT NULL)", name="supervised_unit"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password_argon2: Mapped[str | None]
    activation_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    activation_expires_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    role: Mapped[str]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), unique=True)
    supervised_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    failed_sign_ins: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    blocked_until: Mapped[datetime | None]
    person: Mapped[Person | None] = relationship()
    supervised_unit: Mapped[Unit | None] = relationship()


class SignInFailure(Base):
    """Wrong guesses in a row at an account from one address; a complete sign-in there, or a day, forgets them."""

    __tablename__ = "sign_in_failure"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    failed: Mapped[int] = mapped_column(SmallInteger)
    last_at: Mapped[datetime] = mapped_column(index=True)
    blocked_until: Mapped[datetime | None]


class WebSession(Base):
    """One signed-in browser. The cookie carries the token, the table its SHA-256: a copy of the table opens nothing.

    One that `awaits_code` has shown the password only. `last_seen_at` and `address` are up to five minutes old.
    """

    __tablename__ = "web_session"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    address: Mapped[str]
    user_agent: Mapped[str]
    awaits_code: Mapped[bool]


class SecondFactor(Base):
    """The secret of an account's authenticator app, sealed; in use once it is confirmed by a code.

    No code of `last_step` or before is accepted: a step is 30 s.
    """

    __tablename__ = "second_factor"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime | None]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")


class ApiToken(Base):
    """With which a machine reads what its scopes name, with the rights of the account. Kept as SHA-256."""

    __tablename__ = "api_token"
    __table_args__ = (
        Index(
            "uq_api_token_account_id_name", "account_id", "name", unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    name: Mapped[str]
    scopes: Mapped[list[str]]
    token_sha256: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


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
