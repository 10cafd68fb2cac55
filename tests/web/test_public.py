"""Open data and watchdogs."""

from __future__ import annotations

import json
import os
import time

from flask import Flask
from sqlalchemy import Engine

from tests import builders as build
from tests.web.conftest import Browser

SNAPSHOT = {"type": "FeatureCollection", "generated_at": "2026-11-19T08:00:00Z", "features": []}


def write_snapshot(app: Flask, snapshot: object = SNAPSHOT) -> None:
    folder = app.extensions["city"].public_dir
    folder.mkdir(exist_ok=True)
    (folder / "vehicles.geojson").write_text(json.dumps(snapshot))


def test_positions_that_do_not_exist_yet_are_a_sentence_and_a_time_to_wait(nobody: Browser) -> None:
    answer = nobody.get("/public/vehicles.geojson", **{"Accept-Language": "en"})
    assert answer.status_code == 503 and "Try again" in answer.json["error"]
    assert answer.headers["Retry-After"] == "5" and answer.headers["Access-Control-Allow-Origin"] == "*"


def test_positions_are_open_to_every_site_and_cost_nothing_when_unchanged(app: Flask, nobody: Browser) -> None:
    write_snapshot(app)
    answer = nobody.get("/public/vehicles.geojson")
    assert answer.json == SNAPSHOT and answer.content_type == "application/geo+json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and answer.headers["Last-Modified"]
    again = nobody.get("/public/vehicles.geojson", **{"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304 and again.data == b""
    write_snapshot(app, {**SNAPSHOT, "generated_at": "2026-11-19T08:00:03Z"})
    assert nobody.get("/public/vehicles.geojson", **{"If-None-Match": answer.headers["ETag"]}).status_code == 200


def test_only_bases_of_vehicles_are_public(engine: Engine, nobody: Browser) -> None:
    with engine.begin() as conn:
        build.vehicle(conn, base=build.zone(conn, name="Pool Sunter"))
        build.zone(conn, name="Kelurahan Menteng")
    (feature,) = nobody.get("/public/stations.geojson").json["features"]
    assert feature["properties"]["name"] == "Pool Sunter" and feature["geometry"]["coordinates"] == [106.8, -6.2]


def test_a_base_that_is_a_polygon_is_drawn_as_one_and_marked_inside(engine: Engine, nobody: Browser) -> None:
    ring = [[106.8, -6.2], [106.81, -6.2], [106.8, -6.19], [106.8, -6.2]]
    with engine.begin() as conn:
        build.vehicle(conn, base=build.area(conn, [(lon, lat) for lon, lat in ring], name="Pool Ancol"))
        build.vehicle(conn, base=build.zone(conn, name="Pool Sunter"))
    area, circle = nobody.get("/public/stations.geojson").json["features"]
    assert area["geometry"] == {"type": "MultiPolygon", "coordinates": [[ring]]}
    lon, lat = area["properties"]["centre"]
    assert 106.8 < lon < 106.81 and -6.2 < lat < -6.19 and area["properties"]["radius_m"] is None
    assert circle["properties"] == {"name": "Pool Sunter", "radius_m": 150, "centre": [106.8, -6.2]}


def test_an_operator_may_lay_boundaries_under_the_map(app: Flask, nobody: Browser) -> None:
    assert nobody.get("/public/boundaries.geojson").json["features"] == []
    write_snapshot(app)
    boundaries = {"type": "FeatureCollection", "features": [1]}
    (app.extensions["city"].public_dir / "boundaries.geojson").write_text(json.dumps(boundaries))
    assert nobody.get("/public/boundaries.geojson").json["features"] == [1]


def test_ready_says_whether_the_snapshot_is_fresh_but_needs_the_database_only(app: Flask, nobody: Browser) -> None:
    assert nobody.get("/healthz").json == {"alive": True}

    def said() -> tuple[int, object]:
        answer = nobody.get("/readyz")
        return answer.status_code, answer.json

    assert said() == (200, {"database": True, "snapshot": False})
    write_snapshot(app)
    assert said() == (200, {"database": True, "snapshot": True})
    long_ago = time.time() - 3600
    os.utime(app.extensions["city"].public_dir / "vehicles.geojson", (long_ago, long_ago))
    assert said() == (200, {"database": True, "snapshot": False})
