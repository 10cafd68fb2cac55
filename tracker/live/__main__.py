"""Write the public snapshot every few seconds: `python -m tracker.live`."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime

from sqlalchemy.exc import DBAPIError

from config import begin
from tracker import metrics
from tracker.live.snapshot import feature_collection, public_vehicles, write
from tracker.storage.engine import make_engine, wait_for_schema

PERIOD_S = 3.0


def main() -> None:
    config = begin("live")
    engine = make_engine(config.database_url, pool_size=1)
    while True:
        wait_for_schema(engine)
        began, now = time.monotonic(), datetime.now(UTC)
        try:
            with engine.connect() as conn:
                vehicles = public_vehicles(conn, config.secret_key, config.timezone, now)
            write(config.data_dir / "public", feature_collection(vehicles, now))
            metrics.SNAPSHOT.observe(time.monotonic() - began)
            metrics.SNAPSHOT_VEHICLES.set(len(vehicles))
            metrics.SNAPSHOT_WRITTEN.set_to_current_time()
        except DBAPIError as error:
            logging.warning("the database went away (%s); the last snapshot stays", error.orig)
        time.sleep(max(0.0, began + PERIOD_S - time.monotonic()))


if __name__ == "__main__":
    main()
