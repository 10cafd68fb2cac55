"""What people were told about their data, and what they asked to be corrected."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_acknowledgement",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notice_acknowledgement_person_id")),
        sa.PrimaryKeyConstraint("person_id", "version", name=op.f("pk_notice_acknowledgement")),
    )
    op.create_table(
        "correction_request",
        sa.Column("id", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('corrected', 'explained', 'refused')", name=op.f("ck_correction_request_outcome")
        ),
        sa.CheckConstraint("length(text) BETWEEN 10 AND 2000", name=op.f("ck_correction_request_text")),
        sa.CheckConstraint("length(answer) BETWEEN 10 AND 2000", name=op.f("ck_correction_request_answer")),
        sa.CheckConstraint(
            "num_nulls(answer, answered_at, answered_by, outcome) IN (0, 4)",
            name=op.f("ck_correction_request_answered"),
        ),
        sa.ForeignKeyConstraint(["answered_by"], ["account.id"], name=op.f("fk_correction_request_answered_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_correction_request_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction_request")),
    )
    op.create_index(op.f("ix_correction_request_person_id"), "correction_request", ["person_id"])
    op.create_index(
        "ix_correction_request_open", "correction_request", ["at", "id"],
        postgresql_where=sa.text("answered_at IS NULL"),
    )  # fmt: skip
