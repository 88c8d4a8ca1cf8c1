"""Prospects are deleted by a file of addresses, with everything that is kept of them.

Who was ever enrolled stays, for the visits are part of reports, and so does who may not be mailed: the address
is what keeps mail away. Both are rejected with that reason; ``engage forget`` is the way to erase a person.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, exists, or_, select

from engage.intake.import_kind import Outcome, Task
from engage.intake.prospect_rows import Draft
from engage.intake.rejects import Rejection
from engage.intake.staging import drop_rows, find_people, hold_people, load, staged
from engage.sql import tables as t
from engage.sql.scratch import clear
from engage.wording import Sentence, sentence

_gone = staged("staged_deletions")
#: Kept for ever: who consented, and who took that back.
_KEPT = frozenset(("consents",))


def delete_people(connection: Connection, drafts: Sequence[Draft], task: Task) -> Outcome:  # noqa: ARG001 - as others
    """Delete the people of drafts and return what became of their rows; unknown ones are gone already."""
    if not drafts:
        return Outcome()
    clear(connection, _gone)
    rows = [(n, draft.email, draft.folded) for n, draft in enumerate(drafts)]
    load(connection, _gone, ("n", "email", "email_folded"), rows)
    missing = set(find_people(connection, _gone))
    hold_people(connection, _gone)
    refused = _refused(connection)
    drop_rows(connection, _gone, refused)
    _delete(connection)
    deleted = unchanged = 0
    rejected: list[Rejection] = []
    for n, draft in enumerate(drafts):
        if n in refused:
            rejected += [Rejection(row, refused[n]) for row in draft.rows]
        elif n in missing:
            unchanged += len(draft.rows)
        else:
            deleted, unchanged = deleted + 1, unchanged + len(draft.rows) - 1
    return Outcome(unchanged=unchanged, deleted=deleted, rejected=tuple(rejected))


def _refused(connection: Connection) -> dict[int, Sentence]:
    """Return who has to stay, and why."""
    key, s = _gone.c.prospect_id, t.standings
    barred = exists(select(1).where(s.c.prospect_id == key, or_(s.c.opted_out, s.c.do_not_email)))
    enrolled = exists(select(1).where(t.enrolments.c.prospect_id == key))
    why = sentence("was enrolled in a scenario, whose report counts the visits; see engage forget")
    stays: dict[int, Sentence] = dict.fromkeys(connection.scalars(select(_gone.c.n).where(enrolled)), why)
    why = sentence("may not be mailed; the address is kept so that this stays so; see engage forget")
    return stays | dict.fromkeys(connection.scalars(select(_gone.c.n).where(barred)), why)


def _delete(connection: Connection) -> None:
    keys = select(_gone.c.prospect_id).where(_gone.c.prospect_id.is_not(None))
    theirs = select(t.activities.c.id).where(t.activities.c.prospect_id.in_(keys))
    connection.execute(delete(t.unlearnt).where(t.unlearnt.c.activity_id.in_(theirs)))
    entries = select(t.score_entries.c.id).where(t.score_entries.c.prospect_id.in_(keys))
    connection.execute(delete(t.expiries).where(t.expiries.c.entry_id.in_(entries)))
    for table in t.metadata.sorted_tables:
        if "prospect_id" in table.c and table.name not in _KEPT:
            connection.execute(delete(table).where(table.c.prospect_id.in_(keys)))
    connection.execute(delete(t.prospects).where(t.prospects.c.id.in_(keys)))
