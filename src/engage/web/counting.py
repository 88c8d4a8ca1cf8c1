"""Counting requests by route and status, over all processes of a server, in the terms of Prometheus.

A process alone counts in its memory. Where several answer, ``PROMETHEUS_MULTIPROC_DIR`` names a folder that
``engage serve`` makes: each process counts in files there, and whichever is asked adds all of them up.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Summary
from prometheus_client.multiprocess import MultiProcessCollector

from engage.clock import monotonic
from engage.web.exchange import Application, Message, Receive, Scope, Send

#: The folder of the counts of several processes.
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
#: Set in a request's scope: which route answered.
ROUTE = "engage.route"
#: What nobody answers, and methods that no page has.
OTHER = "other"
_METHODS = frozenset(("GET", "HEAD", "POST"))


class Counts:
    """The counts of a process."""

    def __init__(self, lost: Callable[[], int]) -> None:
        """Begin at nought; ``lost`` tells how many events of readers this process has lost."""
        told = "Opens and clicks that were lost since the server began."
        self._lost, self._asked = Gauge("engage_events_lost", told, registry=None, multiprocess_mode="sum"), lost
        labels = ("route", "method", "status")
        self._requests = Counter("engage_requests", "Requests answered.", labels, registry=None)
        self._seconds = Summary(
            "engage_request_seconds", "Seconds until they were answered.", ("route",), registry=None
        )

    def note(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(route, method if method in _METHODS else OTHER, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        self._lost.set(self._asked())

    def registry(self) -> CollectorRegistry:
        """Return what all processes have counted."""
        found = CollectorRegistry()
        if os.environ.get(FOLDER):
            MultiProcessCollector(found)  # type: ignore[no-untyped-call]
        else:
            for each in (self._requests, self._seconds, self._lost):
                found.register(each)
        return found


def counting(application: Application, counts: Counts) -> Application:
    """Return an application whose requests are counted; a route is named by what answers, never by a whole address."""

    async def counted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        began, status = monotonic(), 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await application(scope, receive, sent)
        finally:
            counts.note(scope.get(ROUTE, OTHER), scope["method"], status, monotonic() - began)

    return counted
