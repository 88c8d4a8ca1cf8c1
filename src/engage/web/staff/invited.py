"""Links that work once: becoming the first administrator, beginning as a new user, a new password."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Connection

from engage.accounts import audit, invitations, logins, proving
from engage.accounts.attempts import Try, attempt, failed, must_wait
from engage.accounts.entering import Known, find
from engage.accounts.invitations import Invitation, invitation_keys
from engage.accounts.keys import derived
from engage.errors import Refused
from engage.intake.users import add_user
from engage.reports.users import user_locale
from engage.sql.connect import reading
from engage.web.staff import refusing
from engage.web.staff.answers import Answer, NotThere, See, Shown
from engage.web.staff.ask import Visit
from engage.web.staff.letters import password_letter
from engage.wording import Sentence, sentence

#: A user is sent a link at most so often.
_PAUSE = timedelta(minutes=5)
_LONGEST = 200


def come_in(visit: Visit) -> Answer:
    """Show what a link is for: choosing a password, and for the first administrator a name."""
    with reading(visit.site.app.engine).begin() as connection:
        one = _invitation(connection, visit)
        return _page(connection, one, {})


def came_in(visit: Visit) -> Answer:
    """Set the password, let the user in, and use the link up; a mistake shows the page again."""
    engine = visit.site.app.engine
    try:
        with engine.begin() as connection:
            one = _invitation(connection, visit)
            user_id = one.user_id or _first(connection, visit)
            password = visit.form.get("password", ("",))[0]
            if password != visit.form.get("repeat", ("",))[0]:
                raise Refused(sentence("the two passwords are not the same"))
            proving.set_password(connection, user_id, password, visit.now)
            known = find(connection, user_id)
            if known is None or not invitations.use(connection, one, visit.now):
                raise NotThere
            audit.note(connection, f"user:{user_id}", f"password_set_{one.purpose}", f"user:{user_id}", visit.now)
            return _let_in(connection, known, visit)
    except Refused as error:
        with reading(engine).begin() as connection:
            return _page(connection, _invitation(connection, visit), _typed(visit), error.message)


def _let_in(connection: Connection, known: Known, visit: Visit) -> Answer:
    """Let a user in; where codes are asked for, these still are."""
    if known.second is not None:
        return See("/login", sentence("your password is changed; log in"))
    token = logins.begin(connection, known.id, known.role, "invitation", visit.agent, visit.now, visit.token)
    return See("/", sentence("welcome"), token=token)


def _invitation(connection: Connection, visit: Visit) -> Invitation:
    keys = invitation_keys(visit.site.app.settings.secret_keys)
    one = invitations.invitation(connection, keys, visit.path["token"], visit.now)
    if one is None or (one.purpose == "first" and proving.is_settled(connection)):
        raise NotThere
    return one


def _first(connection: Connection, visit: Visit) -> str:
    """Make the first administrator, or take the one whom team.yaml names."""
    typed = _typed(visit)
    user_id = typed["id"]
    known = find(connection, user_id) if user_id else None
    if known is not None and known.role == "admin":
        return known.id
    if known is not None:
        raise Refused(sentence("{id} is a user already, of another role; take another id", id=user_id))
    email = typed["email"] or None
    add_user(connection, user_id, {"name": typed["name"], "email": email, "role": "admin"})
    return user_id


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.field(name)[:_LONGEST] for name in ("id", "name", "email")}


def _page(connection: Connection, one: Invitation, typed: Mapping[str, str], said: Sentence | None = None) -> Shown:
    known = find(connection, one.user_id) if one.user_id else None
    if one.user_id and known is None:
        raise NotThere
    values = {"first": one.purpose == "first", "user": one.user_id or "", "typed": typed, "said": said}
    return Shown("come_in.html", sentence("Welcome to engage"), values, 200 if said is None else 422)


def forgot(visit: Visit) -> Answer:  # noqa: ARG001 - as every handler
    """Ask who forgot the password."""
    return Shown("reset.html", sentence("A new password"))


def send_reset(visit: Visit) -> Answer:
    """Have a link sent to who forgot the password; neither words nor time tell whether anybody has that name."""
    name = visit.field("name")[:_LONGEST]
    who = attempt(derived(visit.site.app.settings.secret_key or "", "attempts"), f"reset {name.lower()}", visit.client)
    visit.site.later(lambda connection: _reset(connection, visit, name, who))
    text = sentence("If engage knows you and your address, a mail with a link is on its way. It works for an hour.")
    return refusing.notice(sentence("A new password"), text, 200)


def _reset(connection: Connection, visit: Visit, name: str, who: Try) -> None:
    """Queue the link for who has an address; a link of a welcome, perhaps told by other ways than mail, still works."""
    if must_wait(connection, who, visit.now):
        return
    failed(connection, who, visit.now)
    known = find(connection, name)
    if known is None or not known.email or invitations.invited_since(connection, known.id, visit.now - _PAUSE):
        return
    number = invitations.invite(connection, "reset", known.id, visit.now)
    locale = user_locale(connection, known.id) or visit.running.house.locale
    password_letter(connection, known.id, number, "ja" if locale == "ja" else "en", visit.now, new=False)
    audit.note(connection, "nobody", "reset_asked", f"user:{known.id}", visit.now)
