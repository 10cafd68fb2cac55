"""The keys by which NATS and its access service know each other, all derived from one secret.

NATS's configuration holds their public halves only, so nothing in it opens anything. Two logins of the service are
nkeys (Ed25519): they sign what the server asks. The issuer signs what devices may do, as a JSON web token. The sealing
key (X25519) keeps devices' secrets from whoever else may listen, on the way between servers too.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from functools import lru_cache

from nacl.exceptions import CryptoError
from nacl.public import Box, PrivateKey, PublicKey
from nacl.signing import SigningKey

ACCOUNT, USER, SEALING = 0, 20 << 3, 23 << 3  # what the first letter of a public key says: A, U, X
SEALED = b"xkv1"
KEY_BYTES = 32
SERVERS = 64  # that may ask: each start of a server has a key of its own


class Login:
    """A login by nkey."""

    def __init__(self, key: SigningKey) -> None:
        self._key, self.public = key, public(USER, bytes(key.verify_key))

    def sign(self, nonce: str) -> str:
        """The answer to what a server asks of who comes."""
        return _base64(self._key.sign(nonce.encode()).signature)


class Keys:
    """All keys of a secret."""

    def __init__(self, secret: str) -> None:
        self.callout = Login(SigningKey(_derived(secret, "callout")))
        self.system = Login(SigningKey(_derived(secret, "system")))
        self._issuer = SigningKey(_derived(secret, "issuer"))
        self._sealing = PrivateKey(_derived(secret, "sealing"))
        self.issuer = public(ACCOUNT, bytes(self._issuer.verify_key))
        self.sealing = public(SEALING, bytes(self._sealing.public_key))
        self._head = _base64(b'{"typ":"JWT","alg":"ed25519-nkey"}')
        self._box = lru_cache(SERVERS)(self._new_box)

    def token(self, claims: dict[str, object]) -> str:
        """Signed claims."""
        body = f"{self._head}.{_base64(json.dumps(claims, separators=(',', ':')).encode())}"
        return f"{body}.{_base64(self._issuer.sign(body.encode()).signature)}"

    def opened(self, sealed: bytes, server: str) -> bytes:
        """What the server of this public key sealed for us. Raises ValueError."""
        if not sealed.startswith(SEALED):
            raise ValueError("NATS does not seal what it asks: its configuration has no xkey")
        try:
            return self._box(server).decrypt(sealed[len(SEALED) :])
        except CryptoError as error:
            raise ValueError(f"sealed for somebody else: {error}") from error

    def sealed(self, plain: bytes, server: str) -> bytes:
        """Something that only the server of this public key can open."""
        return SEALED + bytes(self._box(server).encrypt(plain))

    def _new_box(self, server: str) -> Box:
        padded = server + "=" * (-len(server) % 8)
        return Box(self._sealing, PublicKey(base64.b32decode(padded)[1 : 1 + KEY_BYTES]))


def claims_of(token: bytes) -> dict[str, object]:
    """The claims of a token whose signature is not looked at. Raises ValueError."""
    _, body, _ = token.split(b".")
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(body + b"=="))
    return claims


def public(kind: int, key: bytes) -> str:
    """A public key as NATS writes it."""
    raw = bytes([kind]) + key
    return base64.b32encode(raw + binascii.crc_hqx(raw, 0).to_bytes(2, "little")).decode().rstrip("=")


def _derived(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"nats {purpose}".encode(), hashlib.sha256)


def _base64(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()
