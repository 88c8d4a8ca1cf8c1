"""The pages of scenarios: list, drawing, report card, steps, prospects inside, versions, changes of state."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, insert, select, update

from engage.sql import tables as t
from engage.sql.connect import reading
from tests.support.journey import EDITED, journey_world
from tests.support.staff import Staff, staffed
from tests.support.world import World

AT = "/scenarios/journey"
#: Every page that shows a scenario.
PAGES = (
    "/scenarios", AT, f"{AT}/drawing", f"{AT}/report", f"{AT}/prospects", f"{AT}/versions", f"{AT}/steps/opened",
    "/scenarios.csv", f"{AT}/report.csv", f"{AT}/prospects.csv", f"{AT}/steps/opened/prospects.csv",
    f"{AT}/steps/opened/series.csv",
)  # fmt: skip


@pytest.fixture
def world(engine: Engine) -> World:
    return journey_world(engine)


@pytest.fixture
def staff(world: World, tmp_path: Path) -> Iterator[Staff]:
    with staffed(world.engine, tmp_path) as pages:
        yield pages


def text_of(html: str) -> str:
    """Return what a page says, on one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def tip(html: str, step: str) -> dict[str, str]:
    """Return what the tooltip of a step says."""
    found = re.search(rf'id="step-{step}" data-tip="([^"]*)"', html)
    assert found, step
    return dict(line.split("\t") for line in unescape(found[1]).splitlines())


def rows_of(body: bytes) -> list[dict[str, str]]:
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def state_of(world: World, key: str = "journey") -> str:
    with reading(world.engine).connect() as connection:
        return str(connection.scalar(select(t.scenarios.c.state).where(t.scenarios.c.key == key)))


@pytest.mark.parametrize("role", ["admin", "marketer", "sales", "viewer"])
def test_everybody_reads_all_pages(staff: Staff, role: str) -> None:
    assert {path: staff.get(path, role).status for path in PAGES} == dict.fromkeys(PAGES, 200)


def test_the_list_shows_state_figures_and_goal(staff: Staff) -> None:
    said = text_of(staff.get("/scenarios").text)
    assert "資料請求後の育成 journey running 27 25 +1 held 3.7% 1" in said
    assert "Onboarding onboarding draft 0 0 –" in said


def test_the_list_is_searched_filtered_and_sorted(staff: Staff) -> None:
    found = staff.get(f"/scenarios?q={quote('ｏｎｂｏａｒｄ')}").text
    assert "onboarding" in found
    assert "資料請求後" not in found
    assert "onboarding" not in staff.get("/scenarios?state=running").text
    assert "No scenario matches." in staff.get("/scenarios?q=%3Cscript%3E").text
    by_entered = staff.get("/scenarios?sort=entered&page=99").text
    assert by_entered.index("資料請求後") < by_entered.index("Onboarding")
    assert staff.get("/scenarios?sort=;drop&state=nonsense").status == 200


def test_the_list_as_a_file(staff: Staff) -> None:
    first, second = rows_of(staff.get("/scenarios.csv?sort=entered").body)
    assert (first["scenario"], first["entered"], first["held"], first["goal"]) == ("journey", "27", "1", "1")
    assert (second["scenario"], second["goal_rate"]) == ("onboarding", "")


def test_the_drawing_has_figures_on_every_step_and_way(staff: Staff) -> None:
    html = staff.get(AT).text
    assert tip(html, "invite") == {
        "entered": "27", "waiting": "0", "completed": "26", "skipped": "1", "sent": "26", "delivered": "26",
        "opens": "14 (53.8%)",
    }  # fmt: skip
    assert tip(html, "opened")["yes"] == "14"
    assert tip(html, "warm")["tepid"] == "7"
    said = text_of(html)
    assert "yes 14" in said
    assert "no 9" in said
    assert re.search(r"資料請求後の育成.*27 entered.*25 waiting.*1 held.*1 reached the goal", said)


def test_what_users_write_is_text_in_the_drawing(engine: Engine, tmp_path: Path) -> None:
    nasty = "\"><script>alert(1)</script> & ' {{ 7 * 7 }}"
    world = World(
        engine,
        f"""
        name: {json.dumps(nasty)}
        steps:
          - {{id: rest, name: {json.dumps(nasty)}, wait: 2 days}}
        """,
    )
    world.add("a", first_name="<img src=x onerror=alert(1)>")
    world.tick("0 days")
    with staffed(engine, tmp_path) as staff:
        for path in ("/scenarios", AT, f"{AT}/report", f"{AT}/prospects", f"{AT}/steps/rest", f"{AT}/stop"):
            html = staff.get(path).text
            assert "<script>alert" not in html, path
            assert "<img" not in html, path
            assert "49" not in text_of(html), path


def test_branches_fold_and_unfold_by_address(staff: Staff) -> None:
    folded = staff.get(f"{AT}?fold=opened,nonsense,opened").text
    assert 'id="step-reopened"' not in folded
    assert f'href="{AT}"' in folded
    assert 'aria-label="Unfold 14 steps behind 開封したか"' in folded
    assert tip(folded, "opened")["entered"] == "27"
    assert 'href="/scenarios/journey?fold=warm,opened"' in staff.get(f"{AT}?fold=warm").text


def test_a_span_limits_the_figures(staff: Staff) -> None:
    html = staff.get(f"{AT}?since=2026-12-05&until=2026-12-31").text
    assert tip(html, "invite")["entered"] == "3"
    assert staff.get(f"{AT}?since=nonsense&until=9999-99-99").status == 200
    assert "Nobody was here in this time." in staff.get(f"{AT}/report?since=2030-01-01&by=day").text


def test_figures_of_a_span_lead_to_no_list_of_all_days(staff: Staff) -> None:
    """Who waits now is a list; who came in a span and waits is another number, and no list shows them."""
    ways = (f'href="{AT}/prospects?state=active"', f'href="{AT}/prospects?state=held"')
    for path in (AT, f"{AT}?fold=warm", f"{AT}?since=nonsense"):
        assert all(way in staff.get(path).text for way in ways), path
    for span in ("since=2026-12-05&until=2026-12-31", "since=2026-12-05", "until=2026-12-31"):
        html = staff.get(f"{AT}?{span}").text
        assert "waiting" in text_of(html)
        assert not any(way in html for way in ways), span


def test_the_drawing_alone_is_a_part_of_the_page(staff: Staff) -> None:
    part = staff.get(f"{AT}/drawing?fold=warm", HX_Request="true").text
    assert part.startswith('<div class="drawing"')
    assert "<html" not in part
    assert 'hx-swap-oob="true"' in part


def test_the_report_card_and_its_file(staff: Staff) -> None:
    said = text_of(staff.get(f"{AT}/report").text)
    assert "ご案内メール invite · send_email 27 0 0 26" in said
    rows = {row["step"]: row for row in rows_of(staff.get(f"{AT}/report.csv").body)}
    assert rows["opened"]["yes"] == "14"
    by_day = rows_of(staff.get(f"{AT}/report.csv?by=day&since=2026-12-02").body)
    assert {row["period"] for row in by_day} >= {"2026-12-05", "2026-12-06"}


def test_a_step_shows_who_waits_passed_and_was_skipped_and_why(staff: Staff) -> None:
    skipped = text_of(staff.get(f"{AT}/steps/invite?who=skipped").text)
    assert "p005@example.com" in skipped
    assert "opted out of marketing e-mail" in skipped
    waiting = text_of(staff.get(f"{AT}/steps/opened").text)
    assert "waiting 3" in waiting
    assert "late1@example.com" in waiting
    left = text_of(staff.get(f"{AT}/steps/opened?who=left").text)
    assert "p008@example.com" in left


def test_a_steps_files(staff: Staff) -> None:
    (row,) = rows_of(staff.get(f"{AT}/steps/invite/prospects.csv?who=skipped").body)
    assert (row["email"], row["outcome"], row["reason"]) == (
        "p005@example.com", "skipped", "opted out of marketing e-mail",
    )  # fmt: skip
    waiting = rows_of(staff.get(f"{AT}/steps/opened/prospects.csv?who=waiting").body)
    assert sorted(row["email"][:5] for row in waiting) == ["late1", "late2", "late3"]
    assert len(rows_of(staff.get(f"{AT}/steps/invite/prospects.csv?who=completed").body)) == 26
    series = rows_of(staff.get(f"{AT}/steps/invite/series.csv").body)
    assert [(row["period"], row["entered"]) for row in series] == [("2026-12-01", "24"), ("2026-12-06", "3")]


def test_a_step_in_the_drawer_is_a_part(staff: Staff) -> None:
    part = staff.get(f"{AT}/steps/opened", HX_Request="true").text
    assert "<html" not in part
    assert "開封したか" in part


def test_a_step_that_was_removed_still_shows_its_figures(world: World, tmp_path: Path) -> None:
    world.apply(EDITED.replace('  - {id: give, assign: "group:east"}\n', ""), "6 days")
    with staffed(world.engine, tmp_path) as staff:
        page = staff.get(f"{AT}/steps/give")
    assert page.status == 200
    assert "no longer in the scenario" in page.text


def test_what_is_not_there(staff: Staff) -> None:
    for path in ("/scenarios/nope", f"{AT}/steps/nope", "/scenarios/nope/report.csv", "/scenarios/%27%22/versions"):
        assert staff.get(path).status == 404, path


def test_prospects_inside_are_searched(staff: Staff) -> None:
    assert "p003@example.com" in staff.get(f"{AT}/prospects?q=p003").text
    one = text_of(staff.get(f"{AT}/prospects?q={quote('花子1 佐')}&state=all").text)
    assert "p001@example.com" in one
    assert "p003@example.com" not in one
    assert "Nobody matches." in staff.get(f"{AT}/prospects?q=%27%20OR%201=1").text
    held = text_of(staff.get(f"{AT}/prospects?state=held").text)
    assert "p006@example.com" in held
    assert "p007" not in held
    waiting = rows_of(staff.get(f"{AT}/prospects.csv?step=reopened&state=active").body)
    assert {row["step"] for row in waiting} == {"reopened"}
    part = staff.get(f"{AT}/prospects?q=p003", HX_Request="true").text
    assert "<html" not in part


def test_prospects_inside_by_pages(engine: Engine, tmp_path: Path) -> None:
    world = World(engine, "steps: [{wait: 9 days}]")
    world.people(*(f"p{number:03}" for number in range(120)))
    world.tick("0 days")
    seen: list[str] = []
    with staffed(engine, tmp_path) as staff:
        path = f"{AT}/prospects"
        while path:
            html = staff.get(path).text
            seen += re.findall(r">(p\d\d\d)@", html)
            found = re.search(r'href="([^"]*)" rel="next"', html)
            path = unescape(found[1]) if found else ""
        assert staff.get(f"{AT}/prospects?after=nonsense").status == 200
    assert sorted(seen) == [f"p{number:03}" for number in range(120)]


def test_sales_sees_only_its_own_prospects(staff: Staff) -> None:
    """Figures are everybody's; names are one's own: whom one owns, or has a ToDo for."""
    everybody = rows_of(staff.get(f"{AT}/prospects.csv?state=all", "marketer").body)
    own = {row["email"] for row in rows_of(staff.get(f"{AT}/prospects.csv?state=all", "sales").body)}
    assert len(everybody) == 27
    assert "p003@example.com" in own
    assert 3 <= len(own) < 27
    assert "None that you may see." in staff.get(f"{AT}/steps/invite?who=skipped", "sales").text
    assert rows_of(staff.get(f"{AT}/steps/invite/prospects.csv?who=skipped", "sales").body) == []


def test_versions_and_what_differs(world: World, staff: Staff) -> None:
    assert "runs now" in staff.get(f"{AT}/versions").text
    world.apply(EDITED, "6 days")
    said = text_of(staff.get(f"{AT}/versions").text)
    assert "the step done was added" in said
    assert "the step rest was changed" in said
    assert "− within: 3 days" in said
    assert "+ within: 4 days" in said
    back = text_of(staff.get(f"{AT}/versions?old=2&new=1").text)
    assert "+ within: 3 days" in back
    assert staff.get(f"{AT}/versions?old=99&new=x").status == 200


def audited(world: World) -> list[tuple[str, str, str]]:
    with reading(world.engine).connect() as connection:
        a = t.audit.c
        return [tuple(row) for row in connection.execute(select(a.who, a.action, a.subject).order_by(a.id))]


def test_pause_resume_and_stop_are_shown_first_then_done_and_noted(world: World, staff: Staff) -> None:
    said = text_of(staff.get(f"{AT}/pause").text)
    assert "25 who wait and 1 who are held stay where they are." in said
    assert state_of(world) == "running"
    done = staff.post(f"{AT}/pause")
    assert (done.status, done.headers["location"]) == (303, AT)
    assert state_of(world) == "paused"
    assert "Nothing to do" in staff.get(f"{AT}/pause").text
    assert staff.post(f"{AT}/pause").status == 422
    assert "go on." in text_of(staff.get(f"{AT}/resume").text)
    assert staff.post(f"{AT}/resume").status == 303
    assert state_of(world) == "running"
    assert "26 runs end now, as left" in text_of(staff.get(f"{AT}/stop").text)
    assert staff.post(f"{AT}/stop").status == 303
    assert state_of(world) == "stopped"
    assert [line for line in audited(world) if line[1].startswith("scenario_")] == [
        ("user:mori", f"scenario_{deed}", "scenario:journey") for deed in ("pause", "resume", "stop")
    ]


def test_a_start_says_how_many_would_enter(world: World, staff: Staff) -> None:
    path = "/scenarios/onboarding"
    while "Counting" in (said := staff.get(f"{path}/start?count=1").text):
        assert "Look again" in said
    assert "4 prospects would enter at the next tick." in said
    assert "4 prospects would enter" in staff.get(f"{path}/entering", HX_Request="true").text
    assert staff.post(f"{path}/start").status == 303
    assert state_of(world, "onboarding") == "running"
    world.tick("7 days")
    assert "running 4 " in text_of(staff.get("/scenarios?q=onboarding").text)


@pytest.mark.parametrize("role", ["sales", "viewer"])
def test_only_marketers_change_states(world: World, staff: Staff, role: str) -> None:
    assert f'{AT}/pause"' not in staff.get(AT, role).text
    for deed in ("start", "pause", "resume", "stop"):
        assert staff.get(f"{AT}/{deed}", role).status == 403
        assert staff.post(f"{AT}/{deed}", as_=role).status == 403
    assert state_of(world) == "running"


def test_pages_are_japanese_for_japanese(staff: Staff) -> None:
    html = staff.get(AT, Accept_Language="ja").text
    assert tip(html, "opened")["待機"] == "3"
    assert "はい 14" in text_of(html)
    assert "一時停止" in html
    for path in PAGES[:7]:
        said = text_of(staff.get(path, Accept_Language="ja").text)
        assert not re.search(r"\b(entered|waiting|Prospects|Versions|Download|since)\b", said), path


def test_the_drawing_is_in_the_words_of_each_reader(staff: Staff) -> None:
    for path in (AT, f"{AT}/drawing"):
        japanese, english = staff.get(path, Accept_Language="ja").text, staff.get(path).text
        assert "within 3 days" in english
        assert "3日以内" not in english
        assert "3日以内 · メールを開封" in japanese
        assert not re.search(r"within \d|\d days?\b|email_opened", japanese), path


def test_files_tell_moments_in_the_reader_s_zone(world: World, staff: Staff) -> None:
    paths = ("/scenarios.csv", f"{AT}/prospects.csv", f"{AT}/steps/opened/prospects.csv",
             f"/prospects/{world.ids['p001']}/score.csv")  # fmt: skip
    for path in paths:
        staff.forget("marketer")
        before = staff.get(path).text
        assert "-04:00" not in before, path
    with world.engine.begin() as connection:
        connection.execute(insert(t.user_settings).values(user_id="mori", zone="America/Halifax", shortcuts=True))
    for path in paths[:3]:
        assert re.search(r"-0[34]:?00", staff.get(path).text), path
    assert staff.get(paths[3]).status == 200
    assert staff.get(f"{AT}/report.csv").status == 200


def test_a_series_on_a_page_is_short_and_its_file_is_whole(staff: Staff) -> None:
    page = text_of(staff.get(f"{AT}/report?by=day&until=2027-01-31").text)
    assert "Nobody was here in this time." in page
    shown = text_of(staff.get(f"{AT}/report?by=day&until=2026-12-14&since=2020-01-01").text)
    assert "From 1 Dec 2026 on; the file holds the whole span." in shown
    assert "2026-12-01" in shown
    assert rows_of(staff.get(f"{AT}/report.csv?by=day&until=2027-01-31").body)


def test_rare_ones_are_looked_for_further_on(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page looks at a bounded number of runs and says from where to go on, until there is somebody or nobody left."""
    from engage.reports import inside

    monkeypatch.setattr(inside, "LOOKS", {"runs": 4, "visits": 4, "names": 4})
    for path, wanted in ((f"{AT}/prospects?state=held", "p006"), (f"{AT}/steps/invite?who=skipped", "p005")):
        html = staff.get(path).text
        assert f"{wanted}@example.com" not in html
        assert "there are more" in html
        for _ in range(9):
            found = re.search(r'href="([^"]*)" rel="next"', html)
            if found is None or wanted in html:
                break
            assert f'hx-get="{found[1]}" hx-trigger="load"' in html
            html = staff.get(unescape(found[1])).text
        assert f"{wanted}@example.com" in html


def test_a_scenario_that_cannot_be_read_shows_why_and_its_versions(world: World, tmp_path: Path) -> None:
    with world.engine.begin() as connection:
        f = t.applied_files
        broken = (
            update(f).where(f.c.path == "scenarios/journey.yaml").values(text="name: Journey\nsteps: [{sing: 1}]\n")
        )
        connection.execute(broken)
    with staffed(world.engine, tmp_path) as staff:
        page = staff.get(AT)
        assert page.status == 200
        assert "It cannot be drawn:" in page.text
        assert f'{AT}/report"' not in page.text
        assert f'{AT}/pause"' not in page.text
        assert staff.get(f"{AT}/versions").status == 200
        assert staff.get(f"{AT}/report").status == 404
        assert staff.get("/scenarios").status == 200


def test_the_list_by_pages(engine: Engine, tmp_path: Path) -> None:
    scenarios = {f"s{number:03}": f"name: Scenario {number:03}\nsteps: [{{wait: 1 day}}]" for number in range(60)}
    world = World(engine, "name: Zulu\nsteps: [{wait: 1 day}]", scenarios=scenarios, start=False)
    world.start()
    world.people("a")
    world.tick("0 days")
    with staffed(engine, tmp_path) as staff:
        first, second = staff.get("/scenarios").text, staff.get("/scenarios?page=2").text
        assert [len(re.findall("<circle", html)) for html in (first, second)] == [50, 11]
        assert 'rel="next"' in first
        assert "Zulu" in second
        assert "Zulu" in staff.get("/scenarios?sort=entered").text
        assert len(rows_of(staff.get("/scenarios.csv").body)) == 61
