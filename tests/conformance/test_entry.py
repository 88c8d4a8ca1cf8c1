"""Entry: who begins a run, and who does not (SPEC section 3)."""

from __future__ import annotations

from tests.support.world import World, at


def test_only_members_of_the_list_enter(world: World) -> None:
    """
    audience: {lists: [members]}
    steps: [{wait: 1 day}]
    """
    world.add("outside", lists=[])
    world.add("elsewhere", lists=["others"])
    world.add("inside")
    world.tick("0 days")
    assert world.inside() == {"inside": "wait"}


def test_any_of_several_lists_is_enough(world: World) -> None:
    """
    audience: {lists: [members, others]}
    steps: [{wait: 1 day}]
    """
    world.add("neither", lists=["vip"])
    world.add("one", lists=["members"])
    world.add("other", lists=["others"])
    world.add("both", lists=["members", "others"])
    world.tick("0 days")
    assert world.inside() == {"one": "wait", "other": "wait", "both": "wait"}


def test_lists_and_where_must_both_hold(world: World) -> None:
    """
    audience: {lists: [members], where: {country: JP}}
    steps: [{wait: 1 day}]
    """
    world.add("abroad", country="US")
    world.add("unlisted", lists=[], country="JP")
    world.add("unknown")
    world.add("right", country="ＪＰ")
    world.tick("0 days")
    assert world.inside() == {"right": "wait"}


def test_who_begins_to_match_later_enters_at_the_next_tick_and_not_before(world: World) -> None:
    """
    audience: {where: {score: {gte: 50}}}
    steps: [{wait: 1 day}]
    """
    world.add("cold", score=49)
    world.add("warming", score=10)
    world.tick("0 days")
    assert world.inside() == {}
    world.adjust("warming", 40, at="1 hour")
    assert world.inside() == {}
    world.tick("2 hours")
    assert world.inside() == {"warming": "wait"}
    assert world.visits() == []
    world.tick("1 day 2 hours")
    assert [(v.who, v.arrived_at, v.left_at) for v in world.visits()] == [
        ("warming", at("2 hours"), at("1 day 2 hours"))
    ]


def test_a_dynamic_list_is_its_criteria(world: World) -> None:
    """
    audience: {lists: [hot]}
    steps: [{wait: 1 day}]
    --- lists.yaml
    hot: {name: Hot, where: {score: {gte: 100}, not: {list: blocked}}}
    blocked: {name: Blocked}
    """
    world.add("cold", lists=[], score=99)
    world.add("barred", lists=["blocked"], score=500)
    world.add("hot", lists=[], score=100)
    world.tick("0 days")
    assert world.inside() == {"hot": "wait"}


def test_the_suppressed_stay_out_and_enter_when_it_ends(world: World) -> None:
    """
    audience: {lists: [members], suppress: {lists: [blocked], where: {opportunity: {status: won}}}}
    steps: [{wait: 1 day}]
    """
    world.add("blocked", lists=["members", "blocked"])
    world.add("customer")
    world.opportunity("customer", "deal", status="won")
    world.add("free")
    world.opportunity("free", "deal", status="lost")
    world.tick("0 days")
    assert world.inside() == {"free": "wait"}
    world.remove_from_list("blocked", "blocked", at="1 hour")
    world.tick("1 hour")
    assert world.inside() == {"free": "wait", "blocked": "wait"}


def test_who_has_met_goal_or_exit_already_is_not_enrolled(world: World) -> None:
    """
    goal: {tag: customer}
    exit: {tag: do-not-nurture}
    steps: [{wait: 1 day}]
    """
    world.add("customer", tags=["customer"])
    world.add("left-alone", tags=["Do-Not-Nurture"])
    world.add("fresh", tags=["other"])
    world.tick("0 days")
    assert world.inside() == {"fresh": "wait"}
    assert world.state("customer") is None


def test_nobody_enters_a_second_time(world: World) -> None:
    """
    audience: {lists: [members], unmatched: exit}
    steps: [{wait: 1 day}]
    """
    world.people("finished", "gone")
    world.tick("0 days")
    world.remove_from_list("gone", "members", at="1 hour")
    world.tick("1 hour")
    world.tick("1 day")
    for who in ("finished", "gone"):
        if who == "finished":
            world.remove_from_list(who, "members", at="2 days")
            world.tick("2 days")
    world.add_to_list("finished", "members", at="3 days")
    world.add_to_list("gone", "members", at="3 days")
    world.tick("3 days")
    assert world.inside() == {}
    assert {who: world.state(who) for who in world.ids} == {"finished": "completed", "gone": "left"}
    assert {who: world.runs(who) for who in world.ids} == {"finished": 1, "gone": 1}


def test_a_prospect_may_be_in_two_scenarios_at_once(world: World) -> None:
    """
    steps: [{wait: 2 days}, {add_tag: first}]
    --- scenarios/second.yaml
    audience: {lists: [members, others]}
    steps: [{wait: 1 day}, {add_tag: second}]
    """
    world.add("both")
    world.add("one", lists=["others"])
    world.tick("0 days")
    assert world.inside() == {"both": "wait"}
    assert world.inside(key="second") == {"both": "wait", "one": "wait"}
    world.tick("1 day")
    assert world.tags("both") == {"second"}
    world.tick("2 days")
    assert world.tags("both") == {"first", "second"}
    assert world.tags("one") == {"second"}


def test_every_enrolment_becomes_a_member_of_the_campaign_and_nobody_loses_a_status(world: World) -> None:
    """
    campaign: launch
    steps:
      - {id: fresh, rule: {campaign: {id: launch, status: invited}}, yes: [{add_tag: invited}], no: [{add_tag: kept}]}
    """
    world.add("outside", lists=[])
    world.add("new")
    world.add("attended")
    world.campaign("attended", "launch", "attended")
    world.tick("0 days")
    assert world.tagged("invited") == {"new"}
    assert world.tagged("kept") == {"attended"}
    members = world.rows("campaign_members", "prospect_id", "status")
    assert members == sorted([(world.ids["new"], "invited"), (world.ids["attended"], "attended")])


def test_without_backfill_only_those_enter_who_begin_to_match_later(draft: World) -> None:
    """
    audience: {where: {tag: wanted}}
    backfill: false
    steps: [{wait: 1 day}]
    """
    world = draft
    world.add("before", tags=["wanted"])
    world.add("later")
    world.tick("0 days")
    world.start("1 hour")
    world.tick("1 hour")
    assert world.inside() == {}
    world.add_tag("later", "wanted", at="2 hours")
    world.adjust("before", 1, at="2 hours")
    world.tick("2 hours")
    assert world.inside() == {"later": "wait"}
    world.remove_tag("before", "wanted", at="3 hours")
    world.tick("3 hours")
    assert world.inside() == {"later": "wait"}
    world.add_tag("before", "wanted", at="4 hours")
    world.tick("4 hours")
    assert world.inside() == {"later": "wait", "before": "wait"}


def test_backfill_is_the_default_and_takes_those_who_match_at_the_start(draft: World) -> None:
    """
    audience: {where: {tag: wanted}}
    steps: [{wait: 1 day}]
    """
    world = draft
    world.add("before", tags=["wanted"])
    world.add("never")
    world.tick("0 days")
    assert world.state("before") is None
    world.start("1 hour")
    world.tick("1 hour")
    assert world.inside() == {"before": "wait"}


def test_the_entry_window_is_whole_local_days_and_those_inside_finish(world: World) -> None:
    """
    schedule: {from: 2026-12-03, until: 2026-12-04}
    steps: [{wait: 5 days}, {add_tag: done}]
    --- engage.yaml
    name: Example
    timezone: Asia/Tokyo
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    """
    world.add("early")
    world.tick("2026-12-02T14:59:59.999999")
    assert world.inside() == {}
    world.tick("2026-12-02T15:00:00")  # midnight in Tokyo
    assert world.inside() == {"early": "wait"}
    world.add("last", at="2026-12-04T14:59:59.999999")
    world.tick("2026-12-04T14:59:59.999999")
    world.add("late", at="2026-12-04T15:00:00")
    world.tick("2026-12-04T15:00:00")
    assert world.inside() == {"early": "wait", "last": "wait"}
    world.tick("20 days")
    assert world.tagged("done") == {"early", "last"}


def test_a_window_that_opens_while_nobody_ticks_is_not_missed(world: World) -> None:
    """
    schedule: {from: 2026-12-03}
    steps: [{wait: 1 day}]
    """
    world.add("a")
    world.tick("0 days")
    world.tick("6 days")
    assert world.inside() == {"a": "wait"}


def test_a_list_that_looks_at_dates_flips_at_local_midnight(world: World) -> None:
    """
    audience: {lists: [renewing], unmatched: exit}
    steps: [{wait: 90 days}]
    --- lists.yaml
    renewing: {name: Renewing, where: {renewal_date: {within: 2 days}}}
    --- engage.yaml
    name: Example
    timezone: Asia/Tokyo
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    fields: {renewal_date: {type: date}}
    """
    world.add("today", lists=[], renewal_date="2026-12-01")
    world.add("tomorrow", lists=[], renewal_date="2026-12-02")
    world.add("empty", lists=[])
    world.tick("0 days")  # 09:00 of 1 December in Tokyo
    assert world.inside() == {"today": "wait"}
    world.tick("2026-12-01T14:59:59.999999")
    assert world.inside() == {"today": "wait"}
    world.tick("2026-12-01T15:00:00")  # 2 December begins in Tokyo
    assert world.inside() == {"today": "wait", "tomorrow": "wait"}
    world.tick("2026-12-02T15:00:00")  # 3 December: today and the day before are the 3rd and the 2nd
    assert world.inside() == {"tomorrow": "wait"}
    assert world.state("today") == "left"


def test_midnights_missed_in_an_outage_are_made_up_by_one_look(world: World) -> None:
    """
    audience: {where: {created_at: {older_than: 3 days}}}
    steps: [{wait: 90 days}]
    """
    world.add("a")
    world.add("b", at="2 days")
    world.tick("2 days")
    assert world.inside() == {}
    world.tick("2026-12-05T00:00:01")
    assert world.inside() == {"a": "wait"}


def test_nobody_enters_a_scenario_that_was_never_started(draft: World) -> None:
    """
    steps: [{wait: 1 day}]
    """
    draft.add("a")
    draft.ticks("0 days", "1 day", "2 days")
    assert draft.state("a") is None
