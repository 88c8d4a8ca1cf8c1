"""Coming in by an identity provider: there, and back."""

from __future__ import annotations

from engage.accounts import audit, logins
from engage.accounts.identity import known_as
from engage.accounts.keys import same
from engage.web.staff import refusing
from engage.web.staff.answers import Answer, Away, NotThere, See
from engage.web.staff.ask import Visit
from engage.web.staff.cookies import Seals
from engage.web.staff.origin import own_path
from engage.web.staff.provider import Provider, provider
from engage.wording import sentence

_LASTS = 900
_LONGEST = 2_000


def go(visit: Visit) -> Answer:
    """Lead to the provider; the browser keeps, sealed, what must come back."""
    way = _provider(visit).way()
    onward = own_path(visit.query.get("next", ""), "/")
    return Away(way.address, _seals(visit).seal("away", [way.state, way.nonce, way.verifier, onward]))


def back(visit: Visit) -> Answer:
    """Let in who comes back as somebody known here."""
    found, settings = _provider(visit), visit.site.app
    match _seals(visit).unseal("away", visit.kept, _LASTS):
        case [str(state), str(nonce), str(verifier), str(onward)] if same(state, visit.query.get("state", "")):
            pass
        case _:
            said = sentence("that took too long, or was begun elsewhere; try again")
            return refusing.login_page(said=said, status=401)
    identity = found.identity(visit.query.get("code", "")[:_LONGEST], nonce, verifier)
    with settings.engine.begin() as connection:
        known = known_as(connection, identity, visit.now)
        if known is None:
            audit.note(connection, "nobody", "login_refused", "nobody", visit.now, {"why": "unknown identity"})
            said = sentence("nobody here has your address; ask an administrator to add you")
            return refusing.login_page(said=said, status=401)
        token = logins.begin(connection, known.id, known.role, "oidc", visit.agent, visit.now, visit.token)
    return See(own_path(onward, "/"), token=token)


def _provider(visit: Visit) -> Provider:
    """Return the provider. Raises NotThere without one."""
    found = provider(visit.site.app.settings, visit.site.abroad.published)
    if found is None:
        raise NotThere
    return found


def _seals(visit: Visit) -> Seals:
    return Seals(visit.site.app.settings.secret_keys)
