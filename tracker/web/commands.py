"""`flask --app wsgi ...`: fill an empty city. Each command is one transaction and says what it did."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click
import psycopg
from flask import Flask
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import IntegrityError, OperationalError

from tracker.domain.outline import BadShape
from tracker.sealing import Sealer
from tracker.storage import changes, device_changes, register, zone_changes
from tracker.storage.accounts import CODE_VALID, add_account, give_code
from tracker.storage.audit import OPERATOR, Action, record
from tracker.storage.changes import By
from tracker.storage.device_changes import Holder
from tracker.storage.granting import grant_role
from tracker.storage.models import CAPABILITIES
from tracker.storage.periods import Later
from tracker.storage.register import Impossible, NotFound
from tracker.storage.zone_changes import Area, Circle
from tracker.web.city import city, db
from tracker.web.words import KIND
from tracker.wire.encrypted import key_of
from tracker.wire.topics import position_topic

NIP_DIGITS = 18
PUBLIC_VIEWS = ("by_kind", "at_base", "hidden")
CITY_TIME = ("%Y-%m-%d", "%Y-%m-%dT%H:%M")

unit_group = AppGroup("unit", help="Units of the city's tree.")
person_group = AppGroup("person", help="Employees and their accounts.")
vehicle_group = AppGroup("vehicle", help="Vehicles.")
device_group = AppGroup("device", help="Phones and trackers.")
zone_group = AppGroup("zone", help="Places where work is done.")


def init_app(app: Flask) -> None:
    for group in (unit_group, person_group, vehicle_group, device_group, zone_group):
        app.cli.add_command(group)


def one_transaction(command: Callable[..., None]) -> Callable[..., None]:
    """Run a command in one transaction; what the register refuses becomes a sentence."""

    @wraps(command)
    def run(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
            db.session.commit()
        except (NotFound, Impossible, Later, BadShape) as error:
            raise click.ClickException(str(error)) from error
        except IntegrityError as error:
            raise click.ClickException(f"this exists already or breaks a rule: {_reason(error)}") from error
        except OperationalError as error:
            raise click.ClickException("the database cannot be reached; start the city first (`make run`)") from error

    return with_appcontext(run)


def operator() -> By:
    """On whose behalf commands change the register: an operator may do everything."""
    return By(db.session(), OPERATOR, None, city().now(), city().today())


def note(action: Action, detail: Mapping[str, Any], people: Collection[int] = ()) -> None:
    """Write down what a command does, in its transaction."""
    record(db.session(), OPERATOR, action, detail, people=people)


def not_empty(_: click.Context, parameter: click.Parameter, value: str) -> str:
    """A name that is one: not empty, and without blanks around it."""
    if not value.strip():
        raise click.BadParameter("it must not be empty", param=parameter)
    return value.strip()


@unit_group.command("add")
@click.argument("name", callback=not_empty)
@click.option("--below", help="The unit it belongs to.")
@one_transaction
def add_unit(name: str, below: str | None) -> None:
    """Add a unit."""
    changes.add_unit(operator(), name, below)
    click.echo(f"unit {name!r} added")


@person_group.command("add")
@click.argument("nip")
@click.argument("name", callback=not_empty)
@click.option("--unit", required=True, help="The unit the person works in.")
@click.option("--position", default="", help="What the person is called at work.")
@click.option("--supervises", help="A unit whose people (and those below it) the person supervises.")
@one_transaction
def add_person(nip: str, name: str, unit: str, position: str, supervises: str | None) -> None:
    """Add an employee with an account; the user name is the NIP, its one-time code is shown once."""
    if not nip.isascii() or not nip.isdigit() or len(nip) > NIP_DIGITS:
        raise click.BadParameter(f"expected up to {NIP_DIGITS} digits", param_hint="NIP")
    session = db.session()
    person = changes.add_person(operator(), nip, name, unit, position)
    supervised = register.unit_named(session, supervises).id if supervises else None
    account = add_account(session, nip, person.id)
    if supervised:
        grant_role(session, account.id, "supervisor", supervised, city().today())
    note(Action.ADD_ACCOUNT, {"account": nip}, [person.id])
    if supervised:
        note(Action.GRANT_ROLE, {"account": nip, "role": "supervisor", "unit": supervises}, [person.id])
    click.echo(f"{name} added\n{with_code(nip, give_code(account, city().now()))}")


@vehicle_group.command("add")
@click.argument("call_sign", callback=not_empty)
@click.argument("plate", callback=not_empty)
@click.argument("kind", type=click.Choice(sorted(KIND)))
@click.option("--unit", required=True, help="The unit the vehicle belongs to.")
@click.option("--capability", "capabilities", multiple=True, type=click.Choice(CAPABILITIES), help="What it can do.")
@click.option(
    "--public",
    "public_view",
    type=click.Choice(PUBLIC_VIEWS),
    default="by_kind",
    show_default=True,
    help="What citizens see of it: what its kind's rule says, or less.",
)
@one_transaction
def add_vehicle(
    call_sign: str, plate: str, kind: str, unit: str, capabilities: tuple[str, ...], public_view: str
) -> None:
    """Add a vehicle."""
    changes.add_vehicle(operator(), call_sign, plate, kind, unit, capabilities, public_view)
    click.echo(f"vehicle {call_sign!r} added")


@device_group.command("add")
@click.argument("login")
@click.option("--person", "nip", help="NIP of the person who carries it.")
@click.option("--vehicle", "call_sign", help="Call sign of the vehicle that carries it.")
@click.option("--since", type=click.DateTime(CITY_TIME), help="From which time of the city on, where not from now on.")
@click.option("--model", default="", help="What it is, such as the maker and model of the phone.")
@one_transaction
def add_a_device(login: str, nip: str | None, call_sign: str | None, since: datetime | None, model: str) -> None:
    """Add a device for a person or a vehicle; its secret is shown once."""
    if (nip is None) == (call_sign is None):
        raise click.UsageError("say who carries it: either --person NIP or --vehicle CALL_SIGN")
    begin = since.replace(tzinfo=city().zone) if since else None
    if begin and begin > city().now():
        raise click.BadParameter("expected a time that has passed: from when on it was carried", param_hint="--since")
    by, kind = operator(), "phone" if nip else "tracker"
    device_changes.register_device(by, login, kind, Holder(nip, call_sign), model=model.strip(), since=begin)
    secret = device_changes.set_up(by, login)
    click.echo(f"login:  {login}\nsecret: {secret}  (shown once)\ntopic:  {position_topic(login)}")


@device_group.command("secret")
@click.argument("login")
@one_transaction
def new_secret(login: str) -> None:
    """Give a device a new secret, shown once; the old one is refused from now on."""
    secret = device_changes.set_up(operator(), login)
    click.echo(f"secret: {secret}  (shown once)")


@device_group.command("revoke")
@click.argument("login")
@one_transaction
def revoke(login: str) -> None:
    """Take a device's right to publish, for good: its connection ends, and its login is not given again."""
    device_changes.revoke(operator(), login)
    click.echo(f"{login} is revoked")


@device_group.command("key")
@click.argument("login")
@click.option("--none", "remove", is_flag=True, help="Forget the key: the device does not encrypt any more.")
@one_transaction
def set_key(login: str, remove: bool) -> None:
    """Give a device a new key for what it encrypts, shown once: enter it in the app as its encryption key."""
    secret = secrets.token_hex(16)  # the 32 characters that the app takes
    sealed = None if remove else Sealer(city().settings.secret_key).seal(key_of(secret))
    device_changes.set_key(operator(), login, sealed)
    click.echo(f"{login} does not encrypt any more" if remove else f"key: {secret}  (shown once)")


@zone_group.command("add")
@click.argument("name", callback=not_empty)
@click.option("--circle", "centre", metavar="LAT,LON", help="The centre of a circle, in degrees.")
@click.option("--radius", "radius_m", type=int, metavar="M", help="The radius of the circle, in metres.")
@click.option("--geojson", "file", metavar="FILE", help="An area: a Polygon, a MultiPolygon or one Feature.")
@one_transaction
def add_zone(name: str, centre: str | None, radius_m: int | None, file: str | None) -> None:
    """Add a zone: a circle, or an area from a file."""
    if (file is None) == (centre is None) or (centre is None) != (radius_m is None):
        raise click.UsageError("say where it is: either --circle LAT,LON and --radius M, or --geojson FILE")
    shape = _circle(centre, radius_m) if centre and radius_m is not None else _area(Path(file or ""))
    zone = zone_changes.add_zone(operator(), name, shape)
    click.echo(f"zone {name!r} added at {zone.lat_e7 / 1e7},{zone.lon_e7 / 1e7}")


def _circle(centre: str, radius_m: int) -> Circle:
    try:
        lat, lon = (float(number) for number in centre.split(","))
    except ValueError as error:
        raise BadShape(f"expected a latitude and a longitude such as -6.2,106.8, not {centre!r}") from error
    return Circle(lat, lon, radius_m)


def _area(path: Path) -> Area:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise click.ClickException(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise click.ClickException(f"{path} is not JSON: {error}") from error
    feature = isinstance(found, dict) and found.get("type") == "Feature"
    return Area(found.get("geometry") if feature else found)


def with_code(username: str, code: str) -> str:
    """What is handed over to whoever an account is for."""
    valid = f"shown once, valid for {CODE_VALID.days} days"
    return f"user name: {username}\ncode:      {code}  ({valid})\nenter at:  /activate"


def _reason(error: IntegrityError) -> str:
    """What rule was broken. Of a check the database shows the whole row, secrets included: its name must do."""
    said = error.orig.diag if isinstance(error.orig, psycopg.Error) else None
    name = register.broken_rule(error) or "a rule of the register"
    if isinstance(error.orig, psycopg.errors.CheckViolation) or not (said and said.message_detail):
        return str(register.RULES.get(name, name))
    return said.message_detail
