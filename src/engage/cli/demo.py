"""``engage demo``: sixty days of a company's marketing, rehearsed in seconds, and what came of them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.demo_pages import serve_demo
from engage.cli.progress import progress
from engage.cli.session import Session
from engage.errors import Refused
from engage.wording import sentence

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from engage.app import App
    from engage.language.whole import Workspace
    from engage.plan.moves import Plans
    from engage.rehearse.demo import Played
    from engage.reports.card import Card

#: The standard scenarios whose part the invented people can play.
SCENARIOS = (
    "attendee-follow-up", "document-request", "dormant-reawakening", "hot-lead-handover", "pricing-interest",
    "whitepaper-nurture",
)  # fmt: skip
#: Lies in a folder that a demo made, and that the next one may empty.
MARK = ".engage-demo"


def demo(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="The workspace that is made.")] = Path(
        "demo-workspace"
    ),
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="End after the run and print the report card; else the pages follow.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Another seed gives other people.")] = 1,
    count: Annotated[int, typer.Option("--prospects", min=1, max=20_000, help="How many people.")] = 600,
    days: Annotated[int, typer.Option("--days", min=1, max=365, help="How many days.")] = 60,
) -> None:
    """Rehearse sixty days of a software company's marketing: 600 people, six scenarios, a new workspace."""
    from engage.app import open_app
    from engage.rehearse.demo import Stage, run_demo
    from engage.settings import read_settings

    _make(folder)
    session.folder = folder
    app = open_app(read_settings({}, folder))
    session.opened.append(app)
    workspace, plans = _apply(app)
    with progress(session.read("days"), days) as told:
        played = run_demo(Stage(app.engine, folder, workspace, plans), seed=seed, count=count, days=days, progress=told)
    _show(session, app, plans, played)
    if not no_serve:
        serve_demo(session, folder, played.ended)


def _make(folder: Path) -> None:
    """Make a workspace; one that an earlier demo made is made anew. Raises Refused for any other folder."""
    from engage.cli.starter import starter_files

    if (folder / MARK).is_file():
        shutil.rmtree(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refused(sentence("{folder} is no demo's; name a folder that is not there yet", folder=folder))
    for name, source in starter_files(SCENARIOS).items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    (folder / MARK).touch()


def _apply(app: App) -> tuple[Workspace, Plans]:
    """Apply the new workspace on the morning of the first day."""
    from engage.app import apply, valid_workspace
    from engage.language.zones import day_start
    from engage.rehearse.demo import FIRST_DAY

    workspace = valid_workspace(app)
    apply(app, workspace, day_start(FIRST_DAY, workspace.hours.zone))
    applied = app.applied()
    return applied.workspace, applied.plans


#: The scenario whose report card is shown whole.
MAIN = "whitepaper-nurture"
#: Columns of characters where there is no terminal.
WIDE = 120


def _show(session: Session, app: App, plans: Plans, played: Played) -> None:
    """Print what came of it, write each scenario's report card as CSV, and say where things lie."""
    from engage.cli.tables import rendered, width
    from engage.rehearse.demo_figures import read_outcome
    from engage.rehearse.demo_page import demo_page
    from engage.sql.connect import reading

    zone, folder = plans.house.hours.zone, session.workspace
    with reading(app.engine).begin() as connection:
        outcome = read_outcome(connection, plans, played.ended, session.locale)
    _write_cards(folder / "reports", outcome.cards, zone)
    days = (played.ended.date() - played.began.date()).days + 1
    first, last, name = played.began.date(), played.ended.date(), session.company.get("name", "")
    text = "{company}: {days} days of marketing, {first} to {last}, rehearsed with seed {seed}"
    session.say(sentence(text, company=name, days=days, first=first, last=last, seed=played.seed))
    session.say("")
    session.say(rendered(demo_page(outcome, MAIN, played.ended, zone, session.locale, width(WIDE))))
    session.say("")
    session.say(sentence("report cards as CSV: {folder}", folder=folder / "reports"))
    session.say(sentence("the e-mails: {folder}", folder=folder / "outbox"))
    session.say(sentence("the imported files: {folder}", folder=folder / "data"))
    moment = played.ended.strftime("%Y-%m-%dT%H:%M")
    text = "look around: engage --workspace {folder} todos --now {moment}, or: status, report {main}, prospect EMAIL"
    session.say(sentence(text, folder=folder, moment=moment, main=MAIN))


def _write_cards(folder: Path, cards: Mapping[str, Card], zone: ZoneInfo) -> None:
    from engage.reports.card_text import card_csv

    folder.mkdir(exist_ok=True)
    for key, card in cards.items():
        (folder / f"{key}.csv").write_bytes(card_csv(card, zone))
