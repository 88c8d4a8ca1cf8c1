"""Random lives: whatever happens to whomever in whatever scenario, at every moment the same things hold.

``ENGAGE_HYPOTHESIS=thorough`` looks much longer.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, assume, settings
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

from tests.conftest import connected
from tests.proof.audit import dump, problems
from tests.proof.history import history
from tests.proof.scenarios import GRADING, SCORING, scenarios
from tests.support.moments import START
from tests.support.postgres import fresh_database
from tests.support.server import roomy
from tests.support.world import World

THOROUGH = os.environ.get("ENGAGE_HYPOTHESIS") == "thorough"
#: Each gives a database with the schema and no rows.
Ground = Callable[[], AbstractContextManager[Engine]]

GAPS = st.sampled_from([timedelta(0), timedelta(minutes=31), timedelta(hours=7), timedelta(days=1), timedelta(days=4)])
PEOPLE = ("a", "b", "c", "d", "e")
WHO = st.sampled_from(PEOPLE)
KEYS = st.sampled_from(["journey", "other"])
EVENTS = st.sampled_from(
    [("form_submitted", "demo"), ("page_viewed", "/pricing/jp"), ("page_viewed", "/"), ("file_downloaded", "a.pdf")]
)


def profile(examples: int, steps: int) -> settings:
    """Return how long to look: the same examples in every run, unless the environment asks for more."""
    return settings(
        max_examples=examples * (40 if THOROUGH else 1),
        stateful_step_count=steps,
        deadline=None,
        derandomize=not THOROUGH,
        database=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


class Life(RuleBasedStateMachine):
    """The same things happen in each of some worlds, which differ by their database only."""

    #: give the databases on which the same life is lived
    grounds: ClassVar[tuple[Ground, ...]] = ()

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.worlds: list[World] = []
        self.now = START
        self.known: set[str] = set()
        self.paused: set[str] = set()
        self.ordinal = count(1)
        self.sources: list[str] = []
        self.ticked = False

    def teardown(self) -> None:
        self.stack.close()

    @initialize(first=scenarios(), second=scenarios())
    def begin(self, first: str, second: str) -> None:
        for ground in self.grounds:
            engine = self.stack.enter_context(ground())
            world = World(engine, first, scenarios={"other": second}, scoring=SCORING, grading=GRADING)
            self.worlds.append(world)

    # what happens

    @rule(
        who=WHO,
        lists=st.sets(st.sampled_from(["members", "vip", "blocked"])),
        tags=st.sets(st.sampled_from(["hot", "cold"])),
        score=st.sampled_from([0, 0, 12]),
        industry=st.sampled_from([None, "Software", "ｓｏｆｔｗａｒｅ"]),
        owner=st.sampled_from([None, None, "user:tanaka"]),
    )
    def appear(
        self, who: str, lists: set[str], tags: set[str], score: int, industry: str | None, owner: str | None
    ) -> None:
        """Somebody becomes known."""
        assume(who not in self.known)
        self.known.add(who)
        for world in self.worlds:
            world.add(
                who, at=self.now, lists=sorted({"members", *lists} - ({"members"} if len(lists) > 2 else set())),
                tags=sorted(tags), score=score, industry=industry, owner=owner,
            )  # fmt: skip

    @rule(who=WHO, event=EVENTS, lateness=st.sampled_from([0, 0, 1, 30, 100, -1, -30]))
    def happen(self, who: str, event: tuple[str, str], lateness: int) -> None:
        """Something happened some hours ago, or is dated some hours ahead; it is reported now."""
        assume(who in self.known)
        name = f"source-{next(self.ordinal)}"
        self.sources.append(name)
        for world in self.worlds:
            moment = self.now - timedelta(hours=lateness)
            world.activity(who, *event, at=moment, source_id=name)
            world.now = self.now

    @precondition(lambda self: self.sources)
    @rule(who=WHO, data=st.data())
    def happen_again(self, who: str, data: st.DataObject) -> None:
        """The same event is reported twice: no database takes it."""
        assume(who in self.known)
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

    @rule(who=WHO, tag=st.sampled_from(["hot", "warm", "cold", "won", "lost"]))
    def tag(self, who: str, tag: str) -> None:
        """A tag comes or goes."""
        assume(who in self.known)
        for world in self.worlds:
            change = world.remove_tag if tag in world.tags(who) else world.add_tag
            change(who, tag, self.now)

    @rule(who=WHO, name=st.sampled_from(["members", "blocked", "vip"]))
    def list(self, who: str, name: str) -> None:
        """Somebody is put on a list or taken off it."""
        assume(who in self.known)
        for world in self.worlds:
            change = world.remove_from_list if name in world.lists(who) else world.add_to_list
            change(who, name, self.now)

    @rule(who=WHO, industry=st.sampled_from([None, "Software", "Retail"]), opted_out=st.booleans())
    def change(self, who: str, industry: str | None, opted_out: bool) -> None:
        """A field changes, and consent."""
        assume(who in self.known)
        for world in self.worlds:
            world.set(who, at=self.now, industry=industry, opted_out=opted_out)

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


def on_sqlite(template: Path) -> Ground:
    """Return what gives a copy of a SQLite file, kept in memory where there is room."""

    @contextmanager
    def ground() -> Iterator[Engine]:
        with TemporaryDirectory(prefix="engage-life-", dir=roomy()) as folder:
            path = shutil.copyfile(template, Path(folder) / "engage.db")
            with connected(f"sqlite:///{path}") as engine:
                yield engine

    return ground


def on_postgres(server: str, template: str) -> Ground:
    """Return what gives a copy of a PostgreSQL database."""

    @contextmanager
    def ground() -> Iterator[Engine]:
        with fresh_database(server, template) as url, connected(url) as engine:
            yield engine

    return ground


def live(grounds: tuple[Ground, ...], examples: int, steps: int) -> None:
    """Live random lives on some databases."""
    run_state_machine_as_test(type("Life", (Life,), {"grounds": grounds}), settings=profile(examples, steps))


def test_any_life_keeps_the_promises(sqlite_template: Path) -> None:
    """SPEC sections 7, 8, 12 and 19: one place, the report's equation, the ledger, timers, each step once."""
    live((on_sqlite(sqlite_template),), 20, 25)


def test_any_life_is_the_same_on_both_databases(
    sqlite_template: Path, postgres_url: str, postgresql_template: str
) -> None:
    """R37: the same events make the same history, to the microsecond."""
    live((on_sqlite(sqlite_template), on_postgres(postgres_url, postgresql_template)), 6, 20)
