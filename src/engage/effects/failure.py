"""Why a message cannot be rendered: a sentence, and where in the template it happened."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jinja2 import Template, TemplateSyntaxError

from engage.language.spotting import syntax
from engage.wording import Sentence, said, sentence

#: What Jinja2 and Python say while a template is rendered, and how people are told.
_TOLD: tuple[tuple[str, str], ...] = (
    (r"^(?P<name>'[^']+') is not known here$", "{name} is not known here"),
    (r"^a value has no (?P<name>'[^']+')$", "a value has no {name}"),
    (r"^(?P<name>'[^']+') is undefined$", "{name} has no value here"),
    (r"^(?:integer )?(?:division|modulo)(?: or modulo)? by zero$|^(?:float )?division by zero$", "it divides by zero"),
    (
        r'^can only concatenate (?P<one>\w+) \(not "(?P<other>\w+)"\) to \w+$',
        "{one} and {other} cannot be added; ~ joins them as texts",
    ),
    (
        r"^unsupported operand type\(s\) for (?P<sign>\S+)[^:]*: '(?P<one>\w+)' and '(?P<other>\w+)'$",
        "{one} and {other} cannot be calculated with {sign}",
    ),
    (
        r"^'(?P<sign>[<>]=?)' not supported between instances of '(?P<one>\w+)' and '(?P<other>\w+)'$",
        "{one} and {other} cannot be compared with {sign}",
    ),
    (r"^'(?P<one>\w+)' object is not (?:iterable|callable|subscriptable)$", "a value of type {one} cannot be used so"),
)
#: What Python calls the types of values, in words.
_TYPES = {
    "str": "a text", "int": "a number", "float": "a number", "bool": "a truth value", "list": "a list",
    "tuple": "a list", "dict": "a group of values", "date": "a day", "datetime": "a moment", "NoneType": "nothing",
}  # fmt: skip


class Unrenderable(Exception):
    """This message cannot be rendered; the sentence says why, and ``line`` where in the body, if that is known."""

    def __init__(self, why: Sentence, line: int = 0) -> None:
        super().__init__(why)
        self.line = line


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message cannot be rendered."""

    why: Sentence
    #: the partial in which it happened, or the part of the head; None: the body
    partial: str | None = None
    #: its line there; 0 where no line is to blame
    line: int = 0


def failure(error: Exception) -> Failure:
    """Return what an error of a template says, and where it came from."""
    partial, line = _place(error)
    return Failure(_sentence(error), partial, line)


def _sentence(error: Exception) -> Sentence:
    if isinstance(error, TemplateSyntaxError):
        return sentence("this expression cannot be read: {why}", why=syntax(error.message or ""))
    if isinstance(error, MemoryError):
        return sentence("it takes more memory than a template may have")
    if isinstance(error, RecursionError):
        return sentence("its macros or partials call each other without end")
    text = str(error)
    for pattern, told in _TOLD:
        if found := re.search(pattern, text):
            return sentence(told, **{name: _value(name, text) for name, text in found.groupdict().items()})
    return said(error) if text else sentence("{why}", why=type(error).__name__)


def _value(name: str, text: str) -> Sentence | str:
    return sentence(_TYPES.get(text, text)) if name in ("one", "other") else text


def _place(error: Exception) -> tuple[str | None, int]:
    """Return the innermost template of an error's traceback, and its line."""
    if isinstance(error, TemplateSyntaxError):
        return error.name, error.lineno
    if isinstance(error, Unrenderable) and error.line:
        return None, error.line
    found: tuple[str | None, int] = (None, 0)
    trace = error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if isinstance(template, Template):
            found = (template.name, template.get_corresponding_lineno(trace.tb_lineno))
        trace = trace.tb_next
    return found
