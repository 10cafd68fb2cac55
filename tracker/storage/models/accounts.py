"""Who signs in, and who looked at what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.storage.models.base import Base, ForDays, one_at_a_time, one_of
from tracker.storage.models.register import Person, Unit


class Account(Base):
    """Who signs in: as an employee where a person stands behind it, and with the rights that were granted to it.

    Without a password it is not activated: its one-time code, kept as SHA-256, lets the person choose one. A closed one
    opens nothing.
    """

    __tablename__ = "account"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    password_argon2: Mapped[str | None]
    activation_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    activation_expires_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), unique=True)
    failed_sign_ins: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    blocked_until: Mapped[datetime | None]
    person: Mapped[Person | None] = relationship()

    @property
    def people(self) -> list[int]:
        """Whose account it is, for the audit."""
        return [] if self.person_id is None else [self.person_id]


class RoleGrant(ForDays, Base):
    """A role over a unit and all below it, for a period of days; without a unit over the whole city."""

    __tablename__ = "role_grant"
    __table_args__ = (
        one_of("role", "supervisor", "auditor", "administrator", "system_administrator"),
        CheckConstraint(
            "CASE role WHEN 'system_administrator' THEN unit_id IS NULL WHEN 'auditor' THEN true "
            "ELSE unit_id IS NOT NULL END",
            name="reach",
        ),
        CheckConstraint("NOT isempty(period)", name="period"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    role: Mapped[str]
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    account: Mapped[Account] = relationship()
    unit: Mapped[Unit | None] = relationship()


class Deputy(ForDays, Base):
    """Who decides in a supervisor's place while they are away, for a period of days; one at a time."""

    __tablename__ = "deputy"
    __table_args__ = (
        CheckConstraint("principal_id <> deputy_id", name="another"),
        CheckConstraint("NOT isempty(period) AND NOT lower_inf(period) AND NOT upper_inf(period)", name="period"),
        one_at_a_time("deputy", "principal_id"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    principal_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    deputy_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    principal: Mapped[Account] = relationship(foreign_keys=[principal_id])
    deputy: Mapped[Account] = relationship(foreign_keys=[deputy_id])


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


class ApiCreation(Base):
    """What an account's program created by which Idempotency-Key; `digest` is of all it sent. Kept for a day.

    `made_id` is empty only inside the transaction that creates it.
    """

    __tablename__ = "api_creation"
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    made_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(index=True)


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
