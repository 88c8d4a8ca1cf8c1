"""Templates are read and checked, never rendered here (FAULTS B26)."""

from __future__ import annotations

import pytest

from engage.language.templates import read_template, template_name

FIELDS = ("first_name", "last_name", "company")


def template(body: str, head: str = "subject: Hello") -> str:
    return f"---\n{head}\n---\n{body}"


def problems(text: str) -> list[str]:
    return [
        str(problem).removeprefix("templates/a.html:") for problem in read_template("templates/a.html", text, FIELDS)[1]
    ]


def test_a_template() -> None:
    head = "subject: Hello {{ prospect.first_name }}\npreheader: News\nkind: operational\nfrom: owner"
    body = (
        "<p>{{ prospect.last_name | default('you') | upper }} {{ sender.address }} {{ unsubscribe_url }}</p>\n"
        "{% for n in range(3) %}{{ n }} {{ loop.index }}{% endfor %}{% set x = owner.name %}{{ x }}"
    )
    made, found = read_template("templates/welcome.ja.html", template(body, head), FIELDS)
    assert found == ()
    assert made is not None
    assert (made.id, made.language, made.body) == ("welcome", "ja", body)
    assert (made.head.kind, made.head.from_, made.head.preheader) == ("operational", "owner", "News")


def test_the_name_of_a_file_is_kept_in_nfc() -> None:
    assert template_name("templates/cafe\u0301.html") == ("caf\u00e9", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>no head</p>", "1:1: a template begins with front matter: --- subject: … ---"),
        (template("x", "subjct: x"), "2:1: key 'subjct' is not known; did you mean subject?"),
        (template("x", "subject: x\nkind: marketting"), "3:7: 'marketting' is not known here; did you mean marketing?"),
        (template("{{ name"), "4:1: this expression cannot be read: the text ends before the expression does"),
        (template("a\n{% endfor %}"), "5:4: this expression cannot be read: the tag endfor does not belong here"),
        (template("a\nb {{ prospect.frist_name }}"),
         "5:6: merge field 'prospect.frist_name' is not known; did you mean prospect.first_name?"),
        (template("{{ prospect['nothing'] }}"), "4:4: merge field 'prospect.nothing' is not known"),
        (template("{{ sender.phone }}"), "4:4: merge field 'sender.phone' is not known"),
        (template("{{ prospct.company }}"), "4:4: name 'prospct' is not known; did you mean prospect?"),
        (template("{{ prospect.company | uper }}"), "4:23: filter 'uper' is not known; did you mean upper?"),
        (template("{% include 'other' %}"), "4:12: partial 'other' is not known: there are no files"),
        (template("{% for a in (1,) %}" * 25 + "{% endfor %}" * 25), "4:1: this expression cannot be read: it"),
        (template("x\n{{ " + "1+" * 200 + "1 }}"), "5:1: this expression cannot be read: it nests too deep"),
        (template("{{" * 5_000), "4:1: this expression cannot be read: it nests too deep"),
        (template("x", "subject: Hi {{ prospect.compny }}"), "2:16: merge field 'prospect.compny' is not known"),
    ],
)  # fmt: skip
def test_a_mistake(text: str, expected: str) -> None:
    """FAULTS B26."""
    assert any(problem.startswith(expected) for problem in problems(text)), problems(text)


def test_mistakes_of_head_and_body_are_all_told() -> None:
    found = problems(template("{{ prospect.a }}\n{{ prospect.b }}", "subject: x\nfrm: owner"))
    assert [problem.split(":")[0] for problem in found] == ["3", "5", "6"]
    found = problems(template("x", "subject: Hi {{ prospect.a }}\npreheader: so {{ prospect.b }}\nfrm: owner"))
    assert [problem.split(":")[0] for problem in found] == ["4", "2", "3"]
