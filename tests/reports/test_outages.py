"""When nobody was heard: as a plain count of the fixes says it, at a price that does not grow with the city."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from tests.reports.duties import OnDuty, at, on_duty, receive
from tracker.domain.fix import Fix
from tracker.storage.outages import BIN, BINS_HEARD, LEAST_OUTAGE, LEAST_WITNESSES, Period, outages

START, END = at("08:00"), at("16:00")
Heard = tuple[datetime, datetime]  # a fix, and when it was received


def a_day(seed: int) -> Iterator[list[Heard]]:
    """What some devices send: now and then, some of it late, and nothing in a time that they share."""
    draw = random.Random(seed)
    quiet_from = START + timedelta(minutes=draw.randrange(0, 360))
    quiet = quiet_from, quiet_from + timedelta(minutes=draw.choice([25, 30, 45, 120]))
    for _ in range(LEAST_WITNESSES + 1):
        times = {START + timedelta(seconds=draw.randrange(-1800, 10 * 3600)) for _ in range(60)}
        late = timedelta(seconds=draw.choice([599, 600, 601]))
        yield [(when, when + draw.choice([timedelta(0), late, timedelta(hours=1)])) for when in times
               if not quiet[0] <= when < quiet[1]]  # fmt: skip


def plainly(days: Sequence[Sequence[Heard]], start: datetime, end: datetime) -> list[Period]:
    """Bin by bin: was anybody heard in time?"""
    found: list[Period] = []
    since = start
    for number in range(-(-(end - start) // BIN)):
        first, last = start + number * BIN, min(start + (number + 1) * BIN, end)
        if any(first <= made < last and received - made <= BIN for day in days for made, received in day):
            found.append((since, first))
            since = start + (number + 1) * BIN
    found.append((since, end))
    return [(first, last) for first, last in found if last - first >= LEAST_OUTAGE]


def heard(conn: Connection, duty: OnDuty, day: Sequence[Heard]) -> None:
    for made, received in day:
        receive(conn, duty.device_id, [Fix(made, -6.2, 106.8, 10.0)], received)


@pytest.mark.parametrize("seed", range(8))
def test_an_outage_is_where_no_bin_has_a_fix_in_time(engine: Engine, seed: int) -> None:
    sent = list(a_day(seed))
    end = END - timedelta(seconds=77 * (seed % 2))  # the last bin may be a part
    with engine.begin() as conn:
        for day in sent:
            heard(conn, on_duty(conn), day)
        assert list(outages(conn, START, end)) == plainly(sent, START, end)


def test_the_days_compared_have_outages_and_have_none() -> None:
    found = [len(plainly(list(a_day(seed)), START, END)) for seed in range(8)]
    assert 0 in found and max(found) > 0


def test_too_few_witnesses_show_no_outage(engine: Engine) -> None:
    with engine.begin() as conn:
        for _ in range(LEAST_WITNESSES - 1):
            heard(conn, on_duty(conn), [(at("07:30"), at("07:30"))])
        assert outages(conn, START, END) == ()
        heard(conn, on_duty(conn), [(at("07:30"), at("07:30"))])
        assert outages(conn, START, END) == ((START, END),)


def test_the_fixes_of_witnesses_are_found_by_the_primary_key(engine: Engine, owner: Engine) -> None:
    """Read as a join, the whole city's day was read for each area."""
    with engine.begin() as conn:
        duties = [on_duty(conn) for _ in range(30)]
        for duty in duties:
            receive(conn, duty.device_id, [Fix(START + timedelta(minutes=n), -6.2, 106.8, 10.0) for n in range(480)])
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        conn.execute(text("ANALYZE"))
    asked = {"start": START, "end": END, "witnesses": [duty.device_id for duty in duties], "bin": BIN, "in_time_s": 600}
    with engine.connect() as conn:
        (told,) = conn.execute(text(f"EXPLAIN (FORMAT JSON) {BINS_HEARD.text}"), asked).scalars()
    read = [node for node in nodes(told[0]["Plan"]) if node.get("Relation Name", "").startswith("fix")]
    assert read and all("Index Cond" in node for node in read), json.dumps(told, indent=1)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for one in plan.get("Plans", []):
        yield from nodes(one)
