"""Which maker's rules a phone lives under: they end apps in the background, each in its own way."""

from __future__ import annotations

# a word of the model, as administrators write it or the app reports it -> whose settings it has
WORDS = {
    "samsung": "samsung", "galaxy": "samsung", "sm-": "samsung",
    "xiaomi": "xiaomi", "redmi": "xiaomi", "poco": "xiaomi",
    "oppo": "oppo", "realme": "oppo", "oneplus": "oppo", "cph": "oppo", "rmx": "oppo",
    "vivo": "vivo", "iqoo": "vivo",
    "huawei": "huawei", "honor": "huawei",
    "infinix": "transsion", "tecno": "transsion", "itel": "transsion",
    "asus": "asus", "zenfone": "asus",
    "iphone": "apple", "ios": "apple",
}  # fmt: skip
MAKERS = ("samsung", "xiaomi", "oppo", "vivo", "huawei", "transsion", "asus", "apple")


def maker_of(*said: str | None) -> str | None:
    """The maker that a model, or else a platform, names; None where none does."""
    for text in filter(None, said):
        words = text.lower().split()
        for sign, maker in WORDS.items():
            if any(word.startswith(sign) for word in words):
                return maker
    return None
