"""Events that end or hold the run themselves, so that no trigger inside hears of them.

Goal, exit and suppression are asked as soon as an event is learnt of, before any trigger.
"""

from __future__ import annotations

from engage.graph.inside import Inside
from engage.language.conditions import AllOf, AnyOf, Condition, Did, Not
from engage.language.events import MAIL_EVENTS
from engage.language.fields import fold
from engage.language.steps import Occurrence


def forestalls(known: Inside, occurrence: Occurrence) -> str | None:
    """Return which of goal, exit and suppression an event meets whenever it happens, or None."""
    return next((name for name, _, condition, _ in known.ends if _sure(condition, occurrence, True)), None)


def _sure(condition: Condition, occurrence: Occurrence, holds: bool) -> bool:
    """Tell whether a condition certainly holds, or certainly does not, once an event has happened."""
    match condition:
        case Not(part):
            return _sure(part, occurrence, not holds)
        case AllOf(parts):
            return (all if holds else any)(_sure(part, occurrence, holds) for part in parts)
        case AnyOf(parts):
            return (any if holds else all)(_sure(part, occurrence, holds) for part in parts)
        case Did():
            return holds and _counts(condition, occurrence)
        case _:
            return False


def _counts(did: Did, occurrence: Occurrence) -> bool:
    """Tell whether a condition counts every such event, and one is enough for ever."""
    if did.type != occurrence.event or did.days is not None or did.span is not None:
        return False
    if not all(_from_one_on(operator, value) for operator, value in did.count):
        return False
    if did.target is None:
        return did.type != "email_opened"  # a click is an opening to a trigger, not to a condition
    if did.type in MAIL_EVENTS:
        return False  # a trigger names the e-mail's step, a condition its template
    target = occurrence.target
    names = target if isinstance(target, tuple) else (target,)
    return all(isinstance(name, str) and _covers(did.target, fold(name)) for name in names)


def _from_one_on(operator: str, value: int | float) -> bool:
    """Tell whether a comparison holds for one and for every greater number."""
    return (operator == "gte" and value <= 1) or (operator == "gt" and value < 1) or (operator == "ne" and value <= 0)


def _covers(glob: str, name: str) -> bool:
    """Tell whether a glob means all that a name means, which may be a glob itself.

    >>> _covers("/pricing*", "/pricing/jp"), _covers("/pricing*", "any")
    (True, False)
    """
    if name == glob:
        return name != "any"
    head, star, tail = glob.partition("*")
    if not star or "*" in tail or name == "any":
        return False
    fixed_head, fixed_tail = name.partition("*")[0], name.rpartition("*")[2]
    return (
        fixed_head.startswith(head)
        and fixed_tail.endswith(tail)
        and len(name.replace("*", "")) >= len(head) + len(tail)
    )
