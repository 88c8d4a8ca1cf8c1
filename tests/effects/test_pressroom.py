"""Rendering in a process of its own: what never ends, and what wants too much, fails alone (FAULTS B30, S24)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engage.effects.delivery import deliver
from engage.effects.failure import Failure
from engage.effects.post import Delivered
from engage.effects.pressroom import Outcome, Pressroom
from engage.effects.rendering import Rendered, Sheet
from engage.errors import Outside
from engage.language.shelf import Shelf
from tests.effects.mailroom import (
    HELLO,
    NOW,
    Watcher,
    add_message,
    add_people,
    add_prospect,
    message_rows,
    post,
    set_custom,
    template,
    text_of,
    unchecked,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no clock that ends a process")
#: Goes round for minutes within all bounds of rounds and lengths.
ENDLESS = "{% for i in range(90000) %}{% set x = prospect.notes | replace('b', 'c') %}{% endfor %}"
GREEDY = "{% set a = prospect.notes | upper %}" + "".join(
    f"{{% set x{i} = a | replace('y', '{i}') | lower | title %}}" for i in range(12)
)


@pytest.fixture
def room() -> Iterator[Pressroom]:
    made = Pressroom("Asia/Tokyo", Shelf((("partials/f.html", "<i>{{ prospect.last_name }}</i>"),)))
    yield made
    made.close()


def sheet(body: str) -> Sheet:
    return Sheet("Hello {{ prospect.last_name }}", None, body, "en")


def names(**fields: object) -> dict[str, object]:
    return {
        "prospect": {"last_name": "Sato", "notes": "a" * 400_000, **fields},
        "sender": {"name": "Example", "email": "m@example.com", "address": "Tokyo"},
        "owner": {"name": None},
        "scenario": {"name": None},
        "unsubscribe_url": "https://m.example.com/u/1",
        "preferences_url": "https://m.example.com/p/1",
        "view_url": "https://m.example.com/v/1",
    }


def attempts(room: Pressroom, *jobs: tuple[Sheet, dict[str, object]]) -> list[Outcome]:
    return list(room.attempts([(*job, None) for job in jobs]))


def process_of(room: Pressroom) -> subprocess.Popen[bytes]:
    assert room._child is not None
    return room._child.process


def said(outcome: Outcome) -> str:
    return str(outcome.why) if isinstance(outcome, Failure) else outcome.subject


def test_values_arrive_as_they_are(room: Pressroom) -> None:
    body = "{{ prospect.day | date }}|{{ prospect.at | time }}|{{ prospect.none | default('-') }}|{{ prospect.n + 1 }}"
    at = datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
    outcome = attempts(
        room, (sheet(body), names(day=date(2026, 12, 1), at=at, none=None, n=1, last_name="佐藤\ud800"))
    )[0]
    assert isinstance(outcome, Rendered)
    assert outcome.text.startswith("2026-12-01|10:30|-|2")
    assert outcome.unsubscribe_url == "https://m.example.com/u/1"


def test_a_room_may_print_what_it_renders(room: Pressroom) -> None:
    """The child makes the mail's body; it is that of what people read."""
    printing = Pressroom("Asia/Tokyo", Shelf(), printed=True)
    try:
        jobs = [(sheet("<style>p {color: red}</style><p>Dear {{ prospect.last_name }},</p>"), names(last_name=each))
                for each in ("Sato", "佐藤", "O'Neil", "")]  # fmt: skip
        shown = attempts(room, *jobs)
        assert attempts(printing, *jobs) == [one.printed() for one in shown if isinstance(one, Rendered)]
        assert len(shown) == 4
    finally:
        printing.close()


def test_what_never_ends_fails_alone(room: Pressroom) -> None:
    """FAULTS B30, S24."""
    good, bad = (sheet("{% include 'partials/f.html' %}"), names()), (sheet(ENDLESS), names())
    assert [said(each) for each in attempts(room, good, bad, good)] == [
        "Hello Sato",
        "it takes longer than 1 s",
        "Hello Sato",
    ]


def test_a_template_that_never_ends_is_set_aside(room: Pressroom) -> None:
    good, bad = (sheet(HELLO), names()), (sheet(ENDLESS), names())
    told = [said(each) for each in attempts(room, bad, bad, bad, good, *[bad] * 10)]
    assert told[:4] == ["it takes longer than 1 s"] * 3 + ["Hello Sato"]
    # One good template between them changes nothing for the bad one.
    assert set(told[4:]) == {"its template never came to an end, 3 times"}


def test_of_many_messages_those_that_end_their_process_fail_alone(room: Pressroom) -> None:
    """Answers come in groups: those that are lost with a process are made again, each in its place."""
    bad = {25, 26}
    jobs = [(sheet(ENDLESS if key in bad else HELLO), names(last_name=str(key))) for key in range(45)]
    told = [said(each) for each in attempts(room, *jobs)]
    assert [key for key, text in enumerate(told) if text == "it takes longer than 1 s"] == sorted(bad)
    assert [text for key, text in enumerate(told) if key not in bad] == [
        f"Hello {key}" for key in range(45) if key not in bad
    ]


def test_long_answers_do_not_stand_in_one_another_s_way(room: Pressroom) -> None:
    """More than pipes hold, and more than is kept together, in both directions."""
    body = "{{ prospect.notes }}" * 4
    told = list(room.attempts([(sheet(body), names(last_name=str(key)), None) for key in range(45)]))
    assert [said(each) for each in told] == [f"Hello {key}" for key in range(45)]
    assert {len(each.text) for each in told if isinstance(each, Rendered)} == {
        1_600_000 + len("\n\n--\nExample\nTokyo\nUnsubscribe (https://m.example.com/u/1)")
    }


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere memory is not bounded")
def test_what_wants_too_much_memory_fails_alone(room: Pressroom) -> None:
    greedy = (sheet(GREEDY), names(notes="🎉" * 4_900_000))
    told = [said(each) for each in attempts(room, greedy, (sheet(HELLO), names()))]
    assert told[0] in ("it takes more memory than a template may have", "it takes longer than 1 s")
    assert told[1] == "Hello Sato"


def test_a_child_that_is_killed_is_replaced_and_nobody_is_blamed(room: Pressroom) -> None:
    assert said(attempts(room, (sheet(HELLO), names()))[0]) == "Hello Sato"
    child = process_of(room)
    os.kill(child.pid, signal.SIGKILL)
    assert [said(each) for each in attempts(room, *[(sheet(HELLO), names())] * 3)] == ["Hello Sato"] * 3


def test_a_child_outlives_what_is_meant_for_its_parent(room: Pressroom) -> None:
    """A stop of the whole group, as a service manager sends it, lets the delivery drain."""
    attempts(room, (sheet(HELLO), names()))
    child = process_of(room)
    os.kill(child.pid, signal.SIGTERM)
    assert said(attempts(room, (sheet(HELLO), names()))[0]) == "Hello Sato"
    assert process_of(room) is child


def test_answers_that_nobody_takes_go_to_nobody_else(room: Pressroom) -> None:
    first = room.attempts([(sheet(HELLO), names(last_name=str(number)), None) for number in range(20)])
    assert said(next(first)) == "Hello 0"
    first.close()
    assert said(attempts(room, (sheet(HELLO), names()))[0]) == "Hello Sato"


def test_no_child_is_left_behind(room: Pressroom) -> None:
    attempts(room, (sheet(HELLO), names()))
    child = process_of(room)
    room.close()
    assert child.returncode == 0


def test_a_child_sees_nothing_of_our_environment(room: Pressroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGAGE_SECRET_KEY", "secret")
    attempts(room, (sheet(HELLO), names()))
    child = process_of(room)
    environ = Path(f"/proc/{child.pid}/environ")
    if environ.exists():
        assert b"ENGAGE" not in environ.read_bytes()


def test_a_child_that_does_not_begin_is_told(room: Pressroom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Outside, match="does not begin"):
        attempts(room, (sheet(HELLO), names()))


def test_a_delivery_goes_on(engine: Engine) -> None:
    """The mails of all others go, and values of every kind come through the pipe (FAULTS P4, R13)."""
    add_people(engine, 4)
    add_prospect(engine, 5, last_name="Endless", notes="a" * 400_000)
    set_custom(engine, 5, "renewal_date", text="2027-03-01")
    add_message(engine, 5, template="bad")
    watcher = Watcher()
    good, bad = template(HELLO + "{{ prospect.renewal_date | date }}"), unchecked(ENDLESS)
    made = post(watcher, templates={"hello": {None: good}, "bad": {None: bad}}, isolated=True)
    assert deliver(engine, made, NOW) == Delivered(sent=4, failed=1)
    assert [text_of(mail).split(",")[0] for mail in watcher.mails] == [f"Dear Name{key}" for key in (1, 2, 3, 4)]
    assert message_rows(engine)[5] == ("failed", "templates/hello.html: it takes longer than 1 s")
