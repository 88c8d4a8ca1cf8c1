"""Haste for a database that can be made anew at any time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

#: How many new objects Python lets come before it looks for garbage; statements are many and live briefly.
_SELDOM = (50_000, 20, 50)


@contextmanager
def hurried(engine: Engine) -> Iterator[None]:
    """Do not wait for the disk at each commit, on SQLite, and tidy memory seldom."""
    before = gc.get_threshold()
    sqlite = engine.dialect.name == "sqlite"
    # Connections that are open already wait for the disk; so do those that are made afterwards.
    engine.dispose()
    if sqlite:
        event.listen(engine, "connect", _hasten)
    gc.set_threshold(*_SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        if sqlite:
            event.remove(engine, "connect", _hasten)
        engine.dispose()


def _hasten(connection: Any, record: object) -> None:  # noqa: ARG001
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=OFF")
    cursor.close()
