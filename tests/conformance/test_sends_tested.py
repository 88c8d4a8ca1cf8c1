"""A/B tests of one-off sends: stable shares, a winner by more than chance, and what follows where there is none."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from engage.clock import MICROSECOND
from engage.errors import Refused
from tests.support.sends import choose, got, order, read_by, send_of, state, trial
from tests.support.world import World

HOUR = timedelta(hours=1)
CASE = """
    steps: [{send_email: plain}, {send_email: bold}, {send_email: loud}]
"""


def crowd(world: World, count: int) -> None:
    """Add some prospects."""
    for number in range(count):
        world.add(f"p{number}")


def figures(world: World, number: int) -> list[tuple[int | None, int | None]]:
    """Return of how many each e-mail was delivered to, and how many did what was asked, when it was decided."""
    return [(variant.tried, variant.met) for variant in send_of(world, number).variants]


def test_a_share_gets_the_test_in_even_parts_and_the_winner_goes_to_the_rest(draft: World) -> None:
    crowd(draft, 400)
    number = order(draft, "plain", "bold", test=trial(50, "clicks", "4 hours"))
    draft.tick("0 days")
    parts = Counter(got(draft, number).values())
    assert (state(draft, number), set(parts)) == ("testing", {"plain", "bold"})
    assert all(75 <= count <= 125 for count in parts.values())
    testers = set(got(draft, number))
    draft.deliver("30 minutes")
    read_by(draft, "clicked_at", number, {"plain": 5, "bold": 40}, HOUR)
    draft.tick("4 hours")
    assert state(draft, number) == "testing", "the time begins with the hand-over"
    draft.tick("4 hours 30 minutes")
    assert state(draft, number) == "done"
    assert figures(draft, number) == [(parts["plain"], 5), (parts["bold"], 40)]
    rest = {who: mail for who, mail in got(draft, number).items() if who not in testers}
    assert set(rest.values()) == {"bold"}
    assert len(got(draft, number)) == 400
    assert draft.audit() == ()


def test_the_parts_are_the_same_for_ever_and_others_in_another_send(draft: World) -> None:
    crowd(draft, 200)
    numbers = [order(draft, "plain", "bold", "loud", test=trial(100)) for _ in range(2)]
    draft.tick("0 days")
    first, second = (got(draft, number) for number in numbers)
    assert len(first) == len(second) == 200
    assert all(45 <= count <= 90 for count in Counter(first.values()).values())
    assert sum(first[who] == second[who] for who in first) < 110, "another send parts the same people otherwise"


def test_where_chance_may_have_decided_nobody_wins_and_a_person_chooses(draft: World) -> None:
    crowd(draft, 100)
    number = order(draft, "plain", "bold", test=trial(50, "opens", "1 day"))
    draft.tick("0 days")
    draft.deliver("0 days")
    read_by(draft, "opened_at", number, {"plain": 6, "bold": 8}, HOUR)
    draft.ticks("1 day", "2 days")
    assert (state(draft, number), send_of(draft, number).winner) == ("undecided", None)
    assert [met for _, met in figures(draft, number)] == [6, 8]
    tested = len(got(draft, number))
    assert tested < 70
    with pytest.raises(Refused, match="it has plain, bold"):
        choose(draft, number, "loud", "2 days")
    choose(draft, number, "plain", "2 days")
    draft.tick("2 days")
    assert (state(draft, number), send_of(draft, number).chosen_by) == ("done", "person")
    assert list(got(draft, number).values())[tested:] == ["plain"] * (100 - tested)
    with pytest.raises(Refused, match="is done"):
        choose(draft, number, "bold", "3 days")


def test_what_happened_at_the_very_end_of_the_test_counts_and_what_came_after_does_not(draft: World) -> None:
    crowd(draft, 60)
    number = order(draft, "plain", "bold", test=trial(50, "opens", "1 day"))
    draft.tick("0 days")
    draft.deliver("0 days")
    day = timedelta(days=1)
    read_by(draft, "opened_at", number, {"plain": 4}, day)
    read_by(draft, "opened_at", number, {"bold": 5}, day + MICROSECOND)
    draft.tick("2 days")
    assert [met for _, met in figures(draft, number)] == [4, 0]


def test_the_very_first_prospect_gets_the_winner_too(draft: World) -> None:
    crowd(draft, 60)
    while True:
        number = order(draft, "plain", "bold", test=trial(30, "opens", "1 hour", "first"))
        draft.tick("0 days")
        if "p0" not in got(draft, number):
            break
    draft.deliver("0 days")
    draft.tick("1 hour")
    assert got(draft, number)["p0"] == "plain"
    assert len(got(draft, number)) == 60


def test_or_the_first_goes_to_the_rest(draft: World) -> None:
    crowd(draft, 60)
    number = order(draft, "plain", "bold", test=trial(50, "opens", "1 hour", "first"))
    draft.tick("0 days")
    draft.deliver("0 days")
    draft.tick("1 hour")
    assert (state(draft, number), send_of(draft, number).chosen_by) == ("done", "first")
    assert Counter(got(draft, number).values())["plain"] > 35


def test_a_winner_is_chosen_early_by_hand(draft: World) -> None:
    crowd(draft, 60)
    number = order(draft, "plain", "bold", test=trial(30))
    with pytest.raises(Refused, match="is scheduled"):
        choose(draft, number, "bold")
    draft.tick("0 days")
    draft.deliver("0 days")
    read_by(draft, "clicked_at", number, {"plain": 1, "bold": 2}, HOUR)
    choose(draft, number, "bold", "2 hours")
    assert [met for _, met in figures(draft, number)] == [1, 2]
    draft.tick("2 hours")
    assert (state(draft, number), len(got(draft, number))) == ("done", 60)
    lone = order(draft, "plain")
    draft.tick("3 hours")
    with pytest.raises(Refused, match="has no rest"):
        choose(draft, lone, "plain")


def test_late_events_bots_and_bounces_do_not_decide(draft: World) -> None:
    crowd(draft, 40)
    number = order(draft, "plain", "bold", test=trial(100, "clicks", "1 day"))
    draft.tick("0 days")
    draft.deliver("0 days")
    plain = [who for who, mail in got(draft, number).items() if mail == "plain"]
    bold = [who for who, mail in got(draft, number).items() if mail == "bold"]
    draft.activity(plain[0], "email_clicked", "plain", at="1 hour")
    draft.activity(plain[1], "email_clicked", "plain", at="1 hour", bot=True)
    draft.activity(plain[2], "email_bounced", "plain", at="1 hour", properties='{"type":"hard"}')
    draft.activity(plain[3], "email_opened", "plain", at="1 hour")
    draft.activity(bold[0], "email_clicked", "bold", at="1 day")
    draft.activity(bold[1], "email_clicked", "bold", at="1 day 1 minute")
    draft.tick("3 days")
    assert figures(draft, number) == [(len(plain) - 1, 1), (len(bold), 1)]
    assert (state(draft, number), send_of(draft, number).winner) == ("done", None)


def test_conversions_are_what_readers_do_after_the_hand_over(draft: World) -> None:
    crowd(draft, 60)
    goal = "[{form_submitted: demo}, {page_viewed: /pricing*}]"
    number = order(draft, "plain", "bold", at="1 hour", test=trial(100, "conversions", "1 day", goal=goal))
    draft.tick("1 hour")
    mails = got(draft, number)
    bold = [who for who, mail in mails.items() if mail == "bold"]
    plain = [who for who, mail in mails.items() if mail == "plain"]
    draft.activity(plain[0], "form_submitted", "demo", at="1 hour")
    draft.deliver("2 hours")
    draft.activity(plain[1], "form_submitted", "whitepaper", at="3 hours")
    for who in bold[:12]:
        draft.activity(who, "form_submitted", "demo", at="3 hours")
        draft.activity(who, "page_viewed", "/pricing/all", at="4 hours")
    draft.tick("1 day 2 hours")
    assert figures(draft, number) == [(len(plain), 0), (len(bold), 12)]
    assert (send_of(draft, number).winner, send_of(draft, number).chosen_by) == (2, "test")


def test_who_joins_the_list_meanwhile_gets_the_winner_and_who_leaves_it_nothing(draft: World) -> None:
    crowd(draft, 40)
    number = order(draft, "plain", "bold", test=trial(50, "opens", "1 day", "first"))
    draft.tick("0 days")
    draft.deliver("0 days")
    testers = set(got(draft, number))
    left = next(who for who in draft.ids if who not in testers)
    draft.add("new", at="1 hour")
    draft.remove_from_list(left, "members", "1 hour")
    draft.tick("1 day")
    assert got(draft, number)["new"] == "plain"
    assert left not in got(draft, number)
    assert len(got(draft, number)) == 40


def test_who_has_no_room_is_no_part_of_a_test(draft: World) -> None:
    crowd(draft, 20)
    first = order(draft, "loud")
    draft.tick("0 days")
    draft.deliver("0 days")
    draft.add("free", at="1 hour")
    tested = order(draft, "plain", "bold", test=trial(50, "opens", "1 hour", "first"))
    whole = order(draft, "plain", "bold", lists=("vip",), test=trial(100, "opens", "1 hour"))
    draft.add_to_list("p0", "vip", "1 hour")
    draft.tick("1 hour")
    assert len(got(draft, first)) == 20
    assert set(got(draft, tested)) <= {"free"}
    assert got(draft, whole) == {"p0": "cancelled: cap"}, "a test of all has no rest in which there might be room"
    draft.deliver("1 hour")
    draft.ticks("2 hours", "3 hours")
    assert state(draft, tested) == "holding"
    assert Counter(got(draft, tested).values())["held: cap"] == 20


def test_three_are_compared_all_with_all(draft: World) -> None:
    crowd(draft, 300)
    number = order(draft, "plain", "bold", "loud", test=trial(100, "opens", "1 day"))
    draft.tick("0 days")
    draft.deliver("0 days")
    read_by(draft, "opened_at", number, {"plain": 20, "bold": 22, "loud": 60}, HOUR)
    draft.tick("1 day")
    assert send_of(draft, number).winner == 3


CAP = """
    --- engage.yaml
    name: Example
    timezone: UTC
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 2 days}}
"""
for name, case in tuple(globals().items()):
    if name.startswith("test_"):
        case.__doc__ = CASE + (CAP if "no_room" in name else "")
