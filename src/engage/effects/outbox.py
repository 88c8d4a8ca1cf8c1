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

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self.path = path
        self._durable = durable
        self._made = False

    def hand_over(self, envelope: Envelope) -> None:
        """Write the file, whole or not at all.

        Raises Outside when the folder cannot be written.
        """
        target = self.path / f"{envelope.name}.eml"
        part = self.path / f".{envelope.name}.{os.getpid()}.part"
        try:
            self._make()
            self._write(part, envelope.content)
            part.replace(target)
            if self._durable:
                _sync_folder(self.path)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            message = sentence("the outbox {folder} cannot be written: {why}", folder=self.path, why=error)
            raise Outside(message) from error

    def _make(self) -> None:
        if not self._made:
            self.path.mkdir(parents=True, exist_ok=True)
            self._made = True

    def _write(self, path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content)
            if self._durable:
                file.flush()
                os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Put a folder's list of names on the disk, where the system can (Windows cannot)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
