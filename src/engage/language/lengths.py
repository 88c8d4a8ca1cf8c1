"""Lengths of time as people read them: in a file they are English words, in a sentence those of its language."""

from __future__ import annotations

from engage.language.moment import Duration
from engage.wording import Sentence, sentence


def told(length: Duration) -> Sentence:
    """Return a sentence that says a length of time.

    >>> told(Duration.parse("1 day 2 hours")).read("en"), told(Duration.parse("1 day 2 hours")).read("ja")
    ('1 day 2 hours', '1日2時間')
    """
    hours, minutes = divmod(length.length.seconds // 60, 60)
    days = length.length.days
    parts = [
        said
        for amount, said in (
            (length.business_days, _business_days(length.business_days)),
            (days, sentence("1 day") if days == 1 else sentence("{count} days", count=days)),
            (hours, sentence("1 hour") if hours == 1 else sentence("{count} hours", count=hours)),
            (minutes, sentence("1 minute") if minutes == 1 else sentence("{count} minutes", count=minutes)),
        )
        if amount
    ]
    whole = parts[0] if parts else sentence("{count} days", count=0)
    for part in parts[1:]:
        whole = sentence("{length} {and_more}", length=whole, and_more=part)
    return whole


def _business_days(count: int) -> Sentence:
    return sentence("1 business day") if count == 1 else sentence("{count} business days", count=count)
