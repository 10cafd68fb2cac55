"""Start one bridge: `python -m mqtt_bridge`."""

from __future__ import annotations

import gc

from config import begin
from mqtt_bridge.bridge import run
from tracker.ingest import Ingest
from tracker.sealing import Sealer
from tracker.storage.engine import make_engine, wait_for_schema

GARBAGE_AFTER = 200_000  # objects; a batch makes fewer, without cycles, and they go with it


def main() -> None:
    gc.freeze()
    gc.set_threshold(GARBAGE_AFTER)  # with Python's 700 a fifth of the bridge's time was looking for cycles
    config = begin("bridge")
    engine = make_engine(config.database_url, pool_size=1)
    wait_for_schema(engine)
    run(config.mqtt_urls, config.mqtt_ca_file, engine, Ingest(engine, config.retention_days, Sealer(config.secret_key)))


if __name__ == "__main__":
    main()
