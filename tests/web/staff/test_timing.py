"""How long an answer takes tells nobody who has an account (S05): two hundred tries each, in turn, compared by rank."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from engage.accounts import passwords
from engage.clock import system_clock
from engage.sql import tables as t
from tests.support.staff import Staff, staffed
from tests.web.conftest import mailed
from tests.web.staff.test_coming_in import PASSWORD

TRIES = 200
#: How often the one may take longer than the other. Half is no difference; with two hundred of each, chance stays
#: within 0.15 of it. Who is not known being answered without hashing (50 ms less) is 0 or 1.
LEAST, MOST = 0.3, 0.7


@pytest.fixture
def staff(sqlite_engine: Engine, tmp_path: Path) -> Iterator[Staff]:
    """The pages behind a proxy that tells where each request comes from, so that nobody has to wait."""
    mailed(sqlite_engine)
    with staffed(sqlite_engine, tmp_path, trusted=("127.0.0.1",)) as pages:
        with sqlite_engine.begin() as connection:
            kept = {"user_id": "ann", "password": passwords.hashed(PASSWORD), "changed_at": system_clock()}
            connection.execute(insert(t.credentials).values(kept))
        yield pages


def longer(ask: Callable[[str, int], int], known: str, unknown: str, good: int) -> float:
    """Return how often a try with a known name took longer than one with an unknown name."""
    taken: dict[str, list[float]] = {known: [], unknown: []}
    for number in range(-10, TRIES):
        # Each is the first of the two as often as the other.
        for name in (known, unknown) if number % 2 else (unknown, known):
            begun = time.perf_counter()
            assert ask(name, number) == good
            if number >= 0:
                taken[name].append(time.perf_counter() - begun)
    pairs = [(a > b) + (a == b) / 2 for a in taken[known] for b in taken[unknown]]
    return sum(pairs) / len(pairs)


def address(name: str, number: int) -> str:
    return f"10.{len(name)}.{(number + 10) // 200}.{(number + 10) % 200 + 1}"


@pytest.mark.slow
@pytest.mark.parametrize("unknown", ["nob", "nobody-of-that-name@example.com"])
def test_a_login_takes_as_long_whoever_is_known(staff: Staff, unknown: str) -> None:
    """S05"""
    known = "ann@example.com" if "@" in unknown else "ann"

    def ask(name: str, number: int) -> int:
        fields = {"name": name, "password": "wrong horse battery staple"}
        return staff.post("/login", fields, as_="", X_Forwarded_For=address(name, number)).status

    assert LEAST < longer(ask, known, unknown, 401) < MOST


@pytest.mark.slow
def test_asking_for_a_new_password_takes_as_long_whoever_is_known(staff: Staff) -> None:
    """S05: what there is to do is done after the answer."""

    def ask(name: str, number: int) -> int:
        return staff.post("/reset", {"name": name}, as_="", X_Forwarded_For=address(name, number)).status

    assert LEAST < longer(ask, "ann@example.com", "somebody-else@example.com", 200) < MOST
