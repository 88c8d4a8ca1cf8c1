"""E-mail addresses as people write them: cleaned where that is safe, else refused with a reason."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email

from engage.wording import sentence

#: Ordinary addresses; whoever matches need not be looked at further.
_ORDINARY = re.compile(r"[A-Za-z0-9_+%-]+(?:\.[A-Za-z0-9_+%-]+)*@(?:[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*\.)+[A-Za-z]{2,24}")
#: Longer ones may still be right, but must be looked at part by part.
_SHORT = 60
_FORBIDDEN = re.compile("[\r\n\0,;]")
_NAMED = re.compile(r"[^<>]*<([^<>]*)>")
_OUTSIDE = " \t\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff"
#: Domains kept for examples and tests (RFC 2606): nothing is ever delivered there, and all may use them.
_RESERVED = ("invalid", "test", "example", "localhost", "local")
#: Japanese carriers once gave out addresses with dots in a row or at the ends; they are live.
_CARRIERS = re.compile(
    r"(?:[a-z0-9-]+\.)?(?:docomo\.ne\.jp|ezweb\.ne\.jp|au\.com|softbank\.ne\.jp|vodafone\.ne\.jp|softbank\.jp"
    r"|disney\.ne\.jp|pdx\.ne\.jp|willcom\.com|emnet\.ne\.jp|ymobile\.ne\.jp|y-mobile\.ne\.jp|uqmobile\.jp)"
)
_CARRIER_NAME = re.compile(r"[A-Za-z0-9._+?/%&-]{1,64}")


class Address(NamedTuple):
    """An address as it is written to, and as it names a person."""

    email: str
    folded: str


def read_address(text: str) -> Address:
    """Return the address that a text holds; raise ValueError with a sentence if it holds none, or several.

    >>> read_address("Ann <Ann@Example.com>")
    Address(email='Ann@Example.com', folded='ann@example.com')
    """
    if len(text) <= _SHORT and _ORDINARY.fullmatch(text):
        return Address(text, text.lower())
    text = text.strip(_OUTSIDE)
    if found := _FORBIDDEN.search(text):
        message = "an address cannot hold {sign}; one cell holds one address"
        raise ValueError(sentence(message, sign=repr(found[0])))
    if named := _NAMED.fullmatch(text):
        text = named[1].strip(_OUTSIDE)
    if not text:
        raise ValueError(sentence("there is no e-mail address"))
    plain = unicodedata.normalize("NFKC", text)
    if plain != text and plain.isascii() and not _excuse(plain):
        raise ValueError(sentence("{text} is written in full width; did you mean {plain}?", text=text, plain=plain))
    if reason := _excuse(text):
        raise ValueError(sentence("{text} is not an e-mail address: {reason}", text=repr(text[:80]), reason=reason))
    return Address(text, _folded(text))


def _excuse(text: str) -> str:
    """Return why a text is no address, or nothing."""
    name, _, domain = text.rpartition("@")
    if _CARRIERS.fullmatch(domain.lower()) and _CARRIER_NAME.fullmatch(name):
        return ""
    if "." not in domain or len(name.encode()) > 64:
        return sentence("the part after @ has no dot" if "." not in domain else "it is too long").read()
    if _mixes_scripts(name):
        return sentence("it mixes letters that look alike").read()
    try:
        validate_email(_taken(text), check_deliverability=False)
    except EmailNotValidError as error:
        return str(error)
    return ""


def _taken(text: str) -> str:
    """Return an address with a reserved domain as one that a validator takes."""
    return f"{text}.jp" if text.rpartition(".")[2].lower() in _RESERVED else text


def _folded(text: str) -> str:
    name, _, domain = text.rpartition("@")
    if domain.isascii() and "xn--" not in domain.lower():
        return text.casefold()
    disguised = _taken(domain)
    validated = validate_email(f"a@{disguised}", check_deliverability=False).domain
    validated = validated.removesuffix(disguised.removeprefix(domain))
    return unicodedata.normalize("NFC", f"{name}@{validated}").casefold()


def _mixes_scripts(name: str) -> bool:
    """Tell whether Latin letters stand beside Cyrillic or Greek ones, which look the same."""
    if name.isascii():
        return False
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in name if letter.isalpha()}
    return "LATIN" in scripts and bool(scripts & {"CYRILLIC", "GREEK"})
