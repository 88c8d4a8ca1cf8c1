"""What a test's prospect is and does, written by the same importers that serve files."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from engage.intake.addresses import read_address
from engage.intake.staging import announce
from engage.language.cases import CaseEvent, GivenOpportunity, MailEventTarget, Subject
from engage.language.events import MAIL_EVENTS
from engage.language.fields import fold
from engage.language.moment import parse_moment
from engage.language.scalars import Plain
from engage.language.source import Path, Source
from engage.language.vocabulary import Vocabulary
from engage.rehearse.bringing import bring, cell
from engage.rehearse.script import Deed, Script
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.wording import Sentence, sentence

#: Fields that no import sets: what lies in the past of a prospect.
_PAST = ("created_at", "last_activity_at")


def put_prospect(connection: Connection, script: Script, vocabulary: Vocabulary) -> Sentence | None:
    """Put the prospect of a test into the database; return why that cannot be, if so."""
    subject, now, path = script.case.prospect, script.start, (*script.path, "prospect")
    cells = {"email": subject.email} | _cells(subject.fields, vocabulary, script.source, path)
    cells |= {"score": str(subject.score), "owner": subject.owner or ""}
    cells |= {"tags": ";".join(subject.tags), "lists": ";".join(subject.lists)}
    if (why := bring(connection, "prospects", cells, vocabulary, now)) is not None:
        return why
    key = prospect_id(connection, subject)
    if subject.opted_out:
        bring(connection, "unsubscribes", {"email": subject.email}, vocabulary, now)
    if subject.do_not_email:
        _stop_mail(connection, key, now)
    for deal in subject.opportunities:
        _deal(connection, key, deal, now)
    for campaign, status in subject.campaigns.items():
        _join(connection, subject.email, campaign, status, vocabulary, now)
    given = {name: subject.fields[name] for name in _PAST if subject.fields.get(name) is not None}
    for name, value in given.items():
        moment = parse_moment(str(value), vocabulary.zone, parse_day=True)
        connection.execute(update(t.standings).values({name: moment}).where(t.standings.c.prospect_id == key))
    announce(connection, [key], now)
    return None


def prospect_id(connection: Connection, subject: Subject) -> int:
    """Return the key of a test's prospect."""
    folded = read_address(subject.email).folded
    key: int = connection.scalars(select(t.prospects.c.id).where(t.prospects.c.email_folded == folded)).one()
    return key


def _cells(fields: dict[str, Plain], vocabulary: Vocabulary, source: Source, path: Path) -> dict[str, str]:
    """Return fields as cells; a number in a text field as it is written, so that 0312345678 keeps its zero."""
    cells = {}
    for name, value in fields.items():
        if name not in _PAST:
            written = source.text((*path, name)) if vocabulary.fields[name].type == "text" else None
            cells[name] = written if isinstance(value, int) and written is not None else cell(value)
    return cells


def do(connection: Connection, deed: Deed, script: Script, vocabulary: Vocabulary) -> Sentence | None:
    """Write what happens to the prospect; return why it cannot happen, if so."""
    event, now, email = deed.event, deed.learnt_at, script.case.prospect.email
    who = prospect_id(connection, script.case.prospect)
    if event.is_activity:
        return _activity(connection, deed, email, vocabulary)
    match event.word:
        case "add_to_list" | "remove_from_list":
            mode: Any = "insert" if event.add_to_list is not None else "delete"
            for name in event.add_to_list or event.remove_from_list or ():
                bring(connection, "list-members", {"list": name, "email": email}, vocabulary, now, mode=mode)
        case "add_tag":
            cells = {"email": email, "tags": ";".join(event.add_tag or ())}
            return bring(connection, "prospects", cells, vocabulary, now)
        case "remove_tag":
            _take_tags(connection, who, event.remove_tag or ())
        case "set":
            fields = _cells(dict(event.set_ or {}), vocabulary, script.source, (*deed.path, "set"))
            cells = {"email": email, **fields}
            return bring(connection, "prospects", cells, vocabulary, now, clear_empty=True)
        case "opt_out":
            return bring(connection, "unsubscribes", {"email": email}, vocabulary, now)
        case "bounce":
            return _bounce(connection, deed, who, email, vocabulary)
        case "opportunity":
            assert event.opportunity is not None
            said = {name: cell(value) for name, value in event.opportunity.model_dump(exclude_none=True).items()}
            return bring(connection, "opportunities", {"email": email} | said, vocabulary, now)
        case "campaign":
            assert event.campaign is not None
            return _join(connection, email, event.campaign.id, event.campaign.status, vocabulary, now)
        case word:
            raise AssertionError(word)
    announce(connection, [who], now)
    return None


def _activity(connection: Connection, deed: Deed, email: str, vocabulary: Vocabulary) -> Sentence | None:
    target, properties = deed.event.target, {}
    if isinstance(target, MailEventTarget):
        properties = {"link": target.link} if target.link else {}
        target = target.email
    # `site_visit: any` and `site_visit: true` happen to nothing in particular.
    named = not isinstance(target, bool) and (target != "any" or deed.event.word in MAIL_EVENTS)
    return _happened(connection, deed, email, deed.event.word, str(target) if named and target else "", properties,
                     vocabulary)  # fmt: skip


def _happened(
    connection: Connection, deed: Deed, email: str, kind: str, target: str, properties: dict[str, str],
    vocabulary: Vocabulary,
) -> Sentence | None:  # fmt: skip
    cells = {
        "email": email, "type": kind, "target": target, "occurred_at": deed.at.isoformat(),
        "source_id": "/".join(map(str, deed.path)), "properties": json.dumps(properties) if properties else "",
    }  # fmt: skip
    return bring(connection, "activities", cells, vocabulary, deed.learnt_at)


def _bounce(connection: Connection, deed: Deed, who: int, email: str, vocabulary: Vocabulary) -> Sentence | None:
    """Let the latest message come back."""
    m, w = t.messages, t.words
    chosen = (
        select(w.c.text)
        .join_from(m, w, w.c.id == m.c.template_id)
        .where(m.c.prospect_id == who, m.c.status == int(MessageStatus.SENT), m.c.sent_at <= deed.at)
        .order_by(m.c.sent_at.desc(), m.c.id.desc())
        .limit(1)
    )
    template = connection.scalar(chosen)
    if template is None:
        return sentence("no message was sent to this person at or before that moment")
    kind = {"type": str(deed.event.bounce)}
    return _happened(connection, deed, email, "email_bounced", template, kind, vocabulary)


def of_mail(event: CaseEvent) -> bool:
    """Tell whether an event tells of a message."""
    return event.word in MAIL_EVENTS or event.bounce is not None


def _stop_mail(connection: Connection, who: int, now: datetime) -> None:
    """Have nothing mailed to a prospect any more, as a user may decide."""
    s = t.standings
    connection.execute(update(s).values(do_not_email=True).where(s.c.prospect_id == who))
    row = {"prospect_id": who, "at": now, "kind": "do_not_email", "source": "manual"}
    connection.execute(insert(t.consents).values(row))


def _take_tags(connection: Connection, who: int, tags: tuple[str, ...]) -> None:
    p, w = t.prospect_tags, t.words
    folded = {fold(tag) for tag in tags}
    numbers = select(w.c.id).where(w.c.kind == "tag", w.c.folded.in_(folded))
    connection.execute(delete(p).where(p.c.prospect_id == who, p.c.tag_id.in_(numbers)))


def _deal(connection: Connection, who: int, deal: GivenOpportunity, now: datetime) -> None:
    """Give a prospect an opportunity that was there before: no activity tells of it."""
    row = {"prospect_id": who, "key": deal.id, "status": deal.status, "stage": deal.stage, "amount": deal.amount}
    folded = fold(deal.stage) if deal.stage is not None else None
    connection.execute(insert(t.opportunities).values(**row, stage_folded=folded, created_at=now))


def _join(
    connection: Connection, email: str, campaign: str, status: str | None, vocabulary: Vocabulary, now: datetime
) -> Sentence | None:
    """Make a prospect a campaign's member, or change the status."""
    said = status if status is not None else next(iter(vocabulary.campaigns[campaign]), "")
    cells = {"campaign": campaign, "email": email, "status": said}
    return bring(connection, "campaign-members", cells, vocabulary, now)
