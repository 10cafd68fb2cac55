"""The words of the pages about mails."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from tracker.web.words import Label, Text

CADENCE = {"daily": _("Daily report"), "weekly": _("Weekly report"), "monthly": _("Monthly report")}

STATE = {
    "due": Label(_("Waits to be sent"), "hourglass", "info"),
    "sending": Label(_("Being sent"), "pulse", "info"),
    "sent": Label(_("Sent"), "check", "good"),
    "withheld": Label(_("Not sent"), "minus", "plain"),
    "failed": Label(_("Failed"), "cross", "bad"),
}
STUCK = Label(_("Perhaps sent"), "question", "warn")

# why a mail was not sent, or not yet; what a server answered stands behind it
PROBLEM = {
    "closed": _("The account is closed."),
    "no_address": _("The account has no confirmed address."),
    "no_person": _("Nobody of the register stands behind the account."),
    "ended": _("The subscription was ended."),
    "no_right": _("The account may not read about this unit."),
    "confirmed": _("The address is confirmed already."),
    "replaced": _("Another address was given meanwhile."),
    "closed_by_hand": _("An administrator closed it."),
    "no_server": _("No mail server is set."),
    "refused": _("The mail server refused it for good."),
    "not_taken": _("The mail server did not take it."),
    "unknown": _("The connection broke before the mail server answered: it may have been sent."),
    "not_written": _("It could not be written."),
}

NO_SERVER = _("No mail server is set (SMTP_URL), so nothing can be sent. Ask those who run the system.")
TOO_MANY_CODES = _("Too many codes were asked for today. Try again tomorrow.")
WRONG_CODE = _("This code is not right, or not good any more. After 5 wrong tries or 15 minutes have another one sent.")
NO_UNIT = _("Choose a unit of the list: one that you may read about.")
TOO_MANY = _("You have %(most)s subscriptions, and more are not kept. End one first.")


def problem_told(problem: str) -> tuple[Text, str]:
    """A stored reason as a sentence, and what the server said."""
    name, _colon, said = problem.partition(": ")
    return (PROBLEM[name], said) if name in PROBLEM else (problem, "")
