"""The columns of the reports as files, in the language of the reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from tracker.domain.coverage import coverage
from tracker.exports.columns import Column, Kind
from tracker.storage.report_rows import NO_SHOW, Report
from tracker.web import attendance_words, words
from tracker.web.formats import local

MINUTE = 60
OF_TIME = ("on_site_s", "off_site_s", "moving_s", "unknown_s")


def columns_of(report: Report) -> list[Column]:
    """What stands in a workbook of the report."""
    first = [
        Column(_("Day"), Kind.DAY, _plain("work_date"), 12),
        Column(_("NIP"), Kind.TEXT, _plain("nip"), 21),
        Column(_("Name"), Kind.TEXT, _plain("name"), 28),
        Column(_("Unit"), Kind.TEXT, _plain("unit"), 28),
        Column(_("Shift"), Kind.TEXT, _plain("shift"), 18),
        Column(_("Start of duty"), Kind.TIME, _local("starts_at"), 16),
        Column(_("End of duty"), Kind.TIME, _local("ends_at"), 16),
    ]
    last = [
        Column(_("Observed"), Kind.SHARE, observed_share, 12),
        Column(_("Revision"), Kind.NUMBER, _plain("revision"), 10),
        Column(_("Why computed"), Kind.TEXT, _in_words("reason", words.REVISION_REASON), 26),
        Column(_("Computed"), Kind.TIME, _local("computed_at"), 16),
        Column(_("Rules"), Kind.TEXT, _plain("rule_version"), 8),
    ]
    return [*first, *(_presence() if report is NO_SHOW else _idle()), *last]


def observed_share(row: Any) -> float | None:
    """As a part of one, in whole percents."""
    percent = coverage(row.observed_s, row.watched_s)
    return None if percent is None else percent / 100


def _presence() -> list[Column]:
    status = {name: label.text for name, label in words.VERDICT.items()}
    return [
        Column(_("Status"), Kind.TEXT, _in_words("status", status), 22),
        Column(_("Cause"), Kind.TEXT, _in_words("cause", words.SHORT_CAUSE), 18),
        *(Column(str(attendance_words.VALUE[name]), Kind.NUMBER, _plain(name), 14)
          for name in ("late_min", "left_early_min")),
        *(Column(_("%(what)s (min)", what=attendance_words.VALUE[name]), Kind.NUMBER, _minutes(name), 14)
          for name in OF_TIME),
    ]  # fmt: skip


def _idle() -> list[Column]:
    return [
        Column(_("Measure"), Kind.TEXT, _in_words("measure", words.MEASURE), 20),
        Column(_("%(what)s (min)", what=_("Length")), Kind.NUMBER, _minutes("counted_s"), 12),
    ]


def _plain(name: str) -> Callable[[Any], Any]:
    return lambda row: getattr(row, name)


def _minutes(name: str) -> Callable[[Any], float]:
    return lambda row: round(getattr(row, name) / MINUTE, 1)


def _local(name: str) -> Callable[[Any], datetime]:
    return lambda row: local(getattr(row, name)).replace(tzinfo=None)


def _in_words(name: str, labels: Any) -> Callable[[Any], str]:
    """Words are translated once, not for each of many rows."""
    texts = {key: str(text) for key, text in labels.items()}
    return lambda row: texts.get(getattr(row, name), getattr(row, name))
