"""A user's own account: password, second factor, logins, and how the pages are wanted."""

from __future__ import annotations

from contextlib import suppress

import segno

from engage.accounts import attempts, audit, logins, proving, second
from engage.accounts.keys import all_derived, derived
from engage.accounts.wishes import Wishes, wish, wishes
from engage.errors import Refused
from engage.language.zones import zone, zone_names
from engage.reports.csvout import csv_parts
from engage.web.staff import refusing
from engage.web.staff.answers import Answer, Download, NotThere, See, Shown
from engage.web.staff.ask import Ask
from engage.web.staff.cookies import Seals
from engage.wording import sentence

#: A second factor is set up within so many seconds.
_SET_UP = 900
#: So many logins are shown, those used last.
_LOGINS = 50


def account(ask: Ask) -> Answer:
    """Show a user's own account."""
    me = ask.reader.id
    values = {
        "sessions": logins.sessions(ask.connection, me, ask.now, _LOGINS),
        "current": ask.reader.token,
        "second": proving.has_second(ask.connection, me),
        "wishes": wishes(ask.connection, me),
        "zones": sorted(zone_names()),
        "house_zone": str(ask.running.house.hours.zone),
    }
    return Shown("account.html", sentence("My account"), values)


def logins_csv(ask: Ask) -> Answer:
    """Give the own logins that go on as a file."""
    rows = (
        (each.agent, each.began_at, each.seen_at) for each in logins.sessions(ask.connection, ask.reader.id, ask.now)
    )
    return Download("logins.csv", csv_parts(("browser", "since", "last_used"), rows, ask.reader.zone))


def change_wishes(ask: Ask) -> Answer:
    """Remember how a user wants the pages."""
    locale = ask.field("locale")
    chosen = ask.field("zone")
    if chosen:
        try:
            zone(chosen)
        except ValueError as error:
            raise Refused(sentence("there is no time zone {name}", name=chosen)) from error
    keys, digest = bool(ask.field("shortcuts")), bool(ask.field("digest"))
    wanted = Wishes(locale if locale in ("en", "ja") else None, chosen or None, keys, digest)
    wish(ask.connection, ask.reader.id, wanted)
    return See("/account", sentence("your wishes are kept"))


def change_password(ask: Ask) -> Answer:
    """Change the password, for who knows the present one; all other logins end."""
    refusal = _unproven(ask)
    if refusal is not None:
        return refusal
    new = ask.form.get("new", ("",))[0]
    if new != ask.form.get("repeat", ("",))[0]:
        raise Refused(sentence("the two passwords are not the same"))
    proving.set_password(ask.connection, ask.reader.id, new, ask.now, but=ask.reader.token)
    _note(ask, "password_changed")
    return See("/account", sentence("your password is changed; your other logins have ended"))


def set_up_second(ask: Ask) -> Answer:
    """Show a new secret for an authenticator; it counts when a code of it was typed."""
    refusal = _unproven(ask)
    if refusal is not None:
        return refusal
    offer = second.offer(ask.reader.id, ask.running.workspace.company.name)
    return _offered(ask, offer)


def _offered(ask: Ask, offer: second.Offer, *, wrong: bool = False) -> Shown:
    picture = segno.make(offer.address, micro=False).svg_data_uri(scale=5, border=2)
    values = {
        "picture": picture,
        "secret": " ".join(offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4)),
        "sealed": _seals(ask).seal("offer", [ask.reader.id, offer.secret]),
        "wrong": wrong,
    }
    return Shown("second_new.html", sentence("A second factor"), values, 422 if wrong else 200)


def start_second(ask: Ask) -> Answer:
    """Ask for codes from now on, once one was typed rightly; show the spare codes."""
    match _seals(ask).unseal("offer", ask.field("sealed"), _SET_UP):
        case [str(user_id), str(secret)] if user_id == ask.reader.id:
            step = second.matches(secret, ask.field("code"), ask.now)
        case _:
            raise Refused(sentence("that took too long; begin again under My account"))
    if step is None:
        return _offered(ask, second.offer(ask.reader.id, ask.running.workspace.company.name, secret), wrong=True)
    keys = all_derived(ask.site.app.settings.secret_keys, "second")
    spare = second.start(ask.connection, keys, ask.reader.id, secret, ask.now, step)
    logins.end_all(ask.connection, ask.reader.id, "second_factor", ask.now, ask.reader.token)
    _note(ask, "second_factor_on")
    return Shown("second_spare.html", sentence("Your spare codes"), {"spare": spare})


def stop_second(ask: Ask) -> Answer:
    """Ask for no codes any more, for who knows the password."""
    refusal = _unproven(ask)
    if refusal is not None:
        return refusal
    second.stop(ask.connection, ask.reader.id, ask.now)
    _note(ask, "second_factor_off")
    return See("/account", sentence("no codes are asked for any more"))


def end_login(ask: Ask) -> Answer:
    """End one of the user's own logins."""
    token = b""
    with suppress(ValueError):
        token = bytes.fromhex(ask.path["token"])
    mine = {each.token for each in logins.sessions(ask.connection, ask.reader.id, ask.now)}
    if token not in mine:
        raise NotThere
    logins.end(ask.connection, token, "ended_by_user", ask.now)
    _note(ask, "login_ended")
    return See("/account", sentence("that login has ended"))


def _unproven(ask: Ask) -> Answer | None:
    """Return the refusal where the present password is not given: an open screen is not enough for this.

    A refusal is returned and not raised, so that its count and its line in the audit log are kept.
    """
    key = derived(ask.site.app.settings.secret_key or "", "attempts")
    who = attempts.attempt_within(key, "password", ask.reader.id, ask.client)
    if attempts.must_wait(ask.connection, who, ask.now):
        return refusing.refused(sentence("too many attempts; wait ten minutes and try again"), 429)
    if proving.is_password(ask.connection, ask.reader.id, ask.form.get("password", ("",))[0]):
        return None
    attempts.failed(ask.connection, who, ask.now)
    _note(ask, "password_refused")
    return refusing.refused(sentence("your present password is not right"))


def _note(ask: Ask, action: str) -> None:
    audit.note(ask.connection, ask.reader.addressee, action, ask.reader.addressee, ask.now)


def _seals(ask: Ask) -> Seals:
    return Seals(ask.site.app.settings.secret_keys)
