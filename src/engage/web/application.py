"""The application: which handler answers which address, and what every answer has in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as Crowded

from engage.errors import EngageError
from engage.web import health, hooks, links, preferences, unsubscribe, view
from engage.web.commit import Overloaded
from engage.web.exchange import Application, Receive, Refused, Reply, Request, Scope, Send, text
from engage.web.lost import not_found
from engage.web.machines import is_robot
from engage.web.site import Site

#: Answers a request; ``rest`` is what follows the name of its route.
Handler = Callable[[Site, Request, str], Awaitable[Reply]]
#: An address longer than this is no link of ours.
_LONGEST_PATH = 16_000
_READS = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Route:
    """What answers the addresses that begin with a name."""

    handler: Handler
    methods: tuple[str, ...] = _READS
    #: pages of other origins may show it, such as a pixel in a mail read on the web
    shared: bool = False


#: Every route, by the first part of its path.
ROUTES: Mapping[str, Route] = {
    "o": Route(links.opened, shared=True),
    "c": Route(links.clicked),
    "t": Route(links.trapped),
    "v": Route(view.view),
    "u": Route(unsubscribe.unsubscribe, (*_READS, "POST")),
    "p": Route(preferences.preferences, (*_READS, "POST")),
    "hooks": Route(hooks.called, ("POST",)),
    "health": Route(health.health),
}


def application(site: Site) -> Application:
    """Return a site as an ASGI application."""
    lasting = ((b"strict-transport-security", b"max-age=31536000"),) if site.secure else ()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(site, receive, send)
        elif scope["type"] == "http":
            request = _read(site, scope, receive)
            name, _, rest = request.path[1:].partition("/")
            route = ROUTES.get(name)
            reply = await _answered(site, request, route, rest)
            for message in reply.messages(more=lasting, shared=route is not None and route.shared):
                await send(message)

    return app


def _read(site: Site, scope: Scope, receive: Receive) -> Request:
    """Return the request of a scope; the path of the public address may stand before the route or be left out."""
    path: str = scope["path"]
    if site.prefix and path.startswith(f"{site.prefix}/"):
        path = path[len(site.prefix) :]
    client = scope.get("client")
    return Request(scope["method"], path, tuple(scope["headers"]), client[0] if client else None, receive)


async def _answered(site: Site, request: Request, route: Route | None, rest: str) -> Reply:
    """Return the answer to a request, whatever happens."""
    try:
        if len(request.path) > _LONGEST_PATH or route is None:
            return await not_found(site, request)
        if request.method not in route.methods:
            return text(405, "method not allowed", (b"allow", ", ".join(route.methods).encode()))
        return await route.handler(site, request, rest)
    except Refused as refusal:
        return text(refusal.status, refusal.why, (b"connection", b"close"))
    except (SQLAlchemyError, EngageError, Overloaded) as error:
        _complain(site, request, error)
        return text(503, "not now: please try again in a minute", (b"retry-after", b"60"))
    except Exception as error:
        site.log.error("failed", route=request.path[1:].partition("/")[0][:20], exc_info=error)
        return text(500, "something went wrong on our side")


def _complain(site: Site, request: Request, error: SQLAlchemyError | EngageError | Overloaded) -> None:
    """Say that a request could not be answered, without anything that tells of a person."""
    away = isinstance(error, Crowded) or (isinstance(error, DBAPIError) and error.orig is not None)
    why = type(error.orig if isinstance(error, DBAPIError) else error).__name__
    site.log.error("unavailable", route=request.path[1:].partition("/")[0][:20], database=away, why=why)


async def _live(site: Site, receive: Receive, send: Send) -> None:
    """Begin and end with the server."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await site.open()
                await site.work(lambda: is_robot(""))  # reads its list now, not for the first reader
            except Exception as error:
                site.log.error("not_started", why=str(error))
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
        else:
            await site.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
