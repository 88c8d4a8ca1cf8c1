"""The mail as other programs read it: addresses, subject, ways to stop."""

from __future__ import annotations

import base64
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from sqlalchemy import Engine

from engage.effects.delivery import deliver
from engage.effects.links import read_token, signing_key
from engage.effects.return_path import read_return_path
from engage.language.conditions import FieldIs
from engage.plan.moves import Tracking
from engage.sql.codes import MessageKind
from tests.effects.mailroom import (
    NOW,
    Watcher,
    add_message,
    add_prospect,
    add_users,
    house,
    html_of,
    one_mail,
    post,
    template,
    text_of,
)


def boxes(mail: EmailMessage, header: str) -> list[tuple[str, str]]:
    return [(box.display_name, box.addr_spec) for box in mail[header].addresses]


def test_headers(engine: Engine) -> None:
    add_prospect(engine, 1, first_name="Hanako", last_name="Sato")
    add_message(engine, 1)
    mail = one_mail(engine)
    assert boxes(mail, "From") == [("Example marketing", "marketing@example.co.jp")]
    assert boxes(mail, "To") == [("Hanako Sato", "p1@example.com")]
    assert mail["Subject"] == "Hello"
    assert mail["Date"].datetime == NOW
    assert mail["Date"].endswith("+0900")
    assert mail["Message-ID"] == "<engage-1@example.co.jp>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.get_content_type() == "multipart/alternative"
    parts = [part.get_content_type() for part in mail.iter_parts()]
    assert parts == ["text/plain", "text/html"]
    assert {part.get_content_charset() for part in mail.iter_parts()} == {"utf-8"}


def test_the_way_to_unsubscribe_is_one_unfolded_line(engine: Engine) -> None:
    add_prospect(engine, 1)
    add_message(engine, 1)
    base = "https://" + "long." * 20 + "example.com"
    watcher = Watcher()
    deliver(engine, post(watcher, base_url=base + "/"), NOW)
    lines = watcher.taken[0].content.decode("ascii").split("\r\n")
    line = next(line for line in lines if line.startswith("List-Unsubscribe:"))
    address = line.removeprefix("List-Unsubscribe: <").removesuffix(">")
    assert address.startswith(f"{base}/u/1.")
    key = signing_key("key", base + "/")
    assert read_token((key,), "unsubscribe", address.rpartition("/")[2]) == 1
    assert read_token((key,), "view", address.rpartition("/")[2]) is None


def test_operational_mail_has_no_one_click_header(engine: Engine) -> None:
    add_prospect(engine, 1)
    add_message(engine, 1, kind=int(MessageKind.OPERATIONAL))
    mail = one_mail(engine)
    assert mail["List-Unsubscribe"] is None
    assert mail["List-Unsubscribe-Post"] is None


@pytest.mark.parametrize(
    ("owner", "author"),
    [
        ("user:sato", ("佐藤 花子", "sato@example.co.jp")),
        ("user:mute", ("Example marketing", "marketing@example.co.jp")),
        ("user:left", ("Example marketing", "marketing@example.co.jp")),
        ("queue:inside", ("Example marketing", "marketing@example.co.jp")),
        (None, ("Example marketing", "marketing@example.co.jp")),
    ],
)
def test_from_the_owner(sqlite_engine: Engine, owner: str | None, author: tuple[str, str]) -> None:
    add_users(sqlite_engine, sato={"name": "佐藤 花子"}, mute={"email": None}, left={"enabled": False})
    add_prospect(sqlite_engine, 1, owner=owner)
    add_message(sqlite_engine, 1, from_owner=True)
    assert boxes(one_mail(sqlite_engine), "From") == [author]


@pytest.mark.parametrize(
    "subject",
    [
        "【導入事例】見積もりの回答が3日から当日に、300名の製造業A社様の取り組みを順にご紹介します",
        "①髙﨑 🎉👩‍👩‍👧 " * 8,
        "plain words " * 40,
        "a" * 600,
        "=?utf-8?q?evil?= not decoded",
        "مرحبا بالعالم",
        "one　full-width　space",
    ],
)
def test_any_subject_comes_back_as_it_was(sqlite_engine: Engine, subject: str) -> None:
    """FAULTS B33."""
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1)
    watcher = Watcher()
    deliver(sqlite_engine, post(watcher, template("x", subject=subject)), NOW)
    assert watcher.mails[0]["Subject"] == subject.strip()
    head = watcher.taken[0].content.partition(b"\r\n\r\n")[0].decode("ascii")
    assert (
        all(len(line) <= 78 for line in head.split("\r\n") if not line.startswith(("List-", "Content-")))
        or "aaaa" in subject
    )


HEADERS = {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"}
HEADERS |= {"List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID"}
BREAKS = ["\r\n", "\r", "\n", "\n ", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("cut", BREAKS)
def test_no_value_makes_a_header(sqlite_engine: Engine, cut: str) -> None:
    """FAULTS S30: the same headers and one recipient, whatever the name and the subject hold."""
    evil = f'Sato"{cut}Bcc: x@evil.example{cut}{cut}<p>body, "y" <z@evil.example>'
    add_users(sqlite_engine, sato={"name": evil})
    add_prospect(sqlite_engine, 1, last_name=evil, owner="user:sato")
    add_message(sqlite_engine, 1, from_owner=True)
    mail = one_mail(sqlite_engine, template("x", subject="Hello {{ prospect.last_name }}"))
    assert set(mail.keys()) == HEADERS
    assert len(mail.keys()) == len(HEADERS)
    assert [address for _, address in boxes(mail, "To")] == ["p1@example.com"]
    assert [address for _, address in boxes(mail, "From")] == ["sato@example.co.jp"]
    assert "Bcc: x@evil.example" in mail["Subject"]


@pytest.mark.parametrize("address", ["a..b@docomo.ne.jp", ".a@ezweb.ne.jp"])
def test_addresses_of_old_carriers_are_real(sqlite_engine: Engine, address: str) -> None:
    """FAULTS B57."""
    add_prospect(sqlite_engine, 1, email=address, last_name="佐藤")
    add_message(sqlite_engine, 1)
    assert boxes(one_mail(sqlite_engine), "To")[0][1].replace('"', "") == address


def test_a_long_japanese_name_is_folded(sqlite_engine: Engine) -> None:
    name = "寿限無寿限無五劫の擦り切れ海砂利水魚の水行末雲来末風来末食う寝る処に住む処"
    add_prospect(sqlite_engine, 1, last_name=name)
    add_message(sqlite_engine, 1)
    watcher = Watcher()
    deliver(sqlite_engine, post(watcher), NOW)
    # The standard library's modern reader puts spaces between encoded words of a name (its older one does not).
    header = message_from_bytes(watcher.taken[0].content)["To"]
    assert str(make_header(decode_header(header))) == f"{name} <p1@example.com>"


def test_bodies_pass_any_mail_server(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1, last_name="佐藤")
    add_message(sqlite_engine, 1)
    watcher = Watcher()
    long_line = "word " * 1000
    deliver(sqlite_engine, post(watcher, template(f"<p>{{{{ prospect.last_name }}}} {long_line}</p>")), NOW)
    content = watcher.taken[0].content
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) < 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    mail = watcher.mails[0]
    assert text_of(mail).startswith("佐藤 word")
    assert long_line.strip() in html_of(mail)
    assert base64.b64encode("佐藤".encode())[:6] in content


def test_links_of_one_message_differ_and_are_signed(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1)
    body = "{{ unsubscribe_url }} {{ preferences_url }} {{ view_url }}"
    urls = text_of(one_mail(sqlite_engine, template(body))).split()[:3]
    assert [url.rsplit("/", 2)[1] for url in urls] == ["u", "p", "v"]
    assert len({url.rsplit("/", 1)[1] for url in urls}) == 3


def test_each_message_has_a_return_path_of_its_own_where_bounces_are_read(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1)
    add_message(sqlite_engine, 2, prospect=1)
    watcher = Watcher()
    deliver(sqlite_engine, post(watcher, bounce_address="bounces@m.example.com"), NOW)
    key = signing_key("key", "https://m.example.com")
    assert [read_return_path((key,), envelope.sender) for envelope in watcher.taken] == [1, 2]
    assert boxes(watcher.mails[0], "From") == [("Example marketing", "marketing@example.co.jp")]


def test_the_header_for_complaints_names_the_mail_and_holds_no_strangers_sign(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1)
    assert one_mail(sqlite_engine)["Feedback-ID"] == "hello:welcome:marketing:example.co.jp"


def test_only_who_may_be_tracked_gets_a_pixel_and_links_that_count(engine: Engine) -> None:
    for key, country in ((1, "JP"), (2, "US"), (3, None)):
        add_prospect(engine, key, country=country, **({"country_folded": country.lower()} if country else {}))
        add_message(engine, key)
    # S55: asked when the mail is written
    only = FieldIs("country", "text", custom=False, operator="eq", values=("jp",))
    link = template('<p><a href="https://example.com/a?b=1">x</a></p>')
    watcher = Watcher()
    asked = replace(house(), tracking=Tracking(only_where=only))
    deliver(engine, post(watcher, link, house=asked), NOW)
    pages = [html_of(mail) for mail in watcher.mails]
    assert ["/o/" in page for page in pages] == [True, False, False]
    assert ["/c/" in page for page in pages] == [True, False, False]
    assert ["/t/" in page for page in pages] == [True, False, False]
    assert ['href="https://example.com/a?b=1"' in page for page in pages] == [False, True, True]
