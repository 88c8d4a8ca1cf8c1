"""A prospect's page: what is known, where it stands, what happened; its score and why it is so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode

from engage.rehearse.explain import explain, graded
from engage.rehearse.older import older_plans
from engage.reports.csvout import Value, csv_parts
from engage.reports.happenings import Event
from engage.reports.inbox_people import takers
from engage.reports.people import address_of
from engage.reports.person import Person, person
from engage.reports.person_history import entries
from engage.reports.personal_parts import subject_of
from engage.reports.scope import todos_seen
from engage.reports.timeline import timeline
from engage.web.staff.answers import Answer, Download, Fragment, NotThere, Shown
from engage.web.staff.ask import Ask
from engage.web.staff.prospect_words import Words
from engage.web.staff.prospects import visible_to
from engage.wording import Sentence, Voice, sentence

#: So many ledger rows and completed ToDos stand on the page itself, and ledger rows on a page of their own.
FEW, PAGE = 5, 50
#: So many rows of a person's history stand in a file at a time.
_SPAN = 500


def prospect(ask: Ask) -> Answer:
    """Show a prospect."""
    found = _found(ask, FEW)
    known = {**_known(ask, found), **_stretch(ask)}
    card = graded(ask.connection, ask.running.applied.plans, found.email, ask.now, ask.reader.zone)
    return Shown("prospect.html", _title(found), {**known, "card": card})


def history(ask: Ask) -> Answer:
    """Show more of what happened: a part for the page, or a page of its own."""
    found = _found(ask, FEW)
    values = {**_known(ask, found), **_stretch(ask)}
    if ask.is_fragment:
        return Fragment("prospect-events.html", values)
    return Shown("prospect-history.html", _title(found), values)


def history_csv(ask: Ask) -> Answer:
    """Give everything that happened as a file."""
    _address(ask)
    columns = ("at", "kind", "what", "detail", "scenario", "step", "reason")
    rows = ((e.at, e.kind, e.what, e.detail, e.scenario, e.step, e.reason) for e in _events(ask))
    return _file(ask, "history", csv_parts(columns, rows, ask.reader.zone))


def score(ask: Ask) -> Answer:
    """Show the score's ledger."""
    found, page = _found(ask, 0), ask.page()
    rows = entries(ask.connection, found.id, PAGE + 1, (page - 1) * PAGE)
    here = f"/prospects/{found.id}/score"
    ways = {
        "before": f"{here}?page={page - 1}" if page > 1 else "",
        "after": f"{here}?page={page + 1}" if len(rows) > PAGE else "",
    }
    return Shown("prospect-score.html", _title(found), {**_known(ask, found), **ways, "rows": rows[:PAGE]})


def score_csv(ask: Ask) -> Answer:
    """Give the score's ledger as a file."""
    _address(ask)
    columns = ("at", "points", "category", "reason", "scenario", "step")
    return _file(ask, "score", csv_parts(columns, _ledger(ask), ask.reader.zone))


def grade_csv(ask: Ask) -> Answer:
    """Give the criteria of the grade as a file; letters are told in thirds."""
    card = graded(ask.connection, ask.running.applied.plans, _address(ask), ask.now, ask.reader.zone)
    rows = ((each.name, each.state, each.adds) for each in (card.criteria if card is not None else ()))
    return _file(ask, "grade", csv_parts(("criterion", "state", "thirds"), rows, ask.reader.zone))


def scenarios_csv(ask: Ask) -> Answer:
    """Give where the prospect stands in which scenario as a file."""
    columns = ("scenario", "run", "state", "step", "since", "due_at", "ended_at")
    rows = (tuple(getattr(run, name) for name in columns) for run in _found(ask, 0).runs)
    return _file(ask, "scenarios", csv_parts(columns, rows, ask.reader.zone))


def why(ask: Ask) -> Answer:
    """Explain score, grade and each step taken; of a scenario that is asked for also why the prospect is not in it."""
    found, applied = _found(ask, 0), ask.running.applied
    asked = ask.query.get("scenario", "")
    mine = tuple(dict.fromkeys(run.scenario for run in found.runs))
    only = (asked,) if asked in applied.plans.scenarios else mine
    older = older_plans(ask.connection, applied.workspace, applied.plans)
    told = explain(ask.connection, applied.plans, older, found.email, ask.now, only=only, zone=ask.reader.zone)
    if told is None:
        raise NotThere
    scenarios = sorted((plan.name, key) for key, plan in applied.plans.scenarios.items())
    values = {"told": told, "asked": asked if asked in applied.plans.scenarios else "", "scenarios": scenarios}
    return Shown("prospect-why.html", _title(found), {**_known(ask, found), **values})


def _address(ask: Ask) -> str:
    """Return the prospect's address. Raises NotThere where there is none whom the reader may see."""
    address = address_of(ask.connection, ask.number("id"), visible_to(ask))
    if address is None:
        raise NotThere
    return address


def _found(ask: Ask, last: int) -> Person:
    vocabulary, house = ask.running.workspace.vocabulary, ask.running.house
    locale = ask.reader.locale
    found = person(ask.connection, vocabulary, house, _address(ask), ask.now, last=last, locale=locale)
    if found is None:
        raise NotThere
    return found


def _title(found: Person) -> Sentence:
    return sentence("{name}", name=found.name or found.email)


def _known(ask: Ask, found: Person) -> dict[str, object]:
    known = takers(ask.connection)
    words = Words(Voice(ask.reader.locale), dict(known.users), ask.running.applied.plans.scenarios)
    return {"person": found, "words": words, "here": f"/prospects/{found.id}"}


def _stretch(ask: Ask) -> dict[str, object]:
    """Return some of what happened, where more is, and to which ToDos a link leads; None: to all."""
    stretch = timeline(ask.connection, ask.number("id"), ask.query.get("after", ""))
    more = f"/prospects/{ask.number('id')}/history?{urlencode({'after': stretch.next})}" if stretch.next else ""
    seen = todos_seen(ask.connection, ask.reader.scope, ask.number("id"))
    return {"events": stretch.events, "more": more, "todos_seen": seen}


def _file(ask: Ask, what: str, parts: Iterator[bytes]) -> Download:
    number = ask.number("id")
    return Download(f"prospect-{number}-{what}.csv", parts, about=subject_of(number))


def _events(ask: Ask) -> Iterator[Event]:
    after: str | None = ""
    while after is not None:
        stretch = timeline(ask.connection, ask.number("id"), after, _SPAN)
        yield from stretch.events
        after = stretch.next


def _ledger(ask: Ask) -> Iterator[Sequence[Value]]:
    skip = 0
    while rows := entries(ask.connection, ask.number("id"), _SPAN, skip):
        for row in rows:
            yield (row.at, row.points, row.category, row.reason, row.scenario, row.step)
        skip += _SPAN
