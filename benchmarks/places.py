"""Databases to measure on: a SQLite file and a real, durable PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.server import OPTIONS, installed, started_server

#: PostgreSQL as an operator would run it on a laptop: durable, with memory to match the work.
DURABLE = {
    **{
        name: value
        for name, value in OPTIONS.items()
        if name not in ("fsync", "full_page_writes", "synchronous_commit")
    },
    "wal_compression": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "work_mem": "64MB",
    "maintenance_work_mem": "256MB",
}


@contextmanager
def database(kind: str) -> Iterator[str]:
    """Give the URL of an empty database of a kind: sqlite or postgresql."""
    with TemporaryDirectory(prefix="engage-bench-", dir="/var/tmp") as folder:
        if kind == "sqlite":
            yield f"sqlite:///{folder}/engage.db"
        else:
            with started_server(installed(), DURABLE, Path("/var/tmp")) as url:
                yield url


def size(url: str) -> int:
    """Return the bytes that a SQLite file takes on disk, its log included."""
    path = Path(url.removeprefix("sqlite:///"))
    return sum(p.stat().st_size for p in (path, Path(f"{path}-wal")) if p.exists())
