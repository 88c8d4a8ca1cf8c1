"""Whether a request shows at once that no person sent it.

What else tells machines from readers, such as many clicks at a time, is seen when the tick settles what was heard.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from engage.web.exchange import Request
from engage.web.networks import is_in, networks
from engage.web.site import Running

#: Pictures come through these when a person opens a mail: the mailbox hides its reader, it is none itself.
_SHOWING = ("GoogleImageProxy", "YahooMailProxy")
#: Guards of mailboxes that say who they are, beside the list of crawlers.
_GUARDS = r"|Barracuda|Mimecast|Proofpoint|SafeLinks|IronPort|FireEye|Sophos|TrendMicro|Symantec|MessageLabs"
#: Apple Mail Privacy Protection loads pictures by this name and nothing behind it, and from Apple's own network.
_APPLE, _APPLES = "Mozilla/5.0", networks(["17.0.0.0/8"])
#: So much of a name is looked at, and so many names are remembered.
_LONGEST, _KNOWN = 500, 4_096


def machine(running: Running, request: Request, *, opens: bool = False) -> str | None:
    """Return why it is known that no person asks (head, agent, proxy, apple), or None."""
    agent = request.header(b"user-agent")[:_LONGEST]
    if request.method == "HEAD":
        return "head"
    if opens and (agent == _APPLE or is_in(request.client, _APPLES) or is_in(request.client, running.apple)):
        return "apple"
    if is_robot(agent):
        return "agent"
    return "proxy" if is_in(request.client, running.proxies) else None


@lru_cache(maxsize=_KNOWN)
def is_robot(agent: str) -> bool:
    """Tell whether a program calls itself a crawler, a scanner or a library; no browser is without a name.

    >>> [is_robot(name) for name in ("", "python-requests/2.32", "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")]
    [True, True, False]
    """
    if any(name in agent for name in _SHOWING):
        return False
    return _robots().search(agent) is not None or agent.strip() in ("", _APPLE)


@cache
def _robots() -> re.Pattern[str]:
    """Return the list of crawlers, which others keep up to date, and the guards."""
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    return re.compile("|".join(each["pattern"] for each in CRAWLER_USER_AGENTS_DATA) + _GUARDS)
