"""``engage send``: an e-mail to everybody on some lists, or several that are tried against each other first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from engage.cli.session import Format, Now, Session, Yes
from engage.errors import Invalid, Refused
from engage.problem import Problem
from engage.wording import Sentence, said, sentence

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from engage.app import App
    from engage.stepping.applied import Applied
    from engage.stepping.ordering import Order, Trial
    from engage.stepping.send_preview import Foreseen

Measure = Literal["opens", "clicks", "conversions"]
Otherwise = Literal["wait", "first"]
_SHORT = re.compile(r"\s*([0-9]{1,5})\s*(m|h|d|w)\s*", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def send(
    session: Session,
    templates: Annotated[
        list[str], typer.Argument(metavar="TEMPLATE…", help="The e-mail; two to five are tried against each other.")
    ],
    lists: Annotated[list[str], typer.Option("--list", metavar="LIST", help="To whom; may be repeated.")],
    suppress: Annotated[
        list[str] | None, typer.Option("--suppress", metavar="LIST", help="But not to those on it; may be repeated.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="T", help="When, such as 2026-12-01T10:00; else at once.")
    ] = None,
    share: Annotated[
        int | None,
        typer.Option("--share", metavar="N", min=1, max=100, help="How many in a hundred get the test; else 20."),
    ] = None,
    measure: Annotated[Measure | None, typer.Option("--winner", help="What decides the test; else clicks.")] = None,
    goal: Annotated[
        str | None,
        typer.Option("--goal", metavar="EVENT", help="What a conversion is, such as '{form_submitted: demo}'."),
    ] = None,
    after: Annotated[
        str | None, typer.Option("--after", metavar="4h", help="How long the test lasts: 90m, 4h, 2d; else 4h.")
    ] = None,
    otherwise: Annotated[
        Otherwise | None,
        typer.Option("--otherwise", help="Where chance may have decided: wait for a person (else), or send the first."),
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only show who would get it.")] = False,
    yes: Yes = False,
    form: Format = "table",
    now: Now = None,
) -> None:
    """Send an e-mail to lists, once; shows who would get it and asks."""
    from engage.sql.connect import reading
    from engage.stepping import ordering
    from engage.stepping.send_preview import foresee

    app, moment = session.app(), session.moment(now)
    applied = app.applied()
    if not applied.workspace.texts:
        raise Refused(sentence("nothing was applied yet; run: engage apply"))
    trial = _trial(applied, len(templates), share, measure, goal, after, otherwise)
    when, on, off = (moment if at is None else session.moment(at, "--at")), _once(lists), _once(suppress or ())
    order = ordering.Order(tuple(templates), on, off, when, trial)
    with reading(app.engine).begin() as connection:
        ordering.check(connection, applied.plans, order, moment)
        found = foresee(connection, applied.plans, order, moment)
        subjects = _subjects(app, connection, applied, order, found, moment)
    if form == "table":
        _show(session, order, found, subjects)
    number = None if preview else _placed(session, app, applied, order, moment, yes=yes)
    if form == "json":
        session.write_json({"id": number, **asdict(order), **asdict(found), "subjects": subjects})
    elif number is not None:
        _tell(session, number, order, begins_now=at is None)


def _placed(session: Session, app: App, applied: Applied, order: Order, now: datetime, *, yes: bool) -> int:
    """Order a send, if the person says so; return its number."""
    from engage.accounts import audit
    from engage.stepping.ordering import place

    session.agrees(sentence("Order this send?"), sentence("nothing was ordered; --yes does it without asking"), yes=yes)
    with app.engine.begin() as connection:
        number = place(connection, applied.plans, order, now)
        audit.note(connection, audit.command_line(), "send_ordered", f"send:{number}", now)
        return number


def _once(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _trial(
    applied: Applied,
    count: int,
    share: int | None,
    measure: Measure | None,
    goal: str | None,
    after: str | None,
    otherwise: Otherwise | None,
) -> Trial | None:
    """Return the test that the options ask for. Raises Refused where they do not fit together."""
    from engage.clock import MICROSECOND
    from engage.language.goals import read_goal
    from engage.problem import errors
    from engage.stepping.ordering import Trial

    if count < 2:
        if any(option is not None for option in (share, measure, goal, after, otherwise)):
            text = "--share, --winner, --goal, --after and --otherwise are for a test; name two to five templates"
            raise Refused(sentence(text))
        return None
    if (measure == "conversions") != (goal is not None):
        raise Refused(sentence("--winner conversions and --goal belong together: the goal says what a conversion is"))
    if goal is not None and (wrong := errors(read_goal(goal, applied.workspace.vocabulary)[1])):
        raise Invalid(wrong)
    length = _length(after or "4h") // MICROSECOND
    return Trial(share or 20, measure or "clicks", length, otherwise or "wait", goal)


def _length(text: str) -> timedelta:
    """Return how long a test lasts, as ``4h`` or ``4 hours`` says it."""
    from engage.language.moment import Duration

    short = _SHORT.fullmatch(text)
    try:
        length = Duration.parse(f"{short[1]} {_UNITS[short[2]]}" if short else text)
    except ValueError as error:
        raise Refused(sentence("--after: {why}", why=said(error))) from None
    if length.business_days:
        raise Refused(sentence("--after: {why}", why=sentence("a test lasts minutes, hours, days or weeks")))
    return length.length


def _subjects(
    app: App, connection: Connection, applied: Applied, order: Order, found: Foreseen, now: datetime
) -> list[tuple[str, str, str]]:
    """Return what the first recipients would read: address, e-mail, subject. Raises Invalid for a broken template."""
    from engage.effects.failure import Failure
    from engage.effects.outbox import OutboxFolder
    from engage.effects.press import variant
    from engage.effects.trial import desk, known_reader, tried
    from engage.effects.whereabouts import place_of
    from engage.outgoing import drafts

    post = drafts(app.settings, applied.workspace, OutboxFolder(app.settings.workspace / "outbox"))
    sender = desk(post, now).sender
    readers = [reader for email in found.first if (reader := known_reader(connection, post, email)) is not None]
    trials = [
        (variant(post.templates[name], reader.prospect), reader) for reader in readers for name in order.templates
    ]
    shown = []
    for (template, reader), outcome in zip(trials, tried(post, sender, trials, now), strict=True):
        if isinstance(outcome, Failure):
            raise Invalid((Problem(place_of(template, outcome), outcome.why),))
        shown.append((str(reader.prospect["email"]), template.id, outcome.subject))
    return shown


def _show(session: Session, order: Order, found: Foreseen, subjects: list[tuple[str, str, str]]) -> None:
    from engage.cli.tables import table

    templates, lists = ", ".join(order.templates), ", ".join(order.lists)
    text = "{templates} → {lists}: {count} prospects would get it as things are now"
    session.say(sentence(text, templates=templates, lists=lists, count=f"{found.count:,}"))
    if found.waiting:
        text = "    {count} would wait until the frequency cap leaves room"
        session.say(sentence(text, count=f"{found.waiting:,}"))
    for reason, count in found.reasons.items():
        session.say(sentence("    {count} would get none: {reason}", count=f"{count:,}", reason=reason))
    if order.trial is not None:
        session.say(_told(order.trial))
    if subjects:
        session.say(table(session.words("the first of them", "template", "subject"), subjects))


def _told(trial: Trial) -> Sentence:
    """Return a sentence about a test."""
    from engage.clock import MICROSECOND
    from engage.language.lengths import told
    from engage.language.moment import Duration

    after = told(Duration(trial.length * MICROSECOND))
    values = {"share": trial.share, "measure": sentence(trial.measure), "after": after}
    if trial.share == 100:
        text = "    all get the test in even parts; after {after} the {measure} decide which won"
    else:
        text = "    {share} % get the test in even parts; after {after} the {measure} decide which goes to the rest"
    return sentence(text, **values)


def _tell(session: Session, number: int, order: Order, *, begins_now: bool) -> None:
    if begins_now:
        text = "send {id} is ordered; the next tick begins it; until all is handed over: engage sends cancel {id}"
        session.say(sentence(text, id=number))
    else:
        text = "send {id} is ordered for {at}; until all is handed over: engage sends cancel {id}"
        session.say(sentence(text, id=number, at=session.shown(order.at)))
