"""Keys and values become a mapping: keys are text, none stands twice, ``<<`` brings in others."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from engage.language.nodes import Entries, Entry, Items, Node, Scalar
from engage.language.scalars import shortened
from engage.problem import Place, Problem
from engage.wording import Sentence, sentence

_NO_KEY = sentence('a key is missing before the colon; write "key: value"')
_NOT_TEXT = sentence("a key must be a text; if an expression such as {{ prospect.email }} was meant, put it in quotes")
_NOT_MERGED = sentence("<< takes a mapping or a list of mappings; write <<: *name")


def entries(children: Sequence[Node]) -> tuple[Mapping[str, Entry], tuple[Problem, ...]]:
    """Return the entries of keys and values that alternate, and what is wrong with them.

    Of equal keys, looked for before merging, the first stays; own keys win over merged ones.
    """
    own: dict[str, Entry] = {}
    merged: dict[str, Entry] = {}
    problems: list[Problem] = []
    seen: dict[str, Place] = {}
    for key, node in zip(children[::2], children[1::2], strict=True):
        if problem := _key_problem(key, seen):
            problems.append(problem)
        elif isinstance(key, Scalar) and key.bare and key.text == "<<":
            problems += _merge(node, merged)
        elif isinstance(key, Scalar):
            own[key.text] = Entry(key.place, node)
    return {**merged, **own}, tuple(problems)


def _key_problem(key: Node, seen: dict[str, Place]) -> Problem | None:
    """Return what is wrong with a key, and remember where it was seen."""
    if not isinstance(key, Scalar):
        return Problem(key.place, _NOT_TEXT)
    if key.bare and not key.text:
        return Problem(key.place, _NO_KEY)
    # Two ways to write one letter look the same to the user, and ids are compared in NFC.
    first = seen.setdefault(unicodedata.normalize("NFC", key.text), key.place)
    return None if first is key.place else Problem(key.place, _twice(key, first))


def _merge(node: Node, merged: dict[str, Entry]) -> Iterator[Problem]:
    """Add the entries of a mapping or of several, of which the first wins."""
    for mapping in node.nodes if isinstance(node, Items) else (node,):
        if isinstance(mapping, Entries):
            merged.update({**mapping.entries, **merged})
        else:
            yield Problem(mapping.place, _NOT_MERGED)


def _twice(key: Scalar, first: Place) -> Sentence:
    """Return the sentence for a key that stands twice in one mapping."""
    return sentence(
        "the key {key} is written twice, on line {first} and on line {again}; keep one of them",
        key=repr(shortened(key.text)),
        first=first.line,
        again=key.place.line,
    )
