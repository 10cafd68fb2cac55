"""Mails: what they say to whom, and that none is sent twice whatever the server does."""

from __future__ import annotations

import smtplib
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from reports.mails import Post, send_due
from tests import builders as build
from tests.mailserver import Mailbox, mail_server
from tests.reports.mailing import PAGES, due_mail, mails, post, reader, state_of, subscribed
from tests.services import free_port
from tests.storage.test_figures import MONDAY, duty
from tracker.mailing import server as smtp
from tracker.storage import models as m
from tracker.storage.figures import count_day
from tracker.storage.mail_pages import held_mail, send_again
from tracker.storage.mails import Claim, claim, next_due, settle_sent, try_again
from tracker.storage.subscriptions import confirm, fresh_code, set_address

NOW = datetime.now(UTC)
LAST_WEEK = MONDAY - timedelta(days=7)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def unit(engine: Engine) -> int:
    """A unit with a team below it: one present, one unverified on Monday, and a duty that nobody judged."""
    with engine.begin() as conn:
        above = build.unit(conn, "Dinas <Kebersihan>")
        team = build.unit(conn, "Regu Menteng", above)
        siti, budi = build.person(conn, above, "Siti Rahayu"), build.person(conn, team, "Budi Santoso")
        duty(conn, siti, MONDAY, status="PRESENT", late_min=0, left_early_min=0)
        duty(conn, budi, MONDAY, status="UNVERIFIED", cause="silent", observed_s=0, on_site_s=0, unknown_s=8 * 3600)
        duty(conn, budi, MONDAY + timedelta(days=1))
        duty(conn, siti, LAST_WEEK, status="NO_SHOW")
        for day in (MONDAY, MONDAY + timedelta(days=1), LAST_WEEK):
            count_day(conn, day, NOW)
    return above


@pytest.fixture
def one_due(engine: Engine, unit: int) -> int:
    """A weekly mail to a reader of the unit; the account's number."""
    with engine.begin() as conn:
        account = reader(conn, "kepala", unit)
        due_mail(conn, account, subscribed(conn, account, "weekly", unit), MONDAY)
    return account


def send(engine: Engine, mailbox: Mailbox | None, pages: str = PAGES) -> None:
    send_due(engine, post(mailbox, pages), lambda: False)


def parts(mailbox: Mailbox) -> tuple[str, str]:
    """The text and the HTML of the only letter."""
    (letter,) = mailbox.letters
    text, html = (letter.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None and html is not None
    return text.get_content(), html.get_content()


# ---- what they say ----


def test_a_units_mail_tells_figures_with_coverage_and_change_and_names_nobody(
    engine: Engine, mailbox: Mailbox, one_due: int
) -> None:
    send(engine, mailbox)
    (letter,) = mailbox.letters
    assert (letter["To"], letter["From"]) == ("kepala@example.go.id", "jejak@example.go.id")
    assert letter["Subject"] == "Weekly report: Dinas <Kebersihan>, 16 Nov 2026 – 22 Nov 2026"
    assert letter["List-Unsubscribe"] == f"<{PAGES}/account/mail>" and letter["Auto-Submitted"] == "auto-generated"
    text, html = parts(mailbox)
    assert "1 duty is not judged yet" in text and "1 duty is not judged yet" in html
    assert "- Duties: 3 (50 % observed; +2 to the period before)" in text
    assert "- Not at the place of duty: 0 (50 % observed; −1 to the period before)" in text
    assert "- phone silent: 1" in text and "rules: 4." in text
    assert "Regu Menteng: 2 duties, 0 present, 0 not at the place, 1 unverified (0 % observed)" in text
    assert "Dinas &lt;Kebersihan&gt;" in html and "<Kebersihan>" not in html
    assert f"{PAGES}/team/reports/summary?unit=" in text and f"{PAGES}/account/mail" in text
    for said in (text, html):
        assert "Siti" not in said and "Budi" not in said and "{" not in said
    assert [(mail.state, mail.attempts) for mail in mails(engine)] == [("sent", 1)]


def test_the_language_is_that_of_the_address(engine: Engine, mailbox: Mailbox, one_due: int) -> None:
    with engine.begin() as conn:
        conn.execute(update(m.MailAddress).values(language="id"))
    send(engine, mailbox)
    text, html = parts(mailbox)
    assert mailbox.letters[0]["Subject"].startswith("Laporan mingguan: ") and '<html lang="id">' in html
    assert mailbox.letters[0]["Content-Language"] == "id"
    assert "- Belum terbukti: 1 (50 % teramati; +1 dari periode sebelumnya)" in text
    assert "duties" not in text and "observed" not in html


def test_without_an_address_of_the_pages_there_are_no_links(engine: Engine, mailbox: Mailbox, one_due: int) -> None:
    send(engine, mailbox, pages="")
    text, html = parts(mailbox)
    assert "http" not in text and "href" not in html and "List-Unsubscribe" not in mailbox.letters[0]
    assert "Reports by mail" in text


def test_ones_own_mail_has_ones_own_figures_only(engine: Engine, mailbox: Mailbox, unit: int) -> None:
    with engine.begin() as conn:
        siti = conn.scalars(select(m.Person.id).where(m.Person.name == "Siti Rahayu")).one()
        account = reader(conn, "siti", person_id=siti)
        due_mail(conn, account, subscribed(conn, account, "daily", None), MONDAY)
    send(engine, mailbox)
    text, _ = parts(mailbox)
    assert "your own duties" in text and "- Duties: 1 (100 % observed" in text and "Regu Menteng" not in text


@pytest.mark.parametrize("why", ["no_right", "closed", "ended", "no_address", "no_person"])
def test_what_its_reader_may_not_see_is_withheld_with_the_reason(
    engine: Engine, mailbox: Mailbox, one_due: int, why: str
) -> None:
    with engine.begin() as conn:
        conn.execute({
            "no_right": delete(m.RoleGrant), "closed": update(m.Account).values(closed_at=NOW),
            "ended": update(m.Subscription).values(ended_at=NOW),
            "no_address": update(m.MailAddress).values(confirmed_at=None),
            "no_person": update(m.Subscription).values(unit_id=None),
        }[why])  # fmt: skip
    send(engine, mailbox)
    assert state_of(engine) == ("withheld", why) and mailbox.letters == []


def test_a_reader_of_a_part_reads_of_that_part_only(engine: Engine, mailbox: Mailbox, unit: int) -> None:
    with engine.begin() as conn:
        team = conn.scalars(select(m.Unit.id).where(m.Unit.name == "Regu Menteng")).one()
        account = reader(conn, "regu", team)
        for about in (unit, team):
            due_mail(conn, account, subscribed(conn, account, "weekly", about), MONDAY)
    send(engine, mailbox)
    assert [(mail.state, mail.problem) for mail in mails(engine)] == [("withheld", "no_right"), ("sent", "")]
    assert "- Duties: 2 (" in parts(mailbox)[0]


def test_a_letter_that_cannot_be_written_fails_by_name_and_holds_up_nobody(
    engine: Engine, mailbox: Mailbox, one_due: int
) -> None:
    with engine.begin() as conn:
        own = subscribed(conn, one_due, "weekly", None)
        due_mail(conn, one_due, own, date.max, next_at=build.LONG_AGO - timedelta(days=1))  # its week never ends
    send(engine, mailbox)
    assert sorted(mail.state for mail in mails(engine)) == ["failed", "sent"]
    (failed,) = (mail for mail in mails(engine) if mail.state == "failed")
    assert failed.problem.startswith("not_written: OverflowError")


# ---- the code of an address ----


def test_the_code_is_made_when_it_is_sent_and_confirms_the_address_once(engine: Engine, mailbox: Mailbox) -> None:
    now = datetime.now(UTC)  # the code is made by the clock, and lives for minutes
    with Session(engine) as session:
        account = m.Account(username="siti")
        session.add(account)
        session.flush()
        number = account.id
        assert set_address(session, number, "siti@example.go.id", "en", now)
        session.commit()
    send(engine, mailbox)
    text, _ = parts(mailbox)
    code = text.split("The code is ")[1][:6]
    with Session(engine) as session:
        stored = session.get_one(m.MailAddress, number)
        assert stored.code_sha256 is not None and code.encode() not in stored.code_sha256
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        assert not confirm(session, number, wrong, now)
        assert not confirm(session, number, code, now + timedelta(minutes=16)), "too late"
        assert confirm(session, number, code, now) and not confirm(session, number, code, now)


def test_five_wrong_codes_end_a_code_and_five_codes_a_day(engine: Engine) -> None:
    with Session(engine) as session:
        account = m.Account(username="siti")
        session.add(account)
        session.flush()
        asked = [set_address(session, account.id, "siti@example.go.id", "en", NOW) for _ in range(6)]
        assert asked == [True] * 5 + [False]
        assert session.scalar(select(func.count()).where(m.Mail.state == "due")) == 1, "only the last is sent"
        code = fresh_code(session.get_one(m.MailAddress, account.id), NOW)
        for number in range(1, 6):
            assert not confirm(session, account.id, f"{(int(code) + number) % 1_000_000:06d}", NOW)
        assert not confirm(session, account.id, code, NOW)


# ---- what the server does ----


@pytest.mark.parametrize(
    ("place", "answer", "state", "problem"),
    [
        ("RCPT", "550 no such mailbox", "failed", "refused: 550 no such mailbox"),
        ("DATA", "554 spam", "failed", "refused: 554 spam"),
        (".", "552 too large", "failed", "refused: 552 too large"),
        ("RCPT", "450 come later", "due", "not_taken: 450 come later"),
        ("MAIL", "530 authenticate first", "due", "not_taken: 530 authenticate first"),
        (".", "451 try again", "due", "not_taken: 451 try again"),
        ("greeting", "421 busy", "due", "not_taken: 421 busy"),
        ("greeting", None, "due", "not_taken: Connection unexpectedly closed"),
        ("RCPT", None, "due", "not_taken: Connection unexpectedly closed"),
        (".", None, "sending", "unknown: Connection unexpectedly closed"),
        (".", "yes taken", "sending", "unknown: -1 taken"),
        (".", "354 go on", "sending", "unknown: 354 go on"),
        ("RCPT", "550 <kepala@example.go.id> is gone", "failed", "refused: 550 <address> is gone"),
    ],
)
def test_what_becomes_of_a_mail_is_what_the_server_said(
    engine: Engine, mailbox: Mailbox, one_due: int, place: str, answer: str | None, state: str, problem: str
) -> None:
    mailbox.answers[place] = answer
    send(engine, mailbox)
    assert state_of(engine) == (state, problem) and mailbox.letters == []
    mailbox.answers.clear()
    with engine.begin() as conn:
        conn.execute(update(m.Mail).values(next_at=NOW - timedelta(hours=1)))
    send(engine, mailbox)
    assert len(mailbox.letters) == (state == "due"), "what was not taken comes later, what may have been does not"


@pytest.mark.parametrize(
    ("place", "answer", "tried"),
    [("RCPT", "450 greylisted", 3), (".", "451 greylisted", 3), ("RCPT", "421 closing", 1), ("MAIL", "451 not now", 1)],
)
def test_who_is_to_wait_holds_up_nobody_and_a_server_that_takes_nothing_is_left(
    engine: Engine, mailbox: Mailbox, one_due: int, place: str, answer: str, tried: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    with engine.begin() as conn:
        weekly = conn.scalars(select(m.Subscription.id)).one()
        for number in (1, 2, 3):
            due_mail(conn, one_due, weekly, MONDAY - timedelta(days=7 * number))
    mailbox.answers[place] = answer
    monkeypatch.setattr("reports.mails.MOST_PUT_OFF", 3)
    send(engine, mailbox)
    assert sum(mail.attempts for mail in mails(engine)) == tried and {mail.state for mail in mails(engine)} == {"due"}


@pytest.mark.parametrize("answer", ["250 taken", "251 taken"])
def test_what_ends_after_the_servers_yes_makes_no_letter_of_two(
    engine: Engine, mailbox: Mailbox, one_due: int, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(server: smtplib.SMTP) -> None:
        close(server)
        raise ConnectionResetError("reset by peer")

    close = smtplib.SMTP.close
    monkeypatch.setattr(smtplib.SMTP, "close", broken)
    mailbox.answers["."] = answer
    send(engine, mailbox)
    assert state_of(engine) == ("sent", "")


def test_a_login_that_no_server_can_be_told_leaves_mails_due(engine: Engine, mailbox: Mailbox, one_due: int) -> None:
    mailbox.answers["EHLO"] = "250-tests\r\n250 AUTH PLAIN"
    server = smtp.MailServer.of(f"smtp://jejak:r%C3%A4ts@127.0.0.1:{mailbox.port}?starttls=0", "jejak@example.go.id")
    send_due(engine, Post(server, post(mailbox).sender), lambda: False)
    assert state_of(engine)[0] == "due" and mailbox.letters == []


def test_a_mail_that_is_not_taken_waits_longer_and_is_given_up(engine: Engine, one_due: int) -> None:
    nobody, now = Mailbox(port=free_port()), datetime.now(UTC)
    send(engine, nobody)
    (mail,) = mails(engine)
    assert mail.state == "due" and timedelta(seconds=50) < mail.next_at - now < timedelta(minutes=3)
    with engine.begin() as conn:
        conn.execute(update(m.Mail).values(next_at=NOW, attempts=50))
    send(engine, nobody)
    assert state_of(engine)[0] == "failed"


def test_a_server_that_says_nothing_is_left(engine: Engine, one_due: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        send(engine, Mailbox(port=silent.getsockname()[1]))
    assert state_of(engine) == ("due", "not_taken: Connection unexpectedly closed: timed out")


def test_tls_is_demanded_of_a_server_that_does_not_offer_it(engine: Engine, mailbox: Mailbox, one_due: int) -> None:
    plain = post(mailbox)
    server = smtp.MailServer.of(f"smtp://127.0.0.1:{mailbox.port}", "jejak@example.go.id")
    send_due(engine, Post(server, plain.sender), lambda: False)
    assert state_of(engine)[0] == "due" and "STARTTLS" in state_of(engine)[1] and mailbox.letters == []


def test_without_a_server_a_mail_waits_three_days_and_fails(engine: Engine, unit: int) -> None:
    with engine.begin() as conn:
        account = reader(conn, "kepala", unit)
        due_mail(conn, account, subscribed(conn, account, "weekly", unit), MONDAY, next_at=NOW)
    send(engine, None)
    assert state_of(engine) == ("due", "")
    with engine.begin() as conn:
        conn.execute(update(m.Mail).values(next_at=NOW - timedelta(days=3, minutes=1)))
    send(engine, None)
    assert state_of(engine) == ("failed", "no_server")


def test_two_that_send_at_once_send_each_mail_once(engine: Engine, mailbox: Mailbox, one_due: int) -> None:
    with engine.begin() as conn:
        weekly = conn.scalars(select(m.Subscription.id)).one()
        for number in range(1, 20):
            due_mail(conn, one_due, weekly, MONDAY - timedelta(days=7 * number))
    both = [threading.Thread(target=send, args=(engine, mailbox)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert set(mailbox.ids.values()) == {1} and len(mailbox.letters) == 20


def test_a_subscription_has_one_mail_of_a_period(engine: Engine, one_due: int) -> None:
    with engine.connect() as conn, pytest.raises(Exception, match="uq_mail_subscription_id_period"):
        due_mail(conn, one_due, mails(engine)[0].subscription_id, MONDAY)


def test_who_awakes_after_a_mail_was_sent_again_by_hand_settles_nothing_of_it(engine: Engine, one_due: int) -> None:
    def claimed(now: datetime) -> Claim:
        with Session(engine) as session, session.begin():
            mail = next_due(session, now)
            assert mail is not None
            return claim(mail, now)

    first = claimed(NOW)
    with Session(engine) as session, session.begin():
        mail = held_mail(session, first.mail_id)
        assert mail is not None
        send_again(mail, NOW)
    second = claimed(NOW + timedelta(minutes=20))
    assert first.attempts == second.attempts == 1
    with engine.begin() as conn:
        assert try_again(conn, first, "not_taken: asleep", NOW)
    assert state_of(engine) == ("sending", ""), "else it went out a second time"
    with engine.begin() as conn:
        settle_sent(conn, second, NOW)
    assert state_of(engine) == ("sent", "")
