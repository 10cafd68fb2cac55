"""The head of the audit's chain, put where the logs go: out of reach of whoever could write the chain anew."""

from __future__ import annotations

import logging

from sqlalchemy import Engine

from tracker.domain.audit_chain import Head
from tracker.storage.audit_chain import head

log = logging.getLogger(__name__)


def note_head(engine: Engine) -> Head:
    """Log the head as `audit verify --expect` takes it."""
    with engine.begin() as conn:
        found = head(conn)
    log.info("audit: the head of the chain is %s", found)
    return found
