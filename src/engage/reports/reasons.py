"""Why a step was skipped or failed, or a message refused, in whole sentences; the engine keeps a few words."""

from __future__ import annotations

import re

from engage.sql.codes import MessageStatus
from engage.wording import Sentence, sentence

#: Why a message is in doubt of which nothing else was noted: it has been in the hands of a process since.
CUT_OFF = "the process ended while handing it over"

#: What is named in a reason.
_NAME = {
    "scenario": r"(?P<scenario>[^ ]+)", "count": r"(?P<count>[0-9.]+)", "to": r"(?P<to>[^ ]+)",
    "kind": r"(?P<kind>[^ ,]+)", "code": r"(?P<code>-?[0-9]+)",
}  # fmt: skip


def noted(status: int, kept: str | None) -> str | None:
    """Return why a message stands as it does; a process that ended could note nothing.

    >>> noted(MessageStatus.IN_DOUBT, None), noted(MessageStatus.IN_DOUBT, "timed out"), noted(MessageStatus.SENT, None)
    ('the process ended while handing it over', 'timed out', None)
    """
    return CUT_OFF if status == MessageStatus.IN_DOUBT and kept is None else kept


def reason(kept: str) -> Sentence:
    """Return why a step was skipped or failed, or a message refused; a database's own words stay."""
    same = {
        "opted out": sentence("opted out of marketing e-mail"),
        "opted_out": sentence("opted out of marketing e-mail"),
        "opted out of the list": sentence("opted out of the list that the e-mail comes by"),
        "left_list": sentence("opted out of the list that the e-mail comes by"),
        "no e-mail may go to this address": sentence("no e-mail may go to this address"),
        "do_not_email": sentence("no e-mail may go to this address"),
        "no consent": sentence("has not consented to marketing e-mail"),
        "no_consent": sentence("has not consented to marketing e-mail"),
        "suppressed": sentence("suppressed by the scenario when the e-mail was to go"),
        "was mailed this before": sentence("was mailed this before"),
        "has an owner": sentence("has an owner already"),
        "no owner, and no queue to take it": sentence("there is no owner, and no queue to take it"),
        CUT_OFF: sentence("the process ended while handing it over"),
        "its date has passed": sentence("its date has passed"),
        "the day is past": sentence("the day is past"),
        "the field is empty": sentence("the field is empty"),
        "the loop has ended": sentence("the loop has ended"),
    }
    return same[kept] if kept in same else _named(kept)


def _named(kept: str) -> Sentence:
    texts = (
        "{scenario} does not run", "{scenario} takes nobody in today", "{scenario} is paused",
        "is in {scenario} already", "is suppressed in {scenario}", "has reached the goal of {scenario}",
        "has met the exit of {scenario}", "was in {scenario} before", "was in {scenario} {count} times",
        "was in {scenario} too short a time ago", "was in {scenario} in this tick", "nobody in {to} is enabled",
        "it took longer than {count} seconds", "it ended without an answer (exit code {code})",
        "TypeError: it answered {kind}, and not a text or nothing", "LookupError: no action {to} is installed",
    )  # fmt: skip
    for text in texts:
        found = re.fullmatch(re.sub(r"[().]", r"\\\g<0>", text).format(**_NAME), kept)
        if found is not None:
            return sentence(text, **found.groupdict())
    return sentence("{why}", why=kept)
