"""A scheduler is killed in the midst of making a period and of sending a mail, and a stand-by goes on."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from bench.kills import kill_often, mails_expected, missed_weeks
from tests.conftest import Database
from tests.mailserver import mail_server

READERS = 1


def test_whatever_is_killed_each_period_is_made_once_and_no_mail_is_sent_twice(
    engine: Engine, database: Database, tmp_path: Path
) -> None:
    """`python -m bench.kills` does the same with many kills, at every point."""
    with engine.begin() as conn:
        missed_weeks(conn, READERS)
    expected = mails_expected(engine, READERS)
    urls = {"DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url}
    points = ("period_making", "mail_data", "mail_accepted")
    with mail_server() as mailbox:
        counts = kill_often(engine, mailbox, tmp_path, urls, points, expected)
    assert (counts.twice, counts.unaccounted) == (0, 0)
    assert counts.periods == counts.mails == expected, "one reader: a mail for each period"
    assert counts.left_in_sending == 2 and counts.sent == expected - 2, "what may have been sent is left to an operator"
    assert counts.letters == expected - 1, "one of the two had arrived"
