"""Words of an explanation in the reader's language: outcomes, details, and why a step was skipped or failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from engage.wording import Speaker

if TYPE_CHECKING:
    from engage.rehearse.explained import Taken
    from engage.rehearse.mirror import Verdict

#: What says a length of time.
_LENGTHS = ("waits", "stays")


def _length(speaker: Speaker, text: str) -> str:
    from engage.language.lengths import told
    from engage.language.moment import Duration

    return told(Duration.parse(text)).read(speaker.locale)


def reason_of(speaker: Speaker, reason: str) -> str:
    """Return why a step was skipped or failed, or a message refused; a database's own words stay."""
    from engage.reports.reasons import reason as read_reason

    return read_reason(reason).read(speaker.locale)


def origin_of(speaker: Speaker, kind: str) -> str:
    """Return where points come from; a rule's or a step's own words stay."""
    kinds = {
        "rule": speaker.read("rule"), "step": speaker.read("step"), "manual": speaker.read("by hand"),
        "import": speaker.read("import"), "expiry": speaker.read("expired"), "inactivity": speaker.read("inactive"),
    }  # fmt: skip
    return kinds.get(kind, kind)


def outcome_of(speaker: Speaker, taken: Taken) -> str:
    """Return how a step went; a case or an arm bears the user's own name."""
    if taken.kind == "repeat" and taken.outcome in ("yes", "no", "completed"):
        return speaker.read("the loop ends") if taken.outcome == "yes" else speaker.read("a round begins")
    return plain_outcome(speaker, taken.outcome)


def plain_outcome(speaker: Speaker, outcome: str) -> str:
    """Return an outcome, whatever the step; a case or an arm bears the user's own name."""
    outcomes = {
        "completed": speaker.read("completed"), "yes": speaker.read("yes"), "no": speaker.read("no"),
        "skipped": speaker.read("skipped"), "failed": speaker.read("failed"), "left": speaker.read("left"),
        "goal": speaker.read("goal"),
    }  # fmt: skip
    return outcomes.get(outcome, outcome)


def machine_of(speaker: Speaker, why: str | None) -> str:
    """Return that a machine did something, and why that is known where it is told."""
    reasons = {
        "agent": speaker.read("it says so"), "head": speaker.read("asked for the head only"),
        "proxy": speaker.read("from a data centre or proxy"), "apple": speaker.read("Apple Mail Privacy Protection"),
        "quick": speaker.read("right at the hand-over"), "many": speaker.read("three different links within 10 s"),
        "trap": speaker.read("a link that nobody sees"),
    }  # fmt: skip
    told = reasons.get(why or "")
    return speaker.read("a machine") if told is None else speaker.read("a machine: {why}", why=told)


def details_of(speaker: Speaker, details: Iterable[tuple[str, str]]) -> Iterator[tuple[str, ...]]:
    """Yield what else decided or was done: its name, and what it was."""
    names = {
        "waits for": speaker.read("waits for"), "event": speaker.read("event"), "deadline": speaker.read("deadline"),
        "message": speaker.read("e-mail"), "points": speaker.read("points"), "tag": speaker.read("tag"),
        "list": speaker.read("list"), "campaign": speaker.read("campaign"), "owner": speaker.read("owner"),
        "arms": speaker.read("arms"), "until": speaker.read("until"), "stays": speaker.read("stays"),
        "waits": speaker.read("waits"), "waited for": speaker.read("waited for"), "left by": speaker.read("left by"),
        "held": speaker.read("held"), "paused": speaker.read("paused"), "scenario": speaker.read("scenario"),
        "goes on at": speaker.read("goes on at"), "queued": speaker.read("queued"), "sent": speaker.read("sent"),
        "failed": speaker.read("failed"), "in_doubt": speaker.read("in doubt"),
        "cancelled": speaker.read("cancelled"), "reason": speaker.read("reason"), "answer": speaker.read("answer"),
        "notification": speaker.read("notification"),
    }  # fmt: skip
    awaited = {
        "its date": speaker.read("its date"), "opening hours": speaker.read("opening hours"),
        "room under the frequency cap": speaker.read("room under the frequency cap"),
    }  # fmt: skip
    for name, text in details:
        said = reason_of(speaker, text) if name == "reason" else _length(speaker, text) if name in _LENGTHS else text
        yield names.get(name, name), awaited.get(text, said) if name in ("waits for", "waited for") else said


def leaves(verdict: Verdict) -> Iterator[Verdict]:
    """Yield the comparisons of a condition, without what joins them."""
    if not verdict.parts:
        yield verdict
    for part in verdict.parts:
        yield from leaves(part)


def joined_by(speaker: Speaker, words: str) -> str:
    """Return what joins the parts of a condition."""
    return {"all": speaker.read("all of"), "any": speaker.read("any of"), "not": speaker.read("not")}[words]


def truth_of(speaker: Speaker, holds: bool | None) -> str:
    """Return whether a condition holds."""
    return {True: speaker.read("holds"), False: speaker.read("does not hold"), None: speaker.read("unknown")}[holds]


def state_of(speaker: Speaker, state: str) -> str:
    """Return how a criterion of the grade stands."""
    states = {
        "matched": speaker.read("matched"), "not matched": speaker.read("not matched"),
        "unknown": speaker.read("unknown"),
    }  # fmt: skip
    return states[state]


def role_of(speaker: Speaker, role: str) -> str:
    """Return what a condition decided; a case bears the user's own name."""
    roles = {
        "rule": speaker.read("rule"), "until": speaker.read("until"), "audience": speaker.read("audience"),
        "suppress": speaker.read("suppression"), "goal": speaker.read("goal"), "exit": speaker.read("exit"),
    }  # fmt: skip
    return roles.get(role) or speaker.read("case {name}", name=role.removeprefix("case "))


def standing_of(speaker: Speaker, standing: str) -> str:
    """Return how a prospect stands to a scenario."""
    standings = {
        "inside": speaker.read("inside"), "was inside": speaker.read("was inside"),
        "may enter": speaker.read("enters at the next look"), "does not enter": speaker.read("does not enter"),
    }  # fmt: skip
    return standings[standing]


def bar_of(speaker: Speaker, bar: str) -> str:
    """Return what bars the way into a scenario."""
    bars = {
        "not running": speaker.read("it does not run"),
        "outside its schedule": speaker.read("its schedule is closed"),
        "was inside before": speaker.read("no further run is allowed"),
        "too early to run again": speaker.read("it is too early for another run"),
        "has to begin to match anew": speaker.read("another run begins when the prospect begins to match anew"),
        "waits for an event": speaker.read("an event lets one enter"),
        "paused": speaker.read("it is paused: durations stand still until it goes on"),
    }
    return bars[bar]
