"""Where the database keeps something about a person: which tables, and which of their rows.

Every table stands either among the parts of a person's data or, with the reason, among those that hold nothing of one
person that the parts do not tell. A test walks the tables and fails where one is in neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, or_, select

from engage.sql import tables as t

#: Returns whether a row is about the prospect of a number.
Whose = Callable[[int], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of a table that are about one person, under a plain key."""

    key: str
    table: Table
    whose: Whose


def _own(table: Table) -> Whose:
    return lambda prospect_id: table.c.prospect_id == prospect_id


def _by(column: ColumnElement[Any], numbers: Callable[[int], Select[Any]]) -> Whose:
    return lambda prospect_id: column.in_(numbers(prospect_id))


def _own_or_by(table: Table, column: ColumnElement[Any], numbers: Callable[[int], Select[Any]]) -> Whose:
    return lambda prospect_id: or_(table.c.prospect_id == prospect_id, column.in_(numbers(prospect_id)))


def _numbers(table: Table) -> Callable[[int], Select[Any]]:
    return lambda prospect_id: select(table.c.id).where(table.c.prospect_id == prospect_id)


#: In the order in which they are told: what the person is, did, was sent, and what was done about it.
PARTS: tuple[Part, ...] = (
    Part("custom_fields", t.field_values, _own(t.field_values)),
    Part("consents", t.consents, _own(t.consents)),
    Part("lists", t.list_members, _own(t.list_members)),
    Part("tags", t.prospect_tags, _own(t.prospect_tags)),
    Part("campaigns", t.campaign_members, _own(t.campaign_members)),
    Part("opportunities", t.opportunities, _own(t.opportunities)),
    Part("activities", t.activities, _own(t.activities)),
    Part("score_entries", t.score_entries, _own(t.score_entries)),
    Part("score_expiries", t.expiries, _by(t.expiries.c.entry_id, _numbers(t.score_entries))),
    Part("former_score_entries", t.former_entries, _own(t.former_entries)),
    Part("category_scores", t.category_scores, _own(t.category_scores)),
    Part("runs", t.enrolments, _own(t.enrolments)),
    Part("visits", t.visits, _by(t.visits.c.enrolment_id, _numbers(t.enrolments))),
    Part("visit_reasons", t.reasons, _by(t.reasons.c.enrolment_id, _numbers(t.enrolments))),
    Part("audiences", t.audience_members, _own(t.audience_members)),
    Part("messages", t.messages, _own(t.messages)),
    Part("messages_heard_of", t.heard, _by(t.heard.c.message_id, _numbers(t.messages))),
    Part("returned_mail", t.returned, _own_or_by(t.returned, t.returned.c.message_id, _numbers(t.messages))),
    Part("notifications", t.notifications,
         _own_or_by(t.notifications, t.notifications.c.enrolment_id, _numbers(t.enrolments))),
    Part("calls", t.calls, _own(t.calls)),
    Part("todos", t.todos, _own(t.todos)),
    Part("todo_changes", t.todo_changes, _own(t.todo_changes)),
    Part("changes", t.changes, _own(t.changes)),
    Part("audit_log", t.audit, lambda prospect_id: t.audit.c.subject == subject_of(prospect_id)),
)  # fmt: skip

#: The two tables that hold one row a person; together they are the first part.
PERSON: tuple[Table, ...] = (t.prospects, t.standings)

_TEAM = "of a user of the team, who is no prospect by that"
_ENGINE = "the engine's own: it names nobody"
_WORKSPACE = "of the workspace: it names nobody"
_TOLD = "a name or a text that many rows share: the rows that bear its number tell it"
#: Tables of which nothing is told, and why.
EXEMPT: Mapping[Table, str] = {
    t.words: _TOLD,
    t.lists: _TOLD,
    t.campaigns: _TOLD,
    t.call_contents: _TOLD,
    t.scenarios: _TOLD,
    t.steps: _TOLD,
    t.outcome_names: _TOLD,
    t.todo_deeds: "what a user did, perhaps to ToDos of many: each of todo_changes tells the deed it belongs to",
    t.unlearnt: "which activities no tick has learnt: those of activities without learnt_at",
    t.timers: "numbers of runs, prospects, activities and messages that a tick is to look at; gone after it",
    t.accounts: "a company, not a person: the person's opportunities name theirs",
    t.totals: "figures: they count many and name nobody",
    t.sends: _WORKSPACE,
    t.send_variants: _WORKSPACE,
    t.applied_files: _WORKSPACE,
    t.versions: _WORKSPACE,
    t.pauses: _ENGINE,
    t.lifetimes: _ENGINE,
    t.ticks: _ENGINE,
    t.lanes: _ENGINE,
    t.homes: _ENGINE,
    t.holds: _ENGINE,
    t.service_calls: _ENGINE,
    t.users: _TEAM,
    t.group_members: _TEAM,
    t.queue_members: _TEAM,
    t.credentials: _TEAM,
    t.logins: _TEAM,
    t.invitations: _TEAM,
    t.attempts: "keyed digests of who tried to come in to the pages: nobody can tell whose",
    t.user_settings: _TEAM,
    t.calendar_feeds: _TEAM,
    t.digests: _TEAM,
}

#: Columns of the parts that are not told, and why. Nor is ``prospect_id``, for the number stands at the top, nor what
#: ends in ``folded``, for it repeats others.
LEFT_OUT: Mapping[ColumnElement[Any], str] = {
    t.prospects.c.searched: "repeats other fields, to be searched",
    t.activities.c.key: "a digest of source and source_id, which are told",
    t.returned.c.key: "a digest of a mail that came back, to know it again",
    t.notifications.c.invitation: "a link for a user of the team; notifications about a prospect have none",
    t.audit.c.who: "names a user of the team",
    t.audit.c.subject: "the person's number, which stands at the top",
    t.audit.c.chain: "proves that the log is whole",
    t.audit.c.digest: "proves that the log is whole",
}


def subject_of(prospect_id: int) -> str:
    """Return how the audit log names a prospect: by number, for its lines can never be changed.

    >>> subject_of(7)
    'prospect:7'
    """
    return f"prospect:{prospect_id}"


def is_told(column: ColumnElement[Any]) -> bool:
    """Tell whether a column of a part is told."""
    if column.name == "prospect_id" or column.name.endswith("folded"):
        return False
    return all(column is not each for each in LEFT_OUT)
