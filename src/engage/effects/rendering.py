"""A template and the values of its names become a subject and a body in two shapes.

This runs in a process of its own (engage.effects.pressing), so it knows no database and no settings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from functools import cached_property

import css_inline

from engage.effects.failure import Failure, Unrenderable, failure
from engage.effects.footer import Page, with_footer, with_preheader
from engage.effects.mime import one_line
from engage.effects.sandbox import Render, compiled, sandbox
from engage.effects.text_part import read_html, without_controls
from engage.language.shelf import Shelf
from engage.wording import sentence

#: The inliner nests calls as the document nests elements and takes the process with it when the stack ends
#: (measured: between 10,000 and 20,000 on a stack of 8 MB). A longer document keeps its style tags only.
MOST_ELEMENTS = 4000
LONGEST_SUBJECT = 2000
#: What the parts of a head are called where an error is told; no partial can bear such a name.
SUBJECT, PREHEADER = "the subject", "the preheader"
_STYLED = re.compile(r"<(?:style|link)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a message says."""

    subject: str
    html: str
    text: str
    unsubscribe_url: str


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
    body: Render


class Printer:
    """Renders sheets; each is made ready once."""

    def __init__(self, zone: tzinfo, shelf: Shelf) -> None:
        self._zone, self._shelf = zone, shelf
        self._drafts: dict[Sheet, _Draft] = {}

    @cached_property
    def _inliner(self) -> css_inline.CSSInliner:
        return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)

    def attempt(self, sheet: Sheet, names: Mapping[str, object]) -> Rendered | Failure:
        """Return what a sheet says for these names, or why it cannot be rendered."""
        try:
            return self.printed(sheet, names)
        except Exception as error:  # a template of the user's may raise anything, and stops only this message
            return failure(error)

    def printed(self, sheet: Sheet, names: Mapping[str, object]) -> Rendered:
        """Return what a sheet says. Raises whatever its template raises."""
        draft = self._drafts.get(sheet) or self._made_ready(sheet)
        subject = one_line(draft.subject(names))
        _check_subject(subject)
        preheader = one_line(draft.preheader(names)) if draft.preheader else ""
        html = without_controls(draft.body(names))
        page = self._page(html_of(html) if sheet.mjml else html, preheader, names, sheet.language)
        return Rendered(subject, page.html, page.text, str(names["unsubscribe_url"]))

    def _page(self, html: str, preheader: str, names: Mapping[str, object], language: str) -> Page:
        reading = read_html(html)
        sender = names["sender"]
        assert isinstance(sender, Mapping)
        lines = (sender.get("name"), sender.get("address"))
        page = with_footer(Page(html, reading.text), lines, str(names["unsubscribe_url"]), language)
        shown = with_preheader(page.html, preheader)
        if reading.elements <= MOST_ELEMENTS and _STYLED.search(html):
            shown = self._inlined(shown)
        return Page(shown, page.text)

    def _inlined(self, html: str) -> str:
        try:
            return self._inliner.inline(html)
        except css_inline.InlineError:
            # Styles that cannot be read: mail programs see the same text and skip them too.
            return html

    def _made_ready(self, sheet: Sheet) -> _Draft:
        locale = "ja" if sheet.language.partition("-")[0] == "ja" else sheet.language
        plain = sandbox(locale, self._zone, self._shelf, autoescape=False)
        draft = _Draft(
            subject=compiled(plain, sheet.subject, SUBJECT),
            preheader=compiled(plain, sheet.preheader, PREHEADER) if sheet.preheader else None,
            body=compiled(sandbox(locale, self._zone, self._shelf, autoescape=True), sheet.body),
        )
        self._drafts[sheet] = draft
        return draft


def html_of(mjml: str) -> str:
    """Return MJML as HTML. Raises Unrenderable where it is none, or the library for it is not installed."""
    try:
        from mrml import to_html
    except ImportError:
        raise Unrenderable(sentence("MJML needs the package mrml: pip install 'engage[mjml]'")) from None
    try:
        return to_html(mjml).content
    except OSError as error:
        raise Unrenderable(sentence("this is no MJML: {why}", why=error)) from error


def _check_subject(subject: str) -> None:
    if not subject.strip():
        raise Unrenderable(sentence("the subject is empty"))
    if len(subject) > LONGEST_SUBJECT:
        raise Unrenderable(sentence("the subject has more than {count} characters", count=LONGEST_SUBJECT))
