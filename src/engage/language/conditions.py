"""What a condition means: typed, folded, nothing left to look up. Frozen values, the standard library alone.

``Criteria`` are the words in a file; a ``Condition`` is their meaning, from which SQL is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engage.language.fields import FieldType

#: Operators after reading. ``span`` ones count microseconds, ``days`` ones calendar days of the workspace.
Operator = Literal[
    "eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "contains", "starts_with", "ends_with", "matches",
    "exists", "within_days", "within_span", "next_days", "next_span", "older_than_days", "older_than_span",
]  # fmt: skip
NumberOperator = Literal["eq", "ne", "gt", "gte", "lt", "lte"]
Value = str | int | float | bool
#: Comparisons of a number that must all hold.
NumberTests = tuple[tuple[NumberOperator, int | float], ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """All parts hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class FieldIs:
    """A field compared: text values are folded, dates ISO text, datetimes microseconds."""

    field: str
    type: FieldType
    custom: bool
    operator: Operator
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class ScoreIs:
    """The score, or one category's part of it, compared."""

    category: str | None
    tests: NumberTests


@dataclass(frozen=True, slots=True)
class GradeIs:
    """The grade compared by its place in the order of grades; ``exists`` has the value 0 or 1."""

    operator: Operator
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OnList:
    """On one of these static lists."""

    lists: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """Has one of these tags (folded)."""

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnedBy:
    """The owner is one of these addressees; none named: whether there is one."""

    addressees: tuple[str, ...]
    exists: bool = True


@dataclass(frozen=True, slots=True)
class Mailable:
    """Marketing mail may go to the prospect, or may not."""

    value: bool


@dataclass(frozen=True, slots=True)
class InCampaign:
    """A member of a campaign, with one of these statuses if any are named."""

    campaign: str
    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HasOpportunity:
    """Some opportunity matches all of this; stages are folded."""

    statuses: tuple[str, ...]
    stages: tuple[str, ...]
    amount: NumberTests


@dataclass(frozen=True, slots=True)
class Did:
    """Activities of a type, at a target (a folded glob), in the last ``days`` or ``span``, counted."""

    type: str
    target: str | None
    count: NumberTests
    days: int | None = None
    span: int | None = None


@dataclass(frozen=True, slots=True)
class HasTodo:
    """Has a ToDo of a status (``open`` = not completed), made by a scenario."""

    status: str | None
    scenario: str | None


@dataclass(frozen=True, slots=True)
class InScenario:
    """Some run of a scenario has this state; ``ever`` is any."""

    scenario: str
    state: Literal["active", "held", "completed", "goal", "left", "ever"]


@dataclass(frozen=True, slots=True)
class Emailed:
    """Marketing messages queued or sent, counted."""

    count: NumberTests
    days: int | None = None
    span: int | None = None


Condition = (
    AllOf | AnyOf | Not | FieldIs | ScoreIs | GradeIs | OnList | Tagged | OwnedBy | Mailable | InCampaign
    | HasOpportunity | Did | HasTodo | InScenario | Emailed
)  # fmt: skip

#: Always true.
ALWAYS = AllOf(())


def leaves(condition: Condition) -> tuple[Condition, ...]:
    """Return the comparisons of a condition, without the words that join them."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return tuple(leaf for part in parts for leaf in leaves(part))
        case Not(part):
            return leaves(part)
        case _:
            return (condition,)


def changes_by_time(condition: Condition) -> bool:
    """Tell whether the truth of a condition can change by time alone, at a local midnight."""
    return any(
        (isinstance(leaf, FieldIs) and leaf.operator.endswith(("_days", "_span")))
        or (isinstance(leaf, Did | Emailed) and (leaf.days is not None or leaf.span is not None))
        for leaf in leaves(condition)
    )


def facets(condition: Condition) -> frozenset[str]:
    """Return what of a prospect a condition reads: ``score``, ``tag``, ``list`` and so on."""
    found = frozenset(_facet(leaf) for leaf in leaves(condition))
    # Where consent is required, consent_at decides whether one is mailable.
    return found | {"field"} if "mailable" in found else found


def _facet(leaf: Condition) -> str:
    match leaf:
        case FieldIs(field="last_activity_at") | Did():
            return "activity"
        case FieldIs(field="opted_out" | "do_not_email") | Mailable():
            return "mailable"
        case FieldIs():
            return "field"
        case ScoreIs():
            return "score"
        case GradeIs():
            return "grade"
        case OnList():
            return "list"
        case Tagged():
            return "tag"
        case OwnedBy():
            return "owner"
        case InCampaign():
            return "campaign"
        case HasOpportunity():
            return "opportunity"
        case HasTodo():
            return "todo"
        case InScenario():
            return "scenario"
        case Emailed():
            return "emailed"
        case AllOf() | AnyOf() | Not():
            raise AssertionError("a leaf joins nothing")
