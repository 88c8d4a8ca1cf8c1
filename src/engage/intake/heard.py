"""What the public pages hear of messages is written down at once; the next tick makes activities of it.

Writing is the hot path of pixel and redirect: one insert, whatever the message is. Whose it is, whether it may be
tracked, and whether a person or a machine was there, is asked by the tick that settles it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, Insert, Text, bindparam, insert

from engage.clock import micros
from engage.intake.people import LONGEST_WORD
from engage.sql import tables as t
from engage.sql.codes import HeardKind
from engage.sql.standing import big, run_each, small, standing

Kind = Literal["open", "click", "trap"]
_KINDS: Mapping[Kind, HeardKind] = {"open": HeardKind.OPEN, "click": HeardKind.CLICK, "trap": HeardKind.TRAP}


@dataclass(frozen=True, slots=True)
class Heard:
    """One request for a message's pixel or link."""

    kind: Kind
    message_id: int
    #: aware
    at: datetime
    #: where the link leads
    link: str | None = None
    #: why it is known at once that no person did it: agent, head, proxy or apple
    machine: str | None = None


def hear(connection: Connection, heard: Sequence[Heard]) -> None:
    """Write down what was heard, inside the caller's transaction; a message that is not known any more does no harm."""
    run_each(connection, _written(), [_row(each) for each in heard])


def _row(each: Heard) -> dict[str, object]:
    """Return the row of an event; a very long link is cut as it would be in an activity."""
    link = None if each.link is None else each.link.encode(errors="replace")[:LONGEST_WORD].decode(errors="ignore")
    return {
        "kind": int(_KINDS[each.kind]),
        "message_id": each.message_id,
        "at": micros(each.at),
        "link": link,
        "machine": each.machine,
    }


@standing
def _written() -> Insert:
    link, machine = bindparam("link", type_=Text()), bindparam("machine", type_=Text())
    return insert(t.heard).values(
        kind=small("kind"), message_id=big("message_id"), at=big("at"), link=link, machine=machine
    )
