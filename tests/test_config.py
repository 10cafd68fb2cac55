"""Settings: wrong values stop with a sentence, secrets are made once and never a constant."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from config import CHECKOUT, Config, ConfigError, kept_secret


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HTTP_PORT", "eighty", "whole number from 1 to 65535"),
        ("MQTT_PORT", "70000", "whole number from 1 to 65535"),
        ("TIMEZONE", "Jakarta", "such as Asia/Jakarta"),
        ("DEMO", "perhaps", "expected 1 or 0"),
        ("MQTT_URL", "broker.example", "mqtt://login:secret@host:port"),
        ("MQTT_URL", "mqtt://a:b@broker:99999", "not a URL"),
        ("MQTT_URL", "mqtt://[a:b@broker", "not a URL"),
        ("MQTT_URL", "mqtt://a:b@one:1883,two:x", "not a URL"),
        ("MQTT_URL", "mqtt://a:b@one:1883,", "mqtt://login:secret@host:port,host:port"),
        ("MQTT_CA_FILE", "/etc/passwd", "begins with mqtts://"),
        ("BROKER", "kafka", "expected one of nats, mosquitto, rabbitmq"),
        ("BROKER", "mosquitto", "MQTT_URL says where it is"),
        ("DATABASE_URL", "postgresql://app:x@db/jejak", "DATABASE_OWNER_URL is missing"),
        ("RETENTION_DAYS", "0", "from 1 to 3650"),
        ("ATTENDANCE_YEARS", "1", "from 2 to 50"),
        ("SECRET_KEY", "a", "at least 32 random characters"),
        ("BROKER_SECRET", "a", "at least 32 random characters"),
        ("HTTP_PORT", "1883", "choose two"),
        ("DATA_DIR", "/proc/jejak", "name a folder you own"),
        ("PUBLIC_URL", "jejak.example", "such as https://jejak.example.go.id"),
        ("MQTT_PUBLIC_URL", "https://broker", "expected mqtts://host:port"),
        ("MQTT_PUBLIC_URL", "mqtts://a:b@broker", "without a login"),
        ("SELF_ENROLMENT", "perhaps", "expected 1 or 0"),
        ("SMTP_URL", "mail.example.go.id", "expected smtp://login:secret@host:port"),
        ("SMTP_URL", "smtp://login@mail.example.go.id", "expected smtp://login:secret@host:port"),
        ("SMTP_URL", "smtp://mail.example.go.id?starttls=no", "expected smtp://login:secret@host:port"),
        ("SMTP_URL", "smtp://mail.example.go.id?starttls=0", "on this machine only"),
        ("MAIL_FROM", "Jejak <jejak@example.go.id>", "expected an address"),
    ],
)
def test_a_wrong_value_stops_with_a_sentence(tmp_path: Path, name: str, value: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as raised:
        Config.from_env({"DATA_DIR": str(tmp_path), name: value})
    assert name in str(raised.value)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"BROKER": "mosquitto"}, "BROKER_DIR='': expected the folder"),
        ({"BROKER": "nats", "BROKER_DIR": "/nowhere"}, "BROKER_DIR='/nowhere': expected the folder"),
        ({"BROKER": "rabbitmq"}, "BROKER_API: expected http://login:secret@host:port"),
        ({"BROKER": "rabbitmq", "BROKER_API": "http://a:b@host:x"}, "BROKER_API: not a URL"),
        ({"BROKER": "mosquitto", "MQTT_URL": "mqtt://bridge:x@broker"}, "the bridge's login is _bridge"),
        ({"MQTT_CA_FILE": "/etc/passwd"}, "MQTT_CA_FILE='/etc/passwd': expected, in PEM format"),
        ({"MQTT_CA_FILE": "/nowhere"}, "MQTT_CA_FILE='/nowhere': expected, in PEM format"),
    ],
)
def test_a_broker_of_ones_own_that_is_told_wrongly_stops_with_a_sentence(
    tmp_path: Path, settings: dict[str, str], says: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        Config.from_env({"DATA_DIR": str(tmp_path), "MQTT_URL": "mqtts://_bridge:x@broker", **settings})


def test_a_broker_of_ones_own_has_its_own_logins_unless_it_is_named(tmp_path: Path) -> None:
    given = {"DATA_DIR": str(tmp_path), "MQTT_URL": "mqtt://_bridge:a%40b@one,two:1884"}
    config = Config.from_env(given)
    assert config.broker is None and config.mqtt_urls == ("mqtt://_bridge:a%40b@one", "mqtt://_bridge:a%40b@two:1884")
    named = Config.from_env(given | {"BROKER": "nats", "BROKER_DIR": str(tmp_path)})
    assert (named.broker, named.broker_dir) == ("nats", tmp_path)
    assert Config.from_env({"DATA_DIR": str(tmp_path)}).broker == "nats"


def test_one_role_for_both_urls_is_refused(tmp_path: Path) -> None:
    url = "postgresql://jejak:x@db/jejak"
    with pytest.raises(ConfigError, match="create a second role"):
        Config.from_env({"DATA_DIR": str(tmp_path), "DATABASE_URL": url, "DATABASE_OWNER_URL": url})


def test_without_settings_everything_is_embedded(tmp_path: Path) -> None:
    config = Config.from_env({"DATA_DIR": str(tmp_path)})
    assert config.database_is_embedded and config.mqtt_is_embedded
    assert (config.http_port, config.mqtt_port, config.timezone.key) == (8000, 1883, "Asia/Jakarta")


def test_a_real_city_wants_a_second_factor_and_a_simulated_one_does_not(tmp_path: Path) -> None:
    given = {"DATA_DIR": str(tmp_path)}
    wanted = [Config.from_env(given | more).second_factor for more in ({}, {"DEMO": "0"}, {"SECOND_FACTOR": "1"})]
    assert wanted == [False, True, True]
    assert not Config.from_env(given | {"DEMO": "0", "SECOND_FACTOR": "0"}).second_factor


def test_a_secret_is_made_once_differs_by_folder_and_is_private(tmp_path: Path) -> None:
    first = Config.from_env({"DATA_DIR": str(tmp_path / "a")}).secret_key
    assert Config.from_env({"DATA_DIR": str(tmp_path / "a")}).secret_key == first
    assert Config.from_env({"DATA_DIR": str(tmp_path / "b")}).secret_key != first
    assert len(first) == 64
    assert (tmp_path / "a" / "secrets" / "secret_key").stat().st_mode & 0o077 == 0
    assert kept_secret(tmp_path / "a", "secret_key") == first


def test_an_empty_secret_file_is_refused(tmp_path: Path) -> None:
    kept_secret(tmp_path, "secret_key")
    (tmp_path / "secrets" / "secret_key").write_text("")
    with pytest.raises(ConfigError, match="holds no secret"):
        kept_secret(tmp_path, "secret_key")


def test_a_long_folder_still_gets_a_socket_path_that_fits(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 30)
    url = Config.from_env({"DATA_DIR": str(deep)}).database_url
    assert str(deep) not in url


SAYING = """
import logging, threading, config
config.log_as("bridge")
logging.warning("%s is away", "it", extra={"tries": 3})
thread = threading.Thread(target=lambda: {}["nothing"], name="save")
thread.start()
thread.join()
1 / 0
"""


def said_with(log_format: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "LOG_FORMAT": log_format}
    command = [sys.executable, "-c", SAYING]
    return subprocess.run(command, env=env, cwd=CHECKOUT, capture_output=True, text=True, check=False)


def test_a_log_for_machines_is_one_object_a_line_also_for_what_ends_a_thread_or_a_process() -> None:
    first, thread, last = (json.loads(line) for line in said_with("json").stderr.splitlines())
    assert (first["level"], first["process"], first["message"]) == ("WARNING", "bridge", "it is away")
    assert first["tries"] == 3
    assert thread["message"] == "thread save ended by an error" and "KeyError" in thread["exc_info"]
    assert last["level"] == "CRITICAL" and "ZeroDivisionError" in last["exc_info"]
    assert datetime.fromisoformat(first["time"]).tzinfo is not None


def test_a_log_for_people_is_a_line_with_the_process_name() -> None:
    assert said_with("text").stderr.splitlines()[0] == "bridge: it is away"


def test_a_log_format_that_does_not_exist_is_one_sentence() -> None:
    assert said_with("xml").stderr.strip() == "bridge: LOG_FORMAT='xml': expected text or json"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, "mqtt://127.0.0.1:1883"),
        ({"MQTT_PORT": "2883"}, "mqtt://127.0.0.1:2883"),
        ({"MQTT_URL": "mqtts://a:b@one:8883,two:8883"}, "mqtts://one:8883"),
        ({"MQTT_URL": "mqtt://a:b@inside", "MQTT_PUBLIC_URL": "mqtts://outside/"}, "mqtts://outside"),
    ],
)
def test_devices_are_told_where_the_broker_is_and_nobody_elses_login(
    tmp_path: Path, settings: dict[str, str], told: str
) -> None:
    assert Config.from_env({"DATA_DIR": str(tmp_path), **settings}).mqtt_public_url == told


@pytest.mark.parametrize(
    "url", ["", "smtps://a:b@mail.example.go.id", "smtp://mail.example.go.id:587", "smtp://127.0.0.1:25?starttls=0"]
)
def test_a_mail_server_is_known_by_its_url(tmp_path: Path, url: str) -> None:
    settings = {"DATA_DIR": str(tmp_path), "SMTP_URL": url, "MAIL_FROM": "jejak@example.go.id"}
    assert Config.from_env(settings).smtp_url == url


def test_with_a_mail_server_it_is_said_whom_mails_come_from(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="MAIL_FROM is missing"):
        Config.from_env({"DATA_DIR": str(tmp_path), "SMTP_URL": "smtps://mail.example.go.id"})
