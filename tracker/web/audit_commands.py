"""`flask --app wsgi audit ...`: prove that the audit is whole, and read it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from tracker.domain.audit_chain import Fault, Head, Wrong
from tracker.storage import register
from tracker.storage.accounts import account_named
from tracker.storage.audit import written
from tracker.storage.audit_chain import verify
from tracker.storage.models import Audit
from tracker.web.city import city, db
from tracker.web.commands import CITY_TIME

PEOPLE_SHOWN = 10  # ids of one row; an export may hold a whole city
SENTENCE = {
    Wrong.ALTERED: "row {row} is not what was written down as number {seq}: it was altered or put in another's place, "
                   "or what stood before it was exchanged",
    Wrong.REMOVED: "row {row}, number {seq}, was removed",
    Wrong.BROKEN: "the chain is broken before number {seq} (row {row}): what stood there was removed with its links",
    Wrong.UNLINKED: "row {row} has no link: it was put in past the chain, or its link was removed",
    Wrong.REWRITTEN: "number {seq} is another than the one noted: the chain was written anew",
    Wrong.CUT_OFF: "number {seq}, which was noted, is gone: the end of the chain was cut off",
}  # fmt: skip

audit_group = AppGroup("audit", help="What was done with people's data, and the proof that nothing of it was changed.")


def init_app(app: Flask) -> None:
    app.cli.add_command(audit_group)


def _head(_: click.Context, __: click.Parameter, value: str | None) -> Head | None:
    try:
        return Head.read(value) if value is not None else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@audit_group.command("verify")
@click.option("--expect", callback=_head, help="A head that was noted before (NUMBER:HASH): is it still in the chain?")
@with_appcontext
def verify_chain(expect: Head | None) -> None:
    """Look for altered, removed and reordered rows; the exit code is 1 if there are any."""
    found = verify(db.session(), expect)
    for fault in found.faults:
        click.echo(sentence(fault), err=True)
    if found.unnamed:
        click.echo(f"and {found.unnamed} more", err=True)
    click.echo(f"rows: {found.rows}\nhead: {found.head}  (note it elsewhere, for --expect)")
    if found.faults:
        raise click.exceptions.Exit(1)


def sentence(fault: Fault) -> str:
    """What is wrong, for an operator."""
    return SENTENCE[fault.wrong].format(seq=fault.seq, row=fault.row)


@audit_group.command("list")
@click.option("--person", "nip", help="Only what was done with the data of the person with this NIP.")
@click.option("--account", "username", help="Only what this account did.")
@click.option("--since", type=click.DateTime(CITY_TIME), help="From which time of the city on.")
@with_appcontext
def list_rows(nip: str | None, username: str | None, since: datetime | None) -> None:
    """Show what was written down, oldest first: when, who, from where, what, whose (ids of people), why, details."""
    session = db.session()
    begin = since.replace(tzinfo=city().zone) if since else None
    for row in written(session, person_id=_person(nip), account_id=_account(username), since=begin):
        click.echo(line(row))


def line(row: Audit) -> str:
    """One row as one line: fields between two blanks, empty ones left out."""
    who = row.account.username if row.account else "-"
    shown = ",".join(map(str, row.people[:PEOPLE_SHOWN]))
    more = f" and {len(row.people) - PEOPLE_SHOWN} more" if len(row.people) > PEOPLE_SHOWN else ""
    at = row.at.astimezone(UTC).isoformat(timespec="seconds")
    detail = json.dumps(row.detail) if row.detail else ""
    why = f"why {json.dumps(row.why)}" if row.why else ""  # from a form: it must not look like a row of its own
    people = f"people {shown}{more}" if shown else ""
    fields = (str(row.id), at, who, row.address, row.action, people, why, detail)
    return "  ".join(field for field in fields if field)


def _person(nip: str | None) -> int | None:
    try:
        return register.person_with_nip(db.session(), nip).id if nip is not None else None
    except register.NotFound as error:
        raise click.ClickException(str(error)) from error


def _account(username: str | None) -> int | None:
    try:
        return account_named(db.session(), username).id if username is not None else None
    except register.NotFound as error:
        raise click.ClickException(str(error)) from error
