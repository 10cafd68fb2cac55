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
| `corrections`, `correction_words` | what people say is wrong, for administrators to answer |
| `accounts_admin`, `account_words` | who may sign in and what they may do, for administrators |
| `public`, `signing_in`, `my_day`, `team`, `team_day`, `team_reports`, `health`, `metrics` | one blueprint each |
| `door`, `door_saving` | where devices send positions over HTTP |
| `administration`, `administration_words` | where administrators begin |
| `units`, `people`, `vehicles`, `register_forms`, `changing` | the register's pages, and doing what their forms ask |
| `zones`, `zone_forms`, `zone_words` | the city's zones, drawn, typed or from a file |
| `devices`, `device`, `device_forms`, `device_words` | devices, for administrators |
| `quarantine` | what could not be stored |
| `setting_up`, `qr`, `my_phone` | what a device is set up with, for administrators and for one's own phone |
| `condition`, `condition_facts`, `condition_checks`, `condition_signs`, ... | whether the system is well |
| `imports`, `import_words`, `import_commands` | files brought into the register, by pages and command line |
| `forms` | what comes from browsers, checked |
| `security`, `errors`, `language`, `assets`, `formats` | headers, error pages, languages, static files, filters |
| `addresses`, `csv_text` | addresses that browsers bring along; tables for spreadsheets |
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
    commands,
    condition,
    corrections,
    deputies,
    device,
    devices,
    door,
    errors,
    formats,
    health,
    import_commands,
    imports,
    language,
    machines,
    metrics,
    my_data,
    my_day,
    my_phone,
    notice,
    people,
    public,
    quarantine,
    quarantine_commands,
    register_commands,
    second_factor,
    security,
    signing_in,
    team,
    team_day,
    team_reports,
    tokens,
    units,
    vehicles,
    zones,
)
from tracker.web.api import document
from tracker.web.city import City, DateConverter, IdConverter, Settings, csrf, db
from tracker.web.cookies import FORM, cookie_name

BLUEPRINTS = (
    public.pages, signing_in.pages, my_day.pages, team.pages, team_day.pages, team_reports.pages, health.pages,
    metrics.pages, assets.pages, door.pages, devices.pages, quarantine.pages, deputies.pages, audit_pages.pages,
    my_data.pages, notice.pages, corrections.pages, activation.pages, second_factor.pages, account.pages, tokens.pages,
    accounts_admin.pages, zones.pages, device.pages, my_phone.pages, condition.pages, imports.pages,
    administration.pages, units.pages, people.pages, vehicles.pages,
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
    csrf.init_app(app)
    for part in (
        language, formats, security, access, errors, commands, register_commands, account_commands, quarantine_commands,
        audit_commands, import_commands, door,
    ):  # fmt: skip
        part.init_app(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    document.init_app(app)
    return app
