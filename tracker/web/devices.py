"""How the city's devices are, for administrators: who is silent, who sends what cannot be stored, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request

from tracker.storage.coverage import LEAST_PEOPLE
from tracker.storage.coverage import coverage as covered
from tracker.storage.device_pages import LOW_BATTERY_PCT, RECENT_DAYS, SILENT_AFTER, device_list
from tracker.storage.unit_pages import standing_units
from tracker.web import device_words
from tracker.web.access import Access, allowed, viewer
from tracker.web.city import city, db
from tracker.web.device_forms import COVERAGE_DAYS, CoverageQuery, device_filter
from tracker.web.forms import parse

pages = Blueprint("devices", __name__, url_prefix="/admin/devices")


@pages.get("")
@allowed(Access.ADMINISTRATOR)
def overview() -> str:
    """All devices with their health; search, filter, order and page are in the address."""
    wanted, number = device_filter(request.args)
    now = city().now()
    devices = device_list(db.session(), viewer(), wanted, now, number)
    rows = [
        (row, status, rejected, problems(row, status, rejected, now))
        for row in devices.page.rows
        for status, rejected in [(devices.statuses.get(row.id), devices.rejections.get(row.id, {}))]
    ]
    return render_template(
        "devices.html", wanted=wanted, rows=rows, page=devices.page, counts=devices.counts, device_words=device_words,
        recent_days=RECENT_DAYS, units=standing_units(db.session(), viewer()),
    )  # fmt: skip


@pages.get("/coverage")
@allowed(Access.ADMINISTRATOR)
def coverage() -> str:
    """How much of people's duties their devices let be seen, by model or by unit: sums, nobody's day."""
    asked = parse(CoverageQuery(), request.args).values
    by, days = asked.get("by", "model"), asked.get("days", COVERAGE_DAYS[0])
    last = city().today() - timedelta(days=1)  # today's duties are not judged yet
    groups, rest = covered(db.session(), viewer(), by, last - timedelta(days=days - 1), last, city().now())
    return render_template(
        "coverage.html", by=by, days=days, choices=COVERAGE_DAYS, groups=groups, rest=rest, least=LEAST_PEOPLE,
        device_words=device_words,
    )  # fmt: skip


def problems(row: Any, status: Any, rejected: Mapping[str, int], now: datetime) -> list[str]:
    """What is wrong with a device, the gravest first: names of `device_words.PROBLEM`."""
    if row.revoked_at or not row.set_up:
        return ["revoked" if row.revoked_at else "not_set_up"]
    heard = row.last_heard_at
    permission = status.permission if status else None
    found = {
        "denied": row.denied_at is not None and row.denied_at >= now - timedelta(days=RECENT_DAYS),
        "wrong_secret": "wrong_secret" in rejected,
        "permission_never": permission == "never",
        "permission_limited": permission == "limited",
        "power_save": status is not None and status.power_save is True,
        "never_heard": heard is None,
        "silent": heard is not None and heard < now - SILENT_AFTER,
        "lost": heard is not None and row.lost_at is not None and row.lost_at >= heard,
        "rejected": bool(rejected.keys() - device_words.NOT_LET_IN),
        "low_battery": row.battery_pct is not None and row.battery_pct <= LOW_BATTERY_PCT and not row.charging,
        "unassigned": row.holder is None,
    }
    return [name for name, is_so in found.items() if is_so]
