"""Whether a request shows at once that no person sent it."""

from __future__ import annotations

from engage.web.exchange import Request
from engage.web.site import Site


def machine(site: Site, request: Request) -> str | None:  # noqa: ARG001
    """Return why it is known that no person asks: a word, or None."""
    return "head" if request.method == "HEAD" else None
