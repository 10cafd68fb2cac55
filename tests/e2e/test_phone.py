"""A phone from its QR code to its last fix: the picture on the page is read, followed by real programs, and revoked."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Locator, expect
from sqlalchemy import Engine, func, select

from tests.conftest import Database, bridge_process
from tests.devices import Client
from tests.e2e.site import PASSWORD, Site, Visitor, served, small_city
from tests.services import DEADLINE_S, Broker, access_processes, server_folder, wait_until
from tracker.storage import models as m

CHEAP_PHONE = (360, 800)


@pytest.fixture
def broker() -> Iterator[Broker]:
    with server_folder() as folder:
        yield Broker(folder, tls=True)


@pytest.fixture
def site(database: Database, engine: Engine, broker: Broker, tmp_path: Path) -> Iterator[Site]:
    """A whole city, with broker, access and bridge, whose pages say where the broker is."""
    person_id, work_date = small_city(engine)
    tls = {"MQTT_URL": broker.tls_url, "MQTT_CA_FILE": str(broker.ca_file)}
    bridge = bridge_process(database, broker, tmp_path, **tls)
    processes = [broker.process, bridge, *access_processes(database.app_url, database.owner_url, broker, tmp_path)]
    where = f"mqtts://127.0.0.1:{broker.tls_port}"
    with ExitStack() as ends:
        for process in processes:
            process.start(wait=process is not processes[-1])
            ends.callback(process.stop)
        address = ends.enter_context(served(database, tmp_path, MQTT_PUBLIC_URL=where))
        yield Site(address, tmp_path / "public", person_id, work_date)


def read(picture: Locator) -> str:
    """What a camera reads off the screen."""
    (found,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.screenshot())))
    return found.text


def settings_of(link: str) -> dict[str, Any]:
    parts = urlsplit(link)
    assert (parts.scheme, parts.path) == ("owntracks", "/config")
    found: dict[str, Any] = json.loads(base64.b64decode(parse_qs(parts.query)["inline"][0]))
    return found


def position() -> str:
    now = int(datetime.now(UTC).timestamp())
    return json.dumps({"_type": "location", "tst": now, "lat": -6.2, "lon": 106.8, "acc": 8})


def publish(said: dict[str, Any], ca_file: Path) -> subprocess.CompletedProcess[str]:
    """Follow the settings with a program that is none of ours."""
    command = [
        "mosquitto_pub", "-h", said["host"], "-p", str(said["port"]), "--cafile", str(ca_file), "-u", said["username"],
        "-P", said["password"], "-i", said["clientId"], "-V", {4: "mqttv311"}[said["mqttProtocolLevel"]],
        "-q", str(said["pubQos"]), "-t", said["pubTopicBase"], "-m", position(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_S)


def stored(engine: Engine, login: str) -> int:
    with engine.connect() as conn:
        fixes = select(func.count()).select_from(m.StoredFix).join(m.Device, m.Device.id == m.StoredFix.device_id)
        return conn.scalars(fixes.where(m.Device.login == login)).one()


def nip(engine: Engine, person_id: int) -> str:
    with engine.connect() as conn:
        return conn.scalars(select(m.Person.nip).where(m.Person.id == person_id)).one()


def test_a_phone_is_set_up_by_its_picture_and_ends_when_it_is_revoked(
    visitor: Visitor, site: Site, engine: Engine, broker: Broker
) -> None:
    page = visitor.page
    visitor.sign_in("admin")
    page.get_by_role("link", name="Perangkat", exact=True).click()
    page.get_by_role("link", name="Tambah perangkat").first.click()
    visitor.check()
    page.get_by_label("NIP orang").fill(nip(engine, site.person_id))
    page.get_by_label("Login").fill("hp-siti")
    page.get_by_label("Model").fill("Samsung A05")
    page.get_by_role("button", name="Tambah dan tampilkan kode QR").click()
    expect(page.get_by_role("heading", name="Siapkan dengan ini")).to_be_visible()
    over_mqtt = settings_of(read(page.get_by_role("img", name="Kode QR setelan OwnTracks lewat MQTT")))
    page.get_by_text("OwnTracks lewat HTTP, bila MQTT diblokir").click()
    over_http = settings_of(read(page.get_by_role("img", name="Kode QR setelan OwnTracks lewat HTTP")))
    page.get_by_text("Traccar Client", exact=True).click()
    assert f"hp-siti.{over_mqtt['password']}" in read(page.get_by_role("img", name="Kode QR setelan Traccar Client"))
    visitor.check()

    wait_until(lambda: publish(over_mqtt, broker.ca_file).returncode == 0, "the phone is let in")
    wait_until(lambda: stored(engine, "hp-siti") == 1, "its fix is stored")
    basic = base64.b64encode(f"{over_http['username']}:{over_http['password']}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(over_http["url"], position().encode(), headers)) as answer:
        assert answer.status == 200 and answer.read() == b"[]"

    living = Client(over_mqtt["port"], over_mqtt["username"], over_mqtt["password"], broker.ca_file)
    assert living.code == "Success"
    visitor.go("/admin/devices?q=hp-siti")
    visitor.check()
    page.get_by_role("link", name="hp-siti").click()
    expect(page.get_by_text("Samsung", exact=False).first).to_be_visible()
    visitor.check()
    page.get_by_text("Cabut", exact=True).click()
    visitor.check()
    page.get_by_role("button", name="Ya, cabut").click()
    expect(page.get_by_text("Perangkat dicabut")).to_be_visible()
    wait_until(lambda: living.disconnected, "its living connection ends")
    living.close()
    refused = publish(over_mqtt, broker.ca_file)
    assert refused.returncode != 0 and "not authorised" in refused.stderr.lower()
    visitor.check()


def test_an_employee_connects_their_own_phone(chromium: Browser, site: Site, engine: Engine, broker: Broker) -> None:
    """Who has none gets one; on the phone itself the link is followed."""
    context = chromium.new_context(viewport={"width": CHEAP_PHONE[0], "height": CHEAP_PHONE[1]}, locale="id-ID")
    context.set_default_timeout(DEADLINE_S * 1000)
    visitor = Visitor(context.new_page(), site, [])
    page = visitor.page
    visitor.sign_in("baru")
    page.get_by_role("button", name="Saya sudah membaca").click()
    page.get_by_role("link", name="Ponsel saya").click()
    expect(page.get_by_text("Belum ada ponsel yang terhubung")).to_be_visible()
    visitor.check()
    page.get_by_role("button", name="Hubungkan ponsel ini").click()
    link = page.get_by_role("link", name="Buka di OwnTracks pada ponsel ini").first.get_attribute("href")
    said = settings_of(link or "")
    visitor.check()
    wait_until(lambda: publish(said, broker.ca_file).returncode == 0, "the phone is let in")
    visitor.go("/me/phone")
    heard = page.get_by_text("Ponsel Anda terdengar")
    wait_until(lambda: page.reload() and heard.count(), "the page says it was heard")
    assert said["password"] not in page.content() and PASSWORD not in page.content()
    visitor.check()
    context.close()
