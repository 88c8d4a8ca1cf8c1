"""An opt-out is acknowledged only when no mail to that reader is being handed over any more."""

from __future__ import annotations

from datetime import timedelta

from engage.clock import monotonic, rest
from engage.reports.recipient import is_in_hand
from engage.web.site import Site

#: What was begun longer ago is not under way any more: a mail server has answered, or nobody knows what it did.
_LONGEST = timedelta(seconds=60)
#: Asked so often, and for no longer, in seconds.
_POLL, _PATIENCE = 0.02, 10.0


async def nothing_in_hand(site: Site, prospect_id: int) -> None:
    """Wait until no marketing mail to a prospect is under way, or too long a time has passed; that is told of."""
    until = monotonic() + _PATIENCE
    while await site.see(lambda connection: is_in_hand(connection, prospect_id, site.clock() - _LONGEST)):
        if monotonic() > until:
            site.log.warning("mail_in_hand", seconds=_PATIENCE)
            return
        await rest(_POLL)
