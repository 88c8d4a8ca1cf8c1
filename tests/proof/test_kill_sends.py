"""One-off sends killed at every commit point, and two that tick at once: each member gets one message."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select

from engage.app import App
from engage.settings import Settings
from engage.sql import tables as t
from tests.proof.killing import app_of, killed_everywhere, resetting, tick
from tests.support.moments import at
from tests.support.sends import order, read_by, trial
from tests.support.world import World

SCENARIO = "steps: [{send_email: plain}, {send_email: bold}]"
CAPPED = """
name: Example
timezone: UTC
sender: {name: Example, email: m@example.co.jp, address: Tokyo}
limits: {emails_per_prospect: {count: 2, within: 2 days}}
"""


def messages(engine: Engine) -> Counter[tuple[int, int]]:
    """Return how many messages each prospect has of each send."""
    m = t.messages.c
    with engine.connect() as connection:
        return Counter((row.send_id, row.prospect_id) for row in connection.execute(select(m.send_id, m.prospect_id)))


def ordered(engine: Engine) -> None:
    """Make a world with a plain send, a tested one and one that the cap holds back, all due in a day."""
    world = World(engine, SCENARIO, engage=CAPPED, start=False)
    for number in range(11):
        world.add(f"p{number}", lists=("members", "vip") if number % 2 else ("members",))
    order(world, "plain", lists=("members", "vip"), at="1 day")
    order(world, "plain", "bold", at="1 day", test=trial(50, "opens", "1 hour", "first"))
    order(world, "bold", at="1 day")


def tested(engine: Engine) -> None:
    """Make a world where a test is about to end, and its winner goes to the rest."""
    world = World(engine, SCENARIO, start=False)
    for number in range(40):
        world.add(f"p{number}")
    number = order(world, "plain", "bold", test=trial(60, "opens", "1 day"))
    world.tick("0 days")
    world.deliver("0 days")
    read_by(world, "opened_at", number, {"bold": 8}, timedelta(hours=1))


@pytest.mark.parametrize(("prepare", "stride"), [(ordered, 3), (tested, 2)])
def test_killed_anywhere_each_member_has_one_message(
    dialect: str, request: pytest.FixtureRequest, prepare: object, stride: int
) -> None:
    """FAULTS R16: nobody is skipped, nobody gets two, and a send is not done before all are queued."""
    with resetting(prepare, dialect, request) as reset:  # type: ignore[arg-type]
        reached = killed_everywhere(reset, "1 day", "1 day 2 hours", stride)
        assert {"send.before_commit", "send.after_commit"} <= reached
        engine = reset()
        tick(engine, "1 day")
        assert set(messages(engine).values()) == {1}


def test_two_that_tick_at_once_queue_each_message_once(engine: Engine) -> None:
    ordered(engine)
    url = engine.url.render_as_string(hide_password=False)
    apps = [app_of(engine), App(Settings(app_of(engine).settings.workspace, url), engine)]
    failed: list[BaseException] = []

    def work(app: App) -> None:
        try:
            for moment in ("1 day", "1 day 1 hour", "3 days"):
                app.tick(at(moment), chunk=3)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(app,)) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert set(messages(engine).values()) == {1}
    with engine.connect() as connection:
        assert connection.scalars(select(t.sends.c.fault)).all() == [None] * 3
