"""A mail that is due becomes a letter, with the rights and figures of this moment, or the reason why it is withheld."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.domain.periods import Cadence, Period, period_of
from tracker.mailing.figures_told import about_person, about_unit
from tracker.mailing.rendering import rendered, said, short_day
from tracker.mailing.words import CADENCE, CAUSE, COUNTS, SPANS, _
from tracker.storage.models import Mail, MailAddress, Subscription, Unit
from tracker.storage.rights import Right, Viewer, units_covered, viewer_for
from tracker.storage.subscriptions import CODE_VALID, address_of, fresh_code

SEVEN_BIT = SMTP.clone(cte_type="7bit")  # every server takes it
SUBSCRIPTIONS, TEAM, OWN = "/account/mail", "/team/reports/summary", "/me/summary"  # pages that letters lead to


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom letters come from, where the pages are (empty: no links), and the city's zone."""

    address: str
    public_url: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Letter:
    to: str
    content: bytes


class Withheld(Exception):
    """A letter that must not be sent; its text is the reason, as it is stored."""


def letter_of(session: Session, mail: Mail, sender: Sender, now: datetime) -> Letter:
    """The letter of a mail; raises Withheld. What confirms an address is made here, its digest the caller commits."""
    address = address_of(session, mail.account_id)
    if mail.account.closed_at is not None:
        raise Withheld("closed")
    if mail.subscription is None:
        return _code_letter(mail, address, sender, now)
    if address is None or address.confirmed_at is None:
        raise Withheld("no_address")
    if mail.subscription.ended_at is not None:
        raise Withheld("ended")
    assert mail.period is not None  # a check of the table
    period = period_of(Cadence(mail.subscription.cadence), mail.period)
    return _report_letter(session, mail, mail.subscription, period, address, sender, now)


def _code_letter(mail: Mail, address: MailAddress | None, sender: Sender, now: datetime) -> Letter:
    if address is None or address.confirmed_at is not None:
        raise Withheld("no_address" if address is None else "confirmed")
    values = {"code": fresh_code(address, now), "minutes": int(CODE_VALID.total_seconds() // 60),
              "username": mail.account.username, "link": _link(sender, SUBSCRIPTIONS),
              "language": address.language}  # fmt: skip
    subject = said(address.language, _("Code to confirm your address"))
    return _letter("code", subject, mail, address, sender, values, now)


def _report_letter(
    session: Session, mail: Mail, subscription: Subscription, period: Period, address: MailAddress, sender: Sender,
    now: datetime,
) -> Letter:  # fmt: skip
    today = now.astimezone(sender.zone).date()
    viewer = viewer_for(session, mail.account, today)
    shown = f"period={subscription.cadence}&date={period.first}"
    if subscription.unit_id is None:
        if viewer.person_id is None:
            raise Withheld("no_person")
        name, told = None, about_person(session, viewer.person_id, period, now)
        page = f"{OWN}?{shown}"
    else:
        name = _readable_unit(session, viewer, subscription.unit_id, period)
        told = about_unit(session, viewer, subscription.unit_id, period)
        page = f"{TEAM}?unit={subscription.unit_id}&{shown}"
    language = address.language
    title = said(language, CADENCE[subscription.cadence])
    values = {
        "title": title, "unit": name, "period": period, "told": told, "now": now, "language": language,
        "counts": COUNTS, "spans": SPANS, "causes": CAUSE, "page": _link(sender, page),
        "settings": _link(sender, SUBSCRIPTIONS),
    }  # fmt: skip
    subject = f"{title}: {name or said(language, _('your own duties'))}, {_days(period, language)}"
    return _letter("report", subject, mail, address, sender, values, now)


def _readable_unit(session: Session, viewer: Viewer, unit_id: int, period: Period) -> str:
    """The name of a unit that the viewer may read about on some day of the period; raises Withheld."""
    covered = units_covered(viewer, Right.READ, period.first, period.last)
    name = session.scalar(select(Unit.name).where(Unit.id == unit_id, Unit.id.in_(covered)))
    if name is None:
        raise Withheld("no_right")
    return name


def _letter(
    template: str, subject: str, mail: Mail, address: MailAddress, sender: Sender, values: Mapping[str, object],
    now: datetime,
) -> Letter:  # fmt: skip
    text, html = rendered(template, address.language, sender.zone, values)
    message = EmailMessage(SEVEN_BIT)
    message["From"], message["To"], message["Subject"] = sender.address, address.address, " ".join(subject.split())
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<jejak-mail-{mail.id}@{sender.address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    if mail.subscription is not None and sender.public_url:
        message["List-Unsubscribe"] = f"<{_link(sender, SUBSCRIPTIONS)}>"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    message["Content-Language"] = address.language  # last: before, it would become a header of the first part only
    return Letter(address.address, message.as_bytes())


def _link(sender: Sender, path: str) -> str:
    return sender.public_url + path if sender.public_url else ""


def _days(period: Period, language: str) -> str:
    first, last = (short_day(day, language) for day in (period.first, period.last))
    return first if first == last else f"{first} – {last}"
