"""QR codes, as SVG that stands in the page itself."""

from __future__ import annotations

import segno


def svg(text: str, *, dense: bool = False) -> str:
    """A QR code; a `dense` one has the least error correction, so that a cheap camera reads what is long."""
    code = segno.make(text, micro=False, error="l" if dense else None, boost_error=not dense)
    found: str = code.svg_inline(svgclass="qr", lineclass=None, light="#fff", omitsize=True)
    return found
