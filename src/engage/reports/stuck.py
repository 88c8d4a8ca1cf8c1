"""One-off sends that wait for a person: stopped by a fault, or tested without a winner."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from engage.sql import tables as t
from engage.sql.codes import SendState
from engage.wording import Sentence, sentence


@dataclass(frozen=True, slots=True)
class StuckSend:
    """A one-off send that waits for a person."""

    id: int
    #: why it was stopped; None: its test has no winner
    fault: str | None

    @property
    def sentence(self) -> Sentence:
        """What it waits for."""
        if self.fault is not None:
            return sentence("send {id} was stopped: {why}; see: engage sends show {id}", id=self.id, why=self.fault)
        text = "the test of send {id} has no winner; choose: engage sends choose {id} TEMPLATE"
        return sentence(text, id=self.id)


def stuck_sends(connection: Connection) -> tuple[StuckSend, ...]:
    """Return the sends that wait for a person, in the order in which they were made."""
    s = t.sends.c
    stuck = or_(s.fault.is_not(None), s.state == int(SendState.UNDECIDED))
    found = connection.execute(select(s.id, s.fault).where(stuck).order_by(s.id))
    return tuple(StuckSend(row.id, row.fault) for row in found)
