"""What a handler of the staff pages returns: a page, a part of one, another address, a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engage.wording import Sentence

Values = Mapping[str, object]


class NotThere(Exception):
    """There is nothing at the address, or nothing that the reader may see: the same answer for both."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A whole page."""

    template: str
    title: Sentence
    values: Values = field(default_factory=dict)
    status: int = 200
    #: the login's token from now on; an empty one takes it away
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a page, put in its place by htmx."""

    template: str
    values: Values = field(default_factory=dict)
    status: int = 200
    #: the login's token from now on; an empty one takes it away
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """How what was done is undone: a form's address, and its fields."""

    path: str
    fields: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class See:
    """Another page of ours to see now, with a passing message."""

    path: str
    said: Sentence | None = None
    undo: Undo | None = None
    #: the login's token from now on; an empty one takes it away
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Away:
    """An address elsewhere to go to now, an identity provider's; the browser keeps ``state`` till it comes back."""

    address: str
    state: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file; its parts are made while the database is at hand. That it was handed out stands in the audit log."""

    name: str
    parts: Iterable[bytes]
    kind: str = "text/csv; charset=utf-8"
    #: whom or what it tells about, as the audit log calls it; nothing: the file by its name
    about: str = ""

    @property
    def subject(self) -> str:
        """What the audit log says was handed out."""
        return self.about or f"data:{self.name.removesuffix('.csv')}"


@dataclass(frozen=True, slots=True)
class Plain:
    """An answer for programs."""

    body: bytes
    kind: str
    status: int = 200
    headers: Sequence[tuple[str, str]] = ()


Answer = Shown | Fragment | See | Away | Download | Plain
