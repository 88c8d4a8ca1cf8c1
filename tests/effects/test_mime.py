"""Our mails say what those of the standard library say, over headers of every kind; FAULTS S30, B33."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engage.effects.mime import mail, mail_address, mail_body, mailboxes, one_line, raw, unstructured
from tests.effects.mailroom import parsed

NAMES = [
    "Hanako Sato", "佐藤 花子", "髙﨑①", "O'Neil, Jr.", 'The "Boss"', "back\\slash", "🎉 Party", "مرحبا", "a" * 70,
    "寿限無寿限無五劫の擦り切れ海砂利水魚の水行末雲来末風来末", "Sato <x@evil.example>",
    "=?utf-8?q?evil?=", "a@b", "x;y:z",
]  # fmt: skip
SUBJECTS = [
    "Hello", "【導入事例】見積もりの回答が3日から当日に、300名の製造業A社様の取り組みを順にご紹介します",
    "🎉👩‍👩‍👧 " * 12,
    "plain words " * 30, "two  spaces", "50 % off: “today”", "tab\tand\r\nbreak\nBcc: x@evil.example",
]  # fmt: skip
#: Letters of many scripts, signs with a meaning in headers, and what some program takes for the end of a line.
SIGNS = st.one_of(
    st.characters(exclude_categories=["Cs"]),
    st.sampled_from(list('<>@,;:"\\()[]=?_ .\r\n\t\0\x0b\x0c\x1c\x85\u2028\u2029\u202e\u3000')),
)
TEXTS = st.text(SIGNS, max_size=120)


def unfolded(content: bytes, name: str) -> str:
    """Return a header on one line, as it stands."""
    return re.sub(r"\r?\n(?=[ \t])", "", str(message_from_bytes(content)[name]))


def decoded(text: str) -> str:
    """Return a header's text as the standard library's older reader has it, which joins encoded words rightly."""
    return str(make_header(decode_header(text)))


def display_name(content: bytes, header: str) -> str:
    return decoded(parseaddr(unfolded(content, header))[0])


def written(subject: str, name: str, text: str, html: str) -> bytes:
    """Return a mail as we write it."""
    headers = [
        mailboxes("From", [(name, "me@example.com")]),
        mailboxes("To", [(name, "you@example.com")]),
        unstructured("Subject", subject),
        raw("List-Unsubscribe", f"<https://example.com/u/{'x' * 300}>"),
    ]
    return mail(headers, mail_body(text, html))


def by_library(subject: str, name: str, text: str, html: str) -> EmailMessage:
    """Return the same mail as the standard library builds it; it refuses what ends a line."""
    made = EmailMessage(policy=policy.SMTP)
    made["From"] = Address(one_line(name), addr_spec="me@example.com")
    made["To"] = Address(one_line(name), addr_spec="you@example.com")
    made["Subject"] = one_line(subject)
    made.set_content(text)
    made.add_alternative(html, subtype="html")
    return made


def parts(content: bytes) -> list[tuple[str, str]]:
    read = parsed(content).iter_parts()
    return [(part.get_content_type(), part.get_content().replace("\r\n", "\n").rstrip("\n")) for part in read]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_standard_library_reads_the_same_in_both(subject: str, name: str) -> None:
    text, html = f"{name},\n.\n{subject}", f"<p>{name} {'long ' * 300}</p>"
    ours, library = written(subject, name, text, html), by_library(subject, name, text, html)
    theirs = library.as_bytes()
    assert decoded(unfolded(ours, "Subject")) == str(library["Subject"])
    for header in ("From", "To"):
        box = library[header].addresses[0]
        assert [each.addr_spec for each in parsed(ours)[header].addresses] == [box.addr_spec]
        assert display_name(ours, header) == box.display_name == one_line(name)
    assert parts(ours) == parts(theirs)


@settings(deadline=None, max_examples=200)
@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_whatever_it_holds_a_mail_reads_as_the_library_s_does(subject: str, name: str, text: str, html: str) -> None:
    """Long and hostile headers, bodies with signs of every kind; the library's headers hold what was given."""
    ours, library = written(subject * 4, name, text, html), by_library(subject * 4, name, text, html)
    assert decoded(unfolded(ours, "Subject")) == str(library["Subject"])
    for header in ("From", "To"):
        box = library[header].addresses[0]
        assert [each.addr_spec for each in parsed(ours)[header].addresses] == [box.addr_spec]
        assert display_name(ours, header) == box.display_name
    read = parsed(ours)
    assert read.get_content_type() == library.get_content_type()
    theirs = [(part.get_content_type(), str(part.get_content())) for part in library.iter_parts()]
    assert parts(ours) == [(kind, of_mail(content)) for kind, content in theirs]


def of_mail(content: str) -> str:
    """Return a body with the ends of lines that mail has, and none at its end."""
    return content.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


@settings(deadline=None, max_examples=150)
@given(TEXTS, TEXTS)
def test_no_text_makes_a_header_or_a_recipient(subject: str, name: str) -> None:
    """FAULTS S30, S32."""
    content = written(subject, name, "text", "<p>html</p>")
    assert content.isascii()
    assert all(line.endswith(b"\r") for line in content.split(b"\n")[:-1])
    read = parsed(content)
    assert [header for header, _ in read.raw_items()] == [
        "From", "To", "Subject", "List-Unsubscribe", "MIME-Version", "Content-Type",
    ]  # fmt: skip
    assert not read.defects
    assert decoded(unfolded(content, "Subject")) == one_line(subject)
    for header, address in (("From", "me@example.com"), ("To", "you@example.com")):
        assert [box.addr_spec for box in read[header].addresses] == [address]
        assert display_name(content, header) == one_line(name)
    line = next(line for line in content.split(b"\r\n") if line.startswith(b"List-Unsubscribe:"))
    assert line == b"List-Unsubscribe: <https://example.com/u/" + b"x" * 300 + b">"


@settings(deadline=None, max_examples=300)
@given(TEXTS)
def test_an_address_is_exactly_one_or_none(text: str) -> None:
    """``parseaddr`` and a comma in ``To`` make two of one; see FAULTS 4.10, S32."""
    for given_text in (text, f"a@{text}", f"{text}@example.com"):
        address = mail_address(given_text)
        if address is not None:
            assert address.isascii()
            assert address.count("@") == 1
            assert not set(address) & set(' <>,;:"()[]\\\r\n\t\0')


@settings(deadline=None, max_examples=100)
@given(TEXTS, TEXTS)
def test_bodies_come_back_as_they_were(text: str, html: str) -> None:
    """Whatever they hold; the ends of lines become those of mail."""
    plain, marked = (body.replace("\r\n", "\n").replace("\r", "\n") for body in (text, html))
    assert parts(written("x", "x", text, html)) == [
        ("text/plain", plain.rstrip("\n")),
        ("text/html", marked.rstrip("\n")),
    ]
