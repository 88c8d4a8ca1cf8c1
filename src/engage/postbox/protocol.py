"""LMTP and SMTP as the listener speaks them: of a mail only the beginning is kept, however long it or a line is."""

from __future__ import annotations

import asyncio
from asyncio import AbstractEventLoop
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

from engage.intake.returned.shallow import MOST

#: Seconds of silence after which a connection is ended.
_SILENCE = 120.0


class Smtp(SMTP):
    """SMTP; after the content there is one answer."""

    answers_each = False

    def __init__(self, handler: Any, loop: AbstractEventLoop) -> None:
        super().__init__(
            handler,
            data_size_limit=None,
            hostname="localhost",
            ident="engage",
            enable_SMTPUTF8=True,
            timeout=_SILENCE,
            loop=loop,
        )

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - named by its command
        """Take a mail's content and answer when it is noted."""
        envelope = self.envelope
        if await self.check_helo_needed():
            return
        if envelope is None or not envelope.rcpt_tos:
            await self.push("503 5.5.1 need RCPT command")
            return
        if arg:
            await self.push("501 5.5.4 Syntax: DATA")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        envelope.content = envelope.original_content = await self._content()
        status = await self._call_handler_hook("DATA")
        count = len(envelope.rcpt_tos) if self.answers_each else 1
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        for _ in range(count):
            await self.push(status)

    async def _content(self) -> bytes:
        """Return the beginning of a mail, read to its end."""
        kept, begins = bytearray(), True
        while True:
            piece, ends = await self._piece()
            if begins and ends and piece == b".\r\n":
                return bytes(kept)
            if begins and piece.startswith(b"."):
                piece = piece[1:]
            if len(kept) < MOST:
                kept += piece[: MOST - len(kept)]
            begins = ends

    async def _piece(self) -> tuple[bytes, bool]:
        """Return a line, or a piece of one that is too long to be held, and whether it is the line's end."""
        reader = self._reader
        try:
            return await reader.readuntil(b"\r\n"), True
        except asyncio.LimitOverrunError as error:
            return await reader.readexactly(max(error.consumed, 1)), False
        except asyncio.IncompleteReadError:
            raise asyncio.CancelledError from None


class Lmtp(Smtp, LMTP):
    """LMTP (RFC 2033); after the content there is one answer for each recipient."""

    answers_each = True
