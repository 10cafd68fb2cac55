"""Addresses that browsers bring along, such as where they wanted to go."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_ours(target: str) -> bool:
    """Whether an address leads to a page of ours and nowhere else."""
    try:
        parts = urlsplit(target)
    except ValueError:  # such as http://[
        return False
    if not (target.isascii() and target.isprintable()):  # a line's end would break the header
        return False
    return target.startswith("/") and not target.startswith(("//", "/\\")) and not (parts.scheme or parts.netloc)
