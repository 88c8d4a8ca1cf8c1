"""The outbox folder: where mail goes while no mail server is set."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from engage.effects.channel import Envelope
from engage.errors import Outside
from engage.wording import sentence


class OutboxFolder:
    """Writes each mail as one file, ``message-000000042.eml``.

    The name tells which message it is and nothing else, so that after a crash the same file is written
    again. ``durable``: each file is on the disk before its message is marked sent.
    """

    name = "outbox"
    repeatable = True
    connections = 1
    per_second = None

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self._durable = durable
        self._made = False
        self._unsafe: list[Path] = []

    def prepare(self, count: int) -> int:
        """Do nothing: the folder is made with its first file."""
        return count

    def hand_over(self, envelope: Envelope) -> None:
        """Write the file, whole or not at all.

        Raises Outside when the folder cannot be written.
        """
        part = self.path / f".{envelope.name}.{os.getpid()}.part"
        target = self.path / f"{envelope.name}.eml"
        try:
            self._make()
            part.write_bytes(envelope.content)
            part.replace(target)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise self._fault(error) from error
        if self._durable:
            self._unsafe.append(target)

    def flush(self) -> None:
        """Put the files written since the last time, and their names, on the disk.

        Raises Outside when that fails.
        """
        waiting, self._unsafe = self._unsafe, []
        try:
            for path in (*waiting, self.path) if waiting else ():
                _sync(path)
        except OSError as error:
            raise self._fault(error) from error

    def _make(self) -> None:
        if not self._made:
            self.path.mkdir(parents=True, exist_ok=True)
            self._made = True

    def _fault(self, error: OSError) -> Outside:
        return Outside(sentence("the outbox {folder} cannot be written: {why}", folder=self.path, why=error))


def _sync(path: Path) -> None:
    """Put a file or a folder's list of names on the disk; Windows cannot do it to folders."""
    if os.name == "nt" and path.is_dir():
        return
    opened = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
