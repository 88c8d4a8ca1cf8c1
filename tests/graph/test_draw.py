"""Drawings say the same as the scenario, whatever is written in it."""

from __future__ import annotations

import json
import re
from xml.etree.ElementTree import fromstring

import pytest

from engage.graph import draw
from engage.graph.build import build
from engage.graph.lettering import cut, width, wrapped
from engage.graph.picture import picture, plain
from engage.graph.shortening import short
from engage.language.load import load
from tests.support.starter import scenario, starter

TEXT = """
name: 育成シナリオ
description: 読者に届ける
steps:
  - id: mail
    name: ご案内
    after: 2 days
    send_email: invite
  - trigger: [{email_clicked: {email: mail, link: "*/demo*"}}, {page_viewed: "/demo*"}]
    within: 4 days
    yes:
      - adjust_score: {by: 5, category: pricing}
    no:
      - end: true
  - create_todo: {subject: x, to: user:sato, due: 1 business day}
"""
#: Names that would be markup, commands or turned text if they were not escaped.
NASTY = """
name: "<b>\\"x\\"</b> & --> ]] end; \\\\"
steps:
  - id: a
    name: "\\"]; <script>alert(1)</script> & %% \\\\ #quot; \\u200eabc\\u200f \\U0001F600"
    wait: 1 day
"""


def test_json_is_stable_and_has_the_lines_of_the_file() -> None:
    made = json.loads(draw.as_json(build(scenario(TEXT)[0])))
    assert made == {
        "id": "s",
        "name": "育成シナリオ",
        "first": "mail",
        "nodes": [
            {"id": "mail", "type": "send_email", "name": "ご案内", "line": 4},
            {"id": "trigger-mail", "type": "trigger", "name": "trigger-mail", "line": 8},
            {"id": "adjust_score", "type": "adjust_score", "name": "adjust_score", "line": 11},
            {"id": "end", "type": "end", "name": "end", "line": 13},
            {"id": "create_todo", "type": "create_todo", "name": "create_todo", "line": 14},
        ],
        "edges": [
            {"source": "mail", "target": "trigger-mail", "outcome": ""},
            {"source": "trigger-mail", "target": "adjust_score", "outcome": "yes"},
            {"source": "trigger-mail", "target": "end", "outcome": "no"},
            {"source": "adjust_score", "target": "create_todo", "outcome": ""},
            {"source": "end", "target": None, "outcome": ""},
            {"source": "create_todo", "target": None, "outcome": ""},
        ],
    }


def test_mermaid() -> None:
    assert draw.mermaid(build(scenario(TEXT)[0])).splitlines()[:14] == [
        "---",
        'title: "育成シナリオ"',
        "---",
        "flowchart TD",
        '  s1["send_email<br/>ご案内<br/>after 2 days · invite"]:::action',
        '  s2{{"trigger<br/>within 4 days · email_clicked mail, #42;/demo#42; or page_viewed /demo#42;"}}:::trigger',
        '  s3["adjust_score<br/>+5 pricing"]:::action',
        '  s4(("end")):::end',
        '  s5["create_todo<br/>to user:sato, due 1 business day"]:::action',
        '  done(("end")):::end',
        "  s1 --> s2",
        "  s2 -->|yes| s3",
        "  s2 -->|no| s4",
        "  s3 --> s5",
    ]


def test_dot() -> None:
    made = draw.dot(build(scenario(TEXT)[0]))
    assert made.startswith('digraph "s" {\n')
    assert '"trigger-mail" -> "adjust_score" [label="yes"];' in made
    assert '"create_todo" -> "·end";' in made
    assert '"end" -> "·end"' not in made


def test_what_a_node_says() -> None:
    nodes = {node.id: node for node in picture(build(scenario(TEXT)[0])).nodes}
    assert (nodes["mail"].title, nodes["mail"].detail) == ("ご案内", "after 2 days · invite")
    # a made id says no more than what the step does
    assert (nodes["adjust_score"].title, nodes["adjust_score"].detail) == ("+5 pricing", "")


JAPANESE = """
name: 案内
steps:
  - after: 3 days
    send_email: guide
  - trigger: [{email_clicked: {email: send_email}}, {page_viewed: "/demo*"}]
    within: 4 days
    yes:
      - rule: {score: {gte: 60}, activity: {type: form_submitted, within: 7 days}, company: {exists: true}}
        yes:
          - create_todo: {subject: x, to: owner, due: 2 business days}
  - wait: 1 day
  - wait: {until: next monday 09:00}
  - create_todo: {subject: x, to: user:sato}
  - adjust_score: {to: 5}
"""


def test_a_reader_of_japanese_reads_japanese() -> None:
    drawn = picture(build(scenario(JAPANESE)[0]), "ja").nodes
    assert [node.detail or node.title for node in drawn] == [
        "3日後 · guide",
        "4日以内 · メールのリンクをクリック send_email または ページを閲覧 /demo*",
        "スコア ≥ 60, 行動 フォームを送信, 7日以内, 会社 値あり",
        "担当者 宛て、期限 2営業日",
        "1日",
        "次の月曜日 09:00 まで",
        "user:sato 宛て",
        "5 にする",
    ]
    english = [node.detail or node.title for node in picture(build(scenario(JAPANESE)[0])).nodes]
    assert english[1] == "within 4 days · email_clicked send_email or page_viewed /demo*"


def test_svg_has_a_group_with_a_title_for_each_step() -> None:
    root = fromstring(draw.svg(build(scenario(TEXT)[0])))
    space = {"s": "http://www.w3.org/2000/svg"}
    groups = {group.get("data-step"): group for group in root.iterfind(".//s:g[@data-step]", space)}
    assert list(groups) == ["mail", "trigger-mail", "adjust_score", "end", "create_todo"]
    assert groups["mail"].findtext("s:title", namespaces=space) == "send_email · ご案内 · after 2 days · invite"
    assert root.findtext("s:title", namespaces=space) == "育成シナリオ"
    assert root.findtext("s:desc", namespaces=space) == "読者に届ける"
    texts = [text.text for text in root.iterfind(".//s:text", space)]
    assert texts.count("yes") == texts.count("no") == 1


def test_nothing_a_user_writes_is_markup_or_a_command() -> None:
    made = build(scenario(NASTY)[0])
    svg = draw.svg(made)
    assert "<script" not in svg
    assert "<b>" not in svg
    assert "<script>alert(1)</script>" in "".join(fromstring(svg).itertext())
    label = next(line for line in draw.mermaid(made).splitlines() if ":::wait" in line)
    assert re.fullmatch(r'  s1\(\["[^"<>&%\\;]*(?:(?:#\d+;|<br/>)[^"<>&%\\;]*)*"\]\):::wait', label)
    assert '\\"]; <script>' in draw.dot(made)
    for text in (svg, draw.mermaid(made), draw.dot(made), draw.as_json(made)):
        assert "abc" in text
        assert "\u200e" not in text
        assert "\u200f" not in text


@pytest.mark.parametrize("form", [draw.mermaid, draw.dot, draw.as_json, draw.svg])
def test_drawings_are_the_same_each_time(form: object) -> None:
    assert callable(form)
    for file in load(starter())[0].scenarios.values():
        assert form(build(file)) == form(build(file))


def test_wide_letters_count_double() -> None:
    assert width("営業", 10) == 20
    assert width("ab", 10) < 20
    assert cut("営業部の佐藤さん", 50, 10) == "営業部の…"
    assert cut("short", 100, 10) == "short"


def test_lines_break_between_words_and_between_wide_letters() -> None:
    assert wrapped("one two three", 45, 10) == ("one two", "three")
    assert wrapped("営業部の佐藤", 30, 10) == ("営業部", "の佐藤")
    assert wrapped("", 30, 10) == ()


def test_texts_of_a_drawing_stand_on_one_line() -> None:
    assert plain(" a\n\u202eb ") == "a b"
    assert short({"any": [{"tag": "vip"}, {"score": {"gte": 1.5}}], "x": None, "y": True}) == (
        "any tag vip or score ≥ 1.5, x nothing, y true"
    )
