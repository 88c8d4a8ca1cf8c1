"""``engage messages``, ``messages resend`` and ``messages drop``: e-mails, and what is done about those in doubt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from engage.cli.session import Format, Now, Session, Yes
from engage.wording import Sentence, sentence

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from engage.reports.messages import Message

Kind = Literal[
    "hard", "soft", "policy", "complaint", "opt_out", "autoreply", "delayed", "delivered", "report", "echo", "unknown",
    "foreign",
]  # fmt: skip
Status = Literal["queued", "held", "sent", "failed", "in_doubt", "cancelled"]
Numbers = Annotated[list[int], typer.Argument(metavar="ID…", help="Numbers, as engage messages shows them.", min=1)]


def messages(
    session: Session,
    status: Annotated[Status | None, typer.Option("--status", help="Only those.")] = None,
    most: Annotated[int, typer.Option("--most", metavar="N", help="How many at most.", min=1)] = 100,
    form: Format = "table",
) -> None:
    """List e-mails, newest first: where each is and why."""
    from engage.reports.messages import messages as read_messages
    from engage.sql.connect import reading

    app = session.app()
    hold = app.hold(session.clock())
    with reading(app.engine).begin() as connection:
        found = read_messages(connection, status=status, most=most)
    if form == "json":
        session.write_json([asdict(message) for message in found])
    elif found:
        session.say(_table(session, found))
    else:
        session.say(sentence("no messages"))
    if hold is not None:
        session.warn(hold.sentence)


def returned(
    session: Session,
    kind: Annotated[Kind | None, typer.Option("--kind", help="Only that.")] = None,
    most: Annotated[int, typer.Option("--most", metavar="N", help="How many at most.", min=1)] = 100,
    form: Format = "table",
) -> None:
    """List mail that came back in the last 90 days, newest first: bounces, complaints, autoreplies and all else."""
    from engage.cli.tables import table
    from engage.reports.returned import came_back
    from engage.reports.words import returned_words
    from engage.sql.codes import Returned
    from engage.sql.connect import reading

    with reading(session.app().engine).begin() as connection:
        found = came_back(connection, kind=None if kind is None else Returned[kind.upper()], most=most)
    if form == "json":
        session.write_json([asdict(one) for one in found])
    elif found:
        shown = {each.name.lower(): word for each, word in returned_words(session).items()}
        header = session.words("at", "what came back", "by", "prospect", "message", "template", "what was said")
        rows = [
            (session.shown(one.at), shown[one.kind], one.source, one.email, one.message, one.template, one.why)
            for one in found
        ]
        session.say(table(header, rows, right=(4,)))
    else:
        session.say(sentence("nothing came back"))


def resend(session: Session, numbers: Numbers, yes: Yes = False) -> None:
    """Send messages again that are in doubt or failed; shows them and asks."""
    from engage.effects.deciding import resend as queue_again

    text = "Send these again? Who received one in doubt gets it twice."
    count = _decide(session, "messages_resent", numbers, sentence(text), queue_again, yes=yes)
    session.say(sentence("{count} messages are queued again; the next delivery sends them", count=count))


def drop(session: Session, numbers: Numbers, yes: Yes = False, now: Now = None) -> None:
    """Give messages up that are in doubt, queued or held; shows them and asks."""
    from engage.effects.deciding import drop as give_up

    moment = session.moment(now)
    question = sentence("Give these up for good?")

    def given_up(connection: Connection, ids: Sequence[int]) -> int:
        return give_up(connection, ids, moment)

    count = _decide(session, "messages_dropped", numbers, question, given_up, yes=yes)
    session.say(sentence("{count} messages are cancelled", count=count))


def _decide(
    session: Session,
    deed: str,
    numbers: Sequence[int],
    question: Sentence,
    decide: Callable[[Connection, Sequence[int]], int],
    *,
    yes: bool,
) -> int:
    """Show messages, ask, do to them what was decided, and note it in the audit log; return how many they are."""
    from engage.accounts import audit
    from engage.reports.messages import messages as read_messages
    from engage.sql.connect import reading

    engine, ids = session.app().engine, sorted(set(numbers))
    with reading(engine).begin() as connection:
        session.say(_table(session, read_messages(connection, ids=ids)))
    session.agrees(question, yes=yes)
    with engine.begin() as connection:
        count = decide(connection, ids)
        detail = {"messages": " ".join(map(str, ids))}
        audit.note(connection, audit.command_line(), deed, "messages", session.clock(), detail)
        return count


def _table(session: Session, found: Sequence[Message]) -> str:
    from engage.cli.tables import table
    from engage.reports.words import mail_words

    shown = mail_words(session)
    header = session.words(
        "id", "prospect", "scenario", "step", "template", "subject", "status", "reason", "queued", "sent", "tried again"
    )
    rows = [
        (
            one.id, one.email, _origin(session, one), one.step, one.template, one.subject, shown[one.status],
            _why(session, one), session.shown(one.queued_at), session.shown(one.sent_at), session.shown(one.try_at),
        )
        for one in found
    ]  # fmt: skip
    return table(header, rows, right=(0,))


def _why(session: Session, one: Message) -> str | None:
    """Return why a message stands as it does: the engine's words in the reader's language, a server's as they are."""
    from engage.rehearse.telling import reason_of

    return reason_of(session, one.reason) if one.status == "in_doubt" and one.reason else one.reason


def _origin(session: Session, one: Message) -> str | None:
    """Return the scenario or the one-off send that a message is of."""
    return one.scenario if one.send is None else session.read("send {id}", id=one.send)
