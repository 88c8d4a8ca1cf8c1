"""The team, for administrators: who is in it, in which role, and who may come in."""

from __future__ import annotations

from collections.abc import Mapping

from engage.accounts import audit, invitations, logins, proving, second
from engage.accounts.roles import ROLES, Role
from engage.errors import Refused
from engage.intake.users import add_user, change_role, disable_user, enable_user
from engage.problem import unknown
from engage.reports.accounts import accounts
from engage.reports.csvout import csv_parts
from engage.reports.users import list_users, user_locale
from engage.web.staff.answers import Answer, Download, NotThere, See, Shown
from engage.web.staff.ask import Ask
from engage.web.staff.letters import password_letter
from engage.wording import Sentence, sentence

COLUMNS = ("id", "name", "email", "role", "department", "job_title", "enabled", "may_come_in", "second_factor",
           "logins", "last_login")  # fmt: skip
#: The roles as readers call them.
ROLE_NAMES: Mapping[Role, Sentence] = {
    "admin": sentence("Administrator"),
    "marketer": sentence("Marketer"),
    "sales": sentence("Sales"),
    "viewer": sentence("Viewer"),
}
_LONGEST = 200
#: Users on a page.
_PAGE = 50


def team(ask: Ask) -> Answer:
    """Show everybody, page by page, or those whose id or name contains a text."""
    wanted, after = ask.query.get("q", "").strip()[:_LONGEST], ask.query.get("after", "")[:_LONGEST]
    found = accounts(ask.connection, after=after, limit=_PAGE + 1, containing=wanted)
    more = found[_PAGE - 1].member.id if len(found) > _PAGE else ""
    files = set(ask.running.workspace.team.users)
    pairs = [(role, said.read(ask.locale)) for role, said in ROLE_NAMES.items()]
    values = {
        "accounts": found[:_PAGE], "more": more, "q": wanted, "files": files, "roles": ROLES, "say_role": ROLE_NAMES,
        "role_pairs": pairs,
    }  # fmt: skip
    return Shown("team.html", sentence("Team"), values)


def team_csv(ask: Ask) -> Answer:
    """Give the same as CSV."""
    rows = (
        (
            each.member.id, each.member.name, each.member.email, each.member.role, each.member.department,
            each.member.job_title, each.member.enabled, each.proven, each.second, each.logins, each.last_login,
        )
        for each in accounts(ask.connection)
    )  # fmt: skip
    return Download("team.csv", csv_parts(COLUMNS, rows, ask.reader.zone))


def add(ask: Ask) -> Answer:
    """Add a user, and invite."""
    user_id = ask.field("id")[:_LONGEST]
    values = {name: ask.field(name)[:_LONGEST] or None for name in ("name", "email", "role")}
    add_user(ask.connection, user_id, values)
    _note(ask, "user_added", user_id, role=values["role"] or "sales")
    return _invited(ask, user_id, new=True)


def invite(ask: Ask) -> Answer:
    """Make a new link by which a user chooses a password."""
    return _invited(ask, _user(ask), new=not proving.is_proven(ask.connection, _user(ask)))


def _invited(ask: Ask, user_id: str, *, new: bool) -> Answer:
    number = invitations.invite(ask.connection, "welcome", user_id, ask.now)
    member = next(each for each in list_users(ask.connection) if each.id == user_id)
    _note(ask, "user_invited", user_id)
    if member.email:
        locale = user_locale(ask.connection, user_id) or ask.running.house.locale
        password_letter(ask.connection, user_id, number, "ja" if locale == "ja" else "en", ask.now, new=new)
        return See("/team", sentence("{user} gets a link by mail", user=user_id))
    settings = ask.site.app.settings
    link = invitations.come_in(settings.base_url, settings.secret_key or "", number)
    values = {"user": user_id, "link": link}
    return Shown("team_link.html", sentence("A link for {user}", user=user_id), values)


def set_role(ask: Ask) -> Answer:
    """Give a user another role; the user's logins end."""
    user_id, role = _user(ask), ask.field("role")
    if role not in ROLES:
        raise Refused(unknown("the role", role, ROLES))
    _not_me(ask, user_id)
    if user_id in ask.running.workspace.team.users:
        raise Refused(sentence("the role of {user} stands in team.yaml; change it there and apply", user=user_id))
    before = change_role(ask.connection, user_id, role)
    logins.end_all(ask.connection, user_id, "role", ask.now)
    _note(ask, "role_changed", user_id, before=before, after=role)
    return See("/team", sentence("{user} is {role} now", user=user_id, role=role))


def disable(ask: Ask) -> Answer:
    """Let a user come in no more; what the user owns stays."""
    user_id = _user(ask)
    _not_me(ask, user_id)
    disable_user(ask.connection, user_id)
    logins.end_all(ask.connection, user_id, "disabled", ask.now)
    _note(ask, "user_disabled", user_id)
    return See("/team", sentence("{user} can come in no more", user=user_id))


def enable(ask: Ask) -> Answer:
    """Let a user come in again."""
    user_id = _user(ask)
    enable_user(ask.connection, user_id)
    _note(ask, "user_enabled", user_id)
    return See("/team", sentence("{user} can come in again", user=user_id))


def end_logins(ask: Ask) -> Answer:
    """End all of a user's logins."""
    user_id = _user(ask)
    count = logins.end_all(ask.connection, user_id, "ended_by_user", ask.now)
    _note(ask, "logins_ended", user_id, count=str(count))
    return See("/team", sentence("logins of {user} that have ended: {count}", user=user_id, count=count))


def drop_second(ask: Ask) -> Answer:
    """Ask a user for no codes any more: the phone is gone."""
    user_id = _user(ask)
    second.stop(ask.connection, user_id, ask.now)
    logins.end_all(ask.connection, user_id, "second_factor", ask.now)
    _note(ask, "second_factor_off", user_id)
    return See("/team", sentence("{user} is asked for no codes any more", user=user_id))


def _user(ask: Ask) -> str:
    """Return the user whom an address names. Raises NotThere for one who is not there."""
    user_id = ask.path["id"]
    if all(member.id != user_id for member in list_users(ask.connection)):
        raise NotThere
    return user_id


def _not_me(ask: Ask, user_id: str) -> None:
    """Raise Refused where an administrator would lock the own door."""
    if user_id == ask.reader.id:
        raise Refused(sentence("not to yourself: another administrator can do that"))


def _note(ask: Ask, action: str, user_id: str, **detail: str) -> None:
    audit.note(ask.connection, ask.reader.addressee, action, f"user:{user_id}", ask.now, detail)
