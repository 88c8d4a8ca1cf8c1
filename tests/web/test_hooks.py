"""Mail services call over HTTP: forged, old and repeated calls change nothing, good ones are durable; FAULTS S71."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, insert, select

from engage.clock import system_clock
from engage.errors import Refused
from engage.settings import Settings
from engage.sql import tables as t
from engage.web.services import fetched, services
from tests.postbox.returning import happened, noted, sent
from tests.support import services as made
from tests.support.services import MAILGUN_KEY, TOPIC, Amazon, SendGrid
from tests.support.web import Answer, Web, answering, served

NOW = system_clock()
GRID = SendGrid()


@pytest.fixture
def amazon() -> Amazon:
    return Amazon(NOW)


@pytest.fixture
def web(engine: Engine, tmp_path: Path, amazon: Amazon) -> Iterator[Web]:
    sent(engine, 9)
    keys = {"ses_topics": (TOPIC,), "sendgrid_key": GRID.shown, "mailgun_key": MAILGUN_KEY}
    with answering(engine, tmp_path, fetch=amazon.fetch, **keys) as server:  # type: ignore[arg-type]
        yield server


def by_sendgrid(web: Web, call: tuple[str, str, bytes]) -> Answer:
    head = "X_Twilio_Email_Event_Webhook_"
    return web.ask("POST", "/hooks/sendgrid", call[2], **{f"{head}Signature": call[0], f"{head}Timestamp": call[1]})


def test_each_service_is_taken_once(web: Web, engine: Engine, amazon: Amazon) -> None:
    """S71, R63: the same call again is a replay: 401, and nothing changes."""
    grid = GRID.call(
        NOW,
        made.sendgrid_event(1, "p1@example.com"),
        made.sendgrid_event(2, "p2@example.com", "spamreport", 2),
        made.sendgrid_event(3, "p3@example.com", "open", 3),
    )
    gun = made.mailgun(NOW, **made.mailgun_failed(4, "P4@Example.com", 552, "5.2.2 full"))
    ses = amazon.notice(made.ses_bounce(5, "p5@example.com"))
    for expected in (200, 401):
        assert by_sendgrid(web, grid).status == expected
        assert web.ask("POST", "/hooks/mailgun", gun).status == expected
        assert web.ask("POST", "/hooks/ses", ses).status == expected
        assert noted(engine) == [(1, "hard"), (2, "complaint"), (4, "soft"), (5, "hard")]
    # The same event in another call, as services send it now and then.
    assert by_sendgrid(web, GRID.call(NOW, made.sendgrid_event(1, "p1@example.com"), {})).status == 200
    assert happened(engine) == [
        (1, "email_bounced"), (2, "email_complained"), (4, "email_bounced"), (5, "email_bounced"),
    ]  # fmt: skip


def test_what_is_forged_changes_nothing(web: Web, engine: Engine, amazon: Amazon) -> None:
    """S71: without a signature, with another's, and by other ways; the calls themselves are in test_services."""
    other = SendGrid().call(NOW, made.sendgrid_event(1, "p1@example.com"))
    assert by_sendgrid(web, other).status == 401
    assert web.ask("POST", "/hooks/sendgrid", other[2]).status == 401
    assert web.ask("POST", "/hooks/mailgun", b"{}").status == 401
    assert web.ask("POST", "/hooks/mailgun", made.mailgun(NOW, key="x")).status == 401
    assert web.ask("POST", "/hooks/ses", Amazon(NOW).notice(made.ses_bounce(1, "p1@example.com"))).status == 401
    assert web.ask("POST", "/hooks/ses", b"").status == 401
    assert web.get("/hooks/ses").status == 405
    for path in ("/hooks", "/hooks/", "/hooks/other", "/hooks/ses/", "/hooks/sendgrid?x=1/../mailgun/x"):
        assert web.ask("POST", path, b"{}").status in (401, 404)
    large = b"POST /hooks/mailgun HTTP/1.1\r\nHost: x\r\nContent-Length: 5000001\r\n\r\n"
    assert web.say(large).startswith(b"HTTP/1.1 413 ")
    assert noted(engine) == []
    assert calls(engine) == 0


def calls(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(t.service_calls)) or 0


def test_an_event_counts_only_where_that_message_went_to_that_address(web: Web, engine: Engine) -> None:
    """B79: another installation may use the same account, with messages of the same numbers."""
    gun = made.mailgun(NOW, **made.mailgun_failed(1, "somebody@else.example"))
    assert web.ask("POST", "/hooks/mailgun", gun).status == 200
    unknown = made.mailgun(NOW, "t2", **made.mailgun_failed(4_711, "p1@example.com"))
    assert web.ask("POST", "/hooks/mailgun", unknown).status == 200
    assert noted(engine) == [(None, "foreign"), (None, "foreign")]
    assert happened(engine) == []


def test_a_subscription_is_confirmed_before_it_is_taken(web: Web, engine: Engine, amazon: Amazon) -> None:
    amazon.away = True
    body = amazon.subscription()
    assert web.ask("POST", "/hooks/ses", body).status == 503
    assert calls(engine) == 0
    amazon.away = False
    assert web.ask("POST", "/hooks/ses", body).status == 200
    assert "Action=ConfirmSubscription" in amazon.asked[-1]
    asked = len(amazon.asked)
    evil = amazon.subscription("https://evil.example/?Action=ConfirmSubscription")
    assert web.ask("POST", "/hooks/ses", evil).status == 401
    assert len(amazon.asked) == asked


def test_a_replay_at_the_same_moment_is_taken_once(web: Web, engine: Engine) -> None:
    """S71: many at once with one token; the database decides."""
    body, found, lock = made.mailgun(NOW, **made.mailgun_failed(1, "p1@example.com")), Counter[int](), threading.Lock()

    def call() -> None:
        status = web.ask("POST", "/hooks/mailgun", body).status
        with lock:
            found[status] += 1

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {200: 1, 401: 19}
    assert noted(engine) == [(1, "hard")]


def test_a_token_used_for_another_report_is_a_replay(web: Web, engine: Engine) -> None:
    """S71: Mailgun's signature does not cover the report, so who saw one cannot make up another."""
    seen = made.mailgun(NOW, **made.mailgun_failed(1, "p1@example.com"))
    assert web.ask("POST", "/hooks/mailgun", seen).status == 200
    forged = seen.replace(b"p1@example.com", b"p2@example.com").replace(b"engage-1@", b"engage-2@")
    assert web.ask("POST", "/hooks/mailgun", forged.replace(b'"engage": "1"', b'"engage": "2"')).status == 401
    assert noted(engine) == [(1, "hard")]


def test_killed_at_any_moment_what_was_answered_is_there(engine: Engine, schema_url: str, tmp_path: Path) -> None:
    """P4: kill -9 of the server; the service tries again what was not answered."""
    sent(engine, 30)
    database = engine.url.render_as_string(hide_password=False)
    answered: set[int] = set()
    for turn in range(2):
        with served(tmp_path, database, ENGAGE_MAILGUN_KEY=MAILGUN_KEY) as server:
            for key in range(1, 31):
                if key == 15 and not turn:
                    threading.Timer(0.02, server.kill).start()
                body = made.mailgun(NOW, f"t{key}", **made.mailgun_failed(key, f"p{key}@example.com"))
                try:
                    status = server.ask("POST", "/hooks/mailgun", body).status
                except OSError:
                    break
                assert status == (401 if turn and key in answered else status)
                answered |= {key} if status == 200 else set()
        assert answered <= {message for message, _ in noted(engine) if message is not None}
    assert noted(engine) == [(key, "hard") for key in range(1, 31)]
    assert len(happened(engine)) == 30


def test_without_the_database_a_call_is_not_taken(sqlite_engine: Engine, tmp_path: Path) -> None:
    """P4: 503, and the service comes again with the same call."""
    sent(sqlite_engine, 1)
    body = made.mailgun(NOW, **made.mailgun_failed(1, "p1@example.com"))
    with answering(sqlite_engine, tmp_path, mailgun_key=MAILGUN_KEY) as web:
        with sqlite_engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE returned RENAME TO gone")
        assert web.ask("POST", "/hooks/mailgun", body).status == 503
        with sqlite_engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE gone RENAME TO returned")
        assert calls(sqlite_engine) == 0
        assert web.ask("POST", "/hooks/mailgun", body).status == 200
    assert noted(sqlite_engine) == [(1, "hard")]


def test_old_calls_are_forgotten_when_they_would_not_be_believed_any_more(web: Web, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(t.service_calls).values(key=os.urandom(16), at=NOW.replace(year=2020)))
    assert web.ask("POST", "/hooks/mailgun", made.mailgun(NOW)).status == 200
    assert calls(engine) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"ses_topics": ("bounces",)}, "ENGAGE_SES_TOPIC is no topic's ARN"),
        ({"sendgrid_key": "x"}, "ENGAGE_SENDGRID_KEY is not the verification key"),
    ],
)
def test_a_setting_that_is_none_stops_the_start(given: dict[str, object], said: str) -> None:
    with pytest.raises(Refused, match=said):
        services(Settings(Path(), "", secret_key="key", **given))  # type: ignore[arg-type]


def test_what_is_not_set_is_not_there(sqlite_engine: Engine, tmp_path: Path) -> None:
    with answering(sqlite_engine, tmp_path) as web:
        for name in ("ses", "sendgrid", "mailgun"):
            assert web.ask("POST", f"/hooks/{name}", b"{}").status == 404


def test_what_cannot_be_got_is_an_error_of_the_network() -> None:
    with pytest.raises(OSError, match=r".+"):
        fetched("https://127.0.0.1:9/SimpleNotificationService-0a.pem")
