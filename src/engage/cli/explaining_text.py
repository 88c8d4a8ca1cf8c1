"""An explanation as lines for people: aligned, double-width characters counted as two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from engage.cli.session import Session
from engage.rehearse.telling import (
    bar_of,
    details_of,
    joined_by,
    leaves,
    origin_of,
    outcome_of,
    reason_of,
    role_of,
    standing_of,
    state_of,
    truth_of,
)
from engage.reports.words import run_words

if TYPE_CHECKING:
    from engage.rehearse.explained import Criterion, Explanation, GradeCard, Ground, Journey, Next, Points, Run, Taken
    from engage.rehearse.mirror import Verdict

Cells = tuple[str, ...]
#: How a part is marked that holds, that does not, and one left open.
_MARKS = {True: "+", False: "-", None: "?"}


def lines(session: Session, found: Explanation) -> Iterator[str]:
    """Yield the lines: the score, the grade, then each scenario."""
    yield found.email
    yield ""
    yield session.read("score {score}", score=found.score)
    yield from _aligned(((*_points(session, entry),) for entry in found.ledger), "  ", right=1)
    yield ""
    yield from _grade(session, found.grade)
    for journey in found.scenarios:
        yield ""
        yield from _journey(session, journey)


def _aligned(rows: Iterable[Cells], margin: str, right: int | None = None) -> Iterator[str]:
    """Yield rows with their columns under each other; ``right`` is the place of a column of figures."""
    every = list(rows)
    places = range(max((len(row) for row in every), default=0))
    widths = [max(cell_len(row[place]) for row in every if place < len(row)) for place in places]
    for row in every:
        cells = []
        for place, cell in enumerate(row):
            gap = " " * (widths[place] - cell_len(cell))
            cells.append(gap + cell if place == right else cell + gap)
        yield (margin + "  ".join(cells)).rstrip()


def _points(session: Session, entry: Points) -> Cells:
    why = [origin_of(session, entry.kind)]
    if entry.step is not None:
        why.append(f"{entry.scenario} / {entry.step}")
    if entry.activity is not None:
        why.append(f"{entry.activity} {entry.target or ''}".strip())
    if entry.reason is not None:
        why.append(f"({entry.reason})")
    category = "" if entry.category is None else entry.category
    return session.shown(entry.at), f"{entry.points:+d}", category, " ".join(why)


def _grade(session: Session, card: GradeCard) -> Iterator[str]:
    if card.profile is None:
        yield session.read("grade {grade}", grade=card.grade or "-")
        return
    yield session.read("grade {grade} by the profile {profile}", grade=card.grade or "-", profile=card.profile)
    for verdict in card.chosen:
        yield from _verdict(session, verdict, "  ")
    yield from _aligned((_criterion(session, each) for each in card.criteria), "  ", right=2)


def _criterion(session: Session, each: Criterion) -> Cells:
    found = [f"{verdict.words} = {verdict.found or '-'}" for verdict in leaves(each.verdict)]
    return each.name, state_of(session, each.state), f"{each.adds:+d}/3" if each.adds else "0", "; ".join(found)


def _verdict(session: Session, verdict: Verdict, margin: str) -> Iterator[str]:
    """Yield a condition part by part, each with what was found."""
    mark = _MARKS[verdict.holds]
    if verdict.parts:
        yield f"{margin}{mark} {joined_by(session, verdict.words)}"
        for part in verdict.parts:
            yield from _verdict(session, part, margin + "  ")
        return
    yield f"{margin}{mark} {verdict.words} = {verdict.found or '-'}"


def _grounds(session: Session, grounds: Sequence[Ground], margin: str) -> Iterator[str]:
    for ground in grounds:
        yield f"{margin}{role_of(session, ground.role)}: {truth_of(session, ground.verdict.holds)}"
        yield from _verdict(session, ground.verdict, margin + "  ")
        if not ground.agrees:
            yield margin + "  " + session.read("what was kept does not explain this; something was changed by hand")


def _journey(session: Session, journey: Journey) -> Iterator[str]:
    """Yield a scenario: why the prospect is not inside, or its runs."""
    yield f"{journey.name} ({journey.scenario} v{journey.version}): {standing_of(session, journey.standing)}"
    for bar in journey.bars:
        yield f"  {bar_of(session, bar)}"
    yield from _grounds(session, journey.entry, "  ")
    for run in journey.runs:
        yield from _run(session, run)


def _run(session: Session, run: Run) -> Iterator[str]:
    states = run_words(session)
    span = session.shown(run.entered_at) + (f" → {session.shown(run.ended_at)}" if run.ended_at is not None else " →")
    yield "  " + session.read("run {run}, {state}", run=run.run, state=states[run.state]) + f"  {span}"
    if run.entered_by is not None:
        yield f"    {session.read('event')}: {run.entered_by}"
    if run.enrolled_by is not None:
        yield f"    {session.read('enrolled by')}: {run.enrolled_by}"
    yield from _grounds(session, run.entry, "    ")
    heads = list(_aligned(((*_head(session, taken),) for taken in run.steps), "    "))
    for taken, head in zip(run.steps, heads, strict=True):
        yield head
        yield from _aligned(details_of(session, taken.details), "      ")
        yield from _grounds(session, taken.grounds, "      ")
    if run.next is not None:
        yield from _next(session, run.next)


def _head(session: Session, taken: Taken) -> Cells:
    why = f"({reason_of(session, taken.reason)})" if taken.reason else ""
    if taken.arrived_at != taken.left_at:
        why = f"{session.read('there since {since}', since=session.shown(taken.arrived_at))} {why}".strip()
    return session.shown(taken.left_at), taken.step, outcome_of(session, taken), why


def _next(session: Session, coming: Next) -> Iterator[str]:
    due, since = coming.due_at, session.shown(coming.since)
    yield "    " + session.read("next: {step}, there since {since}", step=coming.step, since=since)
    told = session.read("not before its e-mail has gone out") if due is None else session.shown(due)
    yield from _aligned(((session.read("due"), told), *details_of(session, coming.details)), "      ")
    yield from _grounds(session, coming.grounds, "      ")
