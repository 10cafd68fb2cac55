"""`python -m bench.ledger`: kill everything at random, many times over; what became of each fix?"""

from __future__ import annotations

import argparse
import logging
import secrets
import statistics
import sys
from collections.abc import Iterator

from tests.ledger.chaos import wreak
from tests.ledger.ledger import Ledger
from tests.ledger.system import System, running
from tests.services import BROKERS, DatabaseServer, missing_program, server_folder

MAY_LOSE = ("mosquitto",)  # they acknowledge from memory and promise nothing of it


def main(arguments: list[str] | None = None) -> None:
    """Run and print; ends with a sentence where a broker that keeps what it acknowledges lost something."""
    parser = argparse.ArgumentParser(prog="python -m bench.ledger", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="of each broker's run (100)")
    parser.add_argument("--seed", default=secrets.token_hex(4), help="repeats a run: what is killed, and when")
    parser.add_argument("--broker", choices=BROKERS, action="append", help="one broker; may be repeated (all)")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    print(f"seed {options.seed}")
    broken = []
    for broker in options.broker or BROKERS:
        if missing := missing_program(broker):
            sys.exit(f"bench: {broker} needs {missing}; `make test` installs it, or choose --broker")
        ledger, recovery = _run(broker, options.seed, options.kills)
        print("\n".join(["", *_lines(broker, options.kills, ledger, recovery)]), flush=True)
        if ledger.unexpected or (ledger.lost and broker not in MAY_LOSE):
            broken.append(broker)
    if broken:
        sys.exit(f"bench: on {', '.join(broken)} the stored set is not the acknowledged set; see above")


def _run(broker: str, seed: str, kills: int) -> tuple[Ledger, dict[str, list[float]]]:
    with server_folder() as folder, running(System(folder, BROKERS[broker](folder), DatabaseServer(folder))) as system:
        system.add_phones(seed)
        recovery = wreak(system, seed, kills)
        return system.settle(), recovery


def _lines(broker: str, kills: int, ledger: Ledger, recovery: dict[str, list[float]]) -> Iterator[str]:
    """`name value unit`."""
    for name, value, unit in (
        ("kills", kills, ""),
        ("attempted", ledger.attempted, "fixes"),
        ("acknowledged", ledger.acknowledged, "fixes"),
        ("stored", ledger.stored, "fixes"),
        ("lost", len(ledger.lost), "fixes"),
        ("recovered", ledger.recovered, "fixes"),
        ("unexpected", ledger.unexpected, "fixes"),
        ("duplicated", ledger.duplicated, "messages"),
    ):
        yield f"ledger.{broker}.{name} {value} {unit}".rstrip()
    for target, seconds in recovery.items():
        if seconds:
            target = target.replace(" ", "_")
            figures = f"{_quantile(seconds, 50):.2f} {_quantile(seconds, 95):.2f} {max(seconds):.2f}"
            yield f"ledger.{broker}.recovery.{target} {figures} s_p50_p95_max of {len(seconds)}"


def _quantile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else values[0]


if __name__ == "__main__":
    main()
