"""The frequency cap: e-mails stay at their step until there is room (SPEC sections 2, 3 and 7)."""

from __future__ import annotations

from sqlalchemy import update

from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from tests.support.world import World, at


def steps_mailed(world: World, who: str | None = None) -> list[str | None]:
    """Return the steps of the e-mails in the order in which they were queued."""
    return [mail.step for mail in world.emails(who)]


def test_without_limits_there_is_no_cap(world: World) -> None:
    """
    steps: [{id: a, send_email: one}, {id: b, send_email: two}, {id: c, send_email: three}]
    """
    world.add("p")
    world.tick("0 days")
    assert steps_mailed(world) == ["a", "b", "c"]


def test_the_e_mail_stays_at_its_step_counted_waiting_until_there_is_room(world: World) -> None:
    """
    steps: [{id: a, send_email: one}, {id: b, send_email: two}, {add_tag: done}]
    --- engage.yaml
    name: Example
    timezone: Asia/Tokyo
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 2 days}}
    """
    world.add("p")  # 09:00 of 1 December in Tokyo
    world.tick("0 days")
    assert (steps_mailed(world), world.at("p")) == (["a"], "b")
    card = world.card()["b"]
    assert (card.entered, card.waiting, card.completed) == (1, 1, 0)
    world.deliver("1 hour")
    world.tick("2026-12-01T15:00:00")  # midnight: today and the day before still hold one
    assert steps_mailed(world) == ["a"]
    world.tick("2026-12-02T14:59:59.999999")
    assert steps_mailed(world) == ["a"]
    world.tick("2026-12-02T15:00:00")
    assert steps_mailed(world) == ["a", "b"]
    assert world.path("p") == ["a", "b", "add_tag-done"]
    assert [(v.step, v.arrived_at, v.left_at) for v in world.visits("p")][1] == (
        "b", at("0 days"), at("2026-12-02T15:00:00"),
    )  # fmt: skip
    assert world.audit() == ()


def test_only_marketing_counts_and_only_marketing_waits(world: World) -> None:
    """
    steps:
      - {id: invoice, send_email: invoice}
      - {id: a, send_email: one}
      - {id: receipt, send_email: invoice}
      - {id: b, send_email: two}
    --- engage.yaml
    name: Example
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 7 days}}
    --- templates/invoice.html
    ---
    subject: Invoice
    kind: operational
    ---
    <p>Hello</p>
    """
    world.add("p")
    world.tick("0 days")
    assert (steps_mailed(world), world.at("p")) == (["invoice", "a", "receipt"], "b")


def test_each_prospect_has_a_cap_of_its_own_across_scenarios(world: World) -> None:
    """
    audience: {lists: [members]}
    steps: [{id: a, send_email: one}]
    --- scenarios/second.yaml
    audience: {lists: [others]}
    steps: [{id: b, send_email: two}]
    --- engage.yaml
    name: Example
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 7 days}}
    """
    world.add("one")
    world.add("both", lists=["members", "others"])
    world.add("other", lists=["others"])
    world.tick("0 days")
    assert [(mail.who, mail.step) for mail in world.emails()] == [("one", "a"), ("both", "a"), ("other", "b")]
    assert world.inside(key="second") == {"both": "b"}


def test_the_higher_priority_takes_the_only_place_whatever_the_id(world: World) -> None:
    """
    priority: 10
    steps: [{id: low, send_email: one}]
    --- scenarios/zebra.yaml
    priority: 90
    steps: [{id: high, send_email: two}]
    --- engage.yaml
    name: Example
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 1 days}}
    """
    world.add("p")
    world.tick("0 days")
    assert steps_mailed(world) == ["high"]
    world.tick("1 day")
    assert steps_mailed(world) == ["high"], "what is queued and not sent yet still takes its place"
    world.deliver("1 day")
    world.tick("2 days")
    assert steps_mailed(world) == ["high", "low"]


def test_a_message_sent_days_after_it_was_queued_counts_on_the_day_it_was_sent(world: World) -> None:
    """
    steps: [{id: a, send_email: one}, {id: b, send_email: two}]
    --- engage.yaml
    name: Example
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 2 days}}
    """
    world.add("p")
    world.tick("2026-12-01T00:00")
    world.deliver("2026-12-03T10:00")
    world.tick("2026-12-04T00:00")
    assert steps_mailed(world) == ["a"]
    world.tick("2026-12-05T00:00")
    assert steps_mailed(world) == ["a", "b"]


def test_at_midnight_who_waited_longest_goes_first_then_the_scenario_s_id(world: World) -> None:
    """
    audience: {lists: [members]}
    steps: [{wait: 2 hours}, {id: middle, send_email: one}]
    --- scenarios/zebra.yaml
    audience: {lists: [members]}
    steps: [{wait: 1 hour}, {id: longest, send_email: two}]
    --- scenarios/later.yaml
    audience: {lists: [members]}
    steps: [{wait: 2 hours}, {id: same-time-later-id, send_email: three}]
    --- scenarios/first.yaml
    priority: 90
    steps: [{id: filler, send_email: four}]
    --- scenarios/arriving.yaml
    audience: {lists: [members]}
    steps: [{wait: 15 hours}, {id: arriving, send_email: five}]
    --- engage.yaml
    name: Example
    timezone: UTC
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 1 days}}
    """
    world.add("p")
    world.ticks("2026-12-01T09:00", "2026-12-01T10:00", "2026-12-01T11:00")
    assert steps_mailed(world) == ["filler"]
    mailed = []
    for day in range(2, 7):
        world.deliver(f"2026-12-0{day - 1}T12:00")
        world.tick(f"2026-12-0{day}T00:00")
        mailed.append(steps_mailed(world)[-1])
    assert mailed == ["longest", "middle", "same-time-later-id", "arriving", "arriving"]
    assert world.audit() == ()


def test_one_tick_after_an_outage_decides_as_midnight_would(world: World) -> None:
    """
    audience: {lists: [members]}
    steps: [{id: a, send_email: one}, {id: b, send_email: two}, {id: c, send_email: three}]
    --- engage.yaml
    name: Example
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 2, within: 3 days}}
    """
    world.add("p")
    world.tick("0 days")
    world.deliver("0 days")
    world.tick("20 days")
    assert steps_mailed(world) == ["a", "b", "c"]


def test_cancelled_and_failed_messages_leave_their_place_free(world: World) -> None:
    """
    steps: [{id: a, send_email: one}, {wait: 1 hour}, {id: b, send_email: two}]
    --- engage.yaml
    name: Example
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 7 days}}
    """
    world.people("cancelled", "failed", "doubtful", "sent")
    world.tick("0 days")
    m = t.messages
    with world.engine.begin() as connection:
        for who, status in (
            ("cancelled", "CANCELLED"),
            ("failed", "FAILED"),
            ("doubtful", "IN_DOUBT"),
            ("sent", "SENT"),
        ):
            values = {"status": int(MessageStatus[status]), "sent_at": at("0 days") if status != "FAILED" else None}
            connection.execute(update(m).values(values).where(m.c.prospect_id == world.ids[who]))
    world.tick("1 hour")
    assert world.inside() == {"doubtful": "b", "sent": "b"}


def test_who_waits_for_room_is_asked_again_whether_it_may_be_mailed(world: World) -> None:
    """
    goal: {tag: bought}
    steps: [{id: a, send_email: one}, {id: b, send_email: two}]
    --- engage.yaml
    name: Example
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 1 days}}
    """
    world.people("opted-out", "bought", "stays")
    world.tick("0 days")
    world.deliver("0 days")
    world.set("opted-out", opted_out=True)
    world.add_tag("bought", "bought", at="1 hour")
    world.ticks("1 hour", "2026-12-02T00:00")
    assert world.path("opted-out") == ["a", "b.skipped"]
    assert world.state("bought") == "goal"
    assert steps_mailed(world, "stays") == ["a", "b"]


def test_the_trigger_of_an_e_mail_that_waits_begins_when_it_is_handed_over(world: World) -> None:
    """
    steps:
      - {id: a, send_email: one}
      - {id: b, send_email: two}
      - {id: opened, trigger: {email_opened: b}, within: 1 day, yes: [{add_tag: read}]}
    --- engage.yaml
    name: Example
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 3 days}}
    """
    world.add("p")
    world.tick("0 days")
    world.deliver("0 days")
    world.tick("2026-12-04T00:00")
    world.deliver("2026-12-04T06:00")
    world.tick("2026-12-04T06:00")
    world.activity("p", "email_opened", "two", at="2026-12-05T05:00")
    world.tick("2026-12-05T05:00")
    assert world.tagged("read") == {"p"}


def test_chunks_of_any_size_and_several_places_at_the_step(world: World) -> None:
    """
    steps:
      - {rule: {tag: odd}, yes: [{send_email: one}], no: []}
      - {id: last, send_email: two}
    --- engage.yaml
    name: Example
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 2 days}}
    """
    for number in range(7):
        world.add(f"p{number}", tags=["odd"] if number % 2 else [])
    world.tick("0 days", chunk=3)
    assert world.inside() == {"p1": "last", "p3": "last", "p5": "last"}
    world.deliver("0 days")
    world.tick("2026-12-03T00:00", chunk=2)
    assert world.inside() == {}
    assert world.audit() == ()


def test_a_pause_moves_no_midnight(world: World) -> None:
    """
    steps: [{id: a, send_email: one}, {id: b, send_email: two}]
    --- engage.yaml
    name: Example
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 1 days}}
    """
    world.add("p")
    world.tick("2026-12-01T09:00")
    world.deliver("2026-12-01T09:00")
    world.pause("2026-12-01T10:00")
    world.resume("2026-12-01T15:00")
    world.ticks("2026-12-01T15:00", "2026-12-01T23:59")
    assert steps_mailed(world) == ["a"]
    world.tick("2026-12-02T00:00")
    assert steps_mailed(world) == ["a", "b"]


def test_outside_opening_hours_the_room_is_taken_when_it_opens(world: World) -> None:
    """
    hours: {days: [mon, tue, wed, thu, fri], between: "09:00-18:00"}
    steps: [{id: a, send_email: one}, {id: b, send_email: two}]
    --- scenarios/second.yaml
    priority: 10
    steps: [{wait: 1 hour}, {id: low, send_email: three}]
    --- engage.yaml
    name: Example
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    limits: {emails_per_prospect: {count: 1, within: 1 days}}
    """
    world.add("p")
    world.ticks("2026-12-01T10:00", "2026-12-01T11:00")
    world.deliver("2026-12-01T11:00")
    world.tick("2026-12-02T00:00")
    assert steps_mailed(world) == ["a", "low"], "at midnight only one of them may go"
    world.deliver("2026-12-02T01:00")
    world.ticks("2026-12-02T09:00", "2026-12-03T00:00")
    assert steps_mailed(world) == ["a", "low"]
    world.tick("2026-12-03T09:00")
    assert steps_mailed(world) == ["a", "low", "b"]
    assert world.audit() == ()
