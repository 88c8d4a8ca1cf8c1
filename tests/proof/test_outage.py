"""One late tick after an outage and many on time: the same ways out of the triggers at which somebody waited.

SPEC section 7 promises this of a trigger already waiting, unless goal, exit or hold took the run first. Nothing is
promised of what follows, for a late step is timed from the moment it really ran.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.proof.audit import emptied, problems
from tests.proof.scenarios import COMPANY, trigger_scenarios
from tests.proof.test_properties import profile
from tests.support.moments import START
from tests.support.world import World

OUTAGE = 96
HOURS = st.integers(0, OUTAGE)
#: The outage begins on a working day within business hours, when everybody has come to the trigger.
BEGIN = START + timedelta(hours=10)
#: The trigger at which all wait, also in the first round of a loop.
WAITED = ("s2", "s2#1")
KEYS = ("journey", "other")
PEOPLE = ("a", "b", "c", "d")
#: Goal, exit (also another scenario's ``leave``) or hold took the run first.
TAKEN = frozenset(("goal", "left", "held"))
HAPPENINGS = (
    ("form_submitted", "demo"),
    ("page_viewed", "/pricing/jp"),
    ("page_viewed", "/"),
    ("email_opened", "s1"),
    ("members", ""),
    ("won", ""),
    ("pause", ""),
)


class Event(NamedTuple):
    """What happens in the outage."""

    hour: int
    number: int
    kind: str
    target: str


@st.composite
def events_of_an_outage(draw: st.DrawFn) -> list[Event]:
    """Return what happens, in its order."""
    one = st.tuples(HOURS, st.integers(0, 3), st.sampled_from(HAPPENINGS))
    return sorted(Event(hour, number, *what) for hour, number, what in draw(st.lists(one, max_size=10)))


def paused(world: World) -> bool:
    """Tell whether the scenario is paused."""
    return (world.KEY, "paused") in world.rows("scenarios", "key", "state")


def happen(world: World, event: Event, sent: int) -> None:
    """Let something happen; what can come and go does so in turns."""
    who, now = PEOPLE[event.number], BEGIN + timedelta(hours=event.hour)
    match event.kind:
        case "members":
            change = world.remove_from_list if "members" in world.lists(who) else world.add_to_list
            change(who, "members", now)
        case "won" if "won" in world.tags(who):
            pass
        case "won":
            world.add_tag(who, "won", now)
        case "pause":
            (world.resume if paused(world) else world.pause)(now)
        case "email_opened" if event.hour < sent:
            pass
        case _:
            world.activity(who, event.kind, event.target, at=now)


def first_ways_out(
    engine: Engine, scenario: str, other: str, events: list[Event], sent: int, ticks: list[int]
) -> dict[tuple[str, str], str | None]:
    """Return by which way each of those left its scenario's trigger who waited there when the outage began.

    Who is still there is told by the run's state. A pause that lasts ends with the outage.
    """
    world = World(emptied(engine), scenario, scenarios={"other": other}, engage=COMPANY)
    world.tick(START)
    for who in PEOPLE:
        world.add(who, at=BEGIN)
        world.activity(who, "form_submitted", "demo", at=BEGIN)
    world.tick(BEGIN)
    waiting = [(key, who) for key in KEYS for who, step in world.inside(key=key).items() if step in WAITED]
    moments = [(sent, 0, -1), *((event.hour, 1, n) for n, event in enumerate(events)), *((h, 2, -1) for h in ticks)]
    for hour, kind, n in sorted(moments):
        if kind == 2:
            if hour == OUTAGE and paused(world):
                world.resume(BEGIN + timedelta(hours=hour))
            world.tick(BEGIN + timedelta(hours=hour))
        elif kind == 0:
            world.deliver(BEGIN + timedelta(hours=hour), step="s1")
        else:
            happen(world, events[n], sent)
    assert problems(engine) == []
    passed: dict[tuple[str, str], str] = {}
    for key, visit in ((name, visit) for name in KEYS for visit in world.visits(key=name)):
        if visit.step in WAITED:
            passed.setdefault((key, visit.who), visit.outcome)
    return {(key, who): passed.get((key, who), world.state(who, key=key)) for key, who in waiting}


def test_one_tick_after_an_outage_gives_the_ways_out_of_many_on_time(quick_sqlite: Engine) -> None:
    """SPEC section 7: the same events lead to the same way out of every trigger already waiting."""

    @profile(25, 1)
    @given(trigger_scenarios("other"), trigger_scenarios("journey"), events_of_an_outage(), HOURS)
    def same(scenario: str, other: str, events: list[Event], sent: int) -> None:
        often = first_ways_out(quick_sqlite, scenario, other, events, sent, [*range(0, OUTAGE, 8), OUTAGE])
        once = first_ways_out(quick_sqlite, scenario, other, events, sent, [OUTAGE])
        assert often.keys() == once.keys()
        for run, way in often.items():
            assert {way, once[run]} & TAKEN or once[run] == way, run

    same()
