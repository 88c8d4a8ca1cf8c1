"""What a command works with: the workspace, its language and clock, the database, the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from engage.clock import Clock, system_clock
from engage.problem import Problem
from engage.settings import Settings, find_workspace, read_settings
from engage.wording import Locale, Sentence, said, sentence

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from engage.app import App

#: Options that several commands share.
Now = Annotated[
    str | None,
    typer.Option("--now", metavar="T", help="The moment, such as 2026-12-01T09:00; without an offset, local time."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DataFormat = Literal["table", "json"]
Format = Annotated[DataFormat, typer.Option("--format", help="json is stable, for scripts.")]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write there, not to the terminal.")
]


@dataclass
class Session:
    """One run of a command."""

    environ: Mapping[str, str]
    here: Path
    clock: Clock = system_clock
    #: ``--workspace``
    folder: Path | None = None
    #: ``--debug``: show tracebacks
    debug: bool = False
    opened: list[App] = field(default_factory=list)

    @cached_property
    def workspace(self) -> Path:
        """The workspace's folder; Refused where there is none."""
        return find_workspace(self.folder, self.environ, self.here)

    @property
    def settings(self) -> Settings:
        """What the environment says."""
        return read_settings(self.environ, self.workspace)

    @cached_property
    def company(self) -> Mapping[str, object]:
        """What engage.yaml says, unchecked; nothing where it cannot be read."""
        from engage.language.source import read

        try:
            source, _ = read("engage.yaml", (self.workspace / "engage.yaml").read_bytes())
        except (OSError, ValueError):
            return {}
        return source.value if source is not None and isinstance(source.value, dict) else {}

    @cached_property
    def locale(self) -> Locale:
        """The workspace's language; English where there is no workspace."""
        from engage.errors import EngageError

        try:
            return "ja" if self.company.get("locale") == "ja" else "en"
        except EngageError:
            return "en"

    @cached_property
    def zone(self) -> ZoneInfo:
        """The workspace's time zone."""
        from engage.language.zones import zone

        try:
            return zone(str(self.company.get("timezone", "UTC")))
        except ValueError:
            return zone("UTC")

    def app(self, *, checked: bool = True) -> App:
        """Open the database; OldSchema when it was made by another version."""
        from engage.app import open_app

        app = open_app(self.settings, checked=checked)
        self.opened.append(app)
        return app

    def close(self) -> None:
        """Let go of the database."""
        for app in self.opened:
            app.engine.dispose()

    def moment(self, text: str | None, option: str = "--now") -> datetime:
        """Return the moment that an option says, else the clock's."""
        from engage.language.moment import parse_moment

        if text is None:
            return self.clock()
        try:
            return parse_moment(text, self.zone, parse_day=True)
        except ValueError as error:
            raise typer.BadParameter(said(error).read(self.locale), param_hint=option) from None

    def day(self, text: str | None, option: str) -> date | None:
        """Return the local day that an option says, if it is given."""
        from engage.language.moment import parse_date

        try:
            return None if text is None else parse_date(text)
        except ValueError as error:
            raise typer.BadParameter(said(error).read(self.locale), param_hint=option) from None

    @property
    def is_terminal(self) -> bool:
        """Whether a person can be asked."""
        return sys.stdin.isatty() and sys.stdout.isatty()

    def read(self, template: str, /, **values: object) -> str:
        """Return a sentence in the workspace's language."""
        return sentence(template, **values).read(self.locale)

    def words(self, *templates: str) -> tuple[str, ...]:
        """Return words in the workspace's language, such as the headers of a table."""
        return tuple(self.read(template) for template in templates)

    def say(self, message: Sentence | str) -> None:
        """Print a sentence, or data as it is."""
        typer.echo(message.read(self.locale) if isinstance(message, Sentence) else message)

    def warn(self, message: Sentence) -> None:
        """Print a sentence for the person and not for what reads the output."""
        typer.echo(message.read(self.locale), err=True)

    def asks(self, question: Sentence) -> bool:
        """Ask the person at the terminal."""
        return typer.confirm(question.read(self.locale))

    def agrees(self, question: Sentence, otherwise: Sentence | None = None, *, yes: bool) -> None:
        """Ask before something is done; end with exit code 1 where nobody agrees, or is there to ask."""
        if not yes and not (self.is_terminal and self.asks(question)):
            self.warn(otherwise or sentence("nothing was changed; --yes does it without asking"))
            raise typer.Exit(1)

    def show_problems(self, problems: Iterable[Problem], folder: Path | None = None) -> None:
        """Print problems, each on its line, with the files of a folder as one would open them from here."""
        for problem in problems:
            shown = problem if folder is None else seen_from(self.here, folder, problem)
            typer.echo(shown.read(self.locale), err=True)

    def write(self, text: str, output: Path | None) -> None:
        """Print a text, or write it into a file."""
        if output is None:
            typer.echo(text, nl=not text.endswith("\n"))
        else:
            output.write_text(text, "utf-8")

    def write_json(self, value: object, output: Path | None = None) -> None:
        """Print data for scripts; moments are in UTC."""
        self.write(json.dumps(value, ensure_ascii=False, indent=2, default=_plain), output)

    def shown(self, moment: datetime | None) -> str:
        """Return a moment as people of the workspace read it."""
        return "" if moment is None else f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M}"


def _plain(value: object) -> object:
    """Return what JSON has no word for."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.read() if isinstance(value, Sentence) else str(value)


def seen_from(here: Path, folder: Path, problem: Problem) -> Problem:
    """Return a problem whose file is named as one would open it from a folder."""
    from dataclasses import replace

    return replace(problem, place=replace(problem.place, file=path_from(here, folder / problem.place.file)))


def path_from(here: Path, path: Path) -> str:
    """Return a path from a folder: relative where it lies below or a little above, else whole."""
    import os

    near = os.path.relpath(path.resolve(), here.resolve())
    return str(path) if near.startswith("../../..") else near
