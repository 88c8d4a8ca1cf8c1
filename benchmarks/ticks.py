"""How long a tick takes beside a million who wait: nothing due, some due, many new activities, midnight."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import text

from benchmarks.places import database
from benchmarks.world import START, fill, open_world, series, settle, start
from engage.app import App
from engage.clock import micros

#: Everybody waits a month at a trigger on a page; some pass a short wait first; who saw it waits a day for a tag.
WAITING = """\
name: Waiting
audience: {lists: [everybody]}
steps:
  - rule: {employees: {lte: 1}}
    id: few
    yes:
      - {id: short, wait: 1 hour}
  - trigger: {page_viewed: "/pricing*"}
    id: page
    within: 30 days
    yes:
      - wait: 1 day
      - add_tag: saw-pricing
  - end: true
"""
#: The same with an audience that the calendar alone can change.
BY_CALENDAR = WAITING.replace(
    "audience: {lists: [everybody]}",
    "audience: {lists: [everybody], where: {not: {last_activity_at: {within: 7 days}}}}",
)


#: So many prospects at least are to be enrolled in a second.
LEAST = {"sqlite": 200_000, "postgresql": 100_000}


def _timed(app: App, now: object) -> float:
    before = time.perf_counter()
    app.tick(now)  # type: ignore[arg-type]
    return time.perf_counter() - before


def measure(kind: str, prospects: int) -> Iterator[tuple[str, float, float | None]]:
    """Yield each figure: what, seconds, and the most it may be."""
    with database(kind) as url:
        app = open_world(url, WAITING, "waiting")
        with app.engine.begin() as connection:
            fill(connection, prospects)
            connection.execute(text("UPDATE prospects SET employees = CASE WHEN id <= 10000 THEN 1 ELSE 2 END"))
        app.tick(START)
        settle(app)
        start(app, "waiting")
        marks: dict[str, float] = {}
        before = time.perf_counter()
        app.tick(START, hook=lambda name: marks.__setitem__(name, time.perf_counter()))
        took, entering = time.perf_counter() - before, marks["look.after_commit"] - marks["begin.after_commit"]
        yield f"everybody enters ({prospects / entering:,.0f} a second)", entering, prospects / LEAST[kind]
        yield f"everybody enters and waits ({prospects / took:,.0f} a second)", took, None
        settle(app)
        now = START + timedelta(minutes=10)
        yield "nothing due", min(_timed(app, now + timedelta(seconds=n)) for n in range(5)), 0.05
        yield "10,000 due", _timed(app, START + timedelta(hours=2)), 0.5
        _views(app, 100_000)
        yield "100,000 new activities learnt and woken", _timed(app, START + timedelta(hours=3)), 5.0
        yield "entry check, nothing changed", _timed(app, START + timedelta(hours=3, minutes=1)), 0.05
        yield "100,000 due, tagged and ended", _timed(app, START + timedelta(hours=27)), None
        app.engine.dispose()
    yield from _midnight(kind, prospects)


def _midnight(kind: str, prospects: int) -> Iterator[tuple[str, float, float | None]]:
    with database(kind) as url:
        app = open_world(url, BY_CALENDAR, "calendar")
        with app.engine.begin() as connection:
            fill(connection, prospects)
        app.tick(START)
        settle(app)
        start(app, "calendar")
        app.tick(START)
        settle(app)
        yield "first tick after a local midnight", _timed(app, START + timedelta(hours=16)), 10.0
        app.engine.dispose()


def _views(app: App, count: int) -> None:
    """Import page views of some prospects, as the importer writes them."""
    with app.engine.begin() as connection:
        for kind, word in (("event", "page_viewed"), ("target", "/pricing")):
            connection.execute(
                text("INSERT INTO words (kind, text, folded) VALUES (:kind, :word, :word) ON CONFLICT DO NOTHING"),
                {"kind": kind, "word": word},
            )
        digest = (
            "decode(md5(n::text), 'hex')"
            if connection.dialect.name == "postgresql"
            else "CAST(printf('%016d', n) AS BLOB)"
        )
        connection.execute(text(
            "INSERT INTO activities (prospect_id, type_id, target_id, occurred_at, key, source, source_id) "
            "SELECT n, (SELECT id FROM words WHERE kind = 'event' AND text = 'page_viewed'), "
            f"(SELECT id FROM words WHERE kind = 'target'), :at, {digest}, 'import', CAST(n AS TEXT) FROM {series(connection, count)}"
        ), {"at": micros(START + timedelta(hours=2, minutes=30))})  # fmt: skip
        connection.execute(
            text("INSERT INTO unlearnt (occurred_at, activity_id) SELECT occurred_at, id FROM activities")
        )
