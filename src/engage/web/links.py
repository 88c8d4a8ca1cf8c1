"""What mails load and where their links lead: pixel, click and trap, answered when the event is durable."""

from __future__ import annotations

import asyncio
from base64 import b64decode

from engage.effects.links import read_click, read_token
from engage.intake.heard import Heard
from engage.web.exchange import Reply, Request, text
from engage.web.lost import not_found
from engage.web.machines import machine
from engage.web.site import Site

#: A transparent picture of one point.
PIXEL = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_PICTURE = Reply(200, PIXEL, b"image/gif")
#: A reader is led on after so many seconds, whether or not the click could be written down.
_PATIENCE = 2.0
#: Who loads a picture waits so many seconds for it.
_PICTURE_PATIENCE = 10.0


async def opened(site: Site, request: Request, rest: str) -> Reply:
    """Answer with the pixel; a token that is none of ours gets it too, and is no event."""
    message_id = read_token(site.keys, "open", rest)
    if message_id is None:
        return _PICTURE
    heard = Heard("open", message_id, site.clock(), None, machine(site.running, request, opens=True))
    return _PICTURE if await _is_written(site, heard, _PICTURE_PATIENCE) else _later()


async def clicked(site: Site, request: Request, rest: str) -> Reply:
    """Lead on to where a signed link says, and nowhere else. A reader never waits for the database for long."""
    found = read_click(site.keys, rest)
    if found is None:
        return await not_found(site, request)
    message_id, target = found
    heard = Heard("click", message_id, site.clock(), target, machine(site.running, request))
    await _is_written(site, heard, _PATIENCE)
    return Reply(302, more=((b"location", target.encode()),))


async def trapped(site: Site, request: Request, rest: str) -> Reply:
    """Note that a link was followed which no person sees."""
    message_id = read_token(site.keys, "trap", rest)
    if message_id is None:
        return await not_found(site, request)
    heard = Heard("trap", message_id, site.clock(), None, machine(site.running, request))
    return text(200, "ok") if await _is_written(site, heard, _PICTURE_PATIENCE) else _later()


async def _is_written(site: Site, heard: Heard, seconds: float) -> bool:
    """Have an event written down; tell whether it is durable."""
    try:
        async with asyncio.timeout(seconds):
            await site.events.add(heard)
    except Exception:  # counted and told of by who writes
        return False
    return True


def _later() -> Reply:
    return text(503, "not now", (b"retry-after", b"60"))
