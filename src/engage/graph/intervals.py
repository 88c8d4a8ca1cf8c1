"""Steps whose course is known before anybody comes, given what is known above them on every path.

Rules and cases that can never hold, or always do; waits that nobody gets past; times that outlast the run. What is
known follows from the audience, from suppression, goal and exit, and from the rules and cases passed. It is forgotten
where time may pass, for everything can change meanwhile; what keeps one inside is known at every tick anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engage.graph.build import END, Journey, Placed, in_order, ways_of
from engage.graph.entering import entering
from engage.graph.findings import Finding, told
from engage.graph.inside import Asker, Inside, inside
from engage.graph.narrowing import Conflict, State, because, narrowed, without
from engage.graph.reach import Left, Reach, least
from engage.graph.waits import Clock, clock_of, mail_left, outlasting, trigger_left, wait_left
from engage.language import steps as words
from engage.language.conditions import Condition
from engage.language.load import Workspace
from engage.language.source import Path
from engage.language.touched import made_of
from engage.problem import Problem
from engage.wording import sentence

#: Steps that are done at once; what they change of what is reasoned about here, ``_changed`` says.
_AtOnce = (
    words.AddToList | words.RemoveFromList | words.AddTag | words.RemoveTag | words.Assign | words.CreateTodo
    | words.Notify | words.AddToCampaign | words.OptOut | words.Enrol | words.Leave | words.Split | words.GoTo
    | words.AdjustScore | words.SetField | words.End | words.Webhook | words.Action
)  # fmt: skip
#: What is asked: its name in messages, the way if it holds, the condition, its place.
Question = tuple[str, str, object, Path]


def certain(journey: Journey, workspace: Workspace) -> Iterator[Problem]:
    """Yield a warning for each step whose course is known before anybody comes."""
    if journey.doubles or journey.file.broken or any(jump.target is None or jump.cycle for jump in journey.jumps):
        return
    asker = Asker(journey, workspace)
    known = inside(asker)
    yield from entering(asker, known)
    clock = clock_of(journey, workspace)
    if clock is not None and not isinstance(known.entry, Conflict):
        yield from told(_Walk(asker, known, clock).run(known.entry), journey)


@dataclass(slots=True)
class _Walk:
    """A walk through a scenario in the order of its graph, with what is known at each step."""

    asker: Asker
    known: Inside
    clock: Clock
    #: when each round of a loop begins, by its key
    begun: dict[str, Reach] = field(default_factory=dict)
    #: conditions by their places: each is read once, however many rounds ask it
    read: dict[Path, Condition | None] = field(default_factory=dict)

    def run(self, entry: State) -> Iterator[Finding]:
        """Yield what is found."""
        journey = self.asker.journey
        reached = {journey.first: Reach(entry, moment=self.clock.opens)}
        for key in in_order(journey):
            if key not in reached:
                continue
            left = self._left_by(journey.steps[key], reached.pop(key))
            for outcome, target in ways_of(journey, key):
                after = left.ways.get(outcome, left.rest)
                if after is not None and target != END:
                    reached[target] = reached[target].joined(after) if target in reached else after
            yield from left.findings

    def _left_by(self, placed: Placed, reach: Reach) -> Left:
        """Return how a step is left, for each of its ways."""
        word = placed.word
        stay = word.after if isinstance(word, words.Staying) else None
        if stay is not None:
            reach = reach.after(least(stay), self.known.later)
            found = outlasting(placed, ("after",), reach, self.known)
            if found is not None:
                return Left({}, None, (found,))
        match word:
            case words.Rule():
                return self._asked(placed, reach, ((placed.base, "yes", word.rule, (*placed.path, "rule")),), "no")
            case words.Switch():
                cases = zip(word.outcomes, word.switch, strict=True)
                asked = tuple(
                    (f"{placed.base}.{name}", name, case.case, (*placed.path, "switch", place, "case"))
                    for place, (name, case) in enumerate(cases)
                )
                return self._asked(placed, reach, asked, words.ELSE)
            case words.Repeat():
                return self._round(placed, word, reach)
            case words.Trigger():
                return trigger_left(placed, word, reach, self.known)
            case words.Wait():
                return wait_left(placed, word, reach, self.known, self.clock)
            case words.SendEmail():
                return mail_left(placed, word, reach, self.known, self.clock)
            case at_once:
                return Left({}, reach.knowing(_changed(at_once, reach.known)))

    def _asked(self, placed: Placed, reach: Reach, cases: tuple[Question, ...], last: str) -> Left:
        """Return how a rule or switch is left; each case is asked of those who come to it."""
        ways: dict[str, Reach | None] = {}
        findings: list[Finding] = []
        rest: State | None = reach.known
        for name, outcome, word, path in cases:
            if path not in self.read:
                self.read[path] = self.asker.meaning(word, path, hours=True)
            condition = self.read[path]
            if rest is None or condition is None:
                ways[outcome] = None if rest is None else reach.knowing(rest)
                continue
            held = narrowed(rest, condition, True, placed.key, self.asker.begin)
            failed = narrowed(rest, condition, False, placed.key, self.asker.begin)
            findings.append(_answer(path, name, held, failed, placed.key))
            ways[outcome] = None if isinstance(held, Conflict) else reach.knowing(held)
            rest = None if isinstance(failed, Conflict) else failed
        return Left(ways | {last: None if rest is None else reach.knowing(rest)}, None, tuple(findings))

    def _round(self, placed: Placed, word: words.Repeat, reach: Reach) -> Left:
        """Return how one comes from a loop's round to its steps, or behind the loop."""
        loop, turn = word.repeat, placed.rounds[-1]
        begins = reach
        if turn > 1 and loop.every is not None:
            before = self.asker.journey.rounds[placed.path, (*placed.rounds[:-1], turn - 1)]
            begins = reach.knowing(self.known.later).at_least(self.begun[before].after(least(loop.every), {}))
        self.begun[placed.key] = begins
        found = outlasting(placed, ("repeat", "every"), begins, self.known) if begins is not reach else None
        if found is not None:
            return Left({"yes": reach.knowing(self.known.later) if loop.heard else None}, None, (found,))
        if loop.asked is None:
            return Left({"yes": reach.knowing(self.known.later)}, begins)
        until: Question = (f"{placed.base}.until", "yes", loop.asked, (*placed.path, "repeat", "until"))
        return self._asked(placed, begins, (until,), "no")


def _answer(path: Path, name: str, held: State | Conflict, failed: State | Conflict, own: str) -> Finding:
    """Return what is certain of a condition, given what is known if it holds and if it does not."""
    if isinstance(held, Conflict):
        return Finding(path, "never", sentence("{step} can never hold: {why}", step=name, why=because(held, own)))
    if isinstance(failed, Conflict):
        return Finding(path, "always", sentence("{step} always holds: {why}", step=name, why=because(failed, own)))
    return Finding(path)


def _changed(word: _AtOnce, state: State) -> State:
    """Return what is still known once a step is done."""
    match word:
        case words.AdjustScore():
            return without(state, ("score",))
        case words.OptOut():
            return without(state, ("opted_out",))
        case words.SetField(set_field=fields):
            return without(state, [name for field in fields for name in made_of(field)])
        case _:
            return state
