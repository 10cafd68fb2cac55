"""What the page about the system's condition says: of each check what it is about, what it means, what to do."""

from __future__ import annotations

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
    "retention": _("delete what has expired"),
    "rewriting": _("rewrite closed days"),
    "judging": _("judge duties that ended"),
}

REPORT = {"no_show": _("Presence"), "idle": _("Idle")}

RUN_STATE = {
    "running": Label(_("Running"), "hourglass", "info"),
    "done": Label(_("Done"), "check", "good"),
    "failed": Label(_("Failed"), "cross", "bad"),
}

RUN_SORT = {"period": _("By work date"), "started": _("By start")}

# what a run counts, where there are words for it
COUNT = {
    "windows": _("duties"),
    "written": _("new revisions"),
    "PRESENT": _("present"),
    "NO_SHOW": _("not at the place of duty"),
    "UNVERIFIED": _("unverified"),
    "EXCUSED": _("excused"),
    "idle": _("idle"),
    "away_from_post": _("away from post"),
}
