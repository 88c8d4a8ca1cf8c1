"""Amounts of units of time as people write them, and what is said when they write something else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import timedelta

from engage.problem import nearest
from engage.wording import Sentence, sentence

#: The units of elapsed time, in the singular.
UNITS: Mapping[str, timedelta] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
#: The unit that is not elapsed time.
BUSINESS = "business day"
_WORDS = ("minutes", "hours", "days", "weeks", "business days")
_MEANT: Mapping[str, str] = {
    **dict.fromkeys(("m", "min", "mins", "分", "分間"), "minutes"),
    **dict.fromkeys(("h", "hr", "hrs", "時間"), "hours"),
    **dict.fromkeys(("d", "日", "日間"), "days"),
    **dict.fromkeys(("w", "wk", "wks", "週", "週間"), "weeks"),
    **dict.fromkeys(("営業日", "working days", "weekdays", "workdays"), "business days"),
}
_MONTHS = frozenset({"mo", "month", "months", "月", "か月", "ヶ月", "カ月", "ケ月", "ヵ月"})
_YEARS = frozenset({"y", "yr", "yrs", "year", "years", "年", "年間"})
_SECONDS = frozenset({"s", "sec", "secs", "second", "seconds", "秒", "秒間"})
_PART = re.compile(r"([0-9]+) ?([^0-9]*)")
#: What is said of more than ten years.
TOO_LONG = sentence("a duration may be ten years at most; write 3650 days or fewer")


def parts(text: str) -> Iterator[tuple[str, int]]:
    """Yield the units of a text, in the singular, and their amounts; raise ValueError with a sentence.

    >>> tuple(parts("1 day 2 hours"))
    (('day', 1), ('hour', 2))
    """
    said = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    if not said:
        raise ValueError(sentence("a duration is missing; write for example 3 days"))
    if re.match(r"[-−]", said):
        raise ValueError(sentence("a duration cannot be negative; write for example 3 days"))
    if re.search(r"[0-9][.,][0-9]", said):
        raise ValueError(sentence("durations are whole numbers; write 36 hours instead of 1.5 days"))
    if not said[0].isdigit() or not said.isprintable():
        raise ValueError(sentence("{text} is not a duration; write for example 3 days", text=repr(text[:60])))
    for number, unit in _PART.findall(said):
        # Seven digits hold ten years of minutes; more weeks than that would overflow.
        if len(number.lstrip("0")) > 7:
            raise ValueError(TOO_LONG)
        yield _unit(unit.strip(), number), int(number)


def _unit(word: str, number: str) -> str:
    """Return a unit's singular; raise ValueError if it is none."""
    singular = word.removesuffix("s")
    if singular in UNITS or singular == BUSINESS:
        return singular
    if not word:
        raise ValueError(sentence("{number} has no unit; write a unit, for example {number} days", number=number))
    raise ValueError(_no_unit(word))


def _no_unit(word: str) -> Sentence:
    """Return the sentence for a word that is no unit."""
    if word in _MONTHS:
        return sentence("months are not of one length; write 30 days")
    if word in _YEARS:
        return sentence("years are not of one length; write 365 days")
    if word in _SECONDS:
        return sentence("seconds are too short to be counted; write at least 1 minute")
    meant = _MEANT.get(word) or nearest(word, _WORDS)
    if meant:
        return sentence("{word} is not a unit of time; write {meant}", word=repr(word[:60]), meant=meant)
    return sentence("{word} is not a unit of time; there are: {units}", word=repr(word[:60]), units=", ".join(_WORDS))
