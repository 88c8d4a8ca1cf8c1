"""The filters of templates: what the documentation says they print, and what they do with nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from engage.effects.bounds import TooMuch
from engage.effects.sandbox import compiled, sandbox
from engage.language.shelf import Shelf
from engage.language.template_words import DATE_STYLES, FILTERS

ZONE = ZoneInfo("Asia/Tokyo")
PROSPECT = {
    "first_name": None,
    "last_name": "佐藤",
    "company": "サクラ商事",
    "renewal_date": date(2026, 12, 1),
    "consent_at": datetime(2026, 12, 1, 1, 30, tzinfo=UTC),
}


def shown(text: str, locale: str = "ja", shelf: Shelf | None = None, **fields: object) -> str:
    environment = sandbox(locale, ZONE, shelf or Shelf(), autoescape=False)
    return compiled(environment, text)({"prospect": {**PROSPECT, **fields}})


@pytest.mark.parametrize("name", FILTERS)
def test_an_example_prints_what_the_documentation_says(name: str) -> None:
    example, expected = FILTERS[name]
    assert f"| {name}" in example
    assert shown(f"{{{{ {example} }}}}") == expected


@pytest.mark.parametrize("style", DATE_STYLES)
def test_a_style_of_dates(style: str) -> None:
    text = f"{{{{ prospect.renewal_date | date('{style}') }}}}"
    assert (shown(text), shown(text, "en")) == DATE_STYLES[style]


def test_every_filter_of_the_sandbox_is_documented() -> None:
    there = {name for name in sandbox("ja", ZONE, Shelf(), autoescape=True).filters if " " not in name}
    assert there == FILTERS.keys()


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2019, 4, 30), "平成31年4月30日"),
        (date(2019, 5, 1), "令和元年5月1日"),
        (date(1989, 1, 7), "昭和64年1月7日"),
        (date(1926, 12, 25), "昭和元年12月25日"),
        (date(1912, 7, 29), "明治45年7月29日"),
        (date(1800, 1, 1), "1800年1月1日"),
    ],
)
def test_the_years_of_eras(day: date, expected: str) -> None:
    assert shown("{{ prospect.renewal_date | date('era') }}", renewal_date=day) == expected


@pytest.mark.parametrize("name", ["date", "time", "number", "yen", "percent", "honorific", "様", "御中"])
def test_nothing_stays_nothing_so_that_default_works(name: str) -> None:
    assert shown(f"{{{{ prospect.first_name | {name} | default('-') }}}}") == "-"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("佐藤", "佐藤 様"), ("佐藤様", "佐藤様"), ("山田先生", "山田先生"), (" 鈴木 ", "鈴木 様")],
)
def test_no_name_gets_two_titles(name: str, expected: str) -> None:
    assert shown("{{ prospect.last_name | 様 }}", last_name=name) == expected


def test_any_title_of_honour() -> None:
    assert shown("{{ prospect.last_name | honorific('先生') }}") == "佐藤 先生"


def test_amounts_in_another_language() -> None:
    assert shown("{{ 1234567 | yen }} {{ 'x' | yen }} {{ true | percent }}", "en") == "¥1,234,567 x true"


def test_partials_are_included_extended_and_imported() -> None:
    shelf = Shelf(
        (
            ("partials/buttons.html", "{% macro button(text) %}[{{ text }}]{% endmacro %}"),
            ("partials/footer.html", "{{ prospect.last_name }}{{ word }}"),
            ("partials/layout.html", "<{% block content %}old{% endblock %}>{% include 'partials/footer.html' %}"),
        )
    )
    text = (
        "{% extends 'partials/layout.html' %}{% set word = '!' %}"
        "{% from 'partials/buttons.html' import button %}{% import 'partials/buttons.html' as b %}"
        "{% block content %}{% from 'partials/buttons.html' import button %}"
        "{{ super() }}{{ button('go') }}{% endblock %}"
    )
    assert shown(text, shelf=shelf) == "<old[go]>佐藤!"
    assert shown("{% import 'partials/buttons.html' as b %}{{ b.button('x') }}", shelf=shelf) == "[x]"


@pytest.mark.parametrize(
    "text",
    [
        "{% import 'partials/m.html' as m %}{{ m.__class__ }}",
        "{% import 'partials/m.html' as m %}{{ m.run.__globals__ }}",
        "{% import 'partials/m.html' as m %}{{ m._body_stream }}",
        "{% include '../engage.yaml' %}",
        "{% include '/etc/passwd' %}",
        "{% include 'hello.html' %}",
        "{{ self.__init__.__globals__ }}",
        "{{ prospect.last_name.__class__.__mro__ }}",
        "{{ ''.format.__globals__ }}",
    ],
)
def test_nothing_but_values_can_be_reached(text: str) -> None:
    """FAULTS S21, S25, B22."""
    shelf = Shelf((("partials/m.html", "{% macro run() %}x{% endmacro %}"),))
    with pytest.raises(Exception, match=r"has no|not known|undefined|not found|etc/passwd|engage\.yaml|hello\.html"):
        shown(text, shelf=shelf)


def test_partials_draw_on_the_allowance_of_who_loads_them() -> None:
    shelf = Shelf((("partials/loop.html", "{% for i in range(90000) %}{% endfor %}"),))
    with pytest.raises(TooMuch):
        shown("{% include 'partials/loop.html' %}{% include 'partials/loop.html' %}", shelf=shelf)


PAYLOADS = [
    "{{ config }}", "{{ config.items() }}", "{{ settings.SECRET_KEY }}", "{{ env }}", "{{ os.environ }}",
    "{{ request.application.__globals__ }}", "{{ cycler.__init__.__globals__.os }}", "{{ joiner }}", "{{ namespace }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}", "{{ get_flashed_messages.__globals__ }}", "{{ dict(a=1) }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ [].__class__.__base__ }}", "{{ {}.__class__ }}",
    "{{ ''['__class__'] }}", "{{ ''|attr('__class__') }}", "{{ prospect.__class__ }}", "{{ prospect['__class__'] }}",
    "{{ prospect.keys() }}", "{{ prospect.pop('last_name') }}", "{{ range.__self__ }}", "{{ (1).__class__ }}",
    "{{ ''.join.__func__ }}", "{{ '%s' % prospect }}", "{{ '{0.__class__}'.format(prospect) }}",
    "{{ '{0.__class__}' | format(prospect) }}", "{{ [1] | map('__class__') | list }}", "{{ prospect | pprint }}",
    "{{ prospect | tojson }}", "{{ [prospect] | map(attribute='__class__') }}", "{{ [[]] | sum(start=0) }}",
    "{% for c in ().__class__.__base__.__subclasses__() %}{{ c }}{% endfor %}", "{% do prospect.clear() %}",
    "{% set x = loop.__class__ %}{{ x }}", "{{ self._TemplateReference__context }}", "{{ self.__class__ }}",
    "{% macro m() %}{% endmacro %}{{ m.__class__ }}", "{% macro m() %}{% endmacro %}{{ m._func.__globals__ }}",
    "{% for i in [1] %}{{ loop.__class__ }}{% endfor %}", "{% for i in [1] %}{{ loop._iterator }}{% endfor %}",
    "{% import 'os' as os %}{{ os.system('id') }}", "{% extends '/etc/passwd' %}", "{% include 'file:///etc/passwd' %}",
    "{{ prospect.last_name.encode }}", "{{ prospect.renewal_date.today() }}", "{{ prospect.consent_at.tzinfo }}",
]  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_reaches_nothing(payload: str) -> None:
    """FAULTS S21, S22, S25: it is refused, or there is nothing of that name to print."""
    try:
        printed = shown(payload)
    except Exception:  # however it is refused
        return
    assert printed == ""
