"""The tutorial, word for word: its commands run and its figures are those they give."""

import csv
import json
import re
import shutil
from pathlib import Path

import pytest

from engage.cli.main import main

ROOT = Path(__file__).parent.parent
LEADS = ROOT.parent / "shared" / "data" / "xeducation" / "Leads.csv"
TEXT = (ROOT / "docs" / "tutorial.md").read_text("utf-8")


def run(capsys: pytest.CaptureFixture[str], folder: Path, *words: str) -> str:
    """Run a command in a workspace; return what it printed."""
    code = main(["--workspace", str(folder), *words])
    assert code == 0, capsys.readouterr().err
    return capsys.readouterr().out


def maps() -> list[str]:
    """Return the --map options that the tutorial shows."""
    return [word for found in re.findall(r'--map "([^"]+)"', TEXT) for word in ("--map", found)]


@pytest.mark.skipif(not LEADS.exists(), reason="the data set Leads.csv is not here")
def test_the_tutorial(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "advisers"
    shutil.copytree(ROOT / "docs" / "examples" / "xeducation", folder)
    assert "no mistakes" in run(capsys, folder, "validate")
    run(capsys, folder, "apply", "--yes", "--now", "2026-12-01T09:00")
    importing = ("import", "prospects", str(LEADS), "--blank", "Select", *maps(), "--now", "2026-12-01T09:00")
    assert "9240 inserted" in run(capsys, folder, *importing)
    assert "9240 unchanged" in run(capsys, folder, *importing)
    run(capsys, folder, "start", "hand-over", "--now", "2026-12-01T09:00")
    run(capsys, folder, "tick", "--now", "2026-12-01T09:00")

    card = folder / "card.csv"
    run(capsys, folder, "report", "hand-over", "--format", "csv", "-o", str(card))
    rows = {row["step"]: row for row in csv.DictReader(card.read_text("utf-8-sig").splitlines())}
    for step in ("long-visit", "came-often", "asked-us", "works", "answered", "only-chatted", "warm"):
        entered, yes, no = (int(rows[step][column]) for column in ("entered", "yes", "no"))
        assert f"| {step} | {entered:,} | {yes:,} | {no:,} |" in TEXT

    todos = json.loads(run(capsys, folder, "todos", "--format", "json"))
    shares = {who: sum(todo["to"] == f"user:{who}" for todo in todos) for who in ("asha", "ravi", "meera")}
    assert f"asha has {shares['asha']} ToDos, ravi {shares['ravi']}, meera {shares['meera']}" in TEXT
    assert max(shares.values()) - min(shares.values()) <= 1

    good = folder / "good.csv"
    run(capsys, folder, "export", "prospects", "--where", "{score: {gte: 50}, converted: true}", "-o", str(good))
    converted = sum(1 for _ in csv.DictReader(good.read_text("utf-8-sig").splitlines()))
    assert f"{converted} rows → good.csv" in TEXT
    assert f"{converted / len(todos):.1%}".replace("%", " %") in TEXT
    check_backtest(capsys, folder)
    run(capsys, folder, "db", "check")


def check_backtest(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Compare the backtest's figures with those the tutorial shows."""
    asked = ("score", "backtest", "--outcome", "converted", "--per-week", "2000", "--now", "2026-12-01T09:00")
    told = run(capsys, folder, *asked).splitlines()
    assert "\n".join(told[:3]) in TEXT
    assert told[-1] in TEXT
    found = json.loads(run(capsys, folder, *asked, "--format", "json"))
    for each in found["deciles"]:
        row = f"| {each['number']} | {each['with_outcome']:,.1f} | {each['rate']:.1%} | {each['lift']:.2f} |"
        assert row in TEXT
    shown = re.findall(r"^\| (-?\d+) \| [\d,]+ \| [\d.]+% \| [\d.]+% \|$", TEXT, re.MULTILINE)
    assert len(shown) > 4
    for each in found["thresholds"]:
        if str(each["score"]) in shown:
            rates = f"{each['precision']:.1%} | {each['recall']:.1%}"
            assert f"| {each['score']} | {each['prospects']:,} | {rates} |" in TEXT
