"""Partials, MJML and the names of template files, checked with the whole workspace (FAULTS B22, B26)."""

from __future__ import annotations

import pytest

from engage.language.load import load
from engage.language.shelf import Shelf
from engage.language.template_advice import advice, missing_variants, partial_advice

HEAD = "---\nsubject: Hello\n---\n"


def by_path(files: dict[str, str]) -> dict[str, str]:
    return {
        f"templates/{name.replace('partials_', 'partials/').replace('__', '.')}": text for name, text in files.items()
    }


def problems(**files: str) -> list[str]:
    """Return the mistakes of template files; ``partials_x`` stands for ``partials/x``."""
    return [
        str(problem).removeprefix("templates/") for problem in load({"engage.yaml": "name: X\n", **by_path(files)})[1]
    ]


def test_templates_share_partials() -> None:
    found = problems(
        a__html=HEAD + "{% extends 'partials/layout.html' %}{% set word = 'x' %}"
        "{% block main %}{{ super() }}{% endblock %}",
        b__ja__html=HEAD + "{% set word = 'y' %}{% from 'partials/m.html' import button as go %}{{ go('x') }}"
        "{% import 'partials/m.html' as m %}{{ m.button('y') }}{% include 'partials/foot.html' %}",
        c__mjml=HEAD + "<mjml><mj-body>{% set word = 1 %}{% include 'partials/part.mjml' %}</mj-body></mjml>",
        partials_layout__html="{% block main %}{% endblock %}{% include 'partials/foot.html' %}",
        partials_foot__html="{{ word }} {{ sender.name }} {{ prospect.last_name }}",
        partials_m__html="{% macro button(text) %}{{ text }}{{ caller() }}{% endmacro %}",
        partials_part__mjml="<mj-section>{{ word }}</mj-section>",
    )
    assert found == []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a__html": HEAD + "\n {% include 'partials/fot.html' %}", "partials_foot__html": "x"},
         "a.html:5:13: partial 'partials/fot.html' is not known; did you mean partials/foot.html?"),
        ({"a__html": HEAD + "{% include '../engage.yaml' %}"},
         "a.html:4:12: partial '../engage.yaml' is not known: there are no files in templates/partials/"),
        ({"a__html": HEAD + "{% include '/etc/passwd' %}", "partials_x__html": ""},
         "a.html:4:12: partial '/etc/passwd' is not known; there are: partials/x.html"),
        ({"a__html": HEAD + "{% include 'b.html' %}", "b__html": HEAD, "partials_x__html": ""},
         "a.html:4:12: partial 'b.html' is not known; there are: partials/x.html"),
        ({"a__html": HEAD + "{% include prospect.company %}"},
         'a.html:4:12: a partial is named by a plain text: "partials/footer.html"'),
        ({"a__html": HEAD + "{% include ['partials/x.html'] %}", "partials_x__html": ""},
         'a.html:4:12: a partial is named by a plain text: "partials/footer.html"'),
        ({"a__html": HEAD, "partials_x__html": "\n{{ prospect.nme }}"},
         "partials/x.html:2:4: merge field 'prospect.nme' is not known"),
        ({"a__html": HEAD, "partials_x__html": "{% if %}"},
         "partials/x.html:1:"),
        ({"a__html": HEAD + "{% include 'partials/x.html' %}",
          "b__html": HEAD + "{% set word = 1 %}{% include 'partials/x.html' %}", "partials_x__html": "{{ word }}"},
         "partials/x.html:1:4: name 'word' is not known"),
        ({"a__html": HEAD, "partials_x__html": "{% include 'partials/y.html' %}",
          "partials_y__html": "\n{% include 'partials/x.html' %}"},
         "partials/y.html:2:13: partials/y.html loads itself, by partials/x.html"),
        ({"a__html": HEAD, "partials_x__html": "{% include 'partials/x.html' %}"},
         "partials/x.html:1:13: partials/x.html loads itself, by partials/x.html"),
        ({"a__html": HEAD + "{% include 'partials/x.mjml' %}", "partials_x__mjml": ""},
         "a.html:4:12: partials/x.mjml is MJML; a template that is not cannot load it"),
        ({"a__mjml": HEAD + "<mjml>\n<mj-boddy></mj-boddy></mjml>"},
         "a.mjml:5:2: element 'mj-boddy' is not known; did you mean mj-body?"),
        ({"a__html": HEAD, "partials_x__mjml": "<mj-include path='/etc/passwd' />"},
         "partials/x.mjml:1:2: mj-include is not known here"),
        ({"a__html": HEAD, "a__mjml": HEAD}, "a.mjml:1:1: templates/a.html is the same e-mail"),
        ({"a__b__c__html": HEAD}, "a.b.c.html:1:1: a template is called NAME.html or NAME.ja.html"),
        ({"a__old1__html": HEAD}, "a.old1.html:1:1: 'old1' is no language"),
        ({"a__html": HEAD + "{{ prospect.consent_at | date('lnog') }}"},
         "a.html:4:26: style of dates 'lnog' is not known; did you mean long?"),
        ({"a__html": HEAD + "{% if prospect.city is emty %}{% endif %}"}, "a.html:4:24: test 'emty' is not known"),
        ({"a__html": HEAD + "{% for x in [1] %}"},
         "a.html:4:1: this expression cannot be read: the tag for is never closed"),
    ],
)  # fmt: skip
def test_a_mistake(files: dict[str, str], expected: str) -> None:
    found = problems(**files)
    assert any(problem.startswith(expected) for problem in found), found


def test_the_column_is_that_of_the_expression_and_not_of_the_text_before_it() -> None:
    found = problems(a__html=HEAD + "uper {{ prospect.city | uper }} uper {{ prospect.city | uper }}")
    assert [problem.split(": ")[0] for problem in found] == ["a.html:4:25", "a.html:4:57"]


def test_a_shelf_is_equal_to_one_of_the_same_files() -> None:
    one = Shelf.of({"templates/partials/x.html": "x", "templates/a.html": "a"})
    assert one == Shelf((("partials/x.html", "x"),))
    assert hash(one) == hash(Shelf((("partials/x.html", "x"),)))


def test_mjml_without_its_library_is_told_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engage.language.mjml.LIBRARY", "no_such_library")
    body = "<mjml><mj-body></mj-body></mjml>"
    assert problems(a__mjml=HEAD + body) == ["a.mjml:1:1: MJML needs the package mrml: pip install 'engage[mjml]'"]


def told(**files: str) -> list[str]:
    """Return the advice on a workspace's templates."""
    workspace, wrong = load({"engage.yaml": "name: X\nlocale: ja\n", **by_path(files)})
    assert wrong == ()
    each = [template for kinds in workspace.templates.values() for template in kinds.values()]
    found = [problem for template in each for problem in advice(template)]
    found += partial_advice(Shelf.of(workspace.texts))
    found += missing_variants(workspace.templates, "ja")
    assert all(problem.severity == "warning" for problem in found)
    return [str(problem).removeprefix("templates/").replace("warning: ", "") for problem in found]


WHOLE = HEAD + "{{ unsubscribe_url }}"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>\n<img src='https://e.com/x.png'></p>", "a.html:5:1: an image without alt"),
        ("<a href=''>x</a>", "a.html:4:22: a link that leads nowhere"),
        ("<a href=\"#\">x</a>", "a.html:4:22: a link that leads nowhere"),
        ("<img alt='' src='logo.png'>", "a.html:4:22: logo.png is no whole address"),
        ("<a href='/pricing'>x</a>", "a.html:4:22: /pricing is no whole address"),
        ("<script>x</script>", "a.html:4:22: mail programs take out <script>"),
        ("<link rel=stylesheet href='https://e.com/x.css'>", "a.html:4:22: styles are not fetched"),
    ],
)  # fmt: skip
def test_what_readers_would_miss(body: str, expected: str) -> None:
    found = told(a__html=WHOLE + body)
    assert len(found) == 1, found
    assert found[0].startswith(expected)


@pytest.mark.parametrize(
    "body",
    [
        "<img alt='' src='https://e.com/x.png'>",
        "<img alt='x' src='{{ prospect.website }}'>",
        "<a href='mailto:a@e.com'>x</a><a href='tel:1'>x</a><a href='//e.com'>x</a><a href='#top'>x</a>",
        "<a href='{{ view_url }}'>x</a>",
        "<!-- <script> <img> --> {# <form> #}",
        "<img alt='' src='data:image/png;base64,AAAA'>",
    ],
)
def test_what_is_well(body: str) -> None:
    assert told(a__html=WHOLE + body) == []


def test_a_link_to_unsubscribe_may_stand_in_a_partial() -> None:
    assert told(a__html=HEAD + "{% include 'partials/f.html' %}", partials_f__html="{{ unsubscribe_url }}") == []
    assert told(a__html=HEAD)[0].startswith("a.html:1:1: no link to unsubscribe")
    assert told(a__html="---\nsubject: x\nkind: operational\n---\n") == []


def test_variants_that_others_have_are_missed() -> None:
    found = told(a__html=WHOLE, b__html=WHOLE, b__en__html=WHOLE, c__en__html=WHOLE)
    assert found == [
        "a.html:1:1: no variant in en, which other e-mails have",
        "c.en.html:1:1: no variant in ja, which other e-mails have",
        "c.en.html:1:1: no main file c.html: who speaks another language gets this one",
    ]
