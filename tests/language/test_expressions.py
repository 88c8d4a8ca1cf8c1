"""Expressions in the texts of steps (SPEC section 5)."""

from __future__ import annotations

import pytest

from engage.language.expressions import BadExpression, Merge, read_text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("plain", ("plain",)),
        ("{ not one }", ("{ not one }",)),
        ("{{ prospect.company }}", (Merge("prospect", "company"),)),
        ("Call {{prospect.last_name}} 様", ("Call ", Merge("prospect", "last_name"), " 様")),
        ("{{ owner.name | default('未定') }}", (Merge("owner", "name", "未定"),)),
        ("{{ scenario.name }}\n", (Merge("scenario", "name"), "\n")),
        ("{{ prospect.renewal | date | default('-') }}", (Merge("prospect", "renewal", "-", as_date=True),)),
    ],
)
def test_what_may_stand_in_a_text(text: str, parts: tuple[str | Merge, ...]) -> None:
    assert read_text(text) == parts


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("{{ prospect.company", 1, "this expression cannot be read"),
        ("a\n{{ name }}", 2, "only prospect.FIELD, owner.name and scenario.name can stand here"),
        ("{{ prospect.a.b }}", 1, "only prospect.FIELD"),
        ("{{ prospect['a'] }}", 1, "only prospect.FIELD"),
        ("{{ owner.email }}", 1, "owner has only name"),
        ("{{ prospect.a | upper }}", 1, "the filter upper cannot stand here"),
        ("{{ prospect.a | default(1) }}", 1, "the filter default cannot stand here"),
        ("{{ 1 + 1 }}", 1, "only prospect.FIELD"),
        ("a\nb\n{% if x %}{% endif %}", 3, "only {{ prospect.FIELD }} and the like can stand here, no {% … %} blocks"),
        ("{% include 'x' %}", 1, "only {{ prospect.FIELD }}"),
    ],
)
def test_what_may_not(text: str, line: int, message: str) -> None:
    with pytest.raises(BadExpression) as caught:
        read_text(text)
    assert caught.value.line == line
    assert str(caught.value).startswith(message)
