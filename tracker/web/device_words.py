"""Words about devices and what they send: why a message was rejected, what is wrong with a device."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_babel import ngettext

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
    "not_set_up": _("Not set up yet"),
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
    "not_set_up": Label(_("Not set up yet"), "hourglass", "info"),
    "revoked": Label(_("Revoked"), "minus", "plain"),
}
FINE = Label(_("Nothing is wrong with it"), "check", "good")
ADVICE = {
    "own_permission": _("Open the phone's settings and permit the location always for OwnTracks."),
    "denied": _("The broker says yes to such messages and throws them away. Check shard and login in its topic."),
    "wrong_secret": _("Enter the secret anew, or give the device another one."),
    "permission_never": _("Ask the holder to permit the location always."),
    "permission_limited": _("Ask the holder to permit the location always, else it ends with the screen."),
    "power_save": _("Exempt the app from battery saving."),
    "never_heard": _("Check that login, secret and address were entered."),
    "silent": _("The phone is off, has no network, or ended the app. Ask the holder to open the app once."),
    "low_battery": _("A phone that dies is silent: what is not seen then stays unverified, not absent."),
    "not_set_up": _("It has no secret yet, and nothing lets it in. Set it up with its QR code."),
    "lost": _("The network went away. It sends what it kept as soon as it is back."),
    "unassigned": _("Its positions are counted and thrown away until somebody holds it."),
}

# what a phone's maker ends, and where that is switched off; the names of menus are as the phones have them
MAKER = {
    "samsung": "Samsung", "xiaomi": "Xiaomi, Redmi, POCO", "oppo": "OPPO, realme, OnePlus", "vivo": "vivo, iQOO",
    "huawei": "Huawei, Honor", "transsion": "Infinix, TECNO, itel", "asus": "ASUS", "apple": "iPhone",
}  # fmt: skip
MAKER_STEPS = {
    "samsung": (
        _("Settings, Apps, OwnTracks, Battery: choose Unrestricted."),
        _("Settings, Battery, Background usage limits, Never sleeping apps: add OwnTracks."),
    ),
    "xiaomi": (
        _("Settings, Apps, Manage apps, OwnTracks: switch Autostart on."),
        _("In the same place, Battery saver: choose No restrictions."),
        _("Open recent apps, hold OwnTracks and lock it."),
    ),
    "oppo": (
        _("Settings, Battery, App battery management, OwnTracks: allow background activity and auto launch."),
        _("Open recent apps and lock OwnTracks."),
    ),
    "vivo": (
        _("Settings, Battery, Background power consumption management, OwnTracks: allow high background use."),
        _("Settings, Apps, Autostart: switch OwnTracks on."),
    ),
    "huawei": (
        _("Settings, Apps, Launch, OwnTracks: manage manually and allow all three."),
        _("Settings, Apps, OwnTracks, Battery: do not optimise."),
    ),
    "transsion": (
        _("Phone Master, Auto-start management: allow OwnTracks."),
        _("Settings, Battery, App battery usage, OwnTracks: choose Unrestricted."),
    ),
    "asus": (
        _("Settings, Battery, PowerMaster, Auto-start manager: allow OwnTracks."),
        _("Settings, Apps, OwnTracks, Battery: choose Unrestricted."),
    ),
    "apple": (
        _("Settings, OwnTracks, Location: choose Always, and switch Precise Location on."),
        _("Settings, General, Background App Refresh: switch OwnTracks on. Do not swipe the app away."),
    ),
}
ANY_PHONE_STEPS = (
    _("Settings, Apps, OwnTracks, Permissions, Location: choose Allow all the time."),
    _("Settings, Apps, OwnTracks, Battery: choose Unrestricted or Do not optimise."),
)

BULK = {
    "set_up": _("Print set-up sheets"),
    "take_back": _("Take back"),
    "revoke": _("Revoke"),
}
BULK_CONSEQUENCE = {
    "set_up": _("Each gets a new secret, shown on its sheet and nowhere else. One that was set up before loses its "
                "connection until it is set up with the new sheet."),
    "take_back": _("Nobody carries them from now on: what they send is counted and thrown away until somebody does. "
                   "What nobody carries is looked after by the system's administrators."),
    "revoke": _("Their connections end at once and nothing lets them in any more, for good. Their logins are not given "
                "again; what they sent stays."),
}  # fmt: skip
BULK_CONFIRM = {
    "set_up": _("Yes, make the sheets"),
    "take_back": _("Yes, take them back"),
    "revoke": _("Yes, revoke them"),
}
COVERAGE_BY = {"model": _("Model"), "unit": _("Unit")}


def done(action: str, count: int) -> str:
    """What was done with so many devices."""
    if action == "revoke":
        return str(ngettext("%(num)d device is revoked.", "%(num)d devices are revoked.", count))
    return str(ngettext("%(num)d device was taken back.", "%(num)d devices were taken back.", count))
