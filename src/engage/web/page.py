"""The pages: small, made on the server, in the reader's language, with nothing that runs or is loaded."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined

from engage.language.fields import fold
from engage.web.exchange import Reply, Request
from engage.web.site import Running
from engage.wording import Locale, Sentence

_HTML = b"text/html; charset=utf-8"
#: A browser sends a handful; more are not looked at.
_MOST_LANGUAGES = 20


@cache
def _environment() -> Environment:
    """Return the templates of the pages."""
    folder = files("engage.web").joinpath("pages")
    texts = {each.name: each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith((".html", ".css"))}
    return Environment(
        loader=DictLoader(texts), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def _style() -> tuple[str, bytes]:
    """Return the pages' style and the policy that lets it, and nothing else, work."""
    css = files("engage.web").joinpath("pages", "page.css").read_text("utf-8")
    digest = b64encode(sha256(css.encode()).digest())
    policy = b"default-src 'none'; style-src 'sha256-%s'; img-src data:; form-action 'self'; base-uri 'none'; "
    return css, policy % digest + b"frame-ancestors 'none'"


def page(
    running: Running,
    template: str,
    locale: Locale,
    words: Mapping[str, Sentence],
    values: Mapping[str, object] | None = None,
    *,
    status: int = 200,
) -> Reply:
    """Return a page; ``words`` are its sentences, ``values`` what else its template shows."""
    css, policy = _style()
    said = {name: each.read(locale) for name, each in words.items()}
    company = running.workspace.company
    sender = company.sender
    html = (
        _environment()
        .get_template(template)
        .render(
            css=css,
            locale=locale,
            house=sender.name if sender is not None else company.name,
            words=said,
            **(values or {}),
        )
    )
    return Reply(status, html.encode("utf-8", "replace"), _HTML, policy)


def language(request: Request, running: Running, own: str | None = None) -> Locale:
    """Return the language of a page: the reader's own where it is known, the browser's, else the workspace's."""
    house: Locale = "ja" if running.workspace.company.locale == "ja" else "en"
    spoken = (fold(own).replace("_", "-").strip(),) if own else ()
    for name in (*spoken, *_accepted(request.header(b"accept-language"))):
        match name.partition("-")[0]:
            case "ja":
                return "ja"
            case "en":
                return "en"
    return house


def _accepted(header: str) -> list[str]:
    """Return the languages of a browser, the one it likes best first.

    >>> _accepted("de, en;q=0.5, ja;q=0.9")
    ['de', 'ja', 'en']
    """
    found: list[tuple[float, str]] = []
    for part in header[:1_000].split(",")[:_MOST_LANGUAGES]:
        name, _, weight = part.partition(";")
        try:
            liked = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if liked > 0:
            found.append((-liked, name.strip().lower()))
    return [name for _, name in sorted(found, key=lambda each: each[0])]


def masked(address: str) -> str:
    """Return an address as far as its owner knows it again, and nobody else learns it.

    >>> masked("hanako.sato@example.co.jp")
    'h•••@example.co.jp'
    """
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
