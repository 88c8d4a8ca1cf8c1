"""``engage explain`` and ``engage score backtest`` at the terminal, in both languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.cells import cell_len

from engage.cli.session import Session
from engage.rehearse.telling import reason_of
from tests.cli.conftest import Engage

PEOPLE = "email,last_name,score,city\nhot@example.com,佐藤,120,大阪市\ncold@example.com,鈴木,5,\n"
GRADING = """
profiles:
  default:
    - {name: 大阪の会社, match: {city: 大阪市}, worth: 1}
    - {name: JP, match: {country: JP}, worth: 1}
"""
NOW = ("--now", "2026-12-01T09:00")


def prepared(engage: Engage, folder: Path, *, locale: str = "en") -> None:
    """Apply, import two people, and tick once."""
    company = folder / "engage.yaml"
    company.write_text(f"{company.read_text('utf-8')}locale: {locale}\nfields: {{won: {{type: boolean}}}}\n", "utf-8")
    (folder / "grading.yaml").write_text(GRADING, "utf-8")
    (folder / "people.csv").write_text(PEOPLE, "utf-8")
    for words in (
        ("apply", "--yes"),
        ("import", "prospects", str(folder / "people.csv")),
        ("start", "hand-over"),
        ("tick",),
    ):
        done = engage(*words, *NOW)
        assert done.code == 0, done.err


def test_explain_tells_what_was_decided(engage: Engage, folder: Path) -> None:
    prepared(engage, folder)
    told = engage("explain", "hot@example.com", *NOW).out
    for part in ("score 120", "+120", "matched", "unknown", "run 1, active", "+ score: {gte: 100} = 120",
                 "- → user:sato", "next: rest, there since 2026-12-01 09:00", "2026-12-03 09:00"):  # fmt: skip
        assert part in told, part
    cold = engage("explain", "cold@example.com", *NOW).out
    assert "does not enter" in cold
    assert "- score: {gte: 100} = 5" in cold
    found = json.loads(engage("explain", "hot@example.com", "--format", "json", *NOW).out)
    assert found["scenarios"][0]["runs"][0]["steps"][0]["step"] == "assign-east"
    assert engage("explain", "nobody@example.com").code == 1
    assert engage("explain", "hot@example.com", "--scenario", "hand-ovr").code == 1


def test_explain_in_japanese_is_aligned(engage: Engage, folder: Path) -> None:
    prepared(engage, folder, locale="ja")
    told = engage("explain", "hot@example.com", *NOW).out
    assert "次: rest(2026-12-01 09:00 から)" in told
    rows = [line for line in told.splitlines() if line.startswith(("  大阪の会社", "  JP"))]
    assert len(rows) == 2
    assert len({cell_len(row[: row.index("city" if "city" in row else "country")]) for row in rows}) == 1


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        ("it took longer than 10 seconds", "10 秒以内に終わりませんでした"),
        ("it ended without an answer (exit code -9)", "答えずに終わりました（終了コード -9）"),
        (
            "TypeError: it answered dict, and not a text or nothing",
            "文字列（または何もなし）ではなく dict を返しました",
        ),
        ("RuntimeError: no printer", "RuntimeError: no printer"),
        ("was in welcome 2 times", "welcome にすでに 2 回登録されたため"),
    ],
)
def test_why_a_call_failed_is_told_in_japanese_what_it_raised_as_it_is(kept: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "engage.yaml").write_text("name: Example\nlocale: ja\n", "utf-8")
    assert reason_of(Session({}, tmp_path), kept) == told


def test_states_are_told_in_japanese(engage: Engage, folder: Path) -> None:
    prepared(engage, folder, locale="ja")
    assert engage("prospect", "hot@example.com", *NOW).out.rstrip().endswith("取り込み")
    assert "一時停止中ではありません（状態: 実行中）" in engage("resume", "hand-over").err
    scenario = folder / "scenarios" / "hand-over.yaml"
    scenario.write_text(scenario.read_text("utf-8").replace("2 days", "3 days"), "utf-8")
    assert "（Hand over）、実行中: 第 1 版" in engage("plan", *NOW).out


def test_who_waits_for_a_mail_that_has_not_gone_out_is_told_so(engage: Engage, folder: Path) -> None:
    scenario = folder / "scenarios" / "hand-over.yaml"
    waiting = "name: W\naudience: {where: {score: {gte: 100}}}\nsteps:\n  - send_email: hello\n"
    scenario.write_text(waiting + "  - {trigger: {email_opened: send_email-hello}, within: 2 days}\n", "utf-8")
    prepared(engage, folder)
    told = engage("explain", "hot@example.com", *NOW)
    assert told.code == 0, told.err
    assert "not before its e-mail has gone out" in told.out
    assert engage("pause", "hand-over", "--now", "2026-12-02T09:00").code == 0
    assert engage("resume", "hand-over", "--now", "2026-12-03T09:00").code == 0
    later = ("--now", "2026-12-04T09:00")
    assert "not before its e-mail has gone out" in engage("explain", "hot@example.com", *later).out
    assert engage("deliver", *later).code == 0
    assert engage("tick", *later).code == 0
    assert "2026-12-06 09:00" in engage("explain", "hot@example.com", *later).out


def test_backtest_says_what_is_missing(engage: Engage, folder: Path) -> None:
    prepared(engage, folder)
    done = engage("score", "backtest", "--outcome", "won", "--per-week", "1", *NOW)
    assert done.code == 0, done.err
    assert "2 prospects, 0 with won" in done.out
    assert engage("score", "backtest", "--outcome", "wonn").code == 1
    assert engage("score", "backtest", "--outcome", "won", "--outcome-at", "city").code == 1
