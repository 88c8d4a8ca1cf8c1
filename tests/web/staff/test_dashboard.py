"""The dashboard: what needs a person first, then figures of a period."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, update

from engage.clock import system_clock
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from tests.support.journey import journey_world
from tests.support.lately import lately
from tests.support.staff import Staff, staffed
from tests.support.world import World


@pytest.fixture
def world(engine: Engine) -> World:
    return lately(journey_world(engine))


@pytest.fixture
def staff(world: World, tmp_path: Path) -> Iterator[Staff]:
    with staffed(world.engine, tmp_path) as pages:
        yield pages


def seen(staff: Staff, path: str, as_: str = "marketer", **headers: str) -> str:
    answer = staff.get(path, as_, **headers)
    assert answer.status == 200, answer.text
    return unescape(answer.text)


def rows(staff: Staff, as_: str = "marketer", days: int = 30) -> list[dict[str, str]]:
    answer = staff.get(f"/dashboard.csv?days={days}", as_)
    return list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))


def test_figures_of_a_period_as_page_chart_and_file(world: World, staff: Staff) -> None:
    page = seen(staff, "/dashboard")
    found = rows(staff)
    assert len(found) == 30
    everybody = len(world.rows("standings", "prospect_id"))
    assert sum(int(row["prospects"]) for row in found) == everybody
    assert sum(int(row["sent"]) for row in found) > 24
    assert sum(int(row["mqls"]) for row in found) > 0
    charts = [json.loads(each) for each in re.findall(r'data-chart="({.*?})" aria', page)]
    assert [len(chart["periods"]) for chart in charts] == [30, 30]
    assert sum(charts[0]["lines"][0]["values"]) == everybody
    assert "資料請求後の育成" in page
    assert len(rows(staff, days=7)) == 7
    assert len(rows(staff, days=90)) == 90
    assert len(rows(staff, days=12)) == 30


def test_where_all_is_well_nothing_needs_anybody(world: World, staff: Staff) -> None:
    with world.engine.begin() as connection:
        connection.execute(update(t.todos).values(status="completed", completed_at=system_clock()))
        connection.execute(update(t.ticks).values(at=system_clock()))
        connection.execute(t.timers.delete())
        connection.execute(t.visits.delete().where(t.visits.c.outcome == 4))
    assert "Nothing: all is well." in seen(staff, "/dashboard")


def test_what_is_broken_or_late_stands_first_with_a_way_to_it(world: World, staff: Staff) -> None:
    now = system_clock()
    with world.engine.begin() as connection:
        mail = update(t.messages).where(t.messages.c.prospect_id == world.ids["p001"])
        connection.execute(mail.values(status=int(MessageStatus.IN_DOUBT)))
        connection.execute(insert(t.lanes).values(name="mail", stopped_at=now, try_at=now, reason="535 <b>no</b>"))
        connection.execute(update(t.scenarios).where(t.scenarios.c.key == "journey").values(fault="it broke"))
        connection.execute(
            update(t.todos).values(due_at=now.replace(year=2020), status="not_started", completed_at=None)
        )
    page = seen(staff, "/dashboard")
    assert re.search(r"no mail has gone out since \d+ \w{3} \d{4}, \d\d:\d\d", page)
    assert "535 <b>no</b>" in page
    assert "535 <b>no</b>" not in staff.get("/dashboard").text
    assert "1 message is in doubt" in page
    assert re.search(r'href="/scenarios/journey">資料請求後の育成 was paused', page)
    assert re.search(r'href="/todos/team">ToDos that are overdue: \d+', page)
    assert page.index("What needs you") < page.index("New prospects")
    japanese = seen(staff, "/dashboard", Accept_Language="ja")
    assert "対応が必要なもの" in japanese
    assert re.search(r"\d{4}年\d+月\d+日 \d+:\d\d からメール", japanese)


def test_who_sells_is_led_to_what_is_overdue(world: World, staff: Staff) -> None:
    """The own under their tab, those of the queues under theirs: each line's number is that of its list."""
    queued = "queue:inside-sales"
    with world.engine.begin() as connection:
        late = {"due_at": system_clock().replace(year=2020), "status": "not_started", "completed_at": None}
        ids = connection.scalars(select(t.todos.c.id).order_by(t.todos.c.id)).all()
        assert len(ids) >= 3
        connection.execute(update(t.todos).values(**late, assignee="user:sato"))
        connection.execute(update(t.todos).where(t.todos.c.id.in_(ids[:2])).values(assignee=queued))
    page = seen(staff, "/dashboard", "sales")
    for tab, count in (("overdue", len(ids) - 2), ("queues", 2)):
        line = re.search(rf'href="/todos\?tab={tab}">([^<]*)<', page)
        assert line is not None, tab
        assert str(count) in line[1]
        listed = set(re.findall(r"todo=(\d+)", seen(staff, f"/todos?tab={tab}", "sales")))
        assert len(listed) == count


def test_mails_that_failed_are_told_with_their_reason(world: World, staff: Staff) -> None:
    with world.engine.begin() as connection:
        mail = update(t.messages).where(t.messages.c.prospect_id == world.ids["p001"])
        failed = {"status": int(MessageStatus.FAILED), "reason": "it broke", "queued_at": system_clock()}
        connection.execute(mail.values(**failed))
    assert "1 message failed in the last 7 days: it broke" in seen(staff, "/dashboard")


def test_who_sells_sees_the_own_figures_only(world: World, staff: Staff) -> None:
    page = seen(staff, "/dashboard", "sales")
    assert "Your own prospects and ToDos" in page
    for word in ("Mails sent", "Open rate", "reach their goal", "資料請求後の育成"):
        assert word not in page, word
    own, everybody = rows(staff, "sales"), rows(staff)
    assert set(own[0]) == {"day", "prospects", "mqls", "hand_overs"}
    assert sum(int(row["prospects"]) for row in own) < sum(int(row["prospects"]) for row in everybody)
    assert sum(int(row["hand_overs"]) for row in own) > 0


def test_a_viewer_reads_what_marketers_read(staff: Staff) -> None:
    assert "Mails sent" in seen(staff, "/dashboard", "viewer")
    assert "Mails sent" in seen(staff, "/dashboard", "admin")


@pytest.mark.parametrize("query", ["days=x", "days=0", "days=-1", "days=9999999999999999", "days=%00", "days=7&days=9"])
def test_strange_periods_are_the_usual_one(staff: Staff, query: str) -> None:
    assert staff.get(f"/dashboard?{query}").status == 200


def test_a_new_workspace_is_told_what_to_do_next(world: World, staff: Staff) -> None:
    assert "No scenario runs yet" not in seen(staff, "/dashboard")
    with world.engine.begin() as connection:
        connection.execute(update(t.scenarios).values(state="draft"))
    page = seen(staff, "/dashboard")
    assert "No scenario runs yet. Start one under Scenarios." in page
    assert "engage import prospects" not in page
    assert "engage apply" not in page
