"""The preference centre: which mail a reader wants, list by list, all of it or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from engage.effects.links import read_token
from engage.intake.consenting import come_back, hold_reader, join_list, leave_list
from engage.reports.recipient import Choice, Recipient, choices, recipient
from engage.sql.asked import Now
from engage.web.exchange import Reply, Request
from engage.web.in_hand import nothing_in_hand, opted_out
from engage.web.lost import not_found
from engage.web.page import language, masked, page
from engage.web.site import Running, Site
from engage.wording import Sentence, sentence

#: The form bears two numbers for each list.
MOST = 100_000
#: What a consent that was given here says of its source.
SOURCE = "preferences"
Form = Mapping[str, tuple[str, ...]]


async def preferences(site: Site, request: Request, rest: str) -> Reply:
    """Show what a reader gets, or change it."""
    message_id = read_token(site.keys, "preferences", rest)
    if message_id is None:
        return await not_found(site, request)
    said = None
    if request.method == "POST":
        said = await _changed(site, message_id, await request.form(MOST))
    return await _shown(site, request, message_id, said)


async def _changed(site: Site, message_id: int, form: Form) -> Sentence | None:
    """Carry out what a form says; return what to tell the reader."""
    if "stop" in form:
        await opted_out(site, message_id, SOURCE)
        return sentence("You are unsubscribed")
    who = await site.see(lambda connection: recipient(connection, message_id))
    prospect_id, now = who.prospect_id if who is not None else 0, site.clock()
    if "back" in form:
        await site.do(lambda connection: come_back(connection, prospect_id, now, SOURCE))
        return sentence("Welcome back. You will get our e-mails again.")
    if "save" in form:
        running = site.running
        await site.do(lambda connection: _choose(connection, site, running, prospect_id, form))
        await nothing_in_hand(site, message_id)
        return sentence("Your choice is saved.")
    return None


def _choose(connection: Connection, site: Site, running: Running, prospect_id: int, form: Form) -> None:
    """Join and leave the lists that the form showed and that stand otherwise now."""
    if not hold_reader(connection, prospect_id):
        return
    shown, wanted, now = set(form.get("shown", ())), set(form.get("list", ())), site.clock()
    for choice in _choices(connection, site, running, prospect_id):
        key = str(choice.list_id)
        if key not in shown or (key in wanted) == choice.wanted:
            continue
        if key in wanted:
            join_list(connection, prospect_id, choice.list_id, now, SOURCE, static=choice.static)
        else:
            leave_list(connection, prospect_id, choice.list_id, now, SOURCE)


def _choices(connection: Connection, site: Site, running: Running, prospect_id: int) -> Sequence[Choice]:
    """Return the public lists, and which of them a prospect wants mail of."""
    meant = running.applied.plans.mailing.lists
    public = {key: meant[key] for key, word in running.workspace.lists.root.items() if word.public and key in meant}
    return choices(connection, prospect_id, public, Now.of(running.house, site.clock()))


async def _shown(site: Site, request: Request, message_id: int, said: Sentence | None) -> Reply:
    """Return the page as things stand now."""
    running = site.running

    def seen(connection: Connection) -> tuple[Recipient | None, Sequence[Choice]]:
        who = recipient(connection, message_id)
        return who, _choices(connection, site, running, who.prospect_id) if who is not None else ()

    who, lists = await site.see(seen)
    words = {
        "title": sentence("Your e-mails"),
        "which": sentence("Which e-mails do you want to get?"),
        "save": sentence("Save"),
        "none": sentence("You get no e-mails from us, except those that a contract or an order needs."),
        "back": sentence("Get e-mails again"),
        "back_text": sentence("With this button you agree to get our e-mails again. You can unsubscribe at any time."),
        "all": sentence("You get our e-mails."),
        "stop": sentence("Unsubscribe from all e-mails"),
        "said": said or sentence(""),
    }
    values = {
        "address": masked(who.email) if who is not None else "",
        "opted_out": who is None or who.opted_out,
        "lists": lists,
    }
    locale = language(request, running, who.language if who else None)
    return page(running, "preferences.html", locale, words, values)
