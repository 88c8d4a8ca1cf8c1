"""Words of an explanation in the reader's language: outcomes, details, and why a step was skipped or failed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engage.cli.session import Session

if TYPE_CHECKING:
    from engage.rehearse.explained import Taken

#: What is named in a reason.
_NAME = {
    "scenario": r"(?P<scenario>[^ ]+)", "count": r"(?P<count>[0-9.]+)", "to": r"(?P<to>[^ ]+)",
    "kind": r"(?P<kind>[^ ,]+)", "code": r"(?P<code>-?[0-9]+)",
}  # fmt: skip

#: What says a length of time.
_LENGTHS = ("waits", "stays")


def _length(session: Session, text: str) -> str:
    from engage.language.lengths import told
    from engage.language.moment import Duration

    return told(Duration.parse(text)).read(session.locale)


def reason_of(session: Session, reason: str) -> str:
    """Return why a step was skipped or failed, or a message refused; a database's own words stay."""
    same = {
        "opted out": session.read("opted out of marketing e-mail"),
        "opted_out": session.read("opted out of marketing e-mail"),
        "opted out of the list": session.read("opted out of the list that the e-mail comes by"),
        "left_list": session.read("opted out of the list that the e-mail comes by"),
        "no e-mail may go to this address": session.read("no e-mail may go to this address"),
        "do_not_email": session.read("no e-mail may go to this address"),
        "no consent": session.read("has not consented to marketing e-mail"),
        "no_consent": session.read("has not consented to marketing e-mail"),
        "suppressed": session.read("suppressed by the scenario when the e-mail was to go"),
        "was mailed this before": session.read("was mailed this before"),
        "has an owner": session.read("has an owner already"),
        "no owner, and no queue to take it": session.read("there is no owner, and no queue to take it"),
        "its date has passed": session.read("its date has passed"),
        "the day is past": session.read("the day is past"),
        "the field is empty": session.read("the field is empty"),
        "the loop has ended": session.read("the loop has ended"),
    }
    return same[reason] if reason in same else _named(session, reason)


def _named(session: Session, reason: str) -> str:
    texts = (
        "{scenario} does not run", "{scenario} takes nobody in today", "{scenario} is paused",
        "is in {scenario} already", "is suppressed in {scenario}", "has reached the goal of {scenario}",
        "has met the exit of {scenario}", "was in {scenario} before", "was in {scenario} {count} times",
        "was in {scenario} too short a time ago", "was in {scenario} in this tick", "nobody in {to} is enabled",
        "it took longer than {count} seconds", "it ended without an answer (exit code {code})",
        "TypeError: it answered {kind}, and not a text or nothing", "LookupError: no action {to} is installed",
    )  # fmt: skip
    for text in texts:
        found = re.fullmatch(re.sub(r"[().]", r"\\\g<0>", text).format(**_NAME), reason)
        if found is not None:
            return session.read(text, **found.groupdict())
    return reason


def origin_of(session: Session, kind: str) -> str:
    """Return where points come from; a rule's or a step's own words stay."""
    kinds = {
        "rule": session.read("rule"), "step": session.read("step"), "manual": session.read("by hand"),
        "import": session.read("import"), "expiry": session.read("expired"), "inactivity": session.read("inactive"),
    }  # fmt: skip
    return kinds.get(kind, kind)


def outcome_of(session: Session, taken: Taken) -> str:
    """Return how a step went; a case or an arm bears the user's own name."""
    outcomes = {
        "completed": session.read("completed"), "yes": session.read("yes"), "no": session.read("no"),
        "skipped": session.read("skipped"), "failed": session.read("failed"), "left": session.read("left"),
        "goal": session.read("goal"),
    }  # fmt: skip
    if taken.kind == "repeat" and taken.outcome in ("yes", "no", "completed"):
        return session.read("the loop ends") if taken.outcome == "yes" else session.read("a round begins")
    return outcomes.get(taken.outcome, taken.outcome)


def details_of(session: Session, details: Iterable[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """Yield what else decided or was done: its name, and what it was."""
    names = {
        "waits for": session.read("waits for"), "event": session.read("event"), "deadline": session.read("deadline"),
        "message": session.read("e-mail"), "points": session.read("points"), "tag": session.read("tag"),
        "list": session.read("list"), "campaign": session.read("campaign"), "owner": session.read("owner"),
        "arms": session.read("arms"), "until": session.read("until"), "stays": session.read("stays"),
        "waits": session.read("waits"), "waited for": session.read("waited for"), "left by": session.read("left by"),
        "held": session.read("held"), "paused": session.read("paused"), "scenario": session.read("scenario"),
        "goes on at": session.read("goes on at"), "queued": session.read("queued"), "sent": session.read("sent"),
        "failed": session.read("failed"), "in_doubt": session.read("in doubt"),
        "cancelled": session.read("cancelled"), "reason": session.read("reason"), "answer": session.read("answer"),
        "notification": session.read("notification"),
    }  # fmt: skip
    awaited = {
        "its date": session.read("its date"), "opening hours": session.read("opening hours"),
        "room under the frequency cap": session.read("room under the frequency cap"),
    }  # fmt: skip
    for name, text in details:
        said = reason_of(session, text) if name == "reason" else _length(session, text) if name in _LENGTHS else text
        yield names.get(name, name), awaited.get(text, said) if name in ("waits for", "waited for") else said
