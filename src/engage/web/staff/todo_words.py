"""The words of ToDos as pages show them: tabs, statuses, priorities, what came of a call, what was done."""

from __future__ import annotations

from collections.abc import Mapping

from engage.intake.call_log import CALL_RESULTS
from engage.reports.inbox import TABS
from engage.wording import Sentence, sentence

TAB_WORDS: Mapping[str, Sentence] = dict(
    zip(
        TABS,
        (
            sentence("Mine"), sentence("My queues"), sentence("Overdue"), sentence("Due today"), sentence("Later"),
            sentence("Completed"),
        ),
        strict=True,
    )
)  # fmt: skip
STATUS_WORDS: Mapping[str, Sentence] = {
    "not_started": sentence("not started"),
    "in_progress": sentence("in progress"),
    "waiting": sentence("waiting"),
    "deferred": sentence("deferred"),
    "completed": sentence("completed"),
}
PRIORITY_WORDS: Mapping[str, Sentence] = {
    "high": sentence("high"),
    "normal": sentence("normal"),
    "low": sentence("low"),
}
CALL_WORDS: Mapping[str, Sentence] = dict(
    zip(
        CALL_RESULTS,
        (sentence("reached"), sentence("no answer"), sentence("message left"), sentence("wrong number")),
        strict=True,
    )
)
#: What was done to a ToDo, after the name of who did it.
TURN_WORDS: Mapping[str, Sentence] = {
    "made": sentence("made it"),
    "done": sentence("completed it"),
    "postponed": sentence("postponed it"),
    "handed": sentence("handed it on"),
    "taken": sentence("took it"),
    "marked": sentence("changed its status"),
    "called": sentence("logged a call"),
    "undone": sentence("undid what was done"),
}
