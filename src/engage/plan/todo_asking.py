"""Whether anything that runs asks about ToDos: then a tick may act on what a user did to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from engage.language.conditions import HasTodo
from engage.plan.moves import Plans


def asks_about_todos(plans: Plans) -> bool:
    """Return whether some condition of the scenarios, their steps, the lists or the grading is about ToDos."""
    return any(isinstance(part, HasTodo) for part in _parts(plans))


def _parts(value: object) -> Iterator[object]:
    """Yield a value and all that it is made of."""
    yield value
    if isinstance(value, Mapping):
        within: Iterator[object] = iter(value.values())
    elif isinstance(value, tuple | list | frozenset):
        within = iter(value)
    elif is_dataclass(value) and not isinstance(value, type):
        within = (getattr(value, each.name) for each in fields(value))
    else:
        return
    for each in within:
        yield from _parts(each)
