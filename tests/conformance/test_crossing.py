"""``enrol`` and ``leave``: steps that reach into another scenario (SPEC section 5)."""

from __future__ import annotations

from tests.support.world import World, at


def test_enrol_asks_neither_lists_nor_where_nor_events(world: World) -> None:
    """
    steps: [{enrol: second}, {enrol: third}, {wait: 1 day}]
    --- scenarios/second.yaml
    audience: {lists: [vip], where: {score: {gte: 1000}}}
    campaign: launch
    steps: [{wait: 2 days}, {add_tag: second}]
    --- scenarios/third.yaml
    audience: {on: {form_submitted: demo}}
    steps: [{add_tag: third}]
    """
    world.add("outside", lists=["others"])
    world.add("member")
    world.tick("1 hour")
    assert world.path("member") == ["enrol-second", "enrol-third"]
    assert world.inside(key="second") == {"member": "wait"}
    assert world.entered_at("member", key="second") == at("1 hour")
    assert world.tagged("third") == {"member"}
    assert world.rows("campaign_members", "prospect_id") == [(world.ids["member"],)]
    world.tick("2 days 1 hour")
    assert world.tagged("second") == {"member"}
    assert world.audit() == ()


def test_who_may_not_be_enrolled_is_skipped_with_the_reason(world: World) -> None:
    """
    steps: [{enrol: second}, {add_tag: went-on}]
    --- scenarios/second.yaml
    audience: {lists: [vip], suppress: {lists: [blocked]}}
    goal: {tag: customer}
    exit: {tag: alone}
    steps: [{wait: 2 days}]
    """
    world.add("in-already", lists=["vip"])
    world.tick("0 days")
    world.add_to_list("in-already", "members", at="1 day")
    world.add("suppressed", lists=["members", "blocked"])
    world.add("bought", tags=["customer"])
    world.add("alone", tags=["alone"])
    world.add("free")
    world.tick("1 day")
    assert {who: world.path(who)[0] for who in world.ids} == {
        "in-already": "enrol-second.skipped", "suppressed": "enrol-second.skipped", "bought": "enrol-second.skipped",
        "alone": "enrol-second.skipped", "free": "enrol-second",
    }  # fmt: skip
    assert world.reason("in-already", "enrol-second") == "is in second already"
    assert world.reason("suppressed", "enrol-second") == "is suppressed in second"
    assert world.reason("bought", "enrol-second") == "has reached the goal of second"
    assert world.reason("alone", "enrol-second") == "has met the exit of second"
    assert world.tagged("went-on") == set(world.ids)
    assert world.inside(key="second") == {"in-already": "wait", "free": "wait"}


def test_re_entry_is_asked_too(world: World) -> None:
    """
    audience: {lists: [members]}
    reentry: {after: 2 days}
    steps: [{enrol: never}, {enrol: again}, {enrol: spaced}, {enrol: twice}]
    --- scenarios/never.yaml
    audience: {lists: [vip]}
    steps: [{add_tag: x}]
    --- scenarios/again.yaml
    audience: {lists: [vip]}
    reentry: always
    steps: [{add_tag: x}]
    --- scenarios/spaced.yaml
    audience: {lists: [vip]}
    reentry: {after: 3 days}
    steps: [{add_tag: x}]
    --- scenarios/twice.yaml
    audience: {lists: [vip]}
    reentry: {max: 2}
    steps: [{add_tag: x}]
    """
    world.add("a")
    world.ticks("0 days", "2 days")
    assert world.path("a") == ["enrol-never.skipped", "enrol-again", "enrol-spaced.skipped", "enrol-twice"]
    assert world.reason("a", "enrol-never") == "was in never before"
    assert world.reason("a", "enrol-spaced") == "was in spaced too short a time ago"
    world.tick("4 days")
    assert world.path("a") == ["enrol-never.skipped", "enrol-again", "enrol-spaced", "enrol-twice.skipped"]
    assert world.reason("a", "enrol-twice") == "was in twice 2 times"
    assert world.runs("a", key="again") == 3
    assert world.audit() == ()


def test_schedule_and_state_of_the_other_scenario(world: World) -> None:
    """
    reentry: {after: 1 day}
    steps: [{enrol: later}, {enrol: second}, {leave: second}]
    --- scenarios/later.yaml
    audience: {lists: [vip]}
    schedule: {from: 2027-01-01}
    steps: [{add_tag: x}]
    --- scenarios/second.yaml
    audience: {lists: [vip]}
    steps: [{wait: 9 days}]
    """
    world.pause("0 days", key="second")
    world.add("a")
    world.tick("0 days")
    assert world.path("a") == ["enrol-later.skipped", "enrol-second.skipped", "leave-second.skipped"]
    assert world.reason("a", "enrol-later") == "later takes nobody in today"
    assert world.reason("a", "enrol-second") == "second does not run"
    assert world.reason("a", "leave-second") == "second is paused"
    world.stop("1 hour", key="second")
    world.tick("1 day")
    assert world.path("a") == ["enrol-later.skipped", "enrol-second.skipped", "leave-second"]


def test_such_a_run_is_not_held_for_lists_it_never_matched_and_is_once_it_has(world: World) -> None:
    """
    steps: [{enrol: second}]
    --- scenarios/second.yaml
    audience: {lists: [vip], suppress: {lists: [blocked]}}
    steps: [{wait: 30 days}]
    """
    world.people("never", "later", "blocked")
    world.tick("0 days")
    for who in world.ids:
        world.adjust(who, 1, at="1 day")
    world.add_to_list("blocked", "blocked", at="1 day")
    world.tick("1 day")
    assert {who: world.state(who, key="second") for who in world.ids} == {
        "never": "active", "later": "active", "blocked": "held",
    }  # fmt: skip
    world.add_to_list("later", "vip", at="2 days")
    world.add_to_list("blocked", "vip", at="2 days")
    world.remove_from_list("blocked", "blocked", at="2 days")
    world.tick("2 days")
    for who in ("later", "blocked"):
        world.remove_from_list(who, "vip", at="3 days")
    world.tick("3 days")
    assert {who: world.state(who, key="second") for who in world.ids} == {
        "never": "active", "later": "held", "blocked": "held",
    }  # fmt: skip
    assert world.audit() == ()


def test_with_unmatched_exit_too(world: World) -> None:
    """
    steps: [{enrol: second}]
    --- scenarios/second.yaml
    audience: {where: {tag: vip}, unmatched: exit}
    steps: [{wait: 30 days}]
    """
    world.people("never", "vip")
    world.add_tag("vip", "vip")
    world.tick("0 days")
    world.remove_tag("vip", "vip", at="1 day")
    world.adjust("never", 1, at="1 day")
    world.tick("1 day")
    assert {who: world.state(who, key="second") for who in world.ids} == {"never": "active", "vip": "left"}


def test_leave_ends_the_other_run_as_left(world: World) -> None:
    """
    audience: {lists: [others]}
    steps: [{leave: second}, {add_tag: moved}]
    --- scenarios/second.yaml
    audience: {lists: [members], suppress: {lists: [blocked]}}
    steps: [{wait: 9 days}, {add_tag: second}]
    """
    world.people("stays", "leaves", "held")
    world.add("outside", lists=[])
    world.tick("0 days")
    world.add_to_list("held", "blocked", at="1 day")
    for who in ("leaves", "held", "outside"):
        world.add_to_list(who, "others", at="1 day")
    world.tick("1 day")
    assert world.path("outside") == ["leave-second", "add_tag-moved"]
    assert {who: world.state(who, key="second") for who in world.ids} == {
        "stays": "active", "leaves": "left", "held": "left", "outside": None,
    }  # fmt: skip
    assert world.ends_at("leaves", key="second") == at("1 day")
    assert world.card(key="second")["wait"].left == 2
    world.tick("9 days")
    assert world.tagged("second") == {"stays"}
    assert world.audit() == ()


def test_a_run_ended_by_leave_counts_for_re_entry(world: World) -> None:
    """
    audience: {lists: [others]}
    steps: [{leave: second}]
    --- scenarios/second.yaml
    audience: {lists: [members]}
    reentry: {after: 2 days}
    steps: [{wait: 30 days}]
    """
    world.people("a", "b")
    world.tick("0 days")
    world.add_to_list("a", "others", at="1 day")
    world.ticks("1 day", "2 days")
    assert world.state("a", key="second") == "left"
    world.tick("3 days")
    assert {who: world.runs(who, key="second") for who in world.ids} == {"a": 2, "b": 1}


def test_scenarios_that_enrol_each_other_end_each_tick(world: World) -> None:
    """
    audience: {lists: [members]}
    reentry: always
    steps: [{enrol: second}]
    --- scenarios/second.yaml
    audience: {lists: [vip]}
    reentry: always
    steps: [{enrol: third}]
    --- scenarios/third.yaml
    audience: {lists: [vip]}
    reentry: always
    steps: [{enrol: journey}]
    """
    world.add("a")
    world.tick("0 days")
    assert {key: world.runs("a", key=key) for key in ("journey", "second", "third")} == {
        "journey": 1, "second": 1, "third": 1,
    }  # fmt: skip
    assert world.reason("a", "enrol-journey", key="third") == "was in journey in this tick"
    world.tick("1 day")
    assert world.runs("a") == 1
    assert world.audit() == ()


def test_chunks_and_places_do_not_mix(world: World) -> None:
    """
    steps:
      - {rule: {tag: odd}, yes: [{add_tag: was-odd}], no: []}
      - {enrol: second}
      - {leave: third}
    --- scenarios/second.yaml
    audience: {lists: [vip]}
    steps: [{wait: 1 day}]
    --- scenarios/third.yaml
    priority: 90
    steps: [{wait: 9 days}]
    """
    for number in range(7):
        world.add(f"p{number}", tags=["odd"] if number % 2 else [])
    world.tick("0 days", chunk=3)
    assert set(world.inside(key="second")) == set(world.ids)
    assert {world.state(who, key="third") for who in world.ids} == {"left"}
    assert world.audit() == ()
