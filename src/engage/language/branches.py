"""The words of a path that part it or lead it elsewhere (SPEC section 5): switch, split, go_to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from engage.language.actions import Staying
from engage.language.criteria import Condition
from engage.language.model import AsTuple, Ident, Model

if TYPE_CHECKING:
    from engage.language.steps import Steps

#: The outcome of a switch of which no case holds.
ELSE = "else"


class Case(Model):
    """A case of a switch and its steps."""

    name: Ident | None = Field(None, description="its outcome's name; default: its place among the cases, from 1")
    case: Condition = Field(description="the condition")
    steps: Steps = Field((), description="the steps if it is the first that holds")


def _names(cases: tuple[Case, ...]) -> tuple[str, ...]:
    return tuple(case.name or str(place) for place, case in enumerate(cases, 1))


def _told_apart(cases: tuple[Case, ...]) -> tuple[Case, ...]:
    names = (*_names(cases), ELSE)
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise PydanticCustomError(
            "same_case", "two ways of this switch are called {name}; give each its own name", {"name": twice}
        )
    return cases


class Switch(Staying):
    """Ask several conditions of the data of this moment; the first that holds decides."""

    switch: Annotated[tuple[Case, ...], AsTuple, Field(min_length=1), AfterValidator(_told_apart)] = Field(
        description="the cases, in order"
    )
    else_: Steps = Field((), alias="else", description="the steps if no case holds")

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The name of each case, else its place among all, from 1."""
        return _names(self.switch)


class Arm(Model):
    """One part of a split."""

    share: int = Field(ge=0, le=100, description="percent of the prospects, a whole number")
    steps: Steps = Field((), description="the steps of this part; none for a holdout")


def _whole(arms: dict[str, Arm]) -> dict[str, Arm]:
    total = sum(arm.share for arm in arms.values())
    if total != 100:
        raise PydanticCustomError("shares", "the shares add up to {total} percent, not to a hundred", {"total": total})
    return arms


class Split(Staying):
    """Part the prospects by chance: the same prospect always goes the same way at the same step."""

    split: Annotated[dict[Ident, Arm], Field(min_length=1), AfterValidator(_whole)] = Field(
        description="each part's name, its share and its steps; the shares add up to 100"
    )


class GoTo(Staying):
    """Go on at a step further ahead; never back, ``repeat`` does that."""

    go_to: Ident = Field(description="the id of a step that comes later")
