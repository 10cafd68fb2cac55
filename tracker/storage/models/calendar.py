"""When nobody is expected at work: holidays of the city, and the leave of a person."""

from __future__ import annotations

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKey, Identity, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.domain.roster import Part
from tracker.storage.models.base import Base, ForDays, one_of

LEAVE_KINDS = ("leave", "sick", "official_trip", "maternity", "other")
PARTS = tuple(part.value for part in Part)
HOLIDAY_KINDS = ("public", "government")


def _once_in(half: str) -> ExcludeConstraint:
    """Nobody is on leave twice in the same half of a day; the embedded server has no btree_gist."""
    return ExcludeConstraint(
        (text("int4range(person_id, person_id, '[]')"), "&&"), (text("period"), "&&"),
        where=text(f"part IN ('full', '{half}')"), name=f"ex_leave_period_{half}", using="gist",
    )  # fmt: skip


class LeavePeriod(ForDays, Base):
    """That a person is excused from duty for a period of days, or for one half of each."""

    __tablename__ = "leave_period"
    __table_args__ = (
        one_of("kind", *LEAVE_KINDS),
        one_of("part", *PARTS),
        CheckConstraint("NOT isempty(period) AND NOT lower_inf(period) AND NOT upper_inf(period)", name="period"),
        _once_in("first_half"),
        _once_in("second_half"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    part: Mapped[str]
    kind: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    place: Mapped[str] = mapped_column(server_default="")  # of an official trip
    request_id: Mapped[int | None] = mapped_column(ForeignKey("leave_request.id"), index=True)  # None: by a file


class Holiday(Base):
    """A day off for all whom no roster expects: a public holiday, or collective leave that the government gives."""

    __tablename__ = "holiday"
    __table_args__ = (one_of("kind", *HOLIDAY_KINDS),)
    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
