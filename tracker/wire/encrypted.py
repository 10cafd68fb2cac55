"""OwnTracks' encrypted messages: base64 of a nonce of 24 bytes and a libsodium secretbox, by a key both sides know.

Source: https://owntracks.org/booklet/features/encrypt/ . The key is the secret itself, padded with zeros to 32 bytes.
"""

from __future__ import annotations

import binascii
from base64 import b64decode

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

KEY_BYTES = SecretBox.KEY_SIZE


def key_of(secret: str) -> bytes:
    """The key that the app makes of the text a person enters. Raises ValueError where that is too long."""
    key = secret.encode()
    if not 0 < len(key) <= KEY_BYTES:
        raise ValueError(f"the app takes a key of 1 to {KEY_BYTES} bytes")
    return key.ljust(KEY_BYTES, b"\0")


def opened(data: object, key: bytes) -> bytes | None:
    """The message within, or None where this key does not open it."""
    if not isinstance(data, str):
        return None
    try:
        return bytes(SecretBox(key).decrypt(b64decode(data, validate=True)))
    except (binascii.Error, ValueError, CryptoError):
        return None
