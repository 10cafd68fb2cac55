"""Reports by mail on the pages: one's own address and subscriptions, and what administrators do with stuck mails."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, insert, select, update
from sqlalchemy.orm import Session

from tests.web.conftest import NOW, Browser, Clock, People
from tracker.domain.mailing import STUCK_AFTER
from tracker.mailing.letters import OWN, SUBSCRIPTIONS, TEAM
from tracker.storage import models as m
from tracker.storage.mail_pages import CLOSED_BY_HAND
from tracker.storage.mails import NO_SERVER
from tracker.storage.subscriptions import CODE_VALID, MOST_SUBSCRIPTIONS, REPLACED, WRONG_CODES, fresh_code
from tracker.web import mail_words

MAIL = "/account/mail"
LIST = "/admin/condition/mails"
ADDRESS = "siti.rahayu@example.go.id"


def give(browser: Browser, address: str = ADDRESS, language: str = "id") -> int:
    browser.get(MAIL)
    return browser.post(f"{MAIL}/address", address=address, language=language).status_code


def subscribe(browser: Browser, **fields: str) -> int:
    browser.get(MAIL)
    return browser.post(f"{MAIL}/subscriptions", **fields).status_code


def rows(engine: Engine, table: Any) -> list[Any]:
    with engine.connect() as conn:
        return list(conn.execute(select(table.__table__)))


def audited(engine: Engine) -> list[str]:
    with engine.connect() as conn:
        return list(conn.scalars(select(m.Audit.action).order_by(m.Audit.id)))


def a_code(engine: Engine, clock: Clock) -> str:
    """The code that the scheduler would send now."""
    with Session(engine) as session, session.begin():
        return fresh_code(session.query(m.MailAddress).one(), clock.now)


def test_an_address_is_in_use_once_its_code_is_typed(employee: Browser, engine: Engine, clock: Clock) -> None:
    assert give(employee) == 303
    (kept,), (mail,) = rows(engine, m.MailAddress), rows(engine, m.Mail)
    assert (kept.address, kept.confirmed_at, kept.code_sha256) == (ADDRESS, None, None), "no code before it is sent"
    assert (mail.state, mail.subscription_id) == ("due", None)
    code = a_code(engine, clock)
    employee.get(MAIL)
    wrong = employee.post(f"{MAIL}/confirm", code=f"{(int(code) + 1) % 1_000_000:06d}")
    assert wrong.status_code == 422 and rows(engine, m.MailAddress)[0].wrong_codes == 1
    assert employee.post(f"{MAIL}/confirm", code=f"{code[:3]} {code[3:]}").status_code == 303
    assert employee.post(f"{MAIL}/confirm", code=code).status_code == 303, "sent twice"
    assert rows(engine, m.MailAddress)[0].confirmed_at == NOW and "sudah dipastikan" in employee.get(MAIL).text
    assert give(employee, language="en") == 303 and rows(engine, m.MailAddress)[0].confirmed_at == NOW, "the same one"
    assert give(employee, "lain@example.go.id") == 303 and rows(engine, m.MailAddress)[0].confirmed_at is None
    assert employee.post(f"{MAIL}/remove").status_code == 303 and rows(engine, m.MailAddress) == []
    said = ["set_mail_address", "confirm_mail_address", "set_mail_address", "set_mail_address", "remove_mail_address"]
    assert audited(engine) == said
    assert all(ADDRESS not in str(row.detail) for row in rows(engine, m.Audit)), "what is written there stays for ever"


@pytest.mark.parametrize(
    "address", ["", "siti", "siti@", "siti@example", "a@b.go.id\nBcc: x@y.id", "a b@example.go.id", "<a@example.go.id>",
                "a@-x.id", "a@x..id", f"{'a' * 65}@example.go.id", "a@example.go.id,b@example.go.id"]
)  # fmt: skip
def test_what_is_no_address_is_not_kept(employee: Browser, engine: Engine, address: str) -> None:
    assert give(employee, address) == 422 and rows(engine, m.MailAddress) == []


def test_an_answer_to_a_code_says_not_what_was_wrong_with_it(employee: Browser, engine: Engine, clock: Clock) -> None:
    def said(code: str) -> str:
        employee.get(MAIL)
        answer = employee.post(f"{MAIL}/confirm", code=code)
        assert answer.status_code == 422
        return answer.text.split('id="code-error">')[1].split("<")[0] if 'id="code-error">' in answer.text else ""

    assert said("123456") == "", "no address, no form"
    give(employee)
    unsent = said("123456")
    code = a_code(engine, clock)
    wrong = said("x")
    clock.now += CODE_VALID
    assert said(code) == unsent == wrong != ""


def test_who_reads_subscribes_to_units_in_reach_once_each(supervisor: Browser, engine: Engine) -> None:
    assert subscribe(supervisor, cadence="weekly", about="unit", unit="regu menteng") == 303
    assert subscribe(supervisor, cadence="weekly", about="unit", unit="Regu Menteng") == 303
    assert subscribe(supervisor, cadence="daily", about="own") == 303
    assert [(one.cadence, one.unit_id is None) for one in rows(engine, m.Subscription)] == [
        ("weekly", False), ("daily", True)]  # fmt: skip
    for unit in ("Dinas Pertamanan", "Nowhere", ""):
        assert subscribe(supervisor, cadence="daily", about="unit", unit=unit) == 422
    assert len(rows(engine, m.Subscription)) == 2


def test_who_reads_nobody_subscribes_to_their_own(employee: Browser, administrator: Browser, engine: Engine) -> None:
    assert subscribe(employee, cadence="weekly", about="unit", unit="Regu Menteng") == 422
    assert subscribe(administrator, cadence="weekly", about="own") == 422, "nobody of the register"
    assert rows(engine, m.Subscription) == []


def test_a_subscription_is_ended_by_its_owner_only(employee: Browser, supervisor: Browser, engine: Engine) -> None:
    subscribe(employee, cadence="monthly", about="own")
    (one,) = rows(engine, m.Subscription)
    supervisor.get(MAIL)
    assert supervisor.post(f"{MAIL}/subscriptions/{one.id}/end").status_code == 404
    employee.get(MAIL)
    assert employee.post(f"{MAIL}/subscriptions/{one.id}/end").status_code == 303
    assert rows(engine, m.Subscription)[0].ended_at == NOW
    assert employee.post(f"{MAIL}/subscriptions/{one.id}/end").status_code == 404
    assert audited(engine) == ["subscribe", "unsubscribe"]


def test_an_account_has_only_so_many_subscriptions(supervisor: Browser, engine: Engine, people: People) -> None:
    with Session(engine) as session, session.begin():
        account = session.query(m.Account).filter_by(username="atasan").one()
        for number in range(MOST_SUBSCRIPTIONS):
            unit = m.Unit(name=f"Unit {number}")
            session.add_all([unit, m.Subscription(account_id=account.id, cadence="daily", unit=unit, created_at=NOW)])
    assert subscribe(supervisor, cadence="daily", about="own") == 422
    assert len(rows(engine, m.Subscription)) == MOST_SUBSCRIPTIONS


def test_without_a_mail_server_the_page_says_so(app: Flask, employee: Browser, engine: Engine) -> None:
    object.__setattr__(app.extensions["city"].settings, "smtp_url", "")
    assert "SMTP_URL" in employee.get(MAIL).text and give(employee) == 422 and rows(engine, m.MailAddress) == []


def a_mail(engine: Engine, state: str, **said: Any) -> int:
    with engine.begin() as conn:
        account = select(m.Account.id).where(m.Account.username == "pegawai").scalar_subquery()
        row = {"account_id": account, "state": state, "created_at": NOW, "next_at": NOW, **said}
        return conn.scalars(insert(m.Mail).values(row).returning(m.Mail.id)).one()


def test_an_administrator_settles_what_may_have_been_sent(administrator: Browser, engine: Engine) -> None:
    long_ago = NOW - STUCK_AFTER - timedelta(seconds=1)
    stuck = a_mail(engine, "sending", claimed_at=long_ago, attempts=3, problem="unknown: timed out")
    failed = a_mail(engine, "failed", problem="refused: 550 no such mailbox")
    in_hand = a_mail(engine, "sending", claimed_at=NOW)
    page = administrator.get(f"{LIST}?lang=en").text
    assert "Perhaps sent" in page and "550 no such mailbox" in page and "pegawai" in page
    assert page.count("Send again") == 2
    assert administrator.post(f"{LIST}/{in_hand}/again").status_code == 303
    assert "in the meantime" in administrator.get(f"{LIST}?lang=en").text, "somebody is sending it"
    assert administrator.post(f"{LIST}/{stuck}/again").status_code == 303
    assert administrator.post(f"{LIST}/{failed}/close").status_code == 303
    assert administrator.post(f"{LIST}/{failed}/again").status_code == 303, "it is closed"
    assert administrator.post(f"{LIST}/999/again").status_code == 404
    by_id = {mail.id: mail for mail in rows(engine, m.Mail)}
    assert (by_id[stuck].state, by_id[stuck].attempts, by_id[stuck].problem) == ("due", 0, "")
    assert (by_id[failed].state, by_id[failed].problem) == ("withheld", CLOSED_BY_HAND)
    assert audited(engine) == ["send_mail_again", "close_mail"]
    assert "No mail is in this state" in administrator.get(f"{LIST}?state=failed&lang=en").text


def test_who_cannot_be_reached_is_told_on_the_page(employee: Browser, engine: Engine) -> None:
    give(employee)
    failed = a_mail(engine, "failed", problem="refused: 550 <no> such mailbox")
    page = employee.get(f"{MAIL}?lang=en").text
    assert "could not be delivered" in page and "refused it for good. 550 &lt;no&gt; such mailbox" in page
    a_mail(engine, "due", created_at=NOW + timedelta(seconds=failed))
    assert "could not be delivered" not in employee.get(MAIL).text, "another is on its way"


def test_an_account_without_anything_to_report_on_is_told_so(administrator: Browser) -> None:
    page = administrator.get(f"{MAIL}?lang=en").text
    assert "no report for this account" in page and "Choose a report below" not in page


def test_every_reason_has_its_words(administrator: Browser, engine: Engine) -> None:
    assert {CLOSED_BY_HAND, NO_SERVER, REPLACED} <= set(mail_words.PROBLEM)
    assert set(mail_words.STATE) == set(m.MAIL_STATES)
    assert mail_words.WRONG_CODE % {} and str(WRONG_CODES) in str(mail_words.WRONG_CODE)


def test_letters_lead_to_pages_that_exist(supervisor: Browser, employee: Browser, engine: Engine) -> None:
    assert supervisor.get(SUBSCRIPTIONS).status_code == 200 and employee.get(OWN).status_code == 200
    assert supervisor.get(f"{TEAM}?unit=1&from={date(2026, 11, 16)}&to={date(2026, 11, 22)}").status_code == 200


def test_a_run_under_way_shows_how_far_it_is(administrator: Browser, engine: Engine) -> None:
    with engine.begin() as conn:
        row = {"report": "no_show", "period": date(2026, 11, 18), "state": "running", "started_at": NOW}
        conn.execute(insert(m.ReportRun).values(**row, done=1200, total=10000))
    page = administrator.get("/admin/condition/runs?lang=en").text
    assert "1,200 of 10,000" in page and '<progress max="10000" value="1200"' in page
    with engine.begin() as conn:
        conn.execute(update(m.ReportRun).values(state="done"))
    assert "<progress" not in administrator.get("/admin/condition/runs?lang=en").text
