"""Words that the database keeps, as a reader is told them: states of runs, ToDos, e-mails and calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from engage.wording import Speaker

if TYPE_CHECKING:
    from engage.sql.codes import Returned

#: The words of each group, as they are stored; ``_`` stands for a space.
_TODOS = ("not_started", "in_progress", "waiting", "deferred", "completed", "high", "normal", "low")
_MAILS = ("queued", "held", "sent", "failed", "in_doubt", "cancelled")
_RUNS = ("active", "held", "completed", "goal", "left")


def todo_words(speaker: Speaker) -> Mapping[str, str]:
    """Return statuses and priorities of ToDos in the speaker's language."""
    shown = speaker.words("not started", "in progress", "waiting", "deferred", "completed", "high", "normal", "low")
    return dict(zip(_TODOS, shown, strict=True))


def mail_words(speaker: Speaker) -> Mapping[str, str]:
    """Return the states of e-mails, and of webhooks and actions, in the speaker's language."""
    shown = speaker.words("queued", "held", "sent", "failed", "in doubt", "cancelled")
    return dict(zip(_MAILS, shown, strict=True))


def run_words(speaker: Speaker) -> Mapping[str, str]:
    """Return the states of runs in the speaker's language."""
    shown = speaker.words("active", "held", "completed", "goal", "left")
    return dict(zip(_RUNS, shown, strict=True))


def returned_words(speaker: Speaker) -> Mapping[Returned, str]:
    """Return what came back can be, in the speaker's language."""
    from engage.sql.codes import Returned

    shown = speaker.words(
        "hard bounces", "soft bounces", "refused by policy", "complaints", "opt-outs", "autoreplies",
        "delayed", "delivered", "reports", "echoes", "not understood", "foreign",
    )  # fmt: skip
    return dict(zip(Returned, shown, strict=True))
