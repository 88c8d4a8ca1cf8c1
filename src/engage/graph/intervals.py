"""Rules and cases that can never hold, or always do, given what is known above them on every path.

What is known follows from the audience, from suppression, goal and exit, and from the rules and cases passed. It is
forgotten where time may pass, for everything can change meanwhile; what keeps one inside is known at every tick anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engage.graph.build import END, Journey, Placed, in_order, ways_of
from engage.graph.domains import GRADE, SCORE, Conflict, Domain, State, joined, narrowed
from engage.language import steps as words
from engage.language.conditions import Condition, GradeIs, ScoreIs
from engage.language.fields import fold
from engage.language.load import Workspace
from engage.language.meaning import Reader
from engage.language.source import Path
from engage.problem import Problem, errors
from engage.wording import sentence

#: Steps that are done at once and change nothing that is reasoned about here.
_AT_ONCE = (
    words.AddToList, words.RemoveFromList, words.AddTag, words.RemoveTag, words.Assign, words.CreateTodo, words.Notify,
    words.AddToCampaign, words.OptOut, words.Enrol, words.Leave, words.Rule, words.Switch, words.Split, words.GoTo,
    words.AdjustScore, words.SetField, words.End,
)  # fmt: skip


def certain(journey: Journey, workspace: Workspace) -> Iterator[Problem]:
    """Yield a warning for each rule or case whose answer is known before it is asked."""
    if journey.doubles or journey.file.broken or any(jump.target is None or jump.cycle for jump in journey.jumps):
        return
    yield from _Reasoning(journey, workspace).run()


@dataclass(slots=True)
class _Reasoning:
    """A walk through a scenario in the order of its graph, with what is known at each step."""

    journey: Journey
    workspace: Workspace
    #: what is known after time has passed
    later: State = field(default_factory=dict)

    def run(self) -> Iterator[Problem]:
        """Yield what is found."""
        self.later = self._inside(entering=False) or {}
        entry = self._inside(entering=True)
        known: dict[str, State] = {} if entry is None else {self.journey.first: entry}
        for key in in_order(self.journey):
            if key not in known:
                continue
            state, placed = known.pop(key), self.journey.steps[key]
            left = self._left_by(placed, state)
            for outcome, target in ways_of(self.journey, key):
                after = left.ways.get(outcome, left.rest)
                if after is not None and target != END:
                    known[target] = joined(known[target], after) if target in known else after
            yield from left.problems

    def _left_by(self, placed: Placed, state: State) -> _Left:
        """Return what is known after a step, for each of its ways."""
        word = placed.word
        if getattr(word, "after", None) is not None or not isinstance(word, _AT_ONCE):
            state = self.later
        if isinstance(word, words.Rule):
            cases = (("yes", word.rule, (*placed.path, "rule")),)
            return self._asked(placed, state, cases, "no")
        if isinstance(word, words.Switch):
            named = zip(word.outcomes, word.switch, strict=True)
            found = tuple((o, c.case, (*placed.path, "switch", n, "case")) for n, (o, c) in enumerate(named))
            return self._asked(placed, state, found, words.ELSE)
        if isinstance(word, words.AdjustScore):
            state = {name: domain for name, domain in state.items() if not name.startswith("score")}
        if isinstance(word, words.OptOut):
            state = {name: domain for name, domain in state.items() if name != "opted_out"}
        if isinstance(word, words.SetField):
            state = {name: domain for name, domain in state.items() if name not in word.set_field}
        return _Left({}, state, ())

    def _asked(
        self, placed: Placed, state: State, cases: tuple[tuple[str, words.Rule | object, Path], ...], last: str
    ) -> _Left:
        """Return what is known after a rule or switch, and what was known before it was asked."""
        ways: dict[str, State | None] = {}
        problems: list[Problem] = []
        rest: State | None = state
        for outcome, word, path in cases:
            condition = self._meaning(word, path, hours=True)
            if rest is None or condition is None:
                ways[outcome] = rest
                continue
            name = placed.key if outcome == "yes" else f"{placed.key}.{outcome}"
            held = narrowed(rest, condition, True, placed.key, self._start)
            failed = narrowed(rest, condition, False, placed.key, self._start)
            if isinstance(held, Conflict):
                problems.append(self._problem("{step} can never hold: {why}", name, held, path))
            elif isinstance(failed, Conflict):
                problems.append(self._problem("{step} always holds: {why}", name, failed, path))
            ways[outcome] = None if isinstance(held, Conflict) else held
            rest = None if isinstance(failed, Conflict) else failed
        return _Left({**ways, last: rest}, state, tuple(problems))

    def _problem(self, text: str, name: str, conflict: Conflict, path: Path) -> Problem:
        why = sentence("its own parts decide {what}", what=conflict.what)
        if conflict.why:
            from_ = ", ".join(sorted(conflict.why))
            why = sentence("what is known of {what} from {steps} decides it", what=conflict.what, steps=from_)
        place = self.journey.file.source.place(path)
        return Problem(place, sentence(text, step=name, why=why), "warning")

    def _inside(self, *, entering: bool) -> State | None:
        """Return what is known of everybody whose steps are done; None where nobody can be inside."""
        model, audience = self.journey.file.model, self.journey.file.model.audience
        free = any(self._enrols(file.id) for file in self.workspace.scenarios.values())
        keeps = (audience.unmatched or ("hold" if audience.lists else "continue")) != "continue"
        facts: list[tuple[Condition | None, bool, str]] = []
        if not free and (entering or keeps):
            facts += [(self._lists(audience.lists, ("audience", "lists")), True, "audience")]
            facts += [(self._meaning(audience.where, ("audience", "where")), True, "audience")]
        if audience.suppress is not None:
            path = ("audience", "suppress", "where")
            facts.append((self._meaning(audience.suppress.where, path), False, "suppress"))
            facts.append((self._lists(audience.suppress.lists, path), False, "suppress"))
        facts += [(self._meaning(model.goal, ("goal",)), False, "goal")]
        facts += [(self._meaning(model.exit, ("exit",)), False, "exit")]
        state: State = {}
        for condition, holds, name in facts:
            if condition is not None:
                found = narrowed(state, condition, holds, name, self._start)
                if isinstance(found, Conflict):
                    return None
                state = found
        return state

    def _enrols(self, scenario: str) -> bool:
        """Tell whether a scenario enrols into this one: such runs need not match."""
        file = self.workspace.scenarios[scenario]
        if "enrol" not in file.text:  # most do not: asked of every pair of scenarios, so the steps are looked at last
            return False
        steps = file.model.steps
        return any(isinstance(word, words.Enrol) and word.enrol == self.journey.file.id for word in _all(steps))

    def _meaning(self, word: object, path: Path, *, hours: bool = False) -> Condition | None:
        """Return a condition's meaning; None where there is none, or it has mistakes."""
        if not word:
            return None
        reader = Reader(self.workspace.vocabulary, self.journey.file.source, self.journey.file.id, hours)
        found = reader.condition(word, path)  # type: ignore[arg-type]
        return None if errors(reader.problems) else found

    def _lists(self, lists: tuple[str, ...] | None, path: Path) -> Condition | None:
        if not lists:
            return None
        reader = Reader(self.workspace.vocabulary, self.journey.file.source, self.journey.file.id)
        found = reader.on_lists(lists, path)
        return None if errors(reader.problems) else found

    def _start(self, name: str, condition: Condition) -> Domain:
        """Return what a value can be where nothing is known of it."""
        if isinstance(condition, ScoreIs):
            return SCORE
        if isinstance(condition, GradeIs):
            return GRADE
        of = self.workspace.vocabulary.fields[name]
        choices = frozenset[object](map(fold, of.choices)) if of.choices else None
        values = frozenset[object]((True, False)) if of.type == "boolean" else choices
        return Domain(whole=of.type == "integer", values=values, empty=name != "email")


@dataclass(frozen=True, slots=True)
class _Left:
    """What is known after a step: by outcome, else ``rest`` (a loop may end at any step); None: nobody goes there."""

    ways: dict[str, State | None]
    rest: State | None
    problems: tuple[Problem, ...]


def _all(steps: tuple[words.StepWord, ...]) -> Iterator[words.StepWord]:
    for word in steps:
        yield word
        for _, _, inner in words.blocks(word):
            yield from _all(inner)
