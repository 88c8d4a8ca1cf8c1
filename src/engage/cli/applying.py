"""``engage plan`` and ``engage apply``: what differs between the files and what runs, and carrying it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.planned import as_data, show
from engage.cli.session import DataFormat, Now, Session, Yes
from engage.wording import sentence

if TYPE_CHECKING:
    from datetime import datetime

    from engage.app import App
    from engage.language.load import Workspace

#: What ``plan --exit-code`` ends with when there is something to apply.
CHANGED = 4

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


def agreed(session: Session, app: App, workspace: Workspace, moment: datetime, *, yes: bool, keep_waits: bool) -> bool:
    """Show what applying a workspace would change, ask, and carry it out; return whether it was done.

    Nobody is asked where there is no terminal. Raises Exit where the change is refused.
    """
    from engage.app import apply as carry_out
    from engage.app import preview

    changes, _, _ = preview(app, workspace, moment, keep_waits=keep_waits)
    show(session, changes)
    if changes.empty:
        if changes.reworded:
            carry_out(app, workspace, moment, keep_waits=keep_waits)
        return bool(changes.reworded)
    if changes.refusals:
        raise typer.Exit(1)
    if not yes and session.is_terminal and not session.asks(sentence("Apply this?")):
        session.say(sentence("nothing was changed"))
        return False
    carry_out(app, workspace, moment, keep_waits=keep_waits)
    session.say(sentence("applied"))
    return True
