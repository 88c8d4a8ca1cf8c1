"""An opt-out is acknowledged only when no mail to that reader is being handed over any more."""

from __future__ import annotations

from datetime import timedelta

from engage.clock import monotonic, rest
from engage.intake.opting_out import Wish
from engage.reports.recipient import is_in_hand
from engage.web.site import Site

#: What was begun longer ago is not under way any more: a mail server has answered, or nobody knows what it did.
_LONGEST = timedelta(seconds=60)
#: Asked so often, and for no longer, in seconds.
_POLL, _PATIENCE = 0.02, 10.0


async def opted_out(site: Site, message_id: int, source: str) -> None:
    """Opt out whom a message went to; when this returns that is durable, and no mail is under way any more."""
    await site.wishes.add(Wish(message_id, site.clock(), source))
    await nothing_in_hand(site, message_id)


async def nothing_in_hand(site: Site, message_id: int) -> None:
    """Wait until no marketing mail to a message's prospect is under way, or for too long; that is told of."""
    until = monotonic() + _PATIENCE
    while await site.see(lambda connection: is_in_hand(connection, message_id, site.clock() - _LONGEST)):
        if monotonic() > until:
            site.log.warning("mail_in_hand", seconds=_PATIENCE)
            return
        await rest(_POLL)
