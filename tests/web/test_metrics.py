"""What operators are told, and nobody else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.web import Web, answering, link, served
from tests.support.world import World
from tests.web.conftest import database, message_of

TOKEN = "a token of ours"
OURS = {"Authorization": f"Bearer {TOKEN}"}


def numbers(web: Web) -> dict[str, float]:
    """Return every sample by its name and labels."""
    answer = web.get("/metrics", **OURS)
    assert answer.status == 200, answer.text
    families = text_string_to_metric_families(answer.text)
    return {
        f"{sample.name}{','.join(sorted(sample.labels.values()))}": sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize("said", [None, "Bearer wrong", TOKEN, "Bearer", "Basic YTpi", "Bearer ü"])
def test_who_does_not_bear_the_token_is_told_the_state_and_no_more(
    world: World, tmp_path: Path, said: str | None
) -> None:
    given = {} if said is None else {"Authorization": said}
    with answering(world.engine, tmp_path, metrics_token=TOKEN) as web:
        lost = web.get("/metrics", **given)
        assert lost.status == 404
        assert "engage_" not in lost.text
        health = web.get("/health", **given)
        assert json.loads(health.text) == {"state": "ok"}


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer None"}])
def test_without_a_token_set_nobody_is_an_operator(world: World, web: Web, given: dict[str, str]) -> None:
    assert web.get("/metrics", **given).status == 404
    assert json.loads(web.get("/health", **given).text) == {"state": "ok"}


def test_operators_are_told_how_full_and_late_everything_is(world: World, tmp_path: Path) -> None:
    with answering(world.engine, tmp_path, metrics_token=TOKEN) as web:
        found = numbers(web)
        told = json.loads(web.get("/health", **OURS).text)
    assert found["engage_database_up"] == 1
    assert found["engage_runs_waiting"] == 3
    assert found["engage_queuedmessage"] == 0
    assert found["engage_scenariosrunning"] == 1
    assert found["engage_mail_stopped"] == found["engage_mail_held"] == found["engage_todos_overdue"] == 0
    assert found["engage_tick_age_seconds"] >= 0
    assert told["mail"]["queued"] == 0


def test_requests_are_counted_by_what_answers_and_not_by_addresses(world: World, tmp_path: Path) -> None:
    path = link("open", message_of(world, "john"))
    with answering(world.engine, tmp_path, metrics_token=TOKEN) as web:
        before = numbers(web).get("engage_requests_totalGET,/o,200", 0)
        for _ in range(3):
            assert web.get(path).status == 200
        web.ask("PROPFIND", "/o/x")
        web.get("/zebra/of/ours")
        answer = web.get("/metrics", **OURS).text
        found = numbers(web)
    assert found["engage_requests_total/o,200,GET"] - before == 3
    assert found["engage_requests_total/o,405,other"] == 1
    assert found["engage_request_seconds_count/o"] == 4
    assert path not in answer
    assert "zebra" not in answer


def test_a_database_that_is_away_is_told(world: World, tmp_path: Path) -> None:
    from sqlalchemy import text

    with answering(world.engine, tmp_path, metrics_token=TOKEN) as web:
        with world.engine.begin() as connection:
            connection.execute(text("ALTER TABLE messages RENAME TO away"))
        found = numbers(web)
        with world.engine.begin() as connection:
            connection.execute(text("ALTER TABLE away RENAME TO messages"))
    assert found["engage_database_up"] == 0
    assert "engage_runs_waiting" not in found


def test_several_processes_count_together(world: World, tmp_path: Path) -> None:
    """Whichever process is asked tells what all were asked."""
    path = link("open", message_of(world, "john"))
    with served(tmp_path, database(world), "--workers", "2", ENGAGE_METRICS_TOKEN=TOKEN) as web:
        for _ in range(20):
            assert web.get(path).status == 200
        told = {numbers(web)["engage_requests_total/o,200,GET"] for _ in range(10)}
    assert told == {20}


def test_no_number_is_of_a_person(world: World, tmp_path: Path) -> None:
    with answering(world.engine, tmp_path, metrics_token=TOKEN) as web:
        answer = web.get("/metrics", **OURS).text
    assert not re.search("john|Smith|佐藤|@", answer)


def test_staff_pages_are_named_by_their_place_in_the_table(world: World, tmp_path: Path) -> None:
    with answering(world.engine, tmp_path, metrics_token=TOKEN) as web:
        web.get("/login")
        found = numbers(web)
    assert found["engage_requests_total/login,200,GET"] == 1
