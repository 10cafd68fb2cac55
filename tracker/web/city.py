"""What every page needs: the settings, the clock, the database, today's date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol, cast
from zoneinfo import ZoneInfo

from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from werkzeug.routing import BaseConverter, IntegerConverter, Map, ValidationError

from tracker.storage.models import Base

LARGEST_ID = 2**31 - 1
FIRST_DATE, LAST_DATE = date(2000, 1, 1), date(2100, 12, 31)  # far enough from where arithmetic on dates ends

db = SQLAlchemy(metadata=Base.metadata)
csrf = CSRFProtect()


class Settings(Protocol):
    """The settings the pages use."""

    @property
    def data_dir(self) -> Path: ...
    @property
    def database_url(self) -> str: ...
    @property
    def timezone(self) -> ZoneInfo: ...
    @property
    def secret_key(self) -> str: ...
    @property
    def demo(self) -> bool: ...
    @property
    def secure_cookies(self) -> bool: ...
    @property
    def second_factor(self) -> bool: ...
    @property
    def retention_days(self) -> int: ...
    @property
    def attendance_years(self) -> int: ...
    @property
    def lock(self) -> timedelta: ...
    @property
    def contest_days(self) -> int: ...
    @property
    def metrics_token(self) -> str: ...
    @property
    def trusted_proxies(self) -> int: ...
    @property
    def public_url(self) -> str: ...
    @property
    def mqtt_public_url(self) -> str: ...
    @property
    def self_enrolment(self) -> bool: ...
    @property
    def smtp_url(self) -> str: ...


@dataclass(frozen=True, slots=True)
class City:
    """Settings and clock of this application."""

    settings: Settings
    clock: Callable[[], datetime]

    @property
    def public_dir(self) -> Path:
        """Where the live process leaves the files for citizens."""
        return self.settings.data_dir / "public"

    @property
    def zone(self) -> ZoneInfo:
        return self.settings.timezone

    @property
    def oldest_kept(self) -> datetime:
        """Positions from before this are deleted."""
        return self.now() - timedelta(days=self.settings.retention_days)

    def now(self) -> datetime:
        return self.clock()

    def today(self) -> date:
        """The local date."""
        return self.clock().astimezone(self.zone).date()


def city() -> City:
    """The city of the running application."""
    return cast(City, current_app.extensions["city"])


class IdConverter(IntegerConverter):
    """`<id:person_id>`: what a key of the database can be."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, min=1, max=LARGEST_ID)


class DateConverter(BaseConverter):
    """`<date:work_date>`: an ISO date in a path, within this century."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        try:
            found = date.fromisoformat(value)
        except ValueError as error:
            raise ValidationError from error
        if not FIRST_DATE <= found <= LAST_DATE:
            raise ValidationError
        return found

    def to_url(self, value: date) -> str:
        return value.isoformat()
