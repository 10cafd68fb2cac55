"""Which passwords may be chosen, and how they are read off a form: as they were typed, blanks included.

No rule about kinds of characters: length, and how soon somebody who guesses would come upon it. zxcvbn knows the common
ones, keyboard rows, dates and the names that are told to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request
from flask_babel import gettext as _

from tracker.storage.accounts import plain_password
from tracker.storage.models import Account
from tracker.web.common_words import COMMON_HERE

SHORTEST, LONGEST = 10, 200  # characters
LOOKED_AT = 20  # characters: of 24 zxcvbn may take seconds, if each stands for several letters
# zxcvbn's third of four grades. At the door, with pauses of up to an hour, 10**8 take ten thousand years. Of a stolen
# hash (argon2, tens of ms a guess) they take weeks of a processor, which is why it is not less.
LEAST_GUESSES = 10**8
SERVICE = "jejak"


def typed(field: str) -> str:
    """A password as it is kept (see `plain_password`); one that is too long to be anybody's is none."""
    password = plain_password(request.form.get(field, ""))
    return password if len(password) <= LONGEST else ""


def problem_with(account: Account) -> str | None:
    """What is wrong with the new password of a form, as a sentence; None where nothing is."""
    password = typed("new_password")
    if password != typed("again"):
        return str(_("The two new passwords differ. Type the same one twice."))
    if len(password) < SHORTEST:
        return str(_("The new password must have %(least)d to %(most)d characters.", least=SHORTEST, most=LONGEST))
    if guesses(password, _names(account)) < LEAST_GUESSES:
        return str(_("This password would soon be guessed: it is a common one, or made of your name, your NIP or this "
                     "service's name. Take three or four words that do not belong together."))  # fmt: skip
    return None


def guesses(password: str, names: Iterable[str]) -> int:
    """How many guesses it takes, tried in the order of likelihood."""
    from zxcvbn import zxcvbn  # it loads its lists, which no other page needs

    known = list(names)
    rest = password.casefold()
    for name in sorted(known, key=len, reverse=True):  # or a number of 18 digits would fill what is looked at
        rest = rest.replace(name.casefold(), "") if len(name) >= SHORTEST else rest
    if len(rest) < len(password) // 2:
        return 0
    found: dict[str, Any] = zxcvbn(password[:LOOKED_AT], [SERVICE, *COMMON_HERE, *known])
    return int(found["guesses"])


def _names(account: Account) -> list[str]:
    said = [account.username, *([account.person.nip, account.person.name] if account.person else [])]
    parts = [part for name in said for part in name.split()]
    return [*said, *parts, *("".join(name.split()) for name in said)]
