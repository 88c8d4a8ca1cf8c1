"""``engage prospect``: everything about one person on one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.session import Format, Now, Session
from engage.errors import Refused
from engage.rehearse.telling import machine_of, origin_of, reason_of
from engage.reports.words import mail_words, run_words, todo_words
from engage.wording import sentence

if TYPE_CHECKING:
    from engage.reports.person import Person
    from engage.reports.person_history import Happening

#: A part of the page: its title, headers and rows.
Part = tuple[str, Sequence[str], Sequence[Sequence[object]]]


def prospect(
    session: Session,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address.")],
    form: Format = "table",
    now: Now = None,
) -> None:
    """Show a prospect: fields, score and why, grade, lists, runs, e-mails, ToDos, what they did."""
    from engage.app import running
    from engage.plan.compile import compile_house
    from engage.reports.person import person
    from engage.sql.connect import reading

    app = session.app()
    workspace, moment = running(app), session.moment(now)
    with reading(app.engine).begin() as connection:
        found = person(connection, workspace.vocabulary, compile_house(workspace), email, moment)
    if found is None:
        raise Refused(sentence("nobody is known by the address {email}", email=email))
    if form == "json":
        session.write_json(asdict(found))
        return
    from engage.cli.tables import table

    session.say(f"{found.name} <{found.email}>" if found.name else found.email)
    for title, header, rows in _parts(session, found):
        if rows:
            session.say("")
            session.say(table(header, rows, title=title))


def _parts(session: Session, found: Person) -> Iterator[Part]:
    """Yield the page part by part, what is known first."""
    runs, mails = run_words(session), mail_words(session)
    yield session.read("what is known"), session.words("field", "value"), _known(session, found)
    yield (
        session.read("runs"),
        session.words("scenario", "state", "step", "since", "due"),
        [
            (r.scenario, runs[r.state], r.step_name or r.step, _at(session, r.since), _at(session, r.due_at))
            for r in found.runs
        ],
    )
    yield _todos(session, found)
    yield (
        session.read("e-mails"),
        session.words("template", "subject", "status", "sent", "opened", "clicked"),
        [
            (
                m.template,
                m.subject,
                mails[m.status],
                _at(session, m.sent_at),
                _at(session, m.opened_at),
                _at(session, m.clicked_at),
            )
            for m in found.messages
        ],
    )
    yield (
        session.read("webhooks and actions"),
        session.words("step", "target", "status", "when", "reason"),
        [
            (
                c.step,
                c.target,
                mails[c.status],
                _at(session, c.done_at or c.queued_at),
                reason_of(session, c.note or ""),
            )
            for c in found.calls
        ],
    )
    yield (
        session.read("score"),
        session.words("when", "points", "category", "reason"),
        [(_at(session, e.at), f"{e.points:+}", e.category, origin_of(session, e.reason)) for e in found.ledger],
    )
    yield (
        session.read("activities"),
        session.words("when", "what", "target", "reason"),
        [(_at(session, a.at), a.type, a.link or a.target, _note(session, a)) for a in found.activities],
    )


def _todos(session: Session, found: Person) -> Part:
    """Return ToDos, the open ones first; at the end how many more are open, if any."""
    words = todo_words(session)
    rows: list[tuple[object, ...]] = [
        (todo.id, todo.subject, todo.to, words.get(todo.status, todo.status), _at(session, todo.due_at))
        for todo in found.todos
    ]
    if found.more_todos:
        rows.append(("", session.read("ToDos open besides these: {count}", count=found.more_todos), "", "", ""))
    return session.read("ToDos"), session.words("id", "subject", "to", "status", "due"), rows


def _note(session: Session, activity: Happening) -> str | None:
    """Return why an activity counts nowhere."""
    return machine_of(session, activity.machine) if activity.bot else None


def _known(session: Session, found: Person) -> list[tuple[object, ...]]:
    """Return fields and what the engine knows, those that say something."""
    yes, no = session.words("yes", "no")
    campaigns = ", ".join(f"{c.campaign} ({c.status})" if c.status else c.campaign for c in found.campaigns)
    rows: list[tuple[object, ...]] = [
        ("score", found.score),
        *((f"score {name}", points) for name, points in found.categories),
        ("grade", found.grade),
        ("owner", f"{found.owner} ({found.owner_name})" if found.owner_name else found.owner),
        ("mailable", yes if found.mailable else no),
        ("opted_out", yes if found.opted_out else None),
        ("do_not_email", yes if found.do_not_email else None),
        ("lists", ", ".join(found.lists)),
        ("tags", ", ".join(found.tags)),
        ("campaigns", campaigns),
        ("created_at", _at(session, found.created_at)),
        ("last_activity_at", _at(session, found.last_activity_at)),
        *((name, _at(session, value) if isinstance(value, datetime) else value) for name, value in found.fields),
    ]
    return [row for row in rows if row[1] not in (None, "")]


def _at(session: Session, moment: datetime | None) -> str:
    return session.shown(moment)
