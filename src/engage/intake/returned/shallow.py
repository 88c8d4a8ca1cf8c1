"""The parts of a mail from anybody, read within bounds: so much of it, so many parts, so deep, and no further.

The standard library's parser goes as deep as a mail asks and is slow where that is deep; here it is only
given single blocks of headers. Nothing that a mail says makes this raise.
"""

from __future__ import annotations

import binascii
import codecs
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.header import decode_header
from email.message import Message
from email.parser import HeaderParser

#: So much of a mail is read at all, of its headers, and of a part as text.
MOST, MOST_HEADERS, MOST_TEXT = 256 * 1024, 64 * 1024, 64 * 1024
MOST_LINES, MOST_PARTS, DEEPEST = 1_000, 40, 4
#: So much of a header.
_LONGEST = 10_000
_BLANK = re.compile(rb"\r?\n[ \t]*\r?\n")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_SPACES = re.compile(r"\s{2,}")
#: What may be decoded; other codecs are no charsets, or slow on purpose.
_CHARSETS = re.compile(
    r"utf-8|us-ascii|ascii|iso-?8859-\d{1,2}|windows-125\d|cp125\d|iso-2022-(?:jp(?:-\w+)?|kr)|shift_?jis|sjis|cp932"
    r"|windows-31j|euc-(?:jp|kr)|gb2312|gbk|gb18030|big5|koi8-[ru]|utf-16(?:le|be)?"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a mail, or the whole: its headers, what follows them, and the parts in that."""

    headers: Message
    body: bytes
    parts: tuple[Part, ...] = field(default=())

    def get(self, name: str) -> str:
        """Return the first header of a name, decoded, on one line; nothing where there is none."""
        return next(iter(self.all(name)), "")

    def all(self, name: str) -> list[str]:
        """Return all headers of a name, decoded, each on one line."""
        return [one_line(_readable(str(value)[:_LONGEST])) for value in self.headers.get_all(name, [])]

    def parameter(self, name: str) -> str:
        """Return a parameter of the content type; nothing where there is none."""
        try:
            value = self.headers.get_param(name)
        except Exception:
            return ""
        return "" if value is None else str(value[-1] if isinstance(value, tuple) else value)

    @property
    def kind(self) -> str:
        """The content type, such as ``text/plain``."""
        try:
            return self.headers.get_content_type()
        except Exception:
            return "text/plain"

    @property
    def content(self) -> bytes:
        """The body without its transfer encoding."""
        encoding = self.get("Content-Transfer-Encoding").strip().lower()
        try:
            if encoding == "base64":
                letters = _NO_BASE64.sub(b"", self.body)
                return binascii.a2b_base64(letters[: len(letters) // 4 * 4])
            if encoding == "quoted-printable":
                return quopri.decodestring(self.body)
        except ValueError:
            pass
        return self.body

    @property
    def text(self) -> str:
        """The body as text, as far as it is read."""
        return _decoded(self.content[:MOST_TEXT], self.parameter("charset"))

    def walk(self) -> Iterator[Part]:
        """Yield this part and all in it, outer ones first."""
        yield self
        for part in self.parts:
            yield from part.walk()


def read(content: bytes) -> Part:
    """Return a mail's parts, as far as they are read.

    >>> read(b"Subject: a\\n\\nb").get("subject")
    'a'
    """
    return _part(content[:MOST], 0, [MOST_PARTS])


def blocks(text: bytes) -> Iterator[Message]:
    """Yield blocks of header lines that blank lines part, as they stand in a delivery status."""
    for block in _BLANK.split(text[:MOST_TEXT].strip(), MOST_PARTS)[:MOST_PARTS]:
        yield _headers(block.lstrip(b"\r\n"))


def one_line(text: str) -> str:
    """Return a text as one line without controls; runs of spaces are one.

    >>> one_line("550 no\\r\\n  such user")
    '550 no such user'
    """
    return _SPACES.sub(" ", _CONTROLS.sub(" ", text)).strip()


def _part(content: bytes, depth: int, left: list[int]) -> Part:
    """Return a part; ``left`` counts how many more may follow in the whole mail."""
    left[0] -= 1
    if content[:1] in (b"\n", b"\r"):
        head, body = b"", content
    else:
        found = _BLANK.search(content)
        head, body = (content[: found.start()], content[found.end() :]) if found else (content, b"")
    part = Part(_headers(head), body)
    boundary = part.parameter("boundary").encode("utf-8", "surrogateescape")
    if depth == DEEPEST or not boundary or not part.kind.startswith("multipart/"):
        return part
    return Part(part.headers, b"", tuple(_inner(body, boundary, depth, left)))


def _inner(body: bytes, boundary: bytes, depth: int, left: list[int]) -> Iterator[Part]:
    line = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*\r?(?:\n|\Z)", re.MULTILINE)
    start: int | None = None
    for found in line.finditer(body):
        if start is not None and left[0] > 0:
            yield _part(body[start : found.start()], depth + 1, left)
        if found[1] or left[0] <= 0:
            return
        start = found.end()
    if start is not None and left[0] > 0:
        yield _part(body[start:], depth + 1, left)


def _headers(head: bytes) -> Message:
    lines = head[:MOST_HEADERS].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines and lines[0].startswith(("From ", ">From ")):
        del lines[0]
    try:
        return HeaderParser().parsestr("\n".join(lines[:MOST_LINES]), headersonly=True)
    except Exception:
        return Message()


def _readable(value: str) -> str:
    """Return a header with its encoded words decoded, as far as they can be."""
    if "=?" not in value:
        return value
    try:
        pieces = decode_header(value)
    except Exception:
        return value
    return "".join(_decoded(piece, charset or "") if isinstance(piece, bytes) else piece for piece, charset in pieces)


def _decoded(content: bytes, charset: str) -> str:
    name = charset.strip().lower()
    if not _CHARSETS.fullmatch(name):
        name = "utf-8"
    try:
        return codecs.decode(content, name, "replace")
    except (LookupError, ValueError):
        return content.decode("utf-8", "replace")
