"""Is the system well? For those who keep the city: each part with a word, what it means, and what to do."""

from __future__ import annotations

from datetime import UTC

from flask import Blueprint, render_template, request

from tracker.storage.quarantine_pages import rejection_days
from tracker.storage.report_runs import reports_run, run_list
from tracker.web import condition_words, device_words
from tracker.web.access import Access, allowed
from tracker.web.city import city, db
from tracker.web.condition_checks import WORST_FIRST
from tracker.web.condition_facts import PARTS, Known, job_told
from tracker.web.condition_forms import run_filter
from tracker.web.condition_signs import signs_of
from tracker.web.metrics import samples
from tracker.web.public import VEHICLES

LONGEST_ERROR = 200  # characters of its first line; the rest is in the log

pages = Blueprint("condition", __name__, url_prefix="/admin/condition")


@pages.get("")
@allowed(Access.CITY_ADMINISTRATOR)
def overview() -> str:
    """All parts, with a summary of those that are not well, the worst first."""
    now, session, signs = city().now(), db.session(), signs_of(samples())
    known = Known(session, signs, now, city().settings.data_dir, city().public_dir / VEHICLES)
    found = [look(known) for look in PARTS]
    unwell = sorted((one for one in found if one.level != "good"), key=lambda one: WORST_FIRST.index(one.level))
    return render_template(
        "condition.html", found=found, unwell=unwell, jobs=[(job, job_told(job, now)) for job in signs.jobs],
        rejections=rejection_days(session, "", now.astimezone(UTC).date(), 1), checked_at=now,
        condition_words=condition_words, device_words=device_words,
    )  # fmt: skip


@pages.get("/runs")
@allowed(Access.CITY_ADMINISTRATOR)
def runs() -> str:
    """The runs of reports, newest first; filters, order and page are in the address."""
    wanted, number = run_filter(request.args)
    return render_template(
        "condition_runs.html", wanted=wanted, found=run_list(db.session(), wanted, number),
        reports=reports_run(db.session()), longest_error=LONGEST_ERROR, condition_words=condition_words,
    )  # fmt: skip
