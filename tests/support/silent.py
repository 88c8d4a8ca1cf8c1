"""A server that takes connections and never says a word, until it ends."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from threading import Thread


class Silent:
    """Such a server: where it is, and the connections that it holds."""

    def __init__(self, listening: socket.socket) -> None:
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.held: list[socket.socket] = []
        #: one sign for each connection that was taken
        self.taken: SimpleQueue[bool] = SimpleQueue()
        self._listening = listening

    def hold(self) -> None:
        """Take what comes, until this ends."""
        with suppress(OSError):
            while True:
                self.held.append(self._listening.accept()[0])
                self.taken.put(True)

    def end(self) -> None:
        """Let all go, and take nothing any more."""
        with suppress(OSError):  # it ended before
            self._listening.shutdown(socket.SHUT_RDWR)
        for connection in self.held:
            connection.close()


@contextmanager
def silent() -> Iterator[Silent]:
    """Give a server that never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        server = Silent(listening)
        thread = Thread(target=server.hold)
        thread.start()
        try:
            yield server
        finally:
            server.end()
            thread.join()
