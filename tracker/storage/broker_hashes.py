"""What is kept of a device's secret, in the forms that brokers check it by.

A device's secret has 128 random bits, which nobody can guess: the cheapest hash of each kind is right, because 100,000
phones reconnect at once after an outage, and Mosquitto checks every connected client again when it rereads its file.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import NamedTuple

import bcrypt

BCRYPT_ROUNDS = 4  # the least there is
PBKDF2_ROUNDS = 1
PBKDF2_SALT_BYTES = 12  # Mosquitto 2.0 takes no other
SHA256_SALT_BYTES = 4  # RabbitMQ's


class BrokerHashes(NamedTuple):
    """One secret's hashes."""

    bcrypt: str
    pbkdf2: str
    sha256: str


def hashes(secret: str) -> BrokerHashes:
    """All hashes of a new secret."""
    given = secret.encode()
    hashed = bcrypt.hashpw(given, bcrypt.gensalt(BCRYPT_ROUNDS, prefix=b"2a")).decode()
    salts = secrets.token_bytes(PBKDF2_SALT_BYTES), secrets.token_bytes(SHA256_SALT_BYTES)
    return BrokerHashes(hashed, pbkdf2(given, salts[0]), sha256(given, salts[1]))


def pbkdf2(secret: bytes, salt: bytes) -> str:
    """As Mosquitto 2.0 has it in a password file."""
    digest = hashlib.pbkdf2_hmac("sha512", secret, salt, PBKDF2_ROUNDS)
    return f"$7${PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def sha256(secret: bytes, salt: bytes) -> str:
    """As RabbitMQ has it: `rabbit_password_hashing_sha256`."""
    return base64.b64encode(salt + hashlib.sha256(salt + secret).digest()).decode()
