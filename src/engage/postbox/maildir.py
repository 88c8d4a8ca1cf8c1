"""A maildir of mail that came back: what is ours is noted, then marked as read; all else stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from engage.errors import Outside, Refused
from engage.intake.returned.judging import Back, Names, concerns_us, judge
from engage.intake.returned.shallow import MOST, MOST_HEADERS
from engage.postbox.noted import Noted
from engage.wording import sentence

#: Writes down what came back; when it returns, that is committed.
Write = Callable[[Sequence[Back]], Noted]
#: So many mails are written down in one transaction.
TOGETHER = 100


def read_maildir(folder: Path, names: Names, write: Write) -> Noted:
    """Note the new mails of a maildir that are ours; only then are they moved from ``new`` to ``cur``, as read.

    Raises Refused where the folder is no maildir, Outside where it cannot be read or written.
    """
    new, cur = folder / "new", folder / "cur"
    if not (new.is_dir() and cur.is_dir()):
        raise Refused(sentence("{folder} is no maildir: it holds no folders new and cur", folder=folder))
    done = Noted()
    try:
        ours = _ours(new, names)
        while chunk := list(islice(ours, TOGETHER)):
            mails = [(path, content) for path, content in chunk if content is not None]
            done += Noted(strange=len(chunk) - len(mails))
            done += write([back for _, content in mails for back in judge(content, (), names)])
            for path, _ in mails:
                _mark(path, cur)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Outside(sentence("{folder} cannot be read: {why}", folder=folder, why=why)) from error
    return done


def _ours(new: Path, names: Names) -> Iterator[tuple[Path, bytes | None]]:
    """Yield each mail with its content; without, where it is none of ours."""
    for path in sorted(new.iterdir()):
        if not path.is_file():
            continue
        try:
            with path.open("rb") as file:
                head = file.read(MOST_HEADERS)
                yield path, head + file.read(MOST - len(head)) if concerns_us(head, names) else None
        except FileNotFoundError:
            continue


def _mark(path: Path, cur: Path) -> None:
    """Move a mail to those that were read; another reader may have done so."""
    try:
        path.rename(cur / f"{path.name.partition(':')[0]}:2,S")
    except FileNotFoundError:
        return
