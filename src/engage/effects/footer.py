"""What every mail must show, added where the template lacks it: who sends it, where they are, how to stop it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import escape

from engage.effects.text_part import end_of_body

_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_STYLE = "margin-top:32px;padding-top:16px;border-top:1px solid #dddddd;color:#666666;font-size:12px"
_HIDDEN = "display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;color:transparent"
#: What the link is called, by language; English for all others.
UNSUBSCRIBE = {"ja": "配信停止", "en": "Unsubscribe"}


@dataclass(frozen=True, slots=True)
class Page:
    """A mail's body in both shapes."""

    html: str
    text: str


def with_footer(page: Page, sender: Iterable[str | None], unsubscribe_url: str, language: str) -> Page:
    """Return the body with a footer of what its reader does not see yet; unchanged if it is all there.

    ``sender`` are the lines that say who sends and where they are.
    """
    lines, asks = missing(page.text, sender, unsubscribe_url)
    word = UNSUBSCRIBE.get(language, UNSUBSCRIBE["en"])
    if not lines and not asks:
        return page
    shown = [str(escape(line)) for line in lines]
    if asks:
        shown.append(f'<a href="{escape(unsubscribe_url)}">{word}</a>')
        lines.append(f"{word} ({unsubscribe_url})")
    block = f'<div style="{_STYLE}">{"<br>".join(shown)}</div>\n'
    return Page(_before_end(page.html, block), "\n".join((page.text, "", "--", *lines)).lstrip("\n"))


def missing(text: str, sender: Iterable[str | None], unsubscribe_url: str) -> tuple[list[str], bool]:
    """Return which of the sender's lines a text does not show, and whether it lacks the link to unsubscribe."""
    return missing_lines(spaced(text), sender), unsubscribe_url not in text


def missing_lines(seen: str, sender: Iterable[str | None]) -> list[str]:
    """Return which of the sender's lines a text does not show; it has no spaces but single ones."""
    return [line for line in sender if line and spaced(line) not in seen]


def with_preheader(html: str, preheader: str) -> str:
    """Return the body with the text that mail boxes show after the subject, unseen in the mail itself."""
    if not preheader:
        return html
    block = f'<div style="{_HIDDEN}">{escape(preheader)}</div>'
    found = _BODY.search(html)
    return html[: found.end()] + block + html[found.end() :] if found else block + html


def _before_end(html: str, block: str) -> str:
    end = end_of_body(html)
    return html[:end] + block + html[end:]


def spaced(text: str) -> str:
    """Return a text in which all runs of spaces and ends of lines are single spaces."""
    return " ".join(text.split())
