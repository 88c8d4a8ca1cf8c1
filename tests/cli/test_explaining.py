"""``engage explain`` and ``engage score backtest`` at the terminal, in both languages."""

from __future__ import annotations

import json
from pathlib import Path

from rich.cells import cell_len

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


def test_backtest_says_what_is_missing(engage: Engage, folder: Path) -> None:
    prepared(engage, folder)
    done = engage("score", "backtest", "--outcome", "won", "--per-week", "1", *NOW)
    assert done.code == 0, done.err
    assert "2 prospects, 0 with won" in done.out
    assert engage("score", "backtest", "--outcome", "wonn").code == 1
    assert engage("score", "backtest", "--outcome", "won", "--outcome-at", "city").code == 1
