"""A command as it is offered: its name, example and place in the help, and how a function becomes one."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from engage.cli.session import Session

Command = Callable[..., None]

Folder = Annotated[
    Path | None,
    typer.Option(
        "--workspace", metavar="DIR", help="The workspace's folder; else ENGAGE_WORKSPACE, else the nearest parent."
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]


@dataclass(frozen=True, slots=True)
class Offer:
    """A command: what is typed, what it does, an example."""

    name: str
    function: Command
    example: str
    #: the heading under which ``engage --help`` shows it
    panel: str


def remember(session: Session, workspace: Path | None, *, debug: bool) -> None:
    """Note the options that every command takes, before its name or after it."""
    session.folder = workspace or session.folder
    session.debug = debug or session.debug


def unless_more(function: Command) -> Command:
    """Return a command that stands for its group: it does nothing of its own where one of the group's follows."""

    @wraps(function)
    def command(ctx: typer.Context, workspace: Path | None, debug: bool, **values: Any) -> None:
        remember(ctx.obj, workspace, debug=debug)
        if ctx.invoked_subcommand is None:
            function(ctx=ctx, workspace=workspace, debug=debug, **values)

    return command


def offered(function: Command) -> Command:
    """Return a function of a session as Typer wants it: with every command's own options besides."""

    @wraps(function)
    def command(ctx: typer.Context, workspace: Path | None, debug: bool, **values: Any) -> None:
        session: Session = ctx.obj
        remember(session, workspace, debug=debug)
        function(session, **values)

    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    keyword = inspect.Parameter.KEYWORD_ONLY
    whole = [
        inspect.Parameter("ctx", keyword, annotation=typer.Context),
        *(parameter.replace(kind=keyword) for parameter in own),
        inspect.Parameter("workspace", keyword, default=None, annotation=Folder),
        inspect.Parameter("debug", keyword, default=False, annotation=Debug),
    ]
    command.__signature__ = inspect.Signature(whole)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in whole}
    return command
