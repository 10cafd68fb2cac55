"""A duty's track as a map without tiles."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from flask_babel import gettext as _

from tracker.domain.fix import Fix
from tracker.exports.map_shapes import Drawing, MapFacts, Place, ZoneShape, map_of
from tracker.storage.models import Zone
from tracker.storage.tracks import E7
from tracker.storage.zones import geometry_of
from tracker.web.day_track import DayTrack
from tracker.web.formats import clock


def map_of_track(track: DayTrack, width: float, height: float) -> Drawing | None:
    """The drawing; None where there is neither a zone nor a position."""
    fixes = track.fixes
    ends = (
        [(_("%(at)s first", at=clock(fixes[0].fix_time)), _place(fixes[0])),
         (_("%(at)s last", at=clock(fixes[-1].fix_time)), _place(fixes[-1]))] if fixes else []
    )  # fmt: skip
    stays = [(piece.number, piece.kind, piece.at) for piece in track.pieces if piece.at and piece.number]
    return map_of(MapFacts([_zone(zone) for zone in track.zones], list(_ways(track)), stays, ends), width, height)


def _ways(track: DayTrack) -> Iterator[tuple[str, list[Place]]]:
    """Neighbouring fixes of one kind of piece; over a silence nothing is drawn: nobody knows the way."""
    way: list[Place] = []
    kind, before = "", None
    for fix in track.fixes:
        silent = before is not None and (fix.fix_time - before.fix_time).total_seconds() > track.gap_s
        now = _kind_at(track, fix.fix_time)
        if before is None or silent or now != kind:
            if way:
                yield kind, way
            way = [] if before is None or silent else [_place(before)]
            kind = now
        way.append(_place(fix))
        before = fix
    if way:
        yield kind, way


def _kind_at(track: DayTrack, at: datetime) -> str:
    """Of the piece that holds a moment; where two meet, of the earlier one."""
    return next((piece.kind for piece in track.pieces if piece.start <= at <= piece.end), "unknown")


def _place(fix: Fix) -> Place:
    return fix.lon, fix.lat


def _zone(zone: Zone) -> ZoneShape:
    at = zone.lon_e7 / E7, zone.lat_e7 / E7
    if zone.radius_m is not None:
        return ZoneShape(zone.name, at, zone.radius_m)
    parts = geometry_of(zone)["coordinates"]
    return ZoneShape(zone.name, at, None, [[(lon, lat) for lon, lat in ring] for part in parts for ring in part])
