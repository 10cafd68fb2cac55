"""A road to a server that can be cut without a word: bytes stop, and neither side hears that anything is wrong."""

from __future__ import annotations

import selectors
import socket
from threading import Thread

from tests.services import free_port

CHUNK = 65536


class Proxy(Thread):
    """Carries connections from `port` to a local server until it is closed."""

    def __init__(self, server_port: int) -> None:
        super().__init__(name="proxy", daemon=True)
        self.port = free_port()
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._wakes, self._waker = socket.socketpair()
        self._selector.register(self._wakes, selectors.EVENT_READ)
        self._lost: list[socket.socket] = []  # ends of cut connections, kept open so that nobody hears of it

    def cut(self) -> None:
        """From now on nothing passes on the connections there are; new ones work."""
        self._waker.sendall(b"cut")

    def close(self) -> None:
        self._waker.close()
        self.join()

    def run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                source = key.fileobj
                assert isinstance(source, socket.socket)
                if source is self._listener:
                    self._accept()
                elif source is not self._wakes:
                    self._carry(source, key.data)
                elif source.recv(CHUNK):
                    self._cut()
                else:
                    return self._end()

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        try:
            server = socket.create_connection(("127.0.0.1", self._server_port))
        except OSError:
            client.close()
            return
        self._selector.register(client, selectors.EVENT_READ, server)
        self._selector.register(server, selectors.EVENT_READ, client)

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        try:
            chunk = source.recv(CHUNK)
            target.sendall(chunk)
        except OSError:
            chunk = b""
        if not chunk:
            for end in (source, target):
                if end in self._pairs():
                    self._selector.unregister(end)
                end.close()

    def _cut(self) -> None:
        for end in self._pairs():
            self._selector.unregister(end)
            self._lost.append(end)

    def _pairs(self) -> list[socket.socket]:
        ends = (key.fileobj for key in self._selector.get_map().values() if key.data is not None)
        return [end for end in ends if isinstance(end, socket.socket)]

    def _end(self) -> None:
        for end in [*self._pairs(), *self._lost, self._listener, self._wakes]:
            end.close()
        self._selector.close()
