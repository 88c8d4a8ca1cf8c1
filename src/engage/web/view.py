"""A mail in the browser, for those whose mail program shows it badly."""

from __future__ import annotations

from engage.effects.links import read_token
from engage.web.exchange import Reply, Request
from engage.web.lost import not_found
from engage.web.page import language, page
from engage.web.site import Site
from engage.wording import sentence

#: A mail brings its styles in its elements and its pictures from where its author put them. Nothing in it runs, sends
#: a form or may act as one of our pages.
_POLICY = (
    b"default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; font-src http: https:; "
    b"form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    b"sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)


async def view(site: Site, request: Request, rest: str) -> Reply:
    """Show a mail as it would be rendered now."""
    message_id = read_token(site.keys, "view", rest)
    if message_id is None:
        return await not_found(site, request)
    running = site.running
    html = await site.look(lambda: running.viewer.html(site.app.engine, message_id, site.clock()))
    if html is None:
        words = {
            "title": sentence("This mail cannot be shown any more"),
            "text": sentence("It was taken down, or it is too old."),
        }
        return page(running, "notice.html", language(request, running), words, status=404)
    return Reply(200, html.encode("utf-8", "replace"), b"text/html; charset=utf-8", _POLICY)
