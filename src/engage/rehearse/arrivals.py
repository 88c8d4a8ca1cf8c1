"""What invented people tell of themselves, as files: who they are, which lists they are on, what they answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from engage.rehearse.chance import Chance, weighted
from engage.rehearse.feed import Feed
from engage.rehearse.happenings import Happening
from engage.rehearse.people import TIMINGS, Person

_COLUMNS = (
    "email", "last_name", "first_name", "last_name_kana", "first_name_kana", "company", "department", "job_title",
    "industry", "employees", "phone", "country", "prefecture", "source", "product_interest", "purchase_timing", "tags",
)  # fmt: skip
_SYSTEMS = ("表計算ソフト", "自社開発", "他社CRM", "名刺管理ツール", "なし")


def bring_people(feed: Feed, people: tuple[Person, ...], now: datetime) -> None:
    """Write and import the prospects and the members of lists."""
    feed.bring("prospects", "prospects", _COLUMNS, map(_row, people), now)
    members = [(name, person.email) for person in people for name in person.lists]
    feed.bring("list-members", "list-members", ("list", "email"), sorted(members), now)


def _row(person: Person) -> tuple[object, ...]:
    firm = person.firm
    return (
        person.email, person.last_name, person.first_name, person.last_name_kana, person.first_name_kana, firm.name,
        person.department, person.job_title, firm.industry, firm.employees, person.phone, "JP", firm.prefecture,
        person.source, person.product_interest or "", person.purchase_timing or "", ";".join(person.tags),
    )  # fmt: skip


def bring_survey(feed: Feed, chance: Chance, happened: Iterable[Happening], now: datetime) -> None:
    """Write and import what people answered in the seminar's survey."""
    answers = [
        (each.email, weighted(draw, TIMINGS), draw.choice(_SYSTEMS))
        for each in happened
        if each.type == "form_submitted" and each.target == "seminar-survey"
        for draw in (chance.of("survey", each.email),)
    ]
    feed.bring(
        "prospects", "survey-answers", ("email", "purchase_timing", "current_system"), answers, now, mode="update"
    )
