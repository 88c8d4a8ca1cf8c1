"""The id of every step: the one given, else one made of the step's key and target (SPEC section 5)."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from engage.language.events import is_event
from engage.language.source import Path
from engage.language.steps import STEPS
from engage.problem import nearest

_IDENT = re.compile(r"[\w-]+")
_ADDRESSEE = re.compile(r"(?:user|group|queue):([\w-]+)")
#: Step keys whose value is, or first names, an id.
_NAMING = frozenset(STEPS) - {
    "adjust_score", "create_todo", "opt_out", "webhook", "rule", "wait", "switch", "split", "repeat", "end",
}  # fmt: skip
#: Keys under which steps lie, beside those inside a switch, a split or a repeat.
BLOCKS = ("yes", "no", "else")


@dataclass(frozen=True, slots=True)
class Named:
    """A step of a document, whether it parses or not."""

    path: Path
    #: its step key; the nearest one if it is misspelt
    key: str
    id: str
    #: False: the id was made from the key and the value
    given: bool
    #: what stands under the step key
    value: object = None


def name_steps(steps: object) -> tuple[Named, ...]:
    """Return every step of a document's ``steps`` in file order, with its id; what is no step is left out."""
    found = list(walk(steps, ("steps",)))
    taken = {_clean(raw["id"]) for _, _, raw in found if isinstance(raw.get("id"), str | int)}
    counts: Counter[str] = Counter()
    named = []
    for path, key, raw in found:
        given = raw.get("id")
        if isinstance(given, str | int) and not isinstance(given, bool):
            named.append(Named(path, key, _clean(given), True, raw.get(key)))
            continue
        step_id = _free(_derived(key, raw.get(key)), taken, counts)
        taken.add(step_id)
        named.append(Named(path, key, step_id, False, raw.get(key)))
    return tuple(named)


def walk(steps: object, path: Path) -> Iterator[tuple[Path, str, Mapping[str, object]]]:
    """Yield each step of raw data: its path, its first step key, the mapping; depth first, in file order.

    A misspelt step key is put right, so that the step still counts where others name it.
    """
    for place, raw in enumerate(steps) if isinstance(steps, list | tuple) else ():
        if not isinstance(raw, dict):
            continue
        written = next((word for word in raw if word in STEPS), None) or next(filter(_meant, raw), None)
        key = None if written is None else (_meant(written) if written not in STEPS else written)
        if key is None or written is None:
            yield (*path, place), "step", raw
        else:
            yield (*path, place), key, {**raw, key: raw[written]}
            for block, inner in _inside(key, raw[written]):
                yield from walk(inner, (*path, place, written, *block))
        for word in BLOCKS:
            yield from walk(raw.get(word), (*path, place, word))


def _inside(key: str, value: object) -> Iterator[tuple[Path, object]]:
    """Yield the blocks that lie inside a step's own value, each with its path there."""
    if key == "switch" and isinstance(value, list):
        yield from (((n, "steps"), case.get("steps")) for n, case in enumerate(value) if isinstance(case, dict))
    elif key == "split" and isinstance(value, dict):
        yield from (((name, "steps"), arm.get("steps")) for name, arm in value.items() if isinstance(arm, dict))
    elif key == "repeat" and isinstance(value, dict):
        yield ("steps",), value.get("steps")


@lru_cache(maxsize=1000)
def _meant(word: str) -> str | None:
    """Return the step key most like a word; one mistake is often made many times."""
    return nearest(word, STEPS)


def _clean(given: object) -> str:
    return unicodedata.normalize("NFC", str(given))


def _free(wished: str, taken: set[str], counts: Counter[str]) -> str:
    """Return the id, with the next free number if another step bears it; ``counts`` shortens the search."""
    name = wished
    while name in taken:
        counts[wished] += 1
        name = f"{wished}-{counts[wished] + 1}"
    return name


def _derived(key: str, value: object) -> str:
    if key == "action" and isinstance(value, dict):
        value = value.get("name")
    target = _target(value) if key in _NAMING else None
    return f"{key}-{target}" if target else key


def _target(value: object) -> str | None:
    """Return the id that a value is, or first names."""
    if isinstance(value, str):
        addressee = _ADDRESSEE.fullmatch(value)
        word = addressee[1] if addressee else value
        return _clean(word) if word not in ("any", "owner") and _IDENT.fullmatch(word) else None
    if isinstance(value, list):
        return _target(value[0]) if value else None
    if isinstance(value, dict) and value:
        first, inner = next(iter(value.items()))
        if first in _NAMES_ID or is_event(str(first)):
            return _target(inner)
        return None if first in _NAMES_NONE or not _IDENT.fullmatch(str(first)) else _clean(first)
    return None


#: Keys inside a step's value that name an id when they come first, and those that do not.
_NAMES_ID = frozenset(("template", "to", "campaign", "email"))
_NAMES_NONE = frozenset(("subject", "text", "status", "reassign", "once", "from", "link"))
