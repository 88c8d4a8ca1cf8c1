"""Which encoding a text file is written in, found by trial."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from engage.errors import Refused
from engage.wording import sentence

#: How many bytes are tried, from the first that is not ASCII.
SAMPLE = 64 * 1024
_BLOCK = 1024 * 1024
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: What Windows calls Shift_JIS has more characters (髙, ①) than the standard of that name.
_MEANT = {
    "shift_jis": "cp932",
    "sjis": "cp932",
    "windows_31j": "cp932",
    "ms932": "cp932",
    "utf_8": "utf-8-sig",
}
#: How files begin that are no text at all.
_OTHERS = ((b"PK\x03\x04", "an Excel workbook or another zip archive"), (b"\x1f\x8b", "a compressed file"),
           (b"\xd0\xcf\x11\xe0", "an Excel workbook"), (b"%PDF", "a PDF"))  # fmt: skip


def encoding_of(path: Path, wanted: str = "auto") -> str:
    """Return the codec to read a file with: the one that is named, else found by trial.

    Raises Refused for a name that is no encoding, for files that are no text, and where none fits.
    """
    head, sample = _sample(path)
    for begin, what in _OTHERS:
        if head.startswith(begin):
            raise Refused(sentence("{file} is {what}, not CSV; save it as CSV first", file=path.name, what=what))
    if wanted != "auto":
        return _named(wanted, head)
    utf8 = "utf-8-sig" if _read("utf-8", sample) is not None else None
    found = _marked(head) or utf8 or _japanese(sample)
    if found is None:
        message = "the encoding of {file} cannot be told; name it, for example --encoding cp932"
        raise Refused(sentence(message, file=path.name))
    return found


def _sample(path: Path) -> tuple[bytes, bytes]:
    """Return the file's first bytes, and those that begin at the first one that is not ASCII."""
    with path.open("rb") as stream:
        head = block = stream.read(SAMPLE)
        while block and block.isascii():
            block = stream.read(_BLOCK)
        if not block:
            return head, head
        strange = _NOT_ASCII.search(block)
        rest = block[strange.start() if strange else 0 :]
        return head, (rest + stream.read(SAMPLE))[:SAMPLE]


def _marked(head: bytes) -> str | None:
    """Return the encoding that a byte order mark names, or UTF-16 without one."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    even, odd = head[:256:2].count(0), head[1:256:2].count(0)
    if max(even, odd) * 3 >= len(head[:256]) > 0:
        return "utf-16-be" if even > odd else "utf-16-le"
    return None


def _read(name: str, sample: bytes) -> str | None:
    """Return the sample's text, or None if it is not in this encoding; its last character may be cut."""
    try:
        return codecs.getincrementaldecoder(name)("strict").decode(sample, False)
    except UnicodeDecodeError:
        return None


def _japanese(sample: bytes) -> str | None:
    """Return cp932 or euc_jp; where both can be, half-width marks that nobody writes tell EUC from cp932."""
    windows, unix = _read("cp932", sample), _read("euc_jp", sample)
    if windows is None or unix is None:
        return "cp932" if windows is not None else "euc_jp" if unix is not None else None
    return "euc_jp" if re.search("[｡-･]", windows) else "cp932"


def _named(wanted: str, head: bytes) -> str:
    """Return the codec of a name that a user gave."""
    try:
        b"".decode(wanted)
        name = codecs.lookup(wanted).name
    except LookupError:
        raise Refused(
            sentence("there is no encoding {name}; there are utf-8, cp932, utf-16, euc_jp …", name=repr(wanted))
        ) from None
    if name == "utf-16" and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _marked(head) or "utf-16-le"
    return _MEANT.get(name, name)
