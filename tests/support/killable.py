"""A PostgreSQL server of one test's own, that the test may kill and start again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

from sqlalchemy.engine import URL

from tests.support.postgres import execute
from tests.support.server import (
    OPTIONS,
    Account,
    account_for_postgres,
    initialise,
    installed,
    own_folder,
    reachable,
    roomy,
    start,
    stop,
    wait_until_ready,
)

#: What the killed server's children left takes a moment to vanish; until then it does not start.
TRIES = 20


#: What is committed must outlive the server's processes; the machine itself is not killed.
DURABLE = {**OPTIONS, "synchronous_commit": "on", "wal_level": "replica"}


@dataclass
class Server:
    """A server, running or killed."""

    packages: Path
    folder: Path
    data: Path
    account: Account
    servers: list[Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> URL:
        """The database that is always there; name another for the test."""
        query = {"host": str(self.folder), "port": "5432"}
        return URL.create("postgresql", username="engage", database="postgres", query=query)

    def kill(self) -> None:
        """Kill it as ``kill -9`` does."""
        self.servers[-1].kill()
        self.servers[-1].wait()

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            for last in range(TRIES - 1, -1, -1):
                self.servers.append(start(self.packages, self.folder, self.data, self.account, log, DURABLE))
                try:
                    wait_until_ready(self.servers[-1], str(self.url), self.folder / "log")
                except RuntimeError:
                    if not last:
                        raise
                    threading.Event().wait(0.5)
                else:
                    return


@contextmanager
def killable_server() -> Iterator[tuple[Server, str]]:
    """Give a server, and the URL of an empty database on it."""
    account = account_for_postgres()
    with own_folder(Path("/tmp"), account) as folder, own_folder(roomy(), account) as data:
        packages = reachable(installed(), folder, account)
        initialise(packages, folder, data, account)
        server = Server(packages, folder, data, account)
        try:
            server.start()
            execute(str(server.url), "CREATE DATABASE engage")
            yield server, str(server.url.set(database="engage"))
        finally:
            if server.servers and server.servers[-1].poll() is None:
                stop(server.servers[-1])
