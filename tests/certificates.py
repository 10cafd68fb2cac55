"""A private certificate authority, as a city without a public one makes it, and what it signs for this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
EXTENSIONS = """\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:false
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:localhost, IP:127.0.0.1
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


def authority(folder: Path, name: str = "ca") -> None:
    """Make `<name>.crt` and its key."""
    (folder / "openssl.conf").write_text(EXTENSIONS)
    _openssl(folder, "authority", name)


def certificate(folder: Path, name: str = "server", signed_by: str = "ca") -> None:
    """Make `<name>.crt` and its key, for 127.0.0.1 and localhost."""
    _openssl(folder, "server", name, "-CA", f"{signed_by}.crt", "-CAkey", f"{signed_by}.key")


def _openssl(folder: Path, kind: str, name: str, *signed: str) -> None:
    files = ("-keyout", f"{name}.key", "-out", f"{name}.crt")
    settings = ("-config", "openssl.conf", "-extensions", kind, "-subj", f"/CN=Jejak test {name}")
    subprocess.run(["openssl", "req", "-x509", *KEY, *files, *settings, *signed], cwd=folder, check=True,
                   capture_output=True)  # fmt: skip
