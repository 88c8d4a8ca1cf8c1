"""``engage explain``: why somebody has this score and grade, took these steps, and what comes next."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

import typer

from engage.cli.session import Now, Session
from engage.errors import Refused
from engage.problem import unknown
from engage.wording import sentence


def explain(
    session: Session,
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="The address.")],
    scenario: Annotated[str | None, typer.Option("--scenario", metavar="S", help="Only this scenario.")] = None,
    form: Annotated[Literal["text", "json"], typer.Option("--format", help="json is stable, for scripts.")] = "text",
    now: Now = None,
) -> None:
    """Explain a prospect: each score entry, grade criterion and step taken with the values that decided it, and what
    comes next."""
    from engage.rehearse.explain import explain as explained
    from engage.rehearse.older import older_plans
    from engage.sql.connect import reading

    app, moment = session.app(), session.moment(now)
    applied = app.applied()
    if scenario is not None and scenario not in applied.plans.scenarios:
        raise Refused(unknown("scenario", scenario, applied.plans.scenarios))
    with reading(app.engine).begin() as connection:
        older = older_plans(connection, applied.workspace, applied.plans)
        found = explained(
            connection, applied.plans, older, email, moment, only=None if scenario is None else (scenario,)
        )
    if found is None:
        raise Refused(sentence("nobody is known by the address {email}", email=email))
    if form == "json":
        session.write_json(asdict(found))
        return
    from engage.cli.explaining_text import lines

    for line in lines(session, found):
        session.say(line)
