"""What the browser keeps for the staff pages: the login's token, a passing message, the way back from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.responses import Response

from engage.accounts.keys import all_derived
from engage.web.staff.answers import Undo
from engage.web.staff.frame import Flash
from engage.wording import Locale, Sentence, packed, unpacked

#: ``__Host-``: only of this host, only over an encrypted way (or on this machine), for all paths.
LOGIN, SAID, AWAY = "__Host-engage", "__Host-engage-said", "__Host-engage-away"
#: Seconds: a message is shown on the next page or not at all; who went elsewhere comes back soon.
_SAID_LASTS, _AWAY_LASTS = 120, 900
#: Browsers take four kilobytes.
_MOST = 3_500


@dataclass(frozen=True, slots=True)
class Seals:
    """Signs what the browser keeps, and what it carries through a login."""

    #: the first signs; what the others signed is still good
    secret_keys: tuple[str, ...]

    def seal(self, use: str, told: object) -> str:
        """Return something that JSON can say as a signed text."""
        return self._signer(use).dumps(told)

    def unseal(self, use: str, text: str, seconds: int) -> object:
        """Return what a text says, or None where we did not sign it for this use, or too long ago."""
        try:
            told: object = self._signer(use).loads(text, max_age=seconds)
        except BadSignature:
            return None
        return told

    def _signer(self, use: str) -> URLSafeTimedSerializer:
        oldest_first = list(reversed(all_derived(self.secret_keys, f"seal {use}")))
        return URLSafeTimedSerializer(oldest_first, salt=use)


def keep(response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """Have the browser keep a value: out of reach for scripts, not sent along by other sites."""
    response.set_cookie(name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax")


def drop(response: Response, name: str) -> None:
    """Have the browser forget a value."""
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")


def keep_said(response: Response, seals: Seals, said: Sentence, undo: Undo | None) -> None:
    """Have a message shown on the next page; one that is too long for a cookie is shown without its undo."""
    told: list[object] = [packed(said), None if undo is None else [undo.path, [list(pair) for pair in undo.fields]]]
    sealed = seals.seal("said", told)
    if len(sealed) > _MOST:
        sealed = seals.seal("said", [told[0], None])
    if len(sealed) <= _MOST:
        keep(response, SAID, sealed, _SAID_LASTS)


def read_said(cookies: Mapping[str, str], seals: Seals, locale: Locale) -> Flash | None:
    """Return the message that was to be shown on this page, if any."""
    match seals.unseal("said", cookies.get(SAID, ""), _SAID_LASTS):
        case [list(said), None]:
            return Flash(unpacked(said).read(locale))
        case [list(said), [str(path), list(pairs)]]:
            return Flash(unpacked(said).read(locale), Undo(path, [(str(name), str(value)) for name, value in pairs]))
    return None
