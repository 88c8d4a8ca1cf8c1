"""``engage export person``: all that is stored about one person; and files that are written whole or not at all."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO

from engage.cli.session import Session
from engage.errors import Outside, Refused
from engage.wording import sentence

#: So much stays in memory while it waits for a reader that is slow.
_IN_MEMORY = 8 << 20


def export_person(session: Session, email: str, output: Path | None, now: str | None) -> None:
    """Write all data of the person of an address; that it was handed out stands in the audit log first."""
    from engage.accounts import audit
    from engage.app import running
    from engage.reports.personal import prospect_of, write_person
    from engage.reports.personal_parts import subject_of

    app, moment = session.app(), session.moment(now)
    workspace = running(app)
    with app.engine.begin() as connection:
        number = prospect_of(connection, email)
        if number is None:
            raise Refused(sentence("nobody is known by the address {email}", email=email))
        audit.note(connection, audit.command_line(), "person_exported", subject_of(number), session.clock())

    def write(stream: BinaryIO) -> int:
        text = io.TextIOWrapper(stream, "utf-8", newline="\n")
        try:
            return write_person(app.engine, number, text, workspace.vocabulary, workspace.company.name, moment)
        finally:
            text.detach()

    if output is None:
        _through(write)
    else:
        count = write_whole(output, write, private=True)
        session.warn(sentence("{count} rows → {file}", count=count, file=output))


def _through(write: Callable[[BinaryIO], int]) -> None:
    """Write to the terminal or a pipe; the database is not kept waiting for whoever reads slowly."""
    with SpooledTemporaryFile(max_size=_IN_MEMORY) as spool:
        write(spool)  # type: ignore[arg-type] # which has all that is asked of a file
        spool.seek(0)
        shutil.copyfileobj(spool, sys.stdout.buffer)
        sys.stdout.buffer.flush()


def write_whole(output: Path, write: Callable[[BinaryIO], int], *, private: bool = False) -> int:
    """Write a file, whole or not at all; return how many rows. ``private``: only its owner may read it."""
    part = output.with_name(f".{output.name}.part")
    try:
        with _opened(part, private=private) as stream:
            count = write(stream)
        part.replace(output)
    except OSError as error:
        raise Outside(sentence("{file} cannot be written: {why}", file=output, why=error.strerror)) from error
    finally:
        part.unlink(missing_ok=True)
    return count


def _opened(file: Path, *, private: bool) -> BinaryIO:
    if not private:
        return file.open("wb")
    file.unlink(missing_ok=True)
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
