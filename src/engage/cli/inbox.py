"""``engage todos`` and ``todo done``, ``take``, ``postpone``, ``hand``: the sales inbox."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

import typer

from engage.cli.session import Now, Session
from engage.errors import Refused
from engage.problem import unknown
from engage.wording import sentence

Number = Annotated[
    int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="The ToDo's number, as engage todos shows it.")
]
Status = Literal["open", "any", "not_started", "in_progress", "waiting", "deferred", "completed"]


def todos(
    session: Session,
    to: Annotated[
        str | None, typer.Option("--to", metavar="USER", help="A user's id, or queue:ID; else everybody's.")
    ] = None,
    status: Annotated[Status, typer.Option("--status", help="Which.")] = "open",
    form: Annotated[Literal["table", "json"], typer.Option("--format", help="json is stable, for scripts.")] = "table",
    now: Now = None,
) -> None:
    """List ToDos: overdue first, then by due date."""
    from engage.reports.todos import known_assignee
    from engage.reports.todos import todos as read_todos
    from engage.sql.connect import reading

    with reading(session.app().engine).begin() as connection:
        who = None if to is None else known_assignee(connection, to)
        found = read_todos(connection, session.moment(now), to=who, status=status, locale=session.locale)
    if form == "json":
        session.write_json([asdict(todo) for todo in found])
        return
    if not found:
        session.say(sentence("no ToDos"))
        return
    from engage.cli.tables import table
    from engage.reports.words import todo_words

    statuses = todo_words(session)
    late = session.read("overdue")
    header = session.words("id", "due", "priority", "to", "subject", "prospect", "company", "status")
    rows = [
        (
            todo.id, f"{session.shown(todo.due_at)} {late if todo.overdue else ''}".strip(),
            statuses.get(todo.priority, todo.priority), todo.to, todo.subject, todo.name or todo.email, todo.company,
            statuses.get(todo.status, todo.status),
        )
        for todo in found
    ]  # fmt: skip
    session.say(table(header, rows, right=(0,)))


def done(
    session: Session,
    number: Annotated[int, typer.Argument(metavar="ID", help="The ToDo's number, as engage todos shows it.")],
    outcome: Annotated[str | None, typer.Option("--outcome", metavar="TEXT", help="What came of it.")] = None,
    now: Now = None,
) -> None:
    """Complete a ToDo; scenarios that ask for it go on at the next tick."""
    from engage.intake.todos import complete_todo

    if number < 1:
        raise Refused(sentence("there is no ToDo {id}", id=number))
    moment = session.moment(now)
    with session.app().engine.begin() as connection:
        new = complete_todo(connection, number, outcome, moment)
    text = "ToDo {id} is completed" if new else "ToDo {id} was completed before"
    session.say(sentence(text, id=number))


def take(
    session: Session,
    number: Number,
    user: Annotated[str, typer.Option("--user", metavar="USER", help="Who takes it: a user's id.")],
    now: Now = None,
) -> None:
    """Take a ToDo from its queue for a user."""
    from engage.intake.todo_deeds import Actor
    from engage.intake.todos import as_it_is
    from engage.intake.todos import take as take_todo
    from engage.reports.users import list_users

    moment = session.moment(now)
    with session.app().engine.begin() as connection:
        known = [member.id for member in list_users(connection) if member.enabled]
        if user not in known:
            raise Refused(unknown("user", user, known))
        seen, _ = as_it_is(connection, number)
        take_todo(connection, (seen,), Actor(user, moment))
    session.say(sentence("ToDo {id} is {to}'s now", id=number, to=f"user:{user}"))


def postpone(
    session: Session,
    number: Number,
    until: Annotated[str, typer.Option("--until", metavar="T", help="The new due date, such as 2026-12-01T09:00.")],
    now: Now = None,
) -> None:
    """Give a ToDo a later due date."""
    from engage.intake.todo_deeds import Actor
    from engage.intake.todos import as_it_is
    from engage.intake.todos import postpone as postpone_todo

    moment, due = session.moment(now), session.moment(until, "--until")
    with session.app().engine.begin() as connection:
        seen, _ = as_it_is(connection, number)
        postpone_todo(connection, (seen,), Actor(None, moment), due)
    session.say(sentence("ToDo {id} is due at {at}", id=number, at=session.shown(due)))


def hand(
    session: Session,
    number: Number,
    to: Annotated[str, typer.Option("--to", metavar="USER", help="Who gets it: a user's id, or queue:ID.")],
    now: Now = None,
) -> None:
    """Hand a ToDo on to another user or a queue."""
    from engage.intake.todo_deeds import Actor
    from engage.intake.todos import as_it_is, hand_on
    from engage.reports.todos import addressed

    moment, whom = session.moment(now), addressed(to)
    with session.app().engine.begin() as connection:
        seen, _ = as_it_is(connection, number)
        hand_on(connection, (seen,), Actor(None, moment), whom)
    session.say(sentence("ToDo {id} is {to}'s now", id=number, to=whom))
