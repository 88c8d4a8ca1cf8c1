"""Criteria become conditions: names looked up, values typed, text folded; every mistake at its place."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from engage.language import criteria as words
from engage.language.conditions import (
    ALWAYS,
    AllOf,
    AnyOf,
    Condition,
    Did,
    Emailed,
    GradeIs,
    HasOpportunity,
    HasTodo,
    InCampaign,
    InScenario,
    Mailable,
    Not,
    NumberTests,
    OnList,
    OwnedBy,
    ScoreIs,
    Tagged,
)
from engage.language.events import EVENTS, FORM_EVENTS, is_event
from engage.language.fields import GRADES, fold
from engage.language.source import Path, Source
from engage.language.values import compare, read_span
from engage.language.vocabulary import Vocabulary
from engage.problem import Problem, unknown
from engage.wording import Sentence, sentence


@dataclass(slots=True)
class Reader:
    """Reads the criteria of one place; mistakes gather in ``problems``."""

    vocabulary: Vocabulary
    source: Source
    #: the scenario that ``this`` means, if any
    scenario: str | None = None
    #: hours and minutes may be used; only rules, cases and ``until`` are asked at one moment
    hours: bool = False
    problems: list[Problem] = field(default_factory=list)
    #: dynamic lists being read, to find those that name each other in a circle
    opened: tuple[str, ...] = ()

    def wrong(self, path: Path, message: Sentence, key: bool = False) -> None:
        """Note a mistake."""
        self.problems.append(Problem(self.source.place(path, key=key), message))

    def doubtful(self, path: Path, message: Sentence) -> None:
        """Note what is allowed and probably not meant."""
        self.problems.append(Problem(self.source.place(path), message, "warning"))

    def known(self, kind: str, word: str, those: Collection[str], path: Path, key: bool = False) -> bool:
        """Tell whether a name is known, and note it if not."""
        known = self.vocabulary.knows(kind, word, those)
        if not known:
            self.wrong(path, unknown(kind, word, those), key)
        return known

    def event(self, name: str, path: Path, key: bool = False) -> bool:
        """Tell whether a word names an event, and note it if not."""
        if not is_event(name):
            self.wrong(path, unknown("event", name, EVENTS), key)
        return is_event(name)

    def target(self, event: str, target: str, path: Path) -> None:
        """Note a form that is not there; globs are not looked up, nor anything where no form is declared."""
        forms = self.vocabulary.forms
        if event in FORM_EVENTS and forms and "*" not in target and fold(target) not in map(fold, forms):
            self.known("form", target, forms, path)

    def category(self, name: str | None, path: Path) -> None:
        """Note a score category that nothing gives points to."""
        categories = self.vocabulary.categories
        if name is not None and categories and name not in categories:
            self.doubtful(path, unknown("category", name, categories))

    def condition(self, word: words.Condition | None, path: Path) -> Condition:
        """Return the meaning of a condition; None always holds."""
        if word is None:
            return ALWAYS
        if isinstance(word, tuple):
            return AllOf(tuple(self._criteria(part, (*path, place)) for place, part in enumerate(word)))
        return self._criteria(word, path)

    def _criteria(self, word: words.Criteria, path: Path) -> Condition:
        parts: list[Condition] = []
        for name in type(word).model_fields:
            value, key = getattr(word, name), name.rstrip("_")
            if value is not None:
                parts.append(self._word(key, value, (*path, key)))
        for name, test in (word.__pydantic_extra__ or {}).items():
            parts.append(self._field(name, test, (*path, name)))
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _field(self, name: str, test: object, path: Path) -> Condition:
        meaning = self.vocabulary.fields.get(name)
        if meaning is None:
            self.known("field", name, (*self.vocabulary.fields, *words.RESERVED), path, key=True)
            return ALWAYS
        return compare(meaning, test, path, self)

    def _word(self, key: str, value: object, path: Path) -> Condition:
        match value:
            case words.ScoreTest():
                self.category(value.category, (*path, "category"))
                return ScoreIs(value.category, numbers(value))
            case words.GradeTest():
                return self._grade(value)
            case words.OwnerTest():
                return OwnedBy((), value.exists)
            case words.CampaignTest():
                return self._campaign(value.id, value.status or (), path)
            case words.OpportunityTest():
                amount = numbers(value.amount) if value.amount else ()
                return HasOpportunity(value.status or (), tuple(map(fold, value.stage or ())), amount)
            case words.ActivityTest():
                return self._activity(value, path)
            case words.TodoTest():
                return HasTodo(value.status, self._scenario(value.scenario, (*path, "scenario")))
            case words.ScenarioTest():
                return InScenario(self._scenario(value.id, (*path, "id")) or "", value.state)
            case words.EmailedTest():
                days, span = self._window(value.within, path)
                return Emailed(numbers(value.count), days, span)
            case _:
                return self._plain(key, value, path)

    def _plain(self, key: str, value: object, path: Path) -> Condition:
        """Read a word whose value is a scalar, a list or conditions."""
        several = value if isinstance(value, tuple) else (value,)
        match key:
            case "any":
                return AnyOf(tuple(self.condition(part, (*path, n)) for n, part in enumerate(several)))
            case "all":
                return AllOf(tuple(self.condition(part, (*path, n)) for n, part in enumerate(several)))
            case "not":
                return Not(self.condition(value, path))  # type: ignore[arg-type]
            case "score":
                return ScoreIs(None, (("eq", value),))  # type: ignore[arg-type]
            case "grade":
                return GradeIs("in", tuple(GRADES.index(str(grade)) for grade in several))
            case "list":
                return self.on_lists(tuple(map(str, several)), path)
            case "tag":
                return Tagged(tuple(fold(str(tag)) for tag in several))
            case "owner":
                return OwnedBy(tuple(self._addressee(str(who), path) for who in several))
            case "mailable":
                return Mailable(bool(value))
            case "campaign":
                return self._campaign(str(value), (), path)
            case _:
                raise AssertionError(key)

    def on_lists(self, names: tuple[str, ...], path: Path) -> Condition:
        """Return the condition "on any of these lists"; a dynamic list is its criteria."""
        static, parts = [], []
        for place, name in enumerate(names):
            here = (*path, place) if self.source.has((*path, place)) else path
            if not self.known("list", name, self.vocabulary.lists, here):
                continue
            inner = self.vocabulary.lists.get(name)
            if inner is None:
                static.append(name)
            elif name in self.opened:
                self.wrong(
                    here,
                    sentence("lists name each other in a circle: {names}", names=" → ".join((*self.opened, name))),
                )
            else:
                parts.append(self._dynamic(name, inner))
        whole = ([OnList(tuple(static))] if static else []) + parts
        return whole[0] if len(whole) == 1 else AnyOf(tuple(whole))

    def _dynamic(self, name: str, inner: words.Condition) -> Condition:
        """Return a dynamic list's meaning; its mistakes are told where the list stands, not here."""
        reader = Reader(self.vocabulary, self.source, opened=(*self.opened, name))
        return reader.condition(inner, ())

    def _grade(self, test: words.GradeTest) -> Condition:
        parts: list[Condition] = []
        for name in test.model_fields_set:
            value = getattr(test, name)
            operator = name.rstrip("_")
            if operator == "exists":
                parts.append(GradeIs("exists", (int(value),)))
            else:
                several = value if isinstance(value, tuple) else (value,)
                parts.append(GradeIs(operator, tuple(GRADES.index(grade) for grade in several)))  # type: ignore[arg-type]
        return parts[0] if len(parts) == 1 else AllOf(tuple(parts))

    def _campaign(self, name: str, statuses: tuple[str, ...], path: Path) -> Condition:
        inner = (*path, "id") if self.source.has((*path, "id")) else path
        if self.known("campaign", name, self.vocabulary.campaigns, inner):
            for place, status in enumerate(statuses):
                here = (*path, "status", place) if len(statuses) > 1 else (*path, "status")
                self.known("status", status, self.vocabulary.campaigns.get(name, (status,)), here)
        return InCampaign(name, statuses)

    def _activity(self, test: words.ActivityTest, path: Path) -> Condition:
        if self.event(test.type, (*path, "type")) and test.target:
            self.target(test.type, test.target, (*path, "target"))
        days, span = self._window(test.within, path)
        count = numbers(test.count) if test.count else (("gte", 1),)
        return Did(test.type, fold(test.target) if test.target else None, count, days, span)

    def _window(self, within: str | None, path: Path) -> tuple[int | None, int | None]:
        if within is None:
            return None, None
        forward, days, span = read_span(within, (*path, "within"), self)
        if forward:
            self.wrong(
                (*path, "within"),
                sentence("what was done can only be looked for in the past: write {text}", text="7 days"),
            )
        return days, span

    def _scenario(self, name: str | None, path: Path) -> str | None:
        if name == "this":
            if self.scenario is None:
                self.wrong(path, sentence("`this` means the scenario it stands in; here there is none"))
            return self.scenario
        if name is not None:
            self.known("scenario", name, self.vocabulary.scenarios, path)
        return name

    def _addressee(self, who: str, path: Path) -> str:
        kind, _, name = who.partition(":")
        those = {"user": self.vocabulary.users, "queue": self.vocabulary.queues}.get(kind)
        if those is None or not name:
            self.wrong(
                path,
                sentence("an owner is written as user:sato or queue:inside-sales, not {who}", who=repr(who)),
            )
        else:
            self.known(kind, name, those, path)
        return who


def numbers(test: words.Numbers) -> NumberTests:
    """Return the comparisons of a number."""
    pairs = [(name, getattr(test, name)) for name in ("eq", "ne", "gt", "gte", "lt", "lte")]
    return tuple((name, value) for name, value in pairs if value is not None)  # type: ignore[misc]
