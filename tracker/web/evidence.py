"""Everything one verdict rests on, put together once for the page and the PDF, in the language of the reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from tracker.domain.duty import Course, course_of
from tracker.storage.absences import findings_of
from tracker.storage.attestations import attestations_of
from tracker.storage.cases import cases_of
from tracker.storage.contests import contests_of
from tracker.storage.duty import Inputs, inputs_of
from tracker.storage.evidence import Carried, carried_in, rule_set_named
from tracker.storage.models import (
    AbsenceFinding,
    Attestation,
    Contest,
    DutyCase,
    DutyWindow,
    IdleRevision,
    VerdictRevision,
)
from tracker.storage.person_days import idle_of, verdicts_of
from tracker.web.day_track import DayTrack, day_track


@dataclass(frozen=True, slots=True)
class Evidence:
    """A duty with all that is known about it at `now`. `revisions` are the newest first; none: not judged yet.

    Contests and findings are the oldest first. `course` is what the stored positions tell; None where they are deleted,
    or none were asked for.
    """

    window: DutyWindow
    now: datetime
    revisions: Sequence[VerdictRevision]
    rules_name: str
    track: DayTrack
    inputs: Inputs
    course: Course | None
    carried: Sequence[Carried]
    idle: IdleRevision | None
    attestations: Sequence[Attestation]
    cases: Sequence[DutyCase]
    contests: Sequence[Contest]
    findings: Sequence[AbsenceFinding]

    @property
    def verdict(self) -> VerdictRevision | None:
        return next(iter(self.revisions), None)


def evidence_of(session: Session, window: DutyWindow, now: datetime, oldest: datetime) -> Evidence:
    """What is known about a duty; positions from before `oldest` are deleted."""
    verdicts = verdicts_of(session, [window.id])
    revisions = verdicts.get(window.id, [])
    track = day_track(session, [window], verdicts, now, oldest)
    assert track is not None  # there is a duty
    [inputs] = inputs_of(session.connection(), [window.id])
    told = not (track.deleted or window.excuse)
    return Evidence(
        window, now, revisions, rule_set_named(session, revisions[0].rule_version) if revisions else "", track, inputs,
        course_of(inputs.window, inputs.evidence, inputs.rules, now) if told else None,
        carried_in(session, window, now), idle_of(session, [window.id]).get(window.id),
        attestations_of(session, [window.id]).get(window.id, []), cases_of(session, [window.id]).get(window.id, []),
        contests_of(session, [window.id]).get(window.id, [])[::-1],
        findings_of(session, [window.id]).get(window.id, []),
    )  # fmt: skip
