"""Coming in and going out: the login page, with what it carries on to where the reader wanted to be."""

from __future__ import annotations

from dataclasses import replace

from engage.accounts import audit, logins
from engage.accounts.attempts import attempt, attempt_of_half, attempt_within
from engage.accounts.entering import Asked, Half, enter, enter_by_code
from engage.accounts.keys import all_derived, derived
from engage.sql.connect import reading
from engage.web.staff import refusing
from engage.web.staff.answers import Answer, Fragment, See, Shown
from engage.web.staff.ask import Ask, Visit
from engage.web.staff.cookies import Seals
from engage.web.staff.origin import guard_of, own_path
from engage.wording import Sentence, sentence

#: Where the pages begin.
HOME = "/"
#: Nobody's name or password is longer.
_LONGEST = 1_000
#: A code is asked for so long after the password was right, in seconds.
_HALF_LASTS = 300
_WRONG = sentence("the name or the password is not right")
_WAIT = sentence("too many attempts; wait ten minutes and try again")
_CODE = sentence("that code is not right, or was used before; wait for the next one")
_OVER = sentence("too many codes were wrong; give your password again")


def login(visit: Visit) -> Answer:
    """Show the login page; who is in already goes on."""
    onward = own_path(visit.query.get("next", ""), HOME)
    with reading(visit.site.app.engine).begin() as connection:
        known = logins.current(connection, visit.token, visit.now) if visit.token else None
    return See(onward) if known is not None else refusing.login_page(onward=onward)


def log_in(visit: Visit) -> Answer:
    """Let somebody in by name and password; where a second factor is set up, ask for its code."""
    name = visit.field("name")[:_LONGEST]
    asked = _asked(visit, name.lower(), visit.form.get("password", ("",))[0])
    match enter(visit.site.app.engine, replace(asked, name=name), visit.now):
        case Half() as half:
            return _code_page(visit, _seals(visit).seal("half", [half.user_id, half.changed_at, half.number]))
        case "wrong" | "wait" as refusal:
            said, status = (_WRONG, 401) if refusal == "wrong" else (_WAIT, 429)
            return _login_again(visit, said, name, status)
        case token:
            return _onward(visit, token)


def log_in_by_code(visit: Visit) -> Answer:
    """Let somebody in who gave the right password a moment ago, by the code of the second factor."""
    sealed = visit.field("half")
    match _seals(visit).unseal("half", sealed, _HALF_LASTS):
        case [str(user_id), int(changed_at), str(number)]:
            half = Half(user_id, changed_at, number)
        case _:
            return _login_again(visit)
    keys = all_derived(visit.site.app.settings.secret_keys, "second")
    match enter_by_code(visit.site.app.engine, keys, half, _asked_code(visit, half), visit.now):
        case "over":
            return _login_again(visit, _OVER, status=429)
        case "wrong" | "wait" as refusal:
            said, status = (_CODE, 401) if refusal == "wrong" else (_WAIT, 429)
            return _code_page(visit, sealed, said, status)
        case token:
            return _onward(visit, token)


def _login_again(visit: Visit, said: Sentence | None = None, name: str = "", status: int = 200) -> Answer:
    kept, onward = visit.field("kept"), visit.field("onward")
    return refusing.login_page(kept=kept, onward=onward, said=said, name=name, status=status, part=visit.is_fragment)


def _code_page(visit: Visit, half: str, said: Sentence | None = None, status: int = 200) -> Answer:
    values: dict[str, object] = {"half": half, "kept": visit.field("kept"), "onward": visit.field("onward")}
    values |= {"said": said, "part": visit.is_fragment}
    if visit.is_fragment:
        return Fragment("second_form.html", values, status)
    return Shown("second.html", sentence("Your code"), values, status)


def _onward(visit: Visit, token: str) -> Answer:
    """Go on to where somebody wanted to be; a form that was under way is shown, to be sent again.

    A page that was open meanwhile learns who came in, and the token that its forms carry from now on.
    """
    if visit.is_fragment:
        with reading(visit.site.app.engine).begin() as connection:
            login = logins.current(connection, token, visit.now)
        who = "" if login is None else login.user_id
        return Fragment("login_done.html", {"who": who, "new_guard": guard_of(_secret_key(visit), token)}, 200, token)
    form = refusing.form_again(_seals(visit), visit.field("kept"))
    if form is None:
        return See(own_path(visit.field("onward"), HOME), token=token)
    path, fields = form
    return refusing.go_on(own_path(path, HOME), fields, guard_of(_secret_key(visit), token), token=token)


def _asked(visit: Visit, account: str, secret: str) -> Asked:
    who = attempt(derived(_secret_key(visit), "attempts"), account, visit.client)
    return Asked(account, secret, visit.agent, who, before=visit.token)


def _asked_code(visit: Visit, half: Half) -> Asked:
    key = derived(_secret_key(visit), "attempts")
    who = attempt_within(key, "code", half.user_id, visit.client)
    code = visit.field("code")[:_LONGEST]
    return Asked(half.user_id, code, visit.agent, who, attempt_of_half(key, half.number), visit.token)


def _secret_key(visit: Visit) -> str:
    secret_key = visit.site.app.settings.secret_key
    assert secret_key is not None, "checked when the site was put together"
    return secret_key


def _seals(visit: Visit) -> Seals:
    return Seals(visit.site.app.settings.secret_keys)


def log_out(ask: Ask) -> Answer:
    """End the login."""
    logins.end(ask.connection, ask.reader.token, "logged_out", ask.now)
    audit.note(ask.connection, ask.reader.addressee, "logged_out", ask.reader.addressee, ask.now)
    return See("/login", sentence("you are logged out"), token="")
