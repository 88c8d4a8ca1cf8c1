"""Checks of a scenario's tests: every name in them must mean something, every value fit its field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engage.graph.addressees import addressee, is_address
from engage.graph.build import Journey
from engage.graph.expected import expected
from engage.language import cases as words
from engage.language.events import EVENTS, MAIL_EVENTS, is_event
from engage.language.load import Workspace
from engage.language.meaning import Reader
from engage.language.moment import parse_moment
from engage.language.source import Path
from engage.language.values import typed
from engage.language.when import instant
from engage.problem import Problem, unknown
from engage.wording import said, sentence

#: Read-only fields that a test may nevertheless give: what lies in the past of its prospect.
PAST = ("created_at", "last_activity_at")


@dataclass(frozen=True, slots=True)
class _Checker:
    """The tests of one scenario and who reads them."""

    journey: Journey
    workspace: Workspace
    reader: Reader


def cases(journey: Journey, workspace: Workspace) -> Iterator[Problem]:
    """Yield a problem for each name in a test that means nothing, and each moment that cannot be."""
    checker = _Checker(journey, workspace, Reader(workspace.vocabulary, journey.file.source, journey.file.id))
    names: dict[str, int] = {}
    for number, case in enumerate(journey.file.model.tests):
        path: Path = ("tests", number)
        if names.setdefault(case.name, number) != number:
            message = sentence("two tests are called {name}; give each a name of its own", name=repr(case.name))
            checker.reader.wrong((*path, "name"), message)
        _subject(case.prospect, (*path, "prospect"), checker.reader)
        for place, event in enumerate(case.events):
            _event(event, (*path, "events", place), checker)
        _arms(case, path, checker)
        _moments(case, path, checker)
        expected(case, (*path, "expect"), journey, checker.reader)
    yield from checker.reader.problems


def _subject(subject: words.Subject, path: Path, reader: Reader) -> None:
    """Look up what the prospect is given."""
    if not is_address(subject.email):
        reader.wrong((*path, "email"), sentence("{text} is not an e-mail address", text=repr(subject.email)))
    if subject.owner is not None:
        addressee(subject.owner, ("user", "queue"), (*path, "owner"), reader)
    static_lists(subject.lists, (*path, "lists"), reader)
    for campaign, status in subject.campaigns.items():
        _membership(campaign, status, (*path, "campaigns", campaign), (*path, "campaigns", campaign), reader)
    own = [name for name in words.Subject.model_fields if name != "email"]
    for name, value in subject.fields.items():
        _field(name, value, (*path, name), reader, also=own, past=True)


def _field(
    name: str, value: object, path: Path, reader: Reader, *, also: list[str] | None = None, past: bool = False
) -> None:
    """Check the value that a field is given."""
    fields = reader.vocabulary.fields
    settable = [field.name for field in fields.values() if not field.read_only or (past and field.name in PAST)]
    if not reader.known("field", name, fields if name in fields else (*settable, *(also or ())), path, key=True):
        return
    field = fields.get(name)
    if field is None:
        return
    if name not in settable:
        message = sentence("{field} follows from other things: no test can set it", field=name)
        reader.wrong(path, message, key=True)
    elif name == "email":
        reader.wrong(path, sentence("a prospect is known by the e-mail address: it cannot be changed here"), key=True)
    elif field.type == "integer" and isinstance(value, float):
        reader.wrong(path, sentence("{field} is a field of type integer; write a whole number", field=name))
    elif value is not None:
        typed(field, value, path, reader)


def static_lists(names: tuple[str, ...], path: Path, reader: Reader) -> None:
    """Note lists that are not there, or that nobody can be put on."""
    lists = reader.vocabulary.lists
    for place, name in enumerate(names):
        here: Path = (*path, place)
        if reader.known("list", name, lists, here) and lists.get(name) is not None:
            message = "the list {name} is dynamic: its where says who is on it, no step can"
            reader.wrong(here, sentence(message, name=name))


def _membership(campaign: str, status: str | None, at: Path, status_at: Path, reader: Reader) -> None:
    campaigns = reader.vocabulary.campaigns
    if reader.known("campaign", campaign, campaigns, at, key=True) and status:
        reader.known("status", status, campaigns.get(campaign, (status,)), status_at)


def _event(event: words.CaseEvent, path: Path, checker: _Checker) -> None:
    """Look up the names of one event."""
    reader, word = checker.reader, event.word
    if event.is_activity:
        _activity(event, path, checker)
    elif event.learnt_at is not None:
        message = sentence("only an activity can be learnt of later, not {word}", word=word)
        reader.wrong((*path, "learnt_at"), message, key=True)
    for names, key in ((event.add_to_list, "add_to_list"), (event.remove_from_list, "remove_from_list")):
        static_lists(names or (), (*path, key), reader)
    for name, value in (event.set_ or {}).items():
        _field(name, value, (*path, "set", name), reader)
    if event.campaign is not None:
        here: Path = (*path, "campaign")
        _membership(event.campaign.id, event.campaign.status, (*here, "id"), (*here, "status"), reader)


def _activity(event: words.CaseEvent, path: Path, checker: _Checker) -> None:
    reader, name, target = checker.reader, event.word, event.target
    here: Path = (*path, name)
    if not is_event(name):
        reader.wrong(here, unknown("event", name, (*words.EVENT_WORDS, *EVENTS)), key=True)
    elif name in MAIL_EVENTS:
        _of_mail(name, target, here, checker)
    elif isinstance(target, words.MailEventTarget):
        message = "{event} has no e-mail; write its target alone, for example {event}: any"
        reader.wrong(here, sentence(message, event=name))
    elif isinstance(target, str) and target != "any":
        reader.target(name, target, here)


def _of_mail(name: str, target: object, here: Path, checker: _Checker) -> None:
    """Look up the message that an event of a message tells of."""
    reader = checker.reader
    if isinstance(target, words.MailEventTarget):
        if target.link is not None and name != "email_clicked":
            message = sentence("only email_clicked has a link, not {event}", event=name)
            reader.wrong((*here, "link"), message, key=True)
        mail, here = target.email, (*here, "email")
    else:
        mail = str(target)
    senders = [placed.base for placed in checker.journey.steps.values() if placed.kind == "send_email"]
    known = (*senders, *reader.vocabulary.templates)
    if mail.partition("#")[0] not in known and not _other_version(checker.journey):
        reader.known("e-mail", mail, known, here)


def _arms(case: words.Case, path: Path, checker: _Checker) -> None:
    """Look up the splits that a test forces, and their arms."""
    steps, graph = checker.journey.steps, checker.journey.graph
    splits = {key.partition("#")[0]: key for key, placed in steps.items() if placed.kind == "split"}
    for split, arm in case.arms.items():
        here: Path = (*path, "arms", split)
        if split not in splits:
            checker.reader.wrong(here, unknown("split", split, splits), key=True)
            continue
        arms = [way for _, _, way in graph.out_edges(splits[split], keys=True)]
        if arm not in arms:
            checker.reader.wrong(here, unknown("arm", arm, arms))


def _other_version(journey: Journey) -> bool:
    """Tell whether some test applies another version, whose steps are not known here."""
    return any(event.apply is not None for case in journey.file.model.tests for event in case.events)


def _moments(case: words.Case, path: Path, checker: _Checker) -> None:
    """Check that the moments of a test can be, one after the other."""
    reader, hours = checker.reader, checker.workspace.hours
    try:
        start = parse_moment(case.start, hours.zone, parse_day=True)
    except ValueError as error:
        reader.wrong((*path, "start"), said(error))
        return
    for place, event in enumerate(case.events):
        here: Path = (*path, "events", place)
        at = instant(event.at, start, hours)
        if at < start and not event.is_activity:
            reader.wrong((*here, "at"), sentence("only activities can lie before the start"))
        if event.learnt_at is not None and instant(event.learnt_at, start, hours) < at:
            reader.wrong((*here, "learnt_at"), sentence("this lies before the activity itself"))
    if case.outage is not None and instant(case.outage.to, start, hours) <= instant(case.outage.from_, start, hours):
        reader.wrong((*path, "outage", "to"), sentence("the outage ends before it begins"))
    if case.until is not None and instant(case.until, start, hours) < start:
        reader.wrong((*path, "until"), sentence("this lies before the start"))
