"""``engage plan`` and ``engage apply``: what differs between the files and what runs, and carrying it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.planned import as_data, show
from engage.cli.session import DataFormat, Now, Session, Yes
from engage.wording import sentence

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from engage.app import App
    from engage.language.load import Workspace
    from engage.stepping.preview import Changes

#: What ``plan --exit-code`` ends with when there is something to apply.
CHANGED = 4
#: So much of the names of files stands in the audit log.
_LONGEST = 500

KeepWaits = Annotated[
    bool, typer.Option("--keep-waits", help="Those who wait already keep their due time where a wait changed.")
]


def plan(
    session: Session,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="End with 4 when there are changes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    form: Annotated[DataFormat, typer.Option("--format", help="json is stable, for scripts.")] = "table",
    keep_waits: KeepWaits = False,
    now: Now = None,
) -> None:
    """Show what applying the files would change; nothing is changed."""
    from engage.app import preview, valid_workspace

    app = session.app()
    changes, _, _ = preview(app, valid_workspace(app), session.moment(now), keep_waits=keep_waits)
    if as_json or form == "json":
        session.write_json(as_data(changes, session))
    else:
        show(session, changes)
    if changes.refusals:
        raise typer.Exit(1)
    if exit_code and not changes.empty:
        raise typer.Exit(CHANGED)


def apply(
    session: Session,
    yes: Yes = False,
    keep_waits: KeepWaits = False,
    now: Now = None,
) -> None:
    """Make what runs the same as the files; asks at a terminal."""
    from engage.app import valid_workspace

    app = session.app()
    agreed(session, app, valid_workspace(app), session.moment(now), yes=yes, keep_waits=keep_waits)


def agreed(
    session: Session,
    app: App,
    workspace: Workspace,
    moment: datetime,
    *,
    yes: bool,
    keep_waits: bool,
    deed: str = "applied",
    subject: str = "workspace",
) -> bool:
    """Show what applying a workspace would change, ask, and carry it out; return whether it was done.

    ``deed`` and ``subject`` are what the audit log calls it. Nobody is asked where there is no terminal.
    Raises Exit where the change is refused.
    """
    from engage.app import apply as carry_out
    from engage.app import preview

    def noted(connection: Connection, done: Changes) -> None:
        _note(connection, deed, subject, moment, done)

    changes, _, _ = preview(app, workspace, moment, keep_waits=keep_waits)
    show(session, changes)
    if changes.empty:
        if changes.reworded:
            carry_out(app, workspace, moment, keep_waits=keep_waits, noted=noted)
        return bool(changes.reworded)
    if changes.refusals:
        raise typer.Exit(1)
    if not yes and session.is_terminal and not session.asks(sentence("Apply this?")):
        session.say(sentence("nothing was changed"))
        return False
    carry_out(app, workspace, moment, keep_waits=keep_waits, noted=noted)
    session.say(sentence("applied"))
    return True


def _note(connection: Connection, deed: str, subject: str, moment: datetime, done: Changes) -> None:
    """Write into the audit log which files were applied."""
    from engage.accounts import audit

    parts = {"added": done.added, "changed": done.changed, "removed": done.removed, "reworded": done.reworded}
    told = {name: ", ".join(files) for name, files in parts.items() if files}
    detail = {name: text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…" for name, text in told.items()}
    audit.note(connection, audit.command_line(), deed, subject, moment, detail)
