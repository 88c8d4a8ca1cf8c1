"""The listener for mail that comes back, by LMTP or SMTP: «taken» is only said of what is committed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import stat
from asyncio import AbstractServer, Event, Future
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from engage.effects.mail_server import is_here
from engage.errors import Outside, Refused
from engage.intake.returned.judging import Back, Names, judge
from engage.postbox.noted import Noted
from engage.wording import sentence

Write = Callable[[Sequence[Back]], Noted]
_TAKEN = "250 2.0.0 noted"
_LATER = "451 4.3.0 not noted, try again later"
#: How long a stop waits for mails that are being noted, in seconds.
_DRAIN = 15.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where is listened: at a port of this machine, or at a socket in a folder."""

    protocol: Literal["lmtp", "smtp"]
    host: str = "127.0.0.1"
    port: int = 0
    path: Path | None = None

    @property
    def name(self) -> str:
        """The place as people know it."""
        return f"unix:{self.path}" if self.path is not None else f"{self.host}:{self.port}"


def place_of(protocol: Literal["lmtp", "smtp"], text: str) -> Place:
    """Return the place that a text names, ``127.0.0.1:10024`` or ``unix:/run/engage/bounces``.

    Raises Refused for what is none, and for what others than this machine could reach: nobody logs in here.
    """
    if text.startswith("unix:") and len(text) > 5:
        return Place(protocol, path=Path(text[5:]))
    host, colon, port = text.rpartition(":")
    host = host.strip("[]")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise Refused(sentence("{text} is neither HOST:PORT nor unix:PATH", text=repr(text)))
    if not is_here(host):
        raise Refused(sentence("the listener takes mail from this machine only: {host} is another", host=repr(host)))
    return Place(protocol, host, int(port))


@dataclass
class Listener:
    """Takes mails, judges them in a thread, and writes down together what has come together."""

    names: Names
    write: Write
    #: told of each go, with what was noted; of a failure with the exception
    told: Callable[[Noted | Exception], None] = lambda _: None
    _waiting: list[tuple[tuple[Back, ...], Future[None]]] = field(default_factory=list)
    _come: Event = field(default_factory=Event)
    _judges: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _busy: int = 0
    _quiet: Event = field(default_factory=Event)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: ARG002, N802
        """Judge a mail and answer when what it says is committed."""
        self._busy += 1
        try:
            return await self._noted(envelope)
        finally:
            self._busy -= 1
            if not self._busy:
                self._quiet.set()

    async def _noted(self, envelope: Any) -> str:
        loop = asyncio.get_running_loop()
        asked = partial(judge, envelope.content, tuple(envelope.rcpt_tos), self.names)
        backs = await loop.run_in_executor(self._judges, asked)
        done: Future[None] = loop.create_future()
        self._waiting.append((backs, done))
        self._come.set()
        try:
            await done
        except Exception:
            return _LATER
        return _TAKEN

    async def handle_exception(self, error: Exception) -> str:
        """Answer where something broke that is not the mail's fault."""
        self.told(error)
        return _LATER

    async def write_for_ever(self) -> None:
        """Write down what waits, all of it in one transaction, again and again."""
        while True:
            await self._come.wait()
            self._come.clear()
            at_hand, self._waiting = self._waiting, []
            try:
                noted = await asyncio.to_thread(self.write, [back for backs, _ in at_hand for back in backs])
            except Exception as error:
                self.told(error)
                _settle(at_hand, error)
            else:
                self.told(noted)
                _settle(at_hand, None)

    async def drain(self) -> None:
        """Wait for the mails at hand, but not for ever: what is not noted then was not acknowledged."""
        self._quiet.clear()
        if self._busy:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._quiet.wait(), _DRAIN)


def _settle(at_hand: Sequence[tuple[object, Future[None]]], error: Exception | None) -> None:
    for _, done in at_hand:
        if done.done():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)


async def listen(place: Place, listener: Listener, stopping: Event, ready: Callable[[Place], None]) -> None:
    """Listen until told to stop, then finish the mails at hand. Raises Outside where the place cannot be had."""
    writing = asyncio.create_task(listener.write_for_ever())
    server, found = await _opened(place, listener)
    try:
        ready(found)
        await stopping.wait()
    finally:
        server.close()
        await listener.drain()
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writing
        if place.path is not None:
            place.path.unlink(missing_ok=True)


async def _opened(place: Place, listener: Listener) -> tuple[AbstractServer, Place]:
    """Open the place; return it with the port that it has got."""
    from engage.postbox.protocol import Lmtp, Smtp

    loop = asyncio.get_running_loop()
    spoken = Lmtp if place.protocol == "lmtp" else Smtp
    try:
        if place.path is not None:
            _free(place.path)
            server = await loop.create_unix_server(lambda: spoken(listener, loop), str(place.path))
            place.path.chmod(0o660)
            return server, place
        inet = await loop.create_server(lambda: spoken(listener, loop), place.host, place.port)
    except OSError as error:
        why = error.strerror or str(error)
        raise Outside(sentence("nobody can listen at {place}: {why}", place=place.name, why=why)) from error
    return inet, Place(place.protocol, place.host, inet.sockets[0].getsockname()[1])


def _free(path: Path) -> None:
    """Remove a socket that a killed listener left; one that still listens keeps it. Raises Refused."""
    if not path.exists():
        return
    if stat.S_ISSOCK(path.stat().st_mode):
        with socket.socket(socket.AF_UNIX) as asked:
            try:
                asked.connect(str(path))
            except OSError:
                path.unlink()
                return
    raise Refused(sentence("{path} is there already", path=path))
