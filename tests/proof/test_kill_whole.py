"""R05: killed in a tick in which the flow's words, calls, entries and the frequency cap have something to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engage.clock import micros
from engage.sql.codes import CUT_SHORT
from tests.proof.history import History
from tests.proof.killing import THOROUGH, Reset, killed_everywhere, resetting, undisturbed
from tests.proof.whole import ACTIONS, MODULE, MOMENTS, begin, happen
from tests.support.installed import installed
from tests.support.moments import at

#: Steps of each word that somebody passes in that tick.
SOMEBODY = {
    "journey.loop#2", "journey.remind#1", "journey.heard#1", "journey.day", "journey.dated", "journey.hook",
    "journey.short", "journey.told", "journey.kinds", "journey.arms", "second.thank", "second.out", "second.tell",
}  # fmt: skip


def prepare(engine: Engine) -> None:
    """Make the world just before the tick that is to be killed."""
    world = begin(engine)
    world.tick(MOMENTS[0])
    world.deliver("11 hours")
    happen(world)


@pytest.fixture
def reset(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reset]:
    """Give what brings the prepared database back, again and again."""
    with installed(tmp_path, ACTIONS, MODULE), resetting(prepare, dialect, request) as found:
        yield found


def passed_at(told: History, moment: int) -> set[object]:
    """Return the steps that somebody left at a moment."""
    return {step for _, _, step, _, _, left_at in told["visits"] if left_at == moment}


def has_something_for_every_word(told: History) -> bool:
    """Tell whether the tick moved somebody by each word, ended a loop, began a second run and queued calls."""
    assert SOMEBODY - passed_at(told, micros(at(MOMENTS[1]))) == set()
    assert {row[4] for row in told["calls"]} == {"webhook", "action"}
    assert any(row[-1] == CUT_SHORT for row in told["reasons"])
    return any(isinstance(run, tuple) and run[2] == 2 for run, *_ in told["runs"])


def test_a_tick_of_all_words_killed_at_any_point_is_finished_by_the_next(reset: Reset, dialect: str) -> None:
    """Every few points are enough here: in the other scenario it is killed at each."""
    assert has_something_for_every_word(undisturbed(reset(), MOMENTS[1]))
    stride = 1 if THOROUGH else 4 if dialect == "sqlite" else 9
    assert "step.before_commit" in killed_everywhere(reset, MOMENTS[1], MOMENTS[2], stride)
