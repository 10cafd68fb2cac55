"""What programs send and get, field by field. Strict, so that the document says exactly what is accepted."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from tracker.storage.paging import ANY_STATE
from tracker.web.api.cursors import PATTERN, START
from tracker.web.city import LARGEST_ID
from tracker.web.forms import AN_ID, LONGEST_SEARCH

MOST_ROWS, USUAL_ROWS = 200, 50
# controls, and what steers a text and is not seen (Unicode's Cf)
UNSEEN = (
    r"\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb"
)
ONE_LINE = rf"^[^\s{UNSEEN}]([^{UNSEEN}]*[^\s{UNSEEN}])?$"
A_DAY = r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"


class Matches(validate.Regexp):
    """A pattern that the whole text matches: to `re` a `$` also stands before a last line break."""

    def __call__(self, value: Any) -> Any:
        if str(value).endswith("\n"):
            raise ValidationError(self._format_error(str(value)))
        return super().__call__(value)


class Shape(Schema):
    """What is sent or shown. A field that nobody knows is a mistake of who sends it."""

    class Meta:
        unknown = RAISE


class Text(fields.String):
    """One line of text, with no blanks around it and no signs that nobody sees."""

    def __init__(self, most: int = LONGEST_SEARCH, **more: Any) -> None:
        problem = "Write one line, without blanks at its ends and without control characters."
        super().__init__(validate=[validate.Length(1, most), Matches(ONE_LINE, error=problem)], **more)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        if any("\ud800" <= sign <= "\udfff" for sign in text):  # JSON can say what is no character
            raise self.make_error("invalid_utf8")
        return text


class Day(fields.Date):
    """A day of this century, as `2026-11-25`."""

    def __init__(self, **more: Any) -> None:
        described = {"pattern": A_DAY, **more.pop("metadata", {})}
        super().__init__(metadata=described, **more)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not (isinstance(value, str) and re.match(A_DAY, value)):
            raise self.make_error("invalid", input=value, obj_type="day, such as 2026-11-25")
        return super()._deserialize(value, *args, **kwargs)


class Number(fields.Float):
    """A number that is one in JSON, too."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, int | float):
            raise self.make_error("invalid")
        return super()._deserialize(value, *args, **kwargs)


class Whole(fields.Integer):
    """A whole number of JSON, which does not tell 7 from 7.0."""

    def __init__(self, **more: Any) -> None:
        super().__init__(strict=True, **more)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        return super()._deserialize(whole, *args, **kwargs)


class Id(Whole):
    """The number by which something is known here."""

    def __init__(self, **more: Any) -> None:
        super().__init__(validate=AN_ID, **more)


class DayOfPeriod(fields.Date):
    """The `lower` or `upper` end of a period that may be missing, as may its ends."""

    def __init__(self, end: str, **more: Any) -> None:
        super().__init__(dump_only=True, required=True, allow_none=True, attribute="period", **more)
        self.end = end

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._serialize(getattr(value, self.end, None), *args, **kwargs)


class InQuery(fields.Integer):
    """A whole number in an address: digits, and nothing else."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not re.match(r"^[0-9]{1,10}$", str(value)):
            raise self.make_error("invalid")
        return super()._deserialize(value, *args, **kwargs)


class PageOf(Shape):
    """What every list answers beside its items."""

    next = fields.String(
        allow_none=True, metadata={"description": "The cursor of the items after these; null: these are the last."}
    )


class PageQuery(Shape):
    """What every list is asked with."""

    limit = InQuery(load_default=USUAL_ROWS, validate=validate.Range(1, MOST_ROWS))
    cursor = fields.String(
        load_default=START, validate=Matches(PATTERN), metadata={"description": "Where the list goes on."}
    )


class ListQuery(PageQuery):
    """And what narrows it."""

    q = Text(load_default="", metadata={"description": "What stands somewhere in the name."})


class UnitListQuery(ListQuery):
    unit = InQuery(
        load_default=None, validate=AN_ID, metadata={"description": "What is of this unit, or stands below it today."}
    )


def state_of(*states: str) -> fields.String:
    """A filter by state; without one what is in use, with `any` all there is."""
    said = {"description": "Without it what is in use; any: whatever its state."}
    return fields.String(load_default="", validate=validate.OneOf([*states, ANY_STATE]), metadata=said)


def shown_id() -> fields.Integer:
    return fields.Integer(required=True, metadata={"minimum": 1, "maximum": LARGEST_ID})


class PlanShape(Shape):
    on = Day(required=True, metadata={"description": "The day to come from which it was to hold."})


class Nothing(Shape):
    """The body of what needs no more than its address: `{}`."""
