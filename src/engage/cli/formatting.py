"""``engage fmt``: files in the house's layout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from engage.cli.checking import folder_of
from engage.cli.session import Session, path_from
from engage.errors import Refused
from engage.wording import sentence


def fmt(
    session: Session,
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]…", help="Only these files or folders; else the workspace.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; end with 1 where a file would be changed.")
    ] = False,
) -> None:
    """Lay out YAML files: indentation, spaces, keys in the order of the documentation; comments stay.

    What a file means is never changed. A file that cannot be read is left as it is.
    """
    from engage.language.formatting import formatted, kind_of, means

    folder = folder_of(session, paths or [])
    session.folder = folder
    changed = 0
    for path in _files(folder, paths or []):
        kind = kind_of(path.relative_to(folder).as_posix())
        assert kind is not None
        shown = path_from(session.here, path)
        text = _text(path)
        if text is None or means(text) is None:
            session.warn(sentence("{file} cannot be read and was left as it is; see engage validate", file=shown))
            continue
        new = formatted(kind, text)
        if new != text:
            changed += 1
            session.say(sentence("{file} would be changed" if check else "{file} is laid out anew", file=shown))
            if not check:
                _write(path, new)
    if check and changed:
        raise typer.Exit(1)
    if not changed:
        session.say(sentence("every file is laid out well"))


def _files(folder: Path, paths: list[Path]) -> Iterator[Path]:
    """Yield the YAML files that are meant. Raises Refused for a file that is none of the workspace's."""
    from engage.language.formatting import kind_of

    own = sorted(path for path in folder.rglob("*.y*ml") if kind_of(path.relative_to(folder).as_posix()) is not None)
    if not paths:
        yield from own
        return
    for path in paths:
        found = [each for each in own if each.resolve().is_relative_to(path.resolve())]
        if path.is_file() and not found:
            raise Refused(sentence("{file} is no YAML file of the workspace {folder}", file=path, folder=folder))
        yield from found


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return None


def _write(path: Path, text: str) -> None:
    """Write a file, whole or not at all."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, "utf-8")
    beside.replace(path)
