"""What a test expects against what came of it: every difference, at its place in the file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from engage.language.cases import Expectation
from engage.language.source import Path
from engage.language.vocabulary import Vocabulary
from engage.problem import Place
from engage.rehearse.comparing import field_is, number_is, shown_value
from engage.rehearse.lines import Line, Teller, in_order, is_step, mails, pair, todos
from engage.rehearse.playing import Played
from engage.rehearse.script import Script
from engage.rehearse.seeing import Sight
from engage.wording import Sentence, sentence


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as expected, or an event that could not happen."""

    place: Place
    what: Sentence
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Judge:
    """A test, what came of it, and how moments are told."""

    script: Script
    played: Played
    teller: Teller
    vocabulary: Vocabulary

    @property
    def expect(self) -> Expectation:
        """What is expected."""
        return self.script.case.expect

    @property
    def sight(self) -> Sight:
        """What came of it."""
        return self.played.sight


#: A part of an expectation: its path below ``expect``, its name, and the lines in which it differs or not.
Part = tuple[Path, str, Iterable[Line]]


def judge(script: Script, played: Played, teller: Teller, vocabulary: Vocabulary) -> tuple[Difference, ...]:
    """Return what is not as the test expects, and what in it could not happen."""
    asked = Judge(script, played, teller, vocabulary)
    found = [Difference(script.source.place(path), why) for path, why in played.faults]
    for key in script.case.expect.model_fields_set:
        if key in NULLS or getattr(asked.expect, key) is not None:
            found += _differences(asked, ASKED[key](asked))
    return tuple(sorted(found, key=lambda difference: difference.place))


def _differences(asked: Judge, parts: Iterable[Part]) -> Iterator[Difference]:
    for path, name, lines in parts:
        told = tuple(lines)
        if any(sign != " " for sign, _ in told):
            place = asked.script.source.place((*asked.script.path, "expect", *path), key=True)
            yield Difference(place, sentence("{what} is not as expected", what=name), told)


#: Keys of which null says something: no grade, no owner, not ended.
NULLS = ("grade", "owner", "ends_at")


def _entered(asked: Judge) -> Iterator[Part]:
    yield ("entered",), "entered", pair(shown_value(asked.expect.entered), shown_value(asked.sight.runs > 0))


def _path(asked: Judge) -> Iterator[Part]:
    yield ("path",), "path", in_order(asked.expect.path or (), asked.sight.path)


def _at(asked: Judge) -> Iterator[Part]:
    for when, step in (asked.expect.at or {}).items():
        stood = asked.played.stood.get(when)
        if step is None or not is_step(step, stood):
            yield ("at", when), f"at {when}", pair(shown_value(step), shown_value(stood))


def _emails(asked: Judge) -> Iterator[Part]:
    yield ("emails",), "emails", mails(asked.expect.emails or (), asked.sight.emails, asked.teller)


def _todos(asked: Judge) -> Iterator[Part]:
    yield ("todos",), "todos", todos(asked.expect.todos or (), asked.sight.todos, asked.teller)


def _score(asked: Judge) -> Iterator[Part]:
    wanted, found = asked.expect.score, asked.sight.score
    if wanted is not None and not number_is(wanted, found):
        yield ("score",), "score", pair(shown_value(wanted), str(found))


def _grade(asked: Judge) -> Iterator[Part]:
    yield ("grade",), "grade", pair(shown_value(asked.expect.grade), shown_value(asked.sight.grade))


def _owner(asked: Judge) -> Iterator[Part]:
    yield ("owner",), "owner", pair(shown_value(asked.expect.owner), shown_value(asked.sight.owner))


def _fields(asked: Judge) -> Iterator[Part]:
    found = asked.sight.fields or {}
    for name, wanted in (asked.expect.fields or {}).items():
        field = asked.vocabulary.fields[name]
        if not field_is(field, wanted, found.get(name), asked.vocabulary):
            shown = asked.teller.value(found.get(name), field)
            yield ("fields", name), name, pair(shown_value(wanted), shown)


def _tags(asked: Judge) -> Iterator[Part]:
    yield ("tags",), "tags", in_order(sorted(set(asked.expect.tags or ())), sorted(asked.sight.tags))


def _lists(asked: Judge) -> Iterator[Part]:
    yield ("lists",), "lists", in_order(sorted(set(asked.expect.lists or ())), sorted(asked.sight.lists))


def _state(asked: Judge) -> Iterator[Part]:
    yield ("state",), "state", pair(shown_value(asked.expect.state), shown_value(asked.sight.state))


def _ends_at(asked: Judge) -> Iterator[Part]:
    wanted, found, teller = asked.expect.ends_at, asked.sight.ends_at, asked.teller
    at = None if wanted is None else teller.instant(wanted)
    if at != found:
        yield ("ends_at",), "ends_at", pair(teller.moment(at), teller.moment(found))


def _runs(asked: Judge) -> Iterator[Part]:
    yield ("runs",), "runs", pair(str(asked.expect.runs), str(asked.sight.runs))


#: How each key of ``expect`` is asked.
ASKED: Mapping[str, Callable[[Judge], Iterator[Part]]] = {
    "entered": _entered,
    "path": _path,
    "at": _at,
    "emails": _emails,
    "todos": _todos,
    "score": _score,
    "grade": _grade,
    "owner": _owner,
    "fields": _fields,
    "tags": _tags,
    "lists": _lists,
    "state": _state,
    "ends_at": _ends_at,
    "runs": _runs,
}
