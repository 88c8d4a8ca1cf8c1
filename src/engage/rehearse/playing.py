"""A test is played: the real engine ticks on a private database by a virtual clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from engage.errors import EngageError
from engage.language.source import Path
from engage.rehearse.arms import force
from engage.rehearse.clockwork import next_due, next_night, nights_matter, running_keys
from engage.rehearse.deeds import do, of_mail, prospect_id, put_prospect
from engage.rehearse.script import Deed, Script
from engage.rehearse.seeing import Sight, look, open_runs, stands
from engage.rehearse.stage import Stage
from engage.sql.connect import reading
from engage.stepping import states
from engage.wording import Sentence

#: A tick that queues mail is followed by another at the same moment; more in a row than this is a fault of ours.
MOST_TICKS = 100

#: Applies another version of a scenario on a stage, from a file of the workspace.
ApplyFile = Callable[[Stage, str, str, datetime], None]


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a test."""

    #: where the run stood at the moments asked for, by their keys
    stood: dict[str, str | None]
    sight: Sight
    #: events that could not happen, each with its place in the file and why
    faults: tuple[tuple[Path, Sentence], ...] = ()


@dataclass(slots=True)
class _Play:
    """A test that is being played."""

    stage: Stage
    script: Script
    apply_file: ApplyFile
    now: datetime
    coming: deque[Deed]
    looks: deque[tuple[datetime, str]]
    stood: dict[str, str | None] = field(default_factory=dict)
    faults: list[tuple[Path, Sentence]] = field(default_factory=list)


def play(stage: Stage, script: Script, started: tuple[str, ...], apply_file: ApplyFile) -> Played:
    """Play a test on a stage that is as freshly applied; ``started`` are the scenarios that run, its own last."""
    play = _Play(stage, script, apply_file, script.start, deque(script.deeds), deque(script.looks))
    if _open(play, started):
        while (following := _moment(play)) is not None:
            _look(play, before=following)
            play.now = following
            _advance(play)
    _look(play, before=None)
    with reading(stage.engine).begin() as connection:
        sight = look(connection, script.scenario, script.case.prospect.email)
    return Played(play.stood, sight, tuple(play.faults))


def _open(play: _Play, started: tuple[str, ...]) -> bool:
    """Put the prospect in and start the scenarios; tell whether that could be done."""
    script, vocabulary = play.script, play.stage.workspace.vocabulary
    with play.stage.engine.begin() as connection:
        key, why = "prospect", put_prospect(connection, script, vocabulary)
        if why is None and script.case.arms:
            who, plan = prospect_id(connection, script.case.prospect), play.stage.plans.scenarios[script.scenario]
            key, why = "arms", force(connection, who, plan, script.case.arms)
    if why is not None:
        play.faults.append(((*script.path, key), why))
        return False
    for deed in script.past:
        _do(play, deed)
    with play.stage.engine.begin() as connection:
        for key in started:
            states.start(connection, play.stage.plans, key, script.start)
    _advance(play)
    return True


def _advance(play: _Play) -> None:
    """Let happen what happens now, and tick unless the engine is out."""
    late = [deed for deed in _due_deeds(play) if not _do(play, deed, again=True)]
    if play.script.is_out(play.now):
        _give_up(play, late)
        return
    for _ in range(MOST_TICKS):
        play.stage.tick(play.now)
        # An event may tell of a message that this very tick has sent.
        still = [deed for deed in late if not _do(play, deed, again=True)]
        if len(still) == len(late) and not _is_due(play):
            break
        late = still
    else:
        raise AssertionError(f"the engine finds no rest at {play.now}")
    _give_up(play, late)


def _due_deeds(play: _Play) -> list[Deed]:
    found = []
    while play.coming and play.coming[0].learnt_at <= play.now:
        found.append(play.coming.popleft())
    return found


def _do(play: _Play, deed: Deed, *, again: bool = False) -> bool:
    """Let one thing happen; tell whether it is done with. ``again``: a message that is not there may yet be sent."""
    try:
        why = _done(play, deed)
    except EngageError as error:
        why = error.message
    if why is None:
        return True
    if again and of_mail(deed.event):
        return False
    play.faults.append((deed.path, why))
    return True


def _give_up(play: _Play, late: list[Deed]) -> None:
    for deed in late:
        _do(play, deed)


def _done(play: _Play, deed: Deed) -> Sentence | None:
    stage, event, key = play.stage, deed.event, play.script.scenario
    if event.apply is not None:
        play.apply_file(stage, key, event.apply, play.now)
        return None
    with stage.engine.begin() as connection:
        if event.pause is not None:
            states.pause(connection, key, play.now)
        elif event.resume is not None:
            states.resume(connection, stage.plans, key, play.now)
        else:
            return do(connection, deed, play.script, stage.workspace.vocabulary)
    return None


def _is_due(play: _Play) -> bool:
    with reading(play.stage.engine).begin() as connection:
        due = next_due(connection)
    return due is not None and due <= play.now


def _moment(play: _Play) -> datetime | None:
    """Return the next moment at which something happens; None: the test is over."""
    script, now = play.script, play.now
    following = [play.coming[0].learnt_at] if play.coming else []
    with reading(play.stage.engine).begin() as connection:
        if script.outage is not None and script.is_out(now):
            following.append(script.outage[1])
        else:
            if script.until is None and not play.coming and not open_runs(connection):
                return None
            running = running_keys(connection)
            if (due := next_due(connection)) is not None:
                following.append(due)
            if nights_matter(play.stage.plans, running):
                following.append(next_night(play.stage.plans, now))
    found = min((moment for moment in following if moment > now), default=None)
    return found if found is not None and found <= script.end else None


def _look(play: _Play, *, before: datetime | None) -> None:
    """Note where the run stands, for the moments asked for before the next tick."""
    while play.looks and (before is None or play.looks[0][0] < before):
        with reading(play.stage.engine).begin() as connection:
            at = stands(connection, play.script.scenario, play.script.case.prospect.email)
        play.stood[play.looks.popleft()[1]] = at
