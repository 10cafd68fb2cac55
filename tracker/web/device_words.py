"""Words about devices and what they send: why a message was rejected, what is wrong with a device."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from tracker.web.words import Label

# by the names of the decoders; what has no words here is shown by its name
REASON = {
    "not_json": _("not readable"),
    "not_xml": _("XML that cannot be read"),
    "not_a_form": _("too many fields"),
    "unknown_format": _("unknown format"),
    "unknown_owntracks_type": _("unknown OwnTracks message"),
    "not_a_location": _("not a position"),
    "not_an_object": _("not an object"),
    "no_features": _("no positions in it"),
    "not_a_point": _("not a point"),
    "no_time": _("no time"),
    "no_lat": _("no latitude"),
    "no_lon": _("no longitude"),
    "no_fix": _("no satellite fix"),
    "no_counters": _("no machine counters"),
    "many_machines": _("several machines in one message"),
    "impossible_coordinates": _("impossible coordinates"),
    "null_island": _("position exactly 0, 0"),
    "future": _("over a day in the future"),
    "expired": _("older than what is kept"),
    "mock_location": _("position made up by an app"),
    "no_key": _("encrypted, no key is set"),
    "undecryptable": _("encrypted with another key"),
    "too_many": _("too many messages at once"),
    "too_large": _("message too large"),
    "unknown_device": _("unknown device"),
    "no_devices_topic": _("topic of no device"),
    "unstorable": _("refused by the database"),
    "wrong_secret": _("not let in: wrong secret"),
    "unknown_login": _("not let in: unknown login"),
    "revoked": _("not let in: revoked"),
}
NOT_LET_IN = ("wrong_secret", "unknown_login", "revoked")  # counted only: nothing was taken from them

STATE = {
    "waiting": Label(_("Can be replayed"), "hourglass", "info"),
    "replayed": Label(_("Stored by a replay"), "check", "good"),
    "no_payload": Label(_("Only the reasons were kept"), "lock", "plain"),
}

DEVICE_KIND = {"phone": _("Phone"), "tracker": _("Tracker")}
CONNECTIVITY = {"wifi": _("Wi-Fi"), "mobile": _("mobile data"), "offline": _("offline")}
PERMISSION = {"always": _("always"), "limited": _("only while the app is open"), "never": _("no")}

FILTER = {
    "silent": _("Silent"),
    "rejected": _("Rejected in 7 days"),
    "denied": _("Writes where it may not"),
    "low_battery": _("Battery low"),
    "revoked": _("Revoked"),
}
SORT = {
    "login": _("Login"),
    "heard": _("Longest silent first"),
    "battery": _("Lowest battery first"),
    "rejected": _("Most rejected first"),
}

PROBLEM = {
    "denied": Label(_("Writes where it may not"), "lock", "bad"),
    "wrong_secret": Label(_("Shows a wrong secret"), "lock", "bad"),
    "permission_never": Label(_("No permission for the location"), "phone-off", "bad"),
    "permission_limited": Label(_("Location only while the app is open"), "phone", "warn"),
    "power_save": Label(_("Battery saver may stop the app"), "warning", "warn"),
    "never_heard": Label(_("Never heard"), "question", "warn"),
    "silent": Label(_("Silent"), "phone-off", "warn"),
    "lost": Label(_("Connection broke"), "cross", "warn"),
    "rejected": Label(_("Sends what cannot be stored"), "inbox", "warn"),
    "low_battery": Label(_("Battery low"), "warning", "warn"),
    "unassigned": Label(_("Nobody holds it"), "question", "warn"),
    "revoked": Label(_("Revoked"), "minus", "plain"),
}
ADVICE = {
    "denied": _("The broker says yes to such messages and throws them away. Check shard and login in its topic."),
    "wrong_secret": _("Enter the secret anew, or give the device another one."),
    "permission_never": _("Ask the holder to permit the location always."),
    "permission_limited": _("Ask the holder to permit the location always, else it ends with the screen."),
    "power_save": _("Exempt the app from battery saving."),
    "never_heard": _("Check that login, secret and address were entered."),
    "unassigned": _("Its positions are counted and thrown away until somebody holds it."),
}
