"""Every setting of Jejak, read once from the environment.

`Config.from_env(os.environ)` is called by the entry points; values then travel as arguments. A wrong value raises
`ConfigError` with one sentence that says what was expected. Without any setting at all, everything is embedded: the
database, the broker and the secrets live under `DATA_DIR`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import secrets
import signal
import ssl
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit
from zoneinfo import ZoneInfo

CHECKOUT = Path(__file__).resolve().parent
LEAST_SECRET = 32  # characters
LOOPBACK = ("127.0.0.1", "::1", "localhost")
MAIL_ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
LOG_FORMATS = ("text", "json")
BROKERS = {"nats": "BROKER_DIR", "mosquitto": "BROKER_DIR", "rabbitmq": "BROKER_API"}  # and what each needs to know
BRIDGE_LOGIN = "_bridge"  # which no device can have: theirs begin with a letter or digit
SOCKET_PATH_LIMIT = 90  # a Unix socket's whole path may have 107 bytes; PostgreSQL adds "/.s.PGSQL.5432.lock"


class ConfigError(ValueError):
    """A setting cannot be used; the text says which and what to write instead."""


@dataclass(frozen=True, slots=True)
class Config:
    """All settings; see docs/operations.md for the table of variables."""

    data_dir: Path
    database_url: str
    database_owner_url: str
    database_is_embedded: bool
    mqtt_urls: tuple[str, ...]  # one for each server of a cluster
    mqtt_is_embedded: bool
    mqtt_ca_file: Path | None
    broker: str | None  # None: a broker whose logins and rights are kept by somebody else
    broker_dir: Path
    broker_log: Path
    broker_api: str
    broker_secret: str  # of which the access service's keys at NATS are made
    http_host: str
    http_port: int
    mqtt_host: str
    mqtt_port: int
    timezone: ZoneInfo
    secret_key: str
    demo: bool
    secure_cookies: bool
    second_factor: bool  # whether accounts that decide or administer must have one
    retention_days: int
    attendance_years: int  # so long duties and what belongs to them are kept
    contest_days: int  # so long a verdict may be contested from when it became as bad as it is
    lock: timedelta  # so long after its end a verdict is final: another result opens a case
    metrics_token: str
    trusted_proxies: int
    public_url: str  # of the pages, as devices and people reach them; empty: as the browser that asks does
    mqtt_public_url: str  # of the broker, as devices reach it
    self_enrolment: bool  # whether employees may connect a phone of their own
    smtp_url: str  # of the mail server; empty: no mail is sent
    mail_from: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Config:
        """Read the settings; create `DATA_DIR` and the generated secrets where they are missing."""
        demo = _flag(environ, "DEMO", True)
        data_dir = _data_dir(environ, demo)
        database_url, owner_url = _database_urls(environ, data_dir)
        http_port, mqtt_port = _port(environ, "HTTP_PORT", 8000), _port(environ, "MQTT_PORT", 1883)
        if http_port == mqtt_port:
            raise ConfigError(f"HTTP_PORT and MQTT_PORT are both {http_port}: choose two")
        return cls(
            data_dir=data_dir,
            database_url=database_url or embedded_database_url(data_dir, "jejak_app"),
            database_owner_url=owner_url or embedded_database_url(data_dir, "jejak_owner"),
            database_is_embedded=database_url is None,
            mqtt_urls=_mqtt_urls(environ) or (_embedded_mqtt_url(data_dir, mqtt_port),),
            mqtt_is_embedded=not environ.get("MQTT_URL"),
            mqtt_ca_file=_ca_file(environ),
            broker=_broker(environ),
            broker_dir=Path(environ.get("BROKER_DIR") or data_dir / "nats"),
            broker_log=Path(environ.get("BROKER_LOG") or data_dir / "log" / "broker.log"),
            broker_api=environ.get("BROKER_API", ""),
            broker_secret=_secret(environ, "BROKER_SECRET") or kept_secret(data_dir, "broker_access"),
            http_host=environ.get("HTTP_HOST") or "127.0.0.1",
            http_port=http_port,
            mqtt_host=environ.get("MQTT_HOST") or "127.0.0.1",
            mqtt_port=mqtt_port,
            timezone=_timezone(environ),
            secret_key=_secret(environ, "SECRET_KEY") or kept_secret(data_dir, "secret_key"),
            demo=demo,
            secure_cookies=_flag(environ, "SECURE_COOKIES", False),
            second_factor=_flag(environ, "SECOND_FACTOR", not demo),
            retention_days=_whole_number(environ, "RETENTION_DAYS", 60, 1, 3650),
            attendance_years=_whole_number(environ, "ATTENDANCE_YEARS", 5, 2, 50),
            lock=timedelta(hours=_whole_number(environ, "LOCK_HOURS", 72, 1, 720)),
            contest_days=_whole_number(environ, "CONTEST_DAYS", 14, 1, 365),
            trusted_proxies=_whole_number(environ, "TRUSTED_PROXIES", 0, 0, 10),
            metrics_token=_secret(environ, "METRICS_TOKEN") or kept_secret(data_dir, "metrics_token"),
            public_url=_public_url(environ),
            mqtt_public_url=_mqtt_public_url(environ, mqtt_port),
            self_enrolment=_flag(environ, "SELF_ENROLMENT", True),
            smtp_url=_smtp_url(environ),
            mail_from=_mail_from(environ),
        )


def begin(name: str) -> Config:
    """What every process does first: log under its name, end quietly on SIGTERM and SIGINT, read the settings."""
    log_as(name)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        return Config.from_env(os.environ)
    except ConfigError as error:
        sys.exit(f"{name}: {error}")


def log_as(name: str) -> None:
    """Log to standard error under a process's name: a line for people, or with `LOG_FORMAT=json` one for machines."""
    wanted = os.environ.get("LOG_FORMAT") or "text"
    if wanted not in LOG_FORMATS:
        sys.exit(f"{name}: LOG_FORMAT={wanted!r}: expected {' or '.join(LOG_FORMATS)}")
    if wanted == "text":
        logging.basicConfig(level=logging.INFO, format=f"{name}: %(message)s")
        return
    from pythonjsonlogger.json import JsonFormatter  # only where it is asked for: it takes its time to load

    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonFormatter(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            static_fields={"process": name},
            timestamp="time",
        )
    )
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    sys.excepthook = lambda kind, error, trace: logging.critical("ended by an error", exc_info=(kind, error, trace))
    threading.excepthook = _log_thread_end


def _log_thread_end(ended: threading.ExceptHookArgs) -> None:
    if issubclass(ended.exc_type, SystemExit):
        return  # leaving is no error, as in Python's own hook
    name = ended.thread.name if ended.thread else "unknown"
    logging.critical("thread %s ended by an error", name, exc_info=ended.exc_value)


def default_data_dir(demo: bool) -> Path:
    """Where a checkout keeps its data: a demo city and a real one never share a folder.

    Root's services run under a user of their own, who cannot look into root's home: their data lie under /var/lib.
    """
    city = "demo" if demo else "city"
    if os.geteuid() == 0:
        return Path("/var/lib/jejak") / _fingerprint(CHECKOUT) / city
    return CHECKOUT / "var" / city


def database_socket_dir(data_dir: Path) -> Path:
    """The folder of the embedded database's socket: in `data_dir`, or a short path where that one is too long."""
    inside = data_dir / "run"
    if len(os.fsencode(inside)) <= SOCKET_PATH_LIMIT:
        return inside
    return Path("/tmp") / f"jejak-{os.geteuid()}-{_fingerprint(data_dir)}"  # not $TMPDIR: every process must find it


def embedded_database_url(data_dir: Path, role: str) -> str:
    """The URL of one role of the embedded database; the role's password is generated at first use."""
    password = kept_secret(data_dir, role)
    return f"postgresql+psycopg://{role}:{password}@/jejak?host={quote(str(database_socket_dir(data_dir)))}"


def kept_secret(data_dir: Path, name: str) -> str:
    """The secret `name` of this `data_dir`, 256 random bits, generated once and readable by its owner only.

    Several processes may ask at the same moment for the first time: the first link wins and all read the same.
    """
    path = data_dir / "secrets" / name
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f".{name}.{os.getpid()}")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    secret = path.read_text().strip()
    if len(secret) < LEAST_SECRET:
        raise ConfigError(f"{path} holds no secret; restore it from a backup, or remove it to have a new one made")
    return secret


def _secret(environ: Mapping[str, str], name: str) -> str | None:
    given = environ.get(name)
    if given and len(given) < LEAST_SECRET:
        raise ConfigError(f"{name} is too short: at least {LEAST_SECRET} random characters, or leave it unset")
    return given or None


def _fingerprint(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _data_dir(environ: Mapping[str, str], demo: bool) -> Path:
    given = environ.get("DATA_DIR")
    data_dir = Path(given).expanduser().resolve() if given else default_data_dir(demo)
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"DATA_DIR={str(data_dir)!r}: cannot be created ({error.strerror}); name a folder you own") \
            from error
    if not os.access(data_dir, os.W_OK | os.X_OK):
        raise ConfigError(f"DATA_DIR={str(data_dir)!r}: this user may not write there; name a folder you own")
    return data_dir


def _database_urls(environ: Mapping[str, str], data_dir: Path) -> tuple[str | None, str | None]:
    app, owner = environ.get("DATABASE_URL"), environ.get("DATABASE_OWNER_URL")
    if not app and not owner:
        return None, None
    if not app or not owner:
        missing = "DATABASE_OWNER_URL" if app else "DATABASE_URL"
        raise ConfigError(f"{missing} is missing: an own database needs both DATABASE_URL (the service's role) and "
                          "DATABASE_OWNER_URL (the role that owns the tables)")
    app_url, owner_url = _database_url("DATABASE_URL", app), _database_url("DATABASE_OWNER_URL", owner)
    if urlsplit(app_url).username == urlsplit(owner_url).username:
        raise ConfigError("DATABASE_URL and DATABASE_OWNER_URL name the same role: the service must not own its "
                          "tables, or the append-only records would not be; create a second role")
    return app_url, owner_url


def _database_url(name: str, value: str) -> str:
    parts = _split(name, value)
    if parts.scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not parts.username:
        raise ConfigError(f"{name}: expected postgresql://role:password@host/database")
    return parts._replace(scheme="postgresql+psycopg").geturl()


def _mqtt_urls(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The broker's URL, or those of a cluster's servers, which are one URL with several places."""
    value = environ.get("MQTT_URL", "")
    login, at, places = value.rpartition("@")
    urls = tuple(login + at + place for place in places.split(",")) if value else ()
    for url in urls:
        parts = _split("MQTT_URL", url)
        if parts.scheme not in ("mqtt", "mqtts") or not (parts.hostname and parts.username and parts.password):
            raise ConfigError("MQTT_URL: expected mqtt://login:secret@host:port (or mqtts:// for TLS; of a cluster "
                              "mqtt://login:secret@host:port,host:port)")
    return urls


def _ca_file(environ: Mapping[str, str]) -> Path | None:
    value = environ.get("MQTT_CA_FILE")
    if not value:
        return None
    if not environ.get("MQTT_URL", "").startswith("mqtts:"):
        raise ConfigError("MQTT_CA_FILE: only for a broker with TLS; MQTT_URL begins with mqtts:// then")
    try:
        ssl.create_default_context(cafile=value)
    except OSError as error:
        raise ConfigError(f"MQTT_CA_FILE={value!r}: expected, in PEM format, the certificate of the authority that "
                          f"signed the broker's ({error})") from error
    return Path(value)


def _broker(environ: Mapping[str, str]) -> str | None:
    """Which kind of broker has its logins and rights from our database: the embedded one, or what BROKER names."""
    kind, url = environ.get("BROKER") or None, environ.get("MQTT_URL")
    if kind is None:
        return None if url else "nats"
    if kind not in BROKERS:
        raise ConfigError(f"BROKER={kind!r}: expected one of {', '.join(BROKERS)}")
    if not url:
        raise ConfigError("BROKER is for a broker of your own: MQTT_URL says where it is")
    if urlsplit(url).username != BRIDGE_LOGIN:
        raise ConfigError(f"MQTT_URL: with BROKER the bridge's login is {BRIDGE_LOGIN}, which Jejak itself keeps there")
    _need_place(environ, kind)
    return kind


def _need_place(environ: Mapping[str, str], kind: str) -> None:
    """BROKER_DIR or BROKER_API, whichever this kind needs."""
    name = BROKERS[kind]
    value = environ.get(name, "")
    if name == "BROKER_DIR" and not Path(value or "missing").is_dir():
        raise ConfigError(f"BROKER_DIR={value!r}: expected the folder of the broker's files; see deploy/{kind}")
    if name == "BROKER_API":
        parts = _split(name, value)
        if parts.scheme not in ("http", "https") or not (parts.port and parts.username and parts.password):
            raise ConfigError("BROKER_API: expected http://login:secret@host:port of RabbitMQ's management")


def _split(name: str, url: str) -> SplitResult:
    """The parts of a URL whose port is a port, which `urlsplit` finds out only when it is asked for it."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ConfigError(f"{name}: not a URL ({error})") from error
    return parts


def _embedded_mqtt_url(data_dir: Path, port: int) -> str:
    return f"mqtt://{BRIDGE_LOGIN}:{kept_secret(data_dir, 'mqtt_bridge')}@127.0.0.1:{port}"


def _public_url(environ: Mapping[str, str]) -> str:
    value = environ.get("PUBLIC_URL", "").rstrip("/")
    if value:
        parts = _split("PUBLIC_URL", value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ConfigError("PUBLIC_URL: expected the address of the pages, such as https://jejak.example.go.id")
    return value


def _mqtt_public_url(environ: Mapping[str, str], port: int) -> str:
    """Where devices find the broker: what is set, else where the bridge finds it, without its login."""
    value = environ.get("MQTT_PUBLIC_URL", "")
    if value:
        parts = _split("MQTT_PUBLIC_URL", value)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname or parts.username or parts.path.strip("/"):
            raise ConfigError("MQTT_PUBLIC_URL: expected mqtts://host:port, without a login: each device has its own")
        return value.rstrip("/")
    urls = _mqtt_urls(environ)
    parts = urlsplit(urls[0] if urls else f"mqtt://127.0.0.1:{port}")
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _smtp_url(environ: Mapping[str, str]) -> str:
    """Where mails are handed over; without TLS only to this machine itself."""
    value = environ.get("SMTP_URL", "")
    if not value:
        return ""
    parts = _split("SMTP_URL", value)
    plain = parts.query == "starttls=0"
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path.strip("/") or \
            (parts.query and not plain) or bool(parts.username) != bool(parts.password):
        raise ConfigError("SMTP_URL: expected smtp://login:secret@host:port (STARTTLS) or smtps://login:secret@host:port")
    if plain and parts.hostname not in LOOPBACK:
        raise ConfigError("SMTP_URL: starttls=0 is for a mail server on this machine only (127.0.0.1): reports "
                          "and the login would cross the network for all to read")
    return value


def _mail_from(environ: Mapping[str, str]) -> str:
    value = environ.get("MAIL_FROM", "")
    if not value and environ.get("SMTP_URL"):
        raise ConfigError("MAIL_FROM is missing: with SMTP_URL it names whom mails come from, such as "
                          "jejak@example.go.id")
    if value and not MAIL_ADDRESS.fullmatch(value):
        raise ConfigError(f"MAIL_FROM={value!r}: expected an address such as jejak@example.go.id")
    return value


def _timezone(environ: Mapping[str, str]) -> ZoneInfo:
    name = environ.get("TIMEZONE") or "Asia/Jakarta"
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigError(f"TIMEZONE={name!r}: unknown; expected a name such as Asia/Jakarta") from error


def _flag(environ: Mapping[str, str], name: str, default: bool) -> bool:
    value = environ.get(name, "").strip().lower()
    if value in ("", "1", "yes", "true", "on"):
        return default if value == "" else True
    if value in ("0", "no", "false", "off"):
        return False
    raise ConfigError(f"{name}={environ[name]!r}: expected 1 or 0")


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    return _whole_number(environ, name, default, 1, 65535)


def _whole_number(environ: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    value = environ.get(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not least <= int(value) <= most:
        raise ConfigError(f"{name}={value!r}: expected a whole number from {least} to {most}")
    return int(value)
