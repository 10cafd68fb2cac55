"""Labels and sentences that belong to the words of the domain, each once. English here, Indonesian in the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from tracker.domain.daily_log import LogState, Refusal
from tracker.storage.granting import Why

Text = Any  # a lazy string: it becomes text in the language of the response


@dataclass(frozen=True, slots=True)
class Label:
    """A word with the icon and tone it is shown in; the tone is never the only difference."""

    text: Text
    icon: str
    tone: str  # good | warn | bad | info | plain


STATUS = {
    "no_show": Label(_("Not at the place of duty"), "cross", "bad"),
    "unverified": Label(_("Unverified"), "question", "warn"),
    "silent_now": Label(_("On duty, phone silent"), "phone-off", "warn"),
    "late": Label(_("Present, late"), "clock", "warn"),
    "not_judged": Label(_("Not judged yet"), "hourglass", "plain"),
    "on_duty": Label(_("On duty now"), "pulse", "info"),
    "present": Label(_("Present"), "check", "good"),
    "excused": Label(_("Excused"), "leaf", "plain"),
    "upcoming": Label(_("Starts later"), "clock", "plain"),
    "off": Label(_("No duty"), "minus", "plain"),
}

LOG = {
    "none": Label(_("No log"), "minus", "plain"),
    LogState.DRAFT: Label(_("Draft"), "pencil", "plain"),
    LogState.SUBMITTED: Label(_("Waiting for review"), "hourglass", "info"),
    LogState.RETURNED: Label(_("Returned"), "undo", "warn"),
    LogState.APPROVED: Label(_("Approved"), "check", "good"),
    LogState.REJECTED: Label(_("Rejected"), "cross", "bad"),
    LogState.LOCKED: Label(_("Locked"), "lock", "plain"),
}

VERDICT = {
    "PRESENT": STATUS["present"],
    "NO_SHOW": STATUS["no_show"],
    "UNVERIFIED": STATUS["unverified"],
    "EXCUSED": STATUS["excused"],
}

# what an unverified verdict says in plain words: why nothing could be shown
CAUSE = {
    "silent": _("The phone was not heard. Silence is not absence: where the person was is unknown."),
    "partial": _("The phone was heard for only a part of the duty. What happened in the rest cannot be shown."),
    "battery": _("The battery ran low and the phone fell silent. What was seen counts; the rest cannot be shown."),
    "location_off": _("The phone was heard, but its location was switched off or not permitted."),
    "outage": _("Many phones or our own service were silent at the same time. Nobody is judged by that."),
    "roster_late": _("The roster was published after the duty had begun, so positions may not have been kept."),
    "clock_unproven": _("No position arrived when it was made, so the phone's clock may be slow. It accuses nobody."),
}
SHORT_CAUSE = {
    "silent": _("phone silent"),
    "partial": _("seen for a part"),
    "battery": _("battery empty"),
    "location_off": _("location off"),
    "outage": _("outage"),
    "roster_late": _("roster late"),
    "clock_unproven": _("clock not proven"),
}
MEANING = {
    "PRESENT": _("Shown to be at the place of duty."),
    "NO_SHOW": _("The phone was heard, but never at the place of duty."),
    "UNVERIFIED": _("It could not be shown where the person was."),
    "EXCUSED": _("Excused from this duty."),
}
FOUND_ABSENT = _("Nothing was heard that shows the person, and a superior found that they were not there.")
REVISION_REASON = {
    "first": _("first computed"),
    "late_fixes": _("late positions arrived"),
    "check_in": _("a check-in arrived late"),
    "attestation": _("presence was attested, or an attestation withdrawn"),
    "roster": _("the roster changed"),
    "leave": _("leave was granted"),
    "holiday": _("a holiday was declared"),
    "rule": _("the rules changed"),
    "correction": _("a correction"),
    "decision": _("a decision"),
}
MEASURE = {"idle": _("Idle"), "away_from_post": _("Away from post")}

SEGMENT = {
    "on_site": _("At the place of duty"),
    "off_site": _("Stopped elsewhere"),
    "outside": _("Elsewhere"),
    "moving": _("Moving"),
    "uncertain": _("Seen, but not clearly at the place or elsewhere"),
    "unknown": _("Unknown"),
    "not_yet": _("Not yet"),
}

ORDER_OF_TIME = {"newest": _("Newest first"), "oldest": _("Oldest first")}

KIND = {
    "ambulance": _("Ambulance"),
    "fire_truck": _("Fire truck"),
    "heavy_equipment": _("Heavy equipment"),
    "garbage_truck": _("Garbage truck"),
    "street_sweeper": _("Street sweeper"),
    "patrol_car": _("Patrol car"),
}

# what was done with a person's data, to be read after the name of who did it
ACTION = {  # short names, for lists of everything
    "view_track": _("Opened a track"),
    "view_summary": _("Opened somebody's figures"),
    "export_report": _("Downloaded a report"),
    "decide": _("Decided on a log"),
    "sign_in": _("Signed in"),
    "sign_in_failed": _("Wrong password or code"),
    "sign_out": _("Signed out"),
    "view_message": _("Read a message in quarantine"),
    "replay_messages": _("Replayed messages in quarantine"),
    "add_unit": _("Added a unit"),
    "rename_unit": _("Renamed a unit"),
    "move_unit": _("Moved a unit"),
    "merge_unit": _("Merged a unit"),
    "add_person": _("Added a person"),
    "rename_person": _("Corrected a name or NIP"),
    "move_person": _("Moved a person"),
    "leave": _("Registered that somebody left"),
    "cancel_plan": _("Cancelled a plan"),
    "add_vehicle": _("Added a vehicle"),
    "change_vehicle": _("Changed a vehicle"),
    "move_vehicle": _("Moved a vehicle"),
    "retire_vehicle": _("Retired a vehicle"),
    "add_zone": _("Added a zone"),
    "change_zone": _("Changed a zone"),
    "remove_zone": _("Removed a zone"),
    "add_shift": _("Added a shift"),
    "change_shift": _("Changed a shift"),
    "retire_shift": _("Retired a shift"),
    "add_rotation": _("Added a rotation"),
    "change_rotation": _("Changed a rotation"),
    "retire_rotation": _("Retired a rotation"),
    "add_rule_set": _("Added dated rules"),
    "change_rule_set": _("Changed dated rules"),
    "remove_rule_set": _("Removed dated rules"),
    "confirm_holidays": _("Confirmed holidays"),
    "remove_holiday": _("Removed a holiday"),
    "assign_roster": _("Assigned a rotation"),
    "end_roster": _("Ended a roster"),
    "change_roster_day": _("Changed a day of a roster"),
    "add_overtime": _("Added overtime"),
    "remove_overtime": _("Removed overtime"),
    "add_post": _("Added a post"),
    "end_post": _("Ended a post"),
    "import": _("Imported a file"),
    "begin_drive": _("Registered a driver"),
    "end_drive": _("Ended a drive"),
    "add_device": _("Added a device"),
    "change_device": _("Changed a device"),
    "hand_device": _("Handed a device over"),
    "return_device": _("Took a device back"),
    "swap_device": _("Swapped a lost device"),
    "renew_secret": _("Renewed a device's secret"),
    "revoke_device": _("Revoked a device"),
    "set_device_key": _("Changed a device's key"),
    "add_account": _("Made an account"),
    "activate_account": _("Activated an account"),
    "reset_account": _("Reset an account"),
    "close_account": _("Closed an account"),
    "change_password": _("Changed a password"),
    "second_factor_on": _("Set up a second factor"),
    "second_factor_off": _("Took a second factor away"),
    "end_session": _("Ended a session"),
    "make_token": _("Made a token"),
    "revoke_token": _("Revoked a token"),
    "grant_role": _("Granted a role"),
    "end_grant": _("Ended a role"),
    "name_deputy": _("Named a deputy"),
    "end_deputy": _("Ended a deputy's time"),
    "export_own": _("Downloaded their own data"),
    "answer_correction": _("Answered a request for correction"),
    "decide_leave": _("Decided on leave"),
    "end_leave": _("Ended leave early"),
    "attest": _("Attested somebody's presence"),
    "withdraw_attestation": _("Withdrew an attestation"),
    "decide_case": _("Decided a case"),
    "view_contest": _("Opened a contest"),
    "decide_contest": _("Decided a contest"),
    "find_absence": _("Found somebody absent"),
    "withdraw_absence": _("Withdrew that somebody was absent"),
    "set_mail_address": _("Gave a mail address"),
    "confirm_mail_address": _("Confirmed a mail address"),
    "remove_mail_address": _("Removed a mail address"),
    "subscribe": _("Subscribed to a report"),
    "unsubscribe": _("Ended a subscription"),
    "send_mail_again": _("Had a mail sent again"),
    "close_mail": _("Closed a mail"),
}
AUDIT_ACTION = {
    "view_track": _("opened your track of %(day)s"),
    "view_summary": _("opened the figures of your duties, from %(first)s to %(last)s"),
    "export_report": _("downloaded a report in which you are, from %(first)s to %(last)s"),
    "sign_in": _("signed in to your account from %(address)s"),
    "sign_in_failed": _("tried a wrong password or code at your account from %(address)s"),
    "sign_out": _("signed out of your account"),
    "move_unit": _("placed the unit %(unit)s, to which yours belongs, elsewhere"),
    "merge_unit": _("merged the unit %(unit)s, to which yours belongs, into another one"),
    "add_person": _("registered you as an employee"),
    "rename_person": _("corrected how your name or NIP is written"),
    "move_person": _("moved you to the unit %(unit)s"),
    "leave": _("registered that you left the city's service"),
    "cancel_plan": _("cancelled what was planned for you, or for the unit to which yours belongs, from %(on)s on"),
    "begin_drive": _("registered that you drive %(vehicle)s"),
    "end_drive": _("registered that you no longer drive %(vehicle)s"),
    "retire_vehicle": _("retired the vehicle %(vehicle)s, which you drove"),
    "change_zone": _("changed the zone %(zone)s, in which you work"),
    "assign_roster": _("assigned you the rotation %(rotation)s from %(first)s on"),
    "end_roster": _("ended your rotation from %(on)s on"),
    "change_roster_day": _("changed what you work on %(on)s"),
    "add_overtime": _("registered overtime of yours on %(on)s"),
    "remove_overtime": _("removed overtime of yours on %(on)s"),
    "import": _("changed what is registered about you, with a file"),
    "add_device": _("registered the device %(device)s for you"),
    "change_device": _("changed what is registered of your device %(device)s"),
    "hand_device": _("registered that you carry the device %(device)s"),
    "return_device": _("registered that you no longer carry the device %(device)s"),
    "swap_device": _("gave you the device %(device)s in the place of a lost one"),
    "renew_secret": _("gave your device %(device)s a new secret"),
    "revoke_device": _("revoked your device %(device)s"),
    "set_device_key": _("changed the encryption key of your device %(device)s"),
    "add_account": _("made your account"),
    "activate_account": _("activated your account"),
    "reset_account": _("gave your account a new one-time code; its password ended"),
    "change_password": _("gave your account a new password"),
    "second_factor_on": _("set up a second factor for your account"),
    "second_factor_off": _("took the second factor of your account away"),
    "end_session": _("ended a session of your account"),
    "make_token": _("made a token of your account for a program"),
    "revoke_token": _("revoked a token of your account"),
    "close_account": _("closed your account"),
    "grant_role": _("gave your account the role %(role)s"),
    "end_grant": _("took the role %(role)s from your account"),
    "name_deputy": _("named a deputy, you being one of the two, from %(first)s to %(last)s"),
    "end_deputy": _("ended a deputy's time, you being one of the two"),
    "export_own": _("downloaded everything that is stored about you"),
    "answer_correction": _("answered your request for correction"),
    "decide_leave": _("decided on the leave you asked for, from %(first)s to %(last)s"),
    "end_leave": _("ended your leave before %(on)s"),
    "attest": _("attested your presence on %(day)s"),
    "withdraw_attestation": _("withdrew an attestation of your presence on %(day)s"),
    "decide_case": _("decided the case about your duty of %(day)s"),
    "view_contest": _("opened what you contest about your duty of %(day)s"),
    "decide_contest": _("decided what you contest about your duty of %(day)s"),
    "find_absence": _("found you absent from your duty of %(day)s"),
    "withdraw_absence": _("withdrew that you were absent from your duty of %(day)s"),
    "set_mail_address": _("gave a mail address for your account"),
    "confirm_mail_address": _("confirmed the mail address of your account"),
    "remove_mail_address": _("removed the mail address of your account"),
    "subscribe": _("subscribed your account to a report by mail"),
    "unsubscribe": _("ended a subscription of your account to a report by mail"),
    "send_mail_again": _("had a mail to your account sent again"),
    "close_mail": _("closed a mail to your account: it is not sent again"),
}
DETAIL = {  # what else the audit keeps of an action
    "role": _("role"),
    "unit": _("unit"),
    "work_date": _("day"),
    "instead_of": _("in the place of"),
    "report": _("report"),
    "search": _("search"),
    "status": _("status"),
    "decision": _("decision"),
    "account": _("account"),
    "device": _("device"),
    "vehicle": _("vehicle"),
    "first": _("from"),
    "last": _("until"),
    "since": _("since"),
    "start": _("from"),
    "end": _("until"),
    "name": _("name"),
    "shown": _("shown"),
    "lost_phone": _("phone lost"),
    "format": _("format"),
    "before": _("before"),
    "after": _("after"),
    "on": _("from day"),
    "below": _("below"),
    "into": _("into"),
    "nip": _("NIP"),
    "position": _("position"),
    "plate": _("plate"),
    "kind": _("kind"),
    "file": _("file"),
    "zone": _("zone"),
    "added": _("added"),
    "changed": _("changed"),
    "shift": _("shift"),
    "rotation": _("rotation"),
    "rule_set": _("rules"),
    "minutes": _("minutes"),
    "people": _("people"),
    "days": _("days"),
    "cadence": _("how often"),
    "duty": _("duty"),
}
INSTEAD_OF = _("in the place of %(name)s")
ROLE = {
    "supervisor": _("supervisor"),
    "auditor": _("auditor"),
    "administrator": _("administrator"),
    "system_administrator": _("system administrator"),
}
AUDIT_DECISION = {
    LogState.APPROVED: _("approved your log of %(day)s"),
    LogState.RETURNED: _("returned your log of %(day)s"),
    LogState.REJECTED: _("rejected your log of %(day)s"),
}
SERVICE = _("The service")
OPERATOR = _("An operator of the system")
SOMEBODY = _("Somebody not signed in")

# what a token may be made for
SCOPE = {
    "reports:read": _("Read and download the presence and idle reports"),
    "register:read": _("API: read the units, people, vehicles, devices and zones that you administer"),
    "register:write": _("API: change them"),
}

REFUSAL = {
    Refusal.DAY_CLOSED: _("This day is closed. Ask your supervisor to reopen it."),
    Refusal.DAY_IN_REVIEW: _("This day is with your supervisor. You can write again when it is returned."),
    Refusal.DAY_NOT_BEGUN: _("This day has not begun yet. Write what you did once you did it."),
    Refusal.NOTHING_TO_SUBMIT: _("There is nothing to submit yet. Write at least one activity first."),
    Refusal.END_BEFORE_START: _("The end must come after the start. Check both times."),
    Refusal.OUTSIDE_DAY: _("These times are not on this day. Check both times."),
    Refusal.IN_THE_FUTURE: _("The end lies in the future. Write activities once they are done."),
    Refusal.OVERLAP: _("This overlaps with another activity of yours. Change one of the two."),
    Refusal.FORM_USED: _("This form was saved before with other values. Save again to add these as another activity."),
    Refusal.UNKNOWN_ACTIVITY: _("This activity no longer exists. Reload the page."),
    Refusal.OWN_LOG: _("Nobody decides on their own log. Your own supervisor does."),
    Refusal.DECIDED_MEANWHILE: _("This log changed in the meantime. Look at it again before you decide."),
    Refusal.NOT_DECIDABLE: _("There is nothing to decide on this log at the moment."),
    Refusal.REASON_MISSING: _("Write a short reason, so that the employee knows what to correct."),
}

DEPUTY = {
    Why.DAYS: _("Choose days from today on, the first before the last, at most 100 of them."),
    Why.CLOSED: _("This account is closed. Choose somebody else."),
    Why.NOTHING: _("You decide about nobody yourself, so there is nothing to stand in for."),
    Why.TAKEN: _("You have a deputy for some of these days already. End that first."),
    Why.CIRCLE: _("That would make somebody their own deputy in the end. Choose somebody else."),
    Why.TOO_LONG: _("They have a deputy of their own, and so on over three people. Choose somebody who is there."),
}

DECIDED = {
    LogState.APPROVED: _("The log is approved."),
    LogState.RETURNED: _("The log is returned with your reason."),
    LogState.REJECTED: _("The log is rejected with your reason."),
}

FIELD = {
    "type_id": _("Choose what you did."),
    "start": _("Write the start as a time, such as 08:30."),
    "end": _("Write the end as a time, such as 09:15."),
    "volume": _("Write the volume as a whole number from 0 to 1,000,000."),
    "note": _("Shorten the note to 500 characters."),
    "username": _("Nobody of the units around yours has an account with this user name. Check the NIP, or ask your "
                  "administrator."),
    "first": _("Choose the first day."),
    "last": _("Choose the last day."),
    "nip": _("Write the NIP in digits, at most 18."),
    "role": _("Choose a role."),
    "unit": _("Choose a unit of the list."),
    "leave_kind": _("Choose one of the list."),
    "part": _("Choose one of the list."),
    "place": _("Write the place in at most 80 characters."),
    "why_present": _("Write in 10 to 500 characters how you know that they were there."),
    "why_absent": _("Write in 10 to 500 characters how you know that they were not there."),
    "statement": _("Write what is not right, in 10 to 2,000 characters."),
    "photos": _("Choose up to 3 pictures (JPEG, PNG or WebP) of at most 12 MB each. The others of your form are empty "
                "again: choose them anew, too."),
    "why_decided": _("Write in 10 to 500 characters why you decide so."),
    "holds": _("Choose which of the two holds."),
    "why": _("Write in 10 to 500 characters why you look."),
    "reason": _("Shorten the reason to 500 characters."),
    "about": _("Choose what your request is about."),
    "text": _("Write what is wrong and what would be right, in 10 to 2,000 characters."),
    "outcome": _("Choose what became of the request."),
    "name": _("Write a name of at most 120 characters."),
    "kind": _("Choose one of the list."),
    "lat": _("Write the latitude in degrees, such as -6.2."),
    "lon": _("Write the longitude in degrees, such as 106.8."),
    "radius_m": _("Write a radius of 10 to 50,000 metres."),
    "outline": _("Draw at least three corners, type them, or choose a file."),
    "login": _("A login has 2 to 63 small letters, digits and hyphens, and begins with a letter or digit."),
    "call_sign": _("Write a call sign of at most 80 characters."),
    "model": _("Write the model in at most 80 characters."),
    "expected_interval_s": _("Write the interval as 1 to 3,600 seconds."),
    "below": _("Choose a unit of the list."),
    "into": _("Choose a unit of the list."),
    "since": _("Choose a day from 2000 to 2100, or leave it empty."),
    "on": _("Choose a day from 2000 to 2100."),
    "position": _("Write the position in at most 120 characters."),
    "public_view": _("Choose one of the list."),
    "plate": _("Write the plate in at most 80 characters."),
    "base": _("Choose a zone of the list."),
    "profile": _("Choose one of the list."),
    "grace_min": _("Write the minutes of grace as a whole number from 0 to 240."),
    "before_min": _("Write the minutes as a whole number from 0 to 120."),
    "after_min": _("Write the minutes as a whole number from 0 to 120."),
    "break": _("Write when each break begins and its minutes: within the shift, none over another."),
    "hours": _("Write both the start and the end of a shift, or neither; breaks within them."),
    "too_short": _("Duties last 30 minutes at least. Check both times."),
    "days": _("Write a number of days from 1 to 366."),
    "anchor": _("Choose a day from 2000 to 2100."),
    "rotation": _("Choose a rotation of the list."),
    "offset": _("Write a whole number from 0 to 366."),
    "shift": _("Choose a shift of the list."),
    "zone": _("Choose a zone of the list."),
    "people": _("Write how many people as a whole number from 1 to 1,000."),
    "address": _("Write a mail address such as siti@example.go.id."),
    "language": _("Choose a language."),
    "cadence": _("Choose one of the list."),
    "weekday": _("Tick at least one day of the week."),
    "answer": _("Write an answer of 10 to 2,000 characters: the person has nothing else to go by."),
}

# status: title, what happened, what to do next
ERRORS = {
    400: (
        _("That request was not understood"),
        _("Something in the address or the form was not as expected."),
        _("Go back, reload the page and try again."),
    ),
    403: (
        _("This form has expired"),
        _("It was opened before you signed in or out, or in another browser. Nothing was changed."),
        _("Go back, reload the page and send it again."),
    ),
    404: (
        _("There is nothing here"),
        _("The page does not exist, or your account may not see it."),
        _("Check the address, or start again from your first page."),
    ),
    405: (
        _("That does not work here"),
        _("The page was asked in a way it does not know."),
        _("Go back and use the buttons of the page."),
    ),
    413: (
        _("That was too much at once"),
        _("What you sent is larger than this page accepts. Nothing was changed."),
        _("Go back, shorten it and send it again."),
    ),
    429: (
        _("Too many requests"),
        _("You asked more often than this page can answer."),
        _("Wait a minute, then try again."),
    ),
    500: (
        _("Something broke on our side"),
        _("It is not your mistake, and it has been noted."),
        _("Try again; if it stays, tell your administrator what you did."),
    ),
    503: (
        _("Not available for a moment"),
        _("The database cannot be reached. Nothing you sent was saved by this request."),
        _("Wait a few seconds and try again. What you typed is still there when you go back."),
    ),
}


def team_status(verdict: Any) -> str:
    """The status of the team's list that a verdict, or a duty without one, shows as."""
    if verdict.status is None:
        return "not_judged"
    if verdict.status == "PRESENT" and verdict.late_min:
        return "late"
    return str(verdict.status).lower()
