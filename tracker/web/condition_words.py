"""What the page about the system's condition says: of each check what it is about, what it means, what to do."""

from __future__ import annotations

from flask_babel import format_decimal, gettext, ngettext
from flask_babel import lazy_gettext as _

from tracker.web.words import Label

LEVEL = {
    "good": Label(_("Well"), "check", "good"),
    "warn": Label(_("Needs a look"), "warning", "warn"),
    "bad": Label(_("Not working"), "cross", "bad"),
    "unknown": Label(_("Not known"), "question", "plain"),
}

CHECK = {
    "database": _("Database"),
    "days": _("Days in the store"),
    "ingest": _("What devices send"),
    "bridge": _("Bridge"),
    "broker_access": _("Logins at the broker"),
    "snapshot": _("Citizens' map"),
    "scheduler": _("Scheduler"),
    "reports": _("Reports"),
    "contests": _("Contests"),
    "mails": _("Mails"),
    "quarantine": _("Quarantine"),
    "audit": _("Audit"),
    "disk": _("Disk"),
}

ABOUT = {
    "database": _("Everything is stored in it. That this page is shown proves that it answers."),
    "days": _("Positions are stored by day (UTC). Days ahead are made in advance, days that expired are deleted."),
    "ingest": _("Whether phones and trackers are heard, by whatever door."),
    "bridge": _("It takes messages from the broker, stores them, and only then acknowledges them."),
    "broker_access": _("It tells the broker which devices may enter, and ends the connections of revoked ones."),
    "snapshot": _("What citizens see of the city's vehicles, written every few seconds."),
    "scheduler": _("It judges duties that ended, and deletes what has expired."),
    "reports": _("Which days were judged, and whether a run failed."),
    "contests": _("What people say against their verdicts, and whether somebody decides it."),
    "mails": _("Reports to those who subscribed, and codes to confirm an address."),
    "quarantine": _("Messages that could not be stored."),
    "audit": _("Who did what with whose data. Its newest rows are held against their chain when this page is opened."),
    "disk": _("Where this machine keeps the city's data."),
}

# what to do: by the check and its level
ADVICE = {
    ("database", "warn"): _(
        "Most of the connections that the server allows are in use. When none is left, pages fail: raise "
        "max_connections, or find out which program holds so many."
    ),
    ("days", "warn"): _("Few days ahead are left. The scheduler makes them: see below whether it works, and its log."),
    ("days", "bad"): _(
        "There is no day to store today's positions in: the broker keeps them meanwhile. Run python -m "
        "tracker.maintenance, then read the log of the bridge and of the scheduler."
    ),
    ("ingest", "unknown"): _("No device has been heard yet. Set one up at Devices."),
    ("ingest", "warn"): _(
        "Nothing was heard for over 10 minutes. If vehicles are on the road, look at the bridge and the broker."
    ),
    ("ingest", "bad"): _(
        "Nothing was heard for over 30 minutes. Look at the bridge and the broker. Phones and the broker keep what "
        "they have, and silence is not absence."
    ),
    ("bridge", "unknown"): _(
        "No bridge says anything on this machine. If it runs on another one, look at its metrics there."
    ),
    ("bridge", "warn"): _(
        "The bridge is slower than what arrives; the broker keeps the rest. See whether the backlog shrinks, and "
        "whether the database or the disk is busy."
    ),
    ("bridge", "bad"): _(
        "The bridge does not say that it lives: nothing is stored, and the broker keeps what arrives for as long as it "
        "has room. Restart the bridge and read its log."
    ),
    ("broker_access", "unknown"): _(
        "Nobody says anything on this machine. If this service runs on another one, look at its metrics there."
    ),
    ("broker_access", "bad"): _(
        "It does not say that it lives. New devices may be refused, and revoked ones may stay in. Restart it and read "
        "its log."
    ),
    ("snapshot", "bad"): _("The map stands still or is empty. Restart the live process and read its log."),
    ("scheduler", "warn"): _(
        "A job has not ended well for longer than it should. Look for its name in the scheduler's log."
    ),
    ("scheduler", "bad"): _(
        "No scheduler is active: nobody is judged, nothing expires. Start python -m reports; it makes up for what was "
        "missed."
    ),
    ("reports", "unknown"): _("No report has run yet. The first runs when a duty has ended."),
    ("reports", "warn"): _(
        "A run failed and was not repeated since, or one takes long. See all runs. One day is computed again by "
        "python -m reports --once REPORT DATE."
    ),
    ("reports", "bad"): _("The newest run of a report failed. See all runs for the error; the scheduler tries again."),
    ("contests", "warn"): _(
        "Some contests are overdue: whoever decides about these people finds them at Team, Contests, marked as such."
    ),
    ("contests", "bad"): _(
        "Some contests nobody may decide: the only person with a role over that unit is the one concerned, or decided "
        "first. Give somebody else the role of a supervisor over the unit or one above it, at Accounts."
    ),
    ("mails", "warn"): _(
        "Mails wait for over an hour, failed, or may have been sent or not. Open the mails to see why; what happened "
        "at the server stands in its answer."
    ),
    ("mails", "bad"): _(
        "Mails have waited for over a day; after three days they fail. Look whether SMTP_URL is set and right, and "
        "whether the mail server answers."
    ),
    ("quarantine", "warn"): _("Messages came into quarantine within the last hour. Open it to see whose and why."),
    ("audit", "bad"): _(
        "The newest rows do not fit their chain: somebody changed or deleted them beside the application. Keep a copy "
        "of the database, and run flask --app wsgi audit verify."
    ),
    ("disk", "warn"): _("The disk fills up. Make room, or keep fewer days (RETENTION_DAYS)."),
    ("disk", "bad"): _("The disk is nearly full: soon nothing can be stored. Make room now."),
}  # fmt: skip

JOB = {
    "partitions": _("make days ahead"),
    "audit_head": _("note the head of the audit"),
    "sign_ins": _("forget old sign-ins"),
    "api_creations": _("forget old keys of programs"),
    "contests": _("mark contests that are overdue"),
    "places": _("forget where old check-ins and idle time were"),
    "retention": _("delete what has expired"),
    "attendance": _("delete attendance that has expired"),
    "rewriting": _("rewrite closed days"),
    "publishing": _("publish duties ahead"),
    "vehicle_days": _("compute the days of vehicles"),
    "judging": _("judge duties that ended"),
    "figures": _("count the figures of units"),
    "periods": _("make daily, weekly and monthly reports"),
    "mails": _("send mails"),
    "old_mails": _("forget old mails"),
}

REPORT = {
    "no_show": _("Presence"),
    "idle": _("Idle"),
    "daily": _("Daily report"),
    "weekly": _("Weekly report"),
    "monthly": _("Monthly report"),
}

RUN_STATE = {
    "running": Label(_("Running"), "hourglass", "info"),
    "done": Label(_("Done"), "check", "good"),
    "failed": Label(_("Failed"), "cross", "bad"),
}

RUN_SORT = {"period": _("By work date"), "started": _("By start")}


def counted(name: str, count: int) -> str:
    """So many of what a run counts; by its name where there are no words for it."""
    number = format_decimal(count)
    said = {
        "windows": ngettext("%(number)s duty", "%(number)s duties", count, number=number),
        "duties": ngettext("%(number)s duty", "%(number)s duties", count, number=number),
        "not_judged": gettext("%(number)s not judged", number=number),
        "mails": ngettext("%(number)s mail", "%(number)s mails", count, number=number),
        "waits_for_duties": ngettext("%(number)s duty to be judged first", "%(number)s duties to be judged first",
                                     count, number=number),
        "waits_for_days": ngettext("%(number)s day to be counted first", "%(number)s days to be counted first", count,
                                   number=number),
        "behind_min": ngettext("%(number)s minute that stored positions are behind",
                               "%(number)s minutes that stored positions are behind", count, number=number),
        "written": ngettext("%(number)s new revision", "%(number)s new revisions", count, number=number),
        "PRESENT": gettext("%(number)s present", number=number),
        "NO_SHOW": gettext("%(number)s not at the place of duty", number=number),
        "UNVERIFIED": gettext("%(number)s unverified", number=number),
        "EXCUSED": gettext("%(number)s excused", number=number),
        "idle": gettext("%(number)s idle", number=number),
        "away_from_post": gettext("%(number)s away from post", number=number),
    }  # fmt: skip
    return str(said.get(name, f"{number} {name}"))
