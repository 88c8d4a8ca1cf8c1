"""What mail services call when a mail came back: only what they signed counts, once."""

from __future__ import annotations

from engage.intake.services.call import Call, Forged, Malformed
from engage.intake.services.noting import note_call
from engage.web.exchange import Reply, Request, text
from engage.web.lost import not_found
from engage.web.services import Read
from engage.web.site import Site

#: A service puts many events into one call; none is longer.
MOST = 5_000_000


async def called(site: Site, request: Request, rest: str) -> Reply:
    """Take a call: 401 and nothing changed where it is forged, old or a replay; 200 when what it says is durable."""
    read = site.services.readers.get(rest)
    if read is None:
        return await not_found(site, request)
    body, now = await request.body(MOST), site.clock()
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}

    def heard() -> Call:
        return _asked(site, read, headers, body)

    try:
        call = await site.work(heard)
        if not await site.do(lambda connection: note_call(connection, rest, call, now)):
            raise Forged
    except Forged:
        return text(401, "not signed by the service, too old, or taken before")
    except Malformed:
        return text(400, "not understood")
    except OSError as error:
        site.log.warning("hook_waits", service=rest, why=type(error).__name__)
        return text(503, "not now: please try again", (b"retry-after", b"60"))
    return text(200, "taken")


def _asked(site: Site, read: Read, headers: dict[str, str], body: bytes) -> Call:
    """Read a call; one that wants a subscription confirmed has it confirmed before it is taken."""
    call = read(headers, body, site.clock())
    if call.confirm is not None:
        site.services.fetch(call.confirm)
        site.log.info("subscribed")
    return call
