"""The API does what its document says: Schemathesis reads it, makes up requests, right and wrong, and compares.

`API_FUZZ_S` says for how long; `make api-fuzz` takes its time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, StopReason, events, from_schema
from schemathesis.engine.run import PhaseName
from sqlalchemy import Engine
from werkzeug.serving import make_server

from tests import builders as build
from tests.web.conftest import People
from tests.web.test_tokens import token_for

SECONDS = int(os.environ.get("API_FUZZ_S", "20"))
# what is right by the document may stand against the register as it is, or against a version that nobody named
AS_IT_IS = ["2xx", "304", "404", "409", "412", "428"]
OUTLINES = [f"/api/v1/zones{path}" for path in ("", "/{zone_id}/outline")]  # whether lines cross no document can say


def settings(token: str) -> SchemathesisConfig:
    """All checks, in all phases."""
    return SchemathesisConfig.from_dict({
        "max-time": SECONDS,
        "seed": 20261125,
        "continue-on-failure": True,
        "headers": {"Authorization": f"Bearer {token}"},
        "generation": {"max-examples": 1000 if SECONDS > 60 else 4, "database": "none", "no-shrink": True},
        "checks": {
            "positive_data_acceptance": {"expected-statuses": AS_IT_IS},
            "missing_required_header": {"expected-statuses": [400, 401, 404, 422, 428]},
        },
        "operations": [
            {"include-path": path, "checks": {"positive_data_acceptance": {"expected-statuses": [*AS_IT_IS, "422"]}}}
            for path in OUTLINES
        ],
    })  # fmt: skip


@pytest.fixture
def token(engine: Engine, people: People) -> str:
    with engine.begin() as conn:
        build.vehicle(conn, people.unit)
    return token_for(engine, "admin", "register:read", "register:write")


def failures(found: list[Any]) -> Iterator[str]:
    """What went wrong, with the request that shows it."""
    for event in found:
        if isinstance(event, events.NonFatalError):
            yield f"{event.label}: {event.info.format()}"
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, events.ScenarioFinished) and event.status is Status.FAILURE:
            for case_id, nodes in event.recorder.checks.items():
                for node in nodes:
                    if node.failure_info is not None:
                        case = event.recorder.cases[case_id].value
                        yield f"{node.name}: {node.failure_info.failure}\n{case.as_curl_command()}"


@pytest.fixture
def served(app: Flask) -> Iterator[str]:
    """The address of the application, as a server answers it."""
    app.testing = False  # a mistake of ours is an answer 500, as in earnest
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_api_is_as_its_document_says(served: str, token: str) -> None:
    schema = schemathesis.openapi.from_url(f"{served}/api/v1/openapi.json", config=settings(token))
    seen = list(from_schema(schema).execute())
    wrong = list(failures(seen))
    assert not wrong, "\n\n".join(wrong)
    gone_through = {event.phase.name for event in seen if isinstance(event, events.PhaseFinished)}
    assert gone_through >= {PhaseName.EXAMPLES, PhaseName.COVERAGE, PhaseName.FUZZING, PhaseName.STATEFUL_TESTING}
    finished = seen[-1]
    assert isinstance(finished, events.EngineFinished)
    assert finished.stop_reason in (StopReason.COMPLETED, StopReason.MAX_TIME)
