"""Keys that must be read again, such as those of encrypted payloads: sealed in the database by the city's secret.

A hash would do for a password; a key is needed itself. A copy of the database alone opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox


class SealBroken(ValueError):
    """The sealed key does not open: SECRET_KEY is another one than when it was sealed."""


class Sealer:
    """Seals and opens with a key derived from `SECRET_KEY`."""

    def __init__(self, secret_key: str) -> None:
        self._box = SecretBox(hmac.digest(secret_key.encode(), b"jejak payload keys", hashlib.sha256))

    def seal(self, key: bytes) -> bytes:
        return bytes(self._box.encrypt(key))

    def unseal(self, sealed: bytes) -> bytes:
        """The key as it was sealed. Raises SealBroken."""
        try:
            return self._box.decrypt(sealed)
        except (CryptoError, ValueError) as error:
            raise SealBroken("its payload key does not open: SECRET_KEY was changed; set the key anew") from error
