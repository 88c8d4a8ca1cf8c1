"""Rows become CSV files, streamed in short reads; an import of the same kind takes them back.

UTF-8 with BOM and CRLF, so that spreadsheets open them; texts that look like formulas are guarded.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import Engine

from engage.errors import Outside, Refused
from engage.language.conditions import Condition
from engage.language.vocabulary import Vocabulary
from engage.problem import unknown
from engage.reports.calls import CALLS
from engage.reports.csvout import write_csv
from engage.reports.export_activities import ACTIVITIES, SCORES
from engage.reports.export_journeys import MESSAGES, TODOS, VISITS
from engage.reports.export_kind import ExportKind, Question
from engage.reports.export_prospects import PROSPECTS
from engage.reports.export_sales import ACCOUNTS, CAMPAIGN_MEMBERS, OPPORTUNITIES
from engage.reports.export_team import LIST_MEMBERS, UNSUBSCRIBES, USERS
from engage.sql.connect import reading
from engage.sql.predicates import Now
from engage.wording import sentence

#: Every kind of file that can be exported. Other kinds are handed in beside these.
KINDS: Mapping[str, ExportKind] = {
    "prospects": PROSPECTS,
    "activities": ACTIVITIES,
    "list-members": LIST_MEMBERS,
    "opportunities": OPPORTUNITIES,
    "accounts": ACCOUNTS,
    "campaign-members": CAMPAIGN_MEMBERS,
    "users": USERS,
    "unsubscribes": UNSUBSCRIBES,
    "visits": VISITS,
    "messages": MESSAGES,
    "todos": TODOS,
    "calls": CALLS,
    "scores": SCORES,
}


def run_export(
    engine: Engine,
    kind: str,
    out: BinaryIO,
    vocabulary: Vocabulary,
    now: datetime,
    where: Condition | None = None,
    *,
    require_consent: bool = False,
    kinds: Mapping[str, ExportKind] = KINDS,
) -> int:
    """Write a kind of rows as CSV and return how many; ``out`` stays open.

    ``where`` chooses the prospects whose rows are wanted. Raises Refused for a kind that is not known.
    """
    if kind not in kinds:
        raise Refused(unknown("the kind of export", kind, kinds))
    chosen = kinds[kind]
    if where is not None and not chosen.of_prospects:
        raise Refused(sentence("{kind} cannot be chosen by criteria: they are no prospects", kind=kind))
    asked = Now(now, vocabulary.zone, vocabulary.locale, require_consent)
    question = Question(reading(engine), vocabulary, asked, where)
    try:
        return write_csv(out, chosen.columns(vocabulary), chosen.rows(question), vocabulary.zone)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Outside(sentence("the export cannot be written: {why}", why=error.strerror)) from None
