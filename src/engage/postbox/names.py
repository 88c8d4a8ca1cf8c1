"""Which message a signed address names: a return path, an address for opting out, a link in a reported mail."""

from __future__ import annotations

import re

from engage.effects.links import read_token, signing_keys
from engage.effects.return_path import bounce_address, opt_out_address, read_opt_out, read_return_path
from engage.errors import Refused
from engage.intake.returned.judging import Named, Names
from engage.settings import Settings
from engage.wording import sentence

_LINK = re.compile(r"/u/([0-9a-f]{1,16}\.[\w-]{1,64})(?![\w-])", re.ASCII)
_ADDRESS = re.compile(r"[^\s<>:;,@]{1,64}@[^\s<>?;,@]{1,255}")
#: A header that names more is not ours.
_LONGEST = 4_000


def names(settings: Settings) -> Names:
    """Return what reads signed addresses and links.

    Raises Refused where messages bear no return paths of their own: nothing that comes back could be told apart.
    """
    if bounce_address(settings) is None and opt_out_address(settings) is None:
        text = "messages bear no return paths of their own, so what comes back names none: set ENGAGE_BOUNCE_ADDRESS"
        raise Refused(sentence(text))
    keys = signing_keys(settings.secret_key, settings.old_secret_keys, settings.base_url)

    def named(text: str) -> Named | None:
        text = text[:_LONGEST]
        for address in _ADDRESS.findall(text):
            message_id = read_return_path(keys, address)
            if message_id is not None:
                return Named(message_id)
            message_id = read_opt_out(keys, address)
            if message_id is not None:
                return Named(message_id, stops=True)
        links = (read_token(keys, "unsubscribe", found) for found in _LINK.findall(text))
        return next((Named(message_id) for message_id in links if message_id is not None), None)

    return named
