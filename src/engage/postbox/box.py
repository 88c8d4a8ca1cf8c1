"""A box that is read again and again: which one, and reading it once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engage.app import App
from engage.clock import Clock
from engage.errors import Refused
from engage.intake.returned.in_words import require
from engage.intake.returned.judging import Back
from engage.postbox.imap import ImapBox, imap_box, read_imap
from engage.postbox.maildir import read_maildir
from engage.postbox.names import names
from engage.postbox.noted import Noted, write
from engage.settings import Settings
from engage.wording import sentence

Box = Path | ImapBox


def bounce_box(settings: Settings) -> Box | None:
    """Return the box that the settings name, if any. Raises Refused for one that is none."""
    return None if settings.bounce_box is None else box_of(settings.bounce_box, settings)


def box_of(text: str, settings: Settings) -> Box:
    """Return the box that an address names: ``maildir:FOLDER`` or ``imaps://…``."""
    kind, colon, rest = text.partition(":")
    if kind == "maildir" and colon and rest:
        return settings.workspace / rest
    if kind in ("imap", "imaps"):
        return imap_box(text, settings.bounce_password)
    raise Refused(sentence("ENGAGE_BOUNCE_BOX is neither maildir:FOLDER nor imaps://user@host/FOLDER"))


def read_box(app: App, box: Box, clock: Clock) -> Noted:
    """Note what came back into a box since it was read last."""
    require()
    known = names(app.settings)

    def written(backs: Sequence[Back]) -> Noted:
        return write(app.engine, backs, "imap" if isinstance(box, ImapBox) else "maildir", clock)

    return read_imap(box, known, written) if isinstance(box, ImapBox) else read_maildir(box, known, written)
