"""Elements of MJML that are not closed, or never opened: asked only of a text that is no MJML."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engage.wording import Sentence, sentence

#: What is no element: comments, and Jinja's own signs.
_PASSED = re.compile(r"<!--.*?-->|\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_ELEMENT = re.compile(r"<(?P<end>/?)(?P<name>mj[\w-]*)\b(?:\"[^\"]*\"|'[^']*'|[^<>\"'])*?(?P<alone>/?)>")


@dataclass(frozen=True, slots=True)
class Unclosed:
    """An element that lacks its other end."""

    name: str
    line: int
    is_end: bool = False

    @property
    def sentence(self) -> Sentence:
        """What a person is told."""
        if self.is_end:
            return sentence("this is no MJML: </{name}> closes what was never opened", name=self.name)
        return sentence("this is no MJML: <{name}> is never closed", name=self.name)


def unclosed(text: str) -> Unclosed | None:
    """Return the first element that is not closed as it must be, if any.

    >>> unclosed("<mj-column>\\n<mj-text>Hi</mj-column>")
    Unclosed(name='mj-text', line=2, is_end=False)
    """
    text = _PASSED.sub(lambda found: "\n" * found[0].count("\n"), text)
    opened: list[Unclosed] = []
    for found in _ELEMENT.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        if not found["end"]:
            opened += [] if found["alone"] else [Unclosed(found["name"], line)]
        elif not opened or found["name"] not in {each.name for each in opened}:
            return Unclosed(found["name"], line, is_end=True)
        elif opened[-1].name != found["name"]:
            return opened[-1]
        else:
            opened.pop()
    return opened[-1] if opened else None
