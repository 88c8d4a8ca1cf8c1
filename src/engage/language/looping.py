"""The step ``repeat`` as it is written (SPEC section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Discriminator, Field, Tag

from engage.language.actions import Staying
from engage.language.criteria import Condition, Criteria
from engage.language.events import is_event
from engage.language.model import AsTuple, Model
from engage.language.moment import Duration
from engage.language.occurrences import Occurrence, Occurrences

if TYPE_CHECKING:
    from engage.language.steps import Steps

#: Rounds that a loop may have.
MOST_ROUNDS = 366


class Heard(Model):
    """Events that end a loop, in their long form."""

    trigger: Occurrences = Field(description="{EVENT: TARGET}, or a list of such mappings (any of them)")


def _kind(value: Any) -> str:
    """Name what ends a loop; no name is a key of it, or it would be taken for one in messages."""
    first = value[0] if isinstance(value, list | tuple) and value else value
    if isinstance(first, Heard) or (isinstance(first, dict) and "trigger" in first):
        return "long"
    if isinstance(first, Occurrence) or (isinstance(first, dict) and any(is_event(str(key)) for key in first)):
        return "event"
    return "condition"


class Loop(Model):
    """Steps that are repeated."""

    times: int = Field(ge=1, le=MOST_ROUNDS, description="at most so many rounds")
    every: Duration | None = Field(
        None, description="each round begins this long after the one before began; default: at once after it"
    )
    until: (
        Annotated[
            Annotated[Condition, Tag("condition")]
            | Annotated[Occurrences, Tag("event")]
            | Annotated[Heard, Tag("long")],
            Discriminator(_kind),
        ]
        | None
    ) = Field(
        None,
        description="a condition, asked before each round; or `{EVENT: TARGET}`, which ends the loop when it happens",
    )
    steps: Annotated[Steps, AsTuple, Field(min_length=1)] = Field(description="the steps of each round")

    @property
    def heard(self) -> tuple[Occurrence, ...]:
        """The events that end the loop; none where a condition does, or nothing."""
        word = self.until.trigger if isinstance(self.until, Heard) else self.until
        found = word if isinstance(word, tuple) else (word,)
        return tuple(one for one in found if isinstance(one, Occurrence))

    @property
    def asked(self) -> Condition | None:
        """The condition that ends the loop, if one does."""
        word = self.until
        first = word[0] if isinstance(word, tuple) and word else word
        return word if isinstance(first, Criteria) else None  # type: ignore[return-value]


class Repeat(Staying):
    """Walk some steps several times, round by round, until something holds or happens."""

    repeat: Loop = Field(description="the rounds")
