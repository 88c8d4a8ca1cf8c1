"""What a step does, in a few words of the reader's language."""

from __future__ import annotations

from engage.graph.build import Journey, Placed
from engage.graph.shortening import length, short, until
from engage.language import steps as words
from engage.language.moment import Duration
from engage.language.reading import value_at
from engage.language.steps import blocks
from engage.wording import Locale, Sentence, sentence


def doing(placed: Placed, journey: Journey, locale: Locale) -> str:
    """Return how long a step is stayed at, and what it does then.

    The English words are those of the file.
    """
    stay = placed.word.after if isinstance(placed.word, words.Staying) else None
    waits = sentence("after {length}", length=_length(stay, locale)).read(locale) if stay else ""
    return " · ".join(filter(None, (waits, _detail(placed, journey, locale))))


def _detail(placed: Placed, journey: Journey, locale: Locale) -> str:
    """Return what a step does."""
    match placed.word:
        case words.SendEmail() as word:
            return word.mailing.template
        case words.CreateTodo(create_todo=todo):
            return _addressed(todo.to, todo.due, locale)
        case words.Notify(notify=notice):
            return _addressed(notice.to, None, locale)
        case words.Assign() as word:
            return word.assignment.to
        case words.Wait(wait=wait):
            return _waited(wait, placed, journey, locale)
        case words.AddToCampaign(add_to_campaign=member):
            return f"{member.campaign}: {member.status}" if member.status else member.campaign
        case words.AdjustScore() as word:
            return _points(word.change, locale)
        case words.Trigger() as word:
            return f"{_in_time(word, locale)} · {_said(placed, journey, locale)}"
        case words.Switch() as word:
            cases = zip(word.outcomes, _cases(placed, journey), strict=True)
            return " · ".join(f"{name}: {short(case, locale)}" for name, case in cases)
        case words.Repeat() as word:
            return " · ".join(_rounds(word.repeat, placed, journey, locale))
        case words.Split(split=arms):
            return " · ".join(f"{name} {arm.share} %" for name, arm in arms.items())
        case words.End() | words.OptOut():
            return ""
        case _:
            return _said(placed, journey, locale)


def _addressed(to: str, due: Duration | None, locale: Locale) -> str:
    """Return who gets something, and until when it is to be done."""
    who: str | Sentence = sentence("owner") if to == "owner" else to
    if due is None:
        return sentence("to {who}", who=who).read(locale)
    return sentence("to {who}, due {length}", who=who, length=_length(due, locale)).read(locale)


def _waited(
    wait: Duration | words.UntilMoment | words.UntilDay, placed: Placed, journey: Journey, locale: Locale
) -> str:
    if isinstance(wait, Duration):
        return _length(wait, locale)
    if isinstance(wait, words.UntilMoment) and locale != "en":
        return until(wait.until, locale)
    return _said(placed, journey, locale)


def _in_time(word: words.Trigger, locale: Locale) -> str:
    """Return for how long an event is awaited."""
    if word.within:
        return sentence("within {length}", length=_length(word.within, locale)).read(locale)
    return sentence("after {length}", length=_length(word.after, locale)).read(locale) if word.after else ""


def _rounds(loop: words.Loop, placed: Placed, journey: Journey, locale: Locale) -> list[str]:
    """Return which round of how many a step stands for, how often they come, and what ends them."""
    said = [sentence("round {number} of {count}", number=placed.rounds[-1], count=loop.times).read(locale)]
    if loop.every:
        said.append(sentence("every {length}", length=_length(loop.every, locale)).read(locale))
    ending = value_at(journey.file.source.value, (*placed.path, "repeat", "until"))
    if ending:
        said.append(sentence("until {when}", when=short(ending, locale)).read(locale))
    return said


def _length(length_of_time: Duration, locale: Locale) -> str:
    return length(str(length_of_time), locale)


def _cases(placed: Placed, journey: Journey) -> list[object]:
    """Return the conditions of a switch as they are written."""
    value = journey.file.source.value
    return [value_at(value, (*placed.path, "switch", n, "case")) for n, _ in enumerate(blocks(placed.word)[:-1])]


def _points(change: words.ScoreChange, locale: Locale) -> str:
    made = sentence("to {points}", points=change.to).read(locale)
    points = f"{change.by:+d}" if change.by is not None else made
    return f"{points} {change.category}" if change.category else points


def _said(placed: Placed, journey: Journey, locale: Locale) -> str:
    """Return the step's own value as it is written, without brackets."""
    return short(value_at(journey.file.source.value, (*placed.path, placed.kind)), locale)
