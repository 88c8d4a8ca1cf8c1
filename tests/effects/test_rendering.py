"""What a message says: its language, its values, its footer, its text part."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from engage.effects.delivery import deliver
from engage.effects.post import Delivered
from tests.effects.mailroom import (
    HELLO,
    NOW,
    Watcher,
    add_message,
    add_prospect,
    add_users,
    html_of,
    message_rows,
    one_mail,
    post,
    set_custom,
    template,
    text_of,
    unchecked,
)


@pytest.mark.parametrize(
    ("language", "expected"),
    [("ja", "日本語"), ("JA", "日本語"), ("en-GB", "English"), ("en_US", "English"), ("fr", "main"), (None, "main")],
)
def test_the_variant_follows_the_prospect_s_language(
    sqlite_engine: Engine, language: str | None, expected: str
) -> None:
    add_prospect(sqlite_engine, 1, language=language)
    add_message(sqlite_engine, 1)
    variants = (
        template("main", subject="main"),
        template("日本語", subject="日本語", language="ja"),
        template("English", subject="English", language="en"),
    )
    mail = one_mail(sqlite_engine, *variants)
    assert mail["Subject"] == expected
    assert text_of(mail).startswith(expected)
    assert ("配信停止" in html_of(mail)) == (expected == "日本語")


def test_a_field_without_value_prints_nothing_and_can_have_a_default(engine: Engine) -> None:
    """FAULTS B27, B28: never "Dear None"."""
    add_prospect(engine, 1, first_name="", last_name="  ", annual_revenue=float("inf"), city=None)
    add_message(engine, 1)
    body = (
        "[{{ prospect.first_name }}|{{ prospect.last_name | default('you') }}|{{ prospect.annual_revenue }}|"
        "{{ prospect.city }}|{{ owner.name }}|{{ prospect.renewal_date | date | default('none') }}]"
    )
    assert text_of(one_mail(engine, template(body))).startswith("[|you||||none]")


def test_values_are_printed_as_people_write_them(engine: Engine) -> None:
    moment = datetime(2026, 11, 30, 16, 30, tzinfo=UTC)
    add_prospect(
        engine,
        1,
        first_name="Hanako",
        last_name="Sato",
        annual_revenue=5000000.0,
        employees=1234,
        consent_at=moment,
        score=7,
        grade=12,
        do_not_call=True,
    )
    set_custom(engine, 1, "items", whole=3)
    set_custom(engine, 1, "renewal_date", text="2027-03-01")
    set_custom(engine, 1, "trial", whole=1)
    add_message(engine, 1)
    body = (
        "[{{ prospect.full_name }}|{{ prospect.annual_revenue }}|{{ prospect.employees | number }}|"
        "{{ prospect.consent_at }}|{{ prospect.consent_at | date }}|{{ prospect.score + 1 }}|{{ prospect.grade }}|"
        "{{ prospect.do_not_call }}|{{ prospect.items }}|{{ prospect.renewal_date }}|{{ prospect.trial }}|"
        "{{ prospect.mailable }}|{{ scenario.name }}|{{ sender.name }}]"
    )
    expected = (
        "[Hanako Sato|5000000|1,234|2026-12-01 01:30|2026-12-01|8|A+|true|3|2027-03-01|true|true|"
        "Welcome|Example marketing]"
    )
    assert expected in text_of(one_mail(engine, template(body)))


def test_a_japanese_house_writes_dates_and_names_its_way(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1, first_name="花子", last_name="佐藤")
    set_custom(sqlite_engine, 1, "renewal_date", text="2026-12-01")
    add_message(sqlite_engine, 1)
    mail = one_mail(
        sqlite_engine, template("{{ prospect.renewal_date | date }}、{{ prospect.full_name }} 様"), locale="ja"
    )
    assert text_of(mail).startswith("2026年12月1日、佐藤 花子 様")
    assert mail["To"].addresses[0].display_name == "佐藤 花子"


def test_an_expression_in_a_value_is_printed_literally(engine: Engine) -> None:
    """FAULTS B29, S21."""
    evil = "{{ 7*7 }}{% for x in range(9) %}<script>alert('x')</script>"
    add_prospect(engine, 1, last_name=evil)
    add_message(engine, 1)
    mail = one_mail(engine, template("<p>{{ prospect.last_name }}</p>", subject="To {{ prospect.last_name }}"))
    assert evil in text_of(mail)
    assert mail["Subject"] == f"To {evil}"
    assert "&lt;script&gt;alert(&#39;x&#39;)" in html_of(mail)
    assert "<script" not in html_of(mail)
    assert "49" not in html_of(mail)


def test_values_are_escaped_in_the_body_and_not_in_the_subject(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1, company="A & B <KK>")
    add_message(sqlite_engine, 1)
    mail = one_mail(sqlite_engine, template("<p>{{ prospect.company }}</p>", subject="For {{ prospect.company }}"))
    assert mail["Subject"] == "For A & B <KK>"
    assert "<p>A &amp; B &lt;KK&gt;</p>" in html_of(mail)
    assert "A & B <KK>" in text_of(mail)


def test_the_footer_is_added_where_the_template_lacks_it(engine: Engine) -> None:
    """FAULTS S54: the sender, the postal address and the way to unsubscribe are in every marketing mail."""
    add_prospect(engine, 1)
    add_message(engine, 1)
    mail = one_mail(engine, template("<html><body><p>Hi</p></body></html>"))
    html, text = html_of(mail), text_of(mail)
    unsubscribe = mail["List-Unsubscribe"].strip("<>")
    assert unsubscribe.startswith("https://m.example.com/u/1.")
    assert html.count("Example marketing") == html.count("1-1 Chiyoda, Tokyo") == html.count(unsubscribe) == 1
    assert html.index("Hi") < html.index("Example marketing") < html.index("</body>")
    assert text.split() == [
        "Hi",
        "--",
        "Example",
        "marketing",
        "1-1",
        "Chiyoda,",
        "Tokyo",
        "Unsubscribe",
        f"({unsubscribe})",
    ]


def test_a_footer_that_is_there_is_left_alone(engine: Engine) -> None:
    add_prospect(engine, 1)
    add_message(engine, 1)
    whole = "<p>Hi</p><p>{{ sender.name }}<br>{{ sender.address }}<br><a href='{{ unsubscribe_url }}'>stop</a></p>"
    mail = one_mail(engine, template(whole))
    assert html_of(mail).count("1-1 Chiyoda") == 1
    assert "--" not in text_of(mail)


def test_a_link_that_no_reader_sees_is_no_footer(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1)
    hidden = "<title>{{ sender.name }}</title><style>/* {{ unsubscribe_url }} */</style>"
    hidden += "<!-- {{ sender.address }} --><p>Hi</p>"
    text = text_of(one_mail(sqlite_engine, template(hidden)))
    assert "Example marketing\n1-1 Chiyoda, Tokyo\nUnsubscribe (https://" in text


def test_styles_are_inlined_and_kept(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1)
    styles = "<STYLE>p { color: red } @media print { p { color: black } }</STYLE>"
    styled = f"<html><head>{styles}</head><body><p>Hi</p></body></html>"
    html = html_of(one_mail(sqlite_engine, template(styled)))
    assert '<p style="color: red;">Hi</p>' in html
    assert "@media print" in html


def test_a_body_without_styles_is_sent_as_it_is_written(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1)
    odd = "<P>unclosed <b>tags & entities<br>"
    assert html_of(one_mail(sqlite_engine, template(odd))).startswith(odd)


def test_styles_are_read_from_nowhere(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1)
    outside = '<link rel="stylesheet" href="file:///etc/hostname"><link rel="stylesheet" href="http://127.0.0.1:9/x"><p>Hi</p>'
    assert "Hi" in text_of(one_mail(sqlite_engine, template(outside)))


def test_a_body_nested_too_deep_for_the_inliner_is_sent_with_its_styles(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1)
    deep = "<style>p{color:red}</style>{% for i in range(60000) %}<div>{% endfor %}<p>Hi</p>"
    html = html_of(one_mail(sqlite_engine, template(deep)))
    assert "<p>Hi</p>" in html


def test_the_preheader_stands_first_and_unseen(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1, last_name="A&B")
    add_message(sqlite_engine, 1)
    head = "preheader: 'News for {{ prospect.last_name }}'\n"
    mail = one_mail(sqlite_engine, template("<html><body class='x'><p>Hi</p></body></html>", head=head))
    html = html_of(mail)
    assert html.startswith("<html><body class='x'><div style=\"display:none")
    assert "News for A&amp;B" in html
    assert "News for" not in text_of(mail)


def test_control_signs_do_not_reach_the_mail(sqlite_engine: Engine) -> None:
    """FAULTS B70 at the sink."""
    add_prospect(sqlite_engine, 1, last_name="a\x00b\x01c\x1bd", company="\ufffe")
    add_message(sqlite_engine, 1)
    mail = one_mail(sqlite_engine, template("<p>{{ prospect.last_name }}{{ prospect.company }}</p>"))
    assert text_of(mail).startswith("abcd\n")


def test_a_huge_value_fails_its_message(sqlite_engine: Engine) -> None:
    """FAULTS B28."""
    add_prospect(sqlite_engine, 1, notes="x" * 5_000_001)
    add_message(sqlite_engine, 1)
    assert deliver(sqlite_engine, post(Watcher(), template("{{ prospect.notes }}")), NOW) == Delivered(failed=1)
    assert message_rows(sqlite_engine)[1][1] == "templates/hello.html: it makes a text of more than 5000000 characters"


def test_a_value_as_long_as_a_book_goes(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1, notes="字" * 1_000_000)
    add_message(sqlite_engine, 1)
    assert "字" * 1_000_000 in text_of(one_mail(sqlite_engine, template("{{ prospect.notes }}")))


def test_loops_sets_and_filters_work(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1, last_name="sato")
    add_message(sqlite_engine, 1)
    body = (
        "{% set who = prospect.last_name | title %}{% for i in [1, 2, 3] %}{{ loop.index }}{{ who }}"
        "{% if not loop.last %}-{% endif %}{% endfor %} {{ ['<a>', 'b'] | join('&') }} {{ 'aXb' | replace('X', '+') }}"
        " {{ 2.5 | round(1) }} {{ who ~ '!' }} {% set block %}<i>{{ who }}</i>{% endset %}{{ block }}"
        " {{ 'a b' | urlencode }}"
    )
    text = text_of(one_mail(sqlite_engine, template(body)))
    assert text.startswith("1Sato-2Sato-3Sato <a>&b a+b 2.5 Sato! Sato a%20b")


def test_the_owner_is_a_user_or_nobody(engine: Engine) -> None:
    add_users(engine, sato={"name": "佐藤", "job_title": "主任"})
    for key, owner in ((1, "user:sato"), (2, "queue:inside"), (3, None), (4, "user:gone")):
        add_prospect(engine, key, owner=owner)
        add_message(engine, key)
    watcher = Watcher()
    body = "[{{ owner.name | default('team') }}|{{ owner.job_title }}|{{ prospect.owner }}]"
    deliver(engine, post(watcher, template(body)), NOW)
    shown = [text_of(mail).split("\n")[0] for mail in watcher.mails]
    assert shown == ["[佐藤|主任|user:sato]", "[team||queue:inside]", "[team||]", "[team||user:gone]"]


def test_an_unknown_merge_field_fails_its_message_only(sqlite_engine: Engine) -> None:
    for key in (1, 2):
        add_prospect(sqlite_engine, key)
        add_message(sqlite_engine, key, template="hello" if key == 1 else "bad")
    made = post(Watcher())
    made = post(Watcher(), templates={**made.templates, "bad": {None: unchecked(HELLO + "{{ prospect.nonsense }}")}})
    assert deliver(sqlite_engine, made, NOW) == Delivered(sent=1, failed=1)
    assert message_rows(sqlite_engine)[2] == ("failed", "templates/hello.html:4: 'nonsense' is not known here")
