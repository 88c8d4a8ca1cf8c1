"""A request and its answer, as the handlers see them: plain values over ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

#: What ASGI hands over; see its specification, version 3.
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

#: A body that takes longer to come than so many seconds is given up.
_BODY_SECONDS = 10.0
#: No form of ours has more fields.
_MOST_FIELDS = 1_000


@dataclass(frozen=True, slots=True)
class Refused(Exception):
    """A request that is not carried out: the status, and words for its sender."""

    status: int
    why: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request; ``path`` begins after the path of the public address and is decoded once."""

    method: str
    path: str
    headers: Headers
    #: the address of who asks, as the nearest trusted proxy tells it
    client: str | None
    receive: Receive

    def header(self, name: bytes) -> str:
        """Return the first header of a name, given in lower case, or nothing."""
        return next((value.decode("latin-1") for key, value in self.headers if key == name), "")

    async def body(self, most: int) -> bytes:
        """Return the body. Raises Refused where it has more bytes than ``most`` or never ends."""
        said = self.header(b"content-length")
        if said.isdecimal() and int(said[:20]) > most:
            raise Refused(413, "too large")
        parts = bytearray()
        try:
            async with asyncio.timeout(_BODY_SECONDS):
                while True:
                    message = await self.receive()
                    if message["type"] == "http.disconnect":
                        raise Refused(400, "incomplete")
                    parts += message.get("body", b"")
                    if len(parts) > most:
                        raise Refused(413, "too large")
                    if not message.get("more_body", False):
                        return bytes(parts)
        except TimeoutError:
            raise Refused(408, "too slow") from None

    async def form(self, most: int) -> Mapping[str, tuple[str, ...]]:
        """Return the fields of a form, each with its values. Raises Refused for what is no form."""
        kind = self.header(b"content-type").partition(";")[0].strip().lower()
        if kind not in ("", "application/x-www-form-urlencoded", "multipart/form-data"):
            raise Refused(415, "not a form")
        return fields(await self.body(most))


def fields(body: bytes) -> dict[str, tuple[str, ...]]:
    """Return the fields of a form that is URL-encoded; of another form, nothing.

    >>> fields(b"list=3&list=4&keep=yes")
    {'list': ('3', '4'), 'keep': ('yes',)}
    """
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value)
    return found


#: What every answer says: nothing is guessed, framed, referred to, or found by search engines; and, but for files that
#: never change, kept.
_FRESH = (b"cache-control", b"no-store")
ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-robots-tag", b"noindex, nofollow"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
#: An answer that is no page runs and loads nothing, and stands in no frame.
_BARE = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; ``policy`` is its Content-Security-Policy where it needs another than the strictest."""

    status: int
    body: bytes = b""
    kind: bytes = b"text/plain; charset=utf-8"
    policy: bytes | None = None
    more: Headers = ()
    #: ``more`` says how long it is kept
    cached: bool = False

    def messages(self, more: Headers = (), *, shared: bool = False) -> Iterator[Message]:
        """Yield the answer as ASGI sends it; ``shared``: pages of other origins may show it."""
        policy = _BARE if self.policy is None else (b"content-security-policy", self.policy)
        origin = b"cross-origin" if shared else b"same-origin"
        headers = [
            (b"content-type", self.kind),
            (b"content-length", b"%d" % len(self.body)),
            *(() if self.cached else (_FRESH,)),
            *ALWAYS,
            policy,
            (b"cross-origin-resource-policy", origin),
            *self.more,
            *more,
        ]
        yield {"type": "http.response.start", "status": self.status, "headers": headers}
        yield {"type": "http.response.body", "body": self.body}


def text(status: int, words: str, *more: tuple[bytes, bytes]) -> Reply:
    """Return an answer for programs: a line of plain text."""
    return Reply(status, f"{words}\n".encode(), more=more)
