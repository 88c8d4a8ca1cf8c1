"""What static analysis calls certain, held against the engine: random scenarios, run by random prospects.

A way said never to be taken is taken by nobody, whatever changes meanwhile. ``ENGAGE_HYPOTHESIS=thorough`` looks
much longer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import assume, example, given
from hypothesis import strategies as st
from sqlalchemy import Engine

from engage.graph.build import build
from engage.graph.intervals import certain
from engage.problem import Problem
from tests.proof.audit import emptied
from tests.proof.test_properties import profile
from tests.support.files import files_of, workspace_of
from tests.support.moments import START
from tests.support.world import World

SEATS = (None, 0, 1, 2, 3, 4, 5, 6)
TOUCHES = ("{adjust_score: +2}", "{set_field: {seats: 3}}", "{set_field: {renewal_date: 2026-12-02}}", "{add_tag: x}")
PASSES = ("{wait: 1 day}", "{wait: {until: 2020-01-01T00:00}}", "{trigger: {page_viewed: /a}, within: 1 day}")
KINDS = ("rule", "rule", "dated", "switch", "repeat", "pass", "touch", "day")
#: What each finding says of a step: the outcomes that nobody has.
NEVER = {
    "{step} can never hold: {why}": "yes",
    "{step} always holds: {why}": "no",
    "{step} is never yes: what it waits for meets {what}, which is asked before it": "yes",
    "nobody gets past {step}: {why}": "completed",
}
NOBODY = "nobody can enter: {why}"


def number(name: str) -> st.SearchStrategy[str]:
    """Return comparisons of a number."""
    one = st.tuples(st.sampled_from(["gt", "gte", "lt", "lte", "eq", "ne"]), st.integers(0, 6))
    tests = st.lists(one, min_size=1, max_size=2, unique_by=lambda test: test[0])
    return tests.map(lambda found: f"{{{name}: {{{', '.join(f'{word}: {bound}' for word, bound in found)}}}}}")


def dates() -> st.SearchStrategy[str]:
    """Return conditions on one date."""
    windows = st.tuples(st.sampled_from(["within: ", "within: next ", "older_than: "]), st.integers(1, 4))
    return st.one_of(
        windows.map(lambda window: f"{{renewal_date: {{{window[0]}{window[1]} days}}}}"),
        st.integers(-3, 3).map(lambda day: f"{{renewal_date: {{before: {(START + timedelta(day)).date()}}}}}"),
        st.just("{renewal_date: {exists: false}}"),
    )


def conditions() -> st.SearchStrategy[str]:
    """Return conditions on the score, one number, one date and one choice, nested a little."""
    plain = st.one_of(
        number("seats"),
        number("score"),
        dates(),
        st.just("{seats: {exists: false}}"),
        st.sampled_from(["{product_interest: crm}", "{product_interest: {not_in: [CRM, ma]}}"]),
        st.just("{activity: {type: page_viewed}}"),
    )
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            inner.map(lambda part: f"{{not: {part}}}"),
            st.tuples(st.sampled_from(["any", "all"]), inner, inner).map(lambda p: f"{{{p[0]}: [{p[1]}, {p[2]}]}}"),
        ),
        max_leaves=3,
    )


@dataclass
class Writer:
    """Writes random steps; each has an id."""

    draw: st.DrawFn
    count: int = 0

    def steps(self, depth: int, most: int = 3) -> str:
        """Return a list of steps."""
        return f"[{', '.join(self.step(depth) for _ in range(self.draw(st.integers(1, most))))}]"

    def step(self, depth: int) -> str:
        """Return one step."""
        self.count += 1
        name = f"id: s{self.count}"
        kind = self.draw(st.sampled_from(KINDS[3:] if depth == 0 else KINDS))
        if kind == "touch" or (depth == 0 and kind in ("switch", "repeat")):
            return f"{{{name}, {self.draw(st.sampled_from(TOUCHES))[1:]}"
        if kind == "pass" and self.draw(st.booleans()):
            return f"{{{name}, trigger: {{page_viewed: /a}}, within: 1 day, yes: [{{add_tag: x}}]}}"
        if kind == "pass":
            return f"{{{name}, {self.draw(st.sampled_from(PASSES))[1:]}"
        if kind in ("day", "dated"):
            ends = f"on_past: {self.draw(st.sampled_from(['go_on', 'leave']))}"
            ends += f", on_missing: {self.draw(st.sampled_from(['go_on', 'leave']))}"
            wait = f"{{{name}, wait: {{field: renewal_date, offset: {self.draw(st.integers(-3, 3))} days, {ends}}}}}"
            return f"{{id: d{self.count}, rule: {self.draw(dates())}, yes: [{wait}]}}" if kind == "dated" else wait
        if kind == "rule":
            ways = f"yes: {self.steps(depth - 1, 2)}, no: {self.steps(depth - 1, 2)}"
            return f"{{{name}, rule: {self.draw(conditions())}, {ways}}}"
        if kind == "switch":
            cases = (f"{{case: {self.draw(conditions())}, steps: {self.steps(depth - 1, 1)}}}" for _ in range(2))
            return f"{{{name}, switch: [{', '.join(cases)}]}}"
        every = self.draw(st.sampled_from(["", "every: 1 day, "]))
        until = self.draw(st.one_of(st.just(""), conditions().map(lambda asked: f"until: {asked}, ")))
        return f"{{{name}, repeat: {{times: 2, {every}{until}steps: {self.steps(depth - 1, 2)}}}}}"


@st.composite
def scenarios(draw: st.DrawFn) -> str:
    """Return scenarios of rules, with what keeps one inside and what does not."""
    writer = Writer(draw)
    audience = f"where: {draw(conditions())}, " if draw(st.booleans()) else ""
    audience += draw(st.sampled_from(["", "unmatched: exit, ", "unmatched: continue, "]))
    asked = st.one_of(conditions(), dates(), st.just("{activity: {type: page_viewed}}"))
    ends = "".join(f"{word}: {draw(asked)}\n" for word in ("goal", "exit") if draw(st.integers(0, 2)) == 0)
    steps = "".join(f"  - {writer.step(2)}\n" for _ in range(draw(st.integers(1, 3))))
    return f"audience: {{{audience}lists: [members]}}\nschedule: {{from: 2026-12-01}}\n{ends}steps:\n{steps}"


OTHERS = st.one_of(st.just("{add_tag: x}"), st.sampled_from(TOUCHES))
CHANGES = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 3), st.sampled_from(["seats", "renewal_date", "score", "page"])),
    max_size=6,
)


#: Lives in which waits come to nothing, or nearly.
LIVES = tuple(
    (f"{head}\nschedule: {{from: 2026-12-01}}\nsteps:\n  - {{id: s1, {step}}}\n  - {{add_tag: y}}\n", other, changes)
    for head, step, other, changes in (
        (
            "exit: {activity: {type: page_viewed}}",
            "trigger: {page_viewed: /a}, within: 3 days, yes: [{add_tag: x}]",
            "{add_tag: x}",
            [(1, 1, "page"), (2, 1, "page"), (3, 1, "page")],
        ),
        (
            "audience: {lists: [members], where: {renewal_date: {within: next 3 days}}, unmatched: exit}",
            "wait: {field: renewal_date, offset: 1 day, on_missing: leave}",
            "{add_tag: x}",
            [(1, 0, "renewal_date"), (6, 3, "renewal_date"), (7, 1, "renewal_date")],
        ),
        (
            "exit: {renewal_date: {older_than: 1 days}}",
            "wait: {field: renewal_date, offset: 2 days, on_past: leave}",
            "{set_field: {renewal_date: 2026-12-02}}",
            [(1, 0, "renewal_date"), (6, 0, "renewal_date")],
        ),
    )
)


def lived(engine: Engine, scenario: str, other: str, changes: list[tuple[int, int, str]]) -> World:
    """Return a world in which twelve prospects have lived through a scenario for some days, and much changed."""
    second = f"priority: 90\nsteps: [{{wait: 1 day}}, {other}]\n"
    world = World(emptied(engine), scenario, scenarios={"other": second})
    for place in range(12):
        renewal = START.date() + timedelta(place - 5) if place % 4 else None
        world.add(
            str(place),
            score=place * 7 % 8,
            seats=SEATS[place * 5 % 8],
            renewal_date=renewal,
            product_interest=("crm", "ma", None)[place % 3],
        )
    for day in (0, 1, 2, 4):
        for who, amount, what in changes[day : day + 2]:
            changed(world, str(who), START + timedelta(day), what, amount)
        world.tick(START + timedelta(day))
    return world


def changed(world: World, who: str, now: object, what: str, amount: int) -> None:
    """Let something happen to somebody."""
    assert isinstance(now, type(START))
    if what == "score":
        world.adjust(who, amount - 1, at=now)
    elif what == "page":
        world.activity(who, "page_viewed", "/a", at=now)
    else:
        world.set(who, at=now, **{what: amount if what == "seats" else now.date() + timedelta(amount - 1)})


def untrue(world: World, finding: Problem) -> list[str]:
    """Return who took a way that nobody can take."""
    values = dict(finding.message.values)
    if finding.message.template == NOBODY:
        return [visit.who for visit in world.visits()]
    step, outcome = str(values.get("step")), NEVER[finding.message.template]
    if step.endswith(".until"):
        step = step.removesuffix(".until")
    if "." in step:
        step, _, case = step.partition(".")
        outcome = case if outcome == "yes" else "else"
    return [v.who for v in world.visits() if (v.step.partition("#")[0], v.outcome) == (step, outcome)]


def test_what_is_certain_never_happens_otherwise(quick_sqlite: Engine) -> None:
    told: Counter[str] = Counter()

    @profile(9, 1)
    @given(scenarios(), OTHERS, CHANGES)
    @example(*LIVES[0])
    @example(*LIVES[1])
    @example(*LIVES[2])
    def same(scenario: str, other: str, changes: list[tuple[int, int, str]]) -> None:
        workspace = workspace_of(files_of({World.KEY: scenario, "other": f"steps: [{other}]\n"}, {}))
        findings = list(certain(build(workspace.scenarios[World.KEY]), workspace))
        assume(findings)
        world = lived(quick_sqlite, scenario, other, changes)
        for finding in findings:
            told[finding.message.template] += 1
            if finding.message.template in (*NEVER, NOBODY):
                assert untrue(world, finding) == [], str(finding)

    same()
    assert all(told[text] for text in NEVER), told
