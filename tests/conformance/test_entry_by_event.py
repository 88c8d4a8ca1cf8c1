"""Entry by event: what lets one in, from when on, and what is lost (SPEC section 3, ``on``)."""

from __future__ import annotations

from tests.support.world import World, at


def test_who_does_it_enters_and_nobody_else(world: World) -> None:
    """
    audience: {on: {form_submitted: demo}}
    steps: [{wait: 1 day}, {add_tag: done}]
    """
    world.people("idle", "other-form", "viewer", "sender")
    world.tick("0 days")
    assert world.inside() == {}
    world.activity("other-form", "form_submitted", "whitepaper", at="1 hour")
    world.activity("viewer", "form_viewed", "demo", at="1 hour")
    world.activity("sender", "form_submitted", "Demo", at="1 hour")
    world.tick("2 hours")
    assert world.inside() == {"sender": "wait"}
    assert world.entered_at("sender") == at("1 hour")
    world.tick("1 day 2 hours")
    assert world.tagged("done") == {"sender"}


def test_any_of_several_events_with_globs_and_targets(world: World) -> None:
    """
    audience: {on: [{page_viewed: "/pricing*"}, {file_downloaded: [guide, checklist]}, {x_visited: any}]}
    steps: [{add_tag: done}]
    """
    world.people("home", "prices", "guide", "leaflet", "own")
    world.tick("0 days")
    world.activity("home", "page_viewed", "/", at="1 hour")
    world.activity("prices", "page_viewed", "/pricing/enterprise", at="1 hour")
    world.activity("guide", "file_downloaded", "guide", at="1 hour")
    world.activity("leaflet", "file_downloaded", "leaflet", at="1 hour")
    world.activity("own", "x_visited", "booth", at="1 hour")
    world.tick("1 hour")
    assert world.tagged("done") == {"prices", "guide", "own"}


def test_a_clicked_link_of_an_e_mail_whoever_sent_it(world: World) -> None:
    """
    audience: {on: {email_clicked: {email: newsletter, link: "*/demo*"}}}
    steps: [{add_tag: clicked}]
    --- scenarios/sending.yaml
    steps: [{send_email: newsletter}, {send_email: other}]
    --- templates/newsletter.html
    ---
    subject: News
    ---
    <p>Hello</p>
    """
    world.people("opened", "other-link", "other-mail", "clicked")
    world.tick("0 days")
    world.deliver("1 hour")
    world.activity("opened", "email_opened", "newsletter", at="2 hours")
    world.activity("other-link", "email_clicked", "newsletter", link="https://example.com/", at="2 hours")
    world.activity("other-mail", "email_clicked", "other", link="https://example.com/demo", at="2 hours")
    world.activity("clicked", "email_clicked", "newsletter", link="https://example.com/demo", at="2 hours")
    world.tick("2 hours")
    assert world.tagged("clicked") == {"clicked"}


def test_events_count_from_the_start_on_however_late_they_are_learnt(draft: World) -> None:
    """
    audience: {on: {form_submitted: demo}}
    steps: [{wait: 10 days}]
    """
    world = draft
    world.people("before", "at-start", "late")
    world.activity("before", "form_submitted", "demo", at="59 minutes")
    exact = world.activity("at-start", "form_submitted", "demo", at="1 hour", learn=False)
    early = world.activity("before", "form_submitted", "demo", at="30 minutes", learn=False)
    late = world.activity("late", "form_submitted", "demo", at="2 hours", learn=False)
    world.start("1 hour")
    world.tick("3 hours")
    assert world.inside() == {}
    for one in (exact, early, late):
        world.arrive(one)
    world.tick("2 days")
    assert world.inside() == {"at-start": "wait", "late": "wait"}
    assert world.entered_at("late") == at("2 hours")
    world.tick("10 days 2 hours")
    assert world.at("late") == "wait", "a wait begins when its step is reached"


def test_lists_where_and_suppression_are_asked_in_the_tick_that_learns_it(world: World) -> None:
    """
    audience: {lists: [members], where: {score: {gte: 50}}, on: {form_submitted: demo}, suppress: {lists: [blocked]}}
    steps: [{wait: 10 days}]
    --- scoring.yaml
    rules: [{activity: form_submitted, points: 50}]
    """
    world.add("unlisted", lists=["others"])
    world.add("barred", lists=["members", "blocked"])
    world.add("scored-by-it")
    world.add("minus", score=-1)
    for who in ("unlisted", "barred", "scored-by-it", "minus"):
        world.activity(who, "form_submitted", "demo", at="1 hour")
    world.tick("1 hour")
    assert world.inside() == {"scored-by-it": "wait"}
    world.remove_from_list("barred", "blocked", at="2 hours")
    world.add_to_list("unlisted", "members", at="2 hours")
    world.tick("2 hours")
    assert world.inside() == {"scored-by-it": "wait"}, "what came too early is lost"


def test_goal_and_exit_met_already_keep_out(world: World) -> None:
    """
    audience: {on: {form_submitted: demo}}
    goal: {tag: customer}
    exit: {tag: left-alone}
    steps: [{wait: 10 days}]
    """
    world.add("customer", tags=["customer"])
    world.add("alone", tags=["left-alone"])
    world.add("fresh")
    for who in world.ids:
        world.activity(who, "form_submitted", "demo", at="1 hour")
    world.tick("1 hour")
    assert world.inside() == {"fresh": "wait"}


def test_the_schedule_is_asked_with_the_moment_of_the_event(world: World) -> None:
    """
    audience: {on: {form_submitted: demo}}
    schedule: {from: 2026-12-02, until: 2026-12-03}
    steps: [{wait: 30 days}]
    """
    world.people("early", "inside", "late")
    world.activity("early", "form_submitted", "demo", at="2026-12-01T23:59:59.999999")
    world.activity("inside", "form_submitted", "demo", at="2026-12-03T23:59:59.999999")
    world.activity("late", "form_submitted", "demo", at="2026-12-04T00:00:00")
    world.tick("2026-12-10T00:00")
    assert world.inside() == {"inside": "wait"}
    assert world.entered_at("inside") == at("2026-12-03T23:59:59.999999")


def test_several_in_one_tick_make_one_run_and_the_first_is_its_entry(world: World) -> None:
    """
    audience: {on: {form_submitted: any}}
    reentry: always
    steps: [{id: again, trigger: {form_submitted: any}, within: 10 days, yes: [{add_tag: twice}]}]
    """
    world.people("once", "twice")
    world.activity("once", "form_submitted", "demo", at="1 hour")
    world.activity("twice", "form_submitted", "demo", at="2 hours")
    world.activity("twice", "form_submitted", "demo", at="3 hours")
    world.tick("4 hours")
    assert world.runs("twice") == 1
    assert world.entered_at("twice") == at("2 hours")
    assert world.path("twice") == ["again.yes", "add_tag-twice"], "the second event is one since the entry"
    assert world.at("once") == "again", "the entry event itself is never seen"


def test_the_entry_event_is_not_seen_by_since_step_either(world: World) -> None:
    """
    audience: {on: {form_submitted: demo}}
    steps: [{id: again, trigger: {form_submitted: demo}, since: step, within: 10 days, yes: [{add_tag: twice}]}]
    """
    world.add("a")
    world.activity("a", "form_submitted", "demo", at="1 hour")
    world.tick("1 hour")
    assert world.at("a") == "again"
    world.activity("a", "form_submitted", "demo", at="2 hours")
    world.tick("2 hours")
    assert world.tagged("twice") == {"a"}


def test_what_comes_while_paused_or_running_is_lost(world: World) -> None:
    """
    audience: {on: {form_submitted: demo}}
    reentry: always
    steps: [{wait: 2 days}, {add_tag: done}]
    """
    world.people("paused", "running")
    world.activity("running", "form_submitted", "demo", at="1 hour")
    world.tick("1 hour")
    world.activity("running", "form_submitted", "demo", at="1 day")
    world.tick("1 day")
    world.pause("1 day 1 hour")
    world.activity("paused", "form_submitted", "demo", at="1 day 2 hours")
    world.tick("1 day 2 hours")
    world.resume("1 day 3 hours")
    world.tick("4 days")
    assert world.tagged("done") == {"running"}
    assert {who: world.runs(who) for who in world.ids} == {"paused": 0, "running": 1}
    world.activity("paused", "form_submitted", "demo", at="5 days")
    world.activity("running", "form_submitted", "demo", at="5 days")
    world.tick("5 days")
    assert {who: world.runs(who) for who in world.ids} == {"paused": 1, "running": 2}


def test_without_re_entry_one_event_is_enough(world: World) -> None:
    """
    audience: {on: {form_submitted: demo}}
    steps: [{add_tag: done}]
    """
    world.add("a")
    for day in ("1 day", "2 days", "3 days"):
        world.activity("a", "form_submitted", "demo", at=day)
        world.tick(day)
    assert world.runs("a") == 1


def test_matching_alone_lets_nobody_in_and_backfill_does_not_apply(world: World) -> None:
    """
    audience: {lists: [members], on: {form_submitted: demo}}
    backfill: false
    steps: [{add_tag: done}]
    """
    world.people("quiet", "sender")
    world.tick("0 days")
    world.activity("sender", "form_submitted", "demo", at="1 day")
    world.tick("1 day")
    assert world.tagged("done") == {"sender"}


def test_clicks_of_scanners_let_nobody_in(world: World) -> None:
    """
    audience: {on: {page_viewed: any}}
    steps: [{add_tag: done}]
    """
    world.people("bot", "person")
    world.activity("bot", "page_viewed", "/", at="1 hour", bot=True)
    world.activity("person", "page_viewed", "/", at="1 hour")
    world.tick("1 hour")
    assert world.tagged("done") == {"person"}


def test_events_learnt_in_chunks_make_one_run_each(world: World) -> None:
    """
    audience: {on: {page_viewed: any}}
    reentry: always
    steps: [{add_tag: done}, {wait: 1 day}]
    """
    names = [f"p{n}" for n in range(5)]
    for who in world.people(*names):
        for minutes in range(3):
            world.activity(who, "page_viewed", "/", at=f"{minutes + 1} minutes")
    world.tick("1 hour", chunk=2)
    assert {who: world.runs(who) for who in names} == dict.fromkeys(names, 1)
    assert {world.entered_at(who) for who in names} == {at("1 minute")}
    assert world.audit() == ()
