"""The demo, in small: the same seed gives the same days, nothing contradicts itself, and the page is straight."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from engage.app import App, Applied, apply, open_app, valid_workspace
from engage.cli.demo import SCENARIOS
from engage.cli.starter import starter_files
from engage.language.zones import day_start
from engage.rehearse.demo import FIRST_DAY, Played, Stage, run_demo
from engage.rehearse.demo_figures import read_outcome
from engage.rehearse.demo_page import demo_page
from engage.reports.invariants import check
from engage.settings import read_settings
from engage.sql.connect import reading

Done = tuple[App, Applied, Played]


@contextmanager
def demo(folder: Path, seed: int = 1) -> Iterator[Done]:
    for name, source in starter_files(SCENARIOS).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(source.read_bytes())
    app = open_app(read_settings({}, folder))
    try:
        workspace = valid_workspace(app)
        apply(app, workspace, day_start(FIRST_DAY, workspace.hours.zone))
        applied = app.applied()
        stage = Stage(app.engine, folder, applied.workspace, applied.plans)
        yield app, applied, run_demo(stage, seed=seed, count=80, days=10)
    finally:
        app.engine.dispose()


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Done]:
    with demo(tmp_path_factory.mktemp("demo")) as made:
        yield made


def page(done: Done) -> list[str]:
    app, applied, played = done
    zone = applied.workspace.hours.zone
    with reading(app.engine).begin() as connection:
        outcome = read_outcome(connection, applied.plans, played.ended, "ja")
    stream = io.StringIO()
    Console(file=stream, width=120).print(demo_page(outcome, "whitepaper-nurture", played.ended, zone, "ja"))
    return stream.getvalue().splitlines()


def test_nothing_contradicts_itself(done: Done) -> None:
    app, applied, _ = done
    with reading(app.engine).begin() as connection:
        assert check(connection, applied.plans) == ()


def test_the_same_seed_gives_the_same_days(done: Done, tmp_path: Path) -> None:
    with demo(tmp_path / "again") as again:
        assert page(again) == page(done)
        assert again[2].files == done[2].files
    with demo(tmp_path / "other", seed=2) as other:
        assert page(other) != page(done)


def test_every_line_fits_a_terminal_of_120_columns(done: Done) -> None:
    assert [line for line in page(done) if cell_len(line) > 120] == []


def test_the_figures_of_the_mail_column_end_at_one_place(done: Done) -> None:
    lines = [line for line in page(done) if re.match(r"(見込み客数|メールマガジン購読|配信停止|宛先不明)", line)]
    ends = {cell_len(found[0]) for line in lines if (found := re.match(r"\S+ +[0-9,]+", line))}
    assert len(lines) == 4
    assert len(ends) == 1
