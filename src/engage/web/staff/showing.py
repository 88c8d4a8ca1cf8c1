"""How values look to the reader of the staff pages: numbers, times, texts, in the reader's language and zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from engage.wording import Locale, Sentence, sentence

#: What is further away than this is told by its date.
_NEAR = timedelta(days=6)
#: What is not known, or does not apply.
NOTHING = "–"
_DIALLED = re.compile(r"[^0-9+]")
_DAY: Mapping[Locale, str] = {"en": "d MMM y", "ja": "y年M月d日"}
_MOMENT: Mapping[Locale, str] = {"en": "d MMM y, HH:mm", "ja": "y年M月d日 H:mm"}
_WHOLE: Mapping[Locale, str] = {"en": "EEEE d MMMM y, HH:mm:ss zzzz", "ja": "y年M月d日(EEE) H:mm:ss zzzz"}
#: By what browsers and systems are known, the more telling sign first: most say they are several.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("Chrome/", "Chrome"),
    ("CriOS", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Eye:
    """Who reads: in which language and zone, and when."""

    locale: Locale
    zone: ZoneInfo
    now: datetime

    def say(self, template: str, /, **values: object) -> str:
        """Return a sentence, whose values are texts."""
        return sentence(template, **values).read(self.locale)

    def read(self, said: Sentence) -> str:
        """Return a sentence that a handler made."""
        return said.read(self.locale)

    def number(self, value: float | None) -> str:
        """Return a number with the language's marks; whole ones, of which tables are full, have the same in both."""
        if isinstance(value, int):
            return f"{value:,}"
        return NOTHING if value is None else format_decimal(value, locale=self.locale)

    def percent(self, value: float | None) -> str:
        """Return a share, 0.5 being a half."""
        return NOTHING if value is None else format_percent(value, "#,##0.0%", locale=self.locale)

    def points(self, value: int | None) -> str:
        """Return points that were given or taken, with their sign."""
        return NOTHING if value is None else f"{'+' if value > 0 else ''}{format_decimal(value, locale=self.locale)}"

    def day(self, value: datetime | date | None) -> str:
        """Return a day."""
        if value is None:
            return NOTHING
        local = value.astimezone(self.zone).date() if isinstance(value, datetime) else value
        return format_date(local, _DAY[self.locale], locale=self.locale)

    def moment(self, value: datetime | None) -> str | Markup:
        """Return a moment to the minute; the mouse shows all of it."""
        if value is None:
            return NOTHING
        return self._stamped(value, self.minute(value))

    def minute(self, value: datetime) -> str:
        """Return a moment to the minute as plain text, which may stand in a sentence."""
        return format_datetime(value, _MOMENT[self.locale], tzinfo=self.zone, locale=self.locale)

    def ago(self, value: datetime | None) -> str | Markup:
        """Return how long ago a moment is, or in how long it comes; its day where that is far."""
        if value is None:
            return NOTHING
        distance = abs(self.now - value)
        if distance > _NEAR:
            return self._stamped(value, self.day(value))
        if distance < timedelta(seconds=45):
            return self._stamped(value, self.say("just now"))
        told = format_timedelta(value - self.now, add_direction=True, threshold=0.95, locale=self.locale)
        return self._stamped(value, told)

    def browser(self, agent: str) -> str:
        """Return what a browser says of itself in short: ``Firefox, Windows``; what is not known, as it is said."""
        name = next((name for sign, name in _BROWSERS if sign in agent), "")
        system = next((name for sign, name in _SYSTEMS if sign in agent), "")
        return ", ".join(filter(None, (name, system))) or agent or NOTHING

    def _stamped(self, value: datetime, text: str) -> Markup:
        whole = format_datetime(value, _WHOLE[self.locale], tzinfo=self.zone, locale=self.locale)
        stamp = value.isoformat(timespec="seconds")
        return Markup('<time datetime="{}" title="{}">{}</time>').format(stamp, whole, text)


def dialled(phone: str) -> str:
    """Return a telephone number as a link dials it.

    >>> dialled("+81 (3) 1234-5678"), dialled("０３−１２３４")
    ('+81312345678', '031234')
    """
    wide = {ord("０") + n: str(n) for n in range(10)} | {ord("＋"): "+"}
    return _DIALLED.sub("", phone.translate(wide))


def install(environment: Environment) -> None:
    """Give an environment the filters; each asks the eye that a template was rendered for."""
    environment.filters["number"] = pass_context(lambda context, value: _eye(context).number(value))
    environment.filters["percent"] = pass_context(lambda context, value: _eye(context).percent(value))
    environment.filters["points"] = pass_context(lambda context, value: _eye(context).points(value))
    environment.filters["day"] = pass_context(lambda context, value: _eye(context).day(value))
    environment.filters["moment"] = pass_context(lambda context, value: _eye(context).moment(value))
    environment.filters["ago"] = pass_context(lambda context, value: _eye(context).ago(value))
    environment.filters["browser"] = pass_context(lambda context, value: _eye(context).browser(value))
    environment.filters["read"] = pass_context(lambda context, value: _eye(context).read(value))
    environment.filters["dialled"] = dialled


def _eye(context: Context) -> Eye:
    eye = context["eye"]
    assert isinstance(eye, Eye)
    return eye
