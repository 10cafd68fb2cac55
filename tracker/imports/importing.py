"""A file checked, and brought in, in the caller's transaction."""

from __future__ import annotations

from datetime import date

from tracker.imports.bulk import Progress
from tracker.imports.kind import Kind, Reading
from tracker.imports.plan import Plan
from tracker.storage.audit import Action
from tracker.storage.changes import By
from tracker.storage.register import NotFound, lock_tree


class Refused(ValueError):
    """Rows of the file are wrong: nothing of it is kept. `plan` says which."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(f"{plan.problem_count} errors")
        self.plan = plan


class Another(ValueError):
    """The file would do something else than what was approved: nothing of it is kept. `plan` says what."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("the register changed since the file was checked")
        self.plan = plan


def check(by: By, kind: Kind, content: bytes, since: date | None = None) -> Plan:
    """What a file would do; changes nothing. Raises BadFile where it cannot be read at all."""
    return _compared(by, kind, kind.read(content, kind.columns), since)


def _compared(by: By, kind: Kind, read: Reading, since: date | None) -> Plan:
    if kind.city_only and by.viewer is not None and not by.viewer.administers_city:
        raise NotFound(f"{kind.name} are the city's", kind.name)
    rows, problems, notes = read
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
    approved: str | None = None,
) -> Plan:
    """Do all that a file says, or raise Refused; the register stays as it is compared until the transaction ends.

    `approved` is the digest of the plan that somebody said yes to; raises Another where it is not this one.
    """
    read = kind.read(content, kind.columns)  # before the lock: others change the register meanwhile
    lock_tree(by.session)
    plan = _compared(by, kind, read, since)
    if plan.problem_count:
        raise Refused(plan)
    if approved is not None and plan.digest() != approved:
        raise Another(plan)
    progress(plan.same)
    people = kind.keep(by, plan, progress)
    by.session.flush()
    if plan.new or plan.changed:
        by.note(Action.IMPORT, {"kind": kind.name, "file": file_name, **plan.counts()}, people)
    return plan
