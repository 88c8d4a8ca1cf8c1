"""The calendar feed of a user's ToDos: the page where its address is made, and the feed itself."""

from __future__ import annotations

from email.utils import format_datetime
from hashlib import sha256

from engage.accounts import audit
from engage.effects.agenda import agenda
from engage.effects.calendar import calendar
from engage.effects.public import public_address
from engage.intake.calendar_feed import feed_made_at, feed_user, make_feed, stop_feed
from engage.sql.connect import reading
from engage.web.staff.answers import Answer, NotThere, Plain, See, Shown
from engage.web.staff.ask import Ask, Visit
from engage.wording import sentence

_KIND = "text/calendar; charset=utf-8"


def shown(ask: Ask) -> Answer:
    """Show whether the reader has a feed."""
    return _shown(ask, "")


def made(ask: Ask) -> Answer:
    """Make the reader's feed a new address; it is shown once."""
    token = make_feed(ask.connection, ask.reader.id, ask.now)
    _note(ask, "feed_made")
    return _shown(ask, f"{public_address(ask.site.app.settings)}/calendar/{token}/todos.ics")


def stopped(ask: Ask) -> Answer:
    """Take the address of the reader's feed away."""
    stop_feed(ask.connection, ask.reader.id)
    _note(ask, "feed_stopped")
    return See("/account/calendar", sentence("The address leads nowhere any more."))


def feed(visit: Visit) -> Answer:
    """Give the ToDos of the user whose secret stands in the address."""
    site = visit.site
    house = visit.running.house
    with reading(site.app.engine).begin() as connection:
        user = feed_user(connection, visit.path["token"])
        if user is None:
            raise NotThere
        entries = agenda(connection, user)
        begun = feed_made_at(connection, user) or visit.now
    name = sentence("ToDos of {company}", company=visit.running.workspace.company.name).read(house.locale)
    body = calendar(entries, name, public_address(site.app.settings), family_first=house.locale == "ja")
    mark = f'"{sha256(body).hexdigest()[:32]}"'
    last = max((begun, *(entry.changed_at for entry in entries)))
    headers = (
        ("etag", mark),
        ("last-modified", format_datetime(last, usegmt=True)),
        ("cache-control", "private, no-cache"),
    )
    if mark in visit.known:
        return Plain(b"", _KIND, 304, headers)
    return Plain(body, _KIND, 200, headers)


def _shown(ask: Ask, address: str) -> Answer:
    made_at = feed_made_at(ask.connection, ask.reader.id)
    return Shown("calendar.html", sentence("Calendar feed"), {"made_at": made_at, "address": address})


def _note(ask: Ask, action: str) -> None:
    audit.note(ask.connection, ask.reader.addressee, action, ask.reader.addressee, ask.now)
