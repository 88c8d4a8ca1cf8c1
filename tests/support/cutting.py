"""A way to a mail server that is cut after so many bytes from the client, as a bad line is."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Cutting:
    """Passes bytes on between its port and a server's; after ``left`` bytes of a client both ends are reset."""

    to: int
    left: int
    threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._begin(self._accept)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self.threads:
            thread.join(10)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._socket.accept()
                server = socket.create_connection(("127.0.0.1", self.to))
                self._begin(self._forward, client, server)
                self._begin(self._back, client, server)

    def _begin(self, work: object, *given: socket.socket) -> None:
        assert callable(work)
        self.threads.append(threading.Thread(target=work, args=given))
        self.threads[-1].start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while said := client.recv(65536):
                server.sendall(said[: self.left])
                self.left -= len(said)
                if self.left <= 0:
                    break
        for end in (client, server):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _back(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while said := server.recv(65536):
                client.sendall(said)


@contextmanager
def cutting(to: int, left: int) -> Iterator[Cutting]:
    """Give a way to a server's port that is cut after so many bytes; it ends afterwards."""
    way = Cutting(to, left)
    try:
        yield way
    finally:
        way.close()
