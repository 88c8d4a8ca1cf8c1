"""Unsubscribing: a page with a button, and the one click of mail programs (RFC 8058). GET and HEAD change nothing."""

from __future__ import annotations

from engage.effects.links import read_token, token
from engage.reports.recipient import Recipient, recipient
from engage.web.exchange import Reply, Request, text
from engage.web.in_hand import opted_out
from engage.web.lost import not_found
from engage.web.page import language, masked, page
from engage.web.site import Running, Site
from engage.wording import Locale, sentence

#: No button sends more bytes.
MOST = 10_000
#: The field that our page sends.
_BUTTON = "unsubscribe"


async def unsubscribe(site: Site, request: Request, rest: str) -> Reply:
    """Show the page, or carry out the wish."""
    message_id = read_token(site.keys, "unsubscribe", rest)
    if message_id is None:
        return await not_found(site, request)
    if request.method != "POST":
        return await _asked(site, request, message_id)
    one_click = await _is_one_click(request)
    await opted_out(site, message_id, "one_click" if one_click else "unsubscribe_page")
    if one_click:
        return text(200, "unsubscribed")
    running = site.running
    who = await site.see(lambda connection: recipient(connection, message_id))
    return _done(site, running, language(request, running, who.language if who else None), message_id, who)


async def _is_one_click(request: Request) -> bool:
    """Tell whether a mail program asks, not our page: then a person reads no answer. Raises Refused for no form."""
    return _BUTTON not in await request.form(MOST)


async def _asked(site: Site, request: Request, message_id: int) -> Reply:
    running = site.running
    who = await site.see(lambda connection: recipient(connection, message_id))
    locale = language(request, running, who.language if who else None)
    if who is not None and who.opted_out:
        return _done(site, running, locale, message_id, who)
    words = {
        "title": sentence("Unsubscribe"),
        "text": sentence("You will get no more e-mails from us, except those that a contract or an order needs."),
        "button": sentence("Unsubscribe"),
        "choose": sentence("Choose which e-mails you get"),
    }
    return page(running, "unsubscribe.html", locale, words, _shown(site, message_id, who))


def _done(site: Site, running: Running, locale: Locale, message_id: int, who: Recipient | None) -> Reply:
    words = {
        "title": sentence("You are unsubscribed"),
        "text": sentence("You will get no more e-mails from us, except those that a contract or an order needs."),
        "choose": sentence("That was a mistake, or you want other e-mails? Choose here"),
    }
    return page(running, "unsubscribed.html", locale, words, _shown(site, message_id, who))


def _shown(site: Site, message_id: int, who: Recipient | None) -> dict[str, object]:
    """Return what both pages show: whose address it is, as far as that may be told, and the way to the preferences."""
    preferences = f"../p/{token(site.keys[0], 'preferences', message_id)}"
    return {"address": masked(who.email) if who is not None else "", "preferences": preferences}
