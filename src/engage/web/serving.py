"""Serving: the server's processes, where they listen, and how they end."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from engage.errors import Outside
from engage.web.exchange import Application
from engage.web.protocol import Bounded
from engage.wording import sentence

#: At the end so many seconds are left to those who are being answered.
DRAIN = 30


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server listens and whom it believes."""

    host: str
    port: int
    #: processes
    workers: int
    #: addresses and networks of proxies whose word counts on who asks
    trusted: Sequence[str]


def listen(place: Place) -> socket.socket:
    """Return a socket that listens. Raises Outside where that cannot be."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        return socket.create_server((place.host, place.port), family=family, backlog=2_048)
    except (OSError, OverflowError) as error:
        text = "{host}, port {port}, cannot be listened on: {why}"
        raise Outside(sentence(text, host=place.host, port=place.port, why=error)) from error


def serve(place: Place, listening: socket.socket, factory: str | Application, prepare: Callable[[], None]) -> None:
    """Answer requests until SIGTERM or SIGINT comes, then end when all that were asked are answered.

    ``factory`` names a function that makes the application, as ``module:name``, which each process calls; for one
    process it may be the application itself.
    ``prepare`` is called when this process handles signals. Raises Outside where the server cannot begin.
    """
    config = configured(factory, place)
    # uvicorn raises the signal that ended it once more; the process ends by itself then.
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda _, __: None)
    prepare()
    if place.workers > 1:
        many = Multiprocess(config, [listening])
        many.run()
        failed = any(process.exitcode == STARTUP_FAILURE for process in many.processes)
    else:
        failed = _alone(config, listening)
    if failed:
        raise Outside(sentence("the server could not begin; the line above says why"))


def configured(application: Application | str, place: Place) -> uvicorn.Config:
    """Return how an application is served, given itself or as the name of what makes it."""
    return uvicorn.Config(
        application,
        factory=isinstance(application, str),
        workers=place.workers,
        http=Bounded,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=bool(place.trusted),
        forwarded_allow_ips=list(place.trusted),
        timeout_graceful_shutdown=DRAIN,
    )


def _alone(config: uvicorn.Config, listening: socket.socket) -> bool:
    """Serve in this process; tell whether that could not begin."""
    try:
        uvicorn.Server(config).run([listening])
    except SystemExit as end:
        return end.code == STARTUP_FAILURE
    return False
