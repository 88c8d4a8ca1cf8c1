"""What becomes of a mail that was handed over: bounced, unread, opened, clicked, the last straw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from random import Random
from urllib.parse import urlsplit

from engage.rehearse.browsing import Website
from engage.rehearse.chance import Chance
from engage.rehearse.happenings import Happening, minutes, properties, soon
from engage.rehearse.people import Person

_SITE = "https://www.example.co.jp"


@dataclass(frozen=True, slots=True)
class Lure:
    """What a template offers, and how well."""

    link: str
    #: how readily it is opened, and clicked when opened, against others
    opens: float = 1.0
    clicks: float = 1.0
    #: a form behind the link, and how many of those who click fill it in
    form: str | None = None
    fills: float = 0.0


#: Each template by its name.
LURES = {
    "document-guide": Lure("/files/sakura-suite.pdf", 1.5, 2.0),
    "document-reminder": Lure("/files/sakura-suite.pdf", 0.9, 0.9),
    "product-tour": Lure("/demo/tour", 1.0, 1.3, "demo", 0.12),
    "whitepaper-guide": Lure("/files/whitepaper-sales-dx.pdf", 1.3, 1.4),
    "whitepaper-digest": Lure("/files/whitepaper-sales-dx-digest.pdf", 1.0, 0.8),
    "case-study": Lure("/cases/manufacturing-a", 1.2, 1.2),
    "demo-invitation": Lure("/demo", 1.2, 1.2, "demo", 0.4),
    "seminar-thanks": Lure("/seminars/crm/survey", 1.4, 1.6, "seminar-survey", 0.75),
    "seminar-survey-reminder": Lure("/seminars/crm/survey", 1.0, 1.2, "seminar-survey", 0.7),
    "seminar-recording": Lure("/seminars/crm/recording", 1.2, 1.4),
    "seminar-digest": Lure("/files/seminar-crm-digest.pdf", 0.9, 0.8),
    "dormant-news": Lure("/news/mobile", 0.7, 0.7),
    "dormant-stay": Lure("/newsletter/stay", 0.7, 1.0),
    "pricing-help": Lure("/contact", 1.2, 1.0, "contact", 0.35),
}
_OTHER = Lure("/")


@dataclass(frozen=True, slots=True)
class Handed:
    """A mail that was handed over."""

    email: str
    template: str
    marketing: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Readers:
    """The people who get mail."""

    chance: Chance
    website: Website
    #: addresses that are no more
    dead: frozenset[str]

    def react(self, person: Person, mail: Handed) -> Iterator[Happening]:
        """Yield all that a mail brings about."""
        draw = self.chance.of("mail", mail.email, mail.template, mail.at.isoformat())
        lure = LURES.get(mail.template, _OTHER)
        if person.email in self.dead or draw.random() < 0.008:
            kind = "hard" if person.email in self.dead else "soft"
            yield _of_mail(minutes(draw, mail.at), mail, "email_bounced", properties(bounce=kind))
            return
        if draw.random() >= min(0.95, person.reads * lure.opens):
            return
        opened = soon(draw, mail.at, 7)
        yield _of_mail(opened, mail, "email_opened")
        if draw.random() < (0.07 + 0.25 * person.interest) * lure.clicks:
            yield from self._click(draw, person, mail, lure, minutes(draw, opened))
        elif mail.marketing and draw.random() < 0.03:
            yield _of_mail(minutes(draw, opened), mail, "email_unsubscribed")
        elif draw.random() < 0.003:
            yield _of_mail(minutes(draw, opened), mail, "email_complained")

    def _click(self, draw: Random, person: Person, mail: Handed, lure: Lure, at: datetime) -> Iterator[Happening]:
        yield _of_mail(at, mail, "email_clicked", properties(link=_SITE + lure.link))
        path = urlsplit(lure.link).path
        if path.startswith("/files/"):
            yield Happening(minutes(draw, at, 1), person.email, "file_downloaded", path)
            return
        yield from self.website.visit(draw, person, minutes(draw, at, 1), path, keenness=0.4)
        if lure.form is not None and draw.random() < lure.fills:
            yield from self.website.ask(draw, person, minutes(draw, at, 12), lure.form)


def _of_mail(at: datetime, mail: Handed, kind: str, given: str = "") -> Happening:
    return Happening(at, mail.email, kind, mail.template, given)
