"""What becomes of queued messages: each is handed over once, or stands aside with its reason."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date
from hashlib import blake2b
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from engage.effects.channel import Envelope, Rejected
from engage.effects.deciding import resend
from engage.effects.delivery import BATCH, deliver
from engage.effects.outbox import OutboxFolder
from engage.effects.post import Delivered
from engage.errors import Outside, Refused
from engage.language.shelf import Shelf
from engage.language.templates import read_template
from engage.language.vocabulary import all_fields
from engage.sql import tables as t
from engage.sql.codes import Figure, MessageStatus, TimerKind
from engage.wording import sentence
from tests.effects.mailroom import (
    COMPANY,
    NOW,
    SCENARIO,
    STEP,
    Watcher,
    add_message,
    add_people,
    add_prospect,
    house,
    html_of,
    message_rows,
    parsed,
    post,
    set_custom,
    template,
    unchecked,
)


def test_each_message_is_one_file_however_often_delivery_runs(engine: Engine, tmp_path: Path) -> None:
    add_people(engine, 3)
    folder = OutboxFolder(tmp_path / "outbox")
    assert deliver(engine, post(folder), NOW) == Delivered(sent=3)
    assert deliver(engine, post(folder), NOW) == Delivered()
    names = sorted(path.name for path in folder.path.iterdir())
    assert names == ["message-000000001.eml", "message-000000002.eml", "message-000000003.eml"]
    assert parsed((folder.path / names[1]).read_bytes())["To"] == "Name2 <p2@example.com>"
    assert set(message_rows(engine).values()) == {("sent", None)}


def test_what_is_not_queued_stays_as_it_is(engine: Engine) -> None:
    add_people(engine, 6)
    with engine.begin() as connection:
        for status in MessageStatus:
            where = t.messages.c.id == int(status) + 1
            connection.execute(update(t.messages).where(where).values(status=int(status)))
    watcher = Watcher()
    assert deliver(engine, post(watcher), NOW) == Delivered(sent=1)
    statuses = [status for status, _ in message_rows(engine).values()]
    assert sorted(statuses) == sorted(["sent", "held", "sent", "failed", "in_doubt", "cancelled"])
    assert [envelope.recipients for envelope in watcher.taken] == [("p1@example.com",)]


def test_more_than_a_batch_is_delivered_in_order(engine: Engine) -> None:
    add_prospect(engine, 1)
    for key in range(1, BATCH + 6):
        add_message(engine, key, prospect=1)
    watcher, told = Watcher(), list[Delivered]()
    assert deliver(engine, post(watcher), NOW, told.append) == Delivered(sent=BATCH + 5)
    assert told == [Delivered(sent=BATCH), Delivered(sent=BATCH + 5)]
    assert [envelope.name for envelope in watcher.taken] == [f"message-{key:09d}" for key in range(1, BATCH + 6)]


def test_the_hand_over_is_an_activity_that_no_tick_has_learnt(engine: Engine) -> None:
    add_people(engine, 1)
    deliver(engine, post(Watcher()), NOW)
    w = t.words.c
    with engine.connect() as connection:
        activity = connection.execute(select(t.activities)).one()
        words = dict(connection.execute(select(w.id, w.text)).all())
        unlearnt = connection.execute(select(t.unlearnt)).one()
        row = connection.execute(select(t.messages)).one()
    assert (words[activity.type_id], words[activity.target_id], activity.message_id) == ("email_sent", "hello", 1)
    assert (activity.occurred_at, activity.learnt_at, activity.prospect_id) == (NOW, None, 1)
    assert (activity.source, activity.source_id) == ("engage", "email_sent:1")
    assert activity.key == blake2b(b"engage\0email_sent:1", digest_size=16).digest()
    assert tuple(unlearnt) == (NOW, activity.id)
    assert (row.sent_at, row.subject) == (NOW, "Hello")


def test_settled_messages_are_told_to_the_engine_and_counted_on_their_local_day(engine: Engine) -> None:
    add_people(engine, 3)
    with engine.begin() as connection:
        connection.execute(update(t.standings).where(t.standings.c.prospect_id == 2).values(opted_out=True))
    deliver(engine, post(Watcher()), NOW)
    with engine.connect() as connection:
        timer = connection.execute(select(t.timers)).one()._mapping
        total = connection.execute(select(t.totals)).one()._mapping
    assert (timer["kind"], timer["due_at"], timer["count"]) == (TimerKind.SETTLED, NOW, 3)
    assert list(timer["ids"]) == [1, 2, 3]
    found = [total[name] for name in ("scenario_id", "step_id", "figure", "bucket", "count")]
    assert found == [SCENARIO, STEP, Figure.SENT, 0, 2]
    # Queued at 16:00 UTC on 30 November, which is 1 December in Tokyo.
    assert total["day"] == (date(2026, 12, 1) - date(1970, 1, 1)).days


def test_mail_that_no_scenario_sends_is_counted_under_no_step(engine: Engine) -> None:
    add_prospect(engine, 1)
    add_message(engine, 1, step_id=None, enrolment_id=None)
    assert deliver(engine, post(Watcher()), NOW) == Delivered(sent=1)
    with engine.connect() as connection:
        total = connection.execute(select(t.totals)).one()._mapping
    assert [total[name] for name in ("scenario_id", "step_id", "figure", "count")] == [0, 0, Figure.SENT, 1]


@pytest.mark.parametrize(
    "body",
    [
        "{{ 1 // 0 }}",
        "{{ prospect.nothing }}",
        "{{ prospect.last_name.upper() }}",
        "{{ prospect.__class__.__mro__ }}",
        "{{ 'a' * 10**9 }}",
        "{{ 10 ** (10 ** 10) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 1 | round(1000000000, 'ceil') }}",
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% for i in range(99999) %}{{ 'a' * 1000 }}{% endfor %}",
        "{% set x = 'abcdefgh' %}" + "{% set x = x ~ x %}" * 40,
        "{% set x = 'abcdefgh' %}" + "{% set x = x + x %}" * 40,
        "{% set x = 'abcdefgh' %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40,
        "{% set x = 'aaaaaaaa' %}" + "{% set x = x | replace('a', 'aaaaaaaa') %}" * 12,
        "{{ range(90000) | join('a' * 100000) }}",
        "{{ range(10**9) | join }}",
        "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
        "{{ prospect.last_name | nofilter }}",
        "{% if %}",
    ],
)
def test_a_poisoned_template_stops_only_its_own_messages(sqlite_engine: Engine, body: str) -> None:
    """FAULTS B30, S24: endless loops, huge texts and numbers, errors."""
    add_people(sqlite_engine, 3)
    add_message(sqlite_engine, 9, prospect=2, template="poison", enrolment_id=99)
    watcher = Watcher()
    made = post(watcher, template("Hello {{ prospect.last_name }}"))
    made = post(watcher, templates={**made.templates, "poison": {None: unchecked(body)}})
    assert deliver(sqlite_engine, made, NOW) == Delivered(sent=3, failed=1)
    rows = message_rows(sqlite_engine)
    assert {rows[key] for key in (1, 2, 3)} == {("sent", None)}
    status, reason = rows[9]
    assert status == "failed"
    assert reason
    assert deliver(sqlite_engine, made, NOW) == Delivered()


def test_one_bad_prospect_in_five_hundred(engine: Engine) -> None:
    """FAULTS R13: a template that fails for one prospect's data, and an address that is none."""
    for key in range(1, 101):
        add_prospect(engine, key, employees=0 if key == 25 else key)
        add_message(engine, key)
    add_prospect(engine, 101, email="x@example.com, y@example.com", employees=1)
    add_message(engine, 101)
    watcher = Watcher()
    made = post(watcher, template("{{ 100 // prospect.employees }}"))
    assert deliver(engine, made, NOW) == Delivered(sent=99, failed=2)
    rows = message_rows(engine)
    assert rows[25][0] == "failed"
    assert "zero" in (rows[25][1] or "")
    assert rows[101] == ("failed", "'x@example.com, y@example.com' is no mail address")


def test_a_message_whose_template_is_gone_fails(engine: Engine) -> None:
    add_prospect(engine, 1)
    add_message(engine, 1, template="gone")
    assert deliver(engine, post(Watcher()), NOW) == Delivered(failed=1)
    assert message_rows(engine)[1] == ("failed", "there is no template called 'gone'")


def test_an_empty_subject_fails(engine: Engine) -> None:
    add_prospect(engine, 1)
    add_message(engine, 1)
    made = post(Watcher(), template("x", subject="{{ prospect.company }}"))
    assert deliver(engine, made, NOW) == Delivered(failed=1)
    assert message_rows(engine)[1] == ("failed", "templates/hello.html: the subject is empty")


def test_without_a_sender_nothing_is_touched(engine: Engine) -> None:
    add_people(engine, 1)
    with pytest.raises(Refused, match="names no sender"):
        deliver(engine, post(Watcher(), company=COMPANY.model_copy(update={"sender": None})), NOW)
    assert message_rows(engine)[1] == ("queued", None)


def test_a_folder_that_cannot_be_written_leaves_all_queued(engine: Engine, tmp_path: Path) -> None:
    add_people(engine, 2)
    (tmp_path / "outbox").write_text("a file")
    with pytest.raises(Outside, match="cannot be written"):
        deliver(engine, post(OutboxFolder(tmp_path / "outbox")), NOW)
    assert set(message_rows(engine).values()) == {("queued", None)}
    assert deliver(engine, post(OutboxFolder(tmp_path / "other")), NOW) == Delivered(sent=2)


KILLED = """
import os, signal, sys
from pathlib import Path
from engage.effects.delivery import deliver
from engage.effects.outbox import OutboxFolder
from engage.sql.connect import connect
from tests.effects.mailroom import NOW, post

class Deadly(OutboxFolder):
    left = int(sys.argv[3])
    def hand_over(self, envelope):
        super().hand_over(envelope)
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

deliver(connect(sys.argv[1]), post(Deadly(Path(sys.argv[2]))), NOW)
"""


@pytest.mark.parametrize("handed_over", [1, 3, 5])
def test_killed_between_hand_over_and_mark(engine: Engine, tmp_path: Path, handed_over: int) -> None:
    """FAULTS R16: killed when some of a batch were handed over; the next delivery takes all, each one file."""
    add_people(engine, 5)
    url = engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", KILLED, url, str(tmp_path / "outbox"), str(handed_over)]
    root = Path(__file__).parents[2]
    died = subprocess.run(command, cwd=root, env={"PYTHONPATH": f"{root / 'src'}:{root}"}, check=False)
    assert died.returncode == -9
    assert len(list((tmp_path / "outbox").iterdir())) == handed_over
    assert set(message_rows(engine).values()) == {("queued", None)}
    assert deliver(engine, post(OutboxFolder(tmp_path / "outbox")), NOW) == Delivered(sent=5)
    assert len(list((tmp_path / "outbox").iterdir())) == 5
    with engine.connect() as connection:
        assert len(connection.execute(select(t.activities)).all()) == 5


def test_deliveries_at_once_share_the_work(engine: Engine) -> None:
    add_prospect(engine, 1)
    for key in range(1, 3 * BATCH):
        add_message(engine, key, prospect=1)
    watcher, done = Watcher(), list[Delivered]()
    workers = [threading.Thread(target=lambda: done.append(deliver(engine, post(watcher), NOW))) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(one.sent for one in done) == len(watcher.taken) == 3 * BATCH - 1
    assert len({envelope.name for envelope in watcher.taken}) == 3 * BATCH - 1


class Moody(Watcher):
    """A channel that is not repeatable and does something at one mail."""

    def __init__(self, at: str, does: BaseException) -> None:
        super().__init__(repeatable=False)
        self.at, self.does = at, does

    def hand_over(self, envelope: Envelope) -> None:
        if envelope.name.endswith(self.at):
            raise self.does
        super().hand_over(envelope)


def test_a_channel_that_is_not_repeatable_is_told_one_by_one(engine: Engine) -> None:
    add_people(engine, 4)
    with engine.begin() as connection:
        connection.execute(update(t.standings).where(t.standings.c.prospect_id == 2).values(opted_out=True))
    moody = Moody("3", Rejected(sentence("550 no such user")))
    assert deliver(engine, post(moody), NOW) == Delivered(sent=2, cancelled=1, failed=1)
    assert message_rows(engine) == {
        1: ("sent", None),
        2: ("cancelled", "opted_out"),
        3: ("failed", "550 no such user"),
        4: ("sent", None),
    }
    with engine.connect() as connection:
        timers = [list(ids) for ids in connection.scalars(select(t.timers.c.ids))]
        activities = connection.scalars(select(t.activities.c.message_id)).all()
        sent_at = dict(connection.execute(select(t.messages.c.id, t.messages.c.sent_at)).all())
    assert {key for ids in timers for key in ids} == {1, 2, 3, 4}
    assert sorted(key for key in activities if key) == [1, 4]
    assert sent_at == {1: NOW, 2: None, 3: None, 4: NOW}


class Killed(BaseException):
    """Ends the process in the midst of handing over, as far as the database sees."""


def test_killed_while_handing_over_leaves_one_in_doubt_and_never_repeats_it(engine: Engine) -> None:
    """FAULTS R16."""
    add_people(engine, 4)
    with pytest.raises(Killed):
        deliver(engine, post(Moody("2", Killed())), NOW)
    assert message_rows(engine) == {
        1: ("sent", None),
        2: ("in_doubt", None),
        3: ("queued", None),
        4: ("queued", None),
    }
    with engine.connect() as connection:
        doubtful = connection.execute(select(t.messages).where(t.messages.c.id == 2)).one()
        assert any(2 in ids for ids in connection.scalars(select(t.timers.c.ids)))
    assert doubtful.sent_at == NOW  # an e-mail trigger's time begins at the attempt
    after = Watcher(repeatable=False)
    assert deliver(engine, post(after), NOW) == Delivered(sent=2)
    assert [envelope.name[-1] for envelope in after.taken] == ["3", "4"]


def test_a_channel_that_fails_while_taking_leaves_one_in_doubt_and_stops(engine: Engine) -> None:
    add_people(engine, 3)
    with pytest.raises(Outside, match="message 2 is in doubt: watcher failed while taking it: timed out"):
        deliver(engine, post(Moody("2", TimeoutError("timed out"))), NOW)
    rows = message_rows(engine)
    assert rows == {1: ("sent", None), 2: ("in_doubt", "timed out"), 3: ("queued", None)}


def test_a_channel_that_is_away_leaves_the_message_queued(engine: Engine) -> None:
    add_people(engine, 3)
    with pytest.raises(Outside, match="no answer"):
        deliver(engine, post(Moody("2", Outside("no answer"))), NOW)
    assert message_rows(engine) == {1: ("sent", None), 2: ("queued", None), 3: ("queued", None)}
    assert deliver(engine, post(Watcher(repeatable=False)), NOW) == Delivered(sent=2)


CARD = "{% macro card(who) %}{{ who.company }}, {{ who.interest }}{% endmacro %}<p>{{ card(prospect) }}</p>"
BRACKETS = "<p>{{ prospect['company'] }}, {{ prospect.interest | upper | lower }}</p>"
PARTIAL = Shelf((("partials/card.html", "<p>{{ prospect.company }}, {{ prospect.interest }}</p>"),))


@pytest.mark.parametrize("text", [CARD, BRACKETS, "{% include 'partials/card.html' %}"])
def test_an_e_mail_has_every_field_that_it_names_however_it_does(engine: Engine, text: str) -> None:
    add_prospect(engine, 1, company="Kaji")
    set_custom(engine, 1, "interest", text="crm", folded="crm")
    add_message(engine, 1)
    given = f"---\nsubject: 'For {{{{ prospect.job_title | default(prospect.company) }}}}'\n---\n{text}"
    made, problems = read_template("templates/hello.html", given, list(all_fields(COMPANY)), PARTIAL)
    assert made is not None, problems
    channel = Watcher()
    assert deliver(engine, post(channel, made), NOW) == Delivered(sent=1)
    (mail,) = channel.mails
    assert mail["Subject"] == "For Kaji"
    assert "<p>Kaji, crm</p>" in html_of(mail)


def test_why_a_template_fails_is_told_with_its_place_and_in_the_language_of_the_workspace(engine: Engine) -> None:
    """The reason names file and line, and Python's own words are told as a sentence."""
    add_people(engine, 1)
    cases = (
        ("<p>x</p>\n{{ 1 // 0 }}", "en", "templates/hello.html:5: it divides by zero"),
        ("<p>x</p>\n{{ 1 // 0 }}", "ja", "templates/hello.html:5: 0 で割っています"),
        ("{{ 'a' + 1 }}", "en", "templates/hello.html:4: a text and a number cannot be added; ~ joins them as texts"),
        ("{{ 'a' < 1 }}", "ja", "templates/hello.html:4: 文字列と数値は < で比較できません"),
    )
    for body, locale, reason in cases:
        with engine.begin() as connection:
            connection.execute(update(t.messages).values(status=0))
        one = replace(unchecked(body), offset=3)
        deliver(engine, post(Watcher(), one, house=house(locale)), NOW)
        assert message_rows(engine)[1] == ("failed", reason)


def test_an_address_that_is_none_is_told_in_japanese(engine: Engine) -> None:
    add_prospect(engine, 1, email="nobody")
    add_message(engine, 1)
    deliver(engine, post(Watcher(), house=house("ja")), NOW)
    assert message_rows(engine)[1] == ("failed", "'nobody' はメールアドレスではありません")


def test_what_cannot_be_sent_again_is_told_with_the_words_of_the_language(engine: Engine) -> None:
    add_people(engine, 1)
    with engine.begin() as connection, pytest.raises(Refused) as refused:
        resend(connection, [1])
    assert str(refused.value) == "message 1 is queued; this is for messages that are in doubt, failed"
    assert (
        refused.value.message.read("ja")
        == "メール 1 の状態は 送信待ち です。対象は 送信結果不明、失敗 のメールだけです"
    )


def test_letters_outside_ascii_before_the_at_are_told_as_such(engine: Engine) -> None:
    """FAULTS B58."""
    add_people(engine, 1)
    add_message(engine, 2, prospect=add_prospect(engine, 2, email="ユーザー@例え.jp"))
    assert deliver(engine, post(Watcher()), NOW) == Delivered(sent=1, failed=1)
    _, reason = message_rows(engine)[2]
    assert (
        reason == "the part before the @ of 'ユーザー@例え.jp' has letters outside ASCII, which engage cannot send to"
    )
