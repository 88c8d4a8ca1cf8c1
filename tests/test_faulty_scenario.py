"""FAULTS R14: a scenario that cannot be run is paused with the reason, and the others run on time."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text, update

from engage.app import App, apply
from engage.reports.status import ScenarioStatus, status
from engage.settings import Settings
from engage.sql import tables as t
from engage.stepping import states
from tests.support.files import workspace_of
from tests.support.moments import START, at

GOOD = "name: Good\naudience: {where: {score: {gte: 0}}}\nsteps:\n  - {add_tag: good}\n  - {wait: 1 day}\n"
#: SQLite's parser goes down one level for each alternative, a thousand at most.
POISON = "name: Poison\naudience: {where: {score: {gte: 0}}}\nsteps:\n  - rule:\n      any:\n" + "".join(
    f"        - {{notes: {{contains: n{n}}}}}\n" for n in range(1_200)
)
#: The same as a suppression, which is asked at every entry.
BARRED = (
    POISON.replace("steps:\n  - rule:\n      any:\n", "  suppress:\n   where:\n      any:\n").replace(
        "audience: {where: {score: {gte: 0}}}\n", "audience:\n  where: {score: {gte: 0}}\n"
    )
    + "steps:\n  - {add_tag: barred}\n"
)


@pytest.fixture
def app(engine: Engine, tmp_path: Path) -> App:
    """Give an application on an empty database."""
    return App(Settings(tmp_path, engine.url.render_as_string(hide_password=False)), engine)


def run(app: App, scenarios: dict[str, str]) -> None:
    """Apply some scenarios, start all, and put one prospect in."""
    apply(app, workspace_of({f"scenarios/{key}.yaml": content for key, content in scenarios.items()}), START)
    with app.engine.begin() as connection:
        for key in scenarios:
            states.start(connection, app.applied().plans, key, START)
        connection.execute(text("INSERT INTO prospects (id, email, email_folded) VALUES (1, 'a@x.jp', 'a@x.jp')"))
        connection.execute(text("INSERT INTO standings (prospect_id, score, created_at) VALUES (1, 5, 0)"))


def standing(app: App) -> dict[str, ScenarioStatus]:
    """Return how each scenario stands."""
    with app.engine.connect() as connection:
        return {one.key: one for one in status(connection, START).scenarios}


def test_a_scenario_whose_applied_text_cannot_be_read_is_paused_and_the_others_run(app: App) -> None:
    """FAULTS R14: as after an upgrade to a version that refuses what an older one accepted."""
    run(app, {f"good-{n}": GOOD for n in range(9)} | {"bad": GOOD})
    with app.engine.begin() as connection:
        files = t.applied_files
        broken = GOOD.replace("add_tag", "add_tagg")
        connection.execute(update(files).where(files.c.path == "scenarios/bad.yaml").values(text=broken))
    assert app.tick(START).done
    found = standing(app)
    assert found["bad"].state == "paused"
    assert found["bad"].fault is not None
    assert [(one.state, one.active, one.fault) for key, one in found.items() if key != "bad"] == [
        ("running", 1, None)
    ] * 9


@pytest.mark.parametrize("poison", [POISON, BARRED], ids=["in a step", "at the entry"])
def test_a_scenario_whose_statement_the_database_refuses_is_paused_and_the_others_run(
    sqlite_engine: Engine, tmp_path: Path, poison: str
) -> None:
    """FAULTS R14."""
    app = App(Settings(tmp_path, "sqlite://"), sqlite_engine)
    run(app, {"good": GOOD, "poison": poison})
    app.tick(START)
    found = standing(app)
    assert (found["good"].state, found["good"].active) == ("running", 1)
    assert found["poison"].state == "paused"
    assert "tree" in (found["poison"].fault or "")
    with app.engine.begin() as connection:
        states.resume(connection, app.applied().plans, "poison", at("1 hour"))
        assert connection.scalar(select(t.scenarios.c.fault).where(t.scenarios.c.key == "poison")) is None
    app.tick(at("1 day"))
    found = standing(app)
    assert (found["good"].active, found["good"].completed, found["poison"].state) == (0, 1, "paused")
