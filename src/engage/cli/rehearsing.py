"""What rehearsals need of the files and of the application, put together by hand."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from engage.cli.session import Session
from engage.errors import Invalid, Refused
from engage.problem import errors
from engage.wording import sentence

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from engage.language.whole import Workspace
    from engage.plan.moves import Plans
    from engage.rehearse.runs import Means


def rehearsed(session: Session) -> tuple[Workspace, tuple[str, ...]]:
    """Return the workspace of the files, and users that only the database knows, where the files name one.

    Raises Invalid with every mistake.
    """
    from engage.cli.checking import database_users
    from engage.graph.folder import read_workspace

    users: tuple[str, ...] = ()
    workspace, problems = read_workspace(session.workspace)
    if errors(problems) and (users := database_users(session)):
        workspace, problems = read_workspace(session.workspace, users)
    if errors(problems):
        raise Invalid(errors(problems))
    return workspace, tuple(user for user in users if user not in workspace.team.users)


def means(session: Session, users: tuple[str, ...]) -> Means:
    """Return what rehearsals need from above: the application's own way to apply, and other files."""
    from engage.app import App, apply
    from engage.graph.versions import other_version
    from engage.rehearse.runs import Means
    from engage.settings import Settings

    folder = session.workspace

    def applied(engine: Engine, workspace: Workspace, now: datetime) -> Plans:
        app = App(Settings(folder, "sqlite://"), engine)
        apply(app, workspace, now)
        return app.applied().plans

    def version(workspace: Workspace, scenario: str, name: str) -> Workspace:
        made, problems = other_version(folder, workspace, workspace.scenarios[scenario], name, users)
        if made is None or errors(problems):
            first = errors(problems)[0]
            raise Refused(sentence("{file}: {why}", file=name, why=first.message))
        return made

    return Means(applied, version, users)
