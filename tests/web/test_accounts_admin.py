"""The administrator's pages about accounts: what they show, what they change, and what nobody reaches through them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.dialects.postgresql import Range
from werkzeug.test import TestResponse

from tests import builders as build
from tests.web.conftest import NOW, PASSWORD, WORK_DATE, Browser, Clock, People, at, password_hash, signed_in
from tracker.storage import models as m

DAY = timedelta(days=1)
TODAY, TOMORROW = WORK_DATE, WORK_DATE + DAY
NOBODY = 999_999
CODE = re.compile(r"<pre[^>]*>([a-z0-9]{5}(?:-[a-z0-9]{5}){3})</pre>")
PAGE = "/admin/accounts"
Outside = Callable[[Connection, People], None]


def add_account(conn: Connection, username: str, person_id: int | None = None, **values: Any) -> int:
    values = {"username": username, "person_id": person_id, "password_argon2": password_hash(), **values}
    return conn.scalars(insert(m.Account).values(values).returning(m.Account.id)).one()


def id_of(conn: Connection, username: str) -> int:
    return conn.scalars(select(m.Account.id).where(m.Account.username == username)).one()


def ids(engine: Engine) -> dict[str, int]:
    with engine.connect() as conn:
        return {username: one for one, username in conn.execute(select(m.Account.id, m.Account.username))}


def give(conn: Connection, username: str, role: str, unit: int | None, first: date, last: date | None = None) -> None:
    period = Range(first, last and last + DAY)
    conn.execute(insert(m.RoleGrant).values(account_id=id_of(conn, username), role=role, unit_id=unit, period=period))


def stand_in(conn: Connection, principal: str, deputy: str, first: date = TODAY, last: date = TODAY) -> None:
    pair = {"principal_id": id_of(conn, principal), "deputy_id": id_of(conn, deputy)}
    conn.execute(insert(m.Deputy).values(**pair, period=Range(first, last + DAY)))


@pytest.fixture
def local(app: Flask, engine: Engine, people: People) -> Browser:
    """An administrator of the agency, to which `own` and `boss` belong, with a person in it."""
    with engine.begin() as conn:
        agency = conn.scalars(select(m.Unit.id).where(m.Unit.name == "Dinas Kebersihan")).one()
        person = build.person(conn, agency, "Wati Kusuma")
        build.has_read_notice(conn, person)
        add_account(conn, "wilayah", person)
        build.grant(conn, "wilayah", "administrator", agency)
    return signed_in(app, engine, "wilayah")


def stored(engine: Engine) -> list[Any]:
    """Everything that these pages could change."""
    tables = (m.Account, m.RoleGrant, m.Audit)
    with engine.connect() as conn:
        return [conn.execute(select(*one.__table__.columns).order_by(one.id)).all() for one in tables]


def audited(engine: Engine) -> list[Any]:
    columns = (m.Account.username, m.Audit.action, m.Audit.people, m.Audit.detail)
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(select(*columns).join(m.Audit.account).order_by(m.Audit.id))]


def held(engine: Engine, username: str) -> list[Any]:
    columns = (m.RoleGrant.role, m.RoleGrant.unit_id, m.RoleGrant.period)
    query = select(*columns).join(m.RoleGrant.account).where(m.Account.username == username)
    with engine.connect() as conn:
        return [tuple(row) for row in conn.execute(query.order_by(m.RoleGrant.id))]


def role_form(role: str, unit: int | None, first: date = TODAY, last: date | None = None) -> dict[str, str]:
    return {"role": role, "unit": str(unit or ""), "first": str(first), "last": str(last or "")}


def everything(browser: Browser, account: int, grant: int, unit: int) -> list[int]:
    """The answers to all that can be asked and done about an account."""
    browser.get(PAGE)  # for the form's token
    path = f"{PAGE}/{account}"
    sent = [
        browser.post(f"{path}/roles", **role_form("supervisor", unit)),
        browser.post(f"{path}/roles/{grant}/end"),
        browser.post(f"{path}/reset"),
        browser.post(f"{path}/close"),
    ]
    return [browser.get(path).status_code, *(answer.status_code for answer in sent)]


# ---- what is shown


def test_an_administrator_of_a_unit_sees_the_accounts_of_its_people(local: Browser, people: People) -> None:
    page = local.get(PAGE).text
    assert "Siti Rahayu" in page and "Rina Marlina" in page and "Wati Kusuma" in page
    assert "Budi Santoso" not in page and "stranger" not in page and "auditor</" not in page and "regu" not in page


def test_a_system_administrator_sees_all_with_those_of_machines(administrator: Browser, people: People) -> None:
    page = administrator.get(PAGE).text
    for name in ("Siti Rahayu", "Budi Santoso", "regu", "auditor", "admin", "bukan orang", "seluruh kota"):
        assert name in page


def test_what_may_not_be_changed_is_shown_without_a_link(local: Browser, people: People, engine: Engine) -> None:
    with engine.begin() as conn:
        give(conn, "atasan", "auditor", None, TOMORROW)
    page, by_name = local.get(PAGE).text, ids(engine)
    assert f'href="{PAGE}/{by_name["pegawai"]}"' in page
    assert f'href="{PAGE}/{by_name["atasan"]}"' not in page and "Rina Marlina" in page
    assert f'href="{PAGE}/{by_name["wilayah"]}"' not in page and "Wati Kusuma" in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=siti", {"pegawai"}), ("q=ATASAN", {"atasan"}), ("role=supervisor", {"atasan", "regu", "stranger"}),
        ("role=system_administrator", {"admin"}), ("state=closed", {"ditutup"}), ("state=waiting", {"menunggu"}),
        ("state=open&q=a&role=auditor", {"auditor"}), ("q=nowhere", set()), ("state=no_second_factor", set()),
        ("role=nonsense&q=siti", {"pegawai"}), ("q=%25", set()),
    ],
)  # fmt: skip
def test_the_list_is_narrowed_by_the_address(
    administrator: Browser, people: People, engine: Engine, query: str, names: set[str]
) -> None:
    with engine.begin() as conn:
        add_account(conn, "ditutup", closed_at=NOW)
        add_account(conn, "menunggu", password_argon2=None)
    page = administrator.get(f"{PAGE}?{query}").text
    shown = {name for name in ids(engine) if re.search(rf'breakable">{name}\b', page)}
    assert shown == names
    assert ("Tidak ada akun yang cocok" in page) is not names or names


def test_the_list_is_ordered_by_who_was_seen(administrator: Browser, people: People, engine: Engine) -> None:
    def order(sort: str) -> list[str]:
        page = administrator.get(f"{PAGE}?sort={sort}").text
        return [name for name in re.findall(r'soft breakable">([a-z]+)', page) if name in ids(engine)]

    by_name, seen_first, never_first = order("name"), order("last_seen"), order("never_seen")
    assert seen_first[0] == "admin" == never_first[-1] != by_name[-1], "nobody else was ever here"
    assert sorted(by_name) == sorted(seen_first) == sorted(never_first)


def test_a_search_finds_the_nip(administrator: Browser, people: People, engine: Engine) -> None:
    with engine.connect() as conn:
        nip = conn.scalars(select(m.Person.nip).where(m.Person.id == people.foreign)).one()
    page = administrator.get(f"{PAGE}?q={nip}").text
    assert "Budi Santoso" in page and "Siti Rahayu" not in page


def test_fifty_accounts_make_a_page(administrator: Browser, people: People, engine: Engine) -> None:
    with engine.begin() as conn:
        conn.execute(insert(m.Account), [{"username": f"mesin-{number:03}"} for number in range(50)])
    first, second = administrator.get(f"{PAGE}?q=mesin").text, administrator.get(f"{PAGE}?page=2").text
    assert "mesin-000" in first and "mesin-049" in first and "page=2" not in first
    assert "Siti Rahayu" in second and "mesin-000" not in second


def test_who_decides_without_a_second_factor_is_marked(app: Flask, engine: Engine, people: People) -> None:
    with engine.begin() as conn:
        stand_in(conn, "atasan", "pegawai")
        conn.execute(
            insert(m.SecondFactor).values(account_id=id_of(conn, "regu"), secret_sealed=b"x", confirmed_at=NOW)
        )
        conn.execute(insert(m.SecondFactor).values(account_id=id_of(conn, "admin"), secret_sealed=b"x"))
    browser = signed_in(app, engine, "admin")
    city = app.extensions["city"]
    object.__setattr__(city.settings, "second_factor", True)
    with engine.begin() as conn:  # so that the page opens
        conn.execute(update(m.SecondFactor).values(confirmed_at=NOW))
    page = browser.get(f"{PAGE}?state=no_second_factor").text
    shown = {name for name in ids(engine) if re.search(rf'breakable">{name}\b', page)}
    assert shown == {"atasan", "stranger", "auditor", "pegawai"}


def test_one_account_shows_roles_deputies_and_sessions(
    local: Browser, supervisor: Browser, people: People, engine: Engine
) -> None:
    with engine.begin() as conn:
        give(conn, "atasan", "administrator", people.unit, TOMORROW, TOMORROW + DAY)
        give(conn, "atasan", "auditor", people.unit, TODAY - 9 * DAY, TODAY - DAY)
        stand_in(conn, "atasan", "pegawai", TODAY, TOMORROW)
    page = local.get(f"{PAGE}/{ids(engine)['atasan']}").text
    roles = page.split('id="roles-title"')[1].split("</section>")[0]
    assert "atasan" in roles and "Dinas Kebersihan" in roles and "Regu Menteng" in roles and "20 November" in roles
    assert "pemeriksa" not in roles  # that one is over
    assert "Siti Rahayu memutuskan sebagai pengganti akun ini" in page
    assert "Sedang masuk di 1 peramban" in page
    page = local.get(f"{PAGE}/{ids(engine)['pegawai']}").text
    assert "Akun ini memutuskan sebagai pengganti Rina Marlina" in page


# ---- what is changed


def test_a_reset_shows_its_code_once_and_the_code_opens(
    local: Browser, employee: Browser, nobody: Browser, people: People, engine: Engine
) -> None:
    path = f"{PAGE}/{ids(engine)['pegawai']}"
    local.get(path)
    answer = local.post(f"{path}/reset")
    code = CODE.search(answer.text)
    assert answer.status_code == 200 and code and answer.headers["Cache-Control"] == "no-store"
    assert "/activate" in answer.text and "pegawai" in answer.text
    assert code.group(1) not in local.get(path).text and code.group(1) not in local.get(PAGE).text
    assert employee.get("/me").status_code == 303  # signed out
    nobody.get("/activate")
    fresh = "kuda-lampu-sepeda-hijau"
    sent = {"username": "pegawai", "code": code.group(1), "new_password": fresh, "again": fresh}
    assert nobody.post("/activate", **sent).status_code == 303
    noted = ("wilayah", "reset_account", [people.own], {"account": "pegawai"})
    assert audited(engine)[0] == noted and code.group(1) not in str(audited(engine))


def test_a_closed_account_opens_again_with_a_code(
    local: Browser, nobody: Browser, people: People, engine: Engine
) -> None:
    path = f"{PAGE}/{ids(engine)['atasan']}"
    local.get(path)
    assert local.post(f"{path}/close").headers["Location"] == path
    page = local.get(path).text
    assert "Ditutup sejak" in page and "Buka kembali" in page and "Beri peran ini" not in page
    assert local.post(f"{path}/close").status_code == 303  # closed already: nothing more is written down
    nobody.get("/sign-in")
    assert nobody.post("/sign-in", username="atasan", password=PASSWORD).status_code == 401
    assert CODE.search(local.post(f"{path}/reset").text)
    assert "Menunggu kode" in local.get(path).text
    noted = [row for row in audited(engine) if row[0] == "wilayah"]
    assert [row[1:] for row in noted] == [
        ("close_account", [people.boss], {"account": "atasan"}),
        ("reset_account", [people.boss], {"account": "atasan"}),
    ]


def test_a_role_is_given_written_down_and_ended(
    local: Browser, employee: Browser, people: People, engine: Engine
) -> None:
    path = f"{PAGE}/{ids(engine)['pegawai']}"
    local.get(path)
    given = local.post(f"{path}/roles", **role_form("supervisor", people.unit, TODAY, TOMORROW))
    assert given.headers["Location"] == path
    assert held(engine, "pegawai") == [("supervisor", people.unit, Range(TODAY, TOMORROW + DAY))]
    assert employee.get("/team").status_code == 200
    number = re.search(rf"{path}/roles/(\d+)/end", local.get(path).text)
    assert number and local.post(f"{path}/roles/{number.group(1)}/end").status_code == 303
    assert held(engine, "pegawai") == [] and employee.get("/team").status_code == 404
    detail = {"account": "pegawai", "role": "supervisor", "unit": "Regu Menteng"}
    days = {"since": str(TODAY), "until": str(TOMORROW)}
    assert audited(engine) == [
        ("wilayah", "grant_role", [people.own], detail | days),
        ("wilayah", "end_grant", [people.own], detail),
    ]


def test_a_role_for_days_to_come_is_no_right_yet(
    local: Browser, employee: Browser, people: People, engine: Engine, clock: Clock
) -> None:
    path = f"{PAGE}/{ids(engine)['pegawai']}"
    local.get(path)
    assert local.post(f"{path}/roles", **role_form("auditor", people.unit, TOMORROW)).status_code == 303
    assert employee.get("/team").status_code == 404
    clock.now = at(8, day=TOMORROW)
    with engine.begin() as conn:
        conn.execute(update(m.WebSession).values(created_at=clock.now, last_seen_at=clock.now))
    assert employee.get("/team").status_code == 200


def test_a_system_administrator_gives_every_role(administrator: Browser, people: People, engine: Engine) -> None:
    path = f"{PAGE}/{ids(engine)['pegawai']}"
    administrator.get(path)
    wanted = [
        ("supervisor", people.unit), ("auditor", None), ("auditor", people.foreign_unit),
        ("administrator", people.foreign_unit), ("system_administrator", None),
    ]  # fmt: skip
    for role, unit in wanted:
        assert administrator.post(f"{path}/roles", **role_form(role, unit)).status_code == 303, role
    assert [(role, unit) for role, unit, _ in held(engine, "pegawai")] == wanted


def nip_of(engine: Engine, person_id: int) -> str:
    with engine.connect() as conn:
        return conn.scalars(select(m.Person.nip).where(m.Person.id == person_id)).one()


def person_of(engine: Engine, unit_id: int, name: str = "Agus Salim") -> int:
    with engine.begin() as conn:
        return build.person(conn, unit_id, name)


def make(browser: Browser, nip: str) -> TestResponse:
    browser.get(PAGE)
    return browser.post(PAGE, nip=nip)


def test_an_account_is_made_for_somebody_who_has_none(local: Browser, people: People, engine: Engine) -> None:
    person = person_of(engine, people.unit)
    nip = nip_of(engine, person)
    answer = make(local, nip)
    assert answer.status_code == 200 and CODE.search(answer.text) and nip in answer.text and "Agus Salim" in answer.text
    assert audited(engine) == [("wilayah", "add_account", [person], {"account": nip})]
    assert ids(engine)[nip] and "Agus Salim" in local.get(f"{PAGE}?state=waiting").text
    again = make(local, nip)
    assert again.status_code == 422 and "Sudah ada akun" in again.text and not CODE.search(again.text)


def test_no_account_is_made_for_who_is_not_theirs_or_not_there(local: Browser, people: People, engine: Engine) -> None:
    foreign = nip_of(engine, person_of(engine, people.foreign_unit))
    before = stored(engine)
    answers = [make(local, nip) for nip in (foreign, "1" * 18)]
    told = [re.findall(r'role="alert".*?</div></div>', answer.text, re.DOTALL) for answer in answers]
    assert [answer.status_code for answer in answers] == [422, 422] and told[0] == told[1] != []
    for nonsense in ("", "abc", "1" * 19, "１２"):
        assert make(local, nonsense).status_code == 422
    assert stored(engine) == before


def test_a_user_name_that_is_taken_makes_no_second_account(
    administrator: Browser, people: People, engine: Engine
) -> None:
    nip = nip_of(engine, person_of(engine, people.unit))
    with engine.begin() as conn:
        add_account(conn, nip)  # of a machine
    before = stored(engine)
    assert make(administrator, nip).status_code == 422
    assert stored(engine) == before


# ---- every way round


def of_a_role(role: str, first: date, unit: str | None = None) -> Outside:
    return lambda conn, people: give(conn, "pegawai", role, unit and getattr(people, unit), first)


def of_deputies(*chain: tuple[str, str], first: date = TODAY) -> Outside:
    def named(conn: Connection, people: People) -> None:
        for principal, deputy in chain:
            stand_in(conn, principal, deputy, first, first)

    return named


def moved(conn: Connection, people: People) -> None:
    theirs = update(m.Membership).where(m.Membership.person_id == people.own)
    conn.execute(theirs.values(period=Range(None, TODAY)))
    values = {"person_id": people.own, "unit_id": people.foreign_unit, "period": Range(TODAY, None)}
    conn.execute(insert(m.Membership).values(values))


def left(conn: Connection, people: People) -> None:
    theirs = update(m.Membership).where(m.Membership.person_id == people.own)
    conn.execute(theirs.values(period=Range(None, TODAY)))


def closed_with_a_role(conn: Connection, people: People) -> None:
    conn.execute(update(m.Account).where(m.Account.username == "pegawai").values(closed_at=NOW))
    give(conn, "pegawai", "auditor", None, TODAY)


WAYS_OUT = {
    "a role over a foreign unit": of_a_role("supervisor", TODAY, "foreign_unit"),
    "one that begins tomorrow": of_a_role("supervisor", TOMORROW, "foreign_unit"),
    "an administrator's elsewhere": of_a_role("administrator", TODAY, "foreign_unit"),
    "the whole city": of_a_role("auditor", TODAY),
    "the whole city tomorrow": of_a_role("system_administrator", TOMORROW),
    "the deputy of somebody outside": of_deputies(("stranger", "pegawai")),
    "from tomorrow on": of_deputies(("stranger", "pegawai"), first=TOMORROW),
    "the deputy's deputy": of_deputies(("stranger", "atasan"), ("atasan", "pegawai")),
    "the deputy of an account without a person": of_deputies(("regu", "pegawai")),
    "one's own deputy": of_deputies(("wilayah", "pegawai")),
    "moved away": moved,
    "left": left,
    "closed, with a role that would come back": closed_with_a_role,
}


@pytest.mark.parametrize("way", WAYS_OUT)
def test_an_account_with_a_way_out_of_the_unit_does_not_exist_for_its_administrator(
    local: Browser, people: People, engine: Engine, way: str
) -> None:
    with engine.begin() as conn:
        give(conn, "pegawai", "supervisor", people.unit, TODAY)
        inside = conn.scalars(select(func.max(m.RoleGrant.id))).one()
        WAYS_OUT[way](conn, people)
        number = id_of(conn, "pegawai")
    before = stored(engine)
    assert everything(local, number, inside, people.unit) == [404] * 5
    assert f'href="{PAGE}/{number}"' not in local.get(PAGE).text
    assert stored(engine) == before


@pytest.mark.parametrize("username", ["stranger", "auditor", "admin", "regu", "wilayah", None])
def test_a_foreign_number_in_the_path_is_no_page(
    local: Browser, people: People, engine: Engine, username: str | None
) -> None:
    by_name, before = ids(engine), stored(engine)
    with engine.connect() as conn:
        grant = conn.scalars(select(m.RoleGrant.id).limit(1)).one()
    assert everything(local, by_name.get(username or "", NOBODY), grant, people.unit) == [404] * 5
    assert stored(engine) == before


def test_what_is_over_is_no_way_out(local: Browser, people: People, engine: Engine) -> None:
    yesterday = TODAY - DAY
    with engine.begin() as conn:
        give(conn, "pegawai", "auditor", None, yesterday, yesterday)
        stand_in(conn, "stranger", "pegawai", yesterday, yesterday)
        number = id_of(conn, "pegawai")
        over = conn.scalars(select(m.RoleGrant.id).where(m.RoleGrant.account_id == number)).one()
    assert local.get(f"{PAGE}/{number}").status_code == 200
    before = stored(engine)
    assert local.post(f"{PAGE}/{number}/roles/{over}/end").status_code == 404  # it would have held until today
    assert stored(engine) == before


def test_the_administrator_above_is_out_of_reach(app: Flask, local: Browser, people: People, engine: Engine) -> None:
    with engine.begin() as conn:
        team_head = build.person(conn, people.unit, "Tono")
        build.has_read_notice(conn, team_head)
        add_account(conn, "regu-admin", team_head)
        build.grant(conn, "regu-admin", "administrator", people.unit)
        agency = conn.scalars(select(m.Unit.id).where(m.Unit.name == "Dinas Kebersihan")).one()
        give(conn, "pegawai", "administrator", agency, TODAY)
        grant = conn.scalars(select(func.max(m.RoleGrant.id))).one()
        number = id_of(conn, "pegawai")
    below = signed_in(app, engine, "regu-admin")
    assert everything(below, number, grant, people.unit) == [404] * 5
    assert local.get(f"{PAGE}/{number}").status_code == 200  # who administers the agency may


@pytest.mark.parametrize("role", ["supervisor", "auditor", "administrator", "system_administrator", "mayor", ""])
@pytest.mark.parametrize("unit", ["foreign_unit", None, "nonsense", "no unit"])
def test_no_role_is_given_over_anything_but_ones_own_units(
    local: Browser, people: People, engine: Engine, role: str, unit: str | None
) -> None:
    path, before = f"{PAGE}/{ids(engine)['pegawai']}", stored(engine)
    unit_id = {"foreign_unit": people.foreign_unit, None: None, "nonsense": "x", "no unit": NOBODY}[unit]
    page = local.get(path).text
    assert "Dinas Pertamanan" not in page and "administrator sistem" not in page.lower()
    form = {"role": role, "unit": "" if unit_id is None else str(unit_id), "first": str(TODAY), "last": ""}
    assert local.post(f"{path}/roles", **form).status_code == 422
    assert stored(engine) == before


def test_a_system_administrator_is_no_role_to_give_over_a_unit_of_ones_own(
    local: Browser, people: People, engine: Engine
) -> None:
    path, before = f"{PAGE}/{ids(engine)['pegawai']}", stored(engine)
    local.get(path)
    assert local.post(f"{path}/roles", **role_form("system_administrator", people.unit)).status_code == 422
    assert stored(engine) == before


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (TODAY - DAY, None, "Hari pertama sudah lewat"),
        (TOMORROW, TODAY, "Hari pertama sudah lewat"),
        ("", None, "Pilih hari pertama"),
        ("2026-13-45", None, "Pilih hari pertama"),
    ],
)
def test_days_that_cannot_be_are_said_and_kept_in_the_form(
    local: Browser, people: People, engine: Engine, first: Any, last: date | None, sentence: str
) -> None:
    path, before = f"{PAGE}/{ids(engine)['pegawai']}", stored(engine)
    local.get(path)
    refused = local.post(f"{path}/roles", **role_form("administrator", people.unit, first, last))
    assert refused.status_code == 422 and sentence in refused.text
    assert '<option value="administrator" selected>' in refused.text
    assert stored(engine) == before


def test_a_role_that_is_held_is_not_given_twice(local: Browser, people: People, engine: Engine) -> None:
    path = f"{PAGE}/{ids(engine)['pegawai']}"
    local.get(path)
    twice = [local.post(f"{path}/roles", **role_form("auditor", people.unit)).status_code for _ in range(2)]
    assert twice == [303, 422] and len(held(engine, "pegawai")) == 1


def test_a_closed_account_is_given_nothing(local: Browser, people: People, engine: Engine) -> None:
    path = f"{PAGE}/{ids(engine)['pegawai']}"
    local.get(path)
    local.post(f"{path}/close")
    refused = local.post(f"{path}/roles", **role_form("auditor", people.unit))
    assert refused.status_code == 422 and "Akun ini ditutup" in refused.text
    assert held(engine, "pegawai") == []


def test_nobody_gives_themselves_a_right_through_whom_they_stand_in_for(
    local: Browser, people: People, engine: Engine
) -> None:
    with engine.begin() as conn:
        stand_in(conn, "pegawai", "atasan")
        stand_in(conn, "atasan", "wilayah")
    path = f"{PAGE}/{ids(engine)['pegawai']}"
    local.get(path)
    refused = local.post(f"{path}/roles", **role_form("supervisor", people.unit))
    assert refused.status_code == 422 and "Anda menggantikan orang ini" in refused.text
    assert local.post(f"{path}/roles", **role_form("auditor", people.unit)).status_code == 303  # no deputy reads by it


def test_a_role_is_ended_at_its_own_account_only(local: Browser, people: People, engine: Engine) -> None:
    with engine.begin() as conn:
        foreign = conn.scalars(
            select(m.RoleGrant.id).join(m.RoleGrant.account).where(m.Account.username == "stranger")
        ).one()
    path, before = f"{PAGE}/{ids(engine)['pegawai']}", stored(engine)
    local.get(path)
    assert [local.post(f"{path}/roles/{one}/end").status_code for one in (foreign, NOBODY)] == [404, 404]
    assert stored(engine) == before


def test_a_system_administrator_does_not_change_their_own_account(
    administrator: Browser, people: People, engine: Engine
) -> None:
    number, before = ids(engine)["admin"], stored(engine)
    with engine.connect() as conn:
        grant = conn.scalars(select(m.RoleGrant.id).where(m.RoleGrant.account_id == number)).one()
    assert everything(administrator, number, grant, people.unit) == [404] * 5
    assert f'href="{PAGE}/{number}"' not in administrator.get(PAGE).text
    assert stored(engine) == before


def test_the_role_that_opened_the_pages_closes_them_again(local: Browser, people: People, engine: Engine) -> None:
    path = f"{PAGE}/{ids(engine)['pegawai']}"
    assert local.get(path).status_code == 200
    with engine.begin() as conn:
        theirs = update(m.RoleGrant).where(m.RoleGrant.account_id == id_of(conn, "wilayah"))
        conn.execute(theirs.values(period=Range(None, TODAY)))
    assert [local.get(PAGE).status_code, local.post(f"{path}/reset").status_code] == [404, 404]


@pytest.mark.parametrize("username", ["pegawai", "atasan", "auditor"])
def test_who_administers_nothing_finds_no_page(app: Flask, engine: Engine, people: People, username: str) -> None:
    browser, number = signed_in(app, engine, username), ids(engine)["stranger"]
    browser.get("/account")
    answers = [browser.get(PAGE), browser.get(f"{PAGE}/{number}"), browser.post(PAGE, nip="1")]
    answers += [browser.post(f"{PAGE}/{number}/{what}") for what in ("reset", "close", "roles", "roles/1/end")]
    assert {answer.status_code for answer in answers} == {404}


def test_nothing_changes_without_the_forms_token(local: Browser, people: People, engine: Engine) -> None:
    path, before = f"{PAGE}/{ids(engine)['pegawai']}", stored(engine)
    local.token = "wrong"
    answers = [local.post(f"{path}/{what}").status_code for what in ("reset", "close", "roles", "roles/1/end")]
    assert answers == [403] * 4 and stored(engine) == before


# ---- the way there


def test_one_entry_leads_to_what_may_be_opened(
    app: Flask, administrator: Browser, local: Browser, employee: Browser, engine: Engine
) -> None:
    of_the_city = {"/admin/quarantine", "/admin/audit", "/admin/condition"}
    tabs = of_the_city | {
        "/admin", "/admin/units", "/admin/people", "/admin/vehicles", "/admin/devices", "/admin/zones",
        "/admin/imports", PAGE, "/admin/corrections", "/admin/rosters",
    }  # fmt: skip

    def shown(browser: Browser, path: str) -> set[str]:
        return set(re.findall(r'href="(/admin(?:/[a-z]+)?)"', browser.get(path).text))

    assert shown(administrator, PAGE) == tabs
    assert shown(local, PAGE) == tabs - of_the_city
    assert shown(signed_in(app, engine, "auditor"), "/team") == {"/admin/audit"}
    assert shown(employee, "/me") == set()
