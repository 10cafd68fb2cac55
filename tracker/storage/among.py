"""Whether a column is one of many values, sent as one array.

A parameter for each of 300 costs the client more than the rows it asks for, and is another statement for 299.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, all_, any_, literal


def among(column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """The column is one of these."""
    found: ColumnElement[bool] = column == any_(_array(column, values))
    return found


def not_among(column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """The column is none of these."""
    other: ColumnElement[bool] = column != all_(_array(column, values))
    return other


def _array(column: Any, values: Collection[Any]) -> Any:
    return literal(list(values), ARRAY(column.type))
