"""``/metrics`` for Prometheus: what was asked of the server, and how full and late everything is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hmac import compare_digest

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from engage.reports.gauges import Gauges, gauges
from engage.web.exchange import Reply, Request
from engage.web.lost import not_found
from engage.web.site import Site


def is_operator(site: Site, request: Request) -> bool:
    """Tell whether a request bears the operators' token; nobody does where none is set."""
    token = site.app.settings.metrics_token
    kind, _, given = request.header(b"authorization").partition(" ")
    if token is None or kind.lower() != "bearer":
        return False
    return compare_digest(given.strip().encode("latin-1"), token.encode())


async def metrics(site: Site, request: Request, rest: str) -> Reply:
    """Answer operators; for anybody else there is nothing here. The numbers are read when they are asked for."""
    if rest or not is_operator(site, request):
        return await not_found(site, request)
    now = site.clock()

    def seen(connection: Connection) -> Gauges:
        return gauges(connection, now)

    try:
        found: Gauges | None = await site.see(seen)
    except SQLAlchemyError:
        found = None
    registry = site.counts.registry()
    registry.register(_Collected(found, now))
    return Reply(200, generate_latest(registry), CONTENT_TYPE_LATEST.encode())


class _Collected(Collector):
    """The numbers of a moment; none but that the database is away, where it is."""

    def __init__(self, found: Gauges | None, now: datetime) -> None:
        self._found, self._now = found, now

    def collect(self) -> Iterator[Metric]:
        """Yield them."""
        yield GaugeMetricFamily("engage_database_up", "Whether the database answers.", int(self._found is not None))
        if self._found is not None:
            yield from self._numbers(self._found)
            yield from self._families(self._found)

    def _numbers(self, found: Gauges) -> Iterator[Metric]:
        mail = found.mail
        for name, told, value in (
            ("tick_age_seconds", "Since the moment of the last tick.", self._since(found.last_tick)),
            ("mail_held", "Whether nothing goes out since the database was restored or copied.", int(bool(mail.hold))),
            ("mail_stopped", "Whether the mail server takes nothing from us.", int(bool(mail.stop))),
            ("messages_in_doubt", "Messages nobody knows of whether they left.", mail.in_doubt),
            ("messages_failed", "Messages of the last 7 days that failed.", mail.failed.count if mail.failed else 0),
            ("messages_deferred", "Messages queued that a mail server refused for now.", mail.deferred),
            (
                "oldest_message_seconds",
                "Since the first message waits that could go at once.",
                self._since(mail.oldest),
            ),
            ("calls_failed", "Webhooks and actions that failed or are in doubt.", found.failed_calls),
            ("activities_unlearnt", "Activities that no tick has learnt.", found.unlearnt),
            ("runs_waiting", "Runs that wait at a step.", found.waiting),
            ("runs_held", "Runs that are held.", found.held),
            ("todos_overdue", "Open ToDos whose due date has passed.", found.overdue_todos),
            ("scenarios_faulty", "Scenarios that the engine paused itself.", found.faulty),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"engage_{name}", told, value)

    def _families(self, found: Gauges) -> Iterator[Metric]:
        queued = GaugeMetricFamily("engage_queued", "What waits to go out.", labels=["kind"])
        for kind, count in found.queued.items():
            queued.add_metric([kind], count)
        scenarios = GaugeMetricFamily("engage_scenarios", "Scenarios.", labels=["state"])
        for state, count in found.scenarios.items():
            scenarios.add_metric([state], count)
        yield from (queued, scenarios)

    def _since(self, moment: datetime | None) -> float | None:
        return None if moment is None else max(0.0, (self._now - moment).total_seconds())
