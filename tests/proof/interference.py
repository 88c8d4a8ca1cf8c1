"""Somebody else acts between two statements, or between two commits, of what is tested."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def before_statements(engine: Engine, act: Callable[[str], str | None]) -> Iterator[None]:
    """Call a function before each statement that is executed once; what it returns is executed instead."""

    def listen(
        connection: object, cursor: object, statement: str, parameters: Any, context: object, many: bool
    ) -> tuple[str, Any]:
        other = None if many else act(statement)
        return (statement, parameters) if other is None else (other, ())

    event.listen(engine, "before_cursor_execute", listen, retval=True)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", listen)


def once(name: str, act: Callable[[], None]) -> Callable[[str], None]:
    """Return a hook that does something at the first commit of that name."""
    done: list[str] = []

    def hook(reached: str) -> None:
        if reached == name and not done:
            done.append(reached)
            act()

    return hook
