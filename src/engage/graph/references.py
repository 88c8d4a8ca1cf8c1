"""Checks of the names that steps use: templates, lists, fields, people, campaigns, events, forms."""

from __future__ import annotations

from collections.abc import Iterator

from engage.graph.addressees import addressee
from engage.graph.build import Journey
from engage.graph.hearing import heard
from engage.graph.values import field_change
from engage.language import steps as words
from engage.language.events import MAIL_EVENTS
from engage.language.load import Workspace
from engage.language.meaning import Reader
from engage.language.source import Path
from engage.problem import Problem
from engage.wording import sentence


def references(journey: Journey, workspace: Workspace) -> Iterator[Problem]:
    """Yield a problem for each name that means nothing, or not what is needed where it stands."""
    file = journey.file
    reader = Reader(workspace.vocabulary, file.source, file.id)
    if file.model.campaign is not None:
        reader.known("campaign", file.model.campaign, reader.vocabulary.campaigns, ("campaign",))
    for placed in journey.steps.values():
        if placed.path not in file.broken:
            _step(placed.word, placed.path, reader)
    yield from reader.problems


def _step(word: words.StepWord, path: Path, reader: Reader) -> None:
    """Look up the names of one step."""
    match word:
        case words.SendEmail():
            here = _inner((*path, "send_email"), "template", reader)
            reader.known("template", word.mailing.template, reader.vocabulary.templates, here)
        case words.AddToList(add_to_list=names):
            _static_lists(names, (*path, "add_to_list"), reader)
        case words.RemoveFromList(remove_from_list=names):
            _static_lists(names, (*path, "remove_from_list"), reader)
        case words.SetField(set_field=values):
            for name, value in values.items():
                field_change(name, value, (*path, "set_field", name), reader)
        case words.Assign():
            here = _inner((*path, "assign"), "to", reader)
            addressee(word.assignment.to, ("user", "group", "queue"), here, reader)
        case words.CreateTodo(create_todo=todo):
            addressee(todo.to, ("owner", "user", "queue"), (*path, "create_todo", "to"), reader)
        case words.Notify(notify=notice):
            allowed = ("owner", "user", "group", "queue", "email")
            addressee(notice.to, allowed, (*path, "notify", "to"), reader)
        case words.AddToCampaign(add_to_campaign=member):
            _membership(member, (*path, "add_to_campaign"), reader)
        case words.Enrol(enrol=name):
            _other(name, (*path, "enrol"), reader)
        case words.Leave(leave=name):
            _other(name, (*path, "leave"), reader)
        case words.Wait(wait=words.UntilDay(field=name)):
            _day(name, (*path, "wait", "field"), reader)
        case words.Trigger() | words.Repeat():
            for occurrence, here in heard(word, path):
                occurrence_names(occurrence, here, reader)
        case _:
            return


def _day(name: str, path: Path, reader: Reader) -> None:
    """Look up a field that says a day."""
    fields = reader.vocabulary.fields
    if reader.known("field", name, fields, path) and name in fields and fields[name].type not in ("date", "datetime"):
        message = sentence(
            "{field} is a field of type {type}; name one of type date", field=name, type=fields[name].type
        )
        reader.wrong(path, message)


def _inner(path: Path, key: str, reader: Reader) -> Path:
    """Return where a value stands that has a short and a long form."""
    return (*path, key) if reader.source.has((*path, key)) else path


def _each(names: tuple[str, ...], path: Path) -> Iterator[tuple[str, Path]]:
    """Yield each of one or several names with its place; one alone may stand without a list."""
    yield from ((name, (*path, place)) for place, name in enumerate(names))


def _static_lists(names: tuple[str, ...], path: Path, reader: Reader) -> None:
    lists = reader.vocabulary.lists
    for name, here in _each(names, path):
        if reader.known("list", name, lists, here) and lists.get(name) is not None:
            reader.wrong(
                here, sentence("the list {name} is dynamic: its where says who is on it, no step can", name=name)
            )


def _other(name: str, path: Path, reader: Reader) -> None:
    if name == reader.scenario:
        reader.wrong(path, sentence("name another scenario; a run ends by end: true, and begins again by reentry"))
    else:
        reader.known("scenario", name, reader.vocabulary.scenarios, path)


def _membership(member: words.Membership, path: Path, reader: Reader) -> None:
    campaigns = reader.vocabulary.campaigns
    if reader.known("campaign", member.campaign, campaigns, (*path, "campaign")) and member.status:
        known = campaigns.get(member.campaign, (member.status,))
        reader.known("status", member.status, known, (*path, "status"))


def occurrence_names(occurrence: words.Occurrence, path: Path, reader: Reader) -> None:
    """Look up an event and its targets; the e-mails it names are looked up along the paths."""
    event, target = occurrence.event, occurrence.target
    here = (*path, event)
    if not reader.event(event, here, key=True):
        return
    if isinstance(target, words.MailTarget):
        if event not in MAIL_EVENTS:
            reader.wrong(
                here, sentence("{event} has no e-mail; write its target alone, for example {event}: any", event=event)
            )
        elif target.link is not None and event != "email_clicked":
            reader.wrong((*here, "link"), sentence("only email_clicked has a link, not {event}", event=event), key=True)
        return
    several = target if isinstance(target, tuple) else (target,)
    for name, place in _each(several, here):
        if name != "any":
            reader.target(event, name, place)
