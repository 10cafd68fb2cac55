"""The mail server: one mail is handed over, and what became of it is told so that none is ever sent twice.

From the moment at which the server asked for the letter until it answered, a lost connection proves nothing: the
letter may have arrived. Before that it has not, and after an answer everything is known.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import Enum
from urllib.parse import unquote, urlsplit

from tracker import failpoints

TIMEOUT_S = 20.0  # for each answer
PORTS = {"smtp": 587, "smtps": 465}
LONGEST_REASON = 300  # characters
CLOSING = 421  # the service is not available, whoever is asked for
LINE_DOT = re.compile(rb"(?m)^\.")


class Fate(Enum):
    SENT = "the server has it"
    AGAIN = "the server does not have it; it may take it later"
    PUT_OFF = "the server does not take this mail now, as where it greylists its reader; others it may"
    REFUSED = "the server will never take it"
    UNKNOWN = "the server may have it"


@dataclass(frozen=True, slots=True)
class Outcome:
    fate: Fate
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mails are handed over, and from whom. What `starttls` asks for is demanded, not hoped for."""

    host: str
    port: int
    login: str
    secret: str
    tls: bool
    starttls: bool
    sender: str

    @classmethod
    def of(cls, url: str, sender: str) -> MailServer:
        """The server that a checked SMTP_URL names."""
        parts = urlsplit(url)
        login, secret = unquote(parts.username or ""), unquote(parts.password or "")
        tls = parts.scheme == "smtps"
        port = parts.port or PORTS[parts.scheme]
        return cls(parts.hostname or "", port, login, secret, tls, not tls and parts.query != "starttls=0", sender)


def hand_over(server: MailServer, to: str, letter: bytes) -> Outcome:
    """Hand one letter to the server, and say what became of it; raises nothing that a server or a login can cause."""
    try:
        with _connected(server) as smtp:
            return _without(to, _transacted(smtp, server.sender, to, letter))
    except (smtplib.SMTPException, OSError, ValueError) as error:  # ValueError: a challenge or login that is no ASCII
        return _without(to, Outcome(Fate.AGAIN, _said(error)))


def _without(to: str, outcome: Outcome) -> Outcome:
    """Servers repeat the address that they answer about; it has no place in logs, nor with a mail that is kept."""
    return replace(outcome, reason=re.sub(re.escape(to), "address", outcome.reason, flags=re.IGNORECASE))


def _transacted(smtp: smtplib.SMTP, sender: str, to: str, letter: bytes) -> Outcome:
    code, answer = smtp.mail(sender)
    if code != 250:
        return Outcome(Fate.AGAIN, _answered(code, answer))  # about us, not about the reader: an operator can mend it
    code, answer = smtp.rcpt(to)
    if code not in (250, 251):
        return _not_taken(code, answer)
    code, answer = smtp.docmd("DATA")
    if code != 354:
        return _not_taken(code, answer)
    failpoints.reach("mail_data")
    try:
        smtp.send(LINE_DOT.sub(b"..", letter.rstrip(b"\r\n")) + b"\r\n.\r\n")
        code, answer = smtp.getreply()
    except (smtplib.SMTPException, OSError) as error:
        return Outcome(Fate.UNKNOWN, _said(error))
    if 200 <= code < 300:
        return Outcome(Fate.SENT)
    if 400 <= code < 600:
        return _not_taken(code, answer)
    return Outcome(Fate.UNKNOWN, _answered(code, answer))  # an answer that says neither


def _not_taken(code: int, answer: bytes | str) -> Outcome:
    put_off = 400 <= code < 500 and code != CLOSING
    fate = Fate.REFUSED if code >= 500 else Fate.PUT_OFF if put_off else Fate.AGAIN
    return Outcome(fate, _answered(code, answer))


@contextmanager
def _connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    """A session with the server; its end changes nothing of what became of the letter."""
    context = ssl.create_default_context()
    smtp: smtplib.SMTP
    if server.tls:
        smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_S, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_S)
    try:
        if server.starttls:
            smtp.starttls(context=context)
        smtp.ehlo_or_helo_if_needed()
        if server.login:
            smtp.login(server.login, server.secret)
        failpoints.reach("mail_greeted")
        yield smtp
        failpoints.reach("mail_accepted")
    finally:
        with suppress(OSError):
            smtp.close()  # a QUIT would wait for an answer that says nothing any more


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _answered(error.smtp_code, error.smtp_error)
    return (str(error) or type(error).__name__)[:LONGEST_REASON]


def _answered(code: int, answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(text.split())}"[:LONGEST_REASON]
