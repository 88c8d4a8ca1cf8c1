"""The effects of actions as standing statements: rows written in the step's own transaction.

Each function returns statements over the cohort's rows at some ``places``. Effects are unique by (enrolment, step).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Executable,
    FromClause,
    Select,
    and_,
    delete,
    exists,
    false,
    func,
    insert,
    literal,
    not_,
    null,
    select,
    true,
    update,
)

from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import EntryKind, MessageKind, MessageStatus
from engage.sql.cohort import cohort
from engage.sql.interning import upsert
from engage.sql.standing import NOW, big, many, near_in, standing
from engage.sql.texts import Texts

#: The cohort's rows that stand at the step.
HERE = cohort.c.place.in_(many("places"))


@dataclass(frozen=True, slots=True)
class Site:
    """Where an action happens: a database's kind, and a step by its number.

    The statements are standing ones: the moment is ``now``, the cohort's places that stand there are ``places``.
    """

    database: str
    step_id: int

    @property
    def step(self) -> ColumnElement[int]:
        """The step's number."""
        return literal(self.step_id)


@standing
def prospects_here() -> Select[tuple[int]]:
    """Select the keys of the prospects that stand at the step."""
    return select(cohort.c.prospect_id).where(HERE)


def rows(*columns: ColumnElement[Any], joined: FromClause = cohort) -> Select[Any]:
    """Select from the rows at the step, in the order of their keys."""
    return select(*columns).select_from(joined).where(HERE).order_by(cohort.c.id)


@standing
def send_email(site: Site, act: moves.SendEmail, template_id: int) -> list[Executable]:
    """Queue a message for each."""
    kind = MessageKind.MARKETING if act.marketing else MessageKind.OPERATIONAL
    values = (
        cohort.c.prospect_id, cohort.c.id, NOW, site.step, literal(template_id),
        literal(int(MessageStatus.QUEUED)), literal(int(kind)), true() if act.from_owner else false(),
    )  # fmt: skip
    names = [
        "prospect_id",
        "enrolment_id",
        "queued_at",
        "step_id",
        "template_id",
        "status",
        "kind",
        "from_owner",
    ]
    return [insert(t.messages).from_select(names, rows(*values))]


@standing
def change_lists(site: Site, list_ids: tuple[int, ...], *, add: bool) -> list[Executable]:
    """Put all on static lists, or take them off."""
    members = t.list_members
    if not add:
        return [delete(members).where(members.c.prospect_id.in_(prospects_here()), members.c.list_id.in_(list_ids))]
    names = ["prospect_id", "list_id", "since"]
    return [
        upsert(site.database, members)
        .from_select(names, rows(cohort.c.prospect_id, literal(key), NOW))
        .on_conflict_do_nothing()  # type: ignore[attr-defined]
        for key in list_ids
    ]


@standing
def change_tags(site: Site, tag_ids: tuple[int, ...], *, add: bool) -> list[Executable]:
    """Tag all, or take tags from them."""
    tags = t.prospect_tags
    if not add:
        return [delete(tags).where(tags.c.prospect_id.in_(prospects_here()), tags.c.tag_id.in_(tag_ids))]
    return [
        upsert(site.database, tags)
        .from_select(["prospect_id", "tag_id"], rows(cohort.c.prospect_id, literal(key)))
        .on_conflict_do_nothing()  # type: ignore[attr-defined]
        for key in tag_ids
    ]


@standing
def adjust_score(site: Site, act: moves.AdjustScore, category_id: int | None) -> list[Executable]:
    """Write the ledger's rows and add them up; ``to`` is stored as the change needed at this moment."""
    names = ["prospect_id", "at", "points", "kind", "category_id", "enrolment_id", "step_id"]
    joined: FromClause = cohort
    points: ColumnElement[Any] = literal(act.by, BigInteger())
    if act.to is not None:
        joined = cohort.join(t.standings, t.standings.c.prospect_id == cohort.c.prospect_id)
        points = act.to - _present(category_id)
    category = null() if category_id is None else literal(category_id)
    values = (
        cohort.c.prospect_id, NOW, points, literal(int(EntryKind.STEP)), category, cohort.c.id,
        site.step,
    )  # fmt: skip
    ledger = insert(t.score_entries).from_select(names, rows(*values, joined=joined).where(points != 0))
    if act.to is None:
        return [ledger, *_add_up(site, points, category_id)]
    return [ledger, *_bring_to(site, act.to, points, category_id)]


def _present(category_id: int | None) -> ColumnElement[int]:
    """Return the present points of the joined standing's prospect, in all or in a category."""
    if category_id is None:
        return t.standings.c.score
    c = t.category_scores.alias()
    found = select(c.c.points).where(c.c.prospect_id == cohort.c.prospect_id, c.c.category_id == category_id)
    return func.coalesce(found.scalar_subquery(), 0)


def mine(database: str) -> tuple[ColumnElement[bool], ...]:
    """Return the tests that a standing is of a row at the step."""
    who = t.standings.c.prospect_id
    return who == cohort.c.prospect_id, near_in(database, who), HERE


def _add_up(site: Site, points: ColumnElement[int], category_id: int | None) -> list[Executable]:
    s, c = t.standings, t.category_scores
    statements: list[Executable] = [update(s).values(score=s.c.score + points).where(*mine(site.database))]
    if category_id is not None:
        made = upsert(site.database, c).from_select(
            ["prospect_id", "category_id", "points"],
            rows(cohort.c.prospect_id, literal(category_id), points),
        )
        set_ = {"points": c.c.points + made.excluded.points}  # type: ignore[attr-defined]
        statements.append(made.on_conflict_do_update(index_elements=[c.c.prospect_id, c.c.category_id], set_=set_))  # type: ignore[attr-defined]
    return statements


def _bring_to(site: Site, to: int, change: ColumnElement[int], category_id: int | None) -> list[Executable]:
    s, c = t.standings, t.category_scores
    if category_id is None:
        return [update(s).values(score=to).where(*mine(site.database))]
    made = upsert(site.database, c).from_select(
        ["prospect_id", "category_id", "points"],
        rows(cohort.c.prospect_id, literal(category_id), literal(to)),
    )
    moved = update(s).values(score=s.c.score + change).where(*mine(site.database))
    set_ = {"points": made.excluded.points}  # type: ignore[attr-defined]
    return [moved, made.on_conflict_do_update(index_elements=[c.c.prospect_id, c.c.category_id], set_=set_)]  # type: ignore[attr-defined]


def joined_people(database: str) -> FromClause:
    """Return the cohort joined with standings and prospects."""
    who, s, p = cohort.c.prospect_id, t.standings, t.prospects
    joined = cohort.join(s, and_(s.c.prospect_id == who, near_in(database, s.c.prospect_id)))
    return joined.join(p, and_(p.c.id == who, near_in(database, p.c.id)))


@standing
def create_todo(site: Site, act: moves.CreateTodo, texts: Texts, first_queue: str | None) -> list[Executable]:
    """Make a ToDo for each, due at the moment ``due``; without an owner it goes to the first queue."""
    assignee: ColumnElement[Any] = literal(act.to)
    if act.to == "owner":
        fallback = literal(f"queue:{first_queue}") if first_queue else null()
        assignee = func.coalesce(t.standings.c.owner, fallback)
    values = (
        cohort.c.prospect_id, cohort.c.id, site.step, texts.text(act.subject),
        texts.text(act.comments) if act.comments else null(),
        null() if act.due is None else big("due"),
        literal(act.priority), literal("not_started"), assignee, NOW,
    )  # fmt: skip
    names = [
        "prospect_id",
        "enrolment_id",
        "step_id",
        "subject",
        "comments",
        "due_at",
        "priority",
        "status",
        "assignee",
    ]
    return [insert(t.todos).from_select([*names, "created_at"], rows(*values, joined=joined_people(site.database)))]


@standing
def notify(site: Site, act: moves.Notify, texts: Texts) -> list[Executable]:
    """Queue a mail to the team for each; ``owner`` is resolved now."""
    addressee = func.coalesce(t.standings.c.owner, "owner") if act.to == "owner" else literal(act.to)
    values = (
        cohort.c.prospect_id, cohort.c.id, site.step, addressee, texts.text(act.subject),
        texts.text(act.text), literal(int(MessageStatus.QUEUED)), NOW,
    )  # fmt: skip
    names = ["prospect_id", "enrolment_id", "step_id", "addressee", "subject", "text", "status", "queued_at"]
    return [insert(t.notifications).from_select(names, rows(*values, joined=joined_people(site.database)))]


def join_campaign(database: str, members: Select[Any]) -> Executable:
    """Make members of a campaign; each row is prospect, campaign, status, since. A status given replaces the old."""
    m = t.campaign_members
    made = upsert(database, m).from_select(["prospect_id", "campaign_id", "status", "since"], members)
    set_ = {"status": made.excluded.status}  # type: ignore[attr-defined]
    return made.on_conflict_do_update(index_elements=[m.c.prospect_id, m.c.campaign_id], set_=set_)  # type: ignore[attr-defined,no-any-return]


@standing
def opt_out(database: str) -> list[Executable]:
    """Note the opt-out of each who had not opted out, and set it."""
    s = t.standings
    still_in = exists(select(1).where(s.c.prospect_id == cohort.c.prospect_id, not_(s.c.opted_out)))
    values = (cohort.c.prospect_id, NOW, literal("opt_out"), literal("scenario"))
    noted = insert(t.consents).from_select(["prospect_id", "at", "kind", "source"], rows(*values).where(still_in))
    return [noted, update(s).values(opted_out=True).where(*mine(database))]
