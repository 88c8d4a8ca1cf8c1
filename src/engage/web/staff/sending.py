"""What handlers return, as HTTP sends it; and what all answers of the staff pages say of themselves."""

from __future__ import annotations

from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from typing import assert_never
from urllib.parse import quote

from starlette.responses import RedirectResponse, Response, StreamingResponse

from engage.web.exchange import ALWAYS, Receive, Scope, Send
from engage.web.staff.answers import Answer, Away, Download, Fragment, Plain, See, Shown
from engage.web.staff.cookies import AWAY, LOGIN, SAID, Seals, drop, keep, keep_said
from engage.web.staff.frame import Manner, rendered

#: Pages run and load what is ours, from here, and nothing else.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
#: What of a request decides over an answer: who asks, in which language, and whether for a part of a page.
_VARY = ("Cookie", "Accept-Language", "HX-Request")
#: A file that is larger waits on the disk until it is sent.
_IN_MEMORY = 4_000_000
_PIECE = 65_536


def response(answer: Answer, manner: Manner, seals: Seals) -> Response:
    """Return an answer as it is sent. What a download is made of is read to its end here."""
    match answer:
        case Shown(template, title, values, status, token):
            sent = Response(rendered(template, manner, title, values), status, media_type="text/html")
            _hold(sent, token)
            if manner.flash is not None:
                drop(sent, SAID)
        case Fragment(template, values, status, token):
            sent = Response(rendered(template, manner, None, values), status, media_type="text/html")
            _hold(sent, token)
        case See(path, said, undo, token):
            sent = RedirectResponse(path, 303)
            if said is not None:
                keep_said(sent, seals, said, undo)
            if token:
                drop(sent, AWAY)
            _hold(sent, token)
        case Away(address, state):
            sent = RedirectResponse(address, 303)
            keep(sent, AWAY, state, 900)
        case Download(name, parts, kind, _):
            sent = Filed(parts, kind)
            sent.headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
        case Plain(body, kind, status, headers):
            sent = Response(body, status, dict(headers), kind)
        case _:
            assert_never(answer)
    if sent.status_code == 503:
        sent.headers["retry-after"] = "60"
    return dressed(sent)


def _hold(sent: Response, token: str | None) -> None:
    """Have the browser hold a login's token from now on; an empty one takes away what it holds."""
    if token:
        keep(sent, LOGIN, token)
    elif token is not None:
        drop(sent, LOGIN)


def dressed(sent: Response) -> Response:
    """Give a response the headers that all have."""
    for name, value in ALWAYS:
        sent.headers[name.decode()] = value.decode()
    sent.headers.setdefault("cache-control", "no-store")
    known = [name.strip() for name in sent.headers.get("vary", "").split(",") if name.strip()]
    lower = {name.lower() for name in known}
    sent.headers["vary"] = ", ".join([*known, *(name for name in _VARY if name.lower() not in lower)])
    sent.headers["content-security-policy"] = POLICY
    sent.headers["cross-origin-resource-policy"] = "same-origin"
    return sent


class Filed(StreamingResponse):
    """A file that is made now, while the database is at hand, and sent piece by piece."""

    def __init__(self, parts: Iterable[bytes], kind: str) -> None:
        """Make the file; ``kind`` is its media type."""
        spool = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed when it was sent, or not wanted
        for part in parts:
            spool.write(part)
        spool.seek(0)
        self._spool = spool
        super().__init__(iter(lambda: spool.read(_PIECE), b""), media_type=kind)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, as far as the reader stays, and close it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._spool.close()
