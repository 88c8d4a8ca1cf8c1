"""Goal and exit: met = leave at once, before anything that is due in the same tick (SPEC 3 and 7)."""

from __future__ import annotations

from tests.support.world import World, at


def test_a_goal_ends_the_run_where_it_stands(world: World) -> None:
    """
    goal: {opportunity: {status: open}}
    steps: [{wait: 9 days}, {add_tag: done}]
    """
    world.people("buyer", "other", "lost")
    world.tick("0 days")
    world.opportunity("buyer", "deal", at="1 day")
    world.opportunity("lost", "deal", status="lost", at="1 day")
    world.tick("1 day")
    assert {who: world.state(who) for who in world.ids} == {"buyer": "goal", "other": "active", "lost": "active"}
    assert [(v.step, v.outcome, v.left_at) for v in world.visits("buyer")] == [("wait", "goal", at("1 day"))]
    assert world.ends_at("buyer") == at("1 day")
    world.tick("9 days")
    assert world.tagged("done") == {"other", "lost"}


def test_an_exit_ends_the_run_as_left(world: World) -> None:
    """
    exit: {tag: stop}
    steps: [{wait: 9 days}, {add_tag: done}]
    """
    world.people("a", "b")
    world.tick("0 days")
    world.add_tag("a", "STOP", at="1 day")
    world.tick("1 day")
    assert (world.state("a"), world.state("b")) == ("left", "active")
    world.remove_tag("a", "STOP", at="2 days")
    world.tick("9 days")
    assert world.tagged("done") == {"b"}


def test_a_goal_goes_before_an_exit(world: World) -> None:
    """
    goal: {tag: customer}
    exit: {score: {gte: 10}}
    steps: [{wait: 9 days}]
    """
    world.people("both", "exit")
    world.tick("0 days")
    world.add_tag("both", "customer", at="1 day")
    world.adjust("both", 10, at="1 day")
    world.adjust("exit", 10, at="1 day")
    world.tick("1 day")
    assert (world.state("both"), world.state("exit")) == ("goal", "left")


def test_a_goal_goes_before_the_trigger_whose_event_meets_it(world: World) -> None:
    """
    goal: {activity: {type: form_submitted, target: demo}}
    steps:
      - {id: asked, trigger: {form_submitted: any}, within: 5 days, yes: [{create_todo: {subject: Call}}]}
    """
    world.people("demo", "paper")
    world.tick("0 days")
    world.activity("demo", "form_submitted", "demo", at="1 day")
    world.activity("paper", "form_submitted", "whitepaper", at="1 day")
    world.tick("1 day")
    assert world.state("demo") == "goal"
    assert world.path("demo") == []
    assert [todo.who for todo in world.todos()] == ["paper"]


def test_a_goal_goes_before_an_overdue_wait(world: World) -> None:
    """
    goal: {tag: customer}
    steps: [{wait: 1 day}, {send_email: hello}]
    """
    world.people("a", "b")
    world.tick("0 days")
    world.add_tag("a", "customer", at="2 days")
    world.tick("3 days")
    assert world.state("a") == "goal"
    assert [m.who for m in world.emails()] == ["b"]


def test_a_goal_met_by_a_step_of_the_run_is_seen_in_the_next_round(world: World) -> None:
    """
    goal: {score: {gte: 100}}
    steps: [{adjust_score: +100}, {add_tag: same-round}, {wait: 1 day}, {add_tag: later}]
    """
    world.add("a")
    world.add("b", score=-50)
    world.tick("0 days")
    assert world.state("a") == "goal"
    assert world.path("a") == ["adjust_score", "add_tag-same-round"]
    assert world.ends_at("a") == at("0 days")
    assert world.state("b") == "active"
    world.tick("1 day")
    assert world.tagged("later") == {"b"}


def test_a_goal_that_comes_and_goes_between_two_ticks_is_not_met(world: World) -> None:
    """
    goal: {tag: customer}
    steps: [{wait: 2 days}, {add_tag: done}]
    """
    world.add("a")
    world.tick("0 days")
    world.add_tag("a", "customer", at="1 day")
    world.remove_tag("a", "customer", at="1 day 1 hour")
    world.tick("2 days")
    assert world.state("a") == "completed"


def test_a_goal_may_ask_for_the_end_of_another_scenario(world: World) -> None:
    """
    goal: {scenario: {id: second, state: completed}}
    steps: [{wait: 9 days}]
    --- scenarios/second.yaml
    audience: {lists: [others]}
    steps: [{wait: 1 day}]
    """
    world.add("one")
    world.add("both", lists=["members", "others"])
    world.ticks("0 days", "1 day")
    assert (world.state("one"), world.state("both")) == ("active", "goal")


def test_a_goal_may_ask_whether_another_scenario_holds_its_run(world: World) -> None:
    """
    goal: {scenario: {id: second, state: held}}
    steps: [{wait: 9 days}]
    --- scenarios/second.yaml
    audience: {lists: [others]}
    steps: [{wait: 9 days}]
    """
    world.people("inside", "held", lists=["members", "others"])
    world.tick("0 days")
    world.remove_from_list("held", "others", at="1 day")
    world.tick("1 day")
    assert world.state("held", key="second") == "held"
    assert (world.state("inside"), world.state("held")) == ("active", "goal")


def test_a_goal_that_time_alone_meets_is_looked_at_at_midnight(world: World) -> None:
    """
    goal: {last_activity_at: {older_than: 2 days}}
    steps: [{wait: 90 days}]
    """
    world.people("quiet", "busy")
    world.activity("quiet", "page_viewed", "/", at="1 hour")
    world.activity("busy", "page_viewed", "/", at="1 hour")
    world.tick("1 hour")
    world.activity("busy", "page_viewed", "/", at="2 days")
    world.tick("2026-12-03T23:59:59.999999")
    assert (world.state("quiet"), world.state("busy")) == ("active", "active")
    world.tick("2026-12-04")
    assert (world.state("quiet"), world.state("busy")) == ("goal", "active")


def test_a_goal_on_the_grade_is_met_when_time_alone_changes_the_grade(world: World) -> None:
    """
    goal: {grade: {gte: C}}
    steps: [{wait: 90 days}]
    --- grading.yaml
    profiles:
      default:
        - {name: Seasoned, match: {created_at: {older_than: 2 days}}, worth: 1}
    """
    world.add("old")
    world.add("young", at="1 day")
    world.tick("1 day")
    assert (world.grade("old"), world.state("old")) == ("F", "active")
    world.tick("2026-12-04")
    assert (world.grade("old"), world.state("old")) == ("C", "goal")
    assert world.state("young") == "active"


def test_an_unmailable_prospect_may_be_a_goal(world: World) -> None:
    """
    exit: {mailable: false}
    steps: [{send_email: hello}, {wait: 9 days}]
    """
    world.people("stays", "opts-out", "bounces")
    world.tick("0 days")
    world.deliver("1 hour")
    world.activity("opts-out", "email_unsubscribed", "hello", at="1 day")
    world.activity("bounces", "email_bounced", "hello", at="1 day", properties='{"bounce": "hard"}')
    world.tick("1 day")
    assert {who: world.state(who) for who in world.ids} == {"stays": "active", "opts-out": "left", "bounces": "left"}


def test_a_consent_set_by_a_step_makes_mailable_where_consent_is_required(world: World) -> None:
    """
    goal: {mailable: true}
    steps: [{rule: {tag: asked}, yes: [{set_field: {consent_at: 2026-12-01T00:00}}]}, {wait: 9 days}]
    --- engage.yaml
    name: Example
    require_consent: true
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    """
    world.add("asked", tags=["asked"])
    world.add("silent")
    world.tick("0 days")
    assert (world.state("asked"), world.state("silent")) == ("goal", "active")
