"""The command line: every command in its group, and what becomes of errors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.main import get_command

from engage.cli.commands import COMMANDS, GROUPS
from engage.cli.endings import ended
from engage.cli.offer import Debug, Folder, offered, remember, unless_more
from engage.cli.session import Session
from engage.settings import environment

Version = Annotated[bool, typer.Option("--version", help="Show the version.")]


def build() -> typer.Typer:
    """Return the command line as Typer has it."""
    app = typer.Typer(name="engage", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback(invoke_without_command=True, epilog="Example: engage init shop")(_before)
    groups = {name: _group(name, text) for name, (text, _) in GROUPS.items()}
    for offer in COMMANDS:
        group, _, name = offer.name.rpartition(" ")
        home = groups[group] if group else app
        panel = None if group else offer.panel
        if offer.name in groups:
            groups[offer.name].callback(invoke_without_command=True)(unless_more(offered(offer.function)))
        else:
            home.command(name, epilog=f"Example: {offer.example}", rich_help_panel=panel)(offered(offer.function))
    for name, group_app in groups.items():
        app.add_typer(group_app, name=name, rich_help_panel=GROUPS[name][1])
    return app


def _group(name: str, text: str) -> typer.Typer:
    """Return an empty group of commands, with the example of its first; one that is a command too needs no more."""
    example = next(offer.example for offer in COMMANDS if f"{offer.name} ".startswith(f"{name} "))
    alone = any(offer.name == name for offer in COMMANDS)
    return typer.Typer(help=text, epilog=f"Example: {example}", no_args_is_help=not alone)


def _before(ctx: typer.Context, workspace: Folder = None, debug: Debug = False, version: Version = False) -> None:
    """Marketing automation by rules: journeys written as text, stepped on a database."""
    remember(ctx.obj, workspace, debug=debug)
    if version:
        from engage import __version__

        typer.echo(f"engage {__version__}")
        raise typer.Exit


def main(argv: Sequence[str] | None = None, session: Session | None = None) -> int:
    """Run a command line and return its exit code."""
    session = session or Session(environment(), Path.cwd())
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        get_command(build()).main(args=arguments, prog_name="engage", obj=session)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(bool(end.code))
    except Exception as error:
        return ended(session, error)
    finally:
        session.close()
    return 0
