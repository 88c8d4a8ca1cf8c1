"""The staff pages as an application: the table of pages, behind Starlette's router."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request as Asked
from starlette.routing import Match, Route, Router

from engage.web.exchange import Application, Receive, Request, Scope, Send, text
from engage.web.lost import not_found
from engage.web.site import Site
from engage.web.staff.answering import Answering
from engage.web.staff.cookies import Seals
from engage.web.staff.shape import Door, Page
from engage.web.staff.table import DOORS, PAGES


def staff(site: Site) -> Application:
    """Return the staff pages as an application; what they do not know is a link that leads nowhere."""
    settings = site.app.settings
    assert settings.secret_key is not None, "checked when the site was put together"
    answering = Answering(site, Seals(settings.secret_keys), settings.secret_keys)
    table: tuple[Page | Door, ...] = (*DOORS, *PAGES)
    routes = [Route(page.path, answering.endpoint(page), methods=[page.method]) for page in table]

    async def nowhere(scope: Scope, receive: Receive, send: Send) -> None:
        asked = Asked(scope)
        request = Request(asked.method, asked.url.path, tuple(scope["headers"]), None, receive)
        for message in (await not_found(site, request)).messages():
            await send(message)

    router = Router(routes, redirect_slashes=False, default=nowhere)

    async def pages(scope: Scope, receive: Receive, send: Send) -> None:
        # A router that stands alone answers a wrong method by itself, without our headers; in an application it raises.
        scope["app"] = router
        try:
            await router(scope, receive, send)
        except HTTPException as refusal:
            allowed = sorted({m for each in routes if each.matches(scope)[0] != Match.NONE for m in each.methods or ()})
            reply = text(refusal.status_code, "method not allowed", (b"allow", ", ".join(allowed).encode()))
            for message in reply.messages():
                await send(message)

    return pages
