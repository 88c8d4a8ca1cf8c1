"""The second factor: codes by time (TOTP, RFC 6238), each good once, and spare codes for when the phone is gone."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyotp
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Connection, or_, select, update

from engage.sql import tables as t

#: A code lasts so many seconds; the one before and the one after count too, for clocks differ.
STEP, SLACK = 30, 1
_SPARE = 10
#: 50 bits: they are tried as slowly as passwords.
_SPARE_BYTES = 5


@dataclass(frozen=True, slots=True)
class Offer:
    """A second factor that is being set up."""

    secret: str
    #: what an authenticator reads from a picture
    address: str


def offer(user: str, company: str, secret: str = "") -> Offer:
    """Return a secret for an authenticator, new or as given."""
    kept = secret or pyotp.random_base32()
    return Offer(kept, pyotp.TOTP(kept).provisioning_uri(name=user, issuer_name=company))


def matches(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step that a code belongs to, if it is one of a secret's now."""
    plain = code.replace(" ", "").replace("-", "")
    if not plain.isascii() or not plain.isdecimal():
        return None
    totp, step = pyotp.TOTP(secret), int(now.timestamp()) // STEP
    for each in range(step - SLACK, step + SLACK + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(each), plain):
            return each
    return None


def start(
    connection: Connection, keys: Sequence[bytes], user_id: str, secret: str, now: datetime, step: int
) -> tuple[str, ...]:
    """Ask the user for codes from now on; return the spare codes, which are shown once.

    The first of the keys encrypts the secret; those that did before still open theirs.
    """
    spare = tuple(secrets.token_hex(_SPARE_BYTES) for _ in range(_SPARE))
    c = t.credentials
    values = {"second": _box(keys).encrypt(secret.encode()).decode(), "second_step": step, "spare": _kept(spare)}
    connection.execute(update(c).where(c.c.user_id == user_id).values(**values, changed_at=now))
    return spare


def stop(connection: Connection, user_id: str, now: datetime) -> None:
    """Ask the user for no codes any more."""
    c = t.credentials
    values = {"second": None, "second_step": None, "spare": None, "changed_at": now}
    connection.execute(update(c).where(c.c.user_id == user_id).values(**values))


def passes(connection: Connection, keys: Sequence[bytes], user_id: str, code: str, now: datetime) -> bool:
    """Tell whether a code lets a user in, and use it up: no code works twice.

    A secret that an older key encrypted is encrypted by the first from then on.
    """
    c = t.credentials
    asked = select(c.c.second, c.c.spare).where(c.c.user_id == user_id)
    row = connection.execute(asked).one_or_none()
    if row is None or row.second is None:
        return False
    try:
        secret = _box(keys).decrypt(row.second.encode()).decode()
    except InvalidToken:  # its secret key is gone: only a spare code or an administrator helps
        return _spent(connection, user_id, row.spare, code)
    step = matches(secret, code, now)
    if step is None:
        return _spent(connection, user_id, row.spare, code)
    unused = or_(c.c.second_step.is_(None), c.c.second_step < step)
    anew = _box(keys).rotate(row.second.encode()).decode()
    used = (
        update(c).where(c.c.user_id == user_id, c.c.second == row.second, unused).values(second_step=step, second=anew)
    )
    return connection.execute(used).rowcount == 1


def _spent(connection: Connection, user_id: str, kept: str | None, code: str) -> bool:
    """Use up a spare code, if it is one."""
    digests: list[str] = json.loads(kept) if kept else []
    digest = _digest(code.strip().lower())
    if digest not in digests:
        return False
    left = json.dumps([each for each in digests if each != digest])
    c = t.credentials
    used = update(c).where(c.c.user_id == user_id, c.c.spare == kept).values(spare=left)
    return connection.execute(used).rowcount == 1


def _kept(spare: tuple[str, ...]) -> str:
    return json.dumps([_digest(code) for code in spare])


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()


def _box(keys: Sequence[bytes]) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(key)) for key in keys])
