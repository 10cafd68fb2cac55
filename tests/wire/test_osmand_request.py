"""A request of the OsmAnd protocol: who it is from, and nothing in it that ends the conversation."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.wire.osmand_request import credentials, payload, read


def test_an_identifier_that_is_no_text_names_nobody() -> None:
    for depth in range(900, 1000, 5):  # near the depth that Python reads but cannot write
        deep = b"[" * depth + b"]" * depth
        assert credentials(read(b"", b'{"device_id": ' + deep + b"}")) is None
    assert credentials(read(b"", b'{"device_id": {"budi-s.s3cret": 1}}')) is None


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (b"id=budi-s.s3cret&lat=-6.2", b""),
        (b"", b"deviceid=budi-s.s3cret&lat=-6.2"),
        (b"", b'{"device_id": "budi-s.s3cret", "location": {"extras": {"id": "s3cret"}}}'),
        (b"", b'[{"device_id": "budi-s.s3cret"}, {"device_id": "budi-s.s3cret"}]'),
    ],
)
def test_the_secret_opens_the_door_and_goes_no_further(query: bytes, body: bytes) -> None:
    spoken = read(query, body)
    assert credentials(spoken) == ("budi-s", "s3cret")
    said = payload(spoken, "budi-s", "s3cret")
    assert b"s3cret" not in said and b"budi-s" in said


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "device_id", "x"]), inner),
    max_leaves=6,
)


@given(st.binary(max_size=60), st.binary(max_size=200) | anything.map(lambda said: json.dumps(said).encode()))
def test_no_request_raises(query: bytes, body: bytes) -> None:
    spoken = read(query, body)
    login, secret = credentials(spoken) or ("budi-s", "s3cret")
    payload(spoken, login, secret)
