"""Starting, pausing, resuming and stopping a scenario: first a page that says what it would do, then the deed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from engage.accounts.audit import note
from engage.plan.moves import Plan
from engage.sql.codes import CHUNK
from engage.stepping import states
from engage.stepping.applied import read_applied
from engage.stepping.outlook import MOST_QUEUED, Outlook, entering, outlook
from engage.web.staff.answers import Answer, Fragment, See, Shown, Undo
from engage.web.staff.ask import Ask
from engage.web.staff.scenario_at import Scenario, planned, scenario_at
from engage.web.staff.showing import Eye
from engage.wording import Sentence, sentence


@dataclass(frozen=True, slots=True)
class Deed:
    """A change of a scenario's state."""

    name: str
    question: Sentence
    button: Sentence
    done: Sentence
    #: from which states it leads
    possible: frozenset[str]
    #: it cannot be undone
    final: bool = False
    #: prospects may enter by it
    opens: bool = False
    #: what undoes it
    undo: str = ""


_DEEDS: Mapping[str, Deed] = {
    "start": Deed(
        "start", sentence("Start this scenario?"), sentence("Start"),
        sentence("Started; the next tick lets prospects in."),
        frozenset({"draft", "stopped"}), opens=True,
    ),
    "pause": Deed(
        "pause", sentence("Pause this scenario?"), sentence("Pause"), sentence("Paused."), frozenset({"running"}),
        undo="resume",
    ),
    "resume": Deed(
        "resume", sentence("Resume this scenario?"), sentence("Resume"), sentence("It goes on."), frozenset({"paused"}),
        opens=True, undo="pause",
    ),
    "stop": Deed(
        "stop", sentence("Stop this scenario for good?"), sentence("Stop and end all runs"), sentence("Stopped."),
        frozenset({"running", "paused"}), final=True,
    ),
}  # fmt: skip


def preview_of(name: str) -> Callable[[Ask], Answer]:
    """Return the page that says what a deed would do."""
    deed = _DEEDS[name]

    def preview(ask: Ask) -> Answer:
        found, plan = planned(ask)
        stands = outlook(ask.connection, found.row.key)
        values = {
            "scenario": found,
            "deed": deed,
            "possible": stands.state in deed.possible,
            "effects": list(_effects(deed, stands, plan, Eye(ask.reader.locale, ask.reader.zone, ask.now))),
            "asks": deed.opens and stands.state in deed.possible and not plan.on,
            **(_counted(ask, found, plan) if "count" in ask.query else {"count": None, "share": None}),
        }
        return Shown("scenario-change.html", sentence("{name}: {deed}", name=found.name, deed=deed.button), values)

    return preview


def entering_of(ask: Ask) -> Answer:
    """Tell who would enter at the next tick, or how much of the count is done, for the page that waits for it."""
    found, plan = planned(ask)
    return Fragment("scenario-entering.html", {"scenario": found, **_counted(ask, found, plan)})


def _counted(ask: Ask, found: Scenario, plan: Plan) -> dict[str, object]:
    """Have the engine's own question asked of everybody, beside the pages; return the count, or the share done."""
    engine, plans = ask.site.app.engine, ask.running.applied.plans
    job = ask.site.beside.ask(
        ("entering", plan.key, found.row.version, found.row.state),
        lambda told: entering(engine, plans, plan.key, ask.now, told=told),
    )
    return {"count": job.value, "share": None} if job.done else {"count": None, "share": job.share}


def change_of(name: str) -> Callable[[Ask], Answer]:
    """Return what does a deed, notes it in the audit log, and offers to undo it where that is possible."""
    deed = _DEEDS[name]

    def change(ask: Ask) -> Answer:
        found = scenario_at(ask)
        key, detail = found.row.key, {"state": found.row.state, "version": found.row.version}
        ended = _do(ask, deed, found)
        note(ask.connection, ask.reader.addressee, f"scenario_{name}", f"scenario:{key}", ask.now, {**detail, **ended})
        undo = Undo(f"{found.path}/{deed.undo}") if deed.undo else None
        return See(found.path, deed.done, undo)

    return change


def _do(ask: Ask, deed: Deed, found: Scenario) -> dict[str, object]:
    """Change the state, by the plans as the transaction sees them; return what became of runs."""
    key, connection = found.row.key, ask.connection
    match deed.name:
        case "start":
            states.start(connection, read_applied(connection).plans, key, ask.now)
        case "pause":
            states.pause(connection, key, ask.now)
        case "resume":
            states.resume(connection, read_applied(connection).plans, key, ask.now)
        case "stop":
            return {"ended": states.stop(connection, read_applied(connection).plans, key, ask.now, CHUNK)}
    return {}


def _effects(deed: Deed, stands: Outlook, plan: Plan, eye: Eye) -> Iterator[Sentence]:
    """Yield what a deed does, a sentence each."""
    waiting, held = eye.number(stands.waiting), eye.number(stands.held)
    match deed.name:
        case "start":
            yield from _start(plan, eye)
        case "pause":
            yield sentence(
                "{waiting} who wait and {held} who are held stay where they are.", waiting=waiting, held=held
            )
            yield sentence("Nobody enters, nobody leaves, and the time of waits stands still.")
            yield sentence("Fixed dates do not move: what falls into the pause runs when it is resumed, or is skipped.")
        case "resume":
            yield sentence("{waiting} who wait and {held} who are held go on.", waiting=waiting, held=held)
            yield sentence("What was left of each wait is left still.")
        case "stop":
            yield sentence("{count} runs end now, as left; they do not come back.", count=eye.number(stands.open))
            yield sentence("Whoever enters after another start begins anew.")
    if stands.queued and deed.name in ("pause", "stop"):
        count = eye.number(stands.queued)
        if stands.queued >= MOST_QUEUED:
            yield sentence("More than {count} e-mails are queued already; they still go out.", count=count)
        else:
            yield sentence("{count} e-mails are queued already; they still go out.", count=count)


def _start(plan: Plan, eye: Eye) -> Iterator[Sentence]:
    """Yield who enters after a start."""
    if plan.on:
        yield sentence(
            "Prospects enter when the event happens, from the start on; what happened before does not count."
        )
    elif plan.backfill:
        yield sentence("Those who match now enter at the next tick; later those who begin to match.")
    else:
        yield sentence("Those who match now do not enter, only those who begin to match later.")
    if plan.window.start is not None:
        yield sentence("Nobody enters before {day}.", day=eye.day(plan.window.start))
    if plan.window.end is not None:
        yield sentence("Nobody enters after {day}.", day=eye.day(plan.window.end - timedelta(microseconds=1)))
