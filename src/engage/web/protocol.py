"""HTTP as the server speaks it: uvicorn's, with an end to how long and how slow the head of a request may be."""

from __future__ import annotations

import asyncio
from asyncio import Transport
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: The head of a request has no more bytes than this, and comes within so many seconds.
LONGEST_HEAD, SLOWEST_HEAD = 65_536, 20.0


class Bounded(HttpToolsProtocol):
    """One connection; its counters begin anew with each request."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        #: ``_ended``: what came last held the end of a request
        self._in_head, self._head, self._ended = True, 0, False
        self._waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin; whoever connects is to say something soon."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._wait_no_more()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has come; refuse a head without end."""
        if self._in_head and self._waiting is None:
            self._wait()
        self._ended = False
        super().data_received(data)
        if self._in_head and not self._ended and not self.transport.is_closing():
            self._head += len(data)
            if self._head > LONGEST_HEAD:
                self.send_400_response("The head of the request is too long.")

    def on_headers_complete(self) -> None:
        """Go on with the body."""
        self._in_head = False
        self._wait_no_more()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect another request."""
        self._in_head, self._head, self._ended = True, 0, True
        super().on_message_complete()

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(SLOWEST_HEAD, self._give_up)

    def _wait_no_more(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
