"""A value of a file in a few words: in English those of the file, in another language the reader's."""

from __future__ import annotations

from collections.abc import Mapping

from engage.language.appointments import Until
from engage.language.event_words import EVENTS
from engage.language.field_words import FIELDS
from engage.language.lengths import told
from engage.language.moment import Duration
from engage.wording import Locale, Sentence, sentence

#: How words of a condition and a trigger are shortened.
_SIGNS = {
    "gte": "≥", "lte": "≤", "gt": ">", "lt": "<", "eq": "=", "ne": "≠", "email": "", "link": "", "type": "",
}  # fmt: skip
#: Words of the files as readers call them.
_KEYS: Mapping[str, Sentence] = {
    **FIELDS,
    **EVENTS,
    "score": sentence("score"),
    "list": sentence("list"),
    "tag": sentence("tag"),
    "campaign": sentence("campaign"),
    "opportunity": sentence("opportunity"),
    "scenario": sentence("scenario"),
    "category": sentence("category"),
    "field": sentence("field"),
    "target": sentence("target"),
    "status": sentence("status"),
    "state": sentence("state"),
    "activity": sentence("did"),
    "todo": sentence("a ToDo"),
    "emailed": sentence("was mailed"),
    "mailable": sentence("may be mailed"),
    "amount": sentence("amount"),
    "stage": sentence("stage"),
    "count": sentence("times"),
    "any": sentence("any of"),
    "all": sentence("all of"),
    "not": sentence("not"),
    "not_in": sentence("none of"),
    "contains": sentence("contains"),
    "starts_with": sentence("begins with"),
    "ends_with": sentence("ends with"),
    "matches": sentence("fits"),
    "before": sentence("before"),
    "after": sentence("later than"),
    "offset": sentence("moved by"),
    "at": sentence("at the time"),
    "yearly": sentence("each year"),
}
#: Words of the files that say no more than what follows them.
_SILENT = ("email", "link", "type", "id", "in", "eq")
#: The statuses of what the product itself keeps; those of campaigns are the user's own.
_STATUSES: Mapping[str, Sentence] = {
    "active": sentence("active"),
    "held": sentence("held"),
    "completed": sentence("completed"),
    "goal": sentence("goal"),
    "left": sentence("left"),
    "ever": sentence("at any time"),
    "open": sentence("open"),
    "not_started": sentence("not started"),
    "in_progress": sentence("in progress"),
    "waiting": sentence("waiting"),
    "deferred": sentence("deferred"),
    "won": sentence("won"),
    "lost": sentence("lost"),
}
_OF_OURS = ("scenario", "todo", "opportunity")
_WEEKDAYS = (
    sentence("Monday"), sentence("Tuesday"), sentence("Wednesday"), sentence("Thursday"), sentence("Friday"),
    sentence("Saturday"), sentence("Sunday"),
)  # fmt: skip


def short(value: object, locale: Locale = "en", of: str = "") -> str:
    """Return a value of a file in a few words; ``of`` is the word that it belongs to.

    >>> short({"score": {"gte": 60}, "tag": ["vip", "new"]})
    'score ≥ 60, tag vip, new'
    >>> short({"score": {"gte": 60}, "activity": {"type": "page_viewed", "within": "7 days"}}, "ja")
    'スコア ≥ 60, 行動 ページを閲覧, 7日以内'
    """
    match value:
        case Mapping():
            return ", ".join(_pair(str(key), inner, locale, of) for key, inner in value.items())
        case list():
            joint = sentence(" or ").read(locale) if any(isinstance(part, Mapping) for part in value) else ", "
            return joint.join(short(part, locale, of) for part in value)
        case bool():
            return str(value).lower() if locale == "en" else sentence("yes" if value else "no").read(locale)
        case None:
            return sentence("nothing").read(locale)
        case _:
            return str(value)


def length(text: str, locale: Locale) -> str:
    """Return a length of time that a file says; a text that says none as it stands.

    >>> length("2 business days", "ja"), length("next 2 days", "en"), length("2026-12-24", "ja")
    ('2営業日', 'next 2 days', '2026-12-24')
    """
    if locale == "en":
        return text
    try:
        return told(Duration.parse(text)).read(locale)
    except ValueError:
        return text


def until(end: Until, locale: Locale) -> str:
    """Return what a wait ends at.

    >>> from engage.language.appointments import parse_until
    >>> until(parse_until("next mon 09:00"), "en"), until(parse_until("next mon 09:00"), "ja")
    ('until next monday 09:00', '次の月曜日 09:00 まで')
    """
    said: str | Sentence = str(end)
    if locale != "en" and end.weekday is not None:
        said = sentence("the next {day} {at}", day=_WEEKDAYS[end.weekday], at=str(end).split()[-1])
    return sentence("until {when}", when=said).read(locale)


def _pair(key: str, inner: object, locale: Locale, of: str) -> str:
    """Return a word of a file and what it says."""
    if locale == "en":
        return f"{_SIGNS.get(key, key)} {short(inner)}".strip()
    if key in ("within", "older_than"):
        return _window(key, str(inner), locale)
    if key == "exists":
        return sentence("has a value" if inner else "has no value").read(locale)
    if key in ("status", "state") and of in _OF_OURS:
        inner = _named(inner, locale, of)
    if key == "type" and str(inner) in EVENTS:
        inner = EVENTS[str(inner)].read(locale)
    if key == "offset":
        inner = _moved(str(inner), locale)
    name = "" if key in _SILENT else _SIGNS.get(key) or (_KEYS[key].read(locale) if key in _KEYS else key)
    return f"{name} {short(inner, locale, key)}".strip()


def _named(status: object, locale: Locale, of: str) -> object:
    if isinstance(status, list):
        return [_named(each, locale, of) for each in status]
    if (of, status) == ("opportunity", "open"):
        return sentence("under way").read(locale)
    return _STATUSES[str(status)].read(locale) if str(status) in _STATUSES else status


def _moved(offset: str, locale: Locale) -> str:
    """Return by how much a day is moved; a sign before it stays."""
    days = offset.lstrip("-−+ ")
    return offset[: len(offset) - len(days)] + length(days, locale)


def _window(key: str, text: str, locale: Locale) -> str:
    """Return how far back, or ahead, something is asked for."""
    ahead = text.removeprefix("next ")
    said = length(ahead.strip(), locale)
    if key == "older_than":
        return sentence("more than {length} ago", length=said).read(locale)
    template = "within {length}" if ahead == text else "within the next {length}"
    return sentence(template, length=said).read(locale)
