"""The page for an address that leads nowhere."""

from __future__ import annotations

from engage.web.exchange import Reply, Request
from engage.web.page import language, page
from engage.web.site import Site
from engage.wording import sentence


async def not_found(site: Site, request: Request) -> Reply:
    """Answer that there is nothing here, the same for whatever is wrong with a link."""
    running = site.running
    words = {
        "title": sentence("This link leads nowhere"),
        "text": sentence("It may have been cut off or changed on its way. Please open it from the mail itself."),
    }
    return page(running, "notice.html", language(request, running), words, status=404)
