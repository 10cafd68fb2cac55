"""The brokers' configuration files in `deploy/`, with the names between @ signs replaced.

The embedded broker and the tests start from the same files that a production machine installs.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

DEPLOY = Path(__file__).parent
PLACEHOLDER = re.compile(r"@([A-Z_]+)@")


def filled(name: str, **values: object) -> str:
    """The text of `deploy/<name>` with every placeholder's value. Raises KeyError for one without."""
    return PLACEHOLDER.sub(lambda match: str(values[match[1]]), text(name))


def text(name: str) -> str:
    """The text of `deploy/<name>` as it is."""
    return (DEPLOY / name).read_text()


def quoted(value: object) -> str:
    """A value as it stands between double quotes."""
    return json.dumps(str(value))[1:-1]
