"""Templates in a language: the sentences of the pages' catalogues, numbers and days as that language writes them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

HERE = Path(__file__).parent
CATALOGUES = HERE.parent / "web" / "translations"
CLOCK = {"id": "%H.%M", "en": "%H:%M"}


def rendered(name: str, language: str, zone: ZoneInfo, values: Mapping[str, Any]) -> tuple[str, str]:
    """A letter's text and its HTML."""
    environment = _environment(language, zone)
    return tuple(environment.get_template(f"{name}.{kind}").render(values) for kind in ("txt", "html"))  # type: ignore[return-value]


def said(language: str, sentence: str, **values: object) -> str:
    """A sentence of the catalogues with its values."""
    translated = _translations(language).ugettext(sentence)
    return translated % values if values else translated


def short_day(value: date, language: str) -> str:
    """20 Nov 2026."""
    return str(format_date(value, "d MMM y", locale=language))


@functools.cache
def _translations(language: str) -> NullTranslations:
    return Translations.load(CATALOGUES, [language])


@functools.cache
def _environment(language: str, zone: ZoneInfo) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), extensions=["jinja2.ext.i18n"], undefined=StrictUndefined,
        autoescape=select_autoescape(["html"]), trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.install_gettext_translations(_translations(language), newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(_filters(language, zone))
    return environment


def _filters(language: str, zone: ZoneInfo) -> Mapping[str, Callable[..., str]]:
    locale, gettext = Locale.parse(language), _translations(language).ugettext

    def day(value: date) -> str:
        return str(format_date(value, "EEE, d MMM y", locale=locale))

    def moment(at: datetime) -> str:
        local = at.astimezone(zone)
        return f"{day(local.date())}, {local.strftime(CLOCK[language])}"

    def number(value: float) -> str:
        return str(format_decimal(value, locale=locale))

    def duration(seconds: float) -> str:
        hours, minutes = divmod(round(seconds / 60), 60)
        return gettext("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}

    def changed(value: float) -> str:
        return f"{'+' if value > 0 else '−' if value < 0 else '±'}{number(abs(value))}"

    def changed_span(seconds: float) -> str:
        return f"{'+' if seconds > 0 else '−' if seconds < 0 else '±'}{duration(abs(seconds))}"

    filters = (day, moment, number, duration, changed, changed_span)
    return {one.__name__: one for one in filters}
