"""Sixty days of a software company's marketing: invented people, the real importer, engine and delivery.

The clock is virtual and all chance is seeded: the same seed gives the same days. What people do is imported in
batches; mail is written into the workspace's ``outbox/``, and what becomes of it follows from what was really sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from heapq import heappop, heappush
from pathlib import Path

from sqlalchemy import Engine, select

from engage.effects.delivery import deliver
from engage.effects.outbox import OutboxFolder
from engage.effects.post import Post
from engage.language.calendar import is_business_day
from engage.language.whole import Workspace
from engage.language.zones import local_instant
from engage.plan.moves import Plans
from engage.rehearse.arrivals import bring_people, bring_survey
from engage.rehearse.browsing import Website
from engage.rehearse.chance import Chance
from engage.rehearse.feed import Feed
from engage.rehearse.happenings import COLUMNS, Happening, working_hour
from engage.rehearse.hurry import hurried
from engage.rehearse.people import Person, people
from engage.rehearse.reading import Handed, Readers
from engage.rehearse.selling import SalesTeam
from engage.sql import tables as t
from engage.sql.codes import MessageKind, MessageStatus
from engage.sql.connect import reading
from engage.sql.locks import exclusive
from engage.stepping import states
from engage.stepping.tick import tick

#: The first day.
FIRST_DAY = date(2026, 9, 1)
#: When what has happened is brought in, the engine ticks and mail is delivered, by local time, on working days; what
#: happens on others waits for the next. People sell from noon on.
_HOURS = (time(9), time(16))
_NOON = time(12)
#: Before the first tick everything is brought in.
_OPENING = time(8, 30)
#: How much is done on a day off, against a working day.
_DAY_OFF = 0.15
#: How far back the visits go that were made before the first day.
_PAST_DAYS = 110


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the play takes place: a workspace that was applied to an empty database."""

    engine: Engine
    #: the workspace's folder
    folder: Path
    workspace: Workspace
    plans: Plans
    base_url: str = "http://localhost:8000"


@dataclass(frozen=True, slots=True)
class Played:
    """What was played."""

    seed: int
    days: int
    #: the first and the last moment
    began: datetime
    ended: datetime
    #: the files under ``data/``: how many rows each has
    files: dict[str, int]


@dataclass(slots=True)
class _Play:
    """The state of the world outside the engine."""

    stage: Stage
    chance: Chance
    feed: Feed
    people: dict[str, Person]
    website: Website
    readers: Readers
    sales: SalesTeam
    post: Post
    #: what will happen, soonest first
    coming: list[Happening] = field(default_factory=list)
    happened: int = 0


def run_demo(
    stage: Stage,
    *,
    seed: int,
    count: int = 600,
    days: int = 60,
    progress: Callable[[int], None] = lambda day: None,  # noqa: ARG005
) -> Played:
    """Bring so many prospects in, start every scenario and let so many days pass; ``progress`` is told each day."""
    with hurried(stage.engine):
        return _run(_open(stage, seed, count), seed, days, progress)


def _run(play: _Play, seed: int, days: int, progress: Callable[[int], None]) -> Played:
    stage = play.stage
    began = now = _at(stage, FIRST_DAY, _OPENING)
    bring_people(play.feed, tuple(play.people.values()), began)
    _expect(play, _past(play))
    _start(stage, began)
    for number in range(days):
        day = FIRST_DAY + timedelta(days=number)
        works = is_business_day(stage.workspace.hours, day)
        _expect(play, _of_themselves(play, day, 1.0 if works else _DAY_OFF))
        for hour in _HOURS if works else ():
            now = _at(stage, day, hour)
            _advance(play, now, selling=hour > _NOON)
        progress(number + 1)
    return Played(seed, days, began, now, dict(play.feed.counts))


def _open(stage: Stage, seed: int, count: int) -> _Play:
    chance = Chance(seed)
    website = Website()
    crowd = {person.email: person for person in people(chance, count)}
    draw = chance.of("dead")
    dead = frozenset(email for email in crowd if draw.random() < 0.02)
    post = Post(
        house=stage.plans.house,
        company=stage.workspace.company,
        templates=stage.workspace.templates,
        base_url=stage.base_url,
        secret_key=None,
        channel=OutboxFolder(stage.folder / "outbox", durable=False),
        suppress={key: plan.suppress for key, plan in stage.plans.scenarios.items() if plan.suppress is not None},
    )
    return _Play(
        stage=stage,
        chance=chance,
        feed=Feed(stage.engine, stage.folder / "data", stage.workspace.vocabulary),
        people=crowd,
        website=website,
        readers=Readers(chance, website, dead),
        sales=SalesTeam(chance),
        post=post,
    )


def _at(stage: Stage, day: date, hour: time) -> datetime:
    return local_instant(day, hour, stage.workspace.hours.zone).astimezone(stage.workspace.hours.zone)


def _start(stage: Stage, now: datetime) -> None:
    with stage.engine.begin() as connection:
        for key in sorted(stage.plans.scenarios):
            states.start(connection, stage.plans, key, now)


def _past(play: _Play) -> Iterator[Happening]:
    """Yield the visits of the months before: the less keen, the fewer and the longer ago."""
    draw, first = play.chance.of("past"), _at(play.stage, FIRST_DAY, time(0))
    for person in play.people.values():
        for _ in range(int(draw.expovariate(1 / (1.0 + 2.5 * person.interest)))):
            back = 1 + int(_PAST_DAYS * draw.random() ** (0.5 + person.interest))
            moment = working_hour(draw, first - timedelta(days=back))
            yield from play.website.visit(draw, person, moment, keenness=0.5)


def _of_themselves(play: _Play, day: date, eagerness: float) -> Iterator[Happening]:
    """Yield the visits of a day that no mail brought about."""
    alive = tuple(person for email, person in play.people.items() if email not in play.readers.dead)
    return play.website.day(play.chance.of("day", day), alive, _at(play.stage, day, time(0)), eagerness)


def _expect(play: _Play, happenings: Iterable[Happening]) -> None:
    for happening in happenings:
        heappush(play.coming, happening)


def _advance(play: _Play, now: datetime, *, selling: bool) -> None:
    """Let the world move on to a moment: people, the engine, the post."""
    stage = play.stage
    if selling:
        with stage.engine.begin() as connection:
            _expect(play, list(play.sales.work(connection, now)))
    _import_happened(play, now)
    with exclusive(stage.engine, "tick"), stage.engine.connect() as connection:
        tick(connection, stage.plans, now, custom=_custom(stage.workspace))
    deliver(stage.engine, play.post, now)
    for mail in _handed_over(stage.engine, now):
        _expect(play, play.readers.react(play.people[mail.email], mail))


def _import_happened(play: _Play, now: datetime) -> None:
    """Bring in what has happened by now."""
    happened: list[Happening] = []
    while play.coming and play.coming[0].at <= now:
        happened.append(heappop(play.coming))
    rows = [happening.row(play.happened + place) for place, happening in enumerate(happened, start=1)]
    play.happened += len(rows)
    bring_survey(play.feed, play.chance, happened, now)
    play.feed.bring("activities", "activities", COLUMNS, rows, now)


def _custom(workspace: Workspace) -> dict[str, str]:
    return {name: field.type for name, field in workspace.company.fields.items()}


def _handed_over(engine: Engine, now: datetime) -> list[Handed]:
    """Return the mails that were handed over at this moment."""
    m, p, w = t.messages, t.prospects, t.words
    chosen = (
        select(p.c.email, w.c.text, m.c.kind)
        .select_from(m.join(p, p.c.id == m.c.prospect_id).join(w, w.c.id == m.c.template_id))
        .where(m.c.sent_at == now, m.c.status == int(MessageStatus.SENT))
        .order_by(m.c.id)
    )
    with reading(engine).begin() as connection:
        rows = connection.execute(chosen).all()
    return [Handed(email, template, kind == int(MessageKind.MARKETING), now) for email, template, kind in rows]
