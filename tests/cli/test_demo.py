"""The demo, in small."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Engage


def test_a_small_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Engage) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("demo", "--no-serve", "--days", "2", "--prospects", "30", "--seed", "3")
    first = run(*words)
    assert first.code == 0, first.err
    assert "whitepaper-nurture" in first.out
    assert len(list(Path("demo-workspace/reports").glob("*.csv"))) == 6
    assert run("db", "check", "--workspace", "demo-workspace").code == 0
    again = run(*words)
    assert again.out == first.out


def test_a_demo_touches_no_folder_of_somebody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Engage
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine").mkdir()
    Path("mine/notes.txt").write_text("mine", "utf-8")
    assert run("demo", "mine").code == 1
    assert Path("mine/notes.txt").read_text("utf-8") == "mine"
