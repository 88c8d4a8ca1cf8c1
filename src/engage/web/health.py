"""How the server is, for whoever watches it: numbers and moments, nothing of a person."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from engage.reports.health import MailHealth, last_tick, mail_health
from engage.web.exchange import Reply, Request
from engage.web.metrics import is_operator
from engage.web.site import Site


async def health(site: Site, request: Request, rest: str) -> Reply:  # noqa: ARG001 - as every handler
    """Answer 200 where the database answers, else 503; ``state`` tells of what else a person should look at.

    Operators, who bear the token, are told the numbers too.
    """
    now, whole = site.clock(), is_operator(site, request)

    def seen(connection: Connection) -> tuple[MailHealth, datetime | None]:
        return mail_health(connection, now), last_tick(connection)

    events = {"waiting": site.events.waiting, "written": site.events.written, "lost": site.events.lost}
    try:
        mail, ticked = await site.see(seen)
    except SQLAlchemyError:
        return _reply(503, {"state": "failing", "database": "away", "events": events}, whole=whole)
    told = {
        "state": "warning" if mail.hold or mail.stop or mail.in_doubt or site.events.lost else "ok",
        "database": "ok",
        "events": events,
        "tick": {"last": _moment(ticked), "seconds_ago": None if ticked is None else (now - ticked).total_seconds()},
        "mail": {
            "held_since": _moment(mail.hold.since if mail.hold else None),
            "stopped_since": _moment(mail.stop.since if mail.stop else None),
            "tried_again_at": _moment(mail.stop.try_at if mail.stop else None),
            "in_doubt": mail.in_doubt,
            "failed_in_7_days": mail.failed.count if mail.failed else 0,
            "queued": mail.queued,
            "deferred": mail.deferred,
            "notifications": mail.notices,
            "oldest_waiting_since": _moment(mail.oldest),
        },
    }
    return _reply(200, told, whole=whole)


def _reply(status: int, told: dict[str, Any], *, whole: bool) -> Reply:
    said = told if whole else {"state": told["state"]}
    return Reply(status, json.dumps(said, indent=2).encode() + b"\n", b"application/json")


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="seconds")
