"""A template and the values of its names become a subject and a body in two shapes.

This runs in a process of its own (engage.effects.pressing), so it knows no database and no settings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from engage.effects.failure import Failure, Unrenderable, failure
from engage.effects.mime import mail_body, one_line
from engage.effects.pages import Frame, Pages
from engage.effects.sandbox import Render, compiled, in_pieces, sandbox
from engage.effects.text_part import without_controls
from engage.effects.tracking import Track
from engage.language.closing import unclosed
from engage.language.shelf import Shelf
from engage.wording import sentence

LONGEST_SUBJECT = 2000
#: What the parts of a head are called where an error is told; no partial can bear such a name.
SUBJECT, PREHEADER = "the subject", "the preheader"


@dataclass(frozen=True, slots=True)
class Printed:
    """What a message says, as it goes into a mail."""

    subject: str
    #: both parts with their headers, plain ASCII: see engage.effects.mime.mail_body
    body: bytes
    unsubscribe_url: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a message says, as people read it."""

    subject: str
    html: str
    text: str
    unsubscribe_url: str

    def printed(self) -> Printed:
        """Return it as it goes into a mail."""
        return Printed(self.subject, mail_body(self.text, self.html), self.unsubscribe_url)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One variant of an e-mail, as far as it is printed."""

    subject: str
    preheader: str | None
    body: str
    #: the language it is written in, such as ``ja``
    language: str
    mjml: bool = False


@dataclass(slots=True)
class _Draft:
    """A sheet made ready to render."""

    subject: Render
    preheader: Render | None
    body: Callable[[Mapping[str, object]], list[str]]
    pages: Pages


class Printer:
    """Renders sheets; each is made ready once."""

    def __init__(self, zone: tzinfo, shelf: Shelf) -> None:
        self._zone, self._shelf = zone, shelf
        self._drafts: dict[Sheet, _Draft] = {}

    def attempt(self, sheet: Sheet, names: Mapping[str, object], track: Track | None = None) -> Rendered | Failure:
        """Return what a sheet says for these names, or why it cannot be rendered; ``track``: how it is tracked."""
        try:
            return self.printed(sheet, names, track)
        except Exception as error:  # a template of the user's may raise anything, and stops only this message
            return failure(error)

    def printed(self, sheet: Sheet, names: Mapping[str, object], track: Track | None = None) -> Rendered:
        """Return what a sheet says. Raises whatever its template raises."""
        draft = self._drafts.get(sheet) or self._made_ready(sheet)
        subject = one_line(draft.subject(names))
        _check_subject(subject)
        preheader = one_line(draft.preheader(names)) if draft.preheader else ""
        pieces = draft.body(names)
        if sheet.mjml:
            pieces = [html_of(without_controls("".join(pieces)), sheet.body)]
        sender = names["sender"]
        assert isinstance(sender, Mapping)
        frame = Frame(preheader, (sender.get("name"), sender.get("address")), str(names["unsubscribe_url"]))
        page = draft.pages.page(pieces, frame, track)
        return Rendered(subject, page.html, page.text, frame.unsubscribe_url)

    def _made_ready(self, sheet: Sheet) -> _Draft:
        locale = "ja" if sheet.language.partition("-")[0] == "ja" else sheet.language
        plain = sandbox(locale, self._zone, self._shelf, autoescape=False)
        draft = _Draft(
            subject=compiled(plain, sheet.subject, SUBJECT),
            preheader=compiled(plain, sheet.preheader, PREHEADER) if sheet.preheader else None,
            body=in_pieces(sandbox(locale, self._zone, self._shelf, autoescape=True), sheet.body),
            pages=Pages(sheet.language),
        )
        self._drafts[sheet] = draft
        return draft


def html_of(mjml: str, written: str = "") -> str:
    """Return MJML as HTML; ``written``: the body that it was made of, in which the place of a mistake is looked for.

    Raises Unrenderable where it is none, or the library for it is not installed.
    """
    try:
        from mrml import to_html
    except ImportError:
        raise Unrenderable(sentence("MJML needs the package mrml: pip install 'engage[mjml]'")) from None
    try:
        return to_html(mjml).content
    except OSError as error:
        for text, is_written in ((written, True), (mjml, False)):
            if (tag := unclosed(text)) is not None:
                raise Unrenderable(tag.sentence, tag.line if is_written else 0) from error
        raise Unrenderable(sentence("this is no MJML: {why}", why=error)) from error


def _check_subject(subject: str) -> None:
    if not subject.strip():
        raise Unrenderable(sentence("the subject is empty"))
    if len(subject) > LONGEST_SUBJECT:
        raise Unrenderable(sentence("the subject has more than {count} characters", count=LONGEST_SUBJECT))
