"""Files that pages load: styles, scripts, pictures; all of them our own, none from elsewhere."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from engage.web.exchange import Reply, Request
from engage.web.lost import not_found
from engage.web.site import Site

_KINDS: Mapping[str, bytes] = {
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "svg": b"image/svg+xml",
    "txt": b"text/plain; charset=utf-8",
}
#: Their addresses change with what they hold, so a browser need never ask again.
_KEPT = ((b"cache-control", b"public, max-age=31536000, immutable"), (b"vary", b"accept-encoding"))


@dataclass(frozen=True, slots=True)
class File:
    """A file, also packed, and the mark of what it holds."""

    body: bytes
    packed: bytes
    kind: bytes
    mark: str


@cache
def _files() -> Mapping[str, File]:
    found = {}
    for each in files("engage.web").joinpath("static").iterdir():
        kind = _KINDS.get(each.name.rpartition(".")[2])
        if kind is not None:
            body = each.read_bytes()
            found[each.name] = File(body, gzip.compress(body, 9, mtime=0), kind, sha256(body).hexdigest()[:12])
    return found


def address(name: str) -> str:
    """Return the address of a file; one that is not there is a mistake of ours."""
    return f"/static/{_files()[name].mark}/{name}"


async def static(site: Site, request: Request, rest: str) -> Reply:
    """Give a file."""
    mark, _, name = rest.partition("/")
    found = _files().get(name)
    if found is None or found.mark != mark:
        return await not_found(site, request)
    if "gzip" in request.header(b"accept-encoding"):
        return Reply(200, found.packed, found.kind, more=((b"content-encoding", b"gzip"), *_KEPT), cached=True)
    return Reply(200, found.body, found.kind, more=_KEPT, cached=True)
