"""What people said and decided about a duty: attested presence, absence found, cases, and what the person answered."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from tracker.exports.document import Section, Table
from tracker.storage.models import Account
from tracker.web import words
from tracker.web.attendance_words import CASE_STATE
from tracker.web.evidence import Evidence
from tracker.web.formats import clock, moment

OUTCOME = {
    "changed": lazy_gettext("The verdict was changed"),
    "kept": lazy_gettext("The verdict was kept"),
    "withdrawn": lazy_gettext("Withdrawn by the employee"),
}


def said_sections(known: Evidence) -> list[Section]:
    """Each kind that there is."""
    found = [_attestations(known), _findings(known), _cases(known), _contests(known)]
    return [section for section in found if section is not None]


def _attestations(known: Evidence) -> Section | None:
    rows = [
        (f"{clock(one.starts_at)}–{clock(one.ends_at)}", name_of(one.account), moment(one.at), one.reason,
         moment(one.withdrawn_at) if one.withdrawn_at else "")
        for one in known.attestations
    ]  # fmt: skip
    head = [_("Time"), _("By"), _("At"), _("Reason"), _("Withdrawn")]
    return _table("attestations", _("Attested presence"), head, rows, [1.5, 2, 2, 4, 1.7])


def _findings(known: Evidence) -> Section | None:
    rows = [
        (name_of(one.account), moment(one.at), one.reason, moment(one.withdrawn_at) if one.withdrawn_at else "")
        for one in known.findings
    ]
    head = [_("By"), _("At"), _("Reason"), _("Withdrawn")]
    return _table("findings", _("Absence found by a person"), head, rows, [2, 2, 4, 1.7])


def _cases(known: Evidence) -> Section | None:
    rows = []
    for one in known.cases:
        state = "open" if one.decided_at is None else "accepted" if one.accepted else "kept"
        decided = f"{name_of(one.deciding_account)}, {moment(one.decided_at)}" if one.decided_at else ""
        why = str(words.REVISION_REASON.get(one.cause, one.cause))
        rows.append((moment(one.opened_at), why, str(CASE_STATE[state].text), decided, one.reason))
    head = [_("Since"), _("Because"), _("State"), _("Decided"), _("Reason")]
    return _table("cases", _("Cases"), head, rows, [1.6, 2, 2, 2.2, 3])


def _contests(known: Evidence) -> Section | None:
    rows = []
    for one in known.contests:
        decided = f"{name_of(one.deciding_account)}, {moment(one.decided_at)}" if one.decided_at else ""
        outcome = str(OUTCOME[one.outcome]) if one.outcome else str(_("Waits for a decision"))
        rows.append((moment(one.opened_at), str(one.revision), one.statement, outcome, decided, one.reason))
    head = [_("At"), _("Revision"), _("What the employee says"), _("Outcome"), _("Decided"), _("Reason")]
    return _table("contests", _("Contested"), head, rows, [1.6, 0.9, 4, 1.8, 2, 3])


def _table(
    key: str, title: str, head: list[str], rows: Sequence[Sequence[str]], widths: list[float]
) -> Section | None:
    return Section(key, title, tables=[Table(head, rows, widths)]) if rows else None


def name_of(account: Account | None) -> str:
    """As people know each other: by name where there is one."""
    if account is None:
        return "–"
    return account.person.name if account.person else account.username
