"""Of whom a condition is asked, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, FromClause, and_, true

from engage.clock import EPOCH
from engage.language.conditions import NumberTests
from engage.plan.models import House

Truth = ColumnElement[bool]
#: A test of a prospect's key.
Near = Callable[[ColumnElement[int]], Truth]

#: How each operator compares a value with constants.
COMPARE: Mapping[str, Callable[[ColumnElement[Any], object], Truth]] = {
    "eq": lambda column, value: column == value,
    "ne": lambda column, value: column != value,
    "gt": lambda column, value: column > value,
    "gte": lambda column, value: column >= value,
    "lt": lambda column, value: column < value,
    "lte": lambda column, value: column <= value,
}


@dataclass(frozen=True, slots=True)
class Now:
    """The moment a condition is asked at, and the house's rules that it depends on."""

    at: datetime
    zone: ZoneInfo
    locale: str = "en"
    require_consent: bool = False

    @classmethod
    def of(cls, house: House, at: datetime) -> Now:
        """Return a moment under a house's rules."""
        return cls(at, house.hours.zone, house.locale, house.require_consent)

    @property
    def always(self) -> Now:
        """The house's rules at no particular moment: what a standing statement is built from."""
        return replace(self, at=EPOCH)


@dataclass(frozen=True, slots=True)
class Who:
    """The prospect a condition is asked of: the tables that the statement has joined.

    ``near`` tells, of a prospect's key, whether it is one of a chunk's (see ``standing.near``). Where neither of the
    two tables is joined, ``key`` is the prospect's.
    """

    standing: FromClause
    prospect: FromClause
    near: Near | None = None
    key: ColumnElement[int] | None = None

    @property
    def id(self) -> ColumnElement[int]:
        """The prospect's key."""
        return self.standing.c.prospect_id if self.key is None else self.key

    def owns(self, prospect_id: ColumnElement[int]) -> Truth:
        """Return whether a row of this key is the prospect's."""
        mine = prospect_id == self.id
        return mine if self.near is None else and_(mine, self.near(prospect_id))


def numbers(column: ColumnElement[Any], tests: NumberTests) -> Truth:
    """Return whether a number passes all tests."""
    return and_(true(), *(COMPARE[operator](column, value) for operator, value in tests))
