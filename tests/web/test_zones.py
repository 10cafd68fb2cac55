"""The zones' pages: drawn, typed or from a file; what is wrong is said, and what was typed stays."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from tests.web.conftest import Browser, signed_in
from tracker.storage import models as m

SQUARE = "-6.2, 106.8\n-6.2, 106.81\n-6.19, 106.81\n-6.19, 106.8"
TWISTED = "\n".join(
    ["-6.2, 106.8", "-6.2, 106.81", "-6.19, 106.81", "-6.19, 106.805", "-6.1899, 106.80501", "-6.19, 106.80502",
     "-6.18995, 106.80499", "-6.19, 106.8"]
)  # fmt: skip
RING = [[106.8, -6.2], [106.81, -6.2], [106.81, -6.19], [106.8, -6.2]]
FEATURE = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [RING]}}


def zones(engine: Engine) -> dict[str, Any]:
    """The zones that are there, by name: a radius, or how many corners each ring of the first part has."""
    with engine.connect() as conn:
        rows = conn.execute(select(m.Zone).where(m.Zone.retired_at.is_(None)))
        return {row.name: row.radius_m or [len(ring) for ring in row.parts[0]] for row in rows}


def the_id(engine: Engine, name: str) -> int:
    with engine.connect() as conn:
        return conn.scalars(select(m.Zone.id).where(m.Zone.name == name, m.Zone.retired_at.is_(None))).one()


def test_a_circle_is_added_and_shown(admin: Browser, engine: Engine) -> None:
    answer = admin.post("/admin/zones/new", name="Taman", kind="circle", lat="-6.2", lon="106.8", radius_m="150")
    assert answer.status_code == 303 and zones(engine)["Taman"] == 150
    page = admin.get(answer.headers["Location"]).text
    assert "The zone Taman is added." in page and "A circle of 150 m around -6.2, 106.8" in page


@pytest.mark.parametrize(
    "outline",
    [
        SQUARE, SQUARE.replace(", ", " "), json.dumps(FEATURE), json.dumps(FEATURE["geometry"]),
        json.dumps({"type": "FeatureCollection", "features": [FEATURE]}),
    ],
)  # fmt: skip
def test_an_area_is_typed_or_pasted(admin: Browser, engine: Engine, outline: str) -> None:
    assert admin.post("/admin/zones/new", name="Taman", kind="area", outline=outline).status_code == 303
    assert zones(engine)["Taman"] in ([5], [4])


def test_a_file_goes_before_what_is_typed(admin: Browser, engine: Engine) -> None:
    file = (io.BytesIO(b"\xef\xbb\xbf" + json.dumps(FEATURE).encode()), "taman.geojson")
    assert admin.post("/admin/zones/new", name="Taman", kind="area", outline=SQUARE, file=file).status_code == 303
    assert zones(engine)["Taman"] == [4]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"kind": "circle", "lat": "-6.2", "lon": "106.8", "radius_m": "5"}, "Write a radius of 10 to 50,000 metres."),
        ({"kind": "circle", "lon": "106.8", "radius_m": "50"}, "Write the latitude in degrees"),
        ({"kind": "circle", "lat": "106.8", "lon": "-6.2", "radius_m": "50"}, "Write the latitude in degrees"),
        ({"kind": "circle", "lat": "nan", "lon": "106.8", "radius_m": "50"}, "Write the latitude in degrees"),
        ({"kind": "area"}, "Draw at least three corners"),
        ({"kind": "area", "outline": "-6.2, 106.8\nMonas"}, "such as -6.2, 106.8. It is near here: Monas"),
        ({"kind": "area", "outline": "-6.2, 106.8\n-6.2, 106.9"}, "at least three different corners"),
        ({"kind": "area", "outline": "{"}, "no outline that can be read"),
        ({"kind": "area", "outline": '{"type": "Point", "coordinates": [1, 2]}'}, "no outline that can be read"),
        ({"kind": "area", "outline": '{"type": "FeatureCollection", "features": []}'}, "several areas in this file"),
        ({"kind": "square"}, "Choose one of the list."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    admin: Browser, engine: Engine, typed: dict[str, str], said: str
) -> None:
    before = zones(engine)
    answer = admin.post("/admin/zones/new", name="Taman Baru", **typed)
    assert answer.status_code == 422 and said in answer.text and 'value="Taman Baru"' in answer.text
    assert zones(engine) == before


def test_an_outline_that_crosses_itself_is_offered_mended(admin: Browser, engine: Engine) -> None:
    answer = admin.post("/admin/zones/new", name="Taman", kind="area", outline=TWISTED)
    assert answer.status_code == 422 and "Here it is mended" in answer.text and "Taman" not in zones(engine)
    mended = answer.text.split("<textarea")[1].split(">", 1)[1].split("</textarea>")[0].replace("&#34;", '"')
    assert admin.post("/admin/zones/new", name="Taman", kind="area", outline=mended).status_code == 303


def test_a_name_is_taken_once(admin: Browser, engine: Engine) -> None:
    circle = {"kind": "circle", "lat": "-6.2", "lon": "106.8", "radius_m": "150"}
    admin.post("/admin/zones/new", name="Taman", **circle)
    answer = admin.post("/admin/zones/new", name="Taman", **circle)
    assert answer.status_code == 422 and "There is a zone of this name already." in answer.text
    admin.post("/admin/zones/new", name="Pos", **circle)
    answer = admin.post(f"/admin/zones/{the_id(engine, 'Pos')}/name", name="Taman")
    assert answer.status_code == 422 and "There is a zone of this name already." in answer.text


def test_another_shape_follows_and_the_old_one_can_be_looked_at(admin: Browser, engine: Engine) -> None:
    admin.post("/admin/zones/new", name="Taman", kind="circle", lat="-6.2", lon="106.8", radius_m="150")
    old = the_id(engine, "Taman")
    assert 'value="150"' in admin.get(f"/admin/zones/{old}/shape").text
    answer = admin.post(f"/admin/zones/{old}/shape", kind="area", outline=SQUARE)
    assert answer.status_code == 303 and zones(engine)["Taman"] == [5]
    page = admin.get(answer.headers["Location"]).text
    assert "The shape is changed." in page and "An area of 122.9 hectares" in page and "Earlier shapes" in page
    before = admin.get(f"/admin/zones/{old}").text
    assert "This shape was in use until" in before and "Change the shape" not in before
    assert admin.post(f"/admin/zones/{old}/shape", kind="area", outline=SQUARE).status_code == 404
    same = admin.post(f"/admin/zones/{the_id(engine, 'Taman')}/shape", kind="area", outline=SQUARE)
    assert "The shape is the same as before." in admin.get(same.headers["Location"]).text


def test_what_is_in_use_is_not_removed(admin: Browser, engine: Engine) -> None:
    admin.post("/admin/zones/new", name="Taman", kind="circle", lat="-6.2", lon="106.8", radius_m="150")
    zone = the_id(engine, "Taman")
    with engine.begin() as conn:
        conn.execute(m.Vehicle.__table__.update().values(base_zone_id=zone))
        conn.execute(m.Vehicle.__table__.insert().values(
            call_sign="TS-9", plate="B 9", kind="ambulance", base_zone_id=zone,
            unit_id=conn.scalars(select(m.Unit.id)).first()))  # fmt: skip
    answer = admin.post(f"/admin/zones/{zone}/remove")
    assert answer.status_code == 422 and "Vehicles have their base in this zone" in answer.text
    assert "TS-9" in answer.text
    with engine.begin() as conn:
        conn.execute(m.Vehicle.__table__.update().values(base_zone_id=None))
    assert admin.post(f"/admin/zones/{zone}/remove").status_code == 303 and "Taman" not in zones(engine)
    assert "Taman" in admin.get("/admin/zones?state=removed").text


def test_the_list_is_narrowed_by_the_address(admin: Browser) -> None:
    admin.post("/admin/zones/new", name="Taman", kind="circle", lat="-6.2", lon="106.8", radius_m="150")
    admin.post("/admin/zones/new", name="Kelurahan", kind="area", outline=SQUARE)
    for query, shown, hidden in [("q=tam", "Taman", "Kelurahan"), ("kind=area", "Kelurahan", "Taman")]:
        page = admin.get(f"/admin/zones?{query}").text
        assert f">{shown}</a>" in page and f">{hidden}</a>" not in page
    assert "No zone matches these filters." in admin.get("/admin/zones?q=nowhere").text


def test_the_layer_is_fetched_again_only_when_something_changed(admin: Browser) -> None:
    admin.post("/admin/zones/new", name="Taman", kind="circle", lat="-6.2", lon="106.8", radius_m="150")
    first = admin.get("/admin/zones/shapes.geojson")
    assert "Taman" in [one["properties"]["name"] for one in first.get_json(force=True)["features"]]
    tag = first.headers["ETag"]
    assert admin.get("/admin/zones/shapes.geojson", **{"If-None-Match": tag}).status_code == 304
    admin.post("/admin/zones/new", name="Pos", kind="circle", lat="-6.2", lon="106.8", radius_m="150")
    assert admin.get("/admin/zones/shapes.geojson", **{"If-None-Match": tag}).status_code == 200


def test_an_administrator_of_a_unit_looks_and_changes_nothing(app: Flask, admin: Browser, engine: Engine) -> None:
    admin.post("/admin/zones/new", name="Taman", kind="circle", lat="-6.2", lon="106.8", radius_m="150")
    zone = the_id(engine, "Taman")
    with engine.begin() as conn:
        unit = conn.scalars(select(m.Unit.id)).first()
        account = conn.scalars(select(m.Account.id).where(m.Account.username == "stranger")).one()
        conn.execute(m.RoleGrant.__table__.insert().values(
            account_id=account, role="administrator", unit_id=unit, period="[,]"))  # fmt: skip
    theirs = signed_in(app, engine, "stranger")
    assert "Taman" in theirs.get("/admin/zones").text
    assert f"/admin/zones/{zone}/remove" not in theirs.get(f"/admin/zones/{zone}").text
    assert theirs.post(f"/admin/zones/{zone}/remove").status_code == 404
