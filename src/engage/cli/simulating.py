"""``engage simulate``: one walk, every path, or the days to come; a live database is only read."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.session import Format, Session
from engage.errors import Refused
from engage.problem import unknown
from engage.wording import Sentence, sentence

if TYPE_CHECKING:
    from engage.graph.build import Journey
    from engage.language.whole import Workspace
    from engage.plan.moves import Plan

#: Paths shown unless --most says more.
MOST = 100


def simulate(
    session: Session,
    scenario: Annotated[str, typer.Argument(help="The scenario's id.")],
    answers: Annotated[
        str | None,
        typer.Option("--answers", metavar="A,B,…", help="One walk: yes, no, a case or an arm, where ways part."),
    ] = None,
    paths: Annotated[bool, typer.Option("--paths", help="Every path with its length, times and e-mails.")] = False,
    most: Annotated[int, typer.Option("--most", min=1, max=10_000, help="Show at most so many paths.")] = MOST,
    forecast: Annotated[
        str | None, typer.Option("--forecast", metavar="30d", help="So many days to come, by the real engine.")
    ] = None,
    assume: Annotated[
        str | None,
        typer.Option(
            "--assume",
            metavar="open=0.3,…",
            help="Shares: open, click, bounce, opt_out of the e-mails, todo of the ToDos.",
        ),
    ] = None,
    prospects: Annotated[
        Path | None, typer.Option("--prospects", metavar="FILE.csv", help="These prospects, not those of the database.")
    ] = None,
    backfill: Annotated[
        bool, typer.Option("--backfill", help="A forecast in which those who match now enter, whatever the file says.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same forecast.")] = 1,
    start: Annotated[
        str | None,
        typer.Option("--now", metavar="T", help="The first moment; a forecast begins at 09:00 tomorrow without it."),
    ] = None,
    form: Format = "table",
) -> None:
    """Rehearse a scenario of the files: one walk, every path, or the days to come. Nothing live changes."""
    if sum((answers is not None, paths, forecast is not None)) != 1:
        raise typer.BadParameter(session.read("give one of --answers, --paths and --forecast"))
    if forecast is None and (assume is not None or prospects is not None or backfill):
        raise typer.BadParameter(session.read("--assume, --prospects and --backfill belong to --forecast"))
    if forecast is not None:
        from engage.cli.forecasting import foretell

        foretell(session, scenario, forecast, assume, prospects, backfill, seed, start, form)
        return
    journey, plan, workspace = _read(session, scenario)
    moment = session.moment(start)
    if answers is not None:
        _answers(session, journey, plan, workspace, answers, moment, form)
    else:
        _paths(session, journey, plan, workspace, moment, most, form)


def _read(session: Session, scenario: str) -> tuple[Journey, Plan, Workspace]:
    """Return a scenario of the files. Raises Refused where there is none of that name."""
    from engage.cli.rehearsing import rehearsed
    from engage.graph.build import build
    from engage.plan.compile import compile_plan

    workspace, _ = rehearsed(session)
    if scenario not in workspace.scenarios:
        raise Refused(unknown("scenario", scenario, workspace.scenarios))
    journey = build(workspace.scenarios[scenario])
    return journey, compile_plan(journey, workspace, 1), workspace


def _answers(
    session: Session, journey: Journey, plan: Plan, workspace: Workspace, answers: str, start: datetime, form: Format
) -> None:
    from engage.cli.tables import table
    from engage.rehearse.walking import walk_by

    given = [word.strip() for word in answers.split(",") if word.strip()]
    walk = walk_by(journey, plan, given, start, workspace.hours)
    total = walk[-1].left_at - start
    if form == "json":
        log = [
            {"step": p.step, "type": p.kind, "name": p.name, "outcome": p.outcome, "arrived_at": p.arrived_at,
             "left_at": p.left_at}
            for p in walk
        ]  # fmt: skip
        session.write_json({"scenario": plan.key, "walk": log, "seconds": int(total.total_seconds())})
        return
    header = session.words("arrives", "goes on", "step", "type", "name")
    rows = [(session.shown(p.arrived_at), session.shown(p.left_at), p.told, p.kind, p.name) for p in walk]
    session.say(table(header, rows))
    session.say(sentence("in all: {time}", time=_told(total)))


def _paths(
    session: Session, journey: Journey, plan: Plan, workspace: Workspace, start: datetime, most: int, form: Format
) -> None:
    from engage.cli.tables import table
    from engage.rehearse.walking import ways

    found, count = ways(journey, plan, start, workspace.hours, most)
    if form == "json":
        shown = [
            {"path": way.told, "steps": len(way.walk), "shortest_seconds": int(way.shortest.total_seconds()),
             "longest_seconds": None if way.longest is None else int(way.longest.total_seconds()), "emails": way.emails}
            for way in found
        ]  # fmt: skip
        session.write_json({"scenario": plan.key, "count": count, "paths": shown})
        return
    header = session.words("steps", "shortest", "longest", "e-mails", "path")
    rows = [
        (
            len(way.walk),
            _told(way.shortest).read(session.locale),
            "?" if way.longest is None else _told(way.longest).read(session.locale),
            way.emails,
            " → ".join(way.told),
        )
        for way in found
    ]
    session.say(table(header, rows, right=(0, 3)))
    if count > len(found):
        text = "these are the first {shown} of {count} paths; --most shows more"
        session.say(sentence(text, shown=len(found), count=count))
    else:
        session.say(sentence("paths: {count}", count=count))


def _told(length: timedelta) -> Sentence:
    from engage.language.lengths import told
    from engage.language.moment import Duration

    return told(Duration(length))
