"""What operators see of the running city, as Prometheus metrics; docs/operations.md says what to watch.

Several processes count: where `PROMETHEUS_MULTIPROC_DIR` names a folder they share it, and `tracker.web.metrics` shows
their sum. Nothing here costs anything per message: a batch is counted as a whole.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from tracker.storage.fixes import Saved

MESSAGES = Counter("jejak_messages", "Messages that were saved, whatever became of them", ["door"])
OBSERVATIONS = Counter("jejak_observations", "What messages said, by what became of it", ["door", "fate"])
REJECTED = Counter("jejak_rejected", "Messages rejected; one with two reasons counts twice", ["door", "reason"])
BATCH = Histogram(
    "jejak_batch_messages", "Messages saved in one transaction", ["door"], buckets=(1, 10, 100, 1000, 2500, 5000, 10000)
)
SAVING = Histogram(
    "jejak_save_seconds", "From a batch to its commit", ["door"], buckets=(0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10)
)
LAG = Histogram(
    "jejak_lag_seconds", "From the arrival of a batch's oldest message to its commit", ["door"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30),
)  # fmt: skip
BRIDGE_LIVES = Gauge(
    "jejak_bridge_last_turn_timestamp_seconds", "When the bridge last waited for messages", multiprocess_mode="max"
)
BACKLOG = Gauge(
    "jejak_broker_backlog_messages", "Messages the broker keeps for the bridge", multiprocess_mode="mostrecent"
)
REPEATED = Gauge(
    "jejak_broker_repeated_messages", "Messages the broker sent again and awaits", multiprocess_mode="mostrecent"
)
ACCESS_LIVES = Gauge(
    "jejak_broker_access_last_turn_timestamp_seconds", "When the broker's access service last looked at it",
    multiprocess_mode="max",
)  # fmt: skip
ADMITTED = Gauge("jejak_broker_devices", "Devices the broker admits", multiprocess_mode="mostrecent")
DENIED = Counter("jejak_broker_denied", "Messages that devices published where they may not: acknowledged and lost")
SNAPSHOT_WRITTEN = Gauge(
    "jejak_snapshot_written_timestamp_seconds", "When the public snapshot was written", multiprocess_mode="max"
)
SNAPSHOT_VEHICLES = Gauge("jejak_snapshot_vehicles", "Vehicles citizens see", multiprocess_mode="mostrecent")
SNAPSHOT = Histogram("jejak_snapshot_seconds", "Making the public snapshot", buckets=(0.01, 0.03, 0.1, 0.3, 1, 3))
JOBS = Histogram(
    "jejak_job_seconds", "Runs of the scheduler's jobs", ["job", "outcome"], buckets=(0.01, 0.1, 1, 10, 60, 600)
)
JOB_DONE = Gauge(
    "jejak_job_done_timestamp_seconds", "When a job last ended well", ["job"], multiprocess_mode="max"
)  # fmt: skip
JOB_EVERY = Gauge("jejak_job_every_seconds", "How often a job runs", ["job"], multiprocess_mode="mostrecent")
MAILS = Counter("jejak_mails", "Mails by what became of them at each try", ["outcome"])
REQUESTS = Histogram(
    "jejak_http_request_seconds", "Requests by the view that answered them", ["view", "status"],
    buckets=(0.003, 0.01, 0.03, 0.1, 0.3, 1, 3),
)  # fmt: skip

FATES = (
    "stored", "duplicate", "off_duty", "unassigned", "clock_ahead", "no_fix", "statuses", "counters", "rejected",
    "retained",
)  # fmt: skip


def count_batch(door: str, saved: Saved, messages: int, seconds: float, lag_s: float) -> None:
    """Count a committed batch of so many messages, `seconds` in the saving, its oldest message `lag_s` on its way."""
    MESSAGES.labels(door).inc(messages)
    for fate in FATES:
        if count := getattr(saved, fate):
            OBSERVATIONS.labels(door, fate).inc(count)
    for reason, count in saved.reasons.items():
        REJECTED.labels(door, reason).inc(count)
    BATCH.labels(door).observe(messages)
    SAVING.labels(door).observe(seconds)
    LAG.labels(door).observe(lag_s)
