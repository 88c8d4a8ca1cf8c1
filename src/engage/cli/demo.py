"""``engage demo``: a company's marketing, rehearsed in seconds."""

from __future__ import annotations

from engage.cli.session import Session
from engage.errors import Refused
from engage.wording import sentence


def demo(session: Session) -> None:
    """Rehearse sixty days of a software company's marketing."""
    raise Refused(sentence("not wired yet"))
