"""`flask --app wsgi account|administrator|token ...`: who may sign in, and which machines may read."""

from __future__ import annotations

from datetime import timedelta

import click
from flask import Flask
from flask.cli import AppGroup

from tracker.storage import accounts
from tracker.storage.audit import Action
from tracker.storage.granting import grant_role
from tracker.storage.models import Account
from tracker.storage.register import NotFound
from tracker.storage.sessions import end_sessions
from tracker.storage.tokens import LONGEST_VALID, NameTaken, make_token, revoke_token_named
from tracker.web.city import city, db
from tracker.web.commands import not_empty, note, one_transaction, with_code
from tracker.web.words import SCOPE

FIRST_NAME = "admin"

administrator_group = AppGroup("administrator", help="Accounts that keep the whole city's register and devices.")
account_group = AppGroup("account", help="Accounts that exist.")
token_group = AppGroup("token", help="Tokens with which machines read.")


def init_app(app: Flask) -> None:
    for group in (administrator_group, account_group, token_group):
        app.cli.add_command(group)


@administrator_group.command("add")
@click.argument("username", callback=not_empty)
@one_transaction
def add_administrator(username: str) -> None:
    """Add an account that keeps the whole city's register and devices; its one-time code is shown once."""
    account = accounts.add_account(db.session(), username)
    _let_administer(account)
    click.echo(with_code(account.username, accounts.give_code(account, city().now())))


@administrator_group.command("first")
@one_transaction
def add_first_administrator() -> None:
    """Add the account `admin` to a city that has no account yet; its one-time code is shown once.

    Where there are accounts it says so on standard error, and nothing on standard output.
    """
    account = accounts.first_administrator(db.session(), FIRST_NAME)
    if account is None:
        click.echo("this city has accounts already; `flask account reset NAME` gives one a new code", err=True)
        return
    _let_administer(account)
    click.echo(with_code(account.username, accounts.give_code(account, city().now())))


@account_group.command("reset")
@click.argument("username")
@click.option("--lost-phone", is_flag=True, help="The second factor ends, too: it was on a phone that is gone.")
@one_transaction
def reset(username: str, lost_phone: bool) -> None:
    """Give an account a new one-time code, shown once. Its password, sessions and tokens end now."""
    account = accounts.account_named(db.session(), username)
    code = accounts.reset_account(db.session(), username, city().now(), lost_phone=lost_phone)
    assert code is not None  # the account is there
    also = {"lost_phone": True} if lost_phone else {}
    note(Action.RESET_ACCOUNT, {"account": account.username, **also}, account.people)
    click.echo(with_code(account.username, code))


@account_group.command("close")
@click.argument("username")
@one_transaction
def close(username: str) -> None:
    """Close an account: who is signed in with it is signed out, its tokens end, and nobody signs in again."""
    account = accounts.close_account(db.session(), username, city().now())
    if account is None:
        raise NotFound(f"no account named {username!r}")
    note(Action.CLOSE_ACCOUNT, {"account": account.username}, account.people)
    click.echo(f"account {account.username!r} closed; `flask account reset` opens it again")


@account_group.command("sign-out")
@click.argument("username")
@one_transaction
def sign_out(username: str) -> None:
    """End all sessions of an account; its password stays."""
    account = accounts.account_named(db.session(), username)
    ended = end_sessions(db.session(), account.id)
    note(Action.END_SESSION, {"account": account.username, "sessions": ended}, account.people)
    click.echo(f"{ended} sessions of {account.username!r} have ended")


@token_group.command("add")
@click.argument("username")
@click.option("--name", required=True, callback=not_empty, help="What the token is for, such as the machine's name.")
@click.option("--scope", "scopes", required=True, multiple=True, type=click.Choice(sorted(SCOPE)))
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, LONGEST_VALID.days))
@one_transaction
def add_token(username: str, name: str, scopes: tuple[str, ...], days: int) -> None:
    """Make a token with the rights of an account, of which a machine may use the scopes; it is shown once."""
    account, now, valid = _open_account(username), city().now(), timedelta(days=days)
    try:
        _, token = make_token(db.session(), account.id, name, sorted(set(scopes)), now, valid)
    except NameTaken as error:
        raise click.ClickException(str(error)) from error
    detail = {"account": account.username, "name": name, "scopes": sorted(set(scopes))}
    note(Action.MAKE_TOKEN, detail, account.people)
    click.echo(f"token: {token}  (shown once, valid for {days} days)")


@token_group.command("revoke")
@click.argument("username")
@click.option("--name", required=True, help="The token's name.")
@one_transaction
def revoke(username: str, name: str) -> None:
    """Take a token out of use, for good."""
    account = _open_account(username)
    if not revoke_token_named(db.session(), account.id, name, city().now()):
        raise NotFound(f"{username!r} has no token named {name!r}")
    note(Action.REVOKE_TOKEN, {"account": account.username, "name": name}, account.people)
    click.echo(f"token {name!r} is revoked")


def _open_account(username: str) -> Account:
    account = accounts.account_named(db.session(), username)
    if account.closed_at is not None:
        raise NotFound(f"no open account named {username!r}")
    return account


def _let_administer(account: Account) -> None:
    """Make an account a system administrator's, from today on."""
    grant_role(db.session(), account.id, "system_administrator", None, city().today())
    note(Action.ADD_ACCOUNT, {"account": account.username}, account.people)
    note(Action.GRANT_ROLE, {"account": account.username, "role": "system_administrator"}, account.people)
