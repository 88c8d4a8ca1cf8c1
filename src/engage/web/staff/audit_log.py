"""The audit log, for administrators."""

from __future__ import annotations

from engage.accounts import audit
from engage.accounts.deeds import DEEDS
from engage.reports.csvout import csv_parts
from engage.web.staff.answers import Answer, Download, Shown
from engage.web.staff.ask import Ask
from engage.web.staff.audit_words import details
from engage.wording import sentence

_PAGE = 50
_LONGEST = 200
_COLUMNS = ("id", "at", "who", "action", "subject", "detail")


def audit_log(ask: Ask) -> Answer:
    """Show what was done that must be traceable, latest first."""
    subject = ask.query.get("subject", "")[:_LONGEST]
    lines = audit.entries(ask.connection, before=ask.after("before"), limit=_PAGE + 1, subject=subject)
    more = lines[_PAGE - 1].id if len(lines) > _PAGE else None
    values = {
        "lines": lines[:_PAGE],
        "more": more,
        "subject": subject,
        "deeds": DEEDS,
        "details": lambda line: details(line, ask.locale),
    }
    return Shown("audit.html", sentence("Audit log"), values)


def audit_csv(ask: Ask) -> Answer:
    """Give the whole log as CSV."""
    rows = (
        (line.id, line.at, line.who, line.action, line.subject, told(line)) for line in audit.entries(ask.connection)
    )
    return Download("audit.csv", csv_parts(_COLUMNS, rows, ask.reader.zone))


def told(line: audit.Entry) -> str:
    """Return what a line says beside its action."""
    return "; ".join(f"{name}: {value}" for name, value in line.detail.items())
