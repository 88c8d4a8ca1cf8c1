"""What marks one message's page: its links count clicks, a pixel counts opens, and a trap tells machines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from engage.effects.links import LETTERS, click_address, click_key, is_target, url

#: Seen by no person, whatever shows or reads the mail aloud: who follows it is a machine.
_TRAP = (
    '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all" aria-hidden="true">'
    '<a href="{url}" tabindex="-1" rel="nofollow"></a></div>'
)
_PIXEL = '<img src="{url}" width="1" height="1" alt="" style="display:block;width:1px;height:1px;border:0">'


@dataclass(frozen=True, slots=True)
class Track:
    """How one message is tracked; it holds no secret but the key of this message's clicks."""

    #: where the public pages are, without a slash at the end
    base_url: str
    #: the message's number as its links name it
    number: str
    #: signs the targets of clicks; None: clicks are not counted
    click_key: bytes | None
    open_url: str | None
    trap_url: str | None

    @property
    def foot(self) -> str:
        """What stands at the end of the page."""
        trap = _TRAP.format(url=self.trap_url) if self.trap_url else ""
        return trap + (_PIXEL.format(url=self.open_url) if self.open_url else "")

    def followed(self, address: str) -> str | None:
        """Return the address that counts a click on a link; None for a link that stays what it is."""
        if self.click_key is None or address.startswith(_own(self.base_url)) or not is_target(address):
            return None
        return click_address(f"{self.base_url}/{LETTERS['click']}/{self.number}", self.click_key, address)

    def told(self) -> tuple[str | bytes | None, ...]:
        """Return it in plain values, from which it can be made again."""
        return (self.base_url, self.number, self.click_key, self.open_url, self.trap_url)


@lru_cache(maxsize=16)
def _own(base_url: str) -> tuple[str, ...]:
    """Return how links begin that lead to a mail's own public pages, and stay what they are."""
    return tuple(f"{base_url}/{letter}/" for letter in LETTERS.values())


def tracked(base_url: str, key: bytes, message_id: int, *, opens: bool, clicks: bool) -> Track:
    """Return how a message is tracked; ``key`` signs links."""
    base = base_url.rstrip("/")
    return Track(
        base,
        f"{message_id:x}",
        click_key(key, message_id) if clicks else None,
        url(base, key, "open", message_id) if opens else None,
        url(base, key, "trap", message_id) if clicks else None,
    )
