"""Daily, weekly and monthly reports: each period that ended is made once, when it is ready, the missed ones too."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from tracker import failpoints
from tracker.domain.period_reports import is_ready, periods_due
from tracker.domain.periods import Cadence, Period
from tracker.storage import period_reports as store
from tracker.storage.period_reports import Made
from tracker.storage.reach import stored_until

log = logging.getLogger(__name__)


def make_due(engine: Engine, zone: ZoneInfo, now: datetime, stopping: Callable[[], bool]) -> None:
    """Make every period that is due and ready, the oldest of each cadence first; what waits says for what."""
    today = now.astimezone(zone).date()
    for cadence in Cadence:
        with engine.begin() as conn:
            due = periods_due(cadence, today, store.first_duty(conn), store.periods_made(conn, cadence))
        for period in due:
            if stopping():
                return
            _make_or_tell(engine, period, zone, now)


def make_by_hand(engine: Engine, period: Period, zone: ZoneInfo, now: datetime) -> Made | None:
    """Make one period as it is, ready or not; None where it was made before."""
    with engine.begin() as conn:
        return store.make(conn, period, store.standing_of(conn, period), zone, now)


def _make_or_tell(engine: Engine, period: Period, zone: ZoneInfo, now: datetime) -> None:
    """Make a period or write down what it waits for; an error is written down, and the next turn tries again."""
    try:
        with engine.begin() as conn:
            standing = store.standing_of(conn, period)
            until = stored_until(conn, now)
            if not is_ready(standing, now, until):
                store.note_wait(conn, period, standing, _behind_min(until, now), now)
                return
            made = store.make(conn, period, standing, zone, now)
            failpoints.reach("period_making")
        failpoints.reach("period_made")
    except OperationalError:
        raise  # the database is away: it is for the scheduler to say
    except Exception as error:
        log.exception("%s %s cannot be made", period.cadence, period.first)
        with engine.begin() as conn:
            store.note_failure(conn, period, f"{type(error).__name__}: {error}", datetime.now(UTC))
        return
    if made is not None:
        log.info("%s %s: made of %d duties, %d mails", period.cadence, period.first, made.duties, made.mails)


def _behind_min(until: datetime, now: datetime) -> int:
    """By how many minutes what is stored is behind, because devices' messages are still on their way."""
    return max(0, int((now - until).total_seconds() // 60))


def told(period: Period, made: Made | None) -> str:
    """What making one by hand says on its line."""
    name = f"{period.cadence} {period.first}"
    if made is None:
        return f"{name}: made before; nothing was changed"
    return f"{name}: duties {made.duties}, not_judged {made.not_judged}, mails {made.mails}"
