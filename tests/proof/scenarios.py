"""Random small scenarios, in the words of the language, that are free of mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import yaml
from hypothesis import strategies as st

Node = dict[str, object]

TAGS = ("hot", "warm", "cold")
LENGTHS = ("30 minutes", "1 day", "3 days", "2 business days")
SCORING = """
rules:
  - {activity: page_viewed, points: 1}
  - {activity: page_viewed, target: "/pricing*", points: 10, category: product, limit: 1 per day}
  - {activity: form_submitted, points: 50, expires_after: 5 days}
  - {activity: email_opened, points: 2, limit: 1 per target}
inactivity: {every: 7 days, points: -10, floor: 0}
"""
GRADING = """
profiles:
  default:
    - {name: Industry, match: {industry: Software}, worth: 1}
    - {name: Hot, match: {tag: hot}, worth: 2/3, mismatch: 0}
"""
CONDITIONS: tuple[Node, ...] = (
    {"tag": "hot"},
    {"score": {"gte": 10}},
    {"score": {"category": "product", "gte": 10}},
    {"list": "vip"},
    {"industry": "Software"},
    {"grade": {"gte": "C"}},
    {"owner": {"exists": True}},
    {"not": {"tag": "cold"}},
    {"any": [{"tag": "warm"}, {"activity": {"type": "page_viewed", "count": {"gte": 2}, "within": "3 days"}}]},
)
ACTIONS: tuple[Node, ...] = (
    {"add_tag": "hot"},
    {"add_tag": ["warm", "cold"]},
    {"remove_tag": "hot"},
    {"adjust_score": "+10"},
    {"adjust_score": {"by": -5, "category": "product"}},
    {"adjust_score": {"to": 0}},
    {"add_to_list": "vip"},
    {"remove_from_list": "vip"},
    {"set_field": {"industry": "Software"}},
    {"set_field": {"industry": None}},
    {"assign": "group:east"},
    {"assign": {"to": "user:sato", "reassign": True}},
    {"create_todo": {"subject": "Call {{ prospect.email }}", "to": "owner", "due": "2 business days"}},
    {"notify": {"to": "owner", "subject": "{{ prospect.email }}", "text": "{{ owner.name | default('nobody') }}"}},
    {"add_to_campaign": {"campaign": "launch", "status": "invited"}},
    {"opt_out": True},
)
EVENTS: tuple[Node, ...] = ({"form_submitted": "demo"}, {"page_viewed": "/pricing*"}, {"page_viewed": "any"})
HEADS: tuple[Node, ...] = (
    {},
    {"unmatched": "exit"},
    {"unmatched": "continue"},
    {"suppress": {"lists": ["blocked"]}},
    {"where": {"not": {"tag": "cold"}}},
    {"suppress": {"where": {"tag": "warm"}}, "unmatched": "continue"},
)
ENDINGS: tuple[Node, ...] = ({}, {}, {"goal": {"tag": "won"}}, {"exit": {"tag": "lost"}}, {"backfill": False})


#: How one may come in otherwise, and again.
ENTRIES: tuple[Node, ...] = (
    {},
    {},
    {"reentry": {"after": "2 days", "max": 3}},
    {"reentry": "always"},
    {"on": {"form_submitted": "demo"}, "reentry": "always"},
    {"on": {"page_viewed": "/pricing*"}, "reentry": {"after": "1 day"}},
)
WAITS: tuple[object, ...] = (
    {"until": "next friday 09:00"},
    {"until": "10:30"},
    {"until": "2026-12-04T09:00", "on_past": "leave"},
    {"field": "renewal_date", "offset": "-2 days", "at": "08:00", "on_missing": "go_on"},
    {"field": "renewal_date", "yearly": True},
)
UNTILS: tuple[Node, ...] = ({}, {"until": {"tag": "hot"}}, {"until": {"page_viewed": "/pricing*"}})
#: A company with a frequency cap, and a field whose day may be waited for.
COMPANY = """
name: Example
locale: en
timezone: UTC
hours: {days: [mon, tue, wed, thu, fri], between: "09:00-18:00"}
sender: {name: Example marketing, email: marketing@example.co.jp, address: "1-1 Chiyoda, Tokyo"}
limits: {emails_per_prospect: {count: 2, within: 2 days}}
fields: {renewal_date: {type: date}}
"""


@dataclass
class _Writer:
    """Writes steps with ids of their own, which every reference can name."""

    count: int = 0
    #: e-mail steps on the way so far
    mails: list[str] = field(default_factory=list)
    #: the other scenario, into which steps may reach
    other: str | None = None

    def id(self) -> str:
        self.count += 1
        return f"s{self.count}"


def _step(draw: st.DrawFn, writer: _Writer, depth: int) -> Node:
    words = ["action", "wait", "send_email", "beyond", "trigger", "rule", "switch", "split", "repeat"]
    word = draw(st.sampled_from(words if depth > 0 else words[: 4 if depth < 0 else 5]))
    step: Node = {"id": writer.id()}
    match word:
        case "action":
            step |= draw(st.sampled_from(ACTIONS))
        case "wait":
            return step | {"wait": draw(st.sampled_from((*LENGTHS, *WAITS)))}
        case "switch":
            step |= {"switch": _cases(draw, writer, depth), "else": _inner(draw, writer, depth)}
        case "split":
            step |= {"split": {"a": {"share": 60, "steps": _inner(draw, writer, depth)}, "b": {"share": 40}}}
        case "repeat":
            return step | {"repeat": _loop(draw, writer, depth)}
        case "beyond":
            beyond: list[Node] = [{"webhook": {"url": "https://example.com/hook", "payload": {"n": 1}}}]
            beyond += [{word: writer.other} for word in ("enrol", "leave") if writer.other]
            step |= draw(st.sampled_from(beyond))
        case "send_email":
            mail: Node = {"template": f"mail-{step['id']}"}
            if draw(st.integers(0, 4)) == 0:
                mail["on_date"] = draw(st.sampled_from(("2026-12-03T10:00", "2026-12-07T10:00")))
            step |= {"send_email": mail}
            writer.mails.append(str(step["id"]))
        case "rule":
            step |= {"rule": draw(st.sampled_from(CONDITIONS)), **_branches(draw, writer, depth)}
        case "trigger":
            events = [*EVENTS, *({"email_opened": mail} for mail in writer.mails)]
            chosen = draw(st.lists(st.sampled_from(events), min_size=1, max_size=2, unique_by=str))
            step |= {"trigger": chosen if len(chosen) > 1 else chosen[0]}
            step |= {draw(st.sampled_from(("within", "after"))): draw(st.sampled_from(LENGTHS))}
            if draw(st.integers(0, 1)):
                step["since"] = "step"
            return step | _branches(draw, writer, depth)
    if draw(st.integers(0, 4)) == 0:
        step["after"] = draw(st.sampled_from(LENGTHS))
    return step


def _inner(draw: st.DrawFn, writer: _Writer, depth: int) -> list[Node]:
    """Return the steps of one way among several: what is mailed there is not on the others."""
    known = list(writer.mails)
    found = steps(draw, writer, depth - 1, most=2)
    writer.mails[:] = known
    return found


def _cases(draw: st.DrawFn, writer: _Writer, depth: int) -> list[Node]:
    conditions = draw(st.lists(st.sampled_from(CONDITIONS), min_size=1, max_size=2, unique_by=str))
    return [{"case": one, "steps": _inner(draw, writer, depth)} for one in conditions]


def _loop(draw: st.DrawFn, writer: _Writer, depth: int) -> Node:
    loop: Node = {"times": draw(st.integers(2, 3)), **draw(st.sampled_from(UNTILS))}
    if draw(st.booleans()):
        loop["every"] = draw(st.sampled_from(LENGTHS))
    known = list(writer.mails)
    loop["steps"] = steps(draw, writer, min(depth - 1, 0), least=1, most=2)
    writer.mails[:] = known
    return loop


def _jump(draw: st.DrawFn, writer: _Writer, every: list[Node]) -> None:
    """Let one way of a step lead past those that follow it, if there is such a step."""
    for place, step in enumerate(every[:-2]):
        yes, no = step.get("yes"), step.get("no")
        if isinstance(yes, list) and isinstance(no, list) and not (yes and "end" in yes[-1]) and draw(st.booleans()):
            target = every[draw(st.integers(place + 2, len(every) - 1))]
            no.append({"id": writer.id(), "go_to": target["id"]})


def _branches(draw: st.DrawFn, writer: _Writer, depth: int) -> Node:
    known = list(writer.mails)
    yes = steps(draw, writer, depth - 1, most=2)
    ends = draw(st.booleans())
    if yes and ends:
        yes.append({"id": writer.id(), "end": True})
    writer.mails[:] = known
    no = steps(draw, writer, depth - 1, most=2)
    writer.mails[:] = known
    return {"yes": yes, "no": no}


def steps(draw: st.DrawFn, writer: _Writer, depth: int, *, least: int = 0, most: int = 4) -> list[Node]:
    """Return a sequence of steps."""
    return [_step(draw, writer, depth) for _ in range(draw(st.integers(least, most)))]


@st.composite
def scenarios(
    draw: st.DrawFn, heads: Sequence[Node] = HEADS, endings: Sequence[Node] = ENDINGS, other: str | None = None
) -> str:
    """Return a scenario for members of the list ``members``, as YAML; its steps may reach into another."""
    audience = {"lists": ["members"], **draw(st.sampled_from(heads))}
    root: Node = {"name": "Journey", "priority": draw(st.sampled_from((10, 50))), "audience": audience}
    root |= draw(st.sampled_from(endings))
    entry = dict(draw(st.sampled_from(ENTRIES)))
    if "on" in entry:
        audience["on"] = entry.pop("on")
    root |= entry
    if draw(st.integers(0, 2)) == 0:
        root["hours"] = "business"
    writer = _Writer(other=other)
    every = steps(draw, writer, 2, least=1)
    _jump(draw, writer, every)
    root["steps"] = every
    return yaml.safe_dump(root, sort_keys=False, allow_unicode=True)


#: How those who wait at the trigger when an outage begins have come in, and may go.
OUTAGE_HEADS: tuple[Node, ...] = (
    {},
    {},
    {"unmatched": "hold"},
    {"unmatched": "exit"},
    {"on": {"form_submitted": "demo"}},
)
OUTAGE_ENDINGS: tuple[Node, ...] = (
    {},
    {},
    {"goal": {"tag": "won"}},
    {"reentry": "always"},
    {"reentry": {"after": "1 day"}},
)


@st.composite
def trigger_scenarios(draw: st.DrawFn, other: str | None = None) -> str:
    """Return a scenario in which everybody who enters waits at the trigger ``s2``, after an e-mail."""
    events = draw(st.lists(st.sampled_from([*EVENTS, {"email_opened": "s1"}]), min_size=1, max_size=2, unique_by=str))
    word, length = draw(st.sampled_from(("within", "after"))), draw(st.sampled_from(LENGTHS))
    writer = _Writer(count=2, other=other)
    trigger: Node = {"id": "s2", "trigger": events, word: length, **_branches(draw, writer, 1)}
    if draw(st.booleans()):
        trigger["since"] = "step"
    audience = {"lists": ["members"], **draw(st.sampled_from(OUTAGE_HEADS))}
    root: Node = {"name": "Journey", "priority": draw(st.sampled_from((10, 50))), "audience": audience}
    root |= draw(st.sampled_from(OUTAGE_ENDINGS))
    if draw(st.booleans()):
        root["hours"] = "business"
    every: list[Node] = [{"id": "s1", "send_email": "mail-s1"}, *_around(draw, writer, trigger)]
    every += steps(draw, writer, 1)
    _jump(draw, writer, every)
    root["steps"] = every
    return yaml.safe_dump(root, sort_keys=False, allow_unicode=True)


def _around(draw: st.DrawFn, writer: _Writer, trigger: Node) -> list[Node]:
    """Return a trigger by itself, or in one of the words that hold steps, where everybody comes to it at once."""
    match draw(st.sampled_from(("none", "switch", "split", "repeat"))):
        case "switch":
            return [{"id": writer.id(), "switch": [{"case": {"tag": "hot"}, "steps": []}], "else": [trigger]}]
        case "split":
            return [{"id": writer.id(), "split": {"a": {"share": 60, "steps": [trigger]}, "b": {"share": 40}}}]
        case "repeat":
            loop: Node = {"times": draw(st.integers(1, 3)), **draw(st.sampled_from(UNTILS))}
            if draw(st.booleans()):
                loop["every"] = draw(st.sampled_from(LENGTHS))
            return [{"id": writer.id(), "repeat": {**loop, "steps": [trigger]}}]
        case _:
            return [trigger]
