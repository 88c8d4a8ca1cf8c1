"""Sentences for people, in English and Japanese.

A sentence is written once, in English, with named places for its values. Its Japanese twin stands in
``ja.json`` beside this module under the English text. A sentence without a twin is shown in English. How English
says one instead of many stands in ``en.json`` in the same way: ``{count} messages`` where the count is 1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Protocol

Locale = Literal["en", "ja"]
#: What makes a sentence one that English says of one thing.
_ONE = ("count", "1")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and the values that stand in it."""

    #: the English text, with ``{name}`` where a value stands
    template: str
    #: texts, and sentences that stand in this one
    values: tuple[tuple[str, str | Sentence], ...] = ()

    def read(self, locale: Locale = "en") -> str:
        """Return the sentence in a language."""
        if not self.values:
            return self.template if locale == "en" else catalogue(locale).get(self.template, self.template)
        template = self.template
        if locale != "en" or _ONE in self.values:
            template = catalogue(locale).get(template, template)
        return template.format(**{name: v.read(locale) if isinstance(v, Sentence) else v for name, v in self.values})

    def __str__(self) -> str:
        return self.read()


def sentence(template: str, /, **values: object) -> Sentence:
    """Return a sentence; ``{name}`` in the template is replaced by the value of that name, which may be a sentence.

    >>> str(sentence("no list is called {name}", name="vip"))
    'no list is called vip'
    >>> str(sentence("{count} hours", count=1))
    '1 hour'
    """
    return Sentence(template, tuple((n, v if isinstance(v, Sentence) else str(v)) for n, v in values.items()))


class Speaker(Protocol):
    """Whoever says words to a reader in a language: a command's session, a page."""

    @property
    def locale(self) -> Locale:
        """The language."""

    def read(self, template: str, /, **values: object) -> str:
        """Return a sentence in the language."""

    def words(self, *templates: str) -> tuple[str, ...]:
        """Return words in the language."""


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker of a language, and nothing else."""

    locale: Locale

    def read(self, template: str, /, **values: object) -> str:
        """Return a sentence in the language.

        >>> Voice("en").read("no {thing}", thing="lists")
        'no lists'
        """
        return sentence(template, **values).read(self.locale)

    def words(self, *templates: str) -> tuple[str, ...]:
        """Return words in the language."""
        return tuple(self.read(template) for template in templates)


def said(why: object) -> Sentence:
    """Return what an error says: the sentence it carries, else its text."""
    carried = why.args[0] if isinstance(why, Exception) and why.args else why
    return carried if isinstance(carried, Sentence) else sentence("{why}", why=carried)


def packed(said: Sentence) -> list[object]:
    """Return a sentence as JSON has it, for another process.

    >>> unpacked(packed(sentence("no {thing}", thing=sentence("{count} lists", count=2)))).read()
    'no 2 lists'
    """
    values = [(name, packed(value) if isinstance(value, Sentence) else value) for name, value in said.values]
    return [said.template, values]


def unpacked(told: Any) -> Sentence:
    """Return the sentence that another process packed."""
    values = ((str(name), unpacked(value) if isinstance(value, list) else str(value)) for name, value in told[1])
    return Sentence(str(told[0]), tuple(values))


@cache
def catalogue(locale: Locale) -> Mapping[str, str]:
    """Return the translations of a language, by English template; of English, what it says of one."""
    text: dict[str, str] = json.loads(files("engage").joinpath(f"{locale}.json").read_text("utf-8"))
    return text
