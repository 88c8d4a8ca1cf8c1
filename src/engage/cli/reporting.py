"""``engage report`` and ``status``: how scenarios stand."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from engage.cli.session import Format, Now, Output, Session
from engage.errors import Refused
from engage.problem import unknown
from engage.rehearse.telling import reason_of
from engage.wording import sentence

if TYPE_CHECKING:
    from engage.reports.status import ScenarioStatus

#: Columns of characters where there is no terminal.
WIDE = 240


def report(
    session: Session,
    scenario: Annotated[str, typer.Argument(help="The scenario's id.")],
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="How.")] = "table",
    since: Annotated[
        str | None, typer.Option("--since", metavar="DAY", help="Visits that began on this local day or later.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DAY", help="Visits that began on this local day or before.")
    ] = None,
    by: Annotated[Literal["day", "week", "month"] | None, typer.Option("--by", help="A series.")] = None,
    output: Output = None,
) -> None:
    """Show how many passed each step of a scenario, and how."""
    from engage.reports.card import report_card
    from engage.reports.card_table import card_table
    from engage.reports.card_text import card_csv, card_json
    from engage.sql.connect import reading

    first, last = session.day(since, "--since"), session.day(until, "--until")
    if first is not None and last is not None and last < first:
        raise Refused(sentence("--until lies before --since"))
    app = session.app()
    applied = app.applied()
    plans, zone = applied.plans.scenarios, applied.workspace.hours.zone
    _check_known(scenario, tuple(plans))
    with reading(app.engine).begin() as connection:
        card = report_card(connection, plans[scenario], zone=zone, since=first, until=last, by=by)
    if form == "csv":
        write_bytes(card_csv(card, zone), output)
    elif form == "json":
        session.write(card_json(card), output)
    else:
        from engage.cli.tables import rendered, width

        session.write(rendered(card_table(card, session.locale, width(WIDE))), output)


def _check_known(scenario: str, known: tuple[str, ...]) -> None:
    """Raise Refused for a scenario that was not applied."""
    if not known:
        raise Refused(sentence("nothing was applied yet; run: engage apply"))
    if scenario not in known:
        raise Refused(unknown("scenario", scenario, known))


def write_bytes(content: bytes, output: Path | None) -> None:
    """Print a file as it is, or write it."""
    if output is None:
        typer.echo(content, nl=False)
    else:
        output.write_bytes(content)


def status(
    session: Session,
    scenario: Annotated[str | None, typer.Argument(metavar="[SCENARIO]", help="Only this scenario.")] = None,
    form: Format = "table",
    now: Now = None,
) -> None:
    """Show the state of scenarios: how many runs are open, held, ended, and what is due next."""
    from engage.reports.health import troubles
    from engage.reports.status import status as read_status
    from engage.sql.connect import reading

    app, moment = session.app(), session.moment(now)
    app.hold(moment)
    with reading(app.engine).begin() as connection:
        found = read_status(connection, moment)
    if scenario is not None:
        _check_known(scenario, tuple(one.key for one in found.scenarios))
    chosen = tuple(one for one in found.scenarios if scenario in (None, one.key))
    if form == "json":
        session.write_json(asdict(found) | {"scenarios": [asdict(one) for one in chosen]})
        return
    session.say(scenario_table(session, chosen))
    for one in found.scenarios:
        if one.fault is not None:
            session.warn(sentence("{key} was paused because it cannot be run: {why}", key=one.key, why=one.fault))
    last = session.shown(found.last_tick) or "-"
    text = "last tick: {at} · queued: {messages} messages, {notices} notifications · not learnt: {unlearnt} activities"
    session.say(
        sentence(text, at=last, messages=found.queued_messages, notices=found.queued_notices, unlearnt=found.unlearnt)
    )
    for trouble in troubles(found.hold, found.mail_stop, found.in_doubt, session.shown):
        session.warn(trouble)
    for send in found.stuck_sends:
        session.warn(send.sentence)
    if found.queued_webhooks or found.queued_actions or found.failed_calls:
        text = "queued: {webhooks} webhooks, {actions} actions · failed: {failed}"
        counts = {"webhooks": found.queued_webhooks, "actions": found.queued_actions, "failed": found.failed_calls}
        session.say(sentence(text, **counts))
    for call in found.last_failed:
        where = {"step": call.step, "scenario": call.scenario, "email": call.email}
        text = "{target} at {step} ({scenario}) failed for {email}: {why}"
        session.warn(sentence(text, target=call.target, why=reason_of(session, call.note or call.status), **where))


def scenario_table(session: Session, scenarios: tuple[ScenarioStatus, ...]) -> str:
    """Return a table of how scenarios stand."""
    from engage.cli.tables import table

    states = dict(
        zip(
            ("draft", "running", "paused", "stopped"),
            session.words("draft", "running", "paused", "stopped"),
            strict=True,
        )
    )
    header = session.words(
        "scenario",
        "name",
        "state",
        "version",
        "entered",
        "active",
        "held",
        "completed",
        "goal",
        "left",
        "next step due",
    )
    rows = [
        (
            one.key, one.name, states.get(one.state, one.state), one.version, one.entered, one.active, one.held,
            one.completed, one.goal, one.left, session.shown(one.next_due),
        )
        for one in scenarios
    ]  # fmt: skip
    return table(header, rows, right=range(3, 10))
