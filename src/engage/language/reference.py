"""The reference of the language as Markdown, made from the models, so that it cannot drift."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import getdoc

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from engage.language.criteria import Comparison, Criteria
from engage.language.entries import entries
from engage.language.events import MAIL_EVENTS, SITE_EVENTS
from engage.language.examples import EXAMPLES
from engage.language.fields import GRADES, STANDARD
from engage.language.schema import KINDS
from engage.language.steps import STEPS, Staying
from engage.language.units import BUSINESS, UNITS
from engage.language.values import OPERATORS

_HEAD = """\
# The language

Every word of the files of a workspace: what it means, what it takes, what it is when it is left out.
This page is made from the program itself (`make docs`).
"""

_DURATIONS = """\
## Durations and moments

A duration is text: a whole number and a unit, or several of them: `3 days`, `1 day 2 hours`. A day is 24 hours.
A business day keeps the time of day and counts the days on which the company works (`hours` in `engage.yaml`).

| unit | length |
|---|---|
"""

_EXPRESSIONS = """\
## Expressions

The texts of `create_todo`, `notify` and `set_field` may hold `{{ prospect.FIELD }}`, `{{ owner.name }}` and
`{{ scenario.name }}`, each with the filters `default('text')` (printed when it is empty) and `date`. A value with
an expression needs quotes. Anything else between two braces is refused when the file is checked.
"""

_DOUBTS = """\
## What is certain beforehand

`engage validate` warns of steps whose course is known before anybody comes, and says from which steps. A warning stops
nothing.

- **A rule, a case or `until` can never hold, or always does**, given the score, grade, numbers, dates and choices that
  the rules above leave on every path, the audience, suppression, goal and exit.
- **A time outlasts the run**: `created_at` never changes, so with `exit: {created_at: {older_than: 30 days}}` a
  `within`, `wait`, `after` or `every` that ends later ends for nobody.
- **Nobody gets past a wait, or it never waits**: its field is empty or past by a rule just above; the field's day lies
  where the audience, goal or exit lets nobody be inside; its date lies before the schedule's first day and the waits
  above.
- **An e-mail goes to nobody**: its `on_date` lies before anybody can come, or outside the hours.
- **A trigger is never yes**: its event meets the goal, exit or suppression, which are asked first.
- **Nobody can enter**: audience, suppression, goal and exit exclude each other.

What a wait, a trigger, an e-mail or `after` may have given time to change is not known any more, nor is what a step of
another scenario sets. In a `repeat` only what is true of every round is told.
"""

_EACH_STEP = """\
## Steps

A step is a mapping with exactly one of the step keys below. Each may also have these (`wait` has no `after`, and
that of `trigger` is its own):

| key | takes | meaning |
|---|---|---|
"""

_CONDITIONS = """\
## Conditions

A mapping whose keys must all hold; of a list of mappings all must hold. A key that is none of these words is a
field of the prospect: `industry: Software`, `industry: [Software, Retail]`, `employees: {gte: 100}`. Text is
compared without regard to case and width. An empty field satisfies only `exists: false`, `ne`, `not_in` and `not`.
The numbers of `score`, `opportunity.amount`, `activity.count` and `emailed.count`, and the `grade`, are compared by
`eq`, `ne`, `gt`, `gte`, `lt` and `lte`.
"""


def reference() -> str:
    """Return the whole page."""
    parts = (_HEAD, _durations(), _files(), _criteria(), _steps(), _EXPRESSIONS, _events(), _fields(), _DOUBTS)
    return "\n".join(parts)


def _durations() -> str:
    rows = [f"| `{unit}s` | {length // UNITS['minute']} min |" for unit, length in UNITS.items()]
    rows.append(f"| `{BUSINESS}s` | counted by the calendar; cannot be mixed with other units |")
    moments = "A day is written `2026-12-01`, a moment `2026-12-01T09:00`, in the workspace's time zone.\n"
    return f"{_DURATIONS}{_joined(rows)}\n{moments}"


def _files() -> str:
    """Return a section for each kind of file."""
    parts = ["## Files\n", "`NAME` stands for a name of your own, `[]` for each entry of a list.\n"]
    titles = {"scenario": "scenarios/*.yaml", "front-matter": "templates/*.html, *.mjml"}
    for kind, model in KINDS.items():
        parts.append(f"### {titles.get(kind, f'{kind}.yaml')}\n\n{_about(model)}\n\n{_keys(kind)}")
    return "\n".join(parts)


def _about(model: type[BaseModel]) -> str:
    """Return what a model's docstring says, without the file's name."""
    text = (getdoc(model) or "").rpartition(".yaml: ")[2]
    return text[:1].upper() + text[1:]


def _keys(kind: str) -> str:
    rows = [f"| `{e.key}` | {e.type} | {e.default} | {e.meaning} |" for e in entries(KINDS[kind])]
    return "| key | takes | default | meaning |\n|---|---|---|---|\n" + _joined(rows)


def _criteria() -> str:
    """Return the words of a condition."""
    parts = [
        _CONDITIONS,
        "| word | takes | holds if the prospect |\n|---|---|---|",
        *(f"| `{e.key}` | {e.type} | {e.meaning} |" for e in entries(Criteria) if not _is_operator(e.key)),
        "\n### Operators\n",
        "| operator | takes | holds if the field | for fields of type |\n|---|---|---|---|",
        *(
            f"| `{e.key}` | {e.type} | {e.meaning} | {', '.join(_types(e.key))} |"
            for e in entries(Comparison)
            if "[]" not in e.key
        ),
        f"\nGrades, worst first: {', '.join(GRADES)}.\n",
    ]
    return "\n".join(parts)


def _is_operator(key: str) -> bool:
    """Tell an operator inside a word, such as ``score.gte``; they have a table of their own."""
    return "." in key and key.rpartition(".")[2] in OPERATORS["number"] and key != "owner.exists"


def _types(operator: str) -> Iterator[str]:
    yield from (kind for kind, operators in OPERATORS.items() if operator in operators)


def _steps() -> str:
    """Return a section for each step."""
    shared = [f"| `{e.key}` | {e.type} | {e.meaning} |" for e in entries(Staying)]
    parts = [f"{_EACH_STEP}{_joined(shared)}"]
    for key, model in STEPS.items():
        told = {name for name, field in Staying.model_fields.items() if _same(field, model.model_fields.get(name))}
        rows = [
            f"| `{e.key}` | {e.type} | {e.default} | {e.meaning} |"
            for e in entries(model, first=key)
            if e.key not in told
        ]
        table = "| key | takes | default | meaning |\n|---|---|---|---|\n" + _joined(rows)
        parts.append(f"### {key}\n\n{getdoc(model)}\n\n{table}\n```yaml\n{EXAMPLES[key]}\n```\n")
    return "\n".join(parts)


def _same(field: FieldInfo, other: FieldInfo | None) -> bool:
    """Tell whether a step's parameter is the one that all steps share."""
    return other is not None and field.description == other.description


def _events() -> str:
    """Return the events."""
    rows = [f"| `{name}` | {meaning} |" for name, meaning in (*SITE_EVENTS.items(), *MAIL_EVENTS.items())]
    return (
        "## Events\n\nAny name that begins with `x_` is an event of your own.\n\n"
        f"| event | happens when |\n|---|---|\n{_joined(rows)}"
    )


def _fields() -> str:
    """Return the standard fields."""
    rows = [f"| `{f.name}` | {f.type} | {'read-only' if f.read_only else ''} |" for f in STANDARD]
    return f"## Standard fields\n\n| field | type | |\n|---|---|---|\n{_joined(rows)}"


def _joined(rows: list[str]) -> str:
    return "".join(f"{row}\n" for row in rows)
