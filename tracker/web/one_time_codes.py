"""Codes of authenticator apps: TOTP as in RFC 6238, six digits, a step of 30 s, one step of tolerance either way."""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass
from datetime import datetime

import pyotp

from tracker.sealing import SealBroken, Sealer
from tracker.web import qr
from tracker.web.city import city

STEP_S = 30
TOLERANCE = (-1, 0, 1)  # steps: the phone's clock may be off, and typing takes its time
GROUP = 4  # characters of a key that are read together
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """What an app needs to know: the key, its groups for typing, the address, and that as a QR code in SVG."""

    groups: str
    address: str
    svg: str


def fresh_secret() -> bytes:
    """A new key of 160 random bits, sealed."""
    return _sealer().seal(pyotp.random_base32().encode())


def offer(sealed: bytes, username: str) -> Offer:
    """How to enter a key in an app."""
    secret = _opened(sealed) or ""
    address = pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name="Jejak")
    groups = " ".join(secret[start : start + GROUP] for start in range(0, len(secret), GROUP))
    return Offer(groups, address, qr.svg(address))


def step_of(sealed: bytes, code: str, now: datetime) -> int | None:
    """Of which time step a code is, if it is of one around `now`."""
    secret = _opened(sealed)
    if secret is None:
        return None
    given, present = "".join(code.split()), int(now.timestamp()) // STEP_S
    codes = {present + offset: pyotp.TOTP(secret).generate_otp(present + offset) for offset in TOLERANCE}
    right = [step for step, expected in codes.items() if hmac.compare_digest(expected.encode(), given.encode())]
    return right[-1] if right else None


def _opened(sealed: bytes) -> str | None:
    try:
        return _sealer().unseal(sealed).decode()
    except SealBroken:
        log.error("a second factor does not open: SECRET_KEY was changed; reset the accounts that have one")
        return None


def _sealer() -> Sealer:
    return Sealer(city().settings.secret_key)
