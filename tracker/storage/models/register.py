"""The register: who and what there is."""

from __future__ import annotations

from datetime import datetime
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, LargeBinary, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.storage.models.base import Base, ForDays, one_at_a_time, one_of

CAPABILITIES = (
    "compactor", "crane", "ladder", "life_support", "power_take_off", "pump", "stretcher", "water_tank",
)  # fmt: skip


def folded_sql(column: str) -> str:
    """`tracker.domain.writing.folded` for an index: `lower` would depend on the server's locale."""
    return f"translate({column}, '{ascii_uppercase}', '{ascii_lowercase}')"


FOLDED_NAME = text(folded_sql("name"))


class Unit(Base):
    """A node of the city's tree: dinas -> suku dinas -> kecamatan -> kelurahan -> team.

    `merged_into_id` is the unit that has all of it since it ended.
    """

    __tablename__ = "unit"
    __table_args__ = (Index("uq_unit_name", FOLDED_NAME, unique=True),)
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))


class UnitPlace(ForDays, Base):
    """Where a unit stands in the tree, for a period of days: below `parent_id`, or at the top."""

    __tablename__ = "unit_place"
    __table_args__ = (
        CheckConstraint("NOT isempty(period)", name="period"),
        CheckConstraint("unit_id <> parent_id", name="parent"),
        one_at_a_time("unit_place", "unit_id"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)


class Person(Base):
    """An employee, known by NIP."""

    __tablename__ = "person"
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    nip: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str]


class Membership(ForDays, Base):
    """In which unit and position a person works, for a period of days; who has none is not employed."""

    __tablename__ = "membership"
    __table_args__ = (CheckConstraint("NOT isempty(period)", name="period"), one_at_a_time("membership", "person_id"))
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    position: Mapped[str] = mapped_column(server_default="")
    person: Mapped[Person] = relationship()
    unit: Mapped[Unit] = relationship()


class Vehicle(Base):
    """An ambulance, fire truck, heavy machine ...

    `base_zone_id` is where it is parked when off task. `public_view` is what citizens see of it: what its kind's rule
    says, or less. From `retired_at` on it serves no more.
    """

    __tablename__ = "vehicle"
    __table_args__ = (
        one_of("kind", "ambulance", "fire_truck", "heavy_equipment", "garbage_truck", "street_sweeper", "patrol_car"),
        one_of("public_view", "by_kind", "at_base", "hidden"),
        CheckConstraint(f"capabilities <@ ARRAY{list(CAPABILITIES)}::text[]", name="capabilities"),
        Index("uq_vehicle_call_sign", text(folded_sql("call_sign")), unique=True),
        Index("uq_vehicle_plate", text("replace(plate, ' ', '')"), unique=True),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    call_sign: Mapped[str]
    plate: Mapped[str]
    kind: Mapped[str]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), index=True)
    base_zone_id: Mapped[int | None] = mapped_column(ForeignKey("zone.id"))
    capabilities: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    public_view: Mapped[str] = mapped_column(server_default="by_kind")
    retired_at: Mapped[datetime | None]
    unit: Mapped[Unit] = relationship()
    base_zone: Mapped[Zone | None] = relationship()


class Zone(Base):
    """Where work takes place: a circle, or the area of `parts`, which are a MultiPolygon in whole 1e-7 degrees.

    `lat_e7`, `lon_e7` is the centre of a circle, and of other areas a point inside. See `tracker.storage.zones`.

    A shape never changes, so that what was judged by it can be explained: another row of the same name follows it, and
    `retired_at` is when it was replaced or removed.
    """

    __tablename__ = "zone"
    __table_args__ = (
        CheckConstraint("radius_m BETWEEN 10 AND 50000", name="radius_m"),
        CheckConstraint("(radius_m IS NULL) <> (parts IS NULL)", name="one_shape"),
        Index("uq_zone_name", FOLDED_NAME, unique=True, postgresql_where=text("retired_at IS NULL")),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str]
    lat_e7: Mapped[int]
    lon_e7: Mapped[int]
    radius_m: Mapped[int | None]
    parts: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    retired_at: Mapped[datetime | None]


class Device(Base):
    """A phone or tracker with a login of its own.

    What brokers check its secret by: NATS, and our HTTP door, `secret_bcrypt`, Mosquitto `secret_pbkdf2`, RabbitMQ
    `secret_sha256`; see docs/decisions.md. A device that was never set up has no secret yet, and no door lets it in.

    `payload_key_sealed` opens what the device encrypts; see `tracker.sealing`.
    """

    __tablename__ = "device"
    __table_args__ = (
        one_of("kind", "phone", "tracker"),
        CheckConstraint("login ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name="login"),
        CheckConstraint("expected_interval_s BETWEEN 1 AND 3600", name="expected_interval_s"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    model: Mapped[str] = mapped_column(server_default="")
    secret_bcrypt: Mapped[str | None]
    secret_pbkdf2: Mapped[str | None]
    secret_sha256: Mapped[str | None]
    payload_key_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    expected_interval_s: Mapped[int] = mapped_column(server_default="60")
    created_at: Mapped[datetime] = mapped_column(server_default=text("now()"))
    revoked_at: Mapped[datetime | None]


class Assignment(Base):
    """Who or what carries a device, for a period; one holder at a time."""

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("(person_id IS NULL) <> (vehicle_id IS NULL)", name="one_holder"),
        one_at_a_time("assignment", "device_id"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    vehicle_id: Mapped[int | None] = mapped_column(ForeignKey("vehicle.id"), index=True)
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    device: Mapped[Device] = relationship()


class DriverSession(Base):
    """Who drove what when. A person drives one vehicle at a time, a vehicle has one driver at a time."""

    __tablename__ = "driver_session"
    __table_args__ = (
        CheckConstraint("NOT isempty(period) AND NOT lower_inf(period)", name="period"),
        one_at_a_time("driver_session", "vehicle_id"),
        one_at_a_time("driver_session", "person_id"),
    )
    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
