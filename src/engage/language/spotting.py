"""Where in a template's file a mistake stands: Jinja2 tells the line, the line tells the column."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engage.language.nesting import DEEP
from engage.problem import Place
from engage.wording import Sentence, sentence

#: What Jinja2 says of a text that is no template, and how people are told.
_SYNTAX: tuple[tuple[str, str], ...] = (
    (
        r"Unexpected end of template\. .*following tags: (?P<ends>.+?)\. The innermost .*closed is '(?P<tag>\w+)'",
        "the tag {tag} is never closed; {ends} is missing",
    ),
    (r"Encountered unknown tag '(?P<tag>\w+)'", "the tag {tag} does not belong here"),
    (r"expected token '(?P<token>.+)', got '(?P<sign>.+)'", "{token} is expected before {sign}"),
    (r"[Ee]xpected an expression, got", "an expression is missing"),
    (r"[Uu]nexpected end of template", "the text ends before the expression does"),
    (r"[Uu]nexpected char '(?P<sign>.+)' at", "the sign {sign} does not belong here"),
    (r"[Uu]nexpected '(?P<sign>.+)'", "the sign {sign} does not belong here"),
    (r"Missing end of (?P<tag>comment|raw)", "the tag {tag} is never closed"),
    (r"block '(?P<name>.+)' defined twice", "the block {name} is there twice"),
    (DEEP, "it nests too deep"),
)
#: The word on which Jinja2 stumbled.
_STUMBLED = re.compile(r"(?:got|tag|unexpected|char|block) '(.+?)'", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Spotter:
    """Finds the places of a template's words in its file."""

    file: str
    #: the lines of the whole file
    lines: Sequence[str]
    #: how many lines stand before the text that is checked
    offset: int = 0
    _passed: Counter[tuple[int, str]] = field(default_factory=Counter)

    def place(self, number: int, pattern: str) -> Place:
        """Return where a pattern's group 1 stands in a line; asked again, the next place."""
        line = self.offset + number
        before = self._passed[line, pattern]
        self._passed[line, pattern] += 1
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        inside = _expressions(text)
        starts = [match.start(1) for match in re.finditer(pattern, text) if inside(match.start(1))]
        if starts:
            return Place(self.file, line, starts[min(before, len(starts) - 1)] + 1)
        return Place(self.file, line, _brace(text) + 1)

    def name(self, number: int, name: str) -> Place:
        """Return where a name stands by itself."""
        return self.place(number, rf"(?<![\w.])({re.escape(name)})(?!\w)")

    def part(self, number: int, thing: str, part: str) -> Place:
        """Return where a part of a thing stands: ``prospect.company``."""
        return self.place(number, rf"(?<![\w.])({re.escape(thing)})\s*(?:\.\s*|\[\s*['\"]){re.escape(part)}(?!\w)")

    def filter(self, number: int, name: str) -> Place:
        """Return where a filter stands."""
        return self.place(number, rf"\|\s*({re.escape(name)})(?!\w)")

    def stumble(self, number: int, message: str) -> Place:
        """Return where a text stops to be a template."""
        found = _STUMBLED.search(message)
        return self.place(number, rf"({re.escape(found[1])})") if found else self.place(number, r"(\{[{%#])")


def syntax(message: str) -> Sentence:
    """Return what is wrong with a text that Jinja2 cannot read."""
    for pattern, told in _SYNTAX:
        if found := re.search(pattern, message):
            return sentence(told, **found.groupdict())
    return sentence("{why}", why=message)


def _expressions(text: str) -> Callable[[int], bool]:
    """Return what tells whether a place of a line lies in an expression; a line without signs may be all inside one."""
    opened = [match.start() for match in re.finditer(r"(?=\{[{%#])", text)]
    closed = [match.start() + 2 for match in re.finditer(r"(?=[}%#]\})", text)]

    def inside(place: int) -> bool:
        begun, ended = bisect_right(opened, place), bisect_right(closed, place)
        if not begun:
            return not ended
        return not ended or opened[begun - 1] > closed[ended - 1] - 2

    return inside


def _brace(text: str) -> int:
    found = re.search(r"\{[{%#]", text)
    return found.start() if found else len(text) - len(text.lstrip())
