"""`flask --app wsgi quarantine ...`: look at what could not be stored, and replay it after a repair."""

from __future__ import annotations

from datetime import UTC

import click
from flask import Flask
from flask.cli import AppGroup, with_appcontext

from tracker.replay import Replay
from tracker.sealing import Sealer
from tracker.storage.audit import OPERATOR, Action, record
from tracker.storage.quarantine_pages import QuarantineFilter, count_waiting, quarantine_list
from tracker.web.city import city, db

quarantine_group = AppGroup("quarantine", help="Messages that could not be stored.")
reason_option = click.option("--reason", default="", help="Only those rejected for this reason, such as no_time.")
device_option = click.option("--device", "login", default="", help="Only those of this login.")


def init_app(app: Flask) -> None:
    app.cli.add_command(quarantine_group)


@quarantine_group.command("list")
@reason_option
@device_option
@click.option("--page", "number", type=click.IntRange(1), default=1, help="Which page, newest messages first.")
@with_appcontext
def list_messages(reason: str, login: str, number: int) -> None:
    """Show messages, newest first, without what they say."""
    wanted = QuarantineFilter(reason, login)
    page = quarantine_list(db.session(), wanted, number)
    for row in page.rows:
        state = "replayed" if row.replayed_at else "no payload" if row.size is None else f"{row.size} bytes"
        at = row.received_at.astimezone(UTC).isoformat(timespec="seconds")
        click.echo(f"{row.id}  {at}  {row.login or row.topic}  {', '.join(row.reasons)}  ({state})")
    waiting, without_payload = count_waiting(db.session(), wanted)
    click.echo(
        f"page {page.number} of {page.last}: {page.total} messages, {waiting} can be replayed, "
        f"{without_payload} cannot (of persons' phones, empty and too large messages only the reasons were kept)"
    )


@quarantine_group.command("replay")
@reason_option
@device_option
@with_appcontext
def replay(reason: str, login: str) -> None:
    """Send messages through the decoder once more; what is good now is stored."""
    asked = {name: value for name, value in (("reason", reason), ("device", login)) if value}
    record(db.session(), OPERATOR, Action.REPLAY_MESSAGES, asked)
    db.session.commit()
    settings = city().settings
    done = Replay(db.engine, settings.retention_days, Sealer(settings.secret_key)).run(QuarantineFilter(reason, login))
    saved = done.saved
    click.echo(
        f"{done.mended} messages are good now: {saved.stored} positions stored, {saved.duplicate} stored before, "
        f"{saved.off_duty} off duty, {saved.unassigned} of devices nobody holds\n"
        f"{done.still_bad} messages stay as they were\n"
        f"{done.without_payload} cannot be replayed: only the reasons were kept"
    )
