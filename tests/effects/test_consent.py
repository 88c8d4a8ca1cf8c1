"""No mail to one who may not have it at the moment of handing over."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, delete, insert, update

from engage.effects.channel import Envelope
from engage.effects.delivery import deliver
from engage.effects.post import Delivered
from engage.language.conditions import FieldIs, OnList, ScoreIs
from engage.sql import tables as t
from engage.sql.codes import MessageKind
from tests.effects.mailroom import NOW, Watcher, add_message, add_prospect, house, message_rows, post

MARKETING, OPERATIONAL = int(MessageKind.MARKETING), int(MessageKind.OPERATIONAL)


@pytest.mark.parametrize(
    ("standing", "marketing", "operational"),
    [
        ({}, ("sent", None), ("sent", None)),
        ({"opted_out": True}, ("cancelled", "opted_out"), ("sent", None)),
        ({"do_not_email": True}, ("cancelled", "do_not_email"), ("cancelled", "do_not_email")),
        ({"opted_out": True, "do_not_email": True}, ("cancelled", "do_not_email"), ("cancelled", "do_not_email")),
    ],
)
def test_standing(
    engine: Engine,
    standing: dict[str, bool],
    marketing: tuple[str, str | None],
    operational: tuple[str, str | None],
) -> None:
    """FAULTS S53: asked again when a mail is handed over."""
    add_prospect(engine, 1, **standing)
    add_message(engine, 1, kind=MARKETING)
    add_message(engine, 2, prospect=1, kind=OPERATIONAL)
    deliver(engine, post(Watcher()), NOW)
    assert message_rows(engine) == {1: marketing, 2: operational}


def test_consent_is_required_only_where_the_workspace_says_so(engine: Engine) -> None:
    """FAULTS S54."""
    add_prospect(engine, 1)
    add_prospect(engine, 2, consent_at=NOW - timedelta(days=9))
    for key, kind in ((1, MARKETING), (2, MARKETING), (3, OPERATIONAL)):
        add_message(engine, key, prospect=min(key, 2), kind=kind, enrolment_id=key)
    add_message(engine, 4, prospect=1, kind=OPERATIONAL)
    assert deliver(engine, post(Watcher(), house=house(require_consent=True)), NOW) == Delivered(sent=3, cancelled=1)
    assert message_rows(engine)[1] == ("cancelled", "no_consent")
    add_message(engine, 5, prospect=1)
    assert deliver(engine, post(Watcher()), NOW) == Delivered(sent=1)


def test_the_scenario_s_suppression_is_asked_again(engine: Engine) -> None:
    for key, company in ((1, "Rival"), (2, "Friend"), (3, "Friend")):
        add_prospect(engine, key, company=company, company_folded=company.lower())
        add_message(engine, key)
    add_message(engine, 4, prospect=1, step_id=None)
    rivals = FieldIs("company", "text", False, "eq", ("rival",))
    watcher = Watcher()
    assert deliver(engine, post(watcher, suppress={"welcome": rivals, "other": OnList(("x",))}), NOW) == Delivered(
        sent=3, cancelled=1
    )
    # 4 is no scenario's: nobody is suppressed there.
    assert message_rows(engine)[1] == ("cancelled", "suppressed")
    assert [envelope.name[-1] for envelope in watcher.taken] == ["2", "3", "4"]


def test_suppression_by_a_list(engine: Engine) -> None:
    for key in (1, 2):
        add_prospect(engine, key)
        add_message(engine, key)
    with engine.begin() as connection:
        connection.execute(insert(t.lists).values(id=5, key="customers", name="Customers"))
        connection.execute(insert(t.list_members).values(list_id=5, prospect_id=2, since=NOW))
    deliver(engine, post(Watcher(), suppress={"welcome": OnList(("customers",))}), NOW)
    assert message_rows(engine) == {1: ("sent", None), 2: ("cancelled", "suppressed")}


def test_a_send_spares_who_is_on_its_lists_now_and_one_called_off_spares_all(engine: Engine) -> None:
    """Static and dynamic lists: who came onto one after the message was queued gets nothing (SPEC section 19)."""
    with engine.begin() as connection:
        connection.execute(insert(t.lists).values(id=5, key="customers", name="Customers"))
        for number, state, lists in ((1, 5, '["customers", "rich"]'), (2, 5, "[]"), (3, 6, "[]")):
            row = {"id": number, "state": state, "made_at": NOW, "at": NOW, "lists": '["all"]', "suppress": lists}
            connection.execute(insert(t.sends).values(row))
    for key in (1, 2, 3):
        add_prospect(engine, key, score=500 if key == 2 else 0)
        for number in (1, 2, 3):
            add_message(engine, key + 10 * number, prospect=key, enrolment_id=None, step_id=None, send_id=number)
    with engine.begin() as connection:
        connection.execute(insert(t.list_members).values(list_id=5, prospect_id=1, since=NOW))
    rich = ScoreIs(None, (("gte", 100),))
    watcher = Watcher()
    assert deliver(engine, post(watcher, lists={"rich": rich}), NOW) == Delivered(sent=4, cancelled=5)
    fates = message_rows(engine)
    assert [fates[key] for key in (11, 12, 13)] == [("cancelled", "suppressed")] * 2 + [("sent", None)]
    assert {fates[key] for key in (21, 22, 23)} == {("sent", None)}
    assert {fates[key] for key in (31, 32, 33)} == {("cancelled", "send_cancelled")}
    assert watcher.mails[0]["Feedback-ID"] == "hello:send-1:marketing:example.co.jp"


def test_a_prospect_who_was_forgotten_gets_nothing(engine: Engine) -> None:
    for key in (1, 2):
        add_prospect(engine, key)
        add_message(engine, key)
    with engine.begin() as connection:
        connection.execute(delete(t.prospects).where(t.prospects.c.id == 1))
        connection.execute(delete(t.standings).where(t.standings.c.prospect_id == 1))
    assert deliver(engine, post(Watcher()), NOW) == Delivered(sent=1, cancelled=1)
    assert message_rows(engine)[1] == ("cancelled", "forgotten")


def test_an_opt_out_between_reading_and_handing_over_is_heeded(sqlite_engine: Engine) -> None:
    """FAULTS R61, one by one: the second opts out while the first is handed over."""
    for key in (1, 2):
        add_prospect(sqlite_engine, key)
        add_message(sqlite_engine, key)

    class Slow(Watcher):
        def hand_over(self, envelope: Envelope) -> None:
            super().hand_over(envelope)
            with sqlite_engine.begin() as connection:
                connection.execute(update(t.standings).values(opted_out=True))

    slow = Slow(repeatable=False)
    assert deliver(sqlite_engine, post(slow), NOW) == Delivered(sent=1, cancelled=1)


def test_a_prospect_whom_another_transaction_changes_goes_later(postgresql_engine: Engine) -> None:
    """An opt-out that is not committed yet is neither overtaken nor waited for."""
    for key in (1, 2):
        add_prospect(postgresql_engine, key)
        add_message(postgresql_engine, key)
    with postgresql_engine.begin() as other:
        other.execute(update(t.standings).where(t.standings.c.prospect_id == 1).values(opted_out=True))
        assert deliver(postgresql_engine, post(Watcher()), NOW) == Delivered(sent=1)
        assert message_rows(postgresql_engine)[1] == ("queued", None)
    assert deliver(postgresql_engine, post(Watcher()), NOW) == Delivered(cancelled=1)
