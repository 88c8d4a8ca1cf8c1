"""``engage todos`` and ``todo done``: the sales inbox."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

import typer

from engage.cli.session import Now, Session
from engage.errors import Refused
from engage.wording import sentence

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
    from engage.cli.stored import todo_words
    from engage.cli.tables import table

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
