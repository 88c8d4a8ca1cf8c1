"""A condition in words again, as one would write it in a file; read back, it means the same."""

from __future__ import annotations

from collections.abc import Sequence

from engage.clock import moment
from engage.language.conditions import (
    AllOf,
    AnyOf,
    Condition,
    Did,
    Emailed,
    FieldIs,
    GradeIs,
    HasOpportunity,
    HasTodo,
    InCampaign,
    InScenario,
    Mailable,
    Not,
    OnList,
    OwnedBy,
    ScoreIs,
    Tagged,
    Value,
)
from engage.language.fields import GRADES

_UNITS = (("week", 604_800_000_000), ("day", 86_400_000_000), ("hour", 3_600_000_000), ("minute", 60_000_000))


def worded(condition: Condition) -> str:
    """Return a condition as YAML on one line; texts stand folded, as they are compared.

    >>> worded(AllOf((ScoreIs(None, (("gte", 100),)), Not(Tagged(("vip",))))))
    '{all: [{score: {gte: 100}}, {not: {tag: vip}}]}'
    """
    match condition:
        case AllOf(parts) | AnyOf(parts):
            name = "all" if isinstance(condition, AllOf) else "any"
            return f"{{{name}: [{', '.join(_braced(part) for part in parts)}]}}"
        case Not(part):
            return f"{{not: {_braced(part)}}}"
        case _:
            return leaf(condition)


def _braced(condition: Condition) -> str:
    text = worded(condition)
    return text if text.startswith("{") else f"{{{text}}}"


def leaf(condition: Condition) -> str:
    """Return a condition that joins nothing, as a key and its value."""
    match condition:
        case FieldIs():
            return _field(condition)
        case ScoreIs(category, tests):
            return f"score: {_map(category=category, **dict(tests))}"
        case GradeIs(operator, values):
            if operator == "exists":
                return f"grade: {{exists: {_plain(bool(values[0]))}}}"
            grades = [GRADES[value] for value in values]
            return f"grade: {_list(grades)}" if operator == "in" else f"grade: {{{operator}: {grades[0]}}}"
        case OnList(lists):
            return f"list: {_list(lists)}"
        case Tagged(tags):
            return f"tag: {_list(tags)}"
        case OwnedBy(addressees, there):
            return f"owner: {_list(addressees)}" if addressees else f"owner: {{exists: {_plain(there)}}}"
        case Mailable(value):
            return f"mailable: {_plain(value)}"
        case _:
            return _has(condition)


def _has(condition: Condition) -> str:
    match condition:
        case InCampaign(campaign, statuses):
            return f"campaign: {_map(id=campaign, status=statuses or None)}"
        case HasOpportunity(statuses, stages, amount):
            amounts = _map(**dict(amount)) if amount else None
            return f"opportunity: {_map(status=statuses or None, stage=stages or None, raw_amount=amounts)}"
        case Did():
            count = None if condition.count == (("gte", 1),) else _map(**dict(condition.count))
            within = _window(condition.days, condition.span)
            return f"activity: {_map(type=condition.type, target=condition.target, raw_count=count, within=within)}"
        case HasTodo(status, scenario):
            return f"todo: {_map(status=status, scenario=scenario)}"
        case InScenario(scenario, state):
            return f"scenario: {_map(id=scenario, state=state)}"
        case Emailed(count, days, span):
            return f"emailed: {_map(raw_count=_map(**dict(count)), within=_window(days, span))}"
        case _:
            raise AssertionError(condition)


def _field(field: FieldIs) -> str:
    """Return a comparison of a field."""
    window, _, unit = field.operator.rpartition("_")
    if unit in ("days", "span"):
        amount = int(field.values[0])
        length = _days(amount) if unit == "days" else _span(amount)
        operator = "within" if window == "next" else window
        return f"{field.field}: {{{operator}: {'next ' if window == 'next' else ''}{length}}}"
    values = [_shown(field, value) for value in field.values]
    match field.operator:
        case "eq":
            return f"{field.field}: {_plain(values[0])}"
        case "in" | "not_in":
            several = f"[{', '.join(map(_plain, values))}]"
            return f"{field.field}: {several}" if field.operator == "in" else f"{field.field}: {{not_in: {several}}}"
        case operator:
            return f"{field.field}: {{{operator}: {_plain(values[0])}}}"


def _shown(field: FieldIs, value: Value) -> Value:
    """Return a moment as it is written."""
    if field.type == "datetime" and field.operator != "exists" and isinstance(value, int):
        return moment(value).isoformat()
    return bool(value) if field.operator == "exists" or field.type == "boolean" else value


def _window(days: int | None, span: int | None) -> str | None:
    return _days(days) if days is not None else _span(span) if span is not None else None


def _days(days: int) -> str:
    return f"{days} {'day' if days == 1 else 'days'}"


def _span(microseconds: int) -> str:
    """Return a length of time in the largest units that fit.

    >>> _span(90 * 60_000_000)
    '1 hour 30 minutes'
    """
    parts, rest = [], microseconds
    for unit, size in _UNITS[1:]:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return " ".join(parts) or "0 minutes"


def _map(**values: Value | Sequence[str] | None) -> str:
    """Return a mapping on one line, without what is None; what is ``raw_`` is YAML already."""
    parts = []
    for name, value in values.items():
        if value is None:
            continue
        text = str(value) if name.startswith("raw_") else _list(value) if isinstance(value, tuple) else _plain(value)  # type: ignore[arg-type]
        parts.append(f"{name.removeprefix('raw_')}: {text}")
    return f"{{{', '.join(parts)}}}"


def _list(values: Sequence[str]) -> str:
    """Return one text, or several in brackets."""
    return _plain(values[0]) if len(values) == 1 else f"[{', '.join(map(_plain, values))}]"


def _plain(value: Value) -> str:
    """Return a scalar; a text is quoted where YAML would read it otherwise."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return f"{value:g}" if isinstance(value, float) and value == int(value) else str(value)
    simple = value.replace("-", "").replace("_", "").replace(" ", "").replace("/", "")
    if simple.isalnum() and not value[0].isdigit() and value.lower() not in ("true", "false", "null", "yes", "no"):
        return value
    return "'" + value.replace("'", "''") + "'"
