"""How a day is written: in Japanese with or without its weekday and era, in English, or by its figures."""

from __future__ import annotations

from datetime import date

_WEEKDAYS = {"ja": "月火水木金土日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
#: The first day of each Japanese era since 1873, when the calendar became ours; the latest first.
_ERAS = (
    (date(2019, 5, 1), "令和"),
    (date(1989, 1, 8), "平成"),
    (date(1926, 12, 25), "昭和"),
    (date(1912, 7, 30), "大正"),
    (date(1873, 1, 1), "明治"),
)
_MEIJI = 1868


def day(value: date, locale: str, style: str = "") -> str:
    """Return a day in a style of ``engage.language.template_words.DATE_STYLES``; an unknown one is the plain one.

    >>> day(date(2026, 12, 1), "ja", "weekday"), day(date(2026, 12, 1), "en", "short")
    ('2026年12月1日（火）', '1 Dec')
    """
    return _japanese(value, style) if locale == "ja" else _english(value, style)


def _japanese(value: date, style: str) -> str:
    month_and_day = f"{value.month}月{value.day}日"
    match style:
        case "weekday":
            return f"{value.year}年{month_and_day}（{_WEEKDAYS['ja'][value.weekday()]}）"
        case "short":
            return month_and_day
        case "month":
            return f"{value.year}年{value.month}月"
        case "era":
            return f"{_year_of_era(value)}{month_and_day}"
    return f"{value.year}年{month_and_day}"


def _english(value: date, style: str) -> str:
    month = _MONTHS[value.month - 1]
    match style:
        case "weekday":
            return f"{_WEEKDAYS['en'][value.weekday()]}, {value.day} {month} {value.year}"
        case "long":
            return f"{value.day} {month} {value.year}"
        case "short":
            return f"{value.day} {month[:3]}"
        case "month":
            return f"{month} {value.year}"
    return value.isoformat()


def _year_of_era(value: date) -> str:
    for first, name in _ERAS:
        if value >= first:
            number = value.year - (_MEIJI if name == "明治" else first.year) + 1
            return f"{name}{'元' if number == 1 else number}年"
    return f"{value.year}年"
