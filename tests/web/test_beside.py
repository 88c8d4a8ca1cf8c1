"""Work that outlasts a request: asked for many times, done once, its progress told."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest

from engage.errors import Refused
from engage.web.beside import Beside, Progress


@pytest.fixture
def beside() -> Iterator[Beside]:
    found = Beside()
    yield found
    found.close()


def test_long_work_is_begun_once_and_tells_how_far_it_is(beside: Beside) -> None:
    begun, halfway, go_on = [], Event(), Event()

    def count(told: Progress) -> int:
        begun.append(1)
        told(0.5)
        halfway.set()
        go_on.wait(30)
        return 7

    assert not beside.ask("people", count).done
    assert halfway.wait(30)
    job = beside.ask("people", count)
    assert (job.done, job.share) == (False, 0.5)
    go_on.set()
    assert job.future.result(30) == 7
    assert beside.ask("people", count).value == 7
    assert len(begun) == 1


def test_what_goes_wrong_is_told_to_who_asks(beside: Beside) -> None:
    def refused(told: Progress) -> int:
        raise Refused("it was stopped")

    job = beside.ask("x", refused)
    with pytest.raises(Refused, match="it was stopped"):
        job.future.result(30)


def test_an_answer_grows_old(beside: Beside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engage.web.beside.KEPT", -1.0)
    numbers = iter(range(9))
    for expected in range(3):
        assert beside.ask("x", lambda _: next(numbers)).future.result(30) == expected
