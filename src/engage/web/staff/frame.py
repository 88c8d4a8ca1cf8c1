"""The frame of the staff pages: templates, what all of them know, and the way to the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from urllib.parse import urlsplit

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from engage.accounts.roles import ADMINS, ALL, Role
from engage.web.staff.answers import Undo, Values
from engage.web.staff.ask import Reader, Visit
from engage.web.staff.showing import Eye, install
from engage.web.static import address
from engage.wording import Sentence, sentence


@dataclass(frozen=True, slots=True)
class Way:
    """A way of the menu."""

    path: str
    label: Sentence
    #: the key that goes there, after ``g``
    key: str
    roles: frozenset[Role] = ALL


#: The menu, in its order.
MENU: tuple[Way, ...] = (
    Way("/dashboard", sentence("Dashboard"), "d"),
    Way("/todos", sentence("ToDos"), "t"),
    Way("/scenarios", sentence("Scenarios"), "s"),
    Way("/prospects", sentence("Prospects"), "p"),
    Way("/team", sentence("Team"), "e", ADMINS),
    Way("/audit", sentence("Audit log"), "a", ADMINS),
)


@dataclass(frozen=True, slots=True)
class Flash:
    """A passing message, with the way to undo what it tells of."""

    text: str
    undo: Undo | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """What a page is shown with, beside its own values."""

    visit: Visit
    reader: Reader | None
    #: the token that forms carry
    guard: str
    flash: Flash | None = None


@cache
def _environment() -> Environment:
    folder = files("engage.web.staff").joinpath("pages")
    texts = {each.name: each.read_text("utf-8") for each in folder.iterdir() if each.name.endswith((".html", ".svg"))}
    environment = Environment(
        loader=DictLoader(texts), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals["static"] = address
    install(environment)
    return environment


def rendered(template: str, manner: Manner, title: Sentence | None, values: Values) -> bytes:
    """Return a page, or a part of one."""
    visit, reader = manner.visit, manner.reader
    locale = reader.locale if reader is not None else visit.locale
    zone = reader.zone if reader is not None else visit.running.house.hours.zone
    eye = Eye(locale, zone, visit.now)
    known: dict[str, object] = {
        "eye": eye,
        "say": eye.say,
        "guard": lambda: Markup('<input type="hidden" name="guard" value="{}">').format(manner.guard),
        "guard_token": manner.guard,
        "locale": locale,
        "reader": reader,
        "now": visit.now,
        "asked": visit.asked,
        "provider": _provider(visit),
        "company": visit.running.workspace.company.name,
        "menu": _menu(visit, reader),
        "flash": manner.flash,
        "title": title.read(locale) if title is not None else "",
    }
    return _environment().get_template(template).render({**known, **values}).encode("utf-8", "replace")


def _provider(visit: Visit) -> str:
    """Return what the identity provider is called, where there is one."""
    settings = visit.site.app.settings
    return settings.oidc_name or urlsplit(settings.oidc_issuer).hostname or "" if settings.oidc_issuer else ""


def _menu(visit: Visit, reader: Reader | None) -> Sequence[tuple[Way, bool]]:
    """Return the ways that the reader may go, each with whether the page belongs there."""
    if reader is None:
        return ()
    here = visit.asked.partition("?")[0]
    return [(way, here == way.path or here.startswith(f"{way.path}/")) for way in MENU if reader.role in way.roles]
