"""Opportunities, accounts and campaign members from CSV, and out again."""

from __future__ import annotations

import tracemalloc
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, select

from engage.sql import tables as t
from tests.support.csv_files import NOW, announced, bring, counts, one, put, reasons, rows, table, take, words
from tests.support.world import World, at

PEOPLE = "email\na@x.jp\nb@x.jp\n"
CAMPAIGNS = words(campaigns={"seminar": ("invited", "attended"), "fair": ("sent",)})
DEALS = """\
id,email,name,status,stage,amount,account,campaign,created_at,closed_at
D1,A@x.jp,CRM 導入,open,提案,"1,200,000",acme,seminar,2026-11-01,
D1,b@x.jp,CRM 導入,open,提案,1200000,acme,seminar,2026-11-01,
D2,a@x.jp,MA,won,受注,50.5,,,2026-10-01 10:00,2026-11-20 15:00
"""


def happenings(engine: Engine) -> list[tuple[str, str, datetime]]:
    """Return the activities that wait for the next tick: their types, targets and moments."""
    a, u, kind, target = t.activities, t.unlearnt, t.words.alias(), t.words.alias()
    joined = a.join(u, u.c.activity_id == a.c.id).join(kind, kind.c.id == a.c.type_id)
    chosen = select(kind.c.text, target.c.text, a.c.occurred_at).select_from(
        joined.join(target, target.c.id == a.c.target_id)
    )
    with engine.connect() as connection:
        return sorted(tuple(row) for row in connection.execute(chosen))


def test_opportunities_come_with_their_activities_and_twice_is_once(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, PEOPLE)
    announced(engine)
    summary = bring(engine, tmp_path, DEALS, "opportunities", vocabulary=CAMPAIGNS)
    assert counts(summary) == (3, 0, 0, 0)
    kept = rows(engine, t.opportunities, "key", "status", "stage", "amount", "account", "campaign")
    assert kept == [
        ("D1", "open", "提案", 1_200_000.0, "acme", "seminar"), ("D1", "open", "提案", 1_200_000.0, "acme", "seminar"),
        ("D2", "won", "受注", 50.5, None, None),
    ]  # fmt: skip
    begun, won = (datetime.fromisoformat(f"{at}+09:00") for at in ("2026-10-01T10:00", "2026-11-20T15:00"))
    first = datetime.fromisoformat("2026-11-01T00:00+09:00")
    expected = [("opportunity_created", "D1", first)] * 2
    expected += [("opportunity_created", "D2", begun), ("opportunity_won", "D2", won)]
    assert happenings(engine) == sorted(expected)
    assert announced(engine) == sorted(one(engine, email)["id"] for email in ("a@x.jp", "b@x.jp"))
    assert counts(bring(engine, tmp_path, DEALS, "opportunities", vocabulary=CAMPAIGNS)) == (0, 0, 3, 0)
    assert (announced(engine), len(happenings(engine))) == ([], 4)


def test_an_opportunity_that_is_lost_and_won_after_all_is_told_each_time(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, PEOPLE)
    for status in ("open", "lost", "lost", "open", "won"):
        bring(engine, tmp_path, f"id,email,status\nD1,a@x.jp,{status}\n", "opportunities")
    assert [kind for kind, _, _ in happenings(engine)] == ["opportunity_created", "opportunity_lost", "opportunity_won"]
    assert {at for _, _, at in happenings(engine)} == {NOW}


def test_rows_about_one_opportunity_are_brought_together(engine: Engine, tmp_path: Path) -> None:
    """Else the same file twice would win and lose it again and again."""
    bring(engine, tmp_path, PEOPLE)
    text = "id,email,status,stage\nD1,a@x.jp,open,提案\nD2,a@x.jp,open,\nD1,a@x.jp,won,\n"
    assert counts(bring(engine, tmp_path, text, "opportunities")) == (2, 1, 0, 0)
    assert rows(engine, t.opportunities, "key", "status", "stage") == [("D1", "won", "提案"), ("D2", "open", None)]
    before = happenings(engine)
    assert counts(bring(engine, tmp_path, text, "opportunities")) == (0, 0, 3, 0)
    assert happenings(engine) == before


def test_bad_rows_of_opportunities_are_set_aside(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, PEOPLE)
    text = (
        "id,email,status,amount,campaign\n,a@x.jp,,,\nD1,,,,\nD1,z@x.jp,,,\nD1,a@x.jp,wno,,\nD1,a@x.jp,,much,\n"
        "D1,a@x.jp,,,seminer\nD2,a@x.jp,,,\n"
    )
    summary = bring(engine, tmp_path, text, "opportunities", vocabulary=CAMPAIGNS)
    assert counts(summary) == (1, 0, 0, 6)
    why = reasons(summary)
    assert "there is no id" in why[2]
    assert "z@x.jp" in why[4]
    assert "won" in why[5]
    assert "amount" in why[6]
    assert "did you mean seminar" in why[7]


def test_the_modes_of_opportunities(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, PEOPLE)
    text = "id,email,stage\nD1,a@x.jp,A\nD2,a@x.jp,B\n"
    assert counts(bring(engine, tmp_path, text, "opportunities", mode="update")) == (0, 0, 0, 2)
    assert counts(bring(engine, tmp_path, "id,email\nD1,a@x.jp\n", "opportunities", mode="insert")) == (1, 0, 0, 0)
    assert counts(bring(engine, tmp_path, text, "opportunities", mode="insert")) == (1, 0, 0, 1)
    assert counts(bring(engine, tmp_path, text, "opportunities", mode="update")) == (0, 1, 1, 0)
    empty = "id,email,stage\nD1,a@x.jp,\n"
    assert counts(bring(engine, tmp_path, empty, "opportunities")) == (0, 0, 1, 0)
    assert counts(bring(engine, tmp_path, empty, "opportunities", clear_empty=True)) == (0, 1, 0, 0)
    announced(engine)
    gone = bring(engine, tmp_path, text, "opportunities", mode="delete")
    assert (gone.deleted, rows(engine, t.opportunities, "key")) == (2, [])
    assert announced(engine) == [one(engine, "a@x.jp")["id"]]
    made = bring(engine, tmp_path, "id,email\nD1,New@x.jp\n", "opportunities", create_prospects=True)
    assert counts(made) == (1, 0, 0, 0)
    assert one(engine, "new@x.jp")["email"] == "New@x.jp"


def test_a_dry_run_of_opportunities_keeps_nothing(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, PEOPLE)
    summary = bring(engine, tmp_path, DEALS, "opportunities", vocabulary=CAMPAIGNS, dry_run=True)
    assert counts(summary) == (3, 0, 0, 0)
    assert (rows(engine, t.opportunities, "key"), happenings(engine)) == ([], [])


def test_an_export_of_opportunities_is_taken_back(engine: Engine, tmp_path: Path) -> None:
    bring(engine, tmp_path, PEOPLE)
    bring(engine, tmp_path, DEALS, "opportunities", vocabulary=CAMPAIGNS)
    data = take(engine, "opportunities")
    assert [(row["id"], row["email"], row["amount"]) for row in table(data)] == [
        ("D1", "a@x.jp", "1200000"), ("D1", "b@x.jp", "1200000"), ("D2", "a@x.jp", "50.5"),
    ]  # fmt: skip
    assert counts(bring(engine, tmp_path, data, "opportunities", vocabulary=CAMPAIGNS)) == (0, 0, 3, 0)


def test_accounts_come_and_go_out(engine: Engine, tmp_path: Path) -> None:
    text = (
        "id,name,industry,employees,annual_revenue,owner\nacme,Acme,Software,120,1.5,user:sato\n"
        "b,,,many,,\nc,Cee,,,,user:nobody\nd,,,,,\n"
    )
    known = words(users=frozenset(("sato",)))
    summary = bring(engine, tmp_path, text, "accounts", vocabulary=known)
    assert counts(summary) == (2, 0, 0, 2)
    assert set(reasons(summary)) == {3, 4}
    assert rows(engine, t.accounts, "key", "name", "employees", "owner") == [
        ("acme", "Acme", 120, "user:sato"), ("d", "d", None, None),
    ]  # fmt: skip
    assert counts(bring(engine, tmp_path, text, "accounts", vocabulary=known)) == (0, 0, 2, 2)
    data = take(engine, "accounts")
    assert counts(bring(engine, tmp_path, data, "accounts", vocabulary=known)) == (0, 0, 2, 0)
    changed = "id,employees\nacme,121\nx,1\n"
    assert counts(bring(engine, tmp_path, changed, "accounts", mode="update")) == (0, 1, 0, 1)
    assert counts(bring(engine, tmp_path, changed, "accounts", mode="insert")) == (1, 0, 0, 1)
    assert bring(engine, tmp_path, changed, "accounts", mode="delete").deleted == 2


def test_members_of_campaigns_come_and_go_out(engine: Engine, tmp_path: Path) -> None:
    put(engine, t.campaigns, {"key": "seminar", "name": "S"}, {"key": "fair", "name": "F"})
    bring(engine, tmp_path, PEOPLE)
    announced(engine)
    text = (
        "campaign,email,status\nseminar,a@x.jp,attended\nseminar,b@x.jp,\nsemina,a@x.jp,\nseminar,a@x.jp,late\n"
        "fair,z@x.jp,\n"
    )
    summary = bring(engine, tmp_path, text, "campaign-members", vocabulary=CAMPAIGNS)
    assert counts(summary) == (2, 0, 0, 3)
    assert set(reasons(summary)) == {4, 5, 6}
    assert rows(engine, t.campaign_members, "status", "since") == [("attended", NOW), ("invited", NOW)]
    assert len(announced(engine)) == 2
    assert counts(bring(engine, tmp_path, text, "campaign-members", vocabulary=CAMPAIGNS)) == (0, 0, 2, 3)
    assert announced(engine) == []
    moved = "campaign,email,status\nseminar,b@x.jp,attended\n"
    assert counts(bring(engine, tmp_path, moved, "campaign-members", vocabulary=CAMPAIGNS)) == (0, 1, 0, 0)
    data = take(engine, "campaign-members")
    assert counts(bring(engine, tmp_path, data, "campaign-members", vocabulary=CAMPAIGNS)) == (0, 0, 2, 0)
    gone = bring(engine, tmp_path, moved, "campaign-members", vocabulary=CAMPAIGNS, mode="delete")
    assert (gone.deleted, len(table(take(engine, "campaign-members")))) == (1, 1)


def test_memory_stays_flat(sqlite_engine: Engine, tmp_path: Path) -> None:
    """FAULTS B43."""
    bring(sqlite_engine, tmp_path, PEOPLE)
    peaks = []
    for count in (12_000, 24_000):
        text = "id,email,stage\n" + "".join(f"D{n},a@x.jp,{n % 7}\n" for n in range(count))
        tracemalloc.start()
        bring(sqlite_engine, tmp_path, text, "opportunities", dry_run=True)
        peaks.append(tracemalloc.get_traced_memory()[1] - len(text))
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.5


def test_a_scenario_learns_of_an_opportunity_that_is_imported(engine: Engine, tmp_path: Path) -> None:
    """Its goal by the state, its trigger by the activity."""
    goal = "goal: {opportunity: {status: won}}\nsteps: [{wait: 9 days}]"
    asks = "steps: [{id: asked, trigger: {opportunity_created: any}, within: 9 days, yes: [{add_tag: deal}]}]"
    world = World(engine, goal, scenarios={"asks": asks})
    world.people("a", "b")
    world.tick("0 days")
    text = "id,email,status\nD1,a@example.com,won\n"
    assert counts(bring(engine, tmp_path, text, "opportunities", now=at("1 day"))) == (1, 0, 0, 0)
    world.tick("1 day")
    assert (world.state("a"), world.state("b")) == ("goal", "active")
    assert world.tagged("deal") == {"a"}
