"""A queued message and its template become a subject and a body in two shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import css_inline

from engage.effects.footer import Page, with_footer, with_preheader
from engage.effects.links import links, signing_key
from engage.effects.mime import one_line
from engage.effects.post import Post
from engage.effects.queued import Queued
from engage.effects.sandbox import Render, Sandbox, compiled, sandbox
from engage.effects.team import Person
from engage.effects.text_part import read_html, without_controls
from engage.language.fields import fold
from engage.language.templates import Template
from engage.language.workspace import Sender
from engage.wording import sentence

#: The inliner nests calls as the document nests elements and takes the process with it when the stack ends
#: (measured: between 10,000 and 20,000 on a stack of 8 MB). A longer document keeps its style tags only.
MOST_ELEMENTS = 4000
LONGEST_SUBJECT = 2000
_STYLED = re.compile(r"<(?:style|link)\b", re.IGNORECASE)


class Unrenderable(Exception):
    """This message cannot be rendered; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a message says."""

    subject: str
    html: str
    text: str
    unsubscribe_url: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One variant of an e-mail, ready to render."""

    language: str | None
    subject: Render
    preheader: Render | None
    body: Render


class Press:
    """Renders messages; each template is made ready once."""

    def __init__(self, post: Post, sender: Sender) -> None:
        self._post, self._sender = post, sender
        self._drafts: dict[tuple[str, str | None], Draft] = {}
        self._key = signing_key(post.secret_key, post.base_url)

    @cached_property
    def _html(self) -> Sandbox:
        return sandbox(self._post.house, autoescape=True)

    @cached_property
    def _plain(self) -> Sandbox:
        return sandbox(self._post.house, autoescape=False)

    @cached_property
    def _inliner(self) -> css_inline.CSSInliner:
        return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True)

    def draft(self, message: Queued) -> Draft:
        """Return the variant of a message's template in its prospect's language, else the main file.

        Raises Unrenderable where there is none, and jinja2.TemplateError for one that cannot be read.
        """
        variants = self._post.templates.get(message.template)
        if not variants:
            raise Unrenderable(sentence("there is no template called {name}", name=repr(message.template)))
        template = variant(variants, message)
        key = (message.template, template.language)
        if key not in self._drafts:
            self._drafts[key] = self._made_ready(template)
        return self._drafts[key]

    def render(self, message: Queued, draft: Draft, owner: Person | None) -> Rendered:
        """Return what a message says. Raises whatever its template raises."""
        address = links(self._post.base_url, self._key, message.id)
        names = {
            "prospect": message.prospect,
            "sender": {"name": self._sender.name, "email": self._sender.email, "address": self._sender.address},
            "owner": _owner(owner),
            "scenario": {"name": message.scenario_name},
            "unsubscribe_url": address.unsubscribe_url,
            "preferences_url": address.preferences_url,
            "view_url": address.view_url,
        }
        subject = one_line(draft.subject(names))
        _check_subject(subject)
        preheader = one_line(draft.preheader(names)) if draft.preheader else ""
        html = without_controls(draft.body(names))
        page = self._page(html, preheader, address.unsubscribe_url, draft.language)
        return Rendered(subject, page.html, page.text, address.unsubscribe_url)

    def _page(self, html: str, preheader: str, unsubscribe_url: str, language: str | None) -> Page:
        reading = read_html(html)
        spoken = language or self._post.house.locale
        page = with_footer(Page(html, reading.text), self._sender, unsubscribe_url, spoken)
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

    def _made_ready(self, template: Template) -> Draft:
        head = template.head
        return Draft(
            language=template.language,
            subject=compiled(self._plain, head.subject),
            preheader=compiled(self._plain, head.preheader) if head.preheader else None,
            body=compiled(self._html, template.body),
        )


def variant(variants: Mapping[str | None, Template], message: Queued) -> Template:
    """Return the template in the prospect's language (``en`` serves ``en-GB`` too), else the main file."""
    written = (message.prospect or {}).get("language")
    language = fold(written).strip().replace("_", "-") if isinstance(written, str) else ""
    named = {fold(key): template for key, template in variants.items() if key is not None}
    main = variants.get(None) or next(iter(variants.values()))
    return named.get(language) or named.get(language.partition("-")[0]) or main


def _owner(owner: Person | None) -> dict[str, str | None]:
    if owner is None:
        return dict.fromkeys(("name", "email", "job_title", "department"))
    return {
        "name": owner.name,
        "email": owner.email,
        "job_title": owner.job_title,
        "department": owner.department,
    }


def _check_subject(subject: str) -> None:
    if not subject.strip():
        raise Unrenderable(sentence("the subject is empty"))
    if len(subject) > LONGEST_SUBJECT:
        raise Unrenderable(sentence("the subject has more than {count} characters", count=LONGEST_SUBJECT))
