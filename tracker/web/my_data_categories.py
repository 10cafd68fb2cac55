"""The kinds of data that the city holds about a person: what, why, how long, and the query that finds them.

One table, which the page and both downloads are made of. `tables` are those whose rows about a person the query gives:
a test fails on a table about people that no category names.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _

from tracker.storage import my_attendance_data as attended
from tracker.storage import my_data as stored
from tracker.storage.my_data import Query
from tracker.web.city import Settings
from tracker.web.words import Text

EMPLOYMENT = _("your employment (UU PDP, article 20(2)b)")
LAW = _("what the law obliges the city to (UU PDP, article 20(2)c)")
TASK = _("the city's public task (UU PDP, article 20(2)e)")
SAFETY = _("the safety of your account and of the service (UU PDP, article 20(2)f)")

NO_TERM = _("No term is set: until the city deletes it.")
RETENTION = _("%(days)d days, then deleted.")
ATTENDANCE = _("%(years)d years after the day, then deleted.")
ENDED = _("%(years)d years after it ended, then deleted.")
PLACES = _("%(years)d years after the day, the place %(days)d days, then deleted.")
PRESENT_ONLY = _("Only the present state: each message replaces it.")


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of data. `name` is its name in the downloads, `ground` what permits it, `kept` how long."""

    name: str
    what: Text
    why: Text
    ground: Text
    kept: Text
    query: Query
    tables: tuple[str, ...]

    def kept_words(self, settings: Settings) -> str:
        return str(self.kept) % {"days": settings.retention_days, "years": settings.attendance_years}


_ALL = (
    Category(
        "register", _("Entry in the register"),
        _("NIP, name, and in which unit and position from when until when: to know who belongs to which team."),
        EMPLOYMENT, NO_TERM, stored.register_entry, ("person", "membership"),
    ),
    Category(
        "account", _("Account"),
        _("User name and wrong passwords in a row: so that only you can sign in. The password itself is not "
          "stored."),
        SAFETY, NO_TERM, stored.account, ("account",),
    ),
    Category(
        "roles", _("Roles of the account"),
        _("Whose days you may read or decide on, or what you administer, from when until when."),
        EMPLOYMENT, NO_TERM, stored.roles, ("role_grant",),
    ),
    Category(
        "deputies", _("Deputies"),
        _("Who decided in whose place, from when until when: so that a decision has its author."),
        EMPLOYMENT, NO_TERM, stored.deputies, ("deputy",),
    ),
    Category(
        "sessions", _("Browsers that are signed in"),
        _("When each was signed in, last seen, from which address, with which program, and when that ends: so that you "
          "need not sign in every time, and recognise a stranger."),
        SAFETY, _("Until it ends or you sign out."), stored.sessions, ("web_session",),
    ),
    Category(
        "second_factors", _("Second factor"),
        _("Since when your account has one: so that a password alone does not open it. Its secret is in no copy."),
        SAFETY, _("Until you take it away, or your account is reset."), stored.second_factors, ("second_factor",),
    ),
    Category(
        "tokens", _("Tokens for programs"),
        _("Name, purpose and when each was used: so that a program reads with your rights and no more."),
        SAFETY, NO_TERM, stored.tokens, ("api_token",),
    ),
    Category(
        "sign_in_failures", _("Wrong passwords at the account"),
        _("The address they came from and how many: against guessing."),
        SAFETY, _("A day, or until you sign in from there."), stored.sign_in_failures, ("sign_in_failure",),
    ),
    Category(
        "phones", _("Phones carried"),
        _("Which, from when until when: a position belongs to whoever carried the phone."),
        EMPLOYMENT, NO_TERM, stored.phones, ("device", "assignment"),
    ),
    Category(
        "drives", _("Vehicles driven"),
        _("Which, from when until when: the day of a vehicle is that of its driver."),
        EMPLOYMENT, ATTENDANCE, stored.drives, ("driver_session",),
    ),
    Category(
        "positions", _("Positions of the phone on duty"),
        _("Time, place, accuracy, speed and battery: to show that you were at your place of work."),
        TASK, RETENTION, stored.positions, ("fix",),
    ),
    Category(
        "drive_positions", _("Positions of the vehicles you drove"),
        _("While you drove them: where a vehicle was, its driver was, too."),
        TASK, RETENTION, stored.drive_positions, ("fix",),
    ),
    Category(
        "not_stored", _("Counters of what the phone sent"),
        _("How much was stored and how much was not, such as positions off duty: to see that both work. Counted for a "
          "phone since it was added, whoever carried it."),
        TASK, NO_TERM, stored.not_stored, ("device_state",),
    ),
    Category(
        "health", _("State of the phone"),
        _("When it was heard, battery, network and delay, also off duty: a silent phone is not absence, and this says "
          "why it was silent."),
        TASK, PRESENT_ONLY, stored.health, ("device_state",),
    ),
    Category(
        "statuses", _("What the phone said of itself"),
        _("App version and whether it may use the location: to help when no position arrives."),
        TASK, RETENTION, stored.statuses, ("device_status",),
    ),
    Category(
        "machine_hours", _("Machine hours that the device sent"),
        _("Counters of a machine: hours, distance, fuel. Phones send none."),
        TASK, RETENTION, stored.machine_hours, ("machine_counters",),
    ),
    Category(
        "unread_messages", _("Messages that could not be read"),
        _("When and why not, never what they said: to mend the phone or the service."),
        TASK, RETENTION, stored.unread_messages, ("quarantine",),
    ),
    Category(
        "unread_counts", _("How often messages could not be read"),
        _("Counted by day and reason: to mend the phone or the service."),
        TASK, RETENTION, stored.unread_counts, ("rejection",),
    ),
    Category(
        "duties", _("Duties"),
        _("Shift, times and places: positions are kept only in these times, and judged by them."),
        EMPLOYMENT, ATTENDANCE, stored.duties, ("duty_window", "duty_window_zone"),
    ),
    Category(
        "verdicts", _("Verdicts on the duties"),
        _("Every revision with what it rests on: to show presence. Nothing is ever overwritten, so that you can "
          "contest it."),
        TASK, ATTENDANCE, stored.verdicts, ("verdict",),
    ),
    Category(
        "idle", _("Idle time on the duties"),
        _("Every revision, relative to your role, and where it was; time that nobody observed never counts."),
        TASK, PLACES, stored.idle_revisions, ("idle_revision",),
    ),
    Category(
        "check_ins", _("Check-ins and check-outs"),
        _("When, and where your browser was if you let it say so: to show that you were at your place of work."),
        TASK, PLACES, attended.check_ins, ("check_in",),
    ),
    Category(
        "attestations", _("Attested presence"),
        _("Who vouched for your presence, for which time and why: evidence beside your phone's."),
        TASK, ATTENDANCE, attended.attestations, ("attestation",),
    ),
    Category(
        "cases", _("Cases about verdicts"),
        _("What a final verdict would be by what became known later, and who decided why: so that nothing changes in "
          "silence."),
        TASK, ATTENDANCE, attended.cases, ("duty_case",),
    ),
    Category(
        "absences", _("Absence found by a superior"),
        _("Who found you absent where nothing showed you, and why: so that you can contest it."),
        TASK, ATTENDANCE, attended.absences, ("absence_finding",),
    ),
    Category(
        "contests", _("Contests"),
        _("What you said against a verdict, and who decided what and why: to keep your right to answer."),
        TASK, ATTENDANCE, attended.contests, ("contest",),
    ),
    Category(
        "contest_photos", _("Pictures of your contests"),
        _("As you sent them, made smaller and without what the camera wrote into them: they belong to your answer."),
        TASK, _("As long as the contest they belong to."), attended.contest_photos, ("contest_photo",),
    ),
    Category(
        "leave", _("Leave and official trips"),
        _("Kind, days, place and note: so that nobody expects you at work on them."),
        EMPLOYMENT, ATTENDANCE, attended.leave, ("leave_period",),
    ),
    Category(
        "leave_requests", _("Requests for leave"),
        _("What you asked for, and who answered what: so that an answer has its author."),
        EMPLOYMENT, ATTENDANCE, attended.leave_requests, ("leave_request",),
    ),
    Category(
        "roster", _("Roster"),
        _("By which rotation you work and where, from when until when: your duties are made of it."),
        EMPLOYMENT, ENDED, attended.roster, ("roster_entry",),
    ),
    Category(
        "roster_days", _("Single days of the roster"),
        _("Days on which you work another shift, or none, with the note about it."),
        EMPLOYMENT, ATTENDANCE, attended.roster_days, ("roster_day",),
    ),
    Category(
        "overtime", _("Overtime"),
        _("Duties beside the rotation: day, hours, place and note."),
        EMPLOYMENT, ATTENDANCE, attended.overtime, ("extra_duty",),
    ),
    Category(
        "notifications", _("What you were told"),
        _("News about your verdicts, leave, cases and contests, and when you read it."),
        EMPLOYMENT, ATTENDANCE, attended.notifications, ("notification",),
    ),
    Category(
        "mail_address", _("Mail address"),
        _("Where reports are sent to you, and in which language: because you asked for it."),
        EMPLOYMENT, _("Until you remove it."), attended.mail_address, ("mail_address",),
    ),
    Category(
        "subscriptions", _("Reports by mail"),
        _("Which you asked for, from when until when."),
        EMPLOYMENT, NO_TERM, attended.subscriptions, ("subscription",),
    ),
    Category(
        "mails", _("Mails to you"),
        _("When each was sent, or why not; not what it said: so that none is sent twice."),
        EMPLOYMENT, _("180 days, then deleted."), attended.mails, ("mail",),
    ),
    Category(
        "daily_logs", _("Daily logs"),
        _("The day, its state and when you submitted it: to report your work."),
        EMPLOYMENT, ATTENDANCE, stored.daily_logs, ("daily_log",),
    ),
    Category(
        "activities", _("Activities"),
        _("What you wrote: kind of work, times, volume and note."),
        EMPLOYMENT, ATTENDANCE, stored.activities, ("activity",),
    ),
    Category(
        "decisions", _("Decisions on the daily logs"),
        _("What was decided, by whom and why: so that you can correct or contest it."),
        EMPLOYMENT, ATTENDANCE, stored.decisions, ("log_decision",),
    ),
    Category(
        "looks", _("Who looked at the data"),
        _("Who, when and what: so that nobody looks unseen. It is shown on this page."),
        LAW, NO_TERM, stored.looks, ("audit",),
    ),
    Category(
        "own_acts", _("What the account was used for"),
        _("When and for what kind of act: whoever sees the data of others answers for it."),
        LAW, NO_TERM, stored.own_acts, ("audit",),
    ),
    Category(
        "imports", _("Files that the account imported"),
        _("Kind, name and when: whoever changes the data of others answers for it."),
        LAW, _("90 days after the import, then deleted."), stored.imports, ("import_run",),
    ),
    Category(
        "corrections", _("Requests for correction"),
        _("What you asked and what was answered: to keep your right to correction."),
        LAW, NO_TERM, stored.corrections, ("correction_request",),
    ),
    Category(
        "notices", _("Privacy notices read"),
        _("Which version and when: to show that you were told."),
        LAW, NO_TERM, stored.notices, ("notice_acknowledgement",),
    ),
)  # fmt: skip
CATEGORIES = {category.name: category for category in _ALL}
