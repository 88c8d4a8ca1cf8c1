"""The effects of actions as statements: rows written in the step's own transaction.

Each function returns statements over the cohort's rows at some places. Effects are unique by (enrolment, step).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Select,
    case,
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

from engage.clock import micros
from engage.plan import moves
from engage.sql import tables as t
from engage.sql.codes import EntryKind, MessageKind, MessageStatus
from engage.sql.cohort import cohort
from engage.sql.interning import upsert
from engage.sql.texts import Texts


@dataclass(frozen=True, slots=True)
class Site:
    """Where an action happens: a step, a moment, and the cohort's places that stand there."""

    connection: Connection
    now: datetime
    step_id: int
    places: tuple[int, ...]

    @property
    def here(self) -> ColumnElement[bool]:
        """The cohort's rows that stand at the step."""
        return cohort.c.place == self.places[0] if len(self.places) == 1 else cohort.c.place.in_(self.places)

    @property
    def at(self) -> ColumnElement[int]:
        """The moment, in microseconds."""
        return literal(micros(self.now), BigInteger())

    def prospects(self) -> Select[tuple[int]]:
        """The keys of the prospects that stand at the step."""
        return select(cohort.c.prospect_id).where(self.here)

    def rows(self, *columns: ColumnElement[Any], joined: FromClause = cohort) -> Select[Any]:
        """A SELECT over the rows at the step, in the order of their keys."""
        return select(*columns).select_from(joined).where(self.here).order_by(cohort.c.id)


def send_email(site: Site, act: moves.SendEmail, template_id: int) -> list[Executable]:
    """Queue a message for each."""
    kind = MessageKind.MARKETING if act.marketing else MessageKind.OPERATIONAL
    values = (
        cohort.c.prospect_id, cohort.c.id, site.at, literal(site.step_id), literal(template_id),
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
    return [insert(t.messages).from_select(names, site.rows(*values))]


def change_lists(site: Site, list_ids: Sequence[int], *, add: bool) -> list[Executable]:
    """Put all on static lists, or take them off."""
    members = t.list_members
    if not add:
        return [delete(members).where(members.c.prospect_id.in_(site.prospects()), members.c.list_id.in_(list_ids))]
    names = ["prospect_id", "list_id", "since"]
    return [
        upsert(site.connection, members)
        .from_select(names, site.rows(cohort.c.prospect_id, literal(key), site.at))
        .on_conflict_do_nothing()  # type: ignore[attr-defined]
        for key in list_ids
    ]


def change_tags(site: Site, tag_ids: Sequence[int], *, add: bool) -> list[Executable]:
    """Tag all, or take tags from them."""
    tags = t.prospect_tags
    if not add:
        return [delete(tags).where(tags.c.prospect_id.in_(site.prospects()), tags.c.tag_id.in_(tag_ids))]
    return [
        upsert(site.connection, tags)
        .from_select(["prospect_id", "tag_id"], site.rows(cohort.c.prospect_id, literal(key)))
        .on_conflict_do_nothing()  # type: ignore[attr-defined]
        for key in tag_ids
    ]


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
        cohort.c.prospect_id, site.at, points, literal(int(EntryKind.STEP)), category, cohort.c.id,
        literal(site.step_id),
    )  # fmt: skip
    rows = site.rows(*values, joined=joined).where(points != 0)
    if act.to is None:
        ledger = insert(t.score_entries).from_select(names, rows)
        return [ledger, *_add_up(site, literal(act.by, BigInteger()), category_id)]
    change = points
    return [insert(t.score_entries).from_select(names, rows), *_bring_to(site, act.to, change, category_id)]


def _present(category_id: int | None) -> ColumnElement[int]:
    """Return the present points of the joined standing's prospect, in all or in a category."""
    if category_id is None:
        return t.standings.c.score
    c = t.category_scores.alias()
    found = select(c.c.points).where(c.c.prospect_id == cohort.c.prospect_id, c.c.category_id == category_id)
    return func.coalesce(found.scalar_subquery(), 0)


def _add_up(site: Site, points: ColumnElement[int], category_id: int | None) -> list[Executable]:
    s, c = t.standings, t.category_scores
    statements: list[Executable] = [
        update(s).values(score=s.c.score + points).where(s.c.prospect_id == cohort.c.prospect_id, site.here)
    ]
    if category_id is not None:
        made = upsert(site.connection, c).from_select(
            ["prospect_id", "category_id", "points"],
            site.rows(cohort.c.prospect_id, literal(category_id), points),
        )
        set_ = {"points": c.c.points + made.excluded.points}  # type: ignore[attr-defined]
        statements.append(made.on_conflict_do_update(index_elements=[c.c.prospect_id, c.c.category_id], set_=set_))  # type: ignore[attr-defined]
    return statements


def _bring_to(site: Site, to: int, change: ColumnElement[int], category_id: int | None) -> list[Executable]:
    s, c = t.standings, t.category_scores
    if category_id is None:
        return [update(s).values(score=to).where(s.c.prospect_id == cohort.c.prospect_id, site.here)]
    made = upsert(site.connection, c).from_select(
        ["prospect_id", "category_id", "points"],
        site.rows(cohort.c.prospect_id, literal(category_id), literal(to)),
    )
    moved = update(s).values(score=s.c.score + change).where(s.c.prospect_id == cohort.c.prospect_id, site.here)
    set_ = {"points": made.excluded.points}  # type: ignore[attr-defined]
    return [moved, made.on_conflict_do_update(index_elements=[c.c.prospect_id, c.c.category_id], set_=set_)]  # type: ignore[attr-defined]


def joined_people() -> FromClause:
    """Return the cohort joined with standings and prospects."""
    return cohort.join(t.standings, t.standings.c.prospect_id == cohort.c.prospect_id).join(
        t.prospects, t.prospects.c.id == cohort.c.prospect_id
    )


def create_todo(
    site: Site, act: moves.CreateTodo, texts: Texts, due: datetime | None, first_queue: str | None
) -> list[Executable]:
    """Make a ToDo for each; without an owner it goes to the first queue."""
    assignee: ColumnElement[Any] = literal(act.to)
    if act.to == "owner":
        fallback = literal(f"queue:{first_queue}") if first_queue else null()
        assignee = func.coalesce(t.standings.c.owner, fallback)
    values = (
        cohort.c.prospect_id, cohort.c.id, literal(site.step_id), texts.text(act.subject),
        texts.text(act.comments) if act.comments else null(),
        null() if due is None else literal(micros(due), BigInteger()),
        literal(act.priority), literal("not_started"), assignee, site.at,
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
    return [insert(t.todos).from_select([*names, "created_at"], site.rows(*values, joined=joined_people()))]


def notify(site: Site, act: moves.Notify, texts: Texts) -> list[Executable]:
    """Queue a mail to the team for each; ``owner`` is resolved now."""
    addressee = func.coalesce(t.standings.c.owner, "owner") if act.to == "owner" else literal(act.to)
    values = (
        cohort.c.prospect_id, cohort.c.id, literal(site.step_id), addressee, texts.text(act.subject),
        texts.text(act.text), literal(int(MessageStatus.QUEUED)), site.at,
    )  # fmt: skip
    names = ["prospect_id", "enrolment_id", "step_id", "addressee", "subject", "text", "status", "queued_at"]
    return [insert(t.notifications).from_select(names, site.rows(*values, joined=joined_people()))]


def join_campaign(connection: Connection, rows: Select[Any]) -> Executable:
    """Make members of a campaign; ``rows`` are (prospect, campaign, status, since). A status given replaces the old."""
    m = t.campaign_members
    made = upsert(connection, m).from_select(["prospect_id", "campaign_id", "status", "since"], rows)
    set_ = {"status": made.excluded.status}  # type: ignore[attr-defined]
    return made.on_conflict_do_update(index_elements=[m.c.prospect_id, m.c.campaign_id], set_=set_)  # type: ignore[attr-defined,no-any-return]


def opt_out(site: Site) -> list[Executable]:
    """Note the opt-out of each who had not opted out, and set it."""
    s = t.standings
    still_in = exists(select(1).where(s.c.prospect_id == cohort.c.prospect_id, not_(s.c.opted_out)))
    values = (cohort.c.prospect_id, site.at, literal("opt_out"), literal("scenario"))
    noted = insert(t.consents).from_select(["prospect_id", "at", "kind", "source"], site.rows(*values).where(still_in))
    return [noted, update(s).values(opted_out=True).where(s.c.prospect_id == cohort.c.prospect_id, site.here)]


def assign_to(site: Site, owner: str) -> list[Executable]:
    """Give all the same owner."""
    s = t.standings
    return [update(s).values(owner=owner).where(s.c.prospect_id == cohort.c.prospect_id, site.here)]


def assign_round(site: Site, members: Sequence[str]) -> list[Executable]:
    """Give owners in turn, prospects in the order of their keys, members in the order given."""
    s = t.standings
    place = func.row_number().over(order_by=cohort.c.prospect_id) - 1
    turn = select(cohort.c.prospect_id, (place % len(members)).label("turn")).where(site.here).subquery()
    owner: ColumnElement[Any] = literal(f"user:{members[0]}")
    if len(members) > 1:
        owner = case({number: f"user:{name}" for number, name in enumerate(members)}, value=turn.c.turn)
    return [update(s).values(owner=owner).where(s.c.prospect_id == turn.c.prospect_id)]
