"""``engage simulate --forecast``: a private copy of the prospects is walked forward; the database is only read."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from engage.cli.progress import progress
from engage.cli.session import Format, Session
from engage.errors import Refused
from engage.problem import unknown
from engage.wording import sentence

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from engage.language.whole import Workspace
    from engage.rehearse.forecast import Forecast

_LENGTH = re.compile(r"\s*([0-9]{1,4})\s*(d|days?|w|weeks?)\s*", re.ASCII)
#: Days that can be foretold.
MOST_DAYS = 400
#: When a forecast begins without ``--now``: tomorrow, so that the same day gives the same forecast.
_MORNING = time(9)


def foretell(
    session: Session,
    scenario: str,
    length: str,
    assume: str | None,
    prospects: Path | None,
    backfill: bool,
    seed: int,
    start: str | None,
    form: Format,
) -> None:
    """Print what a scenario would come to."""
    from engage.cli.rehearsing import means, rehearsed
    from engage.rehearse.forecast import Outlook, forecast

    days, assumed = _days(session, length), _assumed(session, assume)
    workspace, users = rehearsed(session)
    if scenario not in workspace.scenarios:
        raise Refused(unknown("scenario", scenario, workspace.scenarios))
    begin = session.moment(start) if start is not None else _tomorrow(session, workspace)
    outlook = Outlook(scenario, begin, begin + timedelta(days=days), assumed, seed, backfill)
    with _private(session, workspace, prospects, scenario, begin) as (engine, mine):
        plans = means(session, users).apply(engine, mine, begin)
        with progress(session.read("days"), days) as done:
            found = forecast(engine, mine, plans, outlook, done)
    _show(session, found, form)


def _days(session: Session, text: str) -> int:
    """Return the days that ``30d``, ``30 days`` or ``4w`` says."""
    found = _LENGTH.fullmatch(text)
    days = int(found[1]) * (7 if found[2].startswith("w") else 1) if found else 0
    if not 1 <= days <= MOST_DAYS:
        message = sentence("write a number of days such as 30d, at most {most}", most=MOST_DAYS)
        raise typer.BadParameter(message.read(session.locale), param_hint="--forecast")
    return days


def _assumed(session: Session, text: str | None) -> dict[str, float]:
    """Return the shares that ``open=0.3,click=0.1`` says."""
    from engage.rehearse.reactions import ASSUMED

    found: dict[str, float] = {}
    for part in (text or "").split(","):
        name, _, share = part.strip().partition("=")
        if not part.strip():
            continue
        try:
            if name not in ASSUMED:
                raise ValueError(unknown("the word", name, ASSUMED).read(session.locale))
            found[name] = float(share)
            if not 0 <= found[name] <= 1:
                raise ValueError(session.read("a share lies between 0 and 1"))
        except ValueError as error:
            message = session.read("{part}: {why}", part=part.strip(), why=error)
            raise typer.BadParameter(message, param_hint="--assume") from None
    return found


def _tomorrow(session: Session, workspace: Workspace) -> datetime:
    from engage.language.zones import local_day, local_instant

    zone = workspace.hours.zone
    return local_instant(local_day(session.clock(), zone) + timedelta(days=1), _MORNING, zone)


@contextmanager
def _private(
    session: Session, workspace: Workspace, prospects: Path | None, scenario: str, begin: datetime
) -> Iterator[tuple[Engine, Workspace]]:
    """Give a database of our own with the prospects in it, and the workspace to apply to it; both go afterwards."""
    from engage.rehearse.copying import copied, empty, make_ready

    with tempfile.TemporaryDirectory(prefix="engage-") as folder:
        file = Path(folder) / "forecast.db"
        if prospects is not None:
            engine = empty(file)
            try:
                yield engine, _filled(session, engine, workspace, prospects, begin)
            finally:
                engine.dispose()
            return
        engine = copied(_live(session), file)
        try:
            with engine.begin() as connection:
                make_ready(connection, scenario)
            yield engine, _merged(engine, workspace, scenario)
        finally:
            engine.dispose()


def _live(session: Session) -> Engine:
    """Return the database. Raises Refused where there is none yet: a forecast makes none."""
    from engage.cli.checking import has_database

    if not has_database(session):
        raise Refused(sentence("there is no database yet; give the prospects by --prospects FILE.csv"))
    return session.app().engine


def _merged(engine: Engine, workspace: Workspace, scenario: str) -> Workspace:
    """Return the files, with the other scenarios as they were applied: nobody who waits there is moved."""
    from sqlalchemy import select

    from engage.language.load import load, with_vocabulary
    from engage.sql import tables as t

    with engine.begin() as connection:
        applied = dict(connection.execute(select(t.applied_files.c.path, t.applied_files.c.text)).all())
        users = tuple(connection.scalars(select(t.users.c.id)))
    mine = workspace.scenarios[scenario].file
    others = {path: text for path, text in applied.items() if path.startswith("scenarios/") and path != mine}
    own = {path: text for path, text in workspace.texts.items() if path == mine or not path.startswith("scenarios/")}
    return with_vocabulary(load({**others, **own})[0], users)


def _filled(session: Session, engine: Engine, workspace: Workspace, file: Path, begin: datetime) -> Workspace:
    """Bring the prospects of a file into an empty database."""
    from engage.cli.rehearsing import means
    from engage.intake.import_kind import ImportOptions
    from engage.intake.imports import run_import
    from engage.rehearse.hurry import hurried

    rejected = Path(str(engine.url.database)).with_name("rejected.csv")
    options = ImportOptions(rejected=rejected)
    with hurried(engine), progress(session.read("rows")) as done:
        means(session, ()).apply(engine, workspace, begin)
        summary = run_import(engine, "prospects", file, options, workspace.vocabulary, begin, done)
    if summary.rejected:
        text = "{count} rows of {file} cannot be imported and are left out; engage import --dry-run tells why"
        session.warn(sentence(text, count=summary.rejected, file=file.name))
    return workspace


def _show(session: Session, found: Forecast, form: Format) -> None:
    """Print the report card and what it rests on."""
    from engage.cli.tables import rendered, width
    from engage.reports.card_table import card_table
    from engage.reports.card_text import card_rows

    outlook = found.outlook
    if form == "json":
        session.write_json({
            "scenario": outlook.scenario, "from": outlook.start, "until": outlook.end, "seed": outlook.seed,
            "assumed": dict(outlook.assumed), "prospects": found.prospects, "entered": found.entered,
            "card": card_rows(found.card),
        })  # fmt: skip
        return
    session.say(rendered(card_table(found.card, session.locale, width(240))))
    sent = sum(row.sent or 0 for row in found.card.rows)
    text = "{start} to {end}, seed {seed}: {entered} of {prospects} prospects enter, {sent} e-mails, {goals} goals"
    session.say(
        sentence(
            text, start=session.shown(outlook.start), end=session.shown(outlook.end), seed=outlook.seed,
            entered=found.entered, prospects=found.prospects, sent=sent,
            goals=sum(row.goal_reached for row in found.card.rows),
        )
    )  # fmt: skip
