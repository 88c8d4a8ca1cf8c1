"""A database with very many prospects, made by plain SQL, and a scenario that runs on it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, text

from engage.app import App, apply, open_app
from engage.graph.folder import read_workspace
from engage.settings import Settings
from engage.stepping import states

START = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
FILES = {
    "engage.yaml": "name: Bench\nlocale: en\ntimezone: Asia/Tokyo\n",
    "team.yaml": (
        "users:\n  sato: {name: Sato, role: sales}\n  suzuki: {name: Suzuki, role: sales}\n"
        "  tanaka: {name: Tanaka, role: sales}\ngroups: {east: [sato, suzuki, tanaka]}\nqueues: {pool: [sato]}\n"
    ),
    "lists.yaml": "everybody: {name: Everybody}\n",
    "scoring.yaml": "rules:\n  - {activity: email_clicked, points: 3}\n",
    "grading.yaml": ("profiles:\n  default:\n    - {name: Country, match: {country: JP}, worth: 1}\n"),
    "templates/invite.html": "---\nsubject: Hello\n---\n<p>Hello</p>\n",
}
#: Workload J of the measurements: ten steps.
J = """\
name: Workload J
audience: {lists: [everybody]}
steps:
  - send_email: invite
    id: invite
  - wait: 1 day
  - rule: {score: {gte: 50}}
    id: warm
    yes:
      - adjust_score: +10
      - add_tag: warm
  - trigger: {email_clicked: invite}
    id: clicked
    within: 3 days
  - rule: {score: {gte: 50}, grade: {gte: C}}
    id: fits
    yes:
      - assign: group:east
      - create_todo: {subject: "Call {{ prospect.last_name }}", due: 1 business day}
  - end: true
"""


def open_world(url: str, scenario: str = J, key: str = "j") -> App:
    """Return an application on an empty database with a workspace applied."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        for name, content in {**FILES, f"scenarios/{key}.yaml": scenario}.items():
            (root / name).parent.mkdir(exist_ok=True)
            (root / name).write_text(content, "utf-8")
        app = open_app(Settings(root, url))
        workspace, problems = read_workspace(root)
        assert not problems, problems
        apply(app, workspace, START)
    return app


def series(connection: Connection, count: int) -> str:
    """Return a table expression of the numbers 1 to count, as ``n``."""
    if connection.dialect.name == "postgresql":
        return f"generate_series(CAST(1 AS BIGINT), {count}) AS s(n)"
    return f"(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s) AS s"


def fill(connection: Connection, count: int) -> None:
    """Make prospects, all on one list: half of them score 60, a third of them fit the grading."""
    s = series(connection, count)
    now = int(START.timestamp() * 1_000_000)
    wide = "'p' || n || '@example.com'"
    connection.execute(text(
        f"INSERT INTO prospects (id, email, email_folded, last_name, last_name_folded, company, company_folded, country, "
        f"country_folded) SELECT n, {wide}, {wide}, 'Sato ' || n, 'sato ' || n, 'Company ' || n, 'company ' || n, "
        f"CASE WHEN n % 3 < 2 THEN 'JP' ELSE 'US' END, CASE WHEN n % 3 < 2 THEN 'jp' ELSE 'us' END FROM {s}"
    ))  # fmt: skip
    connection.execute(text(
        f"INSERT INTO standings (prospect_id, score, grade, created_at) "
        f"SELECT n, CASE WHEN n % 2 = 0 THEN 60 ELSE 10 END, CASE WHEN n % 3 < 2 THEN 5 ELSE NULL END, {now} FROM {s}"
    ))  # fmt: skip
    connection.execute(text(
        f"INSERT INTO list_members (prospect_id, list_id, since) "
        f"SELECT n, (SELECT id FROM lists WHERE key = 'everybody'), {now} FROM {s}"
    ))  # fmt: skip


def settle(app: App) -> None:
    """Let the database's own housekeeping be done before the measure."""
    if app.engine.dialect.name == "postgresql":
        with app.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        return
    raw = app.engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        raw.cursor().execute("ANALYZE")
    finally:
        raw.close()


def start(app: App, key: str = "j", now: datetime = START) -> None:
    """Let a scenario run."""
    with app.engine.connect() as connection, connection.begin():
        states.start(connection, app.applied().plans, key, now)
