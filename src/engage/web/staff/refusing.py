"""The staff pages' answers to what cannot be: not logged in, not allowed, not there, refused."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from starlette.responses import Response

from engage.web.staff.answers import Answer, Fragment, See, Shown
from engage.web.staff.ask import Visit
from engage.web.staff.broken import SECRETS
from engage.web.staff.cookies import Seals
from engage.wording import Sentence, sentence

#: What people type into forms, as it is shown to them once more; what stands in no field of theirs is not.
FIELD_WORDS: Mapping[str, Sentence] = {
    "outcome": sentence("Outcome"),
    "note": sentence("Note"),
    "next": sentence("Next ToDo"),
    "zone": sentence("Time zone"),
    "id": sentence("User id"),
    "name": sentence("Name"),
    "email": sentence("E-mail address"),
}
#: What was typed is carried through a login so long, in seconds.
KEPT = 3_600
_GUARD = "guard"


def stranger(visit: Visit, seals: Seals, *, posted: bool) -> Answer:
    """Return the answer to somebody without a login: the way to it, and afterwards on to what was asked for.

    What a form held is kept: its reader logs in and sends it again. A token that is no login's is taken away, but not
    by a part of a page: its answer may come after that of a login in another window.
    """
    if visit.is_fragment:  # the page stays as it is, with all that is typed in it, and asks for the login itself
        return login_page(status=401, part=True)
    token = "" if visit.token else None
    if not posted:
        return See(f"/login?next={quote(visit.asked, safe='')}", token=token)
    words = sentence("your login has ended; log in, and nothing you typed is lost")
    return login_page(kept=seals.seal("form", form_of(visit)), said=words, status=401, token=token)


def form_of(visit: Visit) -> list[object]:
    """Return what a form held, as JSON has it."""
    return [visit.asked, [[name, value] for name, values in visit.form.items() if name != _GUARD for value in values]]


def form_again(seals: Seals, kept: str) -> tuple[str, list[tuple[str, str]]] | None:
    """Return the address and the fields of a form that was kept through a login."""
    match seals.unseal("form", kept, KEPT):
        case [str(path), list(pairs)]:
            return path, [(str(name), str(value)) for name, value in pairs]
    return None


def login_page(
    *,
    kept: str = "",
    onward: str = "",
    said: Sentence | None = None,
    name: str = "",
    status: int = 200,
    part: bool = False,
    token: str | None = None,
) -> Shown | Fragment:
    """Return the page of the login, or its form alone for a page that is open.

    ``kept`` is a form to go on with, ``onward`` the page that was asked for, ``token`` an empty
    text where the browser holds one that is no login's.
    """
    values: Mapping[str, object] = {"kept": kept, "onward": onward, "said": said, "name": name, "part": part}
    if part:
        return Fragment("login_form.html", values, status)
    return Shown("login.html", sentence("Log in"), values, status, token)


def fitting(answer: Answer, visit: Visit) -> Answer:
    """Return a refusal as it fits: where a part of a page was asked for, a sentence in its place."""
    if not visit.is_fragment or not isinstance(answer, Shown) or answer.template != "notice.html":
        return answer
    return Fragment("part_refused.html", {"said": answer.title, **answer.values}, answer.status)


def notice(title: Sentence, text: Sentence, status: int) -> Shown:
    """Return a page that says why there is no other."""
    return Shown("notice.html", title, {"text": text}, status)


def not_allowed() -> Shown:
    """Return the page for who may not."""
    text = sentence("Your role does not allow this. An administrator can change that.")
    return notice(sentence("Not for your role"), text, 403)


def not_there() -> Shown:
    """Return the page for an address that leads to nothing, or to nothing that the reader may see."""
    text = sentence("It was removed, or it is not yours to see.")
    return notice(sentence("There is nothing here"), text, 404)


def too_old(visit: Visit, guard: str) -> Shown:
    """Return the page for a form that a page of ours sent, but one of an earlier login: it can be sent again."""
    if not visit.form.keys() - {_GUARD} or SECRETS & visit.form.keys():
        return not_ours()
    fields = [(name, value) for name, values in visit.form.items() if name != _GUARD for value in values]
    return go_on(visit.asked, fields, guard, status=403)


def go_on(
    path: str, fields: list[tuple[str, str]], guard: str, *, status: int = 200, token: str | None = None
) -> Shown:
    """Return the page that shows what somebody typed before a login, to be sent or not."""
    told = [(FIELD_WORDS[name], value) for name, value in fields if name in FIELD_WORDS and value.strip()]
    values = {"path": path, "fields": fields, "told": told, "new_guard": guard}
    return Shown("again.html", sentence("Go on where you were"), values, status, token)


def not_ours() -> Shown:
    """Return the page for a form that none of our pages sent, or one that is too old."""
    text = sentence("Nothing was changed. Go back, load the page anew and try again.")
    return notice(sentence("This form is too old, or was not sent by a page of engage"), text, 403)


def refused(why: Sentence, status: int = 422) -> Shown:
    """Return the page for what was asked but cannot be done; nothing was changed."""
    return notice(sentence("That was not done"), why, status)


def clear(response: Response) -> Response:
    """Say to the browser that nothing of a login is to stay."""
    response.headers["clear-site-data"] = '"cache"'
    return response
