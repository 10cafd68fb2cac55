"""Files that somebody brings in, and how far each has come."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.storage.models.accounts import Account
from tracker.storage.models.base import Base, one_of

IMPORT_STATES = (
    "waiting", "checking", "checked", "refused", "approved", "importing", "done", "failed", "cancelled",
)  # fmt: skip
ENDED = ("refused", "done", "failed", "cancelled")


class ImportRun(Base):
    """One file: `waiting` for its check, `checked` and waiting for a yes, `approved` and waiting to be brought in ...

    `content` is kept while it is needed. `outcome` is what the check or the import found; see `tracker.imports.plan`.
    """

    __tablename__ = "import_run"
    __table_args__ = (
        one_of("state", *IMPORT_STATES),
        CheckConstraint("state NOT IN ('refused', 'done', 'failed', 'cancelled') OR content IS NULL", name="cleared"),
        Index("ix_import_run_to_do", "id", postgresql_where=text("state IN ('waiting', 'checking', 'approved', "
                                                                 "'importing')")),
    )  # fmt: skip
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[str]
    file_name: Mapped[str]
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    address: Mapped[str]
    since: Mapped[date | None]
    state: Mapped[str] = mapped_column(server_default="waiting")
    rows_done: Mapped[int] = mapped_column(server_default="0")
    rows_all: Mapped[int] = mapped_column(server_default="0")
    outcome: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    account: Mapped[Account] = relationship()
