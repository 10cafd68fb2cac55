"""The authorisation matrix: every route, asked by every role, about data of their own unit, below it, beside it, and of
nobody. It is generated from the routes; what each needs and each role has is written down here once more, by hand.

A refused cell answers 404 (or the way to sign in), changes nothing, and no page says the name of somebody out of reach.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests import builders as build
from tests.web.conftest import NOW, WORK_DATE, Browser, People, at, signed_in
from tests.web.test_team import REVISION, SECONDS
from tracker.storage import models as m
from tracker.storage.audit import Action, Actor, record
from tracker.storage.sessions import open_session
from tracker.storage.tokens import make_token
from tracker.web.access import Access, declared
from tracker.web.cookies import SESSION

# what each view must declare: a second opinion beside the view's own
NEEDS = {
    Access.PUBLIC: (
        "public.citizens", "public.about", "public.vehicles", "public.boundaries", "public.station_zones",
        "signing_in.form", "signing_in.sign_in", "signing_in.sign_out", "activation.form", "activation.activate",
        "health.alive", "health.ready", "metrics.show", "assets.file", "api.openapi", "api.docs",
    ),
    Access.DEVICE: ("door.osmand", "door.owntracks"),
    Access.ACCOUNT: (
        "account.overview", "account.password", "account.end_one", "account.end_others", "second_factor.code",
        "second_factor.show", "second_factor.remove", "tokens.overview", "tokens.revoke", "my_mail.overview",
        "my_mail.set_address", "my_mail.confirm", "my_mail.remove", "my_mail.subscribe", "my_mail.unsubscribe",
    ),
    Access.EMPLOYEE: (
        "my_day.today", "my_day.day", "my_day.add", "my_day.entry", "my_day.change", "my_day.delete", "my_day.submit",
        "my_data.show", "my_data.ask", "my_data.as_json", "my_data.as_zip", "notice.show", "notice.read",
        "my_phone.show", "my_phone.connect", "my_attendance.check_in", "my_attendance.read", "my_leave.show",
        "my_leave.ask", "my_leave.withdraw", "person_summary.mine", "my_contests.overview", "my_contests.form",
        "my_contests.ask", "my_contests.withdraw", "my_contests.appeal", "my_contests.photo", "my_evidence.own",
        "my_evidence.own_pdf",
    ),
    Access.READER: (
        "team.overview", "team_day.show", "team_day.look", "team_reports.show", "team_reports.download",
        "report_files.as_xlsx", "report_files.as_pdf", "evidence.show", "evidence.as_pdf", "team_summary.show",
        "team_summary.people", "person_summary.show", "person_summary.look",
    ),
    Access.PRINCIPAL: ("tokens.make",),
    Access.DECIDER: (
        "team.reviews", "team_day.decide", "deputies.overview", "deputies.name", "deputies.end", "team_attest.attest",
        "team_attest.withdraw", "team_leave.overview", "team_leave.show", "team_leave.decide", "team_leave.end",
        "team_cases.overview", "team_cases.show", "team_cases.decide", "team_contests.overview", "team_contests.show",
        "team_contests.decide", "team_contests.photo", "team_absence.find", "team_absence.withdraw",
    ),
    Access.AUDITOR: ("audit.overview",),
    Access.ADMINISTRATOR: (
        "administration.overview", "units.overview", "units.new", "units.add", "units.show", "units.rename",
        "units.place", "units.merge", "units.cancel_plan", "units.chosen", "people.overview", "people.new",
        "people.add", "people.show", "people.rename", "people.move", "people.leave", "people.cancel_plan",
        "people.chosen", "vehicles.overview", "vehicles.new", "vehicles.add", "vehicles.show", "vehicles.change",
        "vehicles.move", "vehicles.retire", "vehicles.chosen", "devices.overview", "devices.coverage", "device.new",
        "device.add", "device.chosen", "device.show", "device.set_up", "device.revoke", "device.change",
        "device.hand", "device.swap", "corrections.overview", "corrections.show", "corrections.answer",
        "accounts_admin.overview", "accounts_admin.make", "accounts_admin.show", "accounts_admin.reset",
        "accounts_admin.close", "accounts_admin.give", "accounts_admin.end", "imports.overview", "imports.upload",
        "imports.template", "imports.show", "imports.approve", "imports.cancel", "imports.errors", "zones.overview",
        "zones.shapes", "zones.show", "rosters.overview", "rosters.chosen", "roster_person.show",
        "roster_person.assign", "roster_person.end", "roster_person.day", "roster_person.clear",
        "roster_person.overtime", "roster_person.no_overtime", "roster_gaps.overview", "roster_gaps.add_post",
        "roster_gaps.end_post", "shifts.overview", "shifts.show", "rotations.overview", "rotations.show",
        "rule_sets.overview", "rule_sets.show", "city_holidays.overview",
        "api_units.list_units", "api_units.show", "api_units.add_unit",
        "api_units.rename_unit", "api_units.move_unit", "api_units.merge_unit", "api_units.cancel_unit_plan",
        "api_people.list_people", "api_people.show", "api_people.add_person", "api_people.rename_person",
        "api_people.move_person", "api_people.leave", "api_people.cancel_person_plan", "api_vehicles.list_vehicles",
        "api_vehicles.show", "api_vehicles.add_vehicle", "api_vehicles.change_vehicle", "api_vehicles.move_vehicle",
        "api_vehicles.retire_vehicle", "api_vehicles.begin_drive", "api_vehicles.end_drive",
        "api_devices.list_devices", "api_devices.show", "api_devices.add_device", "api_devices.change_device",
        "api_devices.renew_secret", "api_devices.revoke_device", "api_devices.hand_to_person",
        "api_devices.hand_to_vehicle", "api_devices.take_back", "api_devices.swap_device",
        "api_imports.list_imports", "api_imports.show", "api_imports.add_import", "api_imports.approve_import",
        "api_imports.cancel_import",
    ),
    Access.CITY_ADMINISTRATOR: (
        "quarantine.overview", "quarantine.message", "quarantine.replay", "condition.overview", "condition.runs",
        "mails.overview", "mails.again", "mails.close",
        "shifts.new", "shifts.add", "shifts.change", "shifts.retire", "rotations.new", "rotations.add",
        "rotations.change", "rotations.retire", "rule_sets.new", "rule_sets.add", "rule_sets.change",
        "rule_sets.remove", "city_holidays.confirm", "city_holidays.add", "city_holidays.remove",
        "zones.new", "zones.add", "zones.shape", "zones.reshape", "zones.rename", "zones.remove", "zones.chosen",
        "api_zones.list_zones", "api_zones.show", "api_zones.add_zone", "api_zones.rename_zone",
        "api_zones.reshape_zone", "api_zones.remove_zone",
    ),
}  # fmt: skip
# that say reports:read
FOR_TOKENS = ("team_reports.show", "team_reports.download", "report_files.as_xlsx", "report_files.as_pdf")
API = "api_"  # with which the names of its resources begin: they take a token with this scope, and no cookie
API_SCOPES = {"GET": "register:read", "POST": "register:write", "PATCH": "register:write"}
BEFORE_THE_CODE = ("second_factor.code",)
# shows its own secret, and without it is not there
CLOSED_TO_ALL = {"metrics.show": 404, "door.osmand": 401, "door.owntracks": 401}


@dataclass(frozen=True)
class Role:
    """What an account is and has: the persons (of `TARGETS`) it may read, decide on and administer."""

    username: str
    person: str | None = None
    reads: frozenset[str] = frozenset()
    decides: frozenset[str] = frozenset()
    administers: frozenset[str] = frozenset()
    reads_audit: bool = False
    whole_city: bool = False
    scopes: tuple[str, ...] = ()  # of a machine's token; it has no cookie

    def holds(self, access: Access) -> bool:
        return {
            Access.PUBLIC: True,
            Access.DEVICE: False,
            Access.ACCOUNT: True,
            Access.EMPLOYEE: self.person is not None,
            Access.READER: bool(self.reads),
            Access.PRINCIPAL: bool(self.reads or self.administers),
            Access.DECIDER: bool(self.decides),
            Access.AUDITOR: self.reads_audit,
            Access.ADMINISTRATOR: bool(self.administers),
            Access.CITY_ADMINISTRATOR: self.whole_city,
        }[access]


# the units: an agency with a team below it, and another agency. In each somebody works:
# `chief` in the agency, `siti` in the team, `budi` in the other agency
CHIEF, SITI, BUDI, NOBODY = "chief", "siti", "budi", "nobody"
TARGETS = (CHIEF, SITI, BUDI, NOBODY)
NAMES = {CHIEF: "Rina Marlina", SITI: "Siti Rahayu", BUDI: "Budi Santoso"}
AGENCY, ALL = frozenset({CHIEF, SITI}), frozenset({CHIEF, SITI, BUDI})
TEAM = frozenset({SITI})
REGISTER = ("register:read", "register:write")
ROLES = {
    "employee": Role("pegawai", SITI),
    "supervisor of the agency": Role("atasan", CHIEF, AGENCY, AGENCY),
    "supervisor of the team": Role("regu", None, TEAM, TEAM),
    "supervisor of another agency": Role("stranger", BUDI, frozenset({BUDI}), frozenset({BUDI})),
    "deputy of the agency's supervisor": Role("wakil", None, TEAM, TEAM),  # who decides nothing about the chief
    "supervisor until yesterday": Role("mantan", None),
    "auditor of the agency": Role("pemeriksa", None, AGENCY, reads_audit=True),
    "auditor of the city": Role("auditor", None, ALL, reads_audit=True),
    "administrator of the agency": Role("admin-dinas", None, administers=AGENCY),
    "system administrator": Role("admin", None, administers=ALL, reads_audit=True, whole_city=True),
    "closed account": Role("tutup", None),
    "half signed in": Role("atasan", CHIEF, AGENCY, AGENCY),
    "machine of the agency's supervisor": Role("atasan", CHIEF, AGENCY, AGENCY, scopes=("reports:read",)),
    "supervisor's machine for the register": Role("atasan", CHIEF, AGENCY, AGENCY, scopes=REGISTER),
    "machine of the agency's administrator": Role("admin-dinas", None, administers=AGENCY, scopes=REGISTER),
    "machine that reads the agency's register": Role("admin-dinas", None, administers=AGENCY, scopes=REGISTER[:1]),
    "machine of the system administrator": Role(
        "admin", None, administers=ALL, reads_audit=True, whole_city=True, scopes=REGISTER
    ),
    "nobody": Role(""),
}
# the argument that says whose data a route is about -> which of a role's targets it reaches
REACH: Mapping[str, Any] = {
    "person_id": lambda role, endpoint: {
        "team_day": role.decides if endpoint == "team_day.decide" else role.reads, "api_people": role.administers,
        "team_attest": role.decides, "team_absence": role.decides, "person_summary": role.reads,
        "evidence": role.reads,
    }[endpoint.split(".")[0]],
    # nobody decides their own: for them it is not there
    "leave_id": lambda role, endpoint: (
        {role.person} if endpoint.startswith("my_leave") else role.decides - {role.person}
    ),
    "case_id": lambda role, endpoint: role.decides - {role.person},
    "contest_id": lambda role, endpoint: (
        {role.person} if endpoint.startswith("my_contests") else role.decides - {role.person}
    ),
    "duty_id": lambda role, endpoint: {role.person},
    "member_id": lambda role, endpoint: role.administers,
    "unit_id": lambda role, endpoint: role.administers,
    "device_id": lambda role, endpoint: role.administers,
    "vehicle_id": lambda role, endpoint: role.administers,
    "zone_id": lambda role, endpoint: ALL,  # zones are the city's: of each as much as the access says
    "shift_id": lambda role, endpoint: ALL,  # as are what rosters are made of
    "rotation_id": lambda role, endpoint: ALL,
    "rule_set_id": lambda role, endpoint: ALL,
    "post_id": lambda role, endpoint: role.administers,
    "request_id": lambda role, endpoint: role.administers,
    # the chief stands in for somebody of another agency: whoever had that account would decide there
    "account_id": lambda role, endpoint: role.administers if role.whole_city else role.administers - {CHIEF},
    "key": lambda role, endpoint: {role.person},
    "session_id": lambda role, endpoint: {role.person},
    "token_id": lambda role, endpoint: {role.person},
    "deputy_id": lambda role, endpoint: {role.person},
    "subscription_id": lambda role, endpoint: {role.person},
    "mail_id": lambda role, endpoint: role.administers if role.whole_city else set(),
    # of the targets' own accounts: the city's administrators see them, and approve only what is theirs
    "import_run_id": lambda role, endpoint: role.administers if role.whole_city else set(),
    "run_id": lambda role, endpoint: role.administers if role.whole_city and endpoint != "imports.approve" else set(),
}
WITHOUT_OWNER: Mapping[str, Any] = {
    "work_date": WORK_DATE, "name": "no-show", "version": "x", "quarantine_id": 1, "file": "people.csv", "number": 1,
}  # fmt: skip
YESTERDAY = WORK_DATE - timedelta(days=1)  # of which each target has a log that waits for its decision
OTHER_VALUES = {
    "assets.file": {"name": "css/tokens.css", "version": "x"},
    "team_day.show": {"work_date": YESTERDAY},
    "team_day.look": {"work_date": YESTERDAY},
    "evidence.show": {"work_date": YESTERDAY},
    "evidence.as_pdf": {"work_date": YESTERDAY},
    "team_day.decide": {"work_date": YESTERDAY},
    "team_attest.attest": {"work_date": YESTERDAY},
    "team_attest.withdraw": {"work_date": YESTERDAY},
    "team_absence.find": {"work_date": YESTERDAY},
    "team_absence.withdraw": {"work_date": YESTERDAY},
}
# says the same whether something was there or not; that nothing changed is looked at all the same
SILENT = ("my_day.delete",)
FIELDS = {
    "submitted_at": at(9).isoformat(),
    "key": str(uuid.uuid4()), "decision": "approved", "seen": "submitted", "outcome": "corrected", "about": "register",
    "answer": "Sudah kami perbaiki.", "text": "Nama saya salah ditulis.", "version": "1", "first": str(WORK_DATE),
    "last": str(WORK_DATE), "username": "pegawai", "why": "Pemeriksaan berkala",
    "start": "08:00", "end": "09:00", "why_present": "Saya melihatnya sendiri.", "holds": "kept", "digest": "x",
    "why_decided": "Sudah saya periksa.", "statement": "Saya ada di pos.", "why_absent": "Saya mencarinya di pos.",
    "leave_kind": "leave", "address": "siti@example.go.id", "language": "id", "cadence": "weekly", "code": "000000",
}  # fmt: skip
# what programs send: as described, so that rights alone decide; most of it is impossible, so that all stays in reach
NO_UNIT = 2**31 - 1
BODIES: Mapping[str, Any] = {
    "api_units.add_unit": {"name": "Regu Cikini", "parent_id": NO_UNIT},
    "api_units.rename_unit": {"name": "Regu Cikini"},
    "api_units.move_unit": {"parent_id": NO_UNIT, "on": str(WORK_DATE)},
    "api_units.cancel_unit_plan": {"on": str(WORK_DATE + timedelta(days=30))},
    "api_units.merge_unit": {"into_id": NO_UNIT, "on": str(WORK_DATE)},
    "api_people.add_person": {"nip": "199001012020121001", "name": "Dewi", "unit_id": NO_UNIT},
    "api_people.rename_person": {"nip": "199001012020121001", "name": "Dewi"},
    "api_people.move_person": {"unit_id": NO_UNIT, "on": str(WORK_DATE)},
    "api_people.cancel_person_plan": {"on": str(WORK_DATE + timedelta(days=30))},
    "api_people.leave": {"on": str(WORK_DATE + timedelta(days=30))},
    "api_vehicles.add_vehicle": {"call_sign": "X", "plate": "X", "kind": "ambulance", "unit_id": NO_UNIT},
    "api_vehicles.change_vehicle": {"public_view": "hidden"},
    "api_vehicles.move_vehicle": {"unit_id": NO_UNIT},
    "api_vehicles.begin_drive": {"person_id": NO_UNIT},
    "api_vehicles.end_drive": {},
    "api_vehicles.retire_vehicle": {},
    "api_devices.add_device": {"login": "staf-900", "kind": "phone", "person_id": NO_UNIT},
    "api_devices.change_device": {"model": "X"},
    "api_devices.renew_secret": {},
    "api_devices.revoke_device": {},
    "api_devices.hand_to_person": {"person_id": NO_UNIT},
    "api_devices.hand_to_vehicle": {"vehicle_id": NO_UNIT},
    "api_devices.swap_device": {"login": "staf-900"},
    "api_devices.take_back": {},
    "api_imports.add_import": {"kind": "people", "file_name": "x.csv", "content": "eA=="},
    "api_imports.approve_import": {},
    "api_imports.cancel_import": {},
    "api_zones.add_zone": {"name": "X", "circle": {"lat": -6.2, "lon": 106.8, "radius_m": 100}},
    "api_zones.rename_zone": {"name": "Y"},
    "api_zones.reshape_zone": {"geometry": {"type": "Polygon", "coordinates": []}},
    "api_zones.remove_zone": {},
}
UNTOUCHED = (  # by what is refused; the others note who came by
    "absence_finding", "activity", "api_creation", "api_token", "assignment", "attestation", "check_in", "contest",
    "contest_photo", "correction_request", "daily_log", "deputy", "device", "duty_case", "duty_window", "extra_duty",
    "holiday", "import_run", "leave_period", "leave_request", "log_decision", "mail", "mail_address", "membership",
    "notice_acknowledgement", "notification", "person", "post", "publication", "quarantine", "role_grant",
    "roster_day", "roster_entry", "rotation", "rotation_day", "rule_set", "rule_set_shift", "second_factor", "shift",
    "subscription", "unit", "unit_place", "vehicle", "window_due", "zone",
)  # fmt: skip


@dataclass(frozen=True)
class World:
    """The ids of what belongs to each target."""

    ids: Mapping[str, Mapping[str, Any]]  # argument -> target -> value


@pytest.fixture
def world(app: Flask, engine: Engine, people: People) -> World:
    """The small city, with more accounts, and for each person a request, an activity, a session, a token, a deputy."""
    public = app.extensions["city"].public_dir
    public.mkdir()
    (public / "vehicles.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    persons = {CHIEF: people.boss, SITI: people.own, BUDI: people.foreign}
    usernames = {CHIEF: "atasan", SITI: "pegawai", BUDI: "stranger"}
    with Session(engine) as session, session.begin():
        _more_accounts(session, people)
        accounts = {one: _account(session, username) for one, username in usernames.items()}
        ids: dict[str, dict[str, Any]] = {"person_id": dict(persons)}
        ids["member_id"] = dict(persons)
        ids["unit_id"] = {CHIEF: _agency(session), SITI: people.unit, BUDI: people.foreign_unit}
        ids["vehicle_id"] = {one: build.vehicle(session.connection(), unit) for one, unit in ids["unit_id"].items()}
        ids["zone_id"] = dict.fromkeys(persons, session.scalars(select(m.Zone.id)).one())
        ids |= _rosters(session, persons, ids["unit_id"], ids["zone_id"][CHIEF])
        ids["account_id"] = {one: account.id for one, account in accounts.items()}
        ids["grant_id"] = {one: _grant(session, account) for one, account in accounts.items()}
        ids["request_id"] = {one: _request(session, person) for one, person in persons.items()}
        ids["device_id"] = {one: _phones(session, person) for one, person in persons.items()}
        ids["key"] = {one: _activity(session, person, people.sweeping) for one, person in persons.items()}
        ids["session_id"] = {one: _session(session, account) for one, account in accounts.items()}
        ids["token_id"] = {one: make_token(session, a.id, "x", [], NOW, timedelta(1))[0] for one, a in accounts.items()}
        ids["run_id"] = {one: _run(session, account) for one, account in accounts.items()}
        ids["import_run_id"] = ids["run_id"]
        ids["window_id"] = {one: _window(session, person) for one, person in persons.items()}
        ids["duty_id"] = ids["window_id"]
        ids["leave_id"] = {one: _leave(session, person) for one, person in persons.items()}
        ids["case_id"] = {one: _case(session, window) for one, window in ids["window_id"].items()}
        ids["contest_id"] = {one: _contest(session, window) for one, window in ids["window_id"].items()}
        ids["finding_id"] = {one: _finding(session, window) for one, window in ids["window_id"].items()}
        ids["attestation_id"] = {one: _word(session, window) for one, window in ids["window_id"].items()}
        ids["subscription_id"] = {one: _subscription(session, account) for one, account in accounts.items()}
        ids["mail_id"] = {one: _failed_mail(session, account) for one, account in accounts.items()}
        wakil = _account(session, "wakil")
        ids["deputy_id"] = {one: _deputy(session, account, wakil) for one, account in accounts.items() if one != BUDI}
        ids["deputy_id"][BUDI] = _deputy(session, accounts[BUDI], accounts[CHIEF], days_ahead=100)
        session.add(m.Quarantine(received_at=at(8), topic="owntracks/00/x", reasons=["no_time"]))
        for whose in (*([one] for one in persons.values()), persons.values()):
            record(session, Actor(None, "10.0.0.1"), Action.EXPORT_REPORT, {"report": "no-show"}, people=whose)
        for person in persons.values():
            session.add(m.DailyLog(person_id=person, work_date=YESTERDAY, state="submitted", submitted_at=at(9)))
    for argument, values in ids.items():
        values[NOBODY] = uuid.uuid4() if argument == "key" else 2**31 - 1
    return World(ids)


def _more_accounts(session: Session, people: People) -> None:
    conn = session.connection()
    agency = _agency(session)
    given = {"pemeriksa": "auditor", "admin-dinas": "administrator", "tutup": "supervisor"}
    for username, role in {"wakil": None, "mantan": None, **given}.items():
        conn.execute(insert(m.Account).values(username=username, closed_at=NOW if username == "tutup" else None))
        if role:
            build.grant(conn, username, role, agency)
    ended = Range(None, WORK_DATE)
    conn.execute(
        insert(m.RoleGrant).values(
            account_id=_account(session, "mantan").id, role="supervisor", unit_id=agency, period=ended
        )
    )


def _agency(session: Session) -> int:
    agency = session.scalar(select(m.RoleGrant.unit_id).join(m.Account).where(m.Account.username == "atasan"))
    assert agency is not None
    return agency


def _account(session: Session, username: str) -> m.Account:
    return session.scalars(select(m.Account).where(m.Account.username == username)).one()


def _rosters(
    session: Session, persons: Mapping[str, int], units: Mapping[str, int], zone: int
) -> dict[str, dict[str, Any]]:
    """A shift and a rotation by which everybody works, rules for each to be removed, and a post of each unit."""
    shift = build.shift(session.connection())
    rotation = m.Rotation(name="Pekan", anchor=WORK_DATE, days=1, shifts=[m.RotationDay(number=0, shift_id=shift)])
    session.add(rotation)
    session.flush()
    ahead = Range(WORK_DATE + timedelta(days=20), None)
    rules = {one: m.RuleSet(name=f"Aturan {one}", period=ahead) for one in persons}
    terms = {"zone_id": zone, "shift_id": shift, "people": 1, "period": ahead}
    posts = {one: m.Post(unit_id=units[one], **terms) for one in persons}
    entries = [m.RosterEntry(person_id=person, rotation_id=rotation.id, period=ahead) for person in persons.values()]
    session.add_all([*rules.values(), *posts.values(), *entries])
    session.flush()
    return {
        "shift_id": dict.fromkeys(persons, shift), "rotation_id": dict.fromkeys(persons, rotation.id),
        "rule_set_id": {one: rule.id for one, rule in rules.items()},
        "post_id": {one: post.id for one, post in posts.items()},
    }  # fmt: skip


def _grant(session: Session, account: m.Account) -> int:
    """One that holds later."""
    unit_id = session.scalars(select(m.Unit.id).where(m.Unit.name == "Regu Menteng")).one()
    days = Range(WORK_DATE + timedelta(days=50), None)
    granted = m.RoleGrant(account_id=account.id, role="supervisor", unit_id=unit_id, period=days)
    session.add(granted)
    session.flush()
    return granted.id


def _request(session: Session, person_id: int) -> int:
    asked = m.CorrectionRequest(person_id=person_id, at=NOW, about="register", text="Nama saya salah.")
    session.add(asked)
    session.flush()
    return asked.id


def _window(session: Session, person_id: int) -> int:
    """One of yesterday, when it was eight to four."""
    start, end = (at(hour, day=YESTERDAY) for hour in (8, 16))
    return build.window(session.connection(), person_id, start, end, work_date=YESTERDAY)


def _leave(session: Session, person_id: int) -> int:
    days = Range(WORK_DATE + timedelta(days=40), WORK_DATE + timedelta(days=41))
    asked = m.LeaveRequest(person_id=person_id, kind="leave", part="full", requested_at=NOW, period=days)
    session.add(asked)
    session.flush()
    return asked.id


def _case(session: Session, window_id: int) -> int:
    said = {"cause": "late_fixes", "proposed": {"status": "PRESENT"}, "proposed_digest": "x"}
    case = m.DutyCase(window_id=window_id, opened_at=NOW, **said)
    session.add(case)
    session.flush()
    return case.id


def _word(session: Session, window_id: int) -> int:
    times = {"starts_at": at(8, day=YESTERDAY), "ends_at": at(9, day=YESTERDAY), "at": NOW}
    said = {"account_id": _account(session, "mantan").id, "reason": "Saya melihatnya sendiri."}
    word = m.Attestation(window_id=window_id, **said, **times)
    session.add(word)
    session.flush()
    return word.id


def _contest(session: Session, window_id: int) -> int:
    """With a picture, about a verdict."""
    verdict = {**REVISION, **SECONDS, "status": "UNVERIFIED", "observed_s": 0, "cause": "silent"}
    session.add(m.VerdictRevision(window_id=window_id, **verdict))
    said = {"statement": "Saya ada di pos.", "opened_at": NOW, "due_at": NOW + timedelta(days=7)}
    contest = m.Contest(window_id=window_id, revision=1, **said)
    session.add(contest)
    session.flush()
    session.add(m.ContestPhoto(contest_id=contest.id, number=1, media_type="image/jpeg", content=b"x"))
    return contest.id


def _finding(session: Session, window_id: int) -> int:
    said = {"account_id": _account(session, "mantan").id, "reason": "Saya mencarinya di pos."}
    finding = m.AbsenceFinding(window_id=window_id, at=NOW, **said)
    session.add(finding)
    session.flush()
    return finding.id


def _subscription(session: Session, account: m.Account) -> int:
    session.add(m.MailAddress(account_id=account.id, address="x@example.go.id", language="id", confirmed_at=NOW))
    wanted = m.Subscription(account_id=account.id, cadence="daily", created_at=NOW)
    session.add(wanted)
    session.flush()
    return wanted.id


def _failed_mail(session: Session, account: m.Account) -> int:
    times = {"created_at": NOW, "next_at": NOW, "finished_at": NOW}
    mail = m.Mail(account_id=account.id, state="failed", problem="refused", **times)
    session.add(mail)
    session.flush()
    return mail.id


def _run(session: Session, account: m.Account) -> int:
    times = {"created_at": NOW, "changed_at": NOW}
    file = {"kind": "people", "file_name": "x.csv", "content": b"x", "state": "checked",
            "outcome": {"counts": {"new": 1, "changed": 0, "same": 0, "errors": 0}}}  # fmt: skip
    run = m.ImportRun(account_id=account.id, address="", **file, **times)
    session.add(run)
    session.flush()
    return run.id


def _activity(session: Session, person_id: int, type_id: int) -> uuid.UUID:
    log = m.DailyLog(person_id=person_id, work_date=WORK_DATE)
    session.add(log)
    session.flush()
    key = uuid.uuid4()
    times = {"starts_at": at(8), "ends_at": at(9)}
    session.add(m.Activity(log_id=log.id, key=key, type_id=type_id, volume=1, **times))
    return key


class Phones(int):
    """The number of a person's phone; each thing that ends it has one of its own."""

    others: Mapping[str, int]


def _phones(session: Session, person_id: int) -> Phones:
    conn = session.connection()
    first = Phones(build.device(conn, person_id=person_id))
    ends = ("device.revoke", "device.swap", "device.hand", "api_devices.revoke_device", "api_devices.take_back",
            "api_devices.swap_device")  # fmt: skip
    first.others = {end: build.device(conn, person_id=person_id) for end in ends}
    return first


def _session(session: Session, account: m.Account) -> int:
    open_session(session, account, NOW, WORK_DATE)
    session.flush()
    newest = select(m.WebSession.id).where(m.WebSession.account_id == account.id).order_by(m.WebSession.id.desc())
    return session.scalars(newest.limit(1)).one()


def _deputy(session: Session, principal: m.Account, deputy: m.Account, days_ahead: int = 0) -> int:
    """One is the deputy of the agency's supervisor today; the others are of no effect here."""
    first = WORK_DATE + timedelta(days=days_ahead if principal.username != "pegawai" else 50)
    days = Range(first, first + timedelta(days=1))
    named = m.Deputy(principal_id=principal.id, deputy_id=deputy.id, period=days)
    session.add(named)
    session.flush()
    return named.id


@dataclass(frozen=True)
class Cell:
    """One question: a route and method, about whose data (None: about nobody's in particular)."""

    endpoint: str
    method: str
    path: str
    argument: str | None
    target: str | None


METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PATCH"}


def cells(app: Flask, world: World) -> Iterator[Cell]:
    """All questions there are, from the routes themselves."""
    for method in ("GET", "POST", "PATCH"):  # what one of these takes away, the other has been shown
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: (rule.endpoint, rule.rule)):
            if method in (rule.methods or ()):
                yield from _cells_of(app, world, rule, method)


def _cells_of(app: Flask, world: World, rule: Rule, method: str) -> Iterator[Cell]:
    owners = [argument for argument in rule.arguments if argument in REACH]
    assert len(owners) <= 1, f"{rule.rule} is about two at once: widen the matrix"
    for target in TARGETS if owners else (None,):
        values = dict(OTHER_VALUES.get(rule.endpoint, {}))
        for argument in rule.arguments - values.keys():
            known = world.ids.get(argument, {}).get(target) or WITHOUT_OWNER.get(argument)
            known = getattr(known, "others", {}).get(rule.endpoint, known)
            assert known, f"{rule.rule}: whose is <{argument}>? Say it in REACH"
            values[argument] = known
        built = app.url_map.bind("localhost").build(rule.endpoint, values, method=method)
        yield Cell(rule.endpoint, method, built, owners[0] if owners else None, target)


def expected_open(name: str, cell: Cell) -> bool:
    """What the rules say of this cell."""
    role, access = ROLES[name], ACCESS_OF[cell.endpoint]
    if access is Access.PUBLIC:
        return cell.endpoint not in CLOSED_TO_ALL
    if name in ("nobody", "closed account") or access is Access.DEVICE:
        return False
    if name == "half signed in":
        return cell.endpoint in BEFORE_THE_CODE
    reached = cell.argument is None or cell.target in REACH[cell.argument](role, cell.endpoint)
    opened = scope_of(cell) in role.scopes if role.scopes else not cell.endpoint.startswith(API)
    return opened and role.holds(access) and reached


def scope_of(cell: Cell) -> str | None:
    """Which scope opens this to a machine."""
    if cell.endpoint.startswith(API):
        return API_SCOPES[cell.method]
    return "reports:read" if cell.endpoint in FOR_TOKENS and cell.method == "GET" else None


ACCESS_OF = {endpoint: access for access, endpoints in NEEDS.items() for endpoint in endpoints}


def browser_as(name: str, app: Flask, engine: Engine) -> Browser:
    """A fresh browser of this role: an answer may end a session."""
    if name == "nobody":
        return Browser(app.test_client())
    with Session(engine) as session, session.begin():
        account = _account(session, ROLES[name].username)
        if ROLES[name].scopes:
            session.execute(update(m.ApiToken).where(m.ApiToken.name == "matrix").values(revoked_at=NOW))
            made, token = make_token(session, account.id, "matrix", ROLES[name].scopes, NOW, timedelta(days=1))
            session.get_one(m.ApiToken, made).last_used_at = NOW  # or its first use would be written
            client = app.test_client()
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
            return Browser(client)
        token, _ = open_session(session, account, NOW, WORK_DATE, awaits_code=name == "half signed in")
    client = app.test_client()
    client.set_cookie(SESSION, token)
    return Browser(client)


def is_open(cell: Cell, answer: TestResponse) -> bool:
    """Whether the page was theirs, whatever came of what they sent."""
    of_a_code = cell.endpoint in BEFORE_THE_CODE and "WWW-Authenticate" not in answer.headers
    if ACCESS_OF[cell.endpoint] is Access.PUBLIC or (of_a_code and answer.status_code == 401):
        # a wrong password or code is no refused page
        return answer.status_code not in (404, 500)
    if answer.status_code == 303:
        return answer.headers["Location"].split("?")[0] not in ("/sign-in", "/sign-in/code")
    return answer.status_code not in (401, 404)


def fingerprint(engine: Engine) -> dict[str, str]:
    """Of all that a refused request must leave as it was."""
    kept = "to_jsonb(t) - 'last_used_at'"  # of a machine's token, whatever came of it
    rows = f"md5(coalesce(string_agg(({kept})::text, '|' ORDER BY t::text), ''))"
    parts = [f"(SELECT {rows} FROM {name} t)" for name in UNTOUCHED]
    with engine.connect() as conn:
        return dict(zip(UNTOUCHED, conn.execute(text(f"SELECT {', '.join(parts)}")).one(), strict=True))


def last_written(engine: Engine) -> int:
    """Another number once any transaction has written: most refusals write nothing, and need no second look."""
    with engine.connect() as conn:
        return int(conn.scalars(text("SELECT txid_snapshot_xmax(txid_current_snapshot())")).one())


def test_every_route_declares_what_the_matrix_says_it_needs(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert {endpoint: declared(app, endpoint) for endpoint in endpoints} == ACCESS_OF


@pytest.mark.parametrize("name", ROLES)
def test_each_cell_is_as_the_rules_say(
    app: Flask, engine: Engine, world: World, name: str, record_property: Any
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False  # the form's token is tested elsewhere; here rights alone decide
    asked, leaks, closed = 0, [], []
    before: dict[str, str] | None = None  # of the refused cells in a row
    browser, written = None, 0
    for cell in cells(app, world):
        asked += 1
        may = expected_open(name, cell)
        if browser is None:
            browser = browser_as(name, app, engine)
            before, written = None if ROLES[name].scopes else before, last_written(engine)
        if may:
            before = None
        elif before is None:
            before = fingerprint(engine)
        answer = _ask(browser, cell)
        if last_written(engine) != written:
            browser = None  # what was written may have ended its session
            if not may and fingerprint(engine) != before:
                leaks.append(f"{cell}: was refused and changed something")
        if cell.endpoint in SILENT and not may and ROLES[name].holds(ACCESS_OF[cell.endpoint]):
            continue  # it says "gone" to all; that nothing is gone has just been looked at
        if is_open(cell, answer) != may:
            (closed if may else leaks).append(f"{cell}: {answer.status_code} {answer.headers.get('Location', '')}")
        leaks += [f"{cell}: says {one}" for one in _named(answer) - _may_know(name, cell)]
    record_property("matrix", ("pages", asked, len(leaks)))
    assert leaks == [], "\n".join(leaks)
    assert closed == [], "\n".join(closed)


def _ask(browser: Browser, cell: Cell) -> TestResponse:
    if cell.endpoint.startswith(API):
        sent = {"json": BODIES[cell.endpoint]} if cell.method != "GET" else {}
        return browser.client.open(cell.path, method=cell.method, headers={"If-Match": "*"}, **sent)
    fields = {name: value for name, value in FIELDS.items() if name != cell.argument}
    if cell.method == "POST":
        return browser.post(cell.path, **fields)
    return browser.get(f"{cell.path}?why=Pemeriksaan+berkala")


def _named(answer: TestResponse) -> set[str]:
    """Whose names the answer says, files included."""
    body = answer.get_data()
    return {one for one, name in NAMES.items() if name.encode() in body}


def _may_know(name: str, cell: Cell) -> set[str]:
    """Whose names the role may come across: those in reach, their own, and who decides in whose place."""
    role = ROLES[name]
    known = set(role.reads | role.decides | role.administers) | {role.person}
    if cell.endpoint == "audit.overview" and role.whole_city:
        known |= ALL
    if cell.endpoint.startswith(("deputies", "my_data")):
        known |= DEPUTIES.get(role.username, set())
    return {one for one in known if one}


# who stands in for whom in the world, by user name
DEPUTIES = {"atasan": {BUDI}, "stranger": {CHIEF}, "wakil": {CHIEF, SITI}}


def test_what_may_be_decided_is_decided(app: Flask, engine: Engine, world: World) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    path = f"/team/{world.ids['person_id'][SITI]}/days/{YESTERDAY}"
    for name in ("auditor of the city", "supervisor of another agency", "deputy of the agency's supervisor"):
        browser_as(name, app, engine).post(path, **FIELDS)
    with engine.connect() as conn:
        query = select(m.Account.username).join(m.LogDecision, m.LogDecision.account_id == m.Account.id)
        assert conn.scalars(query).all() == ["wakil"]


def test_a_route_that_says_nothing_is_closed(own_app: Flask, engine: Engine, people: People) -> None:
    own_app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    assert signed_in(own_app, engine, "admin").get("/forgotten").status_code == 404
    assert Browser(own_app.test_client()).get("/forgotten").status_code == 303


def test_rights_are_read_at_each_request(app: Flask, engine: Engine, people: People) -> None:
    browser = signed_in(app, engine, "atasan")
    assert browser.get(f"/team/{people.own}/days/{WORK_DATE}").status_code == 200
    with engine.begin() as conn:
        held = select(m.Account.id).where(m.Account.username == "atasan").scalar_subquery()
        conn.execute(update(m.RoleGrant).where(m.RoleGrant.account_id == held).values(unit_id=people.foreign_unit))
    assert browser.get(f"/team/{people.own}/days/{WORK_DATE}").status_code == 404


def test_another_units_filter_shows_nobody_new(stranger: Browser, people: People) -> None:
    assert "Siti Rahayu" not in stranger.get(f"/team?unit={people.unit}").text


def test_the_matrix_has_a_cell_for_everything(app: Flask, world: World) -> None:
    asked = list(cells(app, world))
    assert {cell.endpoint for cell in asked} == ACCESS_OF.keys()
    assert {method for rule in app.url_map.iter_rules() for method in rule.methods or ()} <= METHODS
    about = itertools.groupby(sorted((c.argument or "", c.target or "") for c in asked), key=lambda one: one[0])
    assert {argument: {target for _, target in targets} for argument, targets in about} == {
        "": {""}, **{argument: set(TARGETS) for argument in REACH},
    }  # fmt: skip
