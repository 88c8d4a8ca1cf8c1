"""Locks between processes that end with the process: an advisory lock, or a lock on a file beside the database."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text


def _number(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(f"engage:{name}".encode(), digest_size=7).digest(), "big")


@contextmanager
def exclusive(engine: Engine, name: str) -> Iterator[None]:
    """Hold a lock of this name; wait for who holds it."""
    with _held(engine, name, wait=True):
        yield


@contextmanager
def tried(engine: Engine, name: str) -> Iterator[bool]:
    """Hold a lock of this name if nobody else does; tell whether it is held."""
    with _held(engine, name, wait=False) as held:
        yield held


@contextmanager
def _held(engine: Engine, name: str, *, wait: bool) -> Iterator[bool]:
    if engine.dialect.name == "postgresql":
        with _advisory(engine, name, wait=wait) as held:
            yield held
    elif engine.url.database in (None, "", ":memory:"):
        yield True
    else:
        with _file(Path(str(engine.url.database) + f".{name}.lock"), wait=wait) as held:
            yield held


@contextmanager
def _advisory(engine: Engine, name: str, *, wait: bool) -> Iterator[bool]:
    with engine.connect() as connection, connection.execution_options(isolation_level="AUTOCOMMIT"):
        key = {"key": _number(name)}
        if wait:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), key)
            held = True
        else:
            held = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key))
        try:
            yield held
        finally:
            if held and not connection.invalidated:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)


@contextmanager
def _file(path: Path, *, wait: bool) -> Iterator[bool]:
    import fcntl

    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
