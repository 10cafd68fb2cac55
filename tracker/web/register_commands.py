"""`flask --app wsgi ...`: what changes in a city that is there: who moves, drives, carries, decides in whose place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup

from tracker.storage import changes, device_changes, granting, register
from tracker.storage.accounts import account_named
from tracker.storage.audit import Action
from tracker.storage.device_changes import Holder
from tracker.storage.models import RoleGrant
from tracker.storage.register import Impossible
from tracker.web.city import city, db
from tracker.web.commands import (
    CITY_TIME,
    device_group,
    not_empty,
    note,
    one_transaction,
    operator,
    person_group,
    unit_group,
    vehicle_group,
)
from tracker.wire.topics import position_topic

ROLES = ("supervisor", "auditor", "administrator", "system_administrator")
A_DAY = click.DateTime(["%Y-%m-%d"])
A_TIME = click.DateTime(CITY_TIME)

grant_group = AppGroup("grant", help="Roles of accounts.")
deputy_group = AppGroup("deputy", help="Who decides in a supervisor's place.")


def init_app(app: Flask) -> None:
    for group in (grant_group, deputy_group):
        app.cli.add_command(group)


def _day(_: click.Context, __: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


def first_day(given: date | None) -> date:
    """A day, or today."""
    return given or city().today()


def moment(given: datetime | None) -> datetime:
    """A time of the city, or now."""
    return given.replace(tzinfo=city().zone) if given else city().now()


def from_day(*names: str) -> Callable[[Any], Any]:
    """An option for the first day of something; today where it is not given."""
    return click.option(*(names or ("--on",)), "on", type=A_DAY, callback=_day, help="From which day on; today.")


def at_time(name: str, text: str) -> Callable[[Any], Any]:
    return click.option(name, "at", type=A_TIME, help=f"{text}, as a time of the city; now.")


@unit_group.command("move")
@click.argument("name")
@click.option("--below", help="The unit it belongs to from then on; without it, the top of the tree.")
@from_day()
@one_transaction
def move_unit(name: str, below: str | None, on: date | None) -> None:
    """Place a unit, with all below it, elsewhere in the tree."""
    day = first_day(on)
    changes.move_unit(operator(), name, below, day)
    click.echo(f"unit {name!r} stands {f'below {below!r}' if below else 'at the top'} from {day} on")


@unit_group.command("merge")
@click.argument("name")
@click.argument("into")
@from_day()
@one_transaction
def merge_unit(name: str, into: str, on: date | None) -> None:
    """Give all of a unit to another one: people, vehicles, units below. It ends; its days before stay its own."""
    day = first_day(on)
    moved = changes.merge_unit(operator(), name, into, day)
    click.echo(f"unit {name!r} is a part of {into!r} from {day} on; {moved} people moved")


@unit_group.command("cancel")
@click.argument("name")
@click.option("--on", type=A_DAY, callback=_day, required=True, help="The day to come from which it was to hold.")
@one_transaction
def cancel_unit_plan(name: str, on: date) -> None:
    """What is planned for a unit on a day to come does not happen: another place."""
    changes.cancel_unit_plan(operator(), name, on)
    click.echo(f"what was planned for unit {name!r} on {on} is cancelled")


@unit_group.command("rename")
@click.argument("name")
@click.argument("fresh", callback=not_empty)
@one_transaction
def rename_unit(name: str, fresh: str) -> None:
    """Call a unit by another name."""
    changes.rename_unit(operator(), name, fresh)
    click.echo(f"unit {name!r} is called {fresh!r} now")


@person_group.command("rename")
@click.argument("nip")
@click.argument("name", callback=not_empty)
@one_transaction
def rename_person(nip: str, name: str) -> None:
    """Put right how somebody is written."""
    changes.rename_person(operator(), nip, nip, name)
    click.echo(f"{nip} is called {name!r} now")


@person_group.command("move")
@click.argument("nip")
@click.option("--unit", required=True, help="The unit the person works in from then on.")
@click.option("--position", help="What the person is called there, where that changes.")
@from_day()
@one_transaction
def move_person(nip: str, unit: str, position: str | None, on: date | None) -> None:
    """Somebody works in another unit; who sees which of their days follows from that."""
    day = first_day(on)
    changes.move_person(operator(), nip, unit, position, day)
    click.echo(f"{nip} works in {unit!r} from {day} on")


@person_group.command("leave")
@click.argument("nip")
@from_day()
@one_transaction
def leave(nip: str, on: date | None) -> None:
    """Somebody does not work for the city any more; `account close` takes their account, `device return` the phone."""
    day = first_day(on)
    changes.leave(operator(), nip, day)
    click.echo(f"{nip} belongs to no unit from {day} on")


@person_group.command("cancel")
@click.argument("nip")
@click.option("--on", type=A_DAY, callback=_day, required=True, help="The day to come from which it was to hold.")
@one_transaction
def cancel_person_plan(nip: str, on: date) -> None:
    """What is planned for somebody on a day to come does not happen: a move, a beginning, or leaving."""
    changes.cancel_person_plan(operator(), nip, on)
    click.echo(f"what was planned for {nip} on {on} is cancelled")


@vehicle_group.command("move")
@click.argument("call_sign")
@click.option("--unit", required=True, help="The unit it belongs to from now on.")
@one_transaction
def move_vehicle(call_sign: str, unit: str) -> None:
    """Give a vehicle to another unit, now."""
    changes.move_vehicle(operator(), call_sign, unit)
    click.echo(f"{call_sign!r} belongs to {unit!r}")


@vehicle_group.command("retire")
@click.argument("call_sign")
@one_transaction
def retire_vehicle(call_sign: str) -> None:
    """A vehicle serves no more: nobody drives it, and its devices are carried by nobody."""
    changes.retire_vehicle(operator(), call_sign)
    click.echo(f"{call_sign!r} serves no more")


@vehicle_group.command("drive")
@click.argument("call_sign")
@click.argument("nip")
@at_time("--at", "From when on")
@one_transaction
def drive(call_sign: str, nip: str, at: datetime | None) -> None:
    """Somebody takes the wheel of a vehicle."""
    changes.begin_drive(operator(), call_sign, nip, moment(at))
    click.echo(f"{nip} drives {call_sign!r}")


@vehicle_group.command("park")
@click.argument("call_sign")
@at_time("--at", "From when on")
@one_transaction
def park(call_sign: str, at: datetime | None) -> None:
    """Nobody drives a vehicle any more."""
    changes.end_drive(operator(), call_sign, moment(at))
    click.echo(f"nobody drives {call_sign!r}")


@device_group.command("hand")
@click.argument("login")
@click.option("--person", "nip", help="NIP of the person who carries it from then on.")
@click.option("--vehicle", "call_sign", help="Call sign of the vehicle that carries it from then on.")
@at_time("--since", "From when on")
@click.option("--until", type=A_TIME, help="Up to when, where that is known: a shared phone goes back after a shift.")
@one_transaction
def hand(login: str, nip: str | None, call_sign: str | None, at: datetime | None, until: datetime | None) -> None:
    """Hand a device to a person or a vehicle; whoever carried it until then does no more."""
    if (nip is None) == (call_sign is None):
        raise click.UsageError("say who carries it: either --person NIP or --vehicle CALL_SIGN")
    begin, end = moment(at), moment(until) if until else None
    if end is not None and end <= begin:
        raise click.BadParameter("expected a time after the beginning", param_hint="--until")
    device_changes.hand_over(operator(), login, Holder(nip, call_sign), begin, end)
    click.echo(f"{nip or call_sign} carries {login}")


@device_group.command("return")
@click.argument("login")
@at_time("--at", "From when on")
@one_transaction
def take_back(login: str, at: datetime | None) -> None:
    """Take a device back: nobody carries it, and nothing it says is kept."""
    device_changes.take_back(operator(), login, moment(at))
    click.echo(f"nobody carries {login}")


@device_group.command("swap")
@click.argument("lost")
@click.argument("fresh")
@one_transaction
def swap(lost: str, fresh: str) -> None:
    """Put a new device in the place of a lost one, which is revoked; the new one's secret is shown once."""
    secret = device_changes.swap(operator(), lost, fresh)
    click.echo(f"{lost} is revoked\nlogin:  {fresh}\nsecret: {secret}  (shown once)\ntopic:  {position_topic(fresh)}")


@grant_group.command("add")
@click.argument("username")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--unit", help="Over which unit and all below it; an auditor without one reads the whole city.")
@from_day("--since")
@click.option("--until", type=A_DAY, callback=_day, help="The last day; without it until further notice.")
@one_transaction
def add_grant(username: str, role: str, unit: str | None, on: date | None, until: date | None) -> None:
    """Give an account a role."""
    if (role == "system_administrator") == (unit is not None) and role != "auditor":
        raise click.UsageError(f"a {role} is one of {'the whole city: leave --unit out' if unit else 'a unit: --unit'}")
    session, since = db.session(), first_day(on)
    if until is not None and until < since:
        raise click.BadParameter("expected a day that is not before the first", param_hint="--until")
    unit_id = register.unit_named(session, unit).id if unit else None
    account = account_named(session, username)
    granting.grant_role(session, account.id, role, unit_id, since, until)
    note(Action.GRANT_ROLE, {"account": account.username, "role": role, "unit": unit, "since": str(since),
                             "until": until and str(until)}, account.people)  # fmt: skip
    click.echo(f"{username} is {role} of {unit or 'the whole city'}")


@grant_group.command("list")
@click.argument("username")
@one_transaction
def list_grants(username: str) -> None:
    """Show the roles of an account, of today and of days to come."""
    session = db.session()
    for grant in granting.grants_held(session, account_named(session, username).id, city().today()):
        click.echo(f"{grant.id}  {grant.role} of {grant.unit.name if grant.unit else 'the whole city'}  {grant.period}")


@grant_group.command("end")
@click.argument("number", type=int)
@one_transaction
def end_grant(number: int) -> None:
    """Take a role away at once: the NUMBER that `grant list` shows."""
    session = db.session()
    grant = session.get(RoleGrant, number)
    if grant is None:
        raise register.NotFound(f"there is no grant with the number {number}; see `grant list`")
    account = grant.account
    ended = {"unit": grant.unit and grant.unit.name, "since": grant.period.lower and str(grant.period.lower)}
    granting.end_now(session, grant, city().today())
    note(Action.END_GRANT, {"account": account.username, "role": grant.role, **ended}, account.people)
    click.echo(f"{account.username} is not {grant.role} any more")


@deputy_group.command("add")
@click.argument("principal")
@click.argument("deputy")
@click.option("--from", "first", type=A_DAY, required=True, callback=_day, help="The first day.")
@click.option("--to", "last", type=A_DAY, required=True, callback=_day, help="The last day.")
@one_transaction
def add_deputy(principal: str, deputy: str, first: date, last: date) -> None:
    """Let DEPUTY decide in the place of PRINCIPAL; both are user names."""
    session = db.session()
    absent, present = (account_named(session, name) for name in (principal, deputy))
    granting.name_deputy(session, absent, present, first, last, city().today())
    note(Action.NAME_DEPUTY, {"principal": principal, "deputy": deputy, "first": str(first), "last": str(last)},
         absent.people + present.people)  # fmt: skip
    click.echo(f"{deputy} decides in the place of {principal} from {first} to {last}")


@deputy_group.command("end")
@click.argument("principal")
@one_transaction
def end_deputy(principal: str) -> None:
    """Nobody decides in the place of PRINCIPAL any more, today or later."""
    session, today = db.session(), city().today()
    account = account_named(session, principal)
    named = granting.deputies_of(session, account.id, today)
    if not named:
        raise Impossible(f"{principal!r} has no deputy")
    for deputy in named:
        ended = {"deputy": deputy.deputy.username, "first": str(deputy.first), "last": str(deputy.last)}
        note(Action.END_DEPUTY, {"principal": principal, **ended}, account.people + deputy.deputy.people)
        granting.end_now(session, deputy, today)
    click.echo(f"{principal} has no deputy any more")
