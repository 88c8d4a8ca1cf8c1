"""The command line: every command with its example, and what becomes of errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from typer.main import get_command

from engage.cli.commands import COMMANDS, Offer, offered
from engage.cli.endings import ended
from engage.cli.session import Session

Folder = Annotated[Path | None, typer.Option("--workspace", metavar="DIR", help="The workspace's folder.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Version = Annotated[bool, typer.Option("--version", help="Show the version.")]


def build() -> typer.Typer:
    """Return the command line as Typer has it."""
    app = typer.Typer(
        name="engage", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich"
    )
    app.callback(invoke_without_command=True)(_before)
    groups: dict[str, typer.Typer] = {}
    for offer in COMMANDS:
        group, _, name = offer.name.rpartition(" ")
        _register(groups.setdefault(group, _group(app, group)) if group else app, name, offer)
    return app


def _group(app: typer.Typer, name: str) -> typer.Typer:
    made = typer.Typer(no_args_is_help=True, rich_markup_mode="rich")
    return made


def _register(app: typer.Typer, name: str, offer: Offer) -> None:
    app.command(name, epilog=f"Example: {offer.example}", rich_help_panel=offer.panel)(offered(offer.function))


def _before(ctx: typer.Context, workspace: Folder = None, debug: Debug = False, version: Version = False) -> None:
    """Marketing automation by rules: journeys written as text, stepped on a database."""
