"""``engage validate``, ``graph`` and ``schema``: what needs no database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from engage.cli.session import Format, Output, Session, seen_from
from engage.errors import Refused
from engage.problem import Problem, errors, unknown
from engage.settings import find_workspace
from engage.wording import sentence


def validate(
    session: Session,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]…", help="Only what is wrong in these files or folders.")
    ] = None,
    form: Format = "table",
) -> None:
    """Check the workspace's files: every mistake with its file, line and column."""
    folder = folder_of(session, paths or [])
    session.folder = folder
    problems = _of(_problems(session, folder), folder, paths or [])
    if form == "json":
        session.write_json([as_data(seen_from(session.here, folder, problem), session) for problem in problems])
    else:
        session.show_problems(problems, folder)
        sum_up(session, problems)
    if errors(problems):
        raise typer.Exit(1)


def folder_of(session: Session, paths: list[Path]) -> Path:
    """Return the workspace that is meant: the one that holds the paths, else the session's."""
    for path in paths:
        if not path.exists():
            raise Refused(sentence("{file} is not there", file=path))
    if not paths or session.folder is not None:
        return session.workspace
    start = paths[0].resolve()
    return find_workspace(None, {}, start if start.is_dir() else start.parent)


def _problems(session: Session, folder: Path) -> tuple[Problem, ...]:
    """Return all problems; the database is asked for further users only where something is wrong."""
    from engage.graph.folder import read_workspace
    from engage.graph.times import all_past_dates

    workspace, problems = read_workspace(folder)
    if errors(problems) and (users := database_users(session)):
        workspace, problems = read_workspace(folder, users)
    if errors(problems):
        return problems
    return tuple(sorted((*problems, *all_past_dates(workspace, session.clock())), key=lambda problem: problem.place))


def database_users(session: Session) -> tuple[str, ...]:
    """Return the users that the database knows; none where there is no database."""
    if not has_database(session):
        return ()
    from sqlalchemy.exc import SQLAlchemyError

    from engage.app import known_users
    from engage.errors import EngageError

    try:
        return known_users(session.app())
    except (EngageError, SQLAlchemyError):
        return ()


def has_database(session: Session) -> bool:
    """Tell whether there is a database; a SQLite file that is missing would be made by opening it."""
    url = session.settings.database_url
    return not url.startswith("sqlite") or Path(url.partition(":///")[2]).exists()


def _of(problems: tuple[Problem, ...], folder: Path, paths: list[Path]) -> tuple[Problem, ...]:
    """Return the problems of some files or folders; without any, all."""
    wanted = [path.resolve() for path in paths]
    if not wanted:
        return problems
    return tuple(p for p in problems if any((folder / p.place.file).resolve().is_relative_to(path) for path in wanted))


def sum_up(session: Session, problems: tuple[Problem, ...]) -> None:
    """Say how many mistakes and warnings there are."""
    wrong = len(errors(problems))
    warnings = len(problems) - wrong
    if wrong:
        session.warn(sentence("mistakes: {errors}; warnings: {warnings}", errors=wrong, warnings=warnings))
    elif warnings:
        session.say(sentence("no mistakes; warnings: {warnings}", warnings=warnings))
    else:
        session.say(sentence("no mistakes"))


def as_data(problem: Problem, session: Session) -> dict[str, object]:
    """Return a problem for scripts."""
    place = problem.place
    return {
        "file": place.file, "line": place.line, "column": place.column, "severity": problem.severity,
        "message": problem.message.read(session.locale),
    }  # fmt: skip


def graph(
    session: Session,
    scenario: Annotated[str, typer.Argument(help="The scenario's id.")],
    form: Annotated[Literal["mermaid", "dot", "svg", "json"], typer.Option("--format", help="How.")] = "mermaid",
    output: Output = None,
) -> None:
    """Draw a scenario's steps as they stand in the file."""
    from engage.graph import draw
    from engage.graph.build import build
    from engage.graph.folder import read_workspace

    workspace, problems = read_workspace(session.workspace)
    if scenario not in workspace.scenarios:
        raise Refused(unknown("scenario", scenario, workspace.scenarios))
    file = workspace.scenarios[scenario]
    mine = tuple(problem for problem in errors(problems) if problem.place.file == file.file)
    if mine:
        session.show_problems(mine, session.workspace)
        raise typer.Exit(1)
    drawn = {"mermaid": draw.mermaid, "dot": draw.dot, "svg": draw.svg, "json": draw.as_json}
    session.write(drawn[form](build(file), session.locale), output)


def schema(
    session: Session,
    kind: Annotated[str, typer.Argument(metavar="[KIND]", help="scenario, engage, team, lists …")] = "scenario",
    output: Output = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", metavar="DIR", help="Write the schemas of every kind into this folder.")
    ] = None,
) -> None:
    """Print the JSON Schema of a kind of file, for editors; or write those of all kinds into a folder."""
    from engage.language.schema import KINDS, json_schema

    if folder is not None:
        from engage.cli.editors import write_schemas

        written = write_schemas(folder)
        session.say(sentence("{count} schemas → {folder}", count=len(written), folder=folder))
        return
    if kind not in KINDS:
        raise Refused(unknown("the kind of file", kind, KINDS))
    session.write_json(json_schema(kind), output)
