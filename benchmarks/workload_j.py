"""Workload J: visits a second of the engine, beside plain SQL that writes the same rows with no logic."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from benchmarks.places import database
from benchmarks.world import START, fill, open_world, series, settle, start
from engage.app import App
from engage.clock import micros
from engage.sql.codes import CHUNK

CLICKED = "n % 10 IN (1, 4, 7)"


@dataclass
class Result:
    """What one run measured."""

    kind: str
    prospects: int
    visits: int = 0
    engine_seconds: float = 0.0
    limit_seconds: float = 0.0
    ticks: list[tuple[str, float]] = field(default_factory=list)
    peak_mb: float = 0.0

    @property
    def ratio(self) -> float:
        """The engine's visits a second by the limit's."""
        return self.limit_seconds / self.engine_seconds


def measure(kind: str, prospects: int, chunk: int = CHUNK, *, limit: bool = True) -> Result:
    """Run the workload on a fresh database of a kind."""
    result = Result(kind, prospects)
    with database(kind) as url:
        app = open_world(url)
        with app.engine.connect() as connection, connection.begin():
            fill(connection, prospects)
        app.tick(START)
        settle(app)
        start(app)
        _ticks(app, result, chunk)
        with app.engine.connect() as connection:
            result.visits = connection.scalar(text("SELECT count(*) FROM visits")) or 0
        app.engine.dispose()
    result.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if limit:
        with database(kind) as url:
            result.limit_seconds = _limit(url, prospects)
    return result


def _tick(app: App, result: Result, name: str, now: datetime, chunk: int) -> None:
    before = time.perf_counter()
    app.tick(now, chunk)
    took = time.perf_counter() - before
    result.engine_seconds += took
    result.ticks.append((name, took))


def _ticks(app: App, result: Result, chunk: int) -> None:
    _tick(app, result, "enter and mail", START, chunk)
    with app.engine.connect() as connection, connection.begin():
        connection.execute(text("UPDATE messages SET status = 2, sent_at = queued_at + 60000000"))
    settle(app)
    _tick(app, result, "day 1: rule, score, tag, wait for a click", START + timedelta(days=1), chunk)
    with app.engine.connect() as connection, connection.begin():
        clicks(connection, result.prospects, START + timedelta(days=1, hours=12))
    settle(app)
    _tick(app, result, "day 2: 30 % clicked", START + timedelta(days=2), chunk)
    settle(app)
    _tick(app, result, "day 4: the others", START + timedelta(days=4), chunk)


def clicks(connection: Connection, prospects: int, at: datetime) -> None:
    """Import clicks of 30 % of the prospects, as the importer writes them."""
    connection.execute(text(
        "INSERT INTO words (kind, text, folded) SELECT 'event', 'email_clicked', 'email_clicked' "
        "WHERE NOT EXISTS (SELECT 1 FROM words WHERE kind = 'event' AND text = 'email_clicked')"
    ))  # fmt: skip
    digest = (
        "decode(md5(n::text), 'hex')" if connection.dialect.name == "postgresql" else "CAST(printf('%016d', n) AS BLOB)"
    )
    connection.execute(text(
        "INSERT INTO activities (prospect_id, type_id, message_id, occurred_at, key, source, source_id) "
        "SELECT n, (SELECT id FROM words WHERE kind = 'event' AND text = 'email_clicked'), m.id, :at, "
        f"{digest}, 'import', CAST(n AS TEXT) FROM {series(connection, prospects)} "
        f"JOIN messages m ON m.prospect_id = n WHERE {CLICKED}"
    ), {"at": micros(at)})  # fmt: skip
    connection.execute(
        text(
            "INSERT INTO unlearnt (occurred_at, activity_id) SELECT occurred_at, id FROM activities WHERE learnt_at IS NULL"
        )
    )


#: The rows of each tick as plain statements: who, what; ``{s}`` are the prospects.
LIMIT: tuple[tuple[str, ...], ...] = (
    (
        "INSERT INTO enrolments (id, prospect_id, scenario_id, step_id, run, state, moves, phase, entered_at, arrived_at, due_at) "
        "SELECT n, n, 1, 2, 1, 0, 1, 2, 1, 1, 2 FROM {s}",
        "INSERT INTO messages (prospect_id, enrolment_id, queued_at, step_id, template_id, status, kind, from_owner) "
        "SELECT n, n, 1, 1, 1, 0, 0, {false} FROM {s}",
        "INSERT INTO visits (enrolment_id, arrived_at, left_at, step_id, move, outcome) SELECT n, 1, 1, 1, 0, 0 FROM {s}",
    ),
    (
        "INSERT INTO visits (enrolment_id, arrived_at, left_at, step_id, move, outcome) "
        "SELECT n, 1, 2, m, m, 0 FROM {s}, (SELECT 1 AS m UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) AS k "
        "WHERE m < 3 OR n % 2 = 0",
        "INSERT INTO score_entries (prospect_id, at, points, kind, enrolment_id, step_id) SELECT n, 1, 10, 1, n, 4 FROM {s} WHERE n % 2 = 0",
        "UPDATE standings SET score = score + 10 WHERE prospect_id % 2 = 0",
        "INSERT INTO prospect_tags (prospect_id, tag_id) SELECT n, 1 FROM {s} WHERE n % 2 = 0",
        "UPDATE enrolments SET step_id = 6, arrived_at = 2, due_at = 3, moves = 3, phase = 2",
    ),
    (
        "INSERT INTO visits (enrolment_id, arrived_at, left_at, step_id, move, outcome) "
        "SELECT n, 1, 2, m, m, 0 FROM {s}, (SELECT 6 AS m UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10) AS k "
        "WHERE {clicked} AND (m NOT IN (8, 9) OR (n % 2 = 0 AND n % 3 < 2))",
        "UPDATE standings SET owner = 'user:sato' WHERE prospect_id % 2 = 0 AND prospect_id % 3 < 2 AND {clicked_p}",
        "INSERT INTO todos (prospect_id, enrolment_id, step_id, subject, priority, status, assignee, created_at) "
        "SELECT n, n, 9, 'Call Sato ' || n, 'normal', 'not_started', 'user:sato', 1 FROM {s} WHERE {clicked} AND n % 2 = 0 AND n % 3 < 2",
        "UPDATE enrolments SET step_id = 10, arrived_at = 3, state = 2, ended_at = 3, moves = 8 WHERE {clicked_p}",
    ),
    (
        "INSERT INTO visits (enrolment_id, arrived_at, left_at, step_id, move, outcome) "
        "SELECT n, 1, 2, m, m, 0 FROM {s}, (SELECT 6 AS m UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10) AS k "
        "WHERE NOT ({clicked}) AND (m NOT IN (8, 9) OR (n % 2 = 0 AND n % 3 < 2))",
        "UPDATE standings SET owner = 'user:sato' WHERE prospect_id % 2 = 0 AND prospect_id % 3 < 2 AND NOT ({clicked_p})",
        "INSERT INTO todos (prospect_id, enrolment_id, step_id, subject, priority, status, assignee, created_at) "
        "SELECT n, n, 9, 'Call Sato ' || n, 'normal', 'not_started', 'user:sato', 1 FROM {s} WHERE NOT ({clicked}) AND n % 2 = 0 AND n % 3 < 2",
        "UPDATE enrolments SET step_id = 10, arrived_at = 4, state = 2, ended_at = 4, moves = 8 WHERE NOT ({clicked_p})",
    ),
)  # fmt: skip


def _limit(url: str, prospects: int) -> float:
    """Return the seconds that plain SQL takes for the same rows on the same tables, one transaction a tick."""
    app = open_world(url)
    total = 0.0
    with app.engine.connect() as connection:
        with connection.begin():
            fill(connection, prospects)
        words = {
            "s": series(connection, prospects),
            "clicked": CLICKED,
            "clicked_p": CLICKED.replace("n %", "prospect_id %"),
            "false": "false",
        }
    for statements in LIMIT:
        settle(app)
        before = time.perf_counter()
        with app.engine.connect() as connection, connection.begin():
            for statement in statements:
                connection.execute(text(statement.format(**words)))
        total += time.perf_counter() - before
    app.engine.dispose()
    return total


def show(result: Result) -> str:
    """Return the figures as lines."""
    lines = [f"{result.kind}: {result.prospects:,} prospects, {result.visits:,} visits"]
    lines += [f"  {name:<45} {took:8.2f} s" for name, took in result.ticks]
    rate = result.visits / result.engine_seconds
    lines.append(f"  engine {result.engine_seconds:.2f} s = {rate:,.0f} visits/s; peak memory {result.peak_mb:.0f} MB")
    if result.limit_seconds:
        limit = result.visits / result.limit_seconds
        lines.append(f"  plain SQL {result.limit_seconds:.2f} s = {limit:,.0f} visits/s; ratio {result.ratio:.2f}")
    return "\n".join(lines)
