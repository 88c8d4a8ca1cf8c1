"""What befalls mail on its way out, as the catalogue of faults has it: nothing is lost, nothing goes twice."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select, update

from engage.clock import monotonic
from engage.effects.delivery import deliver
from engage.effects.post import Delivered
from engage.errors import Outside
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from tests.effects.mailroom import NOW, add_message, add_people, add_prospect, message_rows
from tests.effects.test_smtp import by_smtp, sent, statuses, stopped
from tests.support.cutting import cutting
from tests.support.mail_server import DROP, mail_server, only, usual


def each_once(count: int) -> list[str]:
    return sorted(f"p{key}@example.com" for key in range(1, count + 1))


def test_a_server_that_is_down_for_two_hours_loses_nothing(engine: Engine) -> None:
    """FAULTS R49: it goes down amid a delivery; the daemon knocks with one mail at a time, and then all go once."""
    count, at, tries = 200, NOW, 0
    add_people(engine, count)
    taken = 0

    def falling(command: str, about: str) -> str | None:
        nonlocal taken
        taken += command == "dot"
        return DROP if taken >= 50 and command in ("connect", "mail", "rcpt") else None

    with mail_server(falling) as server, by_smtp(server.port, connections=4) as mail:
        while at < NOW + timedelta(hours=2):
            before = server.connections
            with pytest.raises(Outside, match="is away"):
                deliver(engine, mail, at, patient=True)
            tries += 1
            assert at == NOW or server.connections - before <= 2
            assert stopped(engine) is not None
            at += timedelta(minutes=5)
        assert tries == 24
        assert set(statuses(engine)) == {"sent", "queued"}
        server.script = usual
        # Those of which the fault was said wait longer than the others, each for itself.
        for hours in (0, 4):
            deliver(engine, mail, at + timedelta(hours=hours), patient=True)
        assert server.recipients == each_once(count)
    assert set(statuses(engine)) == {"sent"}
    assert stopped(engine) is None


def test_greylisting_is_waited_out(sqlite_engine: Engine) -> None:
    """FAULTS R50: each recipient is refused at first; nobody is tried again before five minutes, and all arrive."""
    add_people(sqlite_engine, 30)
    seen = set[str]()

    def greylist(command: str, about: str) -> str | None:
        if command != "rcpt" or about in seen:
            return None
        seen.add(about)
        return "451 4.7.1 greylisted, try again later"

    with mail_server(greylist) as server:
        assert sent(sqlite_engine, server.port) == Delivered(deferred=30)
        assert sent(sqlite_engine, server.port, NOW + timedelta(minutes=4, seconds=59)) == Delivered()
        # The delivery itself took some seconds.
        assert sent(sqlite_engine, server.port, NOW + timedelta(minutes=7)) == Delivered(sent=30)
        assert server.recipients == each_once(30)
    assert stopped(sqlite_engine) is None


def test_one_unknown_recipient_among_five_hundred(sqlite_engine: Engine) -> None:
    """FAULTS R51: that one is as good as bounced, 499 have their mail."""
    add_people(sqlite_engine, 500)
    with mail_server(only("rcpt", "550 5.1.1 no such user", "p250@")) as server:
        assert sent(sqlite_engine, server.port, connections=4) == Delivered(sent=500)
        assert server.recipients == [address for address in each_once(500) if address != "p250@example.com"]
    bounced = {key: reason for key, (_, reason) in message_rows(sqlite_engine).items() if reason is not None}
    assert bounced == {250: "550 5.1.1 no such user"}
    assert stopped(sqlite_engine) is None


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("connect", "554 5.7.1 your network is listed"),
        ("mail", "530 5.7.0 log in first"),
        ("mail", "550 5.1.8 sender unknown"),
        ("rcpt", "550 5.7.1 not authorised to relay"),
        ("rcpt", "554 no"),
        ("data", "554 5.7.0 no"),
        ("dot", "554 5.7.1 policy"),
    ],
)
def test_a_refusal_that_is_our_fault_stops_the_lane_and_marks_nobody(
    sqlite_engine: Engine, command: str, answer: str
) -> None:
    """FAULTS R52: said of everybody; and nobody is marked however often it is tried."""
    add_people(sqlite_engine, 8)
    with mail_server(lambda said, _: answer if said == command else None) as server:
        for minute in range(0, 12, 2):
            assert "refuses us" in str(sent(sqlite_engine, server.port, NOW + timedelta(minutes=minute)))
        lane = stopped(sqlite_engine)
        assert lane is not None
        assert (lane.stopped_at, answer in lane.reason) == (NOW, True)
        assert server.taken == []
    assert set(statuses(sqlite_engine)) == {"queued"}
    with sqlite_engine.connect() as connection:
        assert connection.scalars(select(t.activities.c.id)).all() == []
        assert not any(connection.scalars(select(t.standings.c.do_not_email)))


def test_a_very_slow_server_is_waited_for_and_no_other_delivery_takes_its_mail(sqlite_engine: Engine) -> None:
    """FAULTS R55: a mail in hand belongs to who has it in hand, however long that takes."""
    add_people(sqlite_engine, 4)

    def slow(command: str, about: str) -> str | None:
        if command == "dot":
            time.sleep(1.2)
        return None

    done = list[Delivered | str]()
    with mail_server(slow) as server:
        threads = [threading.Thread(target=lambda: done.append(sent(sqlite_engine, server.port))) for _ in range(3)]
        for thread in threads:
            thread.start()
            time.sleep(0.4)
        for thread in threads:
            thread.join()
        assert server.recipients == each_once(4)
    assert sum(one.sent for one in done if isinstance(one, Delivered)) == 4


def test_a_line_that_is_cut_at_any_byte_loses_nothing_and_sends_nothing_twice(sqlite_engine: Engine) -> None:
    """FAULTS R56: before the content the mail stays queued; from then on nobody can tell, so it is in doubt."""
    add_people(sqlite_engine, 1)
    with mail_server() as server:
        sent(sqlite_engine, server.port)
        spoken = sum(len(said) + 2 for said in server.said if not said.startswith("quit"))
        content = len(server.taken[0].content)
    beginning = range(1, spoken, 9)
    middle = range(spoken + 1, spoken + content + 5, content // 12)
    for at, left in enumerate((*beginning, *middle, spoken + content + 4)):
        key = at + 2
        add_prospect(sqlite_engine, key)
        add_message(sqlite_engine, key)
        moment = NOW + timedelta(days=at)
        with mail_server() as server:
            with cutting(server.port, left) as way:
                assert isinstance(sent(sqlite_engine, way.port, moment), str)
            cut, _ = message_rows(sqlite_engine)[key]
            if left < spoken:
                assert cut == "queued", left
            assert cut == "queued" or not server.taken or left > spoken + content, left
            sent(sqlite_engine, server.port, moment + timedelta(hours=12))
            assert Counter(server.recipients)[f"p{key}@example.com"] == (cut == "queued" or bool(server.taken))
        assert message_rows(sqlite_engine)[key][0] == ("sent" if cut == "queued" else "in_doubt")


def test_encryption_that_is_cut_leaves_the_mail_queued(sqlite_engine: Engine) -> None:
    """FAULTS R56: the line ends amid STARTTLS."""
    add_people(sqlite_engine, 1)
    with mail_server(only("starttls", DROP)) as server:
        told = sent(sqlite_engine, server.port, encryption="starttls")
    assert isinstance(told, str)
    assert statuses(sqlite_engine) == ["queued"]


@pytest.mark.parametrize("seed", range(3))
def test_opt_outs_amid_a_delivery_are_heeded(engine: Engine, seed: int) -> None:
    """FAULTS R61: at random moments; whose mail is not in hand when the opt-out is committed gets none."""
    count, dice = 60, random.Random(seed)
    add_people(engine, count)
    out = dict[int, int]()
    lock = threading.Lock()

    def opting(command: str, about: str) -> str | None:
        if command in ("mail", "rcpt", "data", "dot") and dice.random() < 0.2:
            with lock:
                who = dice.randint(1, count)
                out.setdefault(who, opt_out(engine, who))
        return None

    with mail_server(opting) as server:
        sent(engine, server.port, connections=4)
        # Whom another transaction was just changing goes, or does not, with the next delivery.
        server.script = usual
        sent(engine, server.port, NOW + timedelta(minutes=1))
    early = {f"p{who}@example.com" for who, status in out.items() if status == MessageStatus.QUEUED}
    assert early
    assert not early & set(server.recipients)
    assert server.recipients == sorted(set(each_once(count)) - early)
    refused = {key for key, row in message_rows(engine).items() if row == ("cancelled", "opted_out")}
    assert {f"p{key}@example.com" for key in refused} == early


def opt_out(engine: Engine, who: int) -> int:
    """Opt a prospect out; return where the prospect's message was at that moment."""
    with engine.begin() as connection:
        connection.execute(update(t.standings).where(t.standings.c.prospect_id == who).values(opted_out=True))
        return int(connection.scalar(select(t.messages.c.status).where(t.messages.c.id == who)) or 0)


def test_an_address_that_mail_servers_do_not_take_fails_alone(engine: Engine) -> None:
    """FAULTS B57, B58: a Japanese local part has no way through servers without SMTPUTF8; a Japanese domain has."""
    for key, address in ((1, "ユーザー@例え.jp"), (2, "sato@例え.jp"), (3, "a..b@docomo.ne.jp")):
        add_prospect(engine, key, email=address)
        add_message(engine, key)
    with mail_server() as server:
        assert sent(engine, server.port) == Delivered(sent=2, failed=1)
        assert server.recipients == ['"a..b"@docomo.ne.jp', "sato@xn--r8jz45g.jp"]
    assert message_rows(engine)[1][0] == "failed"


def test_no_second_holds_more_than_the_rate(engine: Engine) -> None:
    """FAULTS R53: three deliveries at once share one rate, and use it; what is delayed comes later, never sooner."""
    count, rate = 36, 12.0
    add_people(engine, count)
    times = list[float]()

    def noted(command: str, about: str) -> str | None:
        if command == "mail":
            times.append(monotonic())
        return None

    with mail_server(noted) as server:
        threads = [
            threading.Thread(target=sent, args=(engine, server.port), kwargs={"per_second": rate, "connections": 2})
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.recipients == each_once(count)
    times.sort()
    # Nor are turns lost on mails that another delivery has taken: alone, each would have a third of the rate.
    assert (count - 1) / rate - 0.3 <= times[-1] - times[0] < 2.5 * count / rate
    fullest = max(sum(begin <= other < begin + 1 for other in times) for begin in times)
    # A mail that was delayed by a moment may fall into the second of those that were not.
    assert fullest <= rate + 4
