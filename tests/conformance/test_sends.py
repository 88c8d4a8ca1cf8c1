"""One-off sends to lists: who gets one, who does not and why, when, and each but once (SPEC sections 7, 11 and 14)."""

from __future__ import annotations

import pytest

from engage.errors import Refused
from engage.rehearse.copying import make_ready
from tests.support.moments import at
from tests.support.sends import call_off, got, order, resume, send_of, state
from tests.support.world import World


def test_each_member_gets_one_mail_at_the_moment_and_nobody_else(draft: World) -> None:
    """
    steps: [send_email: news]
    """
    draft.add("later", lists=())
    draft.add("stranger", lists=("others",))
    draft.add("a")
    draft.add("b")
    number = order(draft, "news", at="1 day")
    draft.tick("23 hours")
    assert (got(draft, number), state(draft, number)) == ({}, "scheduled")
    draft.add_to_list("later", "members")
    draft.tick("1 day")
    assert got(draft, number) == {"later": "news", "a": "news", "b": "news"}
    assert state(draft, number) == "done"
    draft.add("c")
    draft.ticks("2 days", "3 days")
    assert "c" not in got(draft, number)
    assert draft.audit() == ()


def test_who_is_on_two_lists_gets_one_mail_and_the_suppressed_none(draft: World) -> None:
    """
    steps: [send_email: news]
    """
    draft.add("both", lists=("members", "vip"))
    draft.add("one", lists=("vip",))
    draft.add("out", lists=("members", "blocked"))
    number = order(draft, "news", lists=("members", "vip"), suppress=("blocked",))
    draft.tick("0 days")
    assert got(draft, number) == {"both": "news", "one": "news"}


def test_a_dynamic_list_is_who_matches_when_the_moment_comes(draft: World) -> None:
    """
    steps: [send_email: news]
    --- lists.yaml
    members: {name: Members}
    hot: {name: Hot, where: {score: {gte: 100}}}
    cold: {name: Cold, where: {country: Norway}}
    """
    draft.add("cool", score=50, lists=())
    draft.add("hot", score=100, lists=())
    draft.add("norse", score=200, lists=(), country="Norway")
    draft.add("member")
    number = order(draft, "news", lists=("members", "hot"), suppress=("cold",), at="1 day")
    draft.adjust("cool", 50, at="12 hours")
    draft.tick("1 day")
    assert got(draft, number) == {"cool": "news", "hot": "news", "member": "news"}


def test_who_may_not_be_written_to_has_a_cancelled_message_that_says_why(draft: World) -> None:
    """
    steps: [send_email: news]
    --- engage.yaml
    name: Example
    timezone: UTC
    require_consent: true
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    """
    draft.add("fine", consent_at=draft.now)
    draft.add("silent")
    draft.add("out", opted_out=True, consent_at=draft.now)
    draft.add("bounced", do_not_email=True, opted_out=True)
    number = order(draft, "news")
    draft.tick("0 days")
    assert got(draft, number) == {
        "fine": "news", "silent": "cancelled: no_consent", "out": "cancelled: opted_out",
        "bounced": "cancelled: do_not_email",
    }  # fmt: skip


def test_operational_mail_goes_to_who_opted_out_and_asks_no_cap(draft: World) -> None:
    """
    steps: [send_email: bill]
    --- engage.yaml
    name: Example
    timezone: UTC
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 2 days}}
    --- templates/bill.html
    ---
    subject: Your bill
    kind: operational
    ---
    <p>Pay</p>
    """
    draft.add("out", opted_out=True)
    draft.add("bounced", do_not_email=True)
    first, second = order(draft, "bill"), order(draft, "bill")
    draft.tick("0 days")
    assert got(draft, first) == got(draft, second) == {"out": "bill", "bounced": "cancelled: do_not_email"}


CAPPED = """
    steps: [{id: a, send_email: one}, {id: b, send_email: news}]
    --- engage.yaml
    name: Example
    timezone: UTC
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 2 days}}
"""


def test_who_has_no_room_waits_for_it_at_midnight_and_before_scenarios(world: World) -> None:
    world.add("full")
    world.tick("0 days")
    world.add("free", lists=("vip",))
    world.deliver("1 hour")
    number = order(world, "news", lists=("members", "vip"), now="2 hours")
    world.tick("3 hours")
    assert got(world, number) == {"full": "held: cap", "free": "news"}
    assert state(world, number) == "holding"
    world.tick("1 day")
    assert got(world, number)["full"] == "held: cap"
    world.tick("2 days")
    assert got(world, number) == {"full": "news", "free": "news"}
    assert state(world, number) == "done"
    assert [mail.step for mail in world.emails("full")] == ["a", None], "the send came before the scenario's second"
    world.deliver("2 days")
    world.ticks("3 days", "4 days")
    assert [mail.step for mail in world.emails("full")] == ["a", None, "b"]
    assert world.audit() == ()


def test_who_finds_no_room_within_the_days_of_the_cap_is_given_up(draft: World) -> None:
    draft.add("p")
    sends = [order(draft, name) for name in ("one", "news")]
    draft.tick("1 hour")
    assert [got(draft, number) for number in sends] == [{"p": "one"}, {"p": "held: cap"}]
    draft.ticks("1 day", "47 hours")
    assert got(draft, sends[1]) == {"p": "held: cap"}
    draft.tick("2 days")
    assert got(draft, sends[1]) == {"p": "cancelled: cap"}, "the first is still queued, for nobody delivers"
    assert state(draft, sends[1]) == "done"


for case in (
    test_who_has_no_room_waits_for_it_at_midnight_and_before_scenarios,
    test_who_finds_no_room_within_the_days_of_the_cap_is_given_up,
):
    case.__doc__ = CAPPED


def test_scenarios_hear_of_the_mail_and_count_it(world: World) -> None:
    """
    audience: {where: {emailed: {count: {gte: 1}, within: 7 days}}}
    steps: [{add_tag: mailed}, {id: again, send_email: {template: news, once: true}}]
    """
    world.add("a")
    world.add("b", lists=())
    number = order(world, "news")
    world.tick("0 days")
    assert got(world, number) == {"a": "news"}
    assert world.path("a") == ["add_tag-mailed", "again.skipped"]
    assert world.path("b") == []


def test_a_send_called_off_keeps_back_what_was_not_handed_over(draft: World) -> None:
    """
    steps: [send_email: news]
    """
    draft.people("a", "b")
    sent, early, late = order(draft, "news"), order(draft, "news", at="1 day"), order(draft, "news", at="2 days")
    draft.tick("1 hour")
    draft.deliver("1 hour")
    assert call_off(draft, early) == 0
    assert send_of(draft, early).ended_at == at("1 hour")
    with pytest.raises(Refused, match="is over"):
        call_off(draft, sent)
    draft.tick("2 days")
    assert got(draft, early) == {}
    assert (call_off(draft, late), state(draft, late)) == (2, "cancelled")
    assert got(draft, late) == {"a": "cancelled: send_cancelled", "b": "cancelled: send_cancelled"}
    with pytest.raises(Refused, match="is over"):
        call_off(draft, late)
    draft.tick("3 days")
    assert draft.deliver("3 days") == 0


def test_a_send_that_cannot_go_on_stops_itself_and_no_other(draft: World) -> None:
    """
    steps: [{send_email: old}, {send_email: news}]
    --- lists.yaml
    members: {name: Members}
    vip: {name: VIP}
    others: {name: Others}
    blocked: {name: Blocked}
    hot: {name: Hot, where: {score: {gte: 0}}}
    """
    draft.people("a", "b")
    first, second = order(draft, "news", at="1 hour"), order(draft, "old", at="1 hour")
    listed = order(draft, "old", lists=("hot",), at="1 hour")
    lists = "members: {name: Members}\nvip: {name: VIP}\nothers: {name: Others}\nblocked: {name: Blocked}"
    draft.apply("steps: [send_email: old]", lists=lists)
    draft.tick("1 hour")
    assert send_of(draft, first).fault == "template 'news' is not known; there are: old"
    assert (got(draft, first), got(draft, second)) == ({}, {"a": "old", "b": "old"})
    assert "list 'hot' is not known" in (send_of(draft, listed).fault or ""), "a dynamic list that is gone is not empty"
    draft.tick("2 hours")
    draft.apply("steps: [{send_email: old}, {send_email: news}]")
    resume(draft, first, "3 hours")
    draft.tick("3 hours")
    assert (got(draft, first), state(draft, first)) == ({"a": "news", "b": "news"}, "done")
    with pytest.raises(Refused, match="was not stopped"):
        resume(draft, first)


def test_a_send_that_an_outage_kept_for_over_a_day_asks_a_person(draft: World) -> None:
    """
    steps: [send_email: news]
    """
    draft.add("a")
    late, too_late = order(draft, "news", at="1 day 1 hour"), order(draft, "news", at="1 hour")
    draft.tick("2 days 1 hour")
    assert (got(draft, late), got(draft, too_late)) == ({"a": "news"}, {})
    assert "over a day ago" in (send_of(draft, too_late).fault or "")
    resume(draft, too_late, "3 days")
    draft.tick("3 days")
    assert got(draft, too_late) == {"a": "news"}


def test_a_forecast_s_copy_sends_nothing(draft: World) -> None:
    """
    steps: [send_email: news]
    """
    draft.add("a")
    number = order(draft, "news", at="1 hour")
    with draft.engine.begin() as connection:
        make_ready(connection, "journey")
    draft.tick("2 hours")
    assert got(draft, number) == {}


def test_an_order_that_cannot_be_carried_out_is_refused(draft: World) -> None:
    """
    steps: [{send_email: news}, {send_email: bill}]
    --- templates/bill.html
    ---
    subject: Your bill
    kind: operational
    ---
    <p>Pay</p>
    """
    for why, templates, given in (
        ("template 'new' is not known; did you mean news?", ("new",), {}),
        ("list 'member' is not known; did you mean members?", ("news",), {"lists": ("member",)}),
        ("stands twice", ("news", "news"), {}),
        ("send them apart", ("news", "bill"), {}),
    ):
        with pytest.raises(Refused, match=why):
            order(draft, *templates, **given)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="lies in the past"):
        order(draft, "news", now="2 days", at="1 day")
    with pytest.raises(Refused, match="there is no send 7"):
        resume(draft, 7)
