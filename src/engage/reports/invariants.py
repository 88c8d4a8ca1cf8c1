"""What ``engage db check`` proves (SPEC section 19, promise 5): the database says the same everywhere.

Each check is a few statements over whole tables; nothing is written. Run it in one transaction that reads, so that
all statements see the same moment, or while nothing ticks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sqlalchemy import Connection, func, select

from engage.accounts.audit import broken
from engage.plan.moves import Plans
from engage.reports.finding import Finding
from engage.reports.invariants_effect import orphans, unexplained
from engage.reports.invariants_run import moves_counted, one_open_run, runs_numbered, timed
from engage.reports.invariants_score import category_sums, ledger_sums, standings_there
from engage.reports.invariants_send import sends_agree
from engage.reports.invariants_timer import timed_otherwise
from engage.reports.invariants_total import entries_counted, open_counted, visits_counted
from engage.sql import tables as t
from engage.sql.codes import RunState
from engage.wording import sentence


def audit_unchanged(connection: Connection) -> Iterator[Finding]:
    """Yield a finding if lines of the audit log are not what was written, or gone."""
    lines = broken(connection)
    first = next(lines, None)
    if first is not None:
        count = 1 + sum(1 for _ in lines)
        said = (
            "{count} lines of the audit log were changed, are missing, or stand after one that is; "
            "the first is line {id}"
        )
        yield Finding("audit", count, sentence(said, count=f"{count:,}", id=first))


#: Every check, by a name that stays.
CHECKS: Mapping[str, Callable[[Connection], Iterator[Finding]]] = {
    "ledger": ledger_sums,
    "categories": category_sums,
    "standings": standings_there,
    "visits": visits_counted,
    "open": open_counted,
    "entered": entries_counted,
    "one-run": one_open_run,
    "runs": runs_numbered,
    "moves": moves_counted,
    "timers": timed,
    "effects": orphans,
    "origins": unexplained,
    "sends": sends_agree,
    "audit": audit_unchanged,
}


def check(connection: Connection, plans: Plans) -> tuple[Finding, ...]:
    """Return every invariant that does not hold, with how many rows break it; nothing if all is well."""
    found = [one for each in CHECKS.values() for one in each(connection)]
    return (*found, *timed_otherwise(connection, plans), *_stranded(connection, plans))


def _stranded(connection: Connection, plans: Plans) -> Iterator[Finding]:
    """Yield a finding for each step where runs stand and that the applied version does not have."""
    e, s, k = t.enrolments, t.steps, t.scenarios
    counted = (
        select(e.c.scenario_id, e.c.step_id, func.count().label("number"))
        .where(e.c.state < int(RunState.COMPLETED))
        .group_by(e.c.scenario_id, e.c.step_id)
        .subquery("counted")
    )
    named = (
        select(k.c.key.label("scenario"), s.c.key.label("step"), counted.c.number)
        .select_from(counted.join(k, k.c.id == counted.c.scenario_id).outerjoin(s, s.c.id == counted.c.step_id))
        .order_by(k.c.key, s.c.key)
    )
    for row in connection.execute(named):
        plan = plans.scenarios.get(row.scenario)
        if plan is None or all(step.key != row.step for step in plan.steps):
            message = "{count} runs of {scenario} stand at {step}, which the applied version does not have"
            values = {"count": row.number, "scenario": row.scenario, "step": row.step}
            yield Finding("steps", row.number, sentence(message, **values))
