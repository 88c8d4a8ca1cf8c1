"""``engage user``: users beside those of team.yaml."""

from __future__ import annotations

from typing import Annotated

import typer

from engage.cli.session import Format, Session
from engage.wording import sentence

UserId = Annotated[str, typer.Argument(metavar="ID", help="The user's id.")]


def add(
    session: Session,
    key: UserId,
    name: Annotated[str | None, typer.Option("--name", help="Shown in lists; else the id.")] = None,
    email: Annotated[str | None, typer.Option("--email", help="Where notifications go.")] = None,
    role: Annotated[str, typer.Option("--role", help="admin, marketer, sales or viewer.")] = "sales",
    department: Annotated[str | None, typer.Option("--department", help="For adoption figures.")] = None,
    job_title: Annotated[str | None, typer.Option("--job-title", help="For adoption figures.")] = None,
    groups: Annotated[
        list[str] | None, typer.Option("--group", metavar="GROUP", help="Round robin; may be repeated.")
    ] = None,
    queues: Annotated[
        list[str] | None, typer.Option("--queue", metavar="QUEUE", help="Queue of ToDos; may be repeated.")
    ] = None,
) -> None:
    """Add a user, or enable one again."""
    from engage.accounts import audit
    from engage.intake.users import add_user

    values = {"name": name, "email": email, "role": role, "department": department, "job_title": job_title}
    with session.app().engine.begin() as connection:
        add_user(connection, key, values, groups or (), queues or ())
        audit.note(connection, audit.command_line(), "user_added", f"user:{key}", session.clock(), {"role": role})
    session.say(sentence("user {id} is added", id=key))


def invite(session: Session, key: UserId) -> None:
    """Print a link by which a user chooses a password for the pages; it works once, for seven days."""
    from engage.accounts import audit
    from engage.accounts.invitations import come_in
    from engage.accounts.invitations import invite as make_link
    from engage.effects.public import public_address
    from engage.intake.users import known_user
    from engage.web.site import check

    check(session.settings)
    now = session.clock()
    with session.app().engine.begin() as connection:
        known_user(connection, key)
        number = make_link(connection, "welcome", key, now)
        audit.note(connection, audit.command_line(), "user_invited", f"user:{key}", now)
    session.say(come_in(public_address(session.settings), session.settings.secret_key or "", number))


def disable(session: Session, key: UserId) -> None:
    """Let a user come in no more and be given no more prospects; what they own stays theirs."""
    from engage.accounts import audit
    from engage.accounts.logins import end_all
    from engage.intake.users import disable_user

    now = session.clock()
    with session.app().engine.begin() as connection:
        disable_user(connection, key)
        end_all(connection, key, "disabled", now)
        audit.note(connection, audit.command_line(), "user_disabled", f"user:{key}", now)
    session.say(sentence("user {id} is disabled", id=key))


def list_users(session: Session, form: Format = "table") -> None:
    """List all users: of files, commands and imports."""
    from engage.cli.tables import table
    from engage.reports.users import list_users as read_users
    from engage.sql.connect import reading

    with reading(session.app().engine).begin() as connection:
        users = read_users(connection)
    if form == "json":
        session.write_json([user.as_data() for user in users])
        return
    header = session.words("id", "name", "role", "e-mail", "groups", "queues", "state")
    enabled, disabled = session.words("enabled", "disabled")
    session.say(
        table(
            header,
            [
                (
                    u.id,
                    u.name,
                    u.role,
                    u.email,
                    ", ".join(u.groups),
                    ", ".join(u.queues),
                    enabled if u.enabled else disabled,
                )
                for u in users
            ],
        )
    )
