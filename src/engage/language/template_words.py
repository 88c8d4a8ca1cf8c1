"""The words that e-mail templates can use: names, filters, and what each of them is."""

from __future__ import annotations

#: What a template can name besides ``prospect``: the thing and its parts; () stands for plain text.
NAMES: dict[str, tuple[str, ...]] = {
    "sender": ("name", "email", "address"),
    "owner": ("name", "email", "job_title", "department"),
    "scenario": ("name",),
    "unsubscribe_url": (),
    "preferences_url": (),
    "view_url": (),
}
#: What each of them is, for the documentation.
MEANINGS: dict[str, str] = {
    "sender": "who sends, as `engage.yaml` says",
    "owner": "the user who owns the prospect; its parts are empty where nobody does",
    "scenario": "the scenario that sends; empty in a preview and a test",
    "unsubscribe_url": "the signed address that stops the mail",
    "preferences_url": "the signed address of the lists that one may leave",
    "view_url": "the signed address of this mail in a browser",
}
#: Names that Jinja2 itself gives: inside loops, blocks and macros.
OWN = frozenset(("loop", "range", "super", "caller", "varargs", "kwargs"))
#: Every filter, an example of it in a Japanese house, and what that prints; Jinja2's harmless ones and our own.
FILTERS: dict[str, tuple[str, str]] = {
    "default": ("prospect.first_name | default('there')", "there"),
    "d": ("prospect.first_name | d('there')", "there"),
    "date": ("prospect.renewal_date | date('weekday')", "2026年12月1日（火）"),
    "time": ("prospect.consent_at | time", "10:30"),
    "number": ("1234567.5 | number", "1,234,567.5"),
    "yen": ("1234567 | yen", "1,234,567円"),
    "percent": ("0.256 | percent(1)", "25.6%"),
    "honorific": ("prospect.last_name | honorific", "佐藤 様"),
    "様": ("prospect.last_name | 様", "佐藤 様"),
    "御中": ("prospect.company | 御中", "サクラ商事 御中"),
    "upper": ("'crm' | upper", "CRM"),
    "lower": ("'CRM' | lower", "crm"),
    "capitalize": ("'crm' | capitalize", "Crm"),
    "title": ("'white paper' | title", "White Paper"),
    "trim": ("' crm ' | trim", "crm"),
    "replace": ("'a-b' | replace('-', '/')", "a/b"),
    "truncate": ("'a rather long sentence' | truncate(12)", "a rather..."),
    "striptags": ("'<b>bold</b>' | striptags", "bold"),
    "escape": ("'A & B' | escape", "A &amp; B"),
    "e": ("'A & B' | e", "A &amp; B"),
    "urlencode": ("'a b' | urlencode", "a%20b"),
    "length": ("'crm' | length", "3"),
    "first": ("['a', 'b'] | first", "a"),
    "last": ("['a', 'b'] | last", "b"),
    "join": ("['a', 'b'] | join('・')", "a・b"),
    "round": ("2.56 | round(1)", "2.6"),
    "int": ("'7' | int", "7"),
    "float": ("'2.5' | float", "2.5"),
}
#: How ``date`` may write a day, and what that is in a Japanese and in another mail.
DATE_STYLES: dict[str, tuple[str, str]] = {
    "": ("2026年12月1日", "2026-12-01"),
    "weekday": ("2026年12月1日（火）", "Tue, 1 December 2026"),
    "long": ("2026年12月1日", "1 December 2026"),
    "short": ("12月1日", "1 Dec"),
    "month": ("2026年12月", "December 2026"),
    "era": ("令和8年12月1日", "2026-12-01"),
}
