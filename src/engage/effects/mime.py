"""The bytes of a mail: headers that hold nothing but their value, parts that any mail server passes on.

Written by hand, because the standard library's modern policy takes milliseconds a mail and encodes long
``List-Unsubscribe`` addresses so that one-click fails, while its older one lets line breaks through.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from email.utils import format_datetime
from functools import lru_cache
from itertools import chain
from struct import Struct

#: Everything that some program takes for the end of a line or of a text, and other controls.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")
#: Signs that turn the direction of writing: a name must not disguise another.
_TURNS = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile(" {2,}")
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_DOT_ATOM = re.compile(r"[^.]+(?:\.[^.]+)*")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
#: A line is at most so long; an encoded word holds so many bytes, so that it fits after any header's name.
_WIDTH, _WORD_BYTES = 76, 39
#: SMTP allows 998 bytes in a line.
_LONGEST_LINE = 998
#: Cuts many lines at once.
_MANY_LINES = Struct(f"{_WIDTH}s" * 50)


def one_line(text: str) -> str:
    """Return a text as one line without controls; runs of spaces are one.

    >>> one_line("a\\r\\nBcc: x@example.com")
    'a Bcc: x@example.com'
    """
    if not text.isprintable():
        # Only then can it hold a control or a turn.
        text = _TURNS.sub("", _CONTROLS.sub(" ", text))
    return (_SPACES.sub(" ", text) if "  " in text else text).strip()


def mail_address(text: str | None) -> str | None:
    """Return an address as mail programs take it, its domain in ASCII; None if it is not exactly one.

    >>> mail_address("sato@例え.jp"), mail_address("a@example.com, b@example.com")
    ('sato@xn--r8jz45g.jp', None)
    """
    local, at, domain = (text or "").strip().rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    good = at and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain) and len(local) + len(domain) < 320
    return f"{local}@{domain}" if good else None


def raw(name: str, value: str) -> str:
    """Return a header that is never folded or encoded, such as an address of the web."""
    return f"{name}: {one_line(value)}"


def unstructured(name: str, value: str) -> str:
    """Return a header of free text, encoded where it is not plain ASCII, folded where it is long."""
    return _folded(name, _words(one_line(value)))


def mailboxes(name: str, boxes: Iterable[tuple[str, str]]) -> str:
    """Return a header of names and addresses; each address came from ``mail_address``."""
    tokens: list[str] = []
    for shown, address in boxes:
        if tokens:
            tokens[-1] += ","
        tokens += [*_phrase(one_line(shown)), f"<{quoted_local(address)}>"]
    return _folded(name, tokens)


@lru_cache(maxsize=8)
def moment_header(now: datetime, zone: tzinfo) -> str:
    """Return the header Date, in the time of a zone."""
    return f"Date: {format_datetime(now.astimezone(zone))}"


def mail(headers: Sequence[str], body: bytes) -> bytes:
    """Return a whole mail; the body was made by ``mail_body``."""
    return "\r\n".join((*headers, "")).encode("ascii") + body


def mail_body(text: str, html: str | None = None) -> bytes:
    """Return a text part and, where given, its HTML twin, with the headers that tell of them: plain ASCII."""
    if html is None:
        return b"MIME-Version: 1.0\r\n" + _part(b"plain", text)
    parts = (_part(b"plain", text), _part(b"html", html))
    between = _boundary(text, html)
    kind = b'Content-Type: multipart/alternative; boundary="%b"' % between
    pieces = [b"--%b\r\n%b\r\n" % (between, part) for part in parts]
    return b"\r\n".join((b"MIME-Version: 1.0", kind, b"", *pieces, b"--%b--\r\n" % between))


def _boundary(*texts: str) -> bytes:
    """Return what divides parts: it stands in none that goes as it is, and base64 never holds it."""
    sign = "=_engage"
    while any(text.isascii() and sign in text for text in texts):
        sign += "_"
    return sign.encode("ascii")


def _part(subtype: bytes, text: str) -> bytes:
    """Return a part with its own headers: as it is where it is short-lined ASCII, else in base64."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    body = lines.replace("\n", "\r\n").encode("utf-8", "replace")
    if body.isascii() and max(map(len, lines.split("\n"))) < _LONGEST_LINE:
        encoding, shown = b"7bit", body
    else:
        encoding, shown = b"base64", _in_base64(body)
    head = b"Content-Type: text/%b; charset=utf-8\r\nContent-Transfer-Encoding: %b\r\n\r\n" % (subtype, encoding)
    return head + shown


def _in_base64(content: bytes) -> bytes:
    """Return bytes in lines of base64."""
    whole = b2a_base64(content, newline=False)
    end = len(whole) - len(whole) % _MANY_LINES.size
    many = chain.from_iterable(_MANY_LINES.iter_unpack(whole[:end]))
    return b"\r\n".join([*many, *(whole[place : place + _WIDTH] for place in range(end, len(whole), _WIDTH))])


def _phrase(name: str) -> list[str]:
    """Return a display name as tokens: bare, quoted, or encoded."""
    if not name:
        return []
    if name.isascii() and len(name) <= _WIDTH - 16 and "=?" not in name:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return [name] if _PLAIN_NAME.fullmatch(name) else [f'"{escaped}"']
    return list(_encoded(name))


def quoted_local(address: str) -> str:
    """Return an address for a header; ``a..b@docomo.ne.jp`` is real and needs quotes there."""
    local, _, domain = address.rpartition("@")
    return address if _DOT_ATOM.fullmatch(local) else f'"{local}"@{domain}'


def _words(text: str) -> list[str]:
    words = text.split(" ")
    plain = text.isascii() and "=?" not in text and all(len(word) < _LONGEST_LINE // 2 for word in words)
    return words if plain else list(_encoded(text))


def _encoded(text: str) -> Iterator[str]:
    """Give a text as encoded words (RFC 2047), none of which cuts a character."""
    if len(text.encode()) <= _WORD_BYTES:
        yield _word(text)
        return
    start = size = 0
    for place, character in enumerate(text):
        width = 1 if character < "\x80" else 2 if character < "\u0800" else 3 if character < "\U00010000" else 4
        if size + width > _WORD_BYTES:
            yield _word(text[start:place])
            start, size = place, 0
        size += width
    yield _word(text[start:])


def _word(text: str) -> str:
    return f"=?utf-8?B?{b64encode(text.encode('utf-8')).decode('ascii')}?="


def _folded(name: str, tokens: Iterable[str]) -> str:
    """Return a header whose lines break between tokens; each further line begins with a space."""
    lines, line = [], f"{name}:"
    for token in tokens:
        if len(line) + 1 + len(token) > _WIDTH and line.strip(" ") != f"{name}:":
            lines.append(line)
            line = ""
        line += f" {token}"
    return "\r\n".join((*lines, line))
