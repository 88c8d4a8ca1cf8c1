"""Debian's smtp-sink: a mail server that takes everything, or fails where its flags say."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_USUAL = "/usr/sbin/smtp-sink"


@dataclass(frozen=True)
class Sink:
    """A running sink; every mail it has taken is a file in its folder."""

    port: int
    folder: Path

    @property
    def mails(self) -> list[bytes]:
        """The mails taken so far, with lines of the sink's own above the headers."""
        return [path.read_bytes() for path in sorted(self.folder.iterdir())]

    @property
    def count(self) -> int:
        """How many mails have begun to come in."""
        return sum(1 for _ in self.folder.iterdir())


def program() -> str:
    """Return where smtp-sink is; the test is skipped where it is not, except in CI."""
    found = shutil.which("smtp-sink") or (_USUAL if Path(_USUAL).exists() else None)
    if found is None:
        assert not os.environ.get("ENGAGE_CI"), "smtp-sink must be there in CI: see .ci/run"
        pytest.skip("smtp-sink is not installed: apt-get install postfix")
    return found


@contextmanager
def sink(folder: Path, *flags: str) -> Iterator[Sink]:
    """Give a running sink; it ends afterwards."""
    command = program()
    folder.mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    account = ["-u", "root"] if os.geteuid() == 0 else []
    words = [command, *account, *flags, "-d", f"{folder}/mail.", f"127.0.0.1:{port}", "200"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(port)
        yield Sink(port, folder)
    finally:
        process.kill()
        process.wait()


def _wait(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("smtp-sink did not start")
