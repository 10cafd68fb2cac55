"""A file checked, and brought in, in the caller's transaction."""

from __future__ import annotations

from datetime import date

from tracker.imports.bulk import Progress
from tracker.imports.kind import Kind
from tracker.imports.plan import Plan
from tracker.storage.audit import Action
from tracker.storage.changes import By
from tracker.storage.register import NotFound, lock_tree


class Refused(ValueError):
    """Rows of the file are wrong: nothing of it is kept. `plan` says which."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(f"{plan.problem_count} errors")
        self.plan = plan


def check(by: By, kind: Kind, content: bytes, since: date | None = None) -> Plan:
    """What a file would do; changes nothing. Raises BadFile where it cannot be read at all."""
    if kind.city_only and by.viewer is not None and not by.viewer.administers_city:
        raise NotFound(f"{kind.name} are the city's", kind.name)
    rows, problems, notes = kind.read(content, kind.columns)
    plan = Plan(notes=notes)
    plan.refuse(*problems)
    kind.compare(by, rows, since, plan)
    return plan


def bring_in(
    by: By,
    kind: Kind,
    content: bytes,
    file_name: str,
    since: date | None = None,
    progress: Progress = lambda done: None,
) -> Plan:
    """Do all that a file says, or raise Refused; the register stays as it is compared until the transaction ends."""
    lock_tree(by.session)
    plan = check(by, kind, content, since)
    if plan.problem_count:
        raise Refused(plan)
    progress(plan.same)
    people = kind.keep(by, plan, progress)
    by.session.flush()
    if plan.new or plan.changed:
        by.note(Action.IMPORT, {"kind": kind.name, "file": file_name, **plan.counts()}, people)
    return plan
