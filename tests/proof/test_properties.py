"""Random lives: whatever happens to whomever in whatever scenario, at every moment the same things hold.

``ENGAGE_HYPOTHESIS=thorough`` looks much longer.
"""

from __future__ import annotations

import os
from datetime import timedelta
from itertools import count
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from tests.proof.audit import dump, emptied, problems
from tests.proof.history import history
from tests.proof.scenarios import COMPANY, GRADING, SCORING, scenarios
from tests.support.moments import START
from tests.support.world import World

THOROUGH = os.environ.get("ENGAGE_HYPOTHESIS") == "thorough"
GAPS = st.sampled_from([timedelta(0), timedelta(minutes=31), timedelta(hours=7), timedelta(days=1), timedelta(days=4)])
#: Somebody of those who are known, by a number that is cut to their number.
WHO = st.integers(0, 4)
KEYS = st.sampled_from(["journey", "other"])
EVENTS = st.sampled_from(
    [("form_submitted", "demo"), ("page_viewed", "/pricing/jp"), ("page_viewed", "/"), ("file_downloaded", "a.pdf")]
)


def profile(examples: int, steps: int) -> settings:
    """Return how long to look: the same examples in every run, unless the environment asks for more."""
    return settings(
        max_examples=examples * (15 if THOROUGH else 1),
        stateful_step_count=steps,
        deadline=None,
        derandomize=not THOROUGH,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


class Life(RuleBasedStateMachine):
    """The same things happen in each of some worlds, which differ by their database only."""

    #: the databases on which the same life is lived
    engines: ClassVar[tuple[Engine, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self.worlds: list[World] = []
        self.now = START
        self.known: list[str] = []
        self.paused: set[str] = set()
        self.ordinal = count(1)
        self.sources: list[str] = []
        self.ticked = False

    @initialize(first=scenarios(other="other"), second=scenarios(other="journey"))
    def begin(self, first: str, second: str) -> None:
        for engine in self.engines:
            scoring, other = SCORING, {"other": second}
            world = World(emptied(engine), first, scenarios=other, scoring=scoring, grading=GRADING, engage=COMPANY)
            self.worlds.append(world)

    # what happens

    def who(self, number: int) -> str:
        """Return somebody who is known."""
        return self.known[number % len(self.known)]

    @precondition(lambda self: len(self.known) < 5)
    @rule(
        lists=st.sets(st.sampled_from(["vip", "blocked"]), max_size=1),
        member=st.sampled_from([True, True, True, False]),
        tags=st.sets(st.sampled_from(["hot", "cold"]), max_size=1),
        score=st.sampled_from([0, 0, 12]),
        industry=st.sampled_from([None, "Software", "ｓｏｆｔｗａｒｅ"]),
        owner=st.sampled_from([None, None, "user:tanaka"]),
    )
    def appear(
        self, lists: set[str], member: bool, tags: set[str], score: int, industry: str | None, owner: str | None
    ) -> None:
        """Somebody becomes known."""
        who = f"p{len(self.known)}"
        self.known.append(who)
        every = {"lists": sorted({*lists, "members"} if member else lists), "tags": sorted(tags), "score": score}
        for world in self.worlds:
            world.add(who, at=self.now, industry=industry, owner=owner, **every)  # type: ignore[arg-type]

    @precondition(lambda self: self.known)
    @rule(number=WHO, event=EVENTS, lateness=st.sampled_from([0, 0, 1, 30, 100, -1, -30]))
    def happen(self, number: int, event: tuple[str, str], lateness: int) -> None:
        """Something happened some hours ago, or is dated some hours ahead; it is reported now."""
        who = self.who(number)
        name = f"source-{next(self.ordinal)}"
        self.sources.append(name)
        for world in self.worlds:
            moment = self.now - timedelta(hours=lateness)
            world.activity(who, *event, at=moment, source_id=name)
            world.now = self.now

    @precondition(lambda self: self.sources)
    @rule(number=WHO, data=st.data())
    def happen_again(self, number: int, data: st.DataObject) -> None:
        """The same event is reported twice: no database takes it."""
        who = self.who(number)
        name = data.draw(st.sampled_from(self.sources))
        for world in self.worlds:
            with pytest.raises(IntegrityError):
                world.activity(who, "page_viewed", "/", at=self.now, source_id=name)

    @rule(data=st.data(), status=st.sampled_from(["SENT", "SENT", "SENT", "CANCELLED", "IN_DOUBT", "FAILED"]))
    def deliver(self, data: st.DataObject, status: str) -> None:
        """What is queued is handed over, or is not; who got it may open it at once."""
        for world in self.worlds:
            queued = sorted({mail.who for mail in world.emails() if mail.status == "queued"})
            world.deliver(self.now, status=status)
        if not queued or status != "SENT":
            return
        opens = data.draw(st.sets(st.sampled_from(queued)))
        for world in self.worlds:
            for who in sorted(opens):
                step = world.emails(who)[-1].step
                if step is not None and world.emails(who)[-1].status == "sent":
                    world.activity(who, "email_opened", step, at=self.now)

    @precondition(lambda self: self.known)
    @rule(number=WHO, tag=st.sampled_from(["hot", "warm", "cold", "won", "lost"]))
    def tag(self, number: int, tag: str) -> None:
        """A tag comes or goes."""
        who = self.who(number)
        for world in self.worlds:
            change = world.remove_tag if tag in world.tags(who) else world.add_tag
            change(who, tag, self.now)

    @precondition(lambda self: self.known)
    @rule(number=WHO, name=st.sampled_from(["members", "blocked", "vip"]))
    def list(self, number: int, name: str) -> None:
        """Somebody is put on a list or taken off it."""
        who = self.who(number)
        for world in self.worlds:
            change = world.remove_from_list if name in world.lists(who) else world.add_to_list
            change(who, name, self.now)

    @precondition(lambda self: self.known)
    @rule(number=WHO, industry=st.sampled_from([None, "Software", "Retail"]), opted_out=st.booleans())
    def change(self, number: int, industry: str | None, opted_out: bool) -> None:
        """A field changes, and consent."""
        who = self.who(number)
        for world in self.worlds:
            world.set(who, at=self.now, industry=industry, opted_out=opted_out)

    @precondition(lambda self: self.known)
    @rule(number=WHO, day=st.sampled_from([None, "2026-12-05", "2026-12-09", "2025-12-12"]))
    def renew(self, number: int, day: str | None) -> None:
        """The day moves for which somebody may wait, or is cleared."""
        who = self.who(number)
        for world in self.worlds:
            world.set(who, at=self.now, renewal_date=day)

    @rule(key=KEYS)
    def pause_or_resume(self, key: str) -> None:
        """A scenario is paused, or goes on."""
        for world in self.worlds:
            (world.resume if key in self.paused else world.pause)(self.now, key=key)
        self.paused ^= {key}

    @rule(gap=GAPS)
    def pass_time(self, gap: timedelta) -> None:
        """Nothing happens for a while."""
        self.now += gap

    @rule(gap=GAPS, chunk=st.sampled_from([1, 2, 50_000]))
    def tick(self, gap: timedelta, chunk: int) -> None:
        """A tick; a second one at the same moment changes nothing."""
        self.now += gap
        for world in self.worlds:
            world.tick(self.now, chunk=chunk)
            before = dump(world.engine)
            world.tick(self.now, chunk=chunk)
            assert dump(world.engine) == before
        self.ticked = True

    # what holds

    @invariant()
    def sound(self) -> None:
        """After every tick all is as it must be, and alike on every database."""
        if not self.ticked:
            return
        self.ticked = False
        for world in self.worlds:
            assert problems(world.engine) == []
        told = [history(world.engine) for world in self.worlds]
        for other in told[1:]:
            for part, rows in told[0].items():
                assert other[part] == rows, part


def live(engines: tuple[Engine, ...], examples: int, steps: int) -> None:
    """Live random lives on some databases."""
    run_state_machine_as_test(type("Life", (Life,), {"engines": engines}), settings=profile(examples, steps))


def test_any_life_keeps_the_promises(quick_sqlite: Engine) -> None:
    """SPEC sections 7, 8, 12 and 19: one place, the report's equation, the ledger, timers, each step once."""
    live((quick_sqlite,), 40, 25)


def test_any_life_is_the_same_on_both_databases(quick_sqlite: Engine, postgresql_engine: Engine) -> None:
    """R37: the same events make the same history, to the microsecond."""
    live((quick_sqlite, postgresql_engine), 15, 20)
