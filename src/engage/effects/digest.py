"""The daily digest: each business morning everybody on the team is told by mail of their ToDos, where there are any.

It is a notification like those of steps. The row that says that a day's digest was written stands in the same
transaction, so there is one a day, whoever is killed and however many daemons run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, case, exists, func, insert, literal, or_, select, update

from engage.clock import EPOCH
from engage.effects.days import day
from engage.language.calendar import is_business_day, local_day, local_instant
from engage.language.zones import next_local_midnight
from engage.plan.moves import House
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.sql.interning import upsert
from engage.wording import Locale, sentence

#: The morning, by the workspace's zone: a daemon that begins later in the day writes none.
MORNING, NOON = time(7), time(12)
#: A digest names at most so many ToDos of each kind.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Morning:
    """What all digests of a day have in common."""

    now: datetime
    #: the first moment after today
    tomorrow: datetime
    #: the local day as a number, and as it is written
    day: int
    house: House
    #: where the pages are, without a slash at the end
    base_url: str

    def today(self, locale: Locale) -> str:
        """Return the day in words."""
        return day(local_day(self.now, self.house.hours.zone), locale, "weekday")


def write_digests(connection: Connection, house: House, base_url: str, now: datetime) -> int:
    """Queue this morning's digests that are not written yet, inside the caller's transaction; return how many.

    None on days that are no business days, and outside the morning.
    """
    zone = house.hours.zone
    today = local_day(now, zone)
    first, last = (local_instant(today, at, zone) for at in (MORNING, NOON))
    if not first <= now < last or not is_business_day(house.hours, today):
        return 0
    number = (today - EPOCH.date()).days
    morning = Morning(now, next_local_midnight(now, zone), number, house, base_url)
    return sum(_write(connection, morning, user) for user in _waiting(connection, number))


def _waiting(connection: Connection, number: int) -> list[Row[Any]]:
    """Return who wants a digest and has not had today's."""
    u, w, g = t.users, t.user_settings, t.digests
    chosen = (
        select(u.c.id, w.c.locale, g.c.last_at)
        .select_from(u.outerjoin(w, w.c.user_id == u.c.id).outerjoin(g, g.c.user_id == u.c.id))
        .where(u.c.enabled, u.c.email.is_not(None), or_(w.c.digest.is_(None), w.c.digest))
        .where(or_(g.c.last_day.is_(None), g.c.last_day < number))
        .order_by(u.c.id)
    )
    return list(connection.execute(chosen))


def _write(connection: Connection, morning: Morning, user: Row[Any]) -> bool:
    """Write a user's digest where there is something to say; tell whether one was written."""
    if not _claimed(connection, morning, user.id):
        return False
    since = user.last_at or morning.now - timedelta(days=1)
    counts = _counts(connection, morning, user.id, since)
    if not any((counts.overdue, counts.today, counts.new)):
        return False
    locale: Locale = user.locale if user.locale in ("en", "ja") else morning.house.locale
    values = {
        "prospect_id": None, "addressee": f"user:{user.id}", "subject": _subject(counts, locale),
        "text": "\n".join(_lines(connection, morning, user.id, counts, since, locale)),
        "status": int(MessageStatus.QUEUED), "queued_at": morning.now,
    }  # fmt: skip
    connection.execute(insert(t.notifications).values(values))
    return True


def _claimed(connection: Connection, morning: Morning, user: str) -> bool:
    """Take a user's digest of today; False where another daemon has it."""
    g = t.digests
    made = upsert(connection.dialect.name, g).values(user_id=user)
    connection.execute(made.on_conflict_do_nothing())  # type: ignore[attr-defined]
    mine = update(g).where(g.c.user_id == user, or_(g.c.last_day.is_(None), g.c.last_day < morning.day))
    return connection.execute(mine.values(last_day=morning.day, last_at=morning.now)).rowcount == 1


def _counts(connection: Connection, morning: Morning, user: str, since: datetime) -> Row[Any]:
    ways = {"overdue": _overdue(morning), "today": _today(morning), "new": _new(user, since)}
    sums = [func.coalesce(func.sum(case((way, 1), else_=0)), 0).label(name) for name, way in ways.items()]
    return connection.execute(select(*sums).where(*_mine(user))).one()


def _mine(user: str) -> tuple[Any, ...]:
    return t.todos.c.assignee == f"user:{user}", t.todos.c.status != "completed"


def _overdue(morning: Morning) -> Any:
    return t.todos.c.due_at < morning.now


def _today(morning: Morning) -> Any:
    return and_(t.todos.c.due_at >= morning.now, t.todos.c.due_at < morning.tomorrow)


def _new(user: str, since: datetime) -> Any:
    """Return what is new since the last digest: made since, or come from somebody else."""
    d, c, e = t.todos, t.todo_changes, t.todo_deeds
    came = exists().where(c.c.todo_id == d.c.id, e.c.id == c.c.deed_id, e.c.at > since, c.c.assignee != f"user:{user}")
    return or_(d.c.created_at > since, came)


def _subject(counts: Row[Any], locale: Locale) -> str:
    text = "Your ToDos: {today} due today, {overdue} overdue, {new} new"
    return sentence(text, today=counts.today, overdue=counts.overdue, new=counts.new).read(locale)


def _lines(
    connection: Connection, morning: Morning, user: str, counts: Row[Any], since: datetime, locale: Locale
) -> Iterator[str]:
    """Yield the lines of a digest: what is overdue, what is due today, what is new, and where to look."""
    yield morning.today(locale)
    parts = (
        (sentence("Overdue: {count}", count=counts.overdue), counts.overdue, _overdue(morning), literal(True)),
        (sentence("Due today: {count}", count=counts.today), counts.today, _today(morning), literal(True)),
        (sentence("New: {count}", count=counts.new), counts.new, _new(user, since), _elsewhere(morning)),
    )
    for title, count, way, apart in parts:
        if count:
            yield ""
            yield title.read(locale)
            yield from _named(connection, morning, user, way, apart)
    yield ""
    yield sentence("All your ToDos: {address}", address=f"{morning.base_url}/todos").read(locale)
    text = "This mail can be switched off under My account: {address}"
    yield sentence(text, address=f"{morning.base_url}/account").read(locale)


def _elsewhere(morning: Morning) -> Any:
    """Return what a digest has not named before: what is new and neither overdue nor due today."""
    return or_(t.todos.c.due_at.is_(None), t.todos.c.due_at >= morning.tomorrow)


def _named(connection: Connection, morning: Morning, user: str, way: Any, apart: Any) -> Iterator[str]:
    d, p = t.todos, t.prospects
    rank = case({"high": 0, "normal": 1, "low": 2}, value=d.c.priority, else_=1)
    chosen = (
        select(d.c.id, d.c.subject, d.c.due_at, p.c.company)
        .join_from(d, p, p.c.id == d.c.prospect_id)
        .where(*_mine(user), way, apart)
        .order_by(d.c.due_at.is_(None), d.c.due_at, rank, d.c.id)
    )
    for row in connection.execute(chosen.limit(_NAMED)):
        due = "" if row.due_at is None else f"{row.due_at.astimezone(morning.house.hours.zone):%m-%d %H:%M} "
        company = f" ({row.company})" if row.company else ""
        yield f"- {due}{row.subject}{company} {morning.base_url}/todos/{row.id}"
