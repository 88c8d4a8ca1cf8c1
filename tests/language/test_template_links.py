"""Links in a template's text: scripts are refused where they stand, and so is a wrong mark of a link (S29)."""

from __future__ import annotations

import pytest

from engage.graph.files import file_problems
from engage.language.load import load

HEAD = "---\nsubject: S\n---\n"


def problems(**files: str) -> list[str]:
    texts = {f"templates/{name.replace('__', '.').replace('_DIR_', '/')}": text for name, text in files.items()}
    _, found = load({"engage.yaml": "name: X\n", **texts})
    return [str(problem).removeprefix("templates/") for problem in found]


@pytest.mark.parametrize(
    ("body", "place", "told"),
    [
        ("<a href=' javascript:alert(1)'>x</a>", "4:4", "javascript:alert(1)"),
        ("<p>\n  <a class=x href='JAVA&#10;SCRIPT:x'>x</a>", "5:14", "JAVA&#10;SCRIPT:x"),
        ('<a title="it\'s" href=vbscript:x>x</a>', "4:17", "vbscript:x"),
        ("<form action='javascript:x'>", "4:7", "javascript:x"),
        ("<a href='data:text/html,x'>", "4:4", "data:text/html,x"),
        ("<a href='data:image/png;base64,AA=='>", "4:4", "data:image/png;base64,AA=="),
        ("<img alt='' src='data:text/html,x'>", "4:13", "data:text/html,x"),
        ("<button formaction='javascript:x'>", "4:9", "javascript:x"),
    ],
)
def test_a_script_is_no_link(body: str, place: str, told: str) -> None:
    message = f"a.html:{place}: this address is a script, not a link: {told}; write https://…"
    assert problems(a__html=HEAD + body) == [message]
    partial = problems(partials_DIR_x__html="\n\n\n" + body, a__html=HEAD + "x")
    assert partial == [message.replace("a.html", "partials/x.html")]


@pytest.mark.parametrize(
    "body",
    [
        "<a href='https://e.com/javascript:x'>x</a>",
        "<img alt='' src='data:image/png;base64,AA=='>",
        "<!-- <a href='javascript:x'> --> {# <a href='javascript:x'> #}",
        "write href='javascript:x' and see",
        "{% if 1 < 2 %}<a href='{{ view_url }}'>x</a>{% endif %}",
        "<a data-href='javascript:x' href='https://e.com'>x</a>",
        '<a href="https://e.com" data-engage-track="no">x</a>',
    ],
)
def test_what_is_no_script_is_left_alone(body: str) -> None:
    assert problems(a__html=HEAD + body) == []


def test_a_link_is_kept_from_tracking_in_one_way() -> None:
    body = '<a href="https://e.com" data-engage-track="false">x</a>'
    assert problems(a__html=HEAD + body) == ["a.html:4:25: data-engage-track is \"no\" or left out, not 'false'"]


def test_what_is_tracked_is_written_in_engage_yaml() -> None:
    wrong = (
        "name: X\ntracking:\n  opens: maybe\n  proxies: [192.0.2.1/24, nowhere]\n  only_where: {countri: JP}\n  x: 1\n"
    )
    workspace, found = load({"engage.yaml": wrong})
    assert [str(problem) for problem in (*found, *file_problems(workspace))] == [
        "engage.yaml:3:10: this must be true or false",
        "engage.yaml:4:13: a network is written as 192.0.2.0/24 or 2001:db8::/32",
        "engage.yaml:4:27: a network is written as 192.0.2.0/24 or 2001:db8::/32",
        "engage.yaml:6:3: key 'x' is not known; there are: apple, clicks, only_where, opens, proxies",
        "engage.yaml:5:16: field 'countri' is not known; did you mean country?",
    ]
    good = (
        "name: X\ntracking: {opens: false, proxies: [192.0.2.1], apple: ['2001:db8::/32'], only_where: {country: JP}}\n"
    )
    workspace, problems = load({"engage.yaml": good})
    assert problems == ()
    assert workspace.company.tracking.proxies == ("192.0.2.1",)
    assert not workspace.company.tracking.opens
