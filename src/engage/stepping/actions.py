"""Actions: who cannot be served is skipped or failed, for the others effect rows are written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from sqlalchemy import ColumnElement, Executable, and_, exists, func, literal, not_, null, select, update

from engage.clock import micros
from engage.intake.people import tag_ids
from engage.language.calendar import after
from engage.language.fields import fold
from engage.plan import moves
from engage.sql import outbox, owning
from engage.sql import tables as t
from engage.sql.codes import MessageStatus, Outcome
from engage.sql.cohort import cohort
from engage.sql.interning import word_id
from engage.sql.outbox import Site
from engage.sql.setting import set_field
from engage.sql.standing import NOW, near, standing
from engage.sql.texts import Texts
from engage.stepping.capping import with_room
from engage.stepping.changes import touch
from engage.stepping.leaving import without_leavers
from engage.stepping.remembering import remember
from engage.stepping.walk import Place, Test, Walk

Action = (
    moves.SendEmail | moves.ChangeLists | moves.ChangeTags | moves.AdjustScore | moves.SetField | moves.Assign
    | moves.CreateTodo | moves.Notify | moves.AddToCampaign | moves.OptOut
)  # fmt: skip
Truth = ColumnElement[bool]


def perform(walk: Walk, step: moves.Step, action: Action, places: list[Place]) -> None:
    """Do an action for all rows at some places and let them go on."""
    ready = _sift(walk, step, action, places)
    if not ready:
        return
    site = Site(walk.database, walk.course.numbers[step.key])
    here = walk.numbers_of(ready)
    for statement in (*remember(walk, site, action), *_effects(walk, site, action, here)):
        walk.run(statement, places=here, due=_due(walk, action))
    touch(walk.connection, walk.tick, _facet(action), outbox.prospects_here(), places=here)
    walk.passes(step, ready, Outcome.COMPLETED)


def _due(walk: Walk, action: Action) -> int | None:
    """Return when a ToDo is due, in microseconds."""
    if not isinstance(action, moves.CreateTodo) or action.due is None:
        return None
    return micros(after(action.due, walk.tick.now, walk.tick.plans.house.hours))


def _sift(walk: Walk, step: moves.Step, action: Action, places: list[Place]) -> list[Place]:
    """Let those go on who cannot be served, with the reason; return the places of the others."""
    match action:
        case moves.SendEmail():
            return with_room(walk, action, _mailable(walk, step, action, places))
        case moves.Assign():
            return _assignable(walk, step, action, places)
        case moves.CreateTodo(to="owner") if walk.tick.plans.house.first_queue is None:
            reason = "no owner, and no queue to take it"
            return walk.leave(step, places, Test(has_owner, (False,)), Outcome.FAILED, reason=reason)
        case _:
            return places


def _standing(*tests: Truth) -> Truth:
    who = t.standings.c.prospect_id
    return exists(select(1).where(who == cohort.c.prospect_id, near(who), *tests))


def has_owner(there: bool) -> Truth:
    """Return whether a row's prospect has an owner, or has none."""
    owner = t.standings.c.owner
    return _standing(owner.is_not(null()) if there else owner.is_(null()))


def is_barred(marketing: bool) -> Truth:
    """Return whether no mail, or no marketing mail, may go to a row's prospect."""
    s = t.standings
    return _standing(s.c.do_not_email | s.c.opted_out if marketing else s.c.do_not_email)


def is_silent() -> Truth:
    """Return whether a row's prospect never consented."""
    p = t.prospects
    return not_(exists(select(1).where(p.c.id == cohort.c.prospect_id, p.c.consent_at.is_not(null()))))


def was_mailed(template_id: int) -> Truth:
    """Return whether a row's prospect was ever mailed a template."""
    m = t.messages
    statuses = (MessageStatus.QUEUED, MessageStatus.HELD, MessageStatus.SENT, MessageStatus.IN_DOUBT)
    mine = (m.c.prospect_id == cohort.c.prospect_id, m.c.template_id == template_id, m.c.status.in_(statuses))
    return exists(select(1).where(*mine))


def _mailable(walk: Walk, step: moves.Step, act: moves.SendEmail, places: list[Place]) -> list[Place]:
    """Skip who may not be mailed (SPEC section 11), and with ``once`` who ever was."""
    rest = []
    for place in places:
        out = walk.divide(place, Test(is_barred, (act.marketing,)))
        if out.count:
            bounced = Test(is_barred, (False,))
            opted = walk.leave(step, [out], bounced, Outcome.SKIPPED, reason="no e-mail may go to this address")
            walk.passes(step, opted, Outcome.SKIPPED, reason="opted out")
        if place.count:
            rest.append(place)
    if act.marketing and walk.tick.plans.house.require_consent:
        rest = walk.leave(step, rest, Test(is_silent), Outcome.SKIPPED, reason="no consent")
    if act.marketing:
        rest = without_leavers(walk, step, rest)
    if act.once:
        before = Test(was_mailed, (word_id(walk.connection, "template", act.template),))
        rest = walk.leave(step, rest, before, Outcome.SKIPPED, reason="was mailed this before")
    return rest


def _assignable(walk: Walk, step: moves.Step, act: moves.Assign, places: list[Place]) -> list[Place]:
    """Skip who has an owner; fail all where nobody can take them."""
    if not act.reassign:
        places = walk.leave(step, places, Test(has_owner, (True,)), Outcome.SKIPPED, reason="has an owner")
    if act.kind == "queue":
        return places
    u = t.users
    names = [act.name] if act.kind == "user" else [name for name, _ in _members(walk, act.name)]
    found = walk.connection.scalar(select(func.count()).where(u.c.id.in_(names), u.c.enabled))
    if not found:
        walk.passes(step, places, Outcome.FAILED, reason=f"nobody in {act.kind}:{act.name} is enabled")
        return []
    return places


def _members(walk: Walk, group: str) -> list[tuple[str, int]]:
    """Return a group's enabled members, who was served longest ago first."""
    g, u = t.group_members, t.users
    chosen = (
        select(g.c.user_id, g.c.served)
        .join(u, u.c.id == g.c.user_id)
        .where(g.c.group_key == group, u.c.enabled)
        .order_by(g.c.served, g.c.position, g.c.user_id)
    )
    return [(row.user_id, row.served) for row in walk.connection.execute(chosen)]


def _effects(walk: Walk, site: Site, action: Action, places: tuple[int, ...]) -> list[Executable]:
    """Return the statements that write an action's effects for the rows at some places."""
    connection = walk.connection
    match action:
        case moves.SendEmail():
            return outbox.send_email(site, action, word_id(connection, "template", action.template))
        case moves.ChangeLists(lists, add):
            keys = connection.scalars(select(t.lists.c.id).where(t.lists.c.key.in_(lists))).all()
            return outbox.change_lists(site, tuple(keys), add=add)
        case moves.ChangeTags(tags, add):
            numbers = tag_ids(connection, frozenset(tags)).values() if add else _alike(walk, tags)
            return outbox.change_tags(site, tuple(dict.fromkeys(numbers)), add=add)
        case moves.AdjustScore():
            category = word_id(connection, "category", action.category) if action.category else None
            return outbox.adjust_score(site, action, category)
        case moves.SetField(changes):
            return [statement for change in changes for statement in _setting(walk, site, change)]
        case moves.Assign():
            return _assigning(walk, action, places)
        case moves.CreateTodo():
            return outbox.create_todo(site, action, texts(walk), walk.tick.plans.house.first_queue)
        case moves.Notify():
            return outbox.notify(site, action, texts(walk))
        case moves.AddToCampaign():
            return [_joining(site.database, action)]
        case moves.OptOut():
            return outbox.opt_out(site.database)
        case other:
            assert_never(other)


def _alike(walk: Walk, tags: Sequence[str]) -> Sequence[int]:
    """Return every tag that reads like one of these: case and width tell no tags apart."""
    w = t.words
    return walk.connection.scalars(
        select(w.c.id).where(w.c.kind == "tag", w.c.folded.in_([fold(tag) for tag in tags]))
    ).all()


def texts(walk: Walk) -> Texts:
    """Return the maker of texts for this scenario's prospects."""
    house = walk.tick.plans.house
    return Texts(
        t.standings,
        t.prospects,
        house.locale,
        house.hours.zone,
        walk.course.plan.name,
        frozenset(walk.tick.custom.items()),
    )


def _setting(walk: Walk, site: Site, change: moves.FieldChange) -> list[Executable]:
    number = word_id(walk.connection, "field", change.field) if change.custom else None
    return set_field(site, change, texts(walk), number)


@standing
def _joining(database: str, act: moves.AddToCampaign) -> Executable:
    key = select(t.campaigns.c.id).where(t.campaigns.c.key == act.campaign).scalar_subquery()
    return outbox.join_campaign(database, outbox.rows(cohort.c.prospect_id, key, literal(act.status), NOW))


def _assigning(walk: Walk, act: moves.Assign, places: tuple[int, ...]) -> list[Executable]:
    if act.kind != "group":
        return owning.assign_to(walk.database, f"{act.kind}:{act.name}")
    members = _members(walk, act.name)
    count = sum(walk.places[number].count for number in places)
    turns: list[Executable] = []
    g = t.group_members
    latest = max(served for _, served in members)
    for place, (user, _) in enumerate(members[: min(count, len(members))]):
        last = count - 1 - (count - 1 - place) % len(members)
        mine = and_(g.c.group_key == act.name, g.c.user_id == user)
        turns.append(update(g).values(served=latest + 1 + last).where(mine))
    return [*owning.assign_round(walk.database, tuple(user for user, _ in members)), *turns]


def _facet(action: Action) -> str:
    """Return what of a prospect an action changes."""
    match action:
        case moves.SendEmail():
            return "emailed"
        case moves.ChangeLists():
            return "list"
        case moves.ChangeTags():
            return "tag"
        case moves.AdjustScore():
            return "score"
        case moves.SetField():
            return "field"
        case moves.Assign():
            return "owner"
        case moves.CreateTodo():
            return "todo"
        case moves.Notify():
            return "nothing"
        case moves.AddToCampaign():
            return "campaign"
        case moves.OptOut():
            return "mailable"
        case other:
            assert_never(other)
