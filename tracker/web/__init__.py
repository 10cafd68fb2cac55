"""The pages: citizens' map, employee's day, supervisor's team. `create_app` puts them together.

| module | what it holds |
|---|---|
| `city` | what every page needs: settings, clock, database |
| `access` | who may open which page; every view declares it |
| `entrance`, `cookies`, `passwords`, `one_time_codes` | what signing in is made of |
| `activation`, `second_factor`, `account`, `tokens` | the pages about one's own account |
| `machines` | who reads with a token in place of a browser's session |
| `words` | the sentences and labels, English here, Indonesian in `translations` |
| `my_data`, `my_data_categories`, `my_data_files`, `notice` | what is stored about an employee, and being told of it |
| `my_attendance`, `my_leave`, `my_contests` | an employee's check-ins and news, their leave, and what they contest |
| `team_leave`, `team_cases`, `team_contests`, `team_attest`, `team_absence` | what a supervisor decides beside logs |
| `contest_forms`, `contest_words`, `photos` | what contests share; pictures, drawn anew |
| `attendance_forms`, `attendance_words`, `verdict_facts` | what these share: forms, words, what a verdict rests on |
| `day_rights` | by which right an account stands before a day of a person |
| `team_summary`, `person_summary`, `figure_facts`, `summary_forms`, `period_words` | figures of units and people |
| `my_mail`, `mails`, `mail_forms`, `mail_words` | reports by mail: one's own, and all for administrators |
| `corrections`, `correction_words` | what people say is wrong, for administrators to answer |
| `accounts_admin`, `account_words` | who may sign in and what they may do, for administrators |
| `public`, `signing_in`, `my_day`, `team`, `team_day`, `team_reports`, `health`, `metrics` | one blueprint each |
| `door`, `door_saving` | where devices send positions over HTTP |
| `administration`, `administration_words` | where administrators begin |
| `units`, `people`, `vehicles`, `register_forms`, `changing` | the register's pages, and doing what their forms ask |
| `zones`, `zone_forms`, `zone_words` | the city's zones, drawn, typed or from a file |
| `rosters`, `roster_person`, `roster_gaps` | who works when: a month of a unit, of a person; gaps |
| `shifts`, `rotations`, `rule_sets`, `city_holidays`, `holiday_draft` | what rosters are made of: the city's |
| `roster_forms`, `roster_words`, `zone_choice` | forms and labels of these |
| `devices`, `device`, `device_forms`, `device_words` | devices, for administrators |
| `quarantine` | what could not be stored |
| `setting_up`, `qr`, `my_phone` | what a device is set up with, for administrators and for one's own phone |
| `condition`, `condition_facts`, `condition_checks`, `condition_signs`, ... | whether the system is well |
| `imports`, `import_words`, `import_commands` | files brought into the register, by pages and command line |
| `forms` | what comes from browsers, checked |
| `security`, `errors`, `language`, `assets`, `formats` | headers, error pages, languages, static files, filters |
| `report_files`, `report_columns`, `report_pdf`, `report_facts` | the reports as XLSX and PDF |
| `exporting` | files that take long to make |
| `evidence_pages`, `evidence`, `evidence_sections`, ... | all that one verdict rests on, as page and PDF |
| `addresses` | addresses that browsers bring along |
| `api` | `/api/v1`: the register for other programs |
| `commands`, `register_commands`, `account_commands`, ... | `flask --app wsgi unit add ...` |
| `audit_words` | what was done with somebody's data, as a sentence |
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from tracker.storage.engine import engine_options
from tracker.web import (
    access,
    account,
    account_commands,
    accounts_admin,
    activation,
    administration,
    assets,
    audit_commands,
    audit_pages,
    city_holidays,
    commands,
    condition,
    corrections,
    deputies,
    device,
    devices,
    door,
    errors,
    evidence_pages,
    formats,
    health,
    import_commands,
    imports,
    language,
    machines,
    mails,
    metrics,
    my_attendance,
    my_contests,
    my_data,
    my_day,
    my_leave,
    my_mail,
    my_phone,
    notice,
    people,
    person_summary,
    public,
    quarantine,
    quarantine_commands,
    register_commands,
    report_files,
    roster_gaps,
    roster_person,
    rosters,
    rotations,
    rule_sets,
    second_factor,
    security,
    shifts,
    signing_in,
    team,
    team_absence,
    team_attest,
    team_cases,
    team_contests,
    team_day,
    team_leave,
    team_reports,
    team_summary,
    tokens,
    units,
    vehicles,
    verdict_facts,
    zones,
)
from tracker.web.api import document
from tracker.web.city import City, DateConverter, IdConverter, Settings, csrf, db
from tracker.web.cookies import FORM, cookie_name

BLUEPRINTS = (
    public.pages, signing_in.pages, my_day.pages, team.pages, team_day.pages, team_reports.pages, report_files.pages,
    health.pages, metrics.pages, assets.pages, door.pages, devices.pages, quarantine.pages, deputies.pages,
    audit_pages.pages, my_data.pages, notice.pages, corrections.pages, activation.pages, second_factor.pages,
    account.pages, tokens.pages, accounts_admin.pages, zones.pages, device.pages, my_phone.pages, condition.pages,
    imports.pages, evidence_pages.pages, evidence_pages.own_pages,
    administration.pages, units.pages, people.pages, vehicles.pages, my_attendance.pages, my_leave.pages,
    team_attest.pages, team_cases.pages, team_leave.pages, team_summary.pages, person_summary.pages,
    my_contests.pages, team_contests.pages, team_absence.pages,
    rosters.pages, roster_person.pages,
    my_mail.pages, mails.pages,
    roster_gaps.pages, shifts.pages, rotations.pages, rule_sets.pages, city_holidays.pages,
)  # fmt: skip
log = logging.getLogger(__name__)
LARGEST_REQUEST = 256 * 1024  # bytes; forms are small
DATABASE_CONNECTIONS = 8  # of one web process, at most


def utc_now() -> datetime:
    return datetime.now(UTC)


def create_app(settings: Settings, clock: Callable[[], datetime] = utc_now) -> Flask:
    """The web application. Starts nothing and needs no database until a page asks for one."""
    app = Flask(__name__, static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_REQUEST,
        SESSION_COOKIE_NAME=cookie_name(FORM, settings.secure_cookies),
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        WTF_CSRF_TIME_LIMIT=None,  # a phone keeps a page open for a whole shift
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(DATABASE_CONNECTIONS),
    )
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, settings.trusted_proxies, settings.trusted_proxies)  # type: ignore[method-assign]
    app.extensions["city"] = City(settings, clock)
    if settings.trusted_proxies and not settings.secure_cookies:
        log.warning("TRUSTED_PROXIES is set and SECURE_COOKIES is not: behind HTTPS set SECURE_COOKIES=1")
    app.url_map.converters.update(date=DateConverter, id=IdConverter)
    metrics.init_app(app)  # before all others: what they refuse is counted, too
    db.init_app(app)
    machines.init_app(app)  # before forms' tokens, which machines have none of
    imports.init_app(app)  # and before whoever reads the form
    zones.init_app(app)
    my_contests.init_app(app)
    csrf.init_app(app)
    for part in (
        language, formats, security, access, errors, commands, register_commands, account_commands, quarantine_commands,
        audit_commands, import_commands, door, verdict_facts,
    ):  # fmt: skip
        part.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    document.init_app(app)
    return app
