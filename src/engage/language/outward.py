"""The words of a path that reach the world outside: webhooks, and actions of the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from pydantic import Field

from engage.language.actions import Staying
from engage.language.model import Filled, Model
from engage.language.source import Path
from engage.wording import Sentence, sentence


class Call(Model):
    """An address and what is sent there."""

    url: Filled = Field(description="where to: an address that begins with https:// or http://")
    payload: dict[str, object] = Field({}, description="what is sent, as JSON; its texts may hold Jinja2")


class Webhook(Staying):
    """Tell another system about the prospect; the journey goes on at once.

    The call is queued. This version of engage does not send queued webhooks yet.
    """

    webhook: Call = Field(description="the address and what is sent")


class Plugin(Model):
    """An action of the user's own and what it is given."""

    name: Filled = Field(description="the entry point's name in the group engage.actions")
    with_: dict[str, object] = Field({}, alias="with", description="what it is given, as it stands here")


class Action(Staying):
    """Run a Python function of your own, at delivery, in a process of its own; the journey goes on at once.

    It has 10 seconds. One that raises, hangs or answers nonsense is shown as failed.
    """

    action: Plugin = Field(description="the action and what it is given")


def texts_of(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield every text in a value, with its path.

    >>> list(texts_of({"a": ["x", 1], "b": {"c": "y"}}))
    [(('a', 0), 'x'), (('b', 'c'), 'y')]
    """
    match value:
        case str():
            yield path, value
        case dict():
            for key, inner in value.items():
                yield from texts_of(inner, (*path, key))
        case list():
            for place, inner in enumerate(value):
                yield from texts_of(inner, (*path, place))
        case _:
            return


def url_fault(url: str) -> Sentence | None:
    """Return what is wrong with an address to call, or None.

    >>> print(url_fault("ftp://example.com/"))
    an address to call begins with https:// or http://, not 'ftp://example.com/'
    """
    if any(sign.isspace() or not sign.isprintable() for sign in url):
        return sentence("an address to call has no spaces; write them as %20")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return sentence("{url} is not an address; write for example https://example.com/hook", url=repr(url))
    if parts.scheme not in ("https", "http"):
        return sentence("an address to call begins with https:// or http://, not {url}", url=repr(url))
    if not host:
        return sentence("{url} names no host; write for example https://example.com/hook", url=repr(url))
    if parts.username is not None or parts.password is not None:
        return sentence("an address to call holds no name or password: files are no place for secrets")
    return None
