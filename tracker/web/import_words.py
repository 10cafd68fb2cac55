"""Words about imports: what is wrong with a file or a row, and what to do."""

from __future__ import annotations

import re

from flask_babel import get_locale, ngettext
from flask_babel import lazy_gettext as _

from tracker.domain.outline import Flaw
from tracker.imports import runs
from tracker.imports.cells import Choice
from tracker.imports.kinds import KINDS
from tracker.imports.problems import Problem, Wrong
from tracker.storage.models import ImportRun
from tracker.web.words import Label
from tracker.web.zone_words import FLAW

KIND = {
    "units": _("Units"), "people": _("People"), "zones": _("Zones"), "vehicles": _("Vehicles"),
    "devices": _("Devices"), "holidays": _("Holidays"), "roster": _("Rosters"), "leave": _("Leave"),
}  # fmt: skip
STATE = {
    "waiting": Label(_("Waiting for its check"), "hourglass", "plain"),
    "checking": Label(_("Being checked"), "hourglass", "info"),
    "checked": Label(_("Waits for your yes"), "question", "warn"),
    "refused": Label(_("Refused: has errors"), "cross", "bad"),
    "approved": Label(_("Waiting to be imported"), "hourglass", "info"),
    "importing": Label(_("Being imported"), "hourglass", "info"),
    "done": Label(_("Imported"), "check", "good"),
    "failed": Label(_("Not imported"), "cross", "bad"),
    "cancelled": Label(_("Given up"), "minus", "plain"),
}
WRONG = {
    Wrong.TOO_LARGE: _("The file has %(value)s bytes; at most %(more)s can be read. Split it."),
    Wrong.TOO_MANY_ROWS: _("The file has %(value)s rows; at most %(more)s can be read. Split it."),
    Wrong.NO_ROWS: _("There are no rows in the file. Fill in at least one below the headings."),
    Wrong.NOT_READABLE: _("The file is no %(value)s that can be read. Save it anew, or use the template."),
    Wrong.BROKEN_AT: _(
        "The file is no %(value)s that can be read: in line %(more)s it goes wrong. Look there, or use the template."
    ),
    Wrong.OTHER_FILE: _("This is a file of another kind: %(value)s. Save it as %(more)s, or use the template."),
    Wrong.FAR_CELL: _(
        "Something is written as far away as %(value)s, so that the sheet is too large to be read. Delete what stands "
        "outside the table."
    ),
    Wrong.NO_COLUMN: _("The column %(value)s is missing; these are there: %(more)s. Use the headings of the template."),
    Wrong.SAME_HEADING: _("Two columns have the heading %(value)s. Remove one."),
    Wrong.MISSING: _("This must not be empty. Fill it in."),
    Wrong.TOO_LONG: _("This is longer than %(more)s characters. Shorten it."),
    Wrong.NIP: _("“%(value)s” is no NIP: it has 1 to 18 digits and nothing else."),
    Wrong.ROUNDED: _(
        "The spreadsheet took this NIP for a number and lost its last digits (%(value)s). Make the column text, and "
        "type the NIP again."
    ),
    Wrong.DATE: _("“%(value)s” is no date from 1950 to 2100. Write it as 2027-01-31."),
    Wrong.CHOICE: _("“%(value)s” is not known here. Write one of: %(more)s."),
    Wrong.LOGIN: _(
        "“%(value)s” is no login: it has 2 to 63 small letters, digits and hyphens, and begins with a letter or digit."
    ),
    Wrong.NUMBER: _("“%(value)s” is no whole number from 0 to 366."),
    Wrong.SHAPE: _("The shape of %(value)s cannot be used: %(more)s"),
    Wrong.CELLS: _("The row has %(value)s cells, but there are %(more)s headings. Put text with commas in quotes."),
    Wrong.TWICE: _("%(value)s is in line %(more)s already. Keep one of the two."),
    Wrong.UNKNOWN_UNIT: _("You administer no unit named “%(value)s”. Check the spelling, or import the units first."),
    Wrong.UNIT_NOT_STANDING: _("The unit “%(value)s” ended, or begins later. Choose another unit or a later day."),
    Wrong.TOP_OF_TREE: _("Only the city's administrators place units at the top. Say below which unit it stands."),
    Wrong.CIRCLE: _("%(value)s would stand below itself. Choose another unit than %(more)s."),
    Wrong.UNKNOWN_PERSON: _("You administer nobody with the NIP %(value)s. Check it, or import the person first."),
    Wrong.UNKNOWN_VEHICLE: _("You administer no vehicle called “%(value)s”. Check it, or import the vehicle first."),
    Wrong.NOT_YOURS: _("%(value)s exists and is not yours to change. Ask the administrator of the other unit."),
    Wrong.LATER: _("Something else is planned from %(more)s on. Name a later day than %(value)s, or end that first."),
    Wrong.TOO_FAR: _("%(value)s is over a year away. Check the year."),
    Wrong.RETIRED: _("The vehicle %(value)s is retired. Remove the row."),
    Wrong.REVOKED: _("The device %(value)s is revoked, and its login is not given again. Choose another login."),
    Wrong.PLATE_TAKEN: _("Another vehicle has the plate %(value)s. Check both."),
    Wrong.ONE_HOLDER: _("Say who carries the device: either a NIP or a call sign."),
    Wrong.BACKWARDS: _("The last day %(value)s is before the first, %(more)s. Check both."),
    Wrong.OVERLAP: _("The leave from %(value)s overlaps another of the same person, from %(more)s. Check both."),
    Wrong.ROSTER_OVERLAP: _("The row from %(value)s on holds still when another of the same person begins, on "
                            "%(more)s. Write its last day."),
    Wrong.DUTIES_OVERLAP: _("With this row two duties of the person would overlap: %(value)s is not over when "
                            "%(more)s begins. Write another first day or rotation, or change one of these two days in "
                            "their roster first."),
    Wrong.UNKNOWN_ROTATION: _("There is no rotation named “%(value)s”. Check the spelling, or add the rotation first."),
    Wrong.UNKNOWN_ZONE: _("There is no zone named “%(value)s”. Check the spelling; put semicolons between zones."),
}  # fmt: skip
CONSEQUENCE = {
    "units": _("Units that move are seen and decided about by other superiors from that day on."),
    "people": _("People who move to another unit are seen by other supervisors from that day on."),
    "zones": _("Another shape holds for vehicles at once and for duties that have not begun; what was judged keeps the "
               "shape before."),
    "vehicles": _("Vehicles that change hands do so at once."),
    "devices": _("Devices that change hands do so at once: what they say from then on is about who carries them then. "
                 "New ones get their secret when they are set up."),
    "holidays": _("On these days nobody is expected who has no duty by name, but where a holiday is withdrawn."),
    "roster": _("What people worked by before ends the day before. Their duties are published anew, at most two weeks "
                "ahead."),
    "leave": _("On these days the people named are not expected at work, but where leave is withdrawn."),
}  # fmt: skip
AGAIN = _(
    "The register, or the day, changed since this file was checked, so nothing was done yet. This is what it would do "
    "now: look at it once more."
)
UNKNOWN_COLUMN = _("The column “%(name)s” is not known and is left alone. Known are: %(known)s.")
OF_CHANGES = {"since": _("Since"), "shape": _("Shape")}  # what a change has beside its columns
NOTES = {"cp1252": _("The file was not UTF-8; it was read as Windows-1252. Look whether names are right.")}
NAMED = {
    "mended": _("The outline of %(name)s crossed itself and was mended."),
    "not_there": _("Line %(name)s withdraws what is not there: it was withdrawn before, or its day is wrong."),
}
FAILED = {
    runs.DIED: _(
        "Nothing was changed: the file could not be worked on to its end, several times. Split it, or write it anew "
        "from the template."
    ),
    runs.UNEXPECTED: _(
        "Nothing was changed: something went wrong that the file does not explain. Tell your operator the number of "
        "this import, %(number)s; the log says more."
    ),
}
MET = _("Nothing was changed: the register became another one in the meantime. Import the file again.")
REQUIRED, OPTIONAL = _("must be filled in"), _("may be empty")


def sentence(kind: str, problem: Problem) -> str:
    """What is wrong, and what to do."""
    value, more = problem.value, problem.more
    match problem.wrong:
        case Wrong.SHAPE:
            more = str(FLAW[Flaw(more)])
        case Wrong.NO_COLUMN:
            value = heading(kind, value)
        case Wrong.CHOICE:
            more = _choices(kind, problem.column)
    return str(WRONG[problem.wrong]) % {"value": value, "more": more}


def _choices(kind: str, column: str) -> str:
    """The words that a column takes, in the reader's language."""
    read = next(one.read for one in KINDS[kind].columns if one.name == column)
    return read.said(str(get_locale())) if isinstance(read, Choice) else ""


def shown(kind: str, column: str, kept: str) -> str:
    """A value of a row, in the reader's language where it is one of some words."""
    corners = re.fullmatch("([0-9]+) points", kept) if column == "shape" else None
    if corners:
        return str(ngettext("%(num)d corner", "%(num)d corners", int(corners[1])))
    read = next((one.read for one in KINDS[kind].columns if one.name == column), None)
    if not isinstance(read, Choice) or not kept:
        return kept
    return ", ".join(read.word(value, str(get_locale())) for value in kept.split(", "))


def heading(kind: str, column: str) -> str:
    """The heading of a column, as templates have it."""
    headings = {one.name: one.heading(str(get_locale())) for one in KINDS[kind].columns}
    return str(headings.get(column) or OF_CHANGES.get(column, column))


def failed(run: ImportRun) -> str:
    """Why a run failed, and what to do."""
    return str(FAILED.get(run.outcome.get("why", ""), MET)) % {"number": run.id}


def note(kind: str, kept: str) -> str:
    """What the reader should know of the reading."""
    if kept in NOTES:
        return str(NOTES[kept])
    what, _colon, name = kept.partition(":")
    if what in NAMED:
        return str(NAMED[what]) % {"name": name}
    known = ", ".join(one.heading(str(get_locale())) for one in KINDS[kind].columns)
    return str(UNKNOWN_COLUMN) % {"name": name, "known": known}
