"""Words about zones: what is wrong with a shape, and the labels of lists."""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from tracker.domain.outline import BadShape, Flaw

KIND = {"circle": _("Circle"), "area": _("Area")}
STATE = {"in_use": _("In use"), "unused": _("Used by nobody"), "removed": _("Removed")}
SORT = {"name": _("Name"), "newest": _("Newest first")}
FLAW = {
    Flaw.UNREADABLE: _("This is no outline that can be read. Type a corner a line, or paste a GeoJSON Polygon."),
    Flaw.EMPTY: _("The outline is empty. Draw at least three corners."),
    Flaw.TOO_MANY: _("The outline has over 10,000 corners. Simplify it first."),
    Flaw.OUT_OF_RANGE: _(
        "A corner lies where no city is. Latitudes go from -80 to 80, longitudes from -180 to 180; look which comes "
        "first: typed it is the latitude (-6.2, 106.8), in GeoJSON the longitude."
    ),
    Flaw.TOO_FEW: _("An outline needs at least three different corners."),
    Flaw.NOT_CLOSED: _("The outline is not closed. End it where it begins."),
    Flaw.CROSSES: _("The outline crosses or touches itself. Move the corners so that it does not."),
    Flaw.HOLE: _("A hole lies outside of the area, or in another hole."),
    Flaw.TOO_THIN: _("The outline is too thin: there is no area in it."),
    Flaw.UNCLEAR: _("The outline crosses itself so that it is not clear what lies inside. Draw it anew."),
    Flaw.RADIUS: _("Write a radius of 10 to 50,000 metres."),
    Flaw.SEVERAL: _("There are several areas in this file. Import it to make a zone of each."),
    Flaw.CORNER: _("A line is not a latitude and a longitude, such as -6.2, 106.8."),
}
NEAR = _("It is near here: %(at)s")


def sentence(error: BadShape) -> str:
    """What is wrong with a shape, where, and what to do."""
    where = f" {NEAR % {'at': error.at}}" if error.at else ""
    return f"{FLAW[error.flaw]}{where}"
