"""What a test sees of its world: where everybody is, what they passed, what was made for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, select

from engage.language.fields import GRADES
from engage.reports.card import CardRow, report_card
from engage.reports.finding import Finding
from engage.reports.invariants import check
from engage.sql import tables as t
from engage.sql.codes import CUT_SHORT, FIRST_NAMED, MessageStatus, Outcome, RunState
from tests.support.ground import Ground

#: Steps that are left out of a path (SPEC section 13).
FLOW = frozenset(("wait", "end", "go_to", "repeat"))
_ENDINGS = {
    Outcome.COMPLETED: "",
    Outcome.YES: ".yes",
    Outcome.NO: ".no",
    Outcome.SKIPPED: ".skipped",
    Outcome.FAILED: ".failed",
}


class Mail(NamedTuple):
    """An e-mail that was queued."""

    who: str
    step: str | None
    at: datetime
    status: str


class Todo(NamedTuple):
    """A ToDo."""

    who: str
    subject: str
    to: str
    priority: str
    due: datetime | None
    status: str


class Visit(NamedTuple):
    """One finished passage."""

    who: str
    run: int
    step: str
    outcome: str
    arrived_at: datetime
    left_at: datetime


class Seen(Ground):
    """Reads; without ``key`` they speak of the scenario a test is about."""

    KEY = "journey"

    def path(self, who: str, *, key: str | None = None, run: int | None = None) -> list[str]:
        """Return what the last run (or one by its number) passed, as ``path`` in tests of YAML says it."""
        v, s, n, r = t.visits, t.steps, t.outcome_names, t.reasons
        found = self._run(who, key, run)
        if found is None:
            return []
        chosen = (
            select(s.c.key, s.c.kind, v.c.outcome, n.c.name)
            .join(s, s.c.id == v.c.step_id)
            .outerjoin(n, (n.c.step_id == v.c.step_id) & (n.c.number == v.c.outcome - FIRST_NAMED))
            .outerjoin(r, (r.c.enrolment_id == v.c.enrolment_id) & (r.c.move == v.c.move))
            .where(v.c.enrolment_id == found.id, func.coalesce(r.c.reason, "") != CUT_SHORT)
            .order_by(v.c.move)
        )
        return [
            row.key + (f".{row.name}" if row.name else _ENDINGS[Outcome(row.outcome)])
            for row in self._all(chosen)
            if row.kind not in FLOW and (row.name or Outcome(row.outcome) in _ENDINGS)
        ]

    def visits(self, who: str | None = None, *, key: str | None = None) -> list[Visit]:
        """Return every finished passage, flow steps and endings too, in order of prospect, run and move."""
        v, s, e, n = t.visits, t.steps, t.enrolments, t.outcome_names
        named = (n.c.step_id == v.c.step_id) & (n.c.number == v.c.outcome - FIRST_NAMED)
        joined = v.join(e, e.c.id == v.c.enrolment_id).join(s, s.c.id == v.c.step_id).outerjoin(n, named)
        chosen = (
            select(e.c.prospect_id, e.c.run, s.c.key, v.c.outcome, v.c.arrived_at, v.c.left_at, n.c.name)
            .select_from(joined)
            .where(e.c.scenario_id == self._scenario(key))
            .order_by(e.c.prospect_id, e.c.run, v.c.move)
        )
        if who is not None:
            chosen = chosen.where(e.c.prospect_id == self.ids[who])
        return [
            Visit(
                self.names[row.prospect_id],
                row.run,
                row.key,
                row.name or Outcome(row.outcome).name.lower(),
                row.arrived_at,
                row.left_at,
            )
            for row in self._all(chosen)
        ]

    def reason(self, who: str, step: str, *, key: str | None = None) -> str | None:
        """Return why the last run's passage through a step failed or was skipped."""
        found, v, r, s = self._run(who, key, None), t.visits, t.reasons, t.steps
        assert found is not None
        joined = r.join(v, (v.c.enrolment_id == r.c.enrolment_id) & (v.c.move == r.c.move)).join(
            s, s.c.id == v.c.step_id
        )
        rows = self._all(select(r.c.reason).select_from(joined).where(v.c.enrolment_id == found.id, s.c.key == step))
        return str(rows[0].reason) if rows else None

    def state(self, who: str, *, key: str | None = None) -> str | None:
        """Return the last run's state: active, held, completed, goal, left; None without a run."""
        run = self._run(who, key, None)
        return RunState(run.state).name.lower() if run is not None else None

    def at(self, who: str, *, key: str | None = None) -> str | None:
        """Return the step at which the open run stands, held too; None without an open run."""
        run = self._run(who, key, None)
        if run is None or run.state >= RunState.COMPLETED:
            return None
        return str(self._all(select(t.steps.c.key).where(t.steps.c.id == run.step_id))[0].key)

    def runs(self, who: str, *, key: str | None = None) -> int:
        """Return how many runs there were."""
        e = t.enrolments
        mine = e.c.prospect_id == self.ids[who], e.c.scenario_id == self._scenario(key)
        return len(self._all(select(e.c.id).where(*mine)))

    def ends_at(self, who: str, *, key: str | None = None) -> datetime | None:
        """Return when the last run ended."""
        run = self._run(who, key, None)
        return run.ended_at if run is not None else None

    def entered_at(self, who: str, *, key: str | None = None) -> datetime | None:
        """Return when the last run was entered."""
        run = self._run(who, key, None)
        return run.entered_at if run is not None else None

    def audit(self) -> tuple[Finding, ...]:
        """Return what ``engage db check`` finds."""
        with self.engine.connect() as connection:
            return check(connection, self.applied.plans)

    def inside(self, *, key: str | None = None) -> dict[str, str]:
        """Return everybody with an open run, and the step where they stand."""
        return {who: step for who in self.ids if (step := self.at(who, key=key)) is not None}

    def todos(self, who: str | None = None) -> list[Todo]:
        """Return the ToDos in the order in which they were made."""
        d = t.todos
        rows = self._all(select(d).order_by(d.c.id))
        every = [Todo(self.names[r.prospect_id], r.subject, r.assignee, r.priority, r.due_at, r.status) for r in rows]
        return [one for one in every if who in (None, one.who)]

    def emails(self, who: str | None = None) -> list[Mail]:
        """Return the e-mails in the order in which they were queued."""
        m, s = t.messages, t.steps
        joined = select(m.c.prospect_id, s.c.key, m.c.queued_at, m.c.status).outerjoin(s, s.c.id == m.c.step_id)
        every = [
            Mail(self.names[r.prospect_id], r.key, r.queued_at, MessageStatus(r.status).name.lower())
            for r in self._all(joined.order_by(m.c.queued_at, m.c.id))
        ]
        return [one for one in every if who in (None, one.who)]

    def card(self, *, key: str | None = None) -> dict[str, CardRow]:
        """Return the report card's rows, by step."""
        plan = self.applied.plans.scenarios[key or self.KEY]
        with self.engine.connect() as connection:
            card = report_card(connection, plan, zone=self.applied.plans.house.hours.zone)
        return {row.step: row for row in card.rows}

    def notices(self) -> list[tuple[str, str, str, str]]:
        """Return the mails to the team: about whom, to whom, subject, text."""
        n = t.notifications
        return [
            (self.names[r.prospect_id], r.addressee, r.subject, r.text) for r in self._all(select(n).order_by(n.c.id))
        ]

    def score(self, who: str, category: str | None = None) -> int:
        """Return the score, or the points of a category."""
        if category is None:
            return int(self.standing(who).score)
        c, w = t.category_scores, t.words
        mine = c.c.prospect_id == self.ids[who], w.c.kind == "category", w.c.text == category
        rows = self._all(select(c.c.points).join(w, w.c.id == c.c.category_id).where(*mine))
        return int(rows[0].points) if rows else 0

    def grade(self, who: str) -> str | None:
        """Return the grade in letters."""
        number = self.standing(who).grade
        return None if number is None else GRADES[number]

    def owner(self, who: str) -> str | None:
        """Return the owner as an addressee."""
        owner: str | None = self.standing(who).owner
        return owner

    def standing(self, who: str) -> Row[Any]:
        """Return the row of what changes often."""
        return self._all(select(t.standings).where(t.standings.c.prospect_id == self.ids[who]))[0]

    def field(self, who: str, name: str) -> object:
        """Return a field's value, a custom one's as it is kept."""
        if name in t.prospects.c:
            return self._all(select(t.prospects.c[name]).where(t.prospects.c.id == self.ids[who]))[0][0]
        v, w = t.field_values, t.words
        mine = v.c.prospect_id == self.ids[who], w.c.kind == "field", w.c.text == name
        rows = self._all(select(v.c.text, v.c.number, v.c.whole).join(w, w.c.id == v.c.field_id).where(*mine))
        return next((value for row in rows for value in row if value is not None), None)

    def tags(self, who: str) -> set[str]:
        """Return the tags."""
        p, w = t.prospect_tags, t.words
        chosen = select(w.c.text).join(p, p.c.tag_id == w.c.id).where(p.c.prospect_id == self.ids[who])
        return {row.text for row in self._all(chosen)}

    def tagged(self, tag: str) -> set[str]:
        """Return everybody who bears a tag."""
        p, w = t.prospect_tags, t.words
        chosen = select(p.c.prospect_id).join(w, p.c.tag_id == w.c.id).where(w.c.text == tag)
        return {self.names[row.prospect_id] for row in self._all(chosen)}

    def lists(self, who: str) -> set[str]:
        """Return the static lists."""
        m, k = t.list_members, t.lists
        chosen = select(k.c.key).join(m, m.c.list_id == k.c.id).where(m.c.prospect_id == self.ids[who])
        return {row.key for row in self._all(chosen)}

    def _scenario(self, key: str | None) -> int:
        return int(self._all(select(t.scenarios.c.id).where(t.scenarios.c.key == (key or self.KEY)))[0].id)

    def _run(self, who: str, key: str | None, run: int | None) -> Row[Any] | None:
        e = t.enrolments
        chosen = select(e).where(e.c.prospect_id == self.ids[who], e.c.scenario_id == self._scenario(key))
        if run is not None:
            chosen = chosen.where(e.c.run == run)
        return next(iter(self._all(chosen.order_by(e.c.run.desc()).limit(1))), None)

    def _all(self, statement: Select[Any]) -> list[Row[Any]]:
        with self.engine.connect() as connection:
            return list(connection.execute(statement))
