"""A house after some days: a scenario of each state, ToDos of each kind, scores and grades; for the staff pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import update

from engage.sql import tables as t
from engage.sql.connect import connect
from tests.support.journey import EDITED, journey_world
from tests.support.lately import lately
from tests.support.staff import Staff, staffed
from tests.support.world import World

GRADING = """
profiles:
  default:
    - {name: Target industry, match: {industry: [Manufacturing, Software]}, worth: 2/3}
    - {name: Decision maker, match: {job_title: {contains: 部長}}, worth: 1, mismatch: 0}
"""
SCORING = """
rules:
  - {activity: page_viewed, target: "/pricing*", points: 3}
  - {activity: email_opened, points: 1}
"""
SEMINAR = """
name: 11月セミナーのご案内
audience: {lists: [members]}
steps: [{id: seminar, send_email: seminar}, {wait: 3 days}]
"""


@contextmanager
def house(template: Path, folder: Path) -> Iterator[tuple[World, Staff]]:
    """Give a world of its own in a copy of an empty database, and its staff pages."""
    file = shutil.copyfile(template, folder / "engage.db")
    engine = connect(f"sqlite:///{file}")
    world = journey_world(engine, 70, {"seminar": SEMINAR}, grading=GRADING, scoring=SCORING)
    world.start(key="seminar")
    world.apply(EDITED, "6 days")
    world.pause(key="seminar")
    world.set("p001", first_name="花子", last_name="佐藤", company="株式会社サンプルソフトウェア")
    world.set("p001", job_title="営業企画部長", industry="Software", phone="03-1234-5678", mobile="+81 90 1234 5678")
    for path in ("/pricing", "/products/crm/overview-and-prices", "/pricing"):
        world.activity("p001", "page_viewed", path, at="6 days")
    world.tick("7 days")
    with engine.begin() as connection:
        onboarding = t.scenarios.c.key == "onboarding"
        connection.execute(update(t.scenarios).where(onboarding).values(fault="no template greet"))
    lately(world)
    with staffed(engine, folder, base_url="http://localhost") as pages:
        yield world, pages
    engine.dispose()
