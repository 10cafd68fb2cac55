"""The evidence of one verdict as PDF, with the bar and the map of the duty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO

from flask_babel import get_locale
from flask_babel import gettext as _

from tracker.exports.document import Section
from tracker.exports.map_drawing import draw_map
from tracker.exports.paper import Imprint, Paper
from tracker.exports.segment_bar import draw_bar
from tracker.web import words
from tracker.web.day_track import DayTrack
from tracker.web.evidence import Evidence
from tracker.web.evidence_map import map_of_track
from tracker.web.formats import clock, day
from tracker.web.report_facts import made_by

MAP_HEIGHT = 300.0


def write_evidence(known: Evidence, sections: Sequence[Section], file: IO[bytes]) -> None:
    """Write the whole document; the drawings stand before the table of the course."""
    window = known.window
    title = _("Evidence: %(name)s, %(day)s", name=window.person.name, day=day(window.work_date))
    paper = Paper(file, Imprint(title, made_by(known.now), _("Page"), str(get_locale())))
    paper.title(title, f"{clock(window.starts_at)}–{clock(window.ends_at)}, {window.shift.name}")
    for section in sections:
        if section.key == "course":
            _draw(paper, section, known.track)
        else:
            paper.section(section)
    paper.close()


def _draw(paper: Paper, section: Section, track: DayTrack) -> None:
    paper.heading(section.title, least=90)
    for note in section.notes:
        paper.write(note)
    pieces = [
        (piece.kind, track.offset_s(piece.start) / track.length_s, track.offset_s(piece.end) / track.length_s)
        for piece in track.pieces
    ]
    if pieces:
        draw_bar(paper, pieces, [clock(at) for at in track.ticks()],
                 [(kind, str(words.SEGMENT[kind])) for kind in track.kinds])  # fmt: skip
    drawing = map_of_track(track, paper.inner_width, MAP_HEIGHT)
    if drawing is not None:
        draw_map(paper, drawing)
        if track.fixes:
            paper.write(_("Arrows point the way; circles with numbers are the stops of the table. Nothing is drawn"
                          " over a silence."), 7.5)  # fmt: skip
    for table in section.tables:
        paper.table(table)
