"""`flask --app wsgi people import FILE` and the like: a file brought in, all of it or nothing."""

from __future__ import annotations

import csv
import sys
from datetime import date, datetime
from pathlib import Path

import click
from flask import Flask
from flask.cli import AppGroup
from flask_babel import force_locale
from tqdm import tqdm

from tracker.imports.importing import Refused, bring_in, check
from tracker.imports.kind import Kind
from tracker.imports.kinds import KINDS
from tracker.imports.plan import Plan
from tracker.imports.problems import BadFile, Problem
from tracker.web import import_words
from tracker.web.commands import one_transaction, operator
from tracker.web.holiday_draft import drafted
from tracker.web.register_commands import A_DAY


def init_app(app: Flask) -> None:
    for kind in KINDS.values():
        group = AppGroup(kind.name, help=f"Many {kind.name} at once.")
        group.add_command(_import(kind))
        if kind.name == "holidays":
            group.add_command(draft)
        app.cli.add_command(group)


def _import(kind: Kind) -> click.Command:
    @click.command("import", help=f"Bring in a file of {kind.name}: all of it, or nothing where a row is wrong.")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--dry-run", is_flag=True, help="Only say what it would do.")
    @click.option("--since", type=A_DAY, help="From which day on changes hold, where a row does not say; today.")
    @one_transaction
    def run(file: Path, dry_run: bool, since: datetime | None) -> None:
        try:
            plan = _planned(kind, file, dry_run, since.date() if since else None)
        except BadFile as error:
            _say(kind, [error.problem])
            raise click.ClickException("nothing was changed: the file cannot be read") from error
        except Refused as error:
            _say(kind, error.plan.problems)
            raise click.ClickException(f"nothing was changed: {error.plan.problem_count} errors") from error
        with force_locale("en"):
            for note in plan.notes:
                click.echo(import_words.note(kind.name, note), err=True)
        counts = ", ".join(f"{count} {name}" for name, count in plan.counts().items() if name != "errors")
        click.echo(f"{file.name}: {counts}{' (nothing was changed: --dry-run)' if dry_run else ''}")

    return run


def _planned(kind: Kind, file: Path, dry_run: bool, since: date | None) -> Plan:
    content = file.read_bytes()
    if dry_run:
        plan = check(operator(), kind, content, since)
        if plan.problem_count:
            raise Refused(plan)
        return plan
    with tqdm(unit=" rows", disable=not sys.stderr.isatty()) as bar:

        def progress(done: int) -> None:
            bar.update(done)

        return bring_in(operator(), kind, content, file.name, since, progress)


def _say(kind: Kind, problems: list[Problem]) -> None:
    """Each error in a line of its own, on standard error."""
    with force_locale("en"):
        for problem in problems:
            column = import_words.heading(kind.name, problem.column)
            where = f"line {problem.line}{f', {column}' if column else ''}: " if problem.line else ""
            click.echo(f"{where}{import_words.sentence(kind.name, problem)}", err=True)


@click.command("draft")
@click.argument("year", type=click.IntRange(1950, 2100))
def draft(year: int) -> None:
    """Print a year's holidays of Indonesia as CSV, to be looked at, corrected and imported."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(column.heading("id") for column in KINDS["holidays"].columns)
    table.writerows(drafted(year))
