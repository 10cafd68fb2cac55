"""What all tables share."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import CheckConstraint, DateTime, Integer, MetaData, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, JSONB, ExcludeConstraint, Range
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Names constraints and gives Python's types their columns."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        str: Text,
        dict[str, Any]: JSONB,
        list[int]: ARRAY(Integer),
        list[str]: ARRAY(Text),
    }


class ForDays:
    """What holds for a period of days; without a first or a last one since ever, or until further notice."""

    period: Mapped[Range[date]] = mapped_column(DATERANGE)

    @property
    def first(self) -> date | None:
        return self.period.lower

    @property
    def last(self) -> date | None:
        return self.period.upper and self.period.upper - timedelta(days=1)


def one_of(column: str, *values: str) -> CheckConstraint:
    """The column holds one of these values."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(v) for v in values)})", name=column)


def one_at_a_time(table: str, of: str) -> ExcludeConstraint:
    """No two periods of one `of` overlap.

    The embedded server has no btree_gist: a range of one integer says "the same" to gist.
    """
    name = f"ex_{table}_{of.removesuffix('_id')}_period"
    return ExcludeConstraint(
        (text(f"int4range({of}, {of}, '[]')"), "&&"), (text("period"), "&&"), name=name, using="gist"
    )
