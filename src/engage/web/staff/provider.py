"""The identity provider, by OpenID Connect: the way to it, and what it says of who comes back.

Authorization code flow with PKCE (RFC 7636), state and nonce; the ID token's signature, issuer, audience, times and
nonce are checked with the keys that the provider publishes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engage.accounts.identity import Identity
from engage.accounts.keys import new_token
from engage.errors import Outside
from engage.settings import Settings
from engage.web.abroad import SECONDS, Published
from engage.wording import sentence

#: Clocks of machines differ by so much, in seconds.
_LEEWAY = 60


@dataclass(frozen=True, slots=True)
class Way:
    """A way to the provider: where, and what must come back."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider."""

    issuer: str
    client_id: str
    secret: str
    #: where it sends users back to
    back: str
    #: what it publishes of itself
    published: Published[Any]

    def way(self) -> Way:
        """Return a new way to it. Raises Outside where it is away."""
        state, nonce, verifier = new_token(), new_token(), new_token() + new_token()
        about = self._about()
        with self._client() as client:
            address, _ = client.create_authorization_url(
                about["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
            )
        return Way(str(address), state, nonce, verifier)

    def identity(self, code: str, nonce: str, verifier: str) -> Identity:
        """Return who came back. Raises Outside where that cannot be told for sure."""
        about = self._about()
        try:
            with self._client() as client:
                told = client.fetch_token(about["token_endpoint"], code=code, code_verifier=verifier)
                claims = self._claims(told["id_token"], about["jwks_uri"])
                self._checked(claims, nonce)
                if "email" not in claims and "userinfo_endpoint" in about:
                    more = client.get(about["userinfo_endpoint"]).raise_for_status().json()
                    claims = {**more, **claims} if more.get("sub") == claims["sub"] else claims
        except _faults() as error:
            raise _away(error) from error
        verified = claims.get("email_verified") is True
        return Identity(self.issuer, str(claims["sub"]), str(claims.get("email") or ""), verified)

    def _claims(self, text: str, address: str) -> Mapping[str, Any]:
        """Return what a token says, signed with a key that stands at an address."""
        try:
            return _decoded(text, self.published.read(address))
        except _faults():  # it may have other keys since they were read
            self.published.forget(address)
            return _decoded(text, self.published.read(address))

    def _checked(self, claims: Mapping[str, Any], nonce: str) -> None:
        from joserfc.jwt import JWTClaimsRegistry

        wanted = {"iss": self.issuer, "aud": self.client_id, "nonce": nonce}
        options: Any = {name: {"essential": True, "value": value} for name, value in wanted.items()}
        registry = JWTClaimsRegistry(leeway=_LEEWAY, **options, sub={"essential": True}, exp={"essential": True})
        registry.validate(dict(claims))

    def _about(self) -> Mapping[str, str]:
        """Return where the provider does what, as it publishes itself."""
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            about: Mapping[str, str] = self.published.read(address)
            if about["issuer"].rstrip("/") != self.issuer.rstrip("/"):
                raise ValueError("it calls itself by another name")
        except _faults() as error:
            self.published.forget(address)
            raise _away(error) from error
        return about

    def _client(self) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client

        return OAuth2Client(
            self.client_id,
            self.secret,
            scope="openid email",
            redirect_uri=self.back,
            code_challenge_method="S256",
            timeout=SECONDS,
        )


_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]


def provider(settings: Settings, published: Published[Any]) -> Provider | None:
    """Return the provider that the environment names, if it names one."""
    if not settings.oidc_issuer:
        return None
    back = f"{settings.base_url.rstrip('/')}/login/back"
    return Provider(settings.oidc_issuer, settings.oidc_client or "", settings.oidc_secret or "", back, published)


def _decoded(text: str, keys: Any) -> Mapping[str, Any]:
    from joserfc import jwt
    from joserfc.jwk import KeySet

    claims: Mapping[str, Any] = jwt.decode(text, KeySet.import_key_set(keys), algorithms=_ALGORITHMS).claims
    return claims


def _faults() -> tuple[type[Exception], ...]:
    """Return what is raised where the provider is away, or says what cannot be."""
    from authlib.common.errors import AuthlibBaseError
    from httpx2 import HTTPError
    from joserfc.errors import JoseError

    return (AuthlibBaseError, JoseError, HTTPError, OSError, KeyError, ValueError, TypeError)


def _away(error: Exception) -> Outside:
    return Outside(sentence("the identity provider did not say who you are ({why})", why=type(error).__name__))
