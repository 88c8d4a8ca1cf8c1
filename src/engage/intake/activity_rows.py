"""What a row of an activities file says: an event of a person, with a name that makes it the same event again."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

from engage.clock import EPOCH, micros
from engage.intake.addresses import read_address
from engage.intake.csvfile import Row
from engage.intake.import_kind import in_column
from engage.intake.mapping import Matching
from engage.intake.people import LONGEST_WORD, checked_word
from engage.intake.survey import RowKey
from engage.intake.typed import cleaned, read_instant
from engage.language.events import EVENTS, MAIL_EVENTS, is_event
from engage.language.vocabulary import Vocabulary
from engage.problem import unknown
from engage.sql.happened import activity_key
from engage.wording import sentence

T = TypeVar("T")

#: What the activities of a file have as their source.
SOURCE = "import"
#: Nothing is dated later than this after the import.
_FUTURE = timedelta(days=3653)


@dataclass(frozen=True, slots=True)
class Event:
    """What a row says."""

    row: Row
    email: str
    folded: str
    type: str
    #: the event's target; for an event of a message, the step or template that it names
    target: str | None
    #: a link's address
    link: str | None
    occurred_at: int
    source_id: str
    key: bytes
    #: JSON
    properties: str | None
    bot: bool

    @property
    def of_mail(self) -> bool:
        """Whether the event tells of a message."""
        return self.type in MAIL_EVENTS


def row_key(matching: Matching) -> RowKey:
    """Return what makes rows without a source id alike: all their cells that are read."""
    source = matching.place("source_id")
    places = [place for column, place in sorted(matching.places, key=lambda each: each[0].name)]

    def key(cells: list[str]) -> str | None:
        if source is not None and cells[source].strip() and cells[source] not in matching.blanks:
            return None
        return "\x1f".join(cells[place].strip() for place in places)

    return key


@dataclass(frozen=True, slots=True)
class EventReader:
    """Reads the cells of a row; raises ValueError with a sentence where one cannot be used."""

    matching: Matching
    vocabulary: Vocabulary
    way: str
    now: datetime

    def read(self, row: Row, cells: list[str], row_name: str) -> Event:
        """Return the event; ``row_name`` is what a row without a source id is called by."""
        email = read_address(self._cell(cells, "email", str) or "")
        kind = self._cell(cells, "type", _event)
        if kind is None:
            raise ValueError(sentence("there is no type of event"))
        target = self._cell(cells, "target", _target(kind))
        if kind in MAIL_EVENTS and target is None:
            raise ValueError(sentence("{type} names no step or template as its target", type=kind))
        at = self._cell(cells, "occurred_at", self._moment)
        if at is None:
            raise ValueError(sentence("there is no moment in occurred_at"))
        given = self._cell(cells, "properties", _object) or {}
        source_id = self._cell(cells, "source_id", checked_word) or row_name
        return Event(
            row, email.email, email.folded, kind, target, _link(given), at, source_id, activity_key(SOURCE, source_id),
            json.dumps(given, ensure_ascii=False, separators=(",", ":")) if given else None, given.get("bot") is True,
        )  # fmt: skip

    def _cell(self, cells: list[str], name: str, read: Callable[[str], T]) -> T | None:
        place = self.matching.place(name)
        if place is None:
            return None
        try:
            text = cleaned(cells[place], self.matching.blanks)
            return None if text is None else read(text)
        except ValueError as error:
            raise ValueError(in_column(name, error)) from None

    def _moment(self, text: str) -> int:
        at = read_instant(text, self.way, self.vocabulary.zone)
        if not micros(EPOCH) <= at <= micros(self.now + _FUTURE):
            raise ValueError(sentence("{text} is out of range", text=text))
        return at


def _event(text: str) -> str:
    name = text if is_event(text) else text.lower()
    if not is_event(name):
        raise ValueError(unknown("the event", text, EVENTS))
    return name


def _target(kind: str) -> Callable[[str], str]:
    """Return what reads the target of an event."""
    if kind == "page_viewed":
        return lambda text: checked_word(_path(text))
    return lambda text: checked_word(unicodedata.normalize("NFC", text))


def _path(text: str) -> str:
    """Return the path of a page's address, without host and query.

    >>> _path("https://www.example.com/pricing?from=mail#top")
    '/pricing'
    """
    parts = urlsplit(text)
    return parts.path or "/"


def _object(text: str) -> dict[str, object]:
    try:
        value = json.loads(text, parse_constant=_refuse)
        text.encode()
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ValueError(sentence("{text} is not a JSON object", text=repr(text[:60]))) from None
    if not isinstance(value, dict):
        raise ValueError(sentence("{text} is not a JSON object", text=repr(text[:60])))
    return value


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _link(properties: dict[str, object]) -> str | None:
    """Return the link that the properties name; a very long one is cut."""
    link = properties.get("link") or properties.get("url")
    if not isinstance(link, str) or not link.strip() or "\0" in link:
        return None
    return link.strip().encode()[:LONGEST_WORD].decode(errors="ignore")
