"""The application: which handler answers which address, and what every answer has in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as Crowded

from engage.errors import EngageError
from engage.web import health, hooks, links, metrics, preferences, unsubscribe, view
from engage.web.commit import Overloaded
from engage.web.counting import OTHER, ROUTE, counting
from engage.web.exchange import Application, Headers, Message, Receive, Refused, Reply, Request, Scope, Send, text
from engage.web.lost import not_found
from engage.web.machines import is_robot
from engage.web.site import Site
from engage.web.staff.routes import staff
from engage.web.static import static

T = TypeVar("T")

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
    "metrics": Route(metrics.metrics),
    "static": Route(static),
}


def application(site: Site) -> Application:
    """Return a site as an ASGI application."""
    lasting = ((b"strict-transport-security", b"max-age=31536000"),) if site.secure else ()
    pages = staff(site)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(site, receive, send)
        elif scope["type"] == "http":
            request = _read(site, scope, receive)
            name, _, rest = request.path[1:].partition("/")
            route = ROUTES.get(name)
            if route is None and len(request.path) <= _LONGEST_PATH:
                inner = {**scope, "path": request.path}
                await _staffed(site, pages, inner, receive, _adding(send, lasting))
                scope[ROUTE] = inner.get(ROUTE, OTHER)
                return
            scope[ROUTE] = f"/{name}" if route is not None else OTHER
            reply = await _answered(site, request, route, rest)
            for message in reply.messages(more=lasting, shared=route is not None and route.shared):
                await send(message)

    return counting(app, site.counts)


def _read(site: Site, scope: Scope, receive: Receive) -> Request:
    """Return the request of a scope; the path of the public address may stand before the route or be left out."""
    path: str = scope["path"]
    if site.prefix and path.startswith(f"{site.prefix}/"):
        path = path[len(site.prefix) :]
    client = scope.get("client")
    return Request(scope["method"], path, tuple(scope["headers"]), client[0] if client else None, receive)


async def _answered(site: Site, request: Request, route: Route | None, rest: str) -> Reply:
    """Return the answer to a request, whatever happens."""

    async def tried() -> Reply:
        if len(request.path) > _LONGEST_PATH or route is None:
            return await not_found(site, request)
        if request.method not in route.methods:
            return text(405, "method not allowed", (b"allow", ", ".join(route.methods).encode()))
        return await route.handler(site, request, rest)

    return await _guarded(site, request, tried)


async def _guarded(site: Site, request: Request, tried: Callable[[], Awaitable[T]]) -> T | Reply:
    """Return an answer, or what is said where none could be made."""
    try:
        return await tried()
    except Refused as refusal:
        return text(refusal.status, refusal.why, (b"connection", b"close"))
    except (SQLAlchemyError, EngageError, Overloaded) as error:
        _complain(site, request, error)
        return text(503, "not now: please try again in a minute", (b"retry-after", b"60"))
    except Exception as error:
        site.log.error("failed", route=request.path[1:].partition("/")[0][:20], exc_info=error)
        return text(500, "something went wrong on our side")


async def _staffed(site: Site, pages: Application, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the staff pages, whatever happens: a fault before the answer began is told, one after it ends it."""
    begun = False

    async def sent(message: Message) -> None:
        nonlocal begun
        begun = True
        await send(message)

    request = _read(site, scope, receive)

    async def tried() -> None:
        await pages(scope, receive, sent)

    reply = await _guarded(site, request, tried)
    if reply is not None and not begun:
        for message in reply.messages():
            await send(message)


def _adding(send: Send, more: Headers) -> Send:
    """Return what sends an answer with some headers more."""

    async def sent(message: Message) -> None:
        if more and message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sent


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
