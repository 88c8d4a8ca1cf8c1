"""Headers as mail programs and providers need them: folded, decodable, and never more than were written."""

from __future__ import annotations

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.utils import parsedate_to_datetime

import pytest
from sqlalchemy import Engine, insert

from engage.effects.delivery import deliver
from engage.effects.links import signing_key
from engage.effects.return_path import read_opt_out, read_return_path
from engage.language.workspace import Sender
from engage.sql import tables as t
from engage.sql.codes import MessageKind
from tests.effects.mailroom import (
    COMPANY,
    NOW,
    ZONE,
    Watcher,
    add_message,
    add_prospect,
    add_users,
    post,
    template,
)

#: What a line may hold (RFC 5322): better no more than the first, never more than the second.
GOOD, MOST = 78, 998
NAMES = [
    "佐藤 花子", "髙﨑 ①郎", "寿限無寿限無五劫の擦り切れ海砂利水魚の水行末雲来末風来末", "株式会社例え商事　第二営業部",
    "O'Neil, Jr.", 'The "Boss"', "Ann-Marie Müller-Lüdenscheidt", "🎉", "x" * 60,
]  # fmt: skip
SUBJECTS = [
    "資料請求ありがとうございます",
    "【導入事例】見積もりの回答が3日から当日に、300名の製造業A社様の取り組みを順にご紹介します" * 3,
    "ﾊﾝｶｸ ｶﾅ と 全角　空白", "Re: ご案内 (第2回)", "plain words " * 20, "価格は¥1,000〜、50 % off", "a" * 300,
]  # fmt: skip


def written(engine: Engine, **changes: object) -> bytes:
    """Deliver what is queued; return the one mail as it leaves."""
    watcher = Watcher()
    templates = changes.pop("templates", ())
    assert isinstance(templates, tuple)
    deliver(engine, post(watcher, *templates, **changes), NOW)
    (envelope,) = watcher.taken
    return envelope.content


def lines(content: bytes) -> list[str]:
    return content.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")


def header(content: bytes, name: str) -> str:
    """Return a header as the standard library decodes it."""
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", str(message_from_bytes(content)[name]))
    return str(make_header(decode_header(unfolded)))


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("name", NAMES)
def test_names_and_subjects_are_folded_and_come_back(sqlite_engine: Engine, name: str, subject: str) -> None:
    add_prospect(sqlite_engine, 1, last_name=name)
    add_message(sqlite_engine, 1)
    sender = Sender(name=name, email="marketing@example.co.jp", address="Tokyo")
    company = COMPANY.model_copy(update={"sender": sender})
    content = written(sqlite_engine, templates=(template("x", subject=subject),), company=company)
    assert header(content, "Subject") == re.sub(" {2,}", " ", subject).strip()
    for box in ("From", "To"):
        shown = header(content, box).rpartition(" <")[0]
        assert re.sub(r"\\(.)", r"\1", shown.removeprefix('"').removesuffix('"')) == name
    for line in lines(content):
        assert len(line) <= MOST
        # A word of plain letters that fills a line by itself stays as it is.
        whole = line.startswith(("List-Unsubscribe:", "Content-Type:")) or max(map(len, line.split())) > GOOD
        assert len(line) <= GOOD or whole


@pytest.mark.parametrize("length", [10, 60, 77, 78, 200, 500, 900])
def test_the_way_to_unsubscribe_is_never_encoded_nor_cut(sqlite_engine: Engine, length: int) -> None:
    """RFC 8058: whatever the address of the public pages; providers read no encoded words there."""
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1)
    base = "https://example.com/" + "p" * length
    content = written(sqlite_engine, base_url=base)
    (way,) = [line for line in lines(content) if line.startswith("List-Unsubscribe:")]
    assert way.startswith(f"List-Unsubscribe: <{base}/u/1.")
    assert way.endswith(">")
    assert "=?" not in way
    assert len(way) <= MOST
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines(content)


def test_what_every_mail_has_once(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1)
    content = written(sqlite_engine)
    names = [line.partition(":")[0] for line in lines(content) if not line.startswith((" ", "\t"))]
    assert len(names) == len(set(names))
    assert {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Feedback-ID"} <= set(names)
    assert parsedate_to_datetime(header(content, "Date")) == NOW
    assert parsedate_to_datetime(header(content, "Date")).utcoffset() == NOW.astimezone(ZONE).utcoffset()
    assert re.fullmatch(r"<engage-1@example\.co\.jp>", header(content, "Message-ID"))
    assert len(header(content, "Feedback-ID").split(":")) == 4


@pytest.mark.parametrize("kind", [MessageKind.MARKETING, MessageKind.OPERATIONAL])
def test_only_what_the_program_says_by_itself_is_marked_as_such(sqlite_engine: Engine, kind: MessageKind) -> None:
    """``Auto-Submitted`` is for notices to the team: programs that answer let them be. A mail to a prospect may be
    answered by a person, and providers take the header for bulk of another kind."""
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1, kind=int(kind))
    assert message_from_bytes(written(sqlite_engine))["Auto-Submitted"] is None
    add_users(sqlite_engine, sato={})
    notice = {"prospect_id": 1, "addressee": "user:sato", "subject": "Hot", "text": "x", "status": 0}
    with sqlite_engine.begin() as connection:
        connection.execute(insert(t.notifications).values(**notice, queued_at=NOW))
    mail = message_from_bytes(written(sqlite_engine))
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Unsubscribe"] is None


@pytest.mark.parametrize("cut", ["\r\n", "\r", "\n", "\n ", "\x00", "\x0b", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_notice_has_no_more_headers_and_recipients_than_it_was_given(sqlite_engine: Engine, cut: str) -> None:
    """FAULTS S30: a prospect's name stands in the subject of a notice to sales."""
    evil = f"Hot: x{cut}Bcc: y@evil.example{cut}{cut}body"
    add_prospect(sqlite_engine, 1)
    add_users(sqlite_engine, sato={"name": evil})
    notice = {"prospect_id": 1, "addressee": "user:sato", "subject": evil, "text": evil, "status": 0}
    with sqlite_engine.begin() as connection:
        connection.execute(insert(t.notifications).values(**notice, queued_at=NOW))
    watcher = Watcher()
    deliver(sqlite_engine, post(watcher), NOW)
    (envelope,) = watcher.taken
    assert envelope.recipients == ("sato@example.co.jp",)
    assert sorted(message_from_bytes(envelope.content).keys()) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
         "Content-Transfer-Encoding"]
    )  # fmt: skip


def test_opting_out_by_mail_is_offered_where_it_is_read(sqlite_engine: Engine) -> None:
    """The link stays first (RFC 8058), the address is signed for this message and for nothing else."""
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1)
    content = written(sqlite_engine, opt_out_address="stop@example.co.jp")
    (way,) = [line for line in lines(content) if line.startswith("List-Unsubscribe:")]
    found = re.fullmatch(r"List-Unsubscribe: <(https://\S+)>, <mailto:(\S+)\?subject=unsubscribe>", way)
    assert found
    key = signing_key("key", "https://m.example.com")
    assert (read_opt_out((key,), found[2]), read_return_path((key,), found[2])) == (1, None)
    assert len(way) < MOST


def test_mail_services_are_told_the_number_where_they_may_call(sqlite_engine: Engine) -> None:
    add_prospect(sqlite_engine, 1)
    add_message(sqlite_engine, 1)
    told = [line for line in lines(written(sqlite_engine, services={"sendgrid", "mailgun"})) if line.startswith("X-")]
    assert told == ['X-SMTPAPI: {"unique_args":{"engage":"1"}}', 'X-Mailgun-Variables: {"engage":"1"}']
