"""Where the public pages are, as the environment says: the links of all mails begin so."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from engage.effects.mail_server import is_here
from engage.errors import Refused
from engage.settings import Settings
from engage.wording import sentence

#: A header is one line of at most 998 signs, and ``List-Unsubscribe`` is never folded.
_LONGEST = 500
_FORM = re.compile(r"https?://[\w.:\[\]-]+(?:/[\w.~%+=:-]*)*", re.ASCII)


def public_address(settings: Settings) -> str:
    """Return the address under which the public pages are reached, without a slash at the end.

    Raises Refused where it cannot stand at the beginning of a link.
    """
    text = settings.base_url.rstrip("/")
    try:
        parts = urlsplit(text)
        good = bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or len(text) > _LONGEST or not _FORM.fullmatch(text):
        raise Refused(sentence("ENGAGE_BASE_URL is not of the form https://host/path, or too long"))
    return text


def is_reached_here_only(address: str) -> bool:
    """Return whether an address leads to this machine, wherever it is read."""
    return is_here(urlsplit(address).hostname or "")
