"""Holidays, leave, and the files that bring them and the register in."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _once_in(half: str) -> postgresql.ExcludeConstraint:
    return postgresql.ExcludeConstraint(
        (sa.text("int4range(person_id, person_id, '[]')"), "&&"), (sa.text("period"), "&&"),
        where=sa.text(f"part IN ('full', '{half}')"), name=f"ex_leave_period_{half}", using="gist",
    )  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "holiday",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('public', 'government')", name=op.f("ck_holiday_kind")),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holiday")),
    )
    op.create_table(
        "leave_period",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("period", postgresql.DATERANGE(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('leave', 'sick', 'official_trip', 'maternity', 'other')", name=op.f("ck_leave_period_kind")
        ),
        sa.CheckConstraint("part IN ('full', 'first_half', 'second_half')", name=op.f("ck_leave_period_part")),
        sa.CheckConstraint(
            "NOT isempty(period) AND NOT lower_inf(period) AND NOT upper_inf(period)",
            name=op.f("ck_leave_period_period"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_leave_period_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave_period")),
        *(_once_in(half) for half in ("first_half", "second_half")),
    )
    op.create_index(op.f("ix_leave_period_person_id"), "leave_period", ["person_id"])
    op.create_table(
        "import_run",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("rows_done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("rows_all", sa.Integer(), server_default="0", nullable=False),
        sa.Column("outcome", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'checking', 'checked', 'refused', 'approved', 'importing', 'done', 'failed', "
            "'cancelled')",
            name=op.f("ck_import_run_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('refused', 'done', 'failed', 'cancelled') OR content IS NULL",
            name=op.f("ck_import_run_cleared"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_import_run_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(op.f("ix_import_run_account_id"), "import_run", ["account_id"])
    op.create_index(
        "ix_import_run_to_do", "import_run", ["id"],
        postgresql_where=sa.text("state IN ('waiting', 'checking', 'approved', 'importing')"),
    )  # fmt: skip
