"""A checked journey becomes a plan."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import time
from typing import assert_never

from engage.graph.build import END, Journey, Placed, in_order, loops_around, ways_of
from engage.graph.hearing import mails_meant
from engage.graph.times import opening_of
from engage.language import steps as words
from engage.language.appointments import DayRule
from engage.language.conditions import Condition
from engage.language.criteria import Condition as ConditionWord
from engage.language.events import MAIL_EVENTS
from engage.language.expressions import read_text
from engage.language.fields import fold
from engage.language.load import ScenarioFile, Workspace
from engage.language.lots import Mixer
from engage.language.meaning import Reader
from engage.language.model import one_or_several
from engage.language.moment import Duration
from engage.language.source import Path
from engage.language.vocabulary import Vocabulary
from engage.plan import moves
from engage.plan.calls import call_of
from engage.plan.changes import field_change
from engage.plan.entry import audience_of, lists_of, reentry_of, suppress_of, window_of
from engage.plan.house import compile_grading, compile_house, compile_mailing, compile_scoring

__all__ = ["Compiler", "compile_grading", "compile_house", "compile_mailing", "compile_plan", "compile_scoring"]


class Compiler:
    """Compiles one journey; mistakes were found before, by the checks."""

    def __init__(self, journey: Journey, workspace: Workspace) -> None:
        self.journey, self.workspace = journey, workspace
        self.file: ScenarioFile = journey.file
        self.vocabulary: Vocabulary = workspace.vocabulary
        opening, bound, own = opening_of(journey, workspace)
        self.hours = opening if bound else None
        self.zone = moves.Zone(opening.zone, own)

    def condition(self, word: ConditionWord | None, path: Path, *, hours: bool = False) -> Condition:
        """Return the meaning of a condition of this scenario."""
        return Reader(self.vocabulary, self.file.source, self.file.id, hours).condition(word, path)

    def plan(self, version: int) -> moves.Plan:
        """Return the plan."""
        model = self.file.model
        audience, reader = model.audience, Reader(self.vocabulary, self.file.source, self.file.id)
        campaign = model.campaign
        statuses = self.vocabulary.campaigns.get(campaign or "", ())
        return moves.Plan(
            key=self.file.id,
            name=model.name,
            version=version,
            priority=model.priority,
            steps=tuple(self.step(self.journey.steps[key]) for key in in_order(self.journey)),
            audience=audience_of(model, reader),
            suppress=suppress_of(model, reader),
            goal=self.condition(model.goal, ("goal",)) if model.goal else None,
            exit=self.condition(model.exit, ("exit",)) if model.exit else None,
            unmatched=audience.unmatched or ("hold" if audience.lists else "continue"),
            window=window_of(model, self.vocabulary),
            backfill=model.backfill,
            campaign=campaign,
            campaign_status=statuses[0] if statuses else None,
            on=tuple(self._entry_event(occurrence) for occurrence in audience.occurrences),
            reentry=reentry_of(model),
            lists=lists_of(model, reader),
        )

    def step(self, placed: Placed) -> moves.Step:
        """Return what a step does and where it leads."""
        ways = tuple(
            (outcome, None if target == END else target) for outcome, target in ways_of(self.journey, placed.key)
        )
        stay = placed.word.after if isinstance(placed.word, words.Staying) else None
        if isinstance(placed.word, words.Repeat) and placed.rounds[-1] > 1:
            stay = None
        breaks = tuple(self._breaks(placed))
        return moves.Step(placed.key, placed.kind, placed.word.name or placed.key, self.act(placed), stay, ways, breaks)

    def _breaks(self, placed: Placed) -> Iterator[moves.Break]:
        for loop in loops_around(self.journey, placed):
            assert isinstance(loop.word, words.Repeat)
            if loop.word.repeat.heard:
                target = self.journey.after[loop.key]
                yield moves.Break(self._ending(loop.word, loop), None if target == END else target)

    def _repeat(self, word: words.Repeat, placed: Placed) -> moves.Repeat:
        """Return how a round begins: the first at once, each next a time after the one before."""
        loop, turn = word.repeat, placed.rounds[-1]
        before = self.journey.rounds[placed.path, (*placed.rounds[:-1], turn - 1)] if turn > 1 else None
        until: Condition | moves.Trigger | None = None
        if loop.heard:
            until = self._ending(word, placed)
        elif loop.asked is not None:
            until = self.condition(loop.asked, (*placed.path, "repeat", "until"), hours=True)
        return moves.Repeat(loop.every if turn > 1 else None, before, until)

    def _ending(self, word: words.Repeat, placed: Placed) -> moves.Trigger:
        """Return the events that end a loop."""
        events = tuple(self._event(occurrence, placed) for occurrence in word.repeat.heard)
        return moves.Trigger(events, Duration(), patient=False, since_entry=True)

    def act(self, placed: Placed) -> moves.Act:
        """Return what a step does."""
        match placed.word:
            case words.SendEmail() as word:
                return self._send(word)
            case words.AddToList() as word:
                return moves.ChangeLists(word.add_to_list, add=True)
            case words.RemoveFromList() as word:
                return moves.ChangeLists(word.remove_from_list, add=False)
            case words.AddTag() as word:
                return moves.ChangeTags(word.add_tag, add=True)
            case words.RemoveTag() as word:
                return moves.ChangeTags(word.remove_tag, add=False)
            case words.AdjustScore() as word:
                change = word.change
                return moves.AdjustScore(change.by, change.to, change.category)
            case words.SetField() as word:
                return moves.SetField(
                    tuple(field_change(self.vocabulary, name, value) for name, value in word.set_field.items())
                )
            case words.Assign() as word:
                kind, _, name = word.assignment.to.partition(":")
                return moves.Assign(kind, name, word.assignment.reassign)  # type: ignore[arg-type]
            case words.CreateTodo(create_todo=todo):
                comments = read_text(todo.comments) if todo.comments else None
                return moves.CreateTodo(read_text(todo.subject), comments, todo.due, todo.priority, todo.to)
            case words.Notify(notify=notice):
                return moves.Notify(notice.to, read_text(notice.subject), read_text(notice.text))
            case words.AddToCampaign(add_to_campaign=member):
                status = member.status or self.vocabulary.campaigns[member.campaign][0]
                return moves.AddToCampaign(member.campaign, status)
            case words.OptOut():
                return moves.OptOut()
            case words.Enrol(enrol=scenario):
                return moves.Enrol(scenario)
            case words.Leave(leave=scenario):
                return moves.Leave(scenario)
            case words.Webhook() | words.Action() as word:
                return call_of(word)
            case words.Trigger() as word:
                return self._trigger(word, placed)
            case words.Repeat() as word:
                return self._repeat(word, placed)
            case words.Rule() as word:
                return moves.Rule(self.condition(word.rule, (*placed.path, "rule"), hours=True))
            case words.Wait(wait=length):
                return self._wait(length)
            case words.Switch() as word:
                return self._switch(word, placed.path)
            case words.Split(split=arms):
                mixer = Mixer.of(self.file.id, placed.base)
                return moves.Split(tuple((name, arm.share) for name, arm in arms.items()), mixer)
            case words.GoTo():
                return moves.GoTo()
            case words.End():
                return moves.End()
            case word:
                assert_never(word)

    def _switch(self, word: words.Switch, path: Path) -> moves.Switch:
        cases = enumerate(zip(word.outcomes, word.switch, strict=True))
        return moves.Switch(
            tuple(
                (name, self.condition(case.case, (*path, "switch", place, "case"), hours=True))
                for place, (name, case) in cases
            )
        )

    def _wait(self, word: Duration | words.UntilMoment | words.UntilDay) -> moves.Act:
        match word:
            case words.UntilMoment():
                return moves.WaitUntil(word.until, self.zone, word.on_past == "leave")
            case words.UntilDay():
                field = self.vocabulary.fields[word.field]
                first = self.workspace.hours.windows[0].start
                rule = DayRule(word.offset, word.at or time(first // 60, first % 60), word.yearly)
                leave = word.on_past == "leave", word.on_missing == "leave"
                return moves.WaitDay(field.name, field.type, field.custom, rule, self.zone, *leave)
            case _:
                return moves.Wait(word)

    def _send(self, word: words.SendEmail) -> moves.SendEmail:
        mailing = word.mailing
        heads = self.workspace.templates.get(mailing.template, {})
        head = next((t.head for t in heads.values()), None)
        from_owner = (mailing.from_ or (head.from_ if head else None)) == "owner"
        marketing = head is None or head.kind == "marketing"
        return moves.SendEmail(
            mailing.template, marketing, from_owner, mailing.once, mailing.on_date, self.hours, self.zone
        )

    def _trigger(self, word: words.Trigger, placed: Placed) -> moves.Trigger:
        length = word.within or word.after
        assert isinstance(length, Duration)
        events = tuple(self._event(occurrence, placed) for occurrence in word.occurrences)
        return moves.Trigger(events, length, patient=word.after is not None, since_entry=word.since == "entry")

    def _event(self, occurrence: words.Occurrence, placed: Placed | None = None) -> moves.Event:
        name, target = occurrence.event, occurrence.target
        types = ("email_opened", "email_clicked") if name == "email_opened" else (name,)
        links: tuple[str, ...] = ()
        if isinstance(target, words.MailTarget):
            links = (fold(target.link),) if target.link else ()
            named: tuple[str, ...] = target.email
        else:
            named = (target,) if isinstance(target, str) else target
        if name in MAIL_EVENTS:
            mails = (key for each in named for key in mails_meant(self.journey, placed, each)) if placed else ()
            return moves.Event(types, mails=tuple(dict.fromkeys(mails)), links=links)
        return moves.Event(types, targets=_globs(named))

    def _entry_event(self, occurrence: words.Occurrence) -> moves.Event:
        """Return an event that lets one enter: an e-mail's is known by its template, whoever sent it."""
        event = self._event(occurrence)
        if occurrence.event not in MAIL_EVENTS:
            return event
        target = occurrence.target
        named = target.email if isinstance(target, words.MailTarget) else one_or_several(target)
        return replace(event, mails=(), targets=_globs(tuple(map(str, named))))


def _globs(named: tuple[str, ...]) -> tuple[str, ...]:
    """Return targets as folded globs; none where any is meant."""
    return () if "any" in named else tuple(map(fold, named))


def compile_plan(journey: Journey, workspace: Workspace, version: int = 1) -> moves.Plan:
    """Return the plan of a journey that has no mistakes."""
    return Compiler(journey, workspace).plan(version)
