"""Where idle time was spent is forgotten with the positions it was read from."""

from __future__ import annotations

import threading
from datetime import datetime

from sqlalchemy import Engine, text

AT_ONCE = 5_000  # revisions of one transaction
# the times and seconds of each place stay; only where it was goes
FORGET = text("""
UPDATE idle_revision SET evidence = jsonb_set(evidence, '{places}', (
    SELECT jsonb_agg(place - 'lat' - 'lon' ORDER BY number)
    FROM jsonb_array_elements(evidence->'places') WITH ORDINALITY AS place (place, number)))
WHERE id IN (
    SELECT idle_revision.id FROM idle_revision JOIN duty_window ON duty_window.id = window_id
    WHERE accepts_until < :oldest AND evidence @? '$.places[*].lat' LIMIT :at_once)
""")


def forget_idle_places(owner: Engine, oldest: datetime, stop: threading.Event) -> int:
    """Forget the places in revisions of duties before `oldest`; returns how many revisions. Only the owner may."""
    forgotten = 0
    while not stop.is_set():
        with owner.begin() as conn:
            some = conn.execute(FORGET, {"oldest": oldest, "at_once": AT_ONCE}).rowcount
        forgotten += some
        if some < AT_ONCE:
            break
    return forgotten
