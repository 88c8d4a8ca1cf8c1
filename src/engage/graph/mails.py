"""Checks of which e-mails lie before a step: triggers that no e-mail leads to, one template mailed twice.

The e-mails before each step are one integer, a bit for each e-mail, gathered in one walk over the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import networkx as nx

from engage.graph.build import Journey, Placed
from engage.graph.hearing import heard, mails_meant
from engage.graph.shape import reached
from engage.language.events import MAIL_EVENTS
from engage.language.load import Workspace
from engage.language.source import Path
from engage.language.steps import MailTarget, Occurrence, Repeat, SendEmail, Trigger
from engage.problem import Problem, nearest, unknown
from engage.wording import Sentence, sentence


@dataclass(frozen=True, slots=True)
class Mails:
    """The e-mails of a scenario and, for each step that is reached, those sent on some path to it."""

    #: each send_email step's id, template and bit
    templates: Mapping[str, str]
    bits: Mapping[str, int]
    #: step → bits of the e-mails before it; steps that nobody reaches are left out
    before: Mapping[str, int]

    def of(self, keys: Iterable[str]) -> int:
        """Return the bits of some e-mails."""
        return sum({self.bits[key] for key in keys})


def mails_of(journey: Journey) -> Mails:
    """Return the e-mails of a scenario."""
    words = {key: placed.word for key, placed in journey.steps.items()}
    templates = {key: word.mailing.template for key, word in words.items() if isinstance(word, SendEmail)}
    bits = {key: 1 << place for place, key in enumerate(templates)}
    there = reached(journey)
    before = dict.fromkeys(there, 0)
    for key in nx.topological_sort(journey.graph):
        if key in there:
            here = before[key] | bits.get(key, 0)
            for following in journey.graph.successors(key):
                before[following] |= here
    return Mails(templates, bits, before)


def mails_reached(journey: Journey, _: Workspace) -> Iterator[Problem]:
    """Yield a problem for each e-mail trigger whose e-mail is not there, or not before it on any path."""
    mails = mails_of(journey)
    for placed in journey.steps.values():
        if isinstance(placed.word, Trigger | Repeat) and placed.path not in journey.file.broken:
            for occurrence, path in heard(placed.word, placed.path):
                yield from _occurrence(occurrence, (*path, occurrence.event), placed, journey, mails)


def _occurrence(
    occurrence: Occurrence, path: Path, placed: Placed, journey: Journey, mails: Mails
) -> Iterator[Problem]:
    if occurrence.event not in MAIL_EVENTS:
        return
    target, source = occurrence.target, journey.file.source
    if isinstance(target, MailTarget):
        path, names = (*path, "email"), target.email
    else:
        names = target if isinstance(target, tuple) else (target,)
    wrong = [(place, why) for place, name in enumerate(names) if (why := _no_mail(name, placed, journey, mails))]
    yield from (Problem(source.place((*path, place)), why) for place, why in wrong)
    unsure = any(_may_be_mail(name, journey) for name in names)
    if wrong or unsure or placed.key not in mails.before:
        return
    bits = mails.of(key for name in names for key in mails_meant(journey, placed, name))
    if not bits & _told_of(placed, journey, mails):
        shown = ", ".join(names)
        message = sentence(
            "no path comes to this trigger through the e-mail {names}; send it before, or name another", names=shown
        )
        if "any" in names:
            message = sentence("no path comes to this trigger through an e-mail; send one before it")
        yield Problem(source.place(path), message)


def _told_of(placed: Placed, journey: Journey, mails: Mails) -> int:
    """Return the e-mails before a step; what ends a loop hears of those in the loop too."""
    before = mails.before[placed.key]
    if isinstance(placed.word, Repeat):
        around = (key for key in mails.before if key in mails.bits and placed.path in journey.steps[key].loops)
        before |= mails.of(around)
    return before


def _may_be_mail(name: str, journey: Journey) -> bool:
    """Tell whether a name is that of a step which does not parse."""
    return any(one.path in journey.file.broken for one in journey.called.get(name, ()))


def _no_mail(name: str, placed: Placed, journey: Journey, mails: Mails) -> Sentence | None:
    """Return why a name means no e-mail of the scenario, or None if it does mean one."""
    if name == "any" or mails_meant(journey, placed, name) or _may_be_mail(name, journey):
        return None
    if called := journey.called.get(name, ()):
        kind = called[0].kind
        return sentence("the step {name} is no e-mail but {kind}; name a send_email step", name=name, kind=kind)
    known = tuple(dict.fromkeys((*(journey.steps[key].base for key in mails.bits), *mails.templates.values())))
    if not known:
        return sentence("this scenario sends no e-mail; put a send_email step before the trigger")
    if nearest(name, known) is None and len(known) > 12:
        return sentence("no send_email step of this scenario is called {name}, nor is its template", name=repr(name))
    return unknown("e-mail", name, known)


def mailed_twice(journey: Journey, _: Workspace) -> Iterator[Problem]:
    """Yield a warning for each e-mail whose template is mailed before it on some path; loops are meant to repeat."""
    mails = mails_of(journey)
    same: dict[str, int] = {}
    once = {key: template for key, template in mails.templates.items() if not journey.steps[key].loops}
    for key, template in once.items():
        same[template] = same.get(template, 0) | mails.bits[key]
    order = tuple(mails.bits)
    for key, template in once.items():
        placed = journey.steps[key]
        again = same[template] & mails.before.get(key, 0)
        broken = placed.path in journey.file.broken
        if again and not broken and isinstance(placed.word, SendEmail) and not placed.word.mailing.once:
            first = order[(again & -again).bit_length() - 1]
            line = journey.file.source.place(journey.steps[first].path).line
            message = sentence(
                "one path mails the template {template} twice, first on line {line} ({first}); add once: true",
                template=template,
                first=first,
                line=line,
            )
            path = (*placed.path, "send_email", "template")
            yield Problem(journey.file.source.place(path), message, "warning")
