"""What mail that came back does: who is not written to any more, what is counted, and all that changes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from engage.effects.delivery import deliver
from engage.effects.post import Delivered
from engage.intake.returned.judging import Back
from engage.intake.returned.noting import KEPT, note
from engage.intake.returned.verdict import verdict
from engage.reports.returned import came_back, counts
from engage.sql import tables as t
from engage.sql.codes import MessageStatus, Returned
from tests.effects.mailroom import NOW, Watcher, add_message, add_people, message_rows, post
from tests.support.moments import When, at
from tests.support.world import World

CHANGES_NOTHING = (
    Returned.AUTOREPLY,
    Returned.DELAYED,
    Returned.DELIVERED,
    Returned.REPORT,
    Returned.ECHO,
    Returned.UNKNOWN,
)


def back(key: int, kind: Returned, *, name: str = "", why: str = "", named: Iterable[str] = ()) -> Back:
    """Make a mail about a message; the name tells two such mails apart."""
    words = f"{kind.name} {key} {name}"
    return Back(words.encode().ljust(16)[:16], key, (verdict(kind, why, named),))


def noted(engine: Engine, *backs: Back, when: When = "0 days") -> dict[Returned, int]:
    with engine.begin() as connection:
        return dict(note(connection, backs, "lmtp", at(when)))


def unmailable(world: World) -> dict[str, tuple[bool, bool]]:
    """Return who is marked as not to be mailed, and who opted out."""
    s = t.standings.c
    with world.engine.connect() as connection:
        rows = connection.execute(select(s.prospect_id, s.do_not_email, s.opted_out)).all()
    return {world.names[key]: (bool(stopped), bool(out)) for key, stopped, out in rows if stopped or out}


def mailed(engine: Engine, people: str = "ab", steps: int = 1) -> World:
    """Give a world in which everybody was handed so many mails; message 1 is a's first."""
    mails = "\n".join(f"  - {{id: mail{n}, send_email: invite}}\n  - wait: 1 day" for n in range(steps))
    world = World(engine, f"audience: {{where: {{email: {{exists: true}}}}}}\nsteps:\n{mails}\n  - wait: 9 days\n")
    world.people(*people)
    for day in range(steps):
        world.tick(f"{day} days")
        world.deliver(f"{day} days")
    return world


def test_a_hard_bounce_stops_all_mail_and_counts(engine: Engine) -> None:
    world = mailed(engine)
    assert noted(engine, back(1, Returned.HARD, why="550 5.1.1 no such user"), when="1 hour") == {Returned.HARD: 1}
    assert unmailable(world) == {}
    world.tick("2 hours")
    assert unmailable(world) == {"a": (True, False)}
    card = world.card()["mail0"]
    assert (card.hard_bounced, card.soft_bounced, card.delivered) == (1, 0, 1)
    assert not world.audit()


def test_five_soft_ones_are_as_good_but_what_a_policy_refuses_is_not_counted_against_the_recipient(
    engine: Engine,
) -> None:
    world = mailed(engine, steps=6)
    for mail in range(4):
        noted(engine, back(1 + 2 * mail, Returned.SOFT), back(2 + 2 * mail, Returned.POLICY), when="6 days")
    world.tick("6 days")
    assert unmailable(world) == {}
    noted(engine, back(9, Returned.SOFT), back(10, Returned.POLICY), back(12, Returned.POLICY), when="7 days")
    world.tick("7 days")
    assert unmailable(world) == {"a": (True, False)}
    assert world.card()["mail0"].soft_bounced == 2


def test_each_is_noted_once_however_often_it_comes(engine: Engine) -> None:
    """R58: the same mail again, the same refusal by another mail, a hard one after a soft one."""
    world = mailed(engine)
    once = back(1, Returned.SOFT, name="one")
    assert noted(engine, once, once) == {Returned.SOFT: 1}
    assert noted(engine, once) == {}
    assert noted(engine, back(1, Returned.SOFT, name="two"), when="1 hour") == {Returned.SOFT: 1}
    assert noted(engine, back(1, Returned.HARD), when="2 hours") == {Returned.HARD: 1}
    world.tick("3 hours")
    assert len(bounces(engine)) == 2
    card = world.card()["mail0"]
    assert (card.hard_bounced, card.soft_bounced) == (1, 0)


def bounces(engine: Engine) -> list[str | None]:
    a, w = t.activities.c, t.words.c
    with engine.connect() as connection:
        asked = select(a.properties).join(t.words, w.id == a.type_id).where(w.text == "email_bounced").order_by(a.id)
        return list(connection.scalars(asked))


@pytest.mark.parametrize("kind", CHANGES_NOTHING)
def test_what_is_no_bounce_changes_nothing_and_is_counted(engine: Engine, kind: Returned) -> None:
    """R57: autoreplies, warnings, echoes and what nobody can read."""
    world = mailed(engine)
    assert noted(engine, back(1, kind), when="1 hour") == {kind: 1}
    world.tick("2 hours")
    assert unmailable(world) == {}
    assert not bounces(engine)
    with engine.connect() as connection:
        assert counts(connection, at("1 day")) == {kind: 1}


def test_about_a_message_that_was_never_sent_it_is_foreign(engine: Engine) -> None:
    """S72: a good signature on a message that is still queued, was cancelled, or never was."""
    world = mailed(engine)
    m = t.messages
    with engine.begin() as connection:
        connection.execute(update(m).where(m.c.id == 1).values(status=int(MessageStatus.QUEUED)))
        connection.execute(update(m).where(m.c.id == 2).values(status=int(MessageStatus.CANCELLED)))
    backs = [back(key, Returned.HARD, why="secret") for key in (1, 2, 3, 2**62, 2**63, 2**64)]
    assert noted(engine, *backs) == {Returned.FOREIGN: 6}
    world.tick("1 hour")
    assert unmailable(world) == {}
    with engine.connect() as connection:
        assert {(one.email, one.message, one.why) for one in came_back(connection)} == {(None, None, None)}


def test_one_in_doubt_was_handed_over_if_it_comes_back(engine: Engine) -> None:
    world = mailed(engine)
    with engine.begin() as connection:
        doubt = update(t.messages).where(t.messages.c.id == 1).values(status=int(MessageStatus.IN_DOUBT))
        connection.execute(doubt)
    assert noted(engine, back(1, Returned.HARD)) == {Returned.HARD: 1}
    world.tick("1 hour")
    assert unmailable(world) == {"a": (True, False)}


def test_a_refusal_from_behind_the_address_suppresses_nobody_at_once(engine: Engine) -> None:
    """B79: a report of somebody else's address is soft; of the recipient's own, in any spelling, it is hard."""
    world = mailed(engine, "abc")
    forwarded = back(1, Returned.HARD, named=["other@elsewhere.example"])
    own = back(2, Returned.HARD, named=["other@elsewhere.example", '"B"@EXAMPLE.com.'])
    assert noted(engine, forwarded, own) == {Returned.SOFT: 1, Returned.HARD: 1}
    world.tick("1 hour")
    assert unmailable(world) == {"b": (True, False)}


def test_complaints_and_opt_outs_by_mail_opt_out(engine: Engine) -> None:
    world = mailed(engine, "abc")
    assert noted(engine, back(1, Returned.COMPLAINT), back(2, Returned.OPT_OUT)) == {
        Returned.COMPLAINT: 1,
        Returned.OPT_OUT: 1,
    }
    world.tick("1 hour")
    assert unmailable(world) == {"a": (False, True), "b": (False, True)}
    card = world.card()["mail0"]
    assert (card.complaints, card.opt_outs) == (1, 1)


def test_before_any_tick_learns_it_no_more_mail_goes(engine: Engine) -> None:
    """S72, R61: whoever told us was told that it counts; operational mail goes on to who only opted out."""
    add_people(engine, 6)
    assert deliver(engine, post(Watcher()), NOW) == Delivered(sent=6)
    with engine.begin() as connection:
        told = {1: Returned.HARD, 2: Returned.COMPLAINT, 3: Returned.OPT_OUT, 4: Returned.OPT_OUT, 5: Returned.SOFT}
        note(connection, [back(key, kind) for key, kind in told.items()], "lmtp", NOW)
    for key in range(1, 7):
        add_message(engine, 10 + key, prospect=key, **({"kind": 1} if key == 4 else {}))
    assert deliver(engine, post(Watcher()), NOW + timedelta(seconds=1)) == Delivered(sent=3, cancelled=3)
    became = {key: row for key, row in message_rows(engine).items() if key > 10}
    assert became == {
        11: ("cancelled", "do_not_email"),
        12: ("cancelled", "opted_out"),
        13: ("cancelled", "opted_out"),
        14: ("sent", None),
        15: ("sent", None),
        16: ("sent", None),
    }


def test_a_reason_cannot_make_a_soft_bounce_hard(engine: Engine) -> None:
    """S72, S30: what a server says is kept as text on one line and read by nobody as more."""
    world = mailed(engine, "abcd")
    for key, why in enumerate(("hard", '"hard"', 'x","type":"hard"', "policy"), 1):
        noted(engine, back(key, Returned.SOFT, why=why))
    world.tick("1 hour")
    assert unmailable(world) == {}
    assert world.card()["mail0"].soft_bounced == 4


def test_what_came_back_is_kept_for_a_while_and_goes_with_the_person(engine: Engine) -> None:
    mailed(engine)
    noted(engine, back(1, Returned.HARD, why="550 no"))
    noted(engine, back(2, Returned.AUTOREPLY), when=at("0 days") + KEPT + timedelta(days=1))
    with engine.connect() as connection:
        (left,) = came_back(connection)
        assert (left.kind, left.email, left.template, left.source) == ("autoreply", "b@example.com", "invite", "lmtp")
        assert connection.scalar(select(func.count()).select_from(t.activities)) == 1
    assert "prospect_id" in t.returned.c
