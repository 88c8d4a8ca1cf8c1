"""From queued messages to mails in their envelopes; one that cannot be made fails alone."""

from __future__ import annotations

from dataclasses import dataclass

from engage.effects.channel import Envelope
from engage.effects.letter import Desk, letter
from engage.effects.queued import Queued
from engage.effects.rendering import Press
from engage.effects.results import Words
from engage.effects.team import Team

_LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Office:
    """All that writing the mails of one delivery takes."""

    desk: Desk
    press: Press
    team: Team
    words: Words


@dataclass(frozen=True, slots=True)
class Composed:
    """A message and its mail, or why it has none."""

    message: Queued
    subject: str | None = None
    envelope: Envelope | None = None
    failure: str | None = None


def compose(office: Office, message: Queued) -> Composed:
    """Return a message's mail, or why it cannot be made; never raises for what a template does."""
    if message.prospect is None:
        return Composed(message, failure="forgotten")
    owner = office.team.person(str(message.prospect.get("owner") or ""))
    try:
        draft = office.press.draft(message)
        rendered = office.press.render(message, draft, owner)
        envelope = letter(office.desk, message, rendered, owner)
    except Exception as error:  # a template of the user's may raise anything, and stops only this message
        return Composed(message, failure=reason(error))
    return Composed(message, rendered.subject, envelope)


def reason(error: Exception) -> str:
    """Return the sentence of a fault, short enough to keep."""
    text = str(error).partition("\x00")[0] or type(error).__name__
    return text if len(text) <= _LONGEST_REASON else f"{text[: _LONGEST_REASON - 1]}…"
