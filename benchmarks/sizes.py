"""Bytes on disk, the report card over ten million visits, and how fast commands start."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import text

from benchmarks.places import database
from benchmarks.world import open_world, series, settle
from engage.reports.card import report_card


def visit_bytes(visits: int = 2_000_000) -> float:
    """Return the bytes that PostgreSQL takes for a visit, its index included."""
    with database("postgresql") as url:
        app = open_world(url)
        with app.engine.begin() as connection:
            connection.execute(text(
                "INSERT INTO visits (enrolment_id, arrived_at, left_at, step_id, move, outcome) "
                f"SELECT n / 10, n, n + 1, n % 10, n % 10, 0 FROM {series(connection, visits)}"
            ))  # fmt: skip
        settle(app)
        with app.engine.begin() as connection:
            total = connection.scalar(text("SELECT pg_total_relation_size('visits')")) or 0
        app.engine.dispose()
    return float(total) / visits


def card_seconds(kind: str, visits: int = 10_000_000) -> float:
    """Return the seconds of a report card over so many visits of 60 days, with their figures as chunks leave them."""
    with database(kind) as url:
        app = open_world(url)
        with app.engine.begin() as connection:
            connection.execute(text(
                "INSERT INTO visits (enrolment_id, arrived_at, left_at, step_id, move, outcome) "
                f"SELECT n / 10, n, n + 1, 1 + n % 10, n % 10, 0 FROM {series(connection, visits)}"
            ))  # fmt: skip
            rows = 10 * 60 * 5
            connection.execute(text(
                "INSERT INTO totals (scenario_id, step_id, day, figure, bucket, count, folded, first_at, last_at) "
                f"SELECT 1, 1 + n % 10, 20788 + n / 50, n % 3, n % 5, {visits // rows}, 1, 1, 2 FROM {series(connection, rows)}"
            ))  # fmt: skip
            connection.execute(text(
                "INSERT INTO totals (scenario_id, step_id, day, figure, bucket, count, folded) "
                f"SELECT 1, 1 + n % 10, 20850, 0, 0, 1, 0 FROM {series(connection, 2000)}"
            ))  # fmt: skip
        applied = app.applied()
        with app.engine.connect() as connection:
            before = time.perf_counter()
            report_card(connection, applied.plans.scenarios["j"], zone=applied.plans.house.hours.zone)
            took = time.perf_counter() - before
        app.engine.dispose()
    return took


def command_seconds(*arguments: str) -> float:
    """Return the fastest of five runs of a command, in seconds."""
    command = [str(Path(sys.executable).parent / "engage"), *arguments]
    times = []
    for _ in range(5):
        before = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - before)
    return min(times)


def commands() -> Iterator[tuple[str, float, float]]:
    """Yield how fast commands are: what, seconds, and the most it may be."""
    yield "engage --help", command_seconds("--help"), 0.5
    with TemporaryDirectory() as folder:
        root = Path(folder) / "w"
        subprocess.run(
            [str(Path(sys.executable).parent / "engage"), "init", str(root)], check=True, capture_output=True
        )
        files = sorted((root / "scenarios").glob("*.yaml"))
        for n in range(100 - len(files)):
            copy = root / "scenarios" / f"copy-{n}.yaml"
            copy.write_text(files[n % len(files)].read_text("utf-8"), "utf-8")
        yield "engage validate, 100 scenarios", command_seconds("validate", "--workspace", str(root)), 2.0
        for path in (root / "scenarios").glob("*.yaml"):
            path.unlink()
        (root / "scenarios" / "long.yaml").write_text(_long(500), "utf-8")
        yield "engage validate, a scenario of 2,000 steps", command_seconds("validate", "--workspace", str(root)), 2.0


def _long(count: int) -> str:
    """Return a scenario of four steps for each of so many e-mails: the checks of e-mails have the most to do."""
    steps = "".join(
        f"  - {{id: m{n}, send_email: {{template: case-study, once: true}}}}\n"
        f"  - {{trigger: {{email_clicked: m{n}}}, within: 1 day, yes: [{{add_tag: x}}, {{wait: 1 day}}]}}\n"
        for n in range(count)
    )
    return f"name: Long\naudience: {{lists: [newsletter]}}\nsteps:\n{steps}"
