"""The bench measures what it says: its rate, its ledger, and one small run through everything."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bench import database, ingest, reports, signing_in, store
from bench.load import Load
from bench.rates import Progress, sustained
from tests.services import DatabaseServer
from tracker.storage.engine import make_engine


def test_a_sustained_rate_counts_neither_the_warming_up_nor_what_came_after_the_load() -> None:
    progress = [Progress(0.0, 0), Progress(1.0, 100), Progress(2.0, 150), Progress(4.0, 250), Progress(4.1, 1000)]
    assert sustained(progress, warm=100, until=4.0) == 50.0


def test_a_run_too_short_for_a_rate_says_so() -> None:
    with pytest.raises(ValueError, match="more --fixes"):
        sustained([Progress(0.0, 0), Progress(1.0, 100)], warm=50, until=2.0)


def test_the_ledger_counts_what_was_lost_and_what_nobody_sent(database_server: DatabaseServer) -> None:
    load = Load.ending_now(devices=2, fixes=6)
    database.make_register(database_server, load.devices)
    engine = make_engine(database_server.url("jejak_owner", database.TEMPLATE), pool_size=1)
    with engine.begin() as conn:
        for second in (0, 1, 5):  # of the seconds 0, 1, 2 that the first device sent
            conn.execute(
                text("INSERT INTO fix (fix_time, received_after_s, device_id, lat_e7, lon_e7) "
                     "SELECT to_timestamp(:at), 0, id, 0, 0 FROM device WHERE login = 'bench-0'"),
                {"at": load.begin + second},
            )  # fmt: skip
        ledger = database.check(conn, load)
    engine.dispose()
    database_server.drop(database.TEMPLATE)
    assert (ledger.stored, ledger.lost, ledger.unexpected) == (3, 4, 1)
    assert not ledger.valid


def test_a_small_run_stores_all_it_sent_and_prints_the_ratio(capsys: pytest.CaptureFixture[str]) -> None:
    ingest.main(["--fixes", "4000", "--devices", "50", "--rounds", "1", "--only", "ratio"])
    lines = [line.split() for line in capsys.readouterr().out.split("\n\n")[1].splitlines()]
    values = {name: float(value) for name, value, _unit in lines}
    assert values["ingest.ratio"] == pytest.approx(values["ingest.bridge"] / values["ingest.null"], abs=0.01)
    assert (values["ingest.stored"], values["ingest.lost"], values["ingest.unexpected"]) == (4000, 0, 0)


def test_a_small_store_is_read_rewritten_and_dropped_and_nothing_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    store.main(["--fixes", "20000", "--seconds", "1"])
    values = {line.split()[0]: float(line.split()[1]) for line in capsys.readouterr().out.splitlines()}
    assert (values["store.fixes"], values["store.difference"]) == (20_000, 0)
    assert values["rewrite.day"] > 0 and values["track.day"] > 0 and values["ingest.rate"] > 0


def test_a_few_sign_in_and_each_wait_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    signing_in.main(["--people", "64", "--seconds", "2", "--capacity-s", "1"])
    values = {line.split()[0]: float(line.split()[1]) for line in capsys.readouterr().out.splitlines()}
    assert values["signin.people"] == 64 and 0 < values["signin.p50"] <= values["signin.most"]
    assert values["signin.ratio"] == pytest.approx(values["signin.capacity"] / values["signin.hashes"], abs=0.01)


def test_a_small_city_is_judged_and_its_pages_are_asked_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    reports.main(["--people", "40", "--few", "20", "--alone-s", "1"])
    values = {line.split()[0]: line.split()[1] for line in capsys.readouterr().out.splitlines()}
    assert values["reports.unjudged"] == "0" and float(values["reports.ratio"]) > 0
    assert sum(int(part) for part in values["reports.found"].split("_") if part.isdigit()) == 40
