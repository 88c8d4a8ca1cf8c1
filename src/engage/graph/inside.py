"""What is known of everybody inside a scenario: from its audience, suppression, goal and exit.

It is asked of who enters, and of everybody inside at every tick before any step is done: what holds then holds at each
step of the tick, unless a step changes it. So what some scenario's steps change is not known at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from engage.graph.build import Journey
from engage.graph.domains import GRADE, SCORE, Domain
from engage.graph.narrowing import Conflict, State, narrowed, without
from engage.graph.windows import days_key
from engage.language.conditions import Condition, GradeIs, ScoreIs
from engage.language.fields import fold
from engage.language.load import Workspace
from engage.language.meaning import Reader
from engage.language.source import Path
from engage.problem import errors

#: Of a condition: what it is called in messages, its place, its meaning, and whether it holds for those inside.
Fact = tuple[str, Path, Condition, bool]


@dataclass(frozen=True, slots=True)
class Asker:
    """Reads the conditions of a scenario."""

    journey: Journey
    workspace: Workspace

    def _reader(self, *, hours: bool = False) -> Reader:
        return Reader(self.workspace.vocabulary, self.journey.file.source, self.journey.file.id, hours)

    def meaning(self, word: object, path: Path, *, hours: bool = False) -> Condition | None:
        """Return a condition's meaning; None where there is none, or it has mistakes."""
        reader = self._reader(hours=hours)
        found = reader.condition(word, path) if word else None  # type: ignore[arg-type]
        return None if errors(reader.problems) else found

    def lists(self, names: tuple[str, ...] | None, path: Path) -> Condition | None:
        """Return the condition "on any of these lists"; None where there are none, or there are mistakes."""
        reader = self._reader()
        found = reader.on_lists(names, path) if names else None
        return None if errors(reader.problems) else found

    def begin(self, name: str, condition: Condition) -> Domain:
        """Return what a value can be where nothing is known of it."""
        if isinstance(condition, ScoreIs):
            return SCORE
        if isinstance(condition, GradeIs):
            return GRADE
        of = self.workspace.vocabulary.fields[name]
        choices = frozenset[object](map(fold, of.choices)) if of.choices else None
        values = frozenset[object]((True, False)) if of.type == "boolean" else choices
        return Domain(whole=of.type == "integer", values=values, empty=name not in ("email", "created_at"))


@dataclass(frozen=True, slots=True)
class Inside:
    """What is known of everybody inside."""

    #: what ends a run, or holds it, whenever it becomes true
    ends: tuple[Fact, ...]
    #: at the first step; a conflict: nobody can enter
    entry: State | Conflict
    #: at every step of every tick
    later: State

    @property
    def longest(self) -> timedelta | None:
        """How long a run can last, no matter what happens; None: as long as it likes.

        Who was created before the entry and must leave at an age leaves at that age; a day more for changes of clocks.
        """
        age = self._age()
        return None if age is None else timedelta(days=2 - age.low)

    @property
    def longest_why(self) -> frozenset[str]:
        """From what that is known."""
        age = self._age()
        return frozenset() if age is None else age.why

    def _age(self) -> Domain | None:
        age = self.later.get(days_key("created_at"))
        return None if age is None or age.low is None else age


def inside(asker: Asker) -> Inside:
    """Return what is known of everybody inside a scenario."""
    touched, own = asker.workspace.vocabulary.touched, asker.journey.file.id
    entering, ends = tuple(_entering(asker)), tuple(_ends(asker))
    entry = _all_of((*entering, *ends), asker)
    keeping = _all_of((*(entering if _keeps(asker) else ()), *ends), asker)
    later = {} if isinstance(keeping, Conflict) else without(keeping, touched)
    if not isinstance(entry, Conflict):
        entry = without(entry, [name for name, those in touched.items() if those - {own}])
    return Inside(ends, entry, later)


def _keeps(asker: Asker) -> bool:
    """Tell whether one must match the audience to go on inside."""
    audience = asker.journey.file.model.audience
    return (audience.unmatched or ("hold" if audience.lists else "continue")) != "continue"


def _entering(asker: Asker) -> Iterator[Fact]:
    """Yield what holds for all who enter, unless another scenario enrols them."""
    audience = asker.journey.file.model.audience
    if asker.journey.file.id in asker.workspace.vocabulary.enrolled:
        return
    for condition, path in (
        (asker.lists(audience.lists, ("audience", "lists")), ("audience", "lists")),
        (asker.meaning(audience.where, ("audience", "where")), ("audience", "where")),
    ):
        if condition is not None:
            yield "audience", path, condition, True


def _ends(asker: Asker) -> Iterator[Fact]:
    """Yield what holds for nobody inside."""
    model = asker.journey.file.model
    suppress = model.audience.suppress
    where: Path = ("audience", "suppress", "where")
    lists: Path = ("audience", "suppress", "lists")
    found: tuple[tuple[str, Path, Condition | None], ...] = (
        ("suppress", where, asker.meaning(suppress.where, where) if suppress else None),
        ("suppress", lists, asker.lists(suppress.lists, lists) if suppress else None),
        ("goal", ("goal",), asker.meaning(model.goal, ("goal",))),
        ("exit", ("exit",), asker.meaning(model.exit, ("exit",))),
    )
    yield from ((name, path, condition, False) for name, path, condition in found if condition is not None)


def _all_of(facts: tuple[Fact, ...], asker: Asker) -> State | Conflict:
    state: State = {}
    for name, _, condition, holds in facts:
        found = narrowed(state, condition, holds, name, asker.begin)
        if isinstance(found, Conflict):
            return found
        state = found
    return state
