"""Who may not be written to, asked at the moment of handing over, for a whole batch at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Integer, Select, and_, exists, func, not_, null, or_, select, type_coerce

from engage.effects.leaving import refused_by_lists
from engage.effects.post import Post
from engage.effects.queued import Queued
from engage.effects.spared import refused_by_sends
from engage.sql import tables as t
from engage.sql.leaving import LEFT
from engage.sql.predicates import Now, holds
from engage.sql.standing import among, run, standing


@dataclass(frozen=True, slots=True)
class Consent:
    """The refusals of a batch."""

    #: why a message must not go, by its key: opted_out, do_not_email, no_consent, suppressed, left_list,
    #: send_cancelled, forgotten
    refused: Mapping[int, str]
    #: messages whose prospect is being changed at this moment by somebody else: they go later
    busy: frozenset[int]


def ask(connection: Connection, post: Post, messages: Sequence[Queued], now: datetime) -> Consent:
    """Return which messages must not go, and why.

    On PostgreSQL the prospects' standings stay locked to the end of the transaction, so that an opt-out
    acknowledged before that did refuse; on SQLite the transaction is the only writer anyway.
    """
    free = _standings(connection, [message.prospect_id for message in messages])
    missing = [message.prospect_id for message in messages if message.prospect_id not in free]
    there = _existing(connection, missing) if missing else frozenset()
    refused: dict[int, str] = {}
    for message in messages:
        if message.prospect_id in free:
            reason = refusal(message.marketing, *free[message.prospect_id], post.house.require_consent)
        else:
            reason = None if message.prospect_id in there else "forgotten"
        if reason is not None:
            refused[message.id] = reason
    for message_id, reason in _unheard(connection, messages):
        refused.setdefault(message_id, reason)
    for message_id in _suppressed(connection, post, messages, now):
        refused.setdefault(message_id, "suppressed")
    for message_id in refused_by_lists(connection, post, messages, now):
        refused.setdefault(message_id, LEFT)
    for message_id, reason in refused_by_sends(connection, post, messages, now):
        refused.setdefault(message_id, reason)
    return Consent(refused, frozenset(m.id for m in messages if m.prospect_id in there and m.prospect_id not in free))


def _standings(connection: Connection, prospects: Sequence[int]) -> dict[int, tuple[bool, bool, bool]]:
    """Return opted_out, do_not_email and whether there is a consent, for those not locked by others."""
    rows = run(connection, _locked(connection.dialect.name), None, prospects=sorted(set(prospects)))
    return {key: (bool(out), bool(banned), bool(consents)) for key, out, banned, consents in rows.all()}


@standing
def _locked(database: str) -> Select[Any]:
    s, p = t.standings, t.prospects
    told = (s.c.opted_out, s.c.do_not_email, p.c.consent_at.is_not(None))
    return (
        select(s.c.prospect_id, *[type_coerce(each, Integer) for each in told])
        .join(p, p.c.id == s.c.prospect_id)
        .where(among(database, s.c.prospect_id, "prospects"))
        .with_for_update(read=True, of=s, skip_locked=True)
    )


def _existing(connection: Connection, prospects: Sequence[int]) -> frozenset[int]:
    s, p = t.standings, t.prospects
    chosen = select(s.c.prospect_id).join(p, p.c.id == s.c.prospect_id).where(s.c.prospect_id.in_(set(prospects)))
    return frozenset(connection.scalars(chosen))


def refusal(marketing: bool, opted_out: bool, do_not_email: bool, consents: bool, require_consent: bool) -> str | None:
    """Return why a prospect must not be written to, or None."""
    if do_not_email:
        return "do_not_email"
    if marketing and opted_out:
        return "opted_out"
    if marketing and require_consent and not consents:
        return "no_consent"
    return None


#: What nobody may have learnt yet and refuses all the same: events, and why a message to that prospect must not go.
_REFUSING = {
    "email_bounced": "do_not_email",
    "email_complained": "opted_out",
    "email_unsubscribed": "opted_out",
}


def _unheard(connection: Connection, messages: Sequence[Queued]) -> list[tuple[int, str]]:
    """Return the messages, and why they must not go, by what no tick has learnt yet.

    Mail that came back for ever, a complaint, an opt-out: whoever told us of it was told that it counts.
    """
    prospects = sorted({message.prospect_id for message in messages})
    found: dict[int, set[str]] = {}
    for prospect, event in run(connection, _come_back(connection.dialect.name), None, prospects=prospects):
        found.setdefault(prospect, set()).add(_REFUSING[event])
    if not found:
        return []
    reasons = ((message, found.get(message.prospect_id, set())) for message in messages)
    return [
        (message.id, "do_not_email" if "do_not_email" in known else "opted_out")
        for message, known in reasons
        if "do_not_email" in known or (message.marketing and known)
    ]


@standing
def _come_back(database: str) -> Select[Any]:
    a, u, w, c = t.activities.c, t.unlearnt.c, t.words.c, t.consents.c
    events = and_(w.id == a.type_id, w.kind == "event", w.text.in_(sorted(_REFUSING)))
    unlearnt = exists(select(1).where(u.occurred_at == a.occurred_at, u.activity_id == a.id).correlate(t.activities))
    since = and_(c.prospect_id == a.prospect_id, c.kind == "opt_in", c.list_id.is_(null()), c.at >= a.occurred_at)
    taken_back = exists(select(1).where(since).correlate(t.activities))
    hard = func.lower(a.properties).like('%"hard"%')
    counts = or_(and_(w.text == "email_bounced", hard), and_(w.text != "email_bounced", not_(taken_back)))
    asked = select(a.prospect_id, w.text).select_from(t.activities.join(t.words, events))
    return asked.where(among(database, a.prospect_id, "prospects"), a.bot.is_(False), counts, unlearnt)


def _suppressed(connection: Connection, post: Post, messages: Sequence[Queued], now: datetime) -> list[int]:
    """Return the messages whose scenario suppresses their prospect."""
    asked = Now(now, post.house.hours.zone, post.house.locale, post.house.require_consent)
    found: list[int] = []
    for scenario in sorted({m.scenario_key for m in messages if m.scenario_key} & post.suppress.keys()):
        ids = [message.id for message in messages if message.scenario_key == scenario]
        m = t.messages.c
        condition = holds(post.suppress[scenario], m.prospect_id, asked)
        found += connection.scalars(select(m.id).where(m.id.in_(ids), condition))
    return found
