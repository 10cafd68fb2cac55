"""One road for all threads of a process: what arrives while others are saved is saved together, in one transaction."""

from __future__ import annotations

from concurrent.futures import Future
from threading import Lock

from tracker.ingest import Ingest, Message


class SharedIngest:
    """An Ingest that many threads may use. Whoever comes first saves for all who wait."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        self._waiting: list[tuple[Message, Future[None]]] = []
        self._door, self._road = Lock(), Lock()

    def save(self, message: Message) -> None:
        """When it returns, the message is stored, counted or in quarantine, and that is committed.

        Raises SQLAlchemy's errors: then nothing is known of it, and it may be handed over again.
        """
        committed: Future[None] = Future()
        with self._door:
            self._waiting.append((message, committed))
        with self._road:
            if not committed.done():
                self._save_waiting()
        committed.result()

    def refuse(self, message: Message, device_id: int, reason: str) -> None:
        """The same for a message that is not taken."""
        with self._road:
            self._ingest.refuse(message, device_id, reason)

    def _save_waiting(self) -> None:
        with self._door:
            batch, self._waiting = self._waiting, []
        try:
            self._ingest.save([message for message, _ in batch])
        except BaseException as error:
            self._ingest.forget()
            for _, committed in batch:
                committed.set_exception(error)
        else:
            for _, committed in batch:
                committed.set_result(None)
