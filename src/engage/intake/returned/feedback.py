"""Complaints: what a mailbox provider reports when a reader calls a mail spam (RFC 5965)."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message

from engage.intake.returned.shallow import Part, blocks, one_line, read
from engage.intake.returned.verdict import Verdict, verdict
from engage.sql.codes import Returned

_REPORT = "message/feedback-report"
#: What readers say. All else (authentication failures, viruses, «not spam») is between servers.
_COMPLAINTS = {"abuse", "fraud", "opt-out", "opt-out-list"}


def is_feedback(mail: Part) -> bool:
    """Return whether a mail's headers say that it is a feedback report."""
    return mail.kind == "multipart/report" and mail.parameter("report-type").lower() == "feedback-report"


def feedback(mail: Part) -> Verdict | None:
    """Return what a feedback report says, or None where a mail is none."""
    report = _report(mail)
    if report is None:
        return None
    kind = one_line(str(report.get("Feedback-Type", ""))).lower()
    addresses = [one_line(str(value)) for value in report.get_all("Original-Rcpt-To", [])]
    return verdict(Returned.COMPLAINT if kind in _COMPLAINTS else Returned.REPORT, kind, addresses)


def named_in(mail: Part) -> Iterator[str]:
    """Yield the addresses and links of the reported message by which it may be known."""
    report = _report(mail)
    if report is None:
        return
    yield from (one_line(str(value)) for value in report.get_all("Original-Mail-From", []))
    for part in mail.walk():
        if part.kind in ("message/rfc822", "text/rfc822-headers", "message/global"):
            reported = read(part.content)
            yield from (*reported.all("Return-Path"), *reported.all("List-Unsubscribe"))


def _report(mail: Part) -> Message | None:
    part = next((part for part in mail.walk() if part.kind == _REPORT), None)
    return None if part is None else next(blocks(part.content), None)
