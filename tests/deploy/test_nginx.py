"""nginx as `deploy/nginx` configures it, in front of the real web server."""

from __future__ import annotations

import http.client
import os
import shutil
import ssl
import sys
from collections.abc import Iterator
from pathlib import Path
from socket import create_connection

import pytest

from config import Config
from deploy.local.processes import programs
from deploy.templates import filled
from tests.certificates import authority, certificate
from tests.conftest import Database
from tests.services import CHECKOUT, Process, answers, free_port, server_folder, wait_until

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
AROUND = "daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{}} http {{ {rest} }}\n"
KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
TEMPORARY = " ".join(f"{kind}_temp_path {{folder}}/{kind};" for kind in KINDS)
REST = f"{TEMPORARY} access_log off; include {{folder}}/jejak.conf;"


class Site:
    """The city's pages behind nginx; certificates are of the site's own authority."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder, self.http, self.https, backend = folder, free_port(), free_port(), free_port()
        self.log = folder / "access.log"
        (folder / "data" / "public").mkdir(parents=True)
        env = {
            "PATH": os.environ["PATH"], "DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url,
            "DATA_DIR": str(folder / "data"), "HTTP_PORT": str(backend), "DEMO": "0",
            "MQTT_URL": "mqtt://a:b@127.0.0.1", "TRUSTED_PROXIES": "1", "SECURE_COOKIES": "1",
        }  # fmt: skip
        [command] = [program.command for program in programs(Config.from_env(env)) if program.name == "web"]
        command = [sys.executable, *command[1:]]
        self.web = Process(command, folder / "web.log", lambda: answers(backend), env=env, cwd=CHECKOUT)
        authority(folder)
        certificate(folder)
        places = {"BACKEND": f"127.0.0.1:{backend}", "HTTP": f"127.0.0.1:{self.http}",
                  "HTTPS": f"127.0.0.1:{self.https}", "NAME": "localhost", "TLS": folder, "LOG": self.log,
                  "DATA_DIR": folder / "data"}  # fmt: skip
        (folder / "jejak.conf").write_text(filled("nginx/jejak.conf", **places))
        rest = REST.format(folder=folder)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(user + AROUND.format(folder=folder, rest=rest))
        command = [str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")]
        self.nginx = Process(command, folder / "nginx.log", lambda: answers(self.https))

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        trusting = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        connection = http.client.HTTPSConnection("localhost", self.https, context=trusting, timeout=20)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        connection.close()
        return found


@pytest.fixture
def site(database: Database) -> Iterator[Site]:
    if NGINX is None:
        pytest.skip("nginx is not installed: deploy/setup test-services")
    with server_folder() as folder:
        site = Site(folder, database)
        try:
            site.web.start()
            site.nginx.start()
            yield site
        finally:
            site.nginx.stop()
            site.web.stop()


def test_pages_come_over_tls_with_the_headers_that_belong_there(site: Site) -> None:
    status, headers, _ = site.get("/sign-in")
    assert status == 200 and headers["strict-transport-security"] and "secure" in headers["set-cookie"].lower()
    plain = http.client.HTTPConnection("localhost", site.http, timeout=20)
    plain.request("GET", "/sign-in")
    answer = plain.getresponse()
    assert (answer.status, answer.getheader("Location")) == (301, "https://localhost/sign-in")
    plain.close()


def test_the_snapshot_is_a_file_and_metrics_are_not_for_everybody(site: Site) -> None:
    (site.folder / "data" / "public" / "vehicles.geojson").write_text("x" * 5000)
    site.web.kill()
    status, headers, body = site.get("/public/vehicles.geojson", **{"Accept-Encoding": "gzip"})
    assert status == 200 and len(body) < 500
    assert (headers["content-encoding"], headers["access-control-allow-origin"]) == ("gzip", "*")
    assert (headers["content-type"], headers["cache-control"]) == ("application/geo+json", "no-cache")
    again = site.get("/public/vehicles.geojson", **{"If-Modified-Since": headers["last-modified"]})
    assert again[0] == 304 and site.get("/metrics")[0] == 404


def test_slow_clients_cost_nobody_elses_time_and_no_secret_is_logged(site: Site) -> None:
    trusting = ssl.create_default_context(cafile=str(site.folder / "ca.crt"))
    slow = []
    for _ in range(80):  # more than the pages have threads
        sock = trusting.wrap_socket(create_connection(("localhost", site.https)), server_hostname="localhost")
        sock.sendall(b"POST /pub HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200\r\n\r\n{")
        slow.append(sock)
    assert site.get("/healthz")[0] == 200
    assert site.get("/osmand?id=truck-1.a-secret-of-it&lat=1&lon=2")[0] == 401
    for sock in slow:
        sock.close()
    plain = http.client.HTTPConnection("localhost", site.http, timeout=20)
    plain.request("GET", "/osmand?id=truck-1.a-secret-of-it")
    assert plain.getresponse().status == 403
    plain.close()
    site.web.kill()
    wait_until(lambda: site.get("/osmand?id=truck-1.a-secret-of-it&lat=1&lon=2")[0] == 502, "nobody is behind nginx")
    assert '"GET /osmand" 401' in site.log.read_text()
    everything = "".join(path.read_text(errors="replace") for path in site.folder.glob("*.log*"))
    assert "a-secret-of-it" not in everything
