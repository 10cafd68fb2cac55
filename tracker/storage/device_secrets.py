"""Is this the device's secret? Asked at each request over HTTP, so an answer that was yes is remembered."""

from __future__ import annotations

import hashlib
import secrets
from threading import Lock

import bcrypt

from tracker.storage.broker_hashes import BCRYPT_ROUNDS

MOST_REMEMBERED = 50_000  # about 120 bytes each
BCRYPT_LIMIT = 72  # bytes; a longer secret is none of ours
NOBODYS_HASH = bcrypt.hashpw(secrets.token_bytes(16), bcrypt.gensalt(BCRYPT_ROUNDS))


class SecretCheck:
    """Compares secrets with their hashes. Keeps keyed digests of hash and secret that belong together, no secret.

    A new secret has a new hash, so nothing is to be forgotten when a device gets one.
    """

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._key = secrets.token_bytes(32)
        self._right: dict[bytes, None] = {}  # in the order in which they came
        self._lock = Lock()

    def right(self, secret_bcrypt: str | None, secret: str) -> bool:
        """Whether the hash is this secret's. None is that of a login nobody has: it costs as much as a wrong one."""
        given = secret.encode(errors="surrogatepass")  # JSON can say what is no character
        digest = hashlib.blake2b(f"{secret_bcrypt} ".encode() + given, key=self._key, digest_size=16).digest()
        if digest in self._right:
            return True
        hashed = secret_bcrypt.encode() if secret_bcrypt else NOBODYS_HASH
        matches = bcrypt.checkpw(given[:BCRYPT_LIMIT], hashed)
        if not matches or secret_bcrypt is None or len(given) > BCRYPT_LIMIT:
            return False
        with self._lock:
            while len(self._right) >= self._most:
                del self._right[next(iter(self._right))]
            self._right[digest] = None
        return True
