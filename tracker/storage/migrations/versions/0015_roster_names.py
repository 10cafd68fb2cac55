"""Shifts, rotations and rule sets whose names differ in capitals or blanks only are the same.

Of a shift or rotation that is offered no more and has the name of another one the number goes behind its name, as no
form renames it. Fails, and changes nothing, where two that are offered, or two rule sets, have the same name: it says
which.
"""

from string import ascii_lowercase, ascii_uppercase

import sqlalchemy as sa
from alembic import op

from tracker.domain.writing import one_line

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

RETIRED = {"shift": "retired_at IS NOT NULL", "rotation": "retired_at IS NOT NULL", "rule_set": "false"}
FOLDED = f"translate(name, '{ascii_uppercase}', '{ascii_lowercase}')"
NUMBERED = """
UPDATE {table} SET name = name || ' (' || id || ')' WHERE id IN (
    SELECT id FROM (
        SELECT id, {retired} AS gone, row_number() OVER (PARTITION BY {folded} ORDER BY {retired}, id) AS place
        FROM {table}
    ) AS one WHERE gone AND place > 1)
"""
DOUBLES = """
SELECT string_agg(id || ' ' || quote_literal(name), ', ' ORDER BY id) FROM {table} GROUP BY {folded} HAVING count(*) > 1
"""


def upgrade() -> None:
    for table, retired in RETIRED.items():
        op.drop_constraint(f"uq_{table}_name", table)
        _write(table)
        op.execute(NUMBERED.format(table=table, retired=retired, folded=FOLDED))
        _refuse_doubles(table)
        op.create_index(f"uq_{table}_name", table, [sa.text(FOLDED)], unique=True)


def _write(table: str) -> None:
    """The names that were written otherwise, and no others."""
    rows = op.get_bind().execute(sa.text(f"SELECT id, name FROM {table}")).all()
    changed = [{"id": row_id, "name": one_line(name)} for row_id, name in rows if one_line(name) != name]
    if changed:
        op.get_bind().execute(sa.text(f"UPDATE {table} SET name = :name WHERE id = :id"), changed)


def _refuse_doubles(table: str) -> None:
    doubles = op.get_bind().execute(sa.text(DOUBLES.format(table=table, folded=FOLDED))).scalars().all()
    if doubles:
        raise RuntimeError(f"these rows of {table} have the same name but for capitals and blanks; rename all but one "
                           f"with the version before, and start again: {'; '.join(doubles)}")  # fmt: skip
