"""`python -m tracker.storage`: bring the tables to the newest revision and the service's role to its rights."""

from __future__ import annotations

import sys

from sqlalchemy.engine import make_url

from config import begin
from tracker.storage.engine import make_engine, wait_for_server
from tracker.storage.migrate import ServerTooOld, migrate
from tracker.storage.revision import head_revision


def main() -> None:
    config = begin("migrate")
    owner = make_engine(config.database_owner_url, pool_size=1)
    wait_for_server(owner)
    try:
        app_role = str(make_url(config.database_url).username)
        migrate(owner, app_role, config.retention_days, config.attendance_years)
    except ServerTooOld as error:
        sys.exit(f"migrate: {error}")
    print(f"migrate: the tables are at revision {head_revision()}")


if __name__ == "__main__":
    main()
