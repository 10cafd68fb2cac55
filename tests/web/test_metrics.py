"""What operators see: the sum of all processes, and only with the token."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from tests.services import CHECKOUT
from tests.web.conftest import Settings

COUNT = """
from tracker.metrics import count_batch
from tracker.storage.fixes import Saved
count_batch("mqtt", Saved(stored=3, rejected=1, reasons={"no_time": 1}), 4, 0.01, 0.02)
"""


def samples(text: str) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(text)
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_without_the_token_there_is_no_such_page(app: Flask) -> None:
    asking = app.test_client().get
    assert asking("/metrics").status_code == 404
    assert asking("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404


def test_the_counts_of_all_processes_add_up(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", COUNT], env=env, cwd=CHECKOUT, check=True)
    (tmp_path / "counter_1.db").touch()  # of a process that was killed as it made the file
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    answer = app.test_client().get("/metrics", headers={"Authorization": f"Bearer {Settings.metrics_token}"})
    found = samples(answer.text)
    assert answer.status_code == 200
    assert found["jejak_messages_total", "mqtt"] == 8
    assert {fate: found["jejak_observations_total", "mqtt", fate] for fate in ("stored", "rejected")} == {
        "stored": 6, "rejected": 2,
    }  # fmt: skip
    assert found["jejak_rejected_total", "mqtt", "no_time"] == 2
    assert found["jejak_batch_messages_count", "mqtt"] == 2


def test_every_request_is_counted_also_where_it_is_refused(app: Flask) -> None:
    browser = app.test_client()

    def counted() -> Counter[tuple[str, ...]]:
        page = browser.get("/metrics", headers={"Authorization": f"Bearer {Settings.metrics_token}"}).text
        name = "jejak_http_request_seconds_count"
        return Counter({labels[1:]: int(n) for labels, n in samples(page).items() if labels[0] == name})

    before = counted()
    browser.get("/healthz")
    browser.get("/no-such-page")
    browser.get("/me")
    browser.post("/sign-in")
    assert counted() - before == {
        ("2xx", "health.alive"): 1, ("4xx", "none"): 1, ("3xx", "my_day.today"): 1, ("4xx", "signing_in.sign_in"): 1,
        ("2xx", "metrics.show"): 1,
    }  # fmt: skip
