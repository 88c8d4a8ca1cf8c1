"""FAULTS R44: a country changes its clocks, the machine learns of it, and who waits for nine waits for the new nine.

A child process reads another release of the zones' rules (PYTHONTZPATH), in which Honolulu goes by the clocks of
Los Angeles and Tokyo by those of Shanghai, an hour behind.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.moments import at
from tests.support.world import World

ROOT = Path(__file__).parents[2]
#: In the other release this zone's clocks go as those do.
OTHERWISE = {"Asia/Tokyo": "Asia/Shanghai", "Pacific/Honolulu": "America/Los_Angeles"}
TOKYO = """
name: Example
timezone: Asia/Tokyo
sender: {name: Example, email: m@example.com, address: Tokyo}
fields: {renewal_date: {type: date}}
"""
#: Each prospect waits at one step, by the name of which they are called; all came on a Tuesday at 17:30 in Tokyo.
CASES = {
    "until": ("wait: {until: '09:00'}", "2026-12-02T01:00"),
    "weekday": ("wait: {until: next monday 09:00}", "2026-12-07T01:00"),
    "date": ("wait: {until: 2026-12-24T09:00}", "2026-12-24T01:00"),
    "field": ("wait: {field: renewal_date, at: '09:00'}", "2026-12-10T01:00"),
    "yearly": ("wait: {field: renewal_date, at: '09:00', yearly: true}", "2026-12-10T01:00"),
    "mail-date": ("send_email: {template: hello, on_date: 2026-12-03T15:00}", "2026-12-03T07:00"),
    "opening": ("send_email: hello", "2026-12-02T02:00"),
    "elapsed": ("wait: 1 day", "2026-12-02T08:30"),
}
#: Nine in Honolulu was 19:00 UTC and is 17:00 now; nine in New York is what it was.
OWN_ZONE = """
audience: {lists: [others]}
hours: {between: "09:00-10:00", timezone: prospect}
steps: [{wait: {until: "09:00"}}]
"""
OWN_MOMENTS = {"honolulu": "2026-12-01T17:00", "new-york": "2026-12-01T14:00"}
SWITCH = "hours: {between: '10:00-15:30'}\nsteps:\n  - switch:\n"
CASE = "      - {{name: {name}, case: {{company: {name}}}, steps: [{step}]}}\n"
TICK = """
import sys
from datetime import datetime
from pathlib import Path
from engage.app import open_app
from engage.settings import read_settings
app = open_app(read_settings({"ENGAGE_DATABASE_URL": sys.argv[1]}, Path(sys.argv[2])))
for moment in sys.argv[3:]:
    print(*app.tick(datetime.fromisoformat(moment)).zones)
"""
Ticks = Callable[..., list[str]]


@pytest.fixture
def ticks(engine: Engine, tmp_path: Path) -> Ticks:
    """Give a function that ticks at some moments by the other release, and returns the zones that each saw change."""
    for name, other in OTHERWISE.items():
        copy = tmp_path / "zones" / name
        copy.parent.mkdir(parents=True)
        copy.write_bytes(files("tzdata").joinpath("zoneinfo", *other.split("/")).read_bytes())
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    environ = {**os.environ, "PYTHONTZPATH": str(tmp_path / "zones"), "PYTHONPATH": path}

    def run(*moments: str) -> list[str]:
        url = engine.url.render_as_string(hide_password=False)
        command = [sys.executable, "-c", TICK, url, str(tmp_path), *moments]
        done = subprocess.run(command, env=environ, text=True, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    return run


def test_who_waits_for_a_local_time_waits_for_the_one_of_the_new_rules(engine: Engine, ticks: Ticks) -> None:
    """FAULTS R44: elapsed time is none of the clocks' affair, and what happened keeps its moments."""
    steps = "".join(CASE.format(name=name, step=step) for name, (step, _) in CASES.items())
    world = World(engine, SWITCH + steps, scenarios={"own": OWN_ZONE}, engage=TOKYO)
    for who in CASES:
        world.add(who, company=who, renewal_date="2026-12-10")
    for who, zone in {"honolulu": "Pacific/Honolulu", "new-york": "America/New_York"}.items():
        world.add(who, lists=["others"], timezone=zone)
    world.tick("2026-12-01T08:30")
    assert len(world.inside()) == len(CASES)
    assert len(world.inside(key="own")) == 2
    before = world.visits()
    assert ticks("2026-12-01T09:00+00:00", "2026-12-01T09:01+00:00") == ["Asia/Tokyo prospects", ""]
    assert world.audit() == ()
    assert world.visits() == before
    due = sorted({at(moment) for moment in (*OWN_MOMENTS.values(), *(moment for _, moment in CASES.values()))})
    ticks(*(moment.isoformat() for ends in due for moment in (ends - timedelta(microseconds=1), ends)))
    assert {who: world.ends_at(who) for who in CASES} == {who: at(moment) for who, (_, moment) in CASES.items()}
    assert {who: world.ends_at(who, key="own") for who in OWN_MOMENTS} == {w: at(m) for w, m in OWN_MOMENTS.items()}
    assert len(world.emails()) == 2
    assert world.audit() == ()
