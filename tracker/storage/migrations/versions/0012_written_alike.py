"""Names that differ in capitals, blanks or invisible signs only are the same; what a unit was merged into is known.

Fails, and changes nothing, where a city has two such units, zones, call signs or plates: it names them.
"""

from collections.abc import Callable
from string import ascii_lowercase, ascii_uppercase

import sqlalchemy as sa
from alembic import op

from tracker.domain.writing import one_line, plate

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMNS = (
    ("unit", "name", one_line), ("zone", "name", one_line), ("person", "name", one_line), ("vehicle", "plate", plate),
    ("vehicle", "call_sign", one_line), ("membership", "position", one_line),
)  # fmt: skip
NAME, SIGN = (f"translate({column}, '{ascii_uppercase}', '{ascii_lowercase}')" for column in ("name", "call_sign"))
PLATE = "replace(plate, ' ', '')"
SAME = (  # index, table, what it is over, of which rows
    ("uq_unit_name", "unit", NAME, None), ("uq_zone_name", "zone", NAME, "retired_at IS NULL"),
    ("uq_vehicle_call_sign", "vehicle", SIGN, None), ("uq_vehicle_plate", "vehicle", PLATE, None),
)  # fmt: skip


def upgrade() -> None:
    op.drop_constraint("uq_unit_name", "unit")
    op.drop_constraint("uq_vehicle_call_sign", "vehicle")
    op.drop_constraint("uq_vehicle_plate", "vehicle")
    op.drop_index("uq_zone_name", "zone")
    for table, column, written in COLUMNS:
        _write(table, column, written)
    for index, table, over, which in SAME:
        _refuse_doubles(table, over, which)
        where = sa.text(which) if which else None
        op.create_index(index, table, [sa.text(over)], unique=True, postgresql_where=where)
    op.add_column("unit", sa.Column("merged_into_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_unit_merged_into_id"), "unit", "unit", ["merged_into_id"], ["id"])


def _write(table: str, column: str, written: Callable[[str], str]) -> None:
    """The rows that were written otherwise, and no others."""
    rows = op.get_bind().execute(sa.text(f"SELECT id, {column} FROM {table}")).all()
    changed = [{"id": row_id, "text": written(text)} for row_id, text in rows if written(text) != text]
    if changed:
        op.get_bind().execute(sa.text(f"UPDATE {table} SET {column} = :text WHERE id = :id"), changed)


def _refuse_doubles(table: str, over: str, which: str | None) -> None:
    ids = f"SELECT array_agg(id ORDER BY id) FROM {table} WHERE {which or 'true'} GROUP BY {over} HAVING count(*) > 1"
    doubles = op.get_bind().execute(sa.text(ids)).scalars().all()
    if doubles:
        raise RuntimeError(f"these rows of {table} have the same name but for capitals and blanks; rename all but one "
                           f"with the version before, and start again: ids {doubles}")  # fmt: skip
