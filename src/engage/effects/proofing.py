"""Proofing: every template rendered for an invented prospect and for one of whom nothing is known."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime

from engage.effects.failure import Failure
from engage.effects.post import Post
from engage.effects.rendering import Rendered
from engage.effects.samples import empty, invented
from engage.effects.trial import Reader, tried
from engage.effects.whereabouts import place_of
from engage.language.templates import Template
from engage.language.workspace import Sender
from engage.problem import Place, Problem
from engage.wording import sentence

#: Mail programs show about so much of a subject: columns, of which a full-width sign takes two.
WIDEST_SUBJECT = 70
#: Larger mails are cut: Gmail shows the first 102 kB.
LARGEST = 100_000


def proofs(post: Post, templates: Sequence[Template], now: datetime) -> Iterator[Problem]:
    """Yield what goes wrong when templates are rendered, and what readers would miss.

    Raises Outside when nothing can be rendered at all.
    """
    sender = post.company.sender or Sender(name=post.company.name, email="sender@example.com")
    full = [(each, Reader(invented(post, each.language or post.house.locale, now))) for each in templates]
    bare = [(each, Reader(empty(post))) for each in templates]
    trials = [*full, *bare]
    for number, ((template, _), outcome) in enumerate(zip(trials, tried(post, sender, trials, now), strict=True)):
        if isinstance(outcome, Failure):
            yield Problem(place_of(template, outcome), outcome.why)
        elif number < len(full):
            yield from _advice(template, outcome)


def _advice(template: Template, rendered: Rendered) -> Iterator[Problem]:
    place = Place(template.file)
    if (size := len(rendered.html.encode("utf-8", "replace"))) > LARGEST:
        message = sentence("the mail is {size} kB large; over 100 kB it is cut in Gmail", size=size // 1000)
        yield Problem(place, message, "warning")
    if (wide := width(rendered.subject)) > WIDEST_SUBJECT:
        message = sentence(
            "the subject is {width} columns wide; about {most} are shown", width=wide, most=WIDEST_SUBJECT
        )
        yield Problem(place, message, "warning")
    if rendered.text.startswith("--\n") or not rendered.text.strip():
        yield Problem(place, sentence("there is nothing to read in the text part"), "warning")


def width(text: str) -> int:
    """Return how many columns a text takes: a full-width sign takes two.

    >>> width("CRMのご案内")
    11
    """
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
