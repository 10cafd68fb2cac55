"""A mail server of the tests: it takes letters down, and refuses, dawdles or hangs up where it is told to."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage


@dataclass
class Mailbox:
    """What arrived, and how the server behaves: `answers` by command (RCPT, DATA, ".", greeting), None hangs up."""

    port: int = 0
    letters: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str | None] = field(default_factory=dict)
    asked: threading.Event = field(default_factory=threading.Event)  # for the content of a letter

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?starttls=0"

    @property
    def ids(self) -> Counter[str]:
        """How often each letter arrived."""
        return Counter(str(letter["Message-ID"]) for letter in self.letters)


class Hangup(Exception):
    pass


class Session(socketserver.StreamRequestHandler):
    mailbox: Mailbox

    def handle(self) -> None:
        try:
            self.say("greeting", "220 tests")
            while line := self.rfile.readline():
                self.command(line.split(b" ")[0].split(b":")[0].strip().upper().decode())
        except (Hangup, ConnectionError):
            return

    def command(self, word: str) -> None:
        if word == "DATA":
            if self.say("DATA", "354 go on").startswith("354"):
                self.mailbox.asked.set()
                self.letter()
        else:
            self.say(word, "250 fine")

    def letter(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        if line == b"":
            return  # the sender died: it is no letter
        if self.say(".", "250 taken").startswith("250"):
            self.mailbox.letters.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))

    def say(self, place: str, usual: str) -> str:
        answer = self.mailbox.answers.get(place, usual)
        if answer is None:
            raise Hangup
        self.wfile.write(answer.encode() + b"\r\n")
        return answer


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    handler = type("Here", (Session,), {"mailbox": mailbox})
    with Server(("127.0.0.1", 0), handler) as server:
        mailbox.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield mailbox
        server.shutdown()
