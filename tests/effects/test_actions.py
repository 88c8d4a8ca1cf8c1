"""Actions of the user's own: run at delivery in a process of their own, and whatever they do stays there (B84)."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from engage.effects.acting import act
from engage.effects.calling import run_actions
from engage.effects.delivery import deliver
from engage.effects.post import Delivered, Post
from engage.reports.calls import calls_of
from engage.reports.exports import run_export
from engage.reports.status import status
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from tests.effects.mailroom import Watcher
from tests.support.installed import installed
from tests.support.moments import at
from tests.support.world import World

MODULE = """
    import json, os, subprocess, sys, time

    def greet(call):
        print("this goes nowhere", "x" * 100_000)
        with open(call["with"]["file"], "a", encoding="utf-8") as file:
            file.write(json.dumps(call, ensure_ascii=False) + chr(10))
        return f"greeted {call['prospect']['last_name']}"

    def quiet(call):
        return None

    def raises(call):
        raise ValueError("no such printer")

    def leaves(call):
        sys.exit(3)

    def dies(call):
        os._exit(7)

    def answers_nonsense(call):
        return {"ok": object()}

    def talks(call):
        return "long " * 1000

    def hangs(call):
        time.sleep(3600)

    def leaves_a_child(call):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
        return "started"
    """
NAMES = ("greet", "quiet", "raises", "leaves", "dies", "answers_nonsense", "talks", "hangs", "leaves_a_child")


@pytest.fixture
def actions(tmp_path: Path) -> Iterator[Path]:
    """Install the actions; give a file that ``greet`` writes to."""
    with installed(tmp_path, {name: name for name in NAMES}, MODULE):
        yield tmp_path / "greeted.jsonl"


@pytest.mark.parametrize(
    ("name", "done", "note"),
    [
        ("quiet", True, None),
        ("raises", False, "ValueError: no such printer"),
        ("leaves", False, "SystemExit: 3"),
        ("dies", False, "it ended without an answer (exit code 7)"),
        ("answers_nonsense", False, "TypeError: it answered dict, and not a text or nothing"),
        ("talks", True, ("long " * 1000)[:500]),
        ("leaves_a_child", True, "started"),
        ("nobody", False, "LookupError: no action nobody is installed"),
    ],
)
@pytest.mark.usefixtures("actions")
def test_what_an_action_does_is_seen_and_goes_no_further(name: str, done: bool, note: str | None) -> None:
    answer = act(name, {"prospect": {}, "with": {}})
    assert (answer.done, answer.note) == (done, note)


@pytest.mark.usefixtures("actions")
def test_an_action_that_hangs_is_ended_at_its_time() -> None:
    began = time.monotonic()
    answer = act("hangs", {}, limit=1)
    assert (answer.done, answer.note) == (False, "it took longer than 1 seconds")
    assert time.monotonic() - began < 5


def handed_over(world: World, when: str) -> Delivered:
    """Deliver what is queued to a channel that watches."""
    applied = world.applied
    company, house = applied.workspace.company, applied.plans.house
    post = Post(house, company, applied.workspace.templates, "https://x.example", None, Watcher())
    return deliver(world.engine, post, at(when))


def test_delivery_runs_each_once_and_shows_the_failed_while_the_journey_has_gone_on(
    engine: Engine, actions: Path
) -> None:
    scenario = f"""
        steps:
          - {{action: {{name: greet, with: {{file: "{actions}", size: 3}}}}}}
          - {{action: {{name: raises}}}}
          - {{webhook: {{url: "https://example.com/"}}}}
          - {{add_tag: went-on}}
        """
    world = World(engine, scenario)
    world.add("a", last_name="山田")
    world.tick("0 days")
    assert world.tagged("went-on") == {"a"}
    assert handed_over(world, "1 hour") == Delivered(actions=1, failed=1)
    assert handed_over(world, "2 hours") == Delivered()
    c, k = t.calls, t.call_contents
    with engine.connect() as connection:
        rows = connection.execute(
            select(k.c.kind, c.c.status, c.c.note, c.c.done_at).join(k, k.c.id == c.c.content_id).order_by(c.c.id)
        ).all()
    assert [tuple(row) for row in rows] == [
        ("action", int(MessageStatus.SENT), "greeted 山田", at("1 hour")),
        ("action", int(MessageStatus.FAILED), "ValueError: no such printer", at("1 hour")),
        ("webhook", int(MessageStatus.QUEUED), None, None),
    ]
    (line,) = actions.read_text("utf-8").splitlines()
    assert '"email": "a@example.com"' in line
    assert '"size": 3' in line
    assert '"step": "action-greet"' in line
    assert world.audit() == ()


def test_the_failed_are_shown_by_status_by_the_prospect_and_in_the_export(engine: Engine, actions: Path) -> None:
    scenario = "steps: [{action: {name: raises}}, {action: {name: quiet}}, {webhook: {url: 'https://example.com/'}}]"
    world = World(engine, scenario)
    world.add("a")
    world.tick("0 days")
    with engine.connect() as connection:
        before = status(connection, world.now)
    assert (before.queued_actions, before.queued_webhooks, before.failed_calls) == (2, 1, 0)
    handed_over(world, "1 hour")
    assert not actions.exists()
    with engine.connect() as connection:
        found = status(connection, world.now)
        mine = calls_of(connection, world.ids["a"], 10)
    assert (found.queued_actions, found.queued_webhooks, found.failed_calls) == (0, 1, 1)
    assert [(call.email, call.step, call.target, call.note) for call in found.last_failed] == [
        ("a@example.com", "action-raises", "raises", "ValueError: no such printer")
    ]
    assert [(call.step, call.status) for call in mine] == [
        ("webhook", "queued"), ("action-quiet", "sent"), ("action-raises", "failed"),
    ]  # fmt: skip
    out = BytesIO()
    assert run_export(engine, "calls", out, world.applied.workspace.vocabulary, world.now) == 3
    assert "journey,1,action-raises,action,raises,failed,ValueError: no such printer" in out.getvalue().decode("utf-8")


def test_actions_are_begun_for_a_while_only_and_the_rest_wait(engine: Engine, actions: Path) -> None:
    world = World(engine, "steps: [{action: {name: quiet}}]")
    world.people("a", "b")
    world.tick("0 days")
    applied = world.applied
    post = Post(applied.plans.house, applied.workspace.company, {}, "https://x.example", None, Watcher())
    assert list(run_actions(engine, post, world.now, patience=0)) == []
    first = next(iter(run_actions(engine, post, world.now)))
    assert first == Delivered(actions=1)
    with engine.connect() as connection:
        assert status(connection, world.now).queued_actions == 1
    assert not actions.exists()


def test_the_example_package_in_the_documentation_works(tmp_path: Path) -> None:
    example = Path(__file__).parents[2] / "docs" / "examples" / "action"
    about = tomllib.loads((example / "pyproject.toml").read_text("utf-8"))
    ((name, place),) = about["project"]["entry-points"]["engage.actions"].items()
    module, _, function = place.partition(":")
    text = (example / "src" / f"{module}.py").read_text("utf-8")
    fields = dict.fromkeys(("zip", "prefecture", "city", "address", "company", "full_name"))
    with installed(tmp_path, {name: function}, text):
        call: dict[str, object] = {"id": "call-7", "with": {"folder": str(tmp_path)}}
        bare = act(name, {**call, "prospect": fields})
        whole = act(name, {**call, "prospect": {**fields, "full_name": "佐藤 花子", "city": "千代田区"}})
    assert (bare.done, bare.note) == (False, "ValueError: the prospect has no address")
    assert (whole.done, whole.note) == (True, "wrote call-7.txt")
    assert (tmp_path / "call-7.txt").read_text("utf-8") == "千代田区\n佐藤 花子\n"
