"""What is of no use after a time is removed each night: traces of logins, links, and mails to the team.

Of prospects nothing is removed by time, for scores, figures and explanations rest on it. Each removal is a chunk in a
transaction of its own and touches no row that a tick reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, delete, exists, func, or_, select, tuple_, update

from engage.accounts import attempts
from engage.clock import pause
from engage.intake.returned import noting as returned
from engage.intake.services import noting as services
from engage.sql import tables as t
from engage.sql.codes import MessageStatus

#: How many rows one transaction removes.
CHUNK = 10_000
#: So much later than due is late: each night's work does what that day made due.
LATE = timedelta(days=2)
#: How long others may go first between two chunks, in seconds: SQLite has one writer.
PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Rule:
    """Rows that are removed when their time is over."""

    #: a word for the log
    name: str
    #: the same for people, as it stands in the documentation
    what: str
    table: Table
    kept: timedelta
    #: tells of a row whether its time was over at a moment that lies ``kept`` before the present
    over: Callable[[datetime], ColumnElement[bool]]
    #: a text that is emptied where the row itself stays
    emptied: str | None = None


def _invitation(then: datetime) -> ColumnElement[bool]:
    i = t.invitations.c
    return or_(i.expires_at < then, i.used_at < then)


def _login(then: datetime) -> ColumnElement[bool]:
    """All but each user's last: whether somebody ever came, and when last, stays known."""
    lo, later = t.logins, t.logins.alias()
    return and_(lo.c.began_at < then, exists().where(later.c.user_id == lo.c.user_id, later.c.began_at > lo.c.began_at))


def _mail(then: datetime) -> ColumnElement[bool]:
    n, done = t.notifications.c, (MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.CANCELLED)
    return and_(n.enrolment_id.is_(None), n.queued_at < then, n.status.in_([int(status) for status in done]))


RULES: tuple[Rule, ...] = (
    Rule("attempts", "failed attempts to log in (keyed digests)", t.attempts, attempts.KEPT, attempts.before),
    Rule("invitations", "links to come in or set a password, once used or expired", t.invitations,
         timedelta(days=30), _invitation),
    Rule("browsers", "what a browser said of itself at a login", t.logins, timedelta(days=90),
         lambda then: and_(t.logins.c.began_at < then, t.logins.c.agent != ""), emptied="agent"),
    Rule("logins", "logins, but each user's last", t.logins, timedelta(days=1096), _login),
    Rule("team_mails", "daily mails, invitations and resets to the team, once sent", t.notifications,
         timedelta(days=90), _mail),
    Rule("returned", "mail that came back (the activities stay)", t.returned, returned.KEPT,
         lambda then: t.returned.c.at < then),
    Rule("service_calls", "marks of calls by mail services", t.service_calls, services.KEPT,
         lambda then: t.service_calls.c.at < then),
)  # fmt: skip


def remove(engine: Engine, now: datetime) -> Mapping[str, int]:
    """Remove what is of no use any more, chunk by chunk; return how many rows by rule, where there were any."""
    counts = {rule.name: _removed(engine, rule, now) for rule in RULES}
    return {name: count for name, count in counts.items() if count}


def _removed(engine: Engine, rule: Rule, now: datetime) -> int:
    keys = list(rule.table.primary_key)
    chosen = select(*keys).where(rule.over(now - rule.kept)).limit(CHUNK)
    mine = tuple_(*keys).in_(chosen) if len(keys) > 1 else keys[0].in_(chosen)
    whole = delete(rule.table) if rule.emptied is None else update(rule.table).values({rule.emptied: ""})
    total, last = 0, CHUNK
    while last == CHUNK:
        with engine.begin() as connection:
            last = connection.execute(whole.where(mine)).rowcount
        total += last
        if last == CHUNK:
            pause(PAUSE)
    return total


def overdue(connection: Connection, now: datetime) -> int:
    """Return how many rows should have been removed some nights ago."""
    return sum(_count(connection, rule, now - LATE) for rule in RULES)


def _count(connection: Connection, rule: Rule, now: datetime) -> int:
    over = rule.over(now - rule.kept)
    return connection.scalar(select(func.count()).select_from(rule.table).where(over)) or 0
