"""``engage sends``: one-off sends, what became of them, and what is decided about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from engage.cli.session import Format, Now, Output, Session, Yes
from engage.errors import Refused
from engage.wording import sentence

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from engage.reports.sends import Figures, SendReport, VariantReport

Number = Annotated[int, typer.Argument(metavar="ID", help="Its number, as engage sends shows it.")]


def sends(
    session: Session,
    most: Annotated[int, typer.Option("--most", metavar="N", help="How many at most.", min=1)] = 20,
    form: Format = "table",
) -> None:
    """List one-off sends, the latest first: where each is, and what its messages came to."""
    from engage.reports.sends import send_reports
    from engage.sql.connect import reading

    with reading(session.app().engine).begin() as connection:
        found = send_reports(connection, most)
    if form == "json":
        session.write_json([_as_data(one) for one in found])
    elif found:
        session.say(_table(session, found))
    else:
        session.say(sentence("no sends"))


def show(
    session: Session,
    number: Number,
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="How.")] = "table",
    output: Output = None,
    now: Now = None,
) -> None:
    """Show one send: its figures by e-mail, why members got no message, and how its test stands."""
    import io

    from engage.cli.reporting import write_bytes
    from engage.reports.csvout import write_csv
    from engage.reports.send_file import COLUMNS, cells
    from engage.reports.sends import send_report
    from engage.sql.connect import reading

    moment = session.moment(now)
    with reading(session.app().engine).begin() as connection:
        found = send_report(connection, number, moment)
    if found is None:
        raise Refused(sentence("there is no send {id}", id=number))
    if form == "json":
        session.write_json(_as_data(found), output)
    elif form == "csv":
        out = io.BytesIO()
        write_csv(out, COLUMNS, cells(found), session.zone)
        write_bytes(out.getvalue(), output)
    else:
        session.write("\n".join(_page(session, found)), output)


def cancel(session: Session, number: Number, yes: Yes = False, now: Now = None) -> None:
    """Call a send off: what was not handed over is kept back; asks."""
    from engage.cli.progress import progress
    from engage.stepping.ordering import call_off

    app, moment = session.app(), session.moment(now)
    session.agrees(sentence("Call send {id} off for good?", id=number), yes=yes)
    with progress(session.read("messages")) as told:
        count = call_off(
            app.engine, number, moment, told, lambda connection: _note(connection, "send_cancelled", number, moment)
        )
    session.say(sentence("send {id} is cancelled; {count} messages were kept back", id=number, count=count))


def choose(
    session: Session,
    number: Number,
    template: Annotated[str, typer.Argument(metavar="TEMPLATE", help="The e-mail that goes to the rest.")],
    yes: Yes = False,
    now: Now = None,
) -> None:
    """Choose which e-mail of a test goes to the rest, also before its time is over; asks."""
    from engage.stepping.ordering import choose as decide

    app, moment = session.app(), session.moment(now)
    session.agrees(sentence("Send {template} to the rest of send {id}?", id=number, template=template), yes=yes)
    with app.engine.begin() as connection:
        decide(connection, number, template, moment)
        _note(connection, "send_chosen", number, moment, template=template)
    session.say(
        sentence("{template} goes to the rest of send {id}; the next tick begins", id=number, template=template)
    )


def resume(session: Session, number: Number, now: Now = None) -> None:
    """Let a send go on that the engine stopped, once its reason is mended."""
    from engage.stepping.ordering import resume as go_on

    app, moment = session.app(), session.moment(now)
    with app.engine.begin() as connection:
        go_on(connection, number, moment)
        _note(connection, "send_resumed", number, moment)
    session.say(sentence("send {id} goes on with the next tick", id=number))


def _note(connection: Connection, deed: str, number: int, moment: datetime, **detail: str) -> None:
    """Write into the audit log what was decided about a send."""
    from engage.accounts import audit

    audit.note(connection, audit.command_line(), deed, f"send:{number}", moment, detail)


def _as_data(found: SendReport) -> dict[str, object]:
    """Return a send for scripts; what is derived stands beside what is counted."""
    data = asdict(found)
    for kept, variant in zip(data["variants"], found.variants, strict=True):
        kept["figures"]["delivered"] = variant.figures.delivered
        if variant.tried is not None:
            low, high = variant.interval
            kept |= {"rate": variant.rate.value, "low": low, "high": high}
    length = None if found.length is None else found.length // 1_000_000
    return {**data, "length": length, "differences": [asdict(each) for each in found.differences]}


def _table(session: Session, found: tuple[SendReport, ...]) -> str:
    from engage.cli.tables import table

    header = session.words(
        "id", "templates", "lists", "at", "state", "members", "queued", "sent", "delivered", "opens", "clicks"
    )
    rows = []
    for one in found:
        figures = one.figures
        rows.append(
            (
                one.id, ", ".join(variant.template for variant in one.variants), ", ".join(one.lists),
                session.shown(one.at), _state(session, one.state), figures.messages, figures.queued + figures.held,
                figures.sent, figures.delivered, *_opened(figures),
            )
        )  # fmt: skip
    return table(header, rows, right=(0, *range(5, 11)))


def _opened(figures: Figures) -> tuple[str, str]:
    """Return the unique opens and clicks with their rates of what was delivered."""
    found = (figures.unique_opens, figures.unique_clicks)
    opens, clicks = (f"{count} ({_percent(count, figures.delivered)})" for count in found)
    return opens, clicks


def _percent(count: int, whole: int) -> str:
    return f"{100 * count / whole:.1f} %" if whole else "-"


def _state(session: Session, state: str) -> str:
    names = ("scheduled", "sending", "testing", "undecided", "holding", "done", "cancelled", "stopped")
    shown = session.words(*names)
    return dict(zip(names, shown, strict=True))[state]


def _page(session: Session, found: SendReport) -> Iterator[str]:
    """Yield the lines about one send."""
    from engage.cli.tables import table

    state, at, lists = _state(session, found.state), session.shown(found.at), ", ".join(found.lists)
    yield session.read("send {id} → {lists}, {at}: {state}", id=found.id, lists=lists, at=at, state=state)
    if found.suppress:
        yield session.read("    not to those on: {lists}", lists=", ".join(found.suppress))
    if found.fault is not None:
        text = "    it cannot go on: {why}; mend that, then: engage sends resume {id}"
        yield session.read(text, why=found.fault, id=found.id)
    if found.due_at is not None and found.state in ("testing", "holding"):
        yield session.read("    looked at again at {at}", at=session.shown(found.due_at))
    header = session.words(
        "template", "members", "queued", "sent", "delivered", "opens", "clicks", "opt-outs", "complaints", "no message"
    )
    rows = [_row(variant) for variant in found.variants]
    yield table(header, rows, right=range(1, 10))
    for reason, count in found.reasons.items():
        yield session.read("    {count} without a message: {reason}", count=count, reason=reason)
    if found.measure is not None:
        yield from _test(session, found)


def _row(variant: VariantReport) -> tuple[object, ...]:
    f = variant.figures
    return (
        variant.template, f.messages, f.queued + f.held, f.sent, f.delivered, *_opened(f), variant.opt_outs,
        variant.complaints, f.cancelled + f.failed,
    )  # fmt: skip


def _test(session: Session, found: SendReport) -> Iterator[str]:
    """Yield the lines about a test: what each e-mail came to, the differences, who won and why."""
    from engage.cli.tables import table

    measure = session.read(found.measure or "")
    yield ""
    yield session.read("the test, by {measure}:", measure=measure)
    header = (*session.words("template", "delivered"), measure, *session.words("rate", "95 % interval"))
    rows = [
        (v.template, v.tried, v.met, f"{100 * v.rate.value:.1f} %", "{:.1f} – {:.1f} %".format(*_points(v.interval)))
        for v in found.variants
        if v.tried is not None
    ]
    if rows:
        yield table(header, rows, right=(1, 2, 3))
    for each in found.differences:
        low, high = _points((each.low, each.high))
        text = "    {one} − {other}: {value} points, {level} % interval {low} to {high}"
        figures = {"value": f"{100 * each.value:+.1f}", "low": f"{low:+.1f}", "high": f"{high:+.1f}"}
        level = f"{100 * each.level:.3g}"
        yield session.read(text, one=each.template, other=each.other, level=level, **figures)
    yield _verdict(session, found)


def _points(interval: tuple[float, float]) -> tuple[float, float]:
    return 100 * interval[0], 100 * interval[1]


def _verdict(session: Session, found: SendReport) -> str:
    """Return the sentence on who won."""
    match found.chosen_by:
        case "test":
            return session.read("the winner is {template}", template=found.winner)
        case "first":
            text = "no winner: the difference may be chance; {template} went to the rest, for it is the first"
            return session.read(text, template=found.winner)
        case "person":
            return session.read("{template} was chosen by a person", template=found.winner)
    if found.state == "undecided":
        text = "no winner: the difference may be chance; choose: engage sends choose {id} TEMPLATE"
        return session.read(text, id=found.id)
    if found.state == "cancelled":
        return session.read("the test was called off")
    if found.decided_at is not None:
        return session.read("no winner: the difference may be chance")
    return session.read("the test is not over; figures so far decide nothing")
