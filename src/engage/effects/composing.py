"""From queued messages to mails in their envelopes; one that cannot be made fails alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engage.effects.channel import Envelope
from engage.effects.failure import Failure
from engage.effects.letter import Desk, letter
from engage.effects.merge_fields import Names
from engage.effects.press import Press
from engage.effects.queued import Queued
from engage.effects.rendering import Printed
from engage.effects.results import Words
from engage.effects.team import Person, Team
from engage.effects.whereabouts import place_of
from engage.wording import Locale, Sentence, said, sentence

_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Office:
    """All that writing the mails of one delivery takes."""

    desk: Desk
    press: Press
    team: Team
    words: Words
    #: the fields of prospects that the mails read; None: all
    fields: Names = None


@dataclass(frozen=True, slots=True)
class Composed:
    """A message and its mail, or why it has none."""

    message: Queued
    subject: str | None = None
    envelope: Envelope | None = None
    failure: str | None = None


def compose(office: Office, messages: Sequence[Queued]) -> Iterator[Composed]:
    """Begin to make each message's mail, and give it, or why it cannot be made; a template makes nothing raise.

    Raises Outside when nothing can be rendered at all.
    """
    owners = [office.team.person(str((message.prospect or {}).get("owner") or "")) for message in messages]
    there = [(message, owner) for message, owner in zip(messages, owners, strict=True) if message.prospect is not None]
    outcomes = office.press.print(there)
    return (
        Composed(message, failure="forgotten")
        if message.prospect is None
        else _composed(office, message, next(outcomes), owner)
        for message, owner in zip(messages, owners, strict=True)
    )


def _composed(office: Office, message: Queued, outcome: Printed | Failure, owner: Person | None) -> Composed:
    if isinstance(outcome, Failure):
        locale = office.desk.post.house.locale
        return Composed(message, failure=shortened(_told(office, message, outcome).read(locale)))
    try:
        envelope = letter(office.desk, message, outcome, owner)
    except Exception as error:  # an address that is none, or data that nobody thought of: this message alone
        return Composed(message, failure=reason(error, office.desk.post.house.locale))
    return Composed(message, outcome.subject, envelope)


def _told(office: Office, message: Queued, outcome: Failure) -> Sentence:
    """Return why a message cannot be rendered, with the file and line where that is known."""
    template = office.press.template(message)
    if template is None:
        return outcome.why
    place = place_of(template, outcome)
    line = f":{place.line}" if outcome.line else ""
    return sentence("{place}: {why}", place=f"{place.file}{line}", why=outcome.why)


def reason(error: Exception, locale: Locale = "en") -> str:
    """Return the sentence of a fault in a language, short enough to keep."""
    return shortened(said(error).read(locale) or type(error).__name__)


def shortened(text: str) -> str:
    """Return a sentence short enough to keep, without what a database refuses."""
    text = text.partition("\x00")[0] or "?"
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}…"
