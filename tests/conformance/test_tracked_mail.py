"""Opens and clicks of mails: which count, and which a machine made (SPEC section 6, FAULTS S50, S55, S56)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from engage.intake.heard import Heard, Kind, hear
from engage.sql import tables as t
from tests.support.world import World, at

SENT = at("1 hour")


def heard(world: World, who: str, *events: tuple[Kind, float, str | None], machine: str | None = None) -> None:
    """Hear events of a prospect's message: kind, seconds since the hand-over, link."""
    with world.engine.begin() as connection:
        message = connection.scalar(select(t.messages.c.id).where(t.messages.c.prospect_id == world.ids[who]))
        assert message is not None
        hear(connection, [Heard(kind, message, _after(s), link, machine) for kind, s, link in events])


def _after(seconds: float) -> datetime:
    return SENT + timedelta(seconds=seconds)


def links(*seconds: float) -> list[tuple[Kind, float, str | None]]:
    """Return clicks on different links at these seconds."""
    return [("click", second, f"https://example.com/{n}") for n, second in enumerate(seconds)]


def stored(world: World, who: str) -> list[tuple[str, str | None, bool]]:
    """Return a prospect's activities of pages: type, why a machine's, whether marked."""
    a, w = t.activities.c, t.words.c
    chosen = select(w.text, a.properties, a.bot).join_from(t.activities, t.words, w.id == a.type_id)
    with world.engine.connect() as connection:
        rows = connection.execute(
            chosen.where(a.source == "web", a.prospect_id == world.ids[who]).order_by(a.occurred_at)
        )
        return [(kind.removeprefix("email_"), told and told.split('"')[-2], bot) for kind, told, bot in rows]


def mailed(world: World, *who: str) -> None:
    """Have people enter, and their mails handed over."""
    world.people(*who)
    world.tick("0 days")
    world.deliver(SENT)
    world.tick(SENT)


def test_an_open_counts_at_once_and_a_click_when_it_is_ten_seconds_old(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: clicked, trigger: {email_clicked: {email: invite, link: "*/prices*"}}, within: 1 day, yes: [], no: []}
    --- scoring.yaml
    rules: [{activity: email_clicked, points: 10}, {activity: email_opened, points: 1}]
    """
    mailed(world, "reads", "elsewhere", "clicks", "idle")
    heard(world, "reads", ("open", 60, None), ("open", 61, None))
    heard(world, "elsewhere", ("click", 60, "https://example.com/about"))
    heard(world, "clicks", ("click", 60, "https://example.com/prices?from=mail"))
    world.tick(_after(61))
    assert [world.score(who) for who in ("reads", "elsewhere", "clicks", "idle")] == [2, 0, 0, 0]
    world.tick(_after(69.999999))
    assert set(world.inside()) == {"reads", "elsewhere", "clicks", "idle"}
    world.tick(_after(70))
    assert set(world.inside()) == {"reads", "elsewhere", "idle"}
    assert world.path("clicks") == ["invite", "clicked.yes"]
    assert [world.score(who) for who in ("reads", "elsewhere", "clicks", "idle")] == [2, 10, 10, 0]
    row = world.card()["invite"]
    assert (row.unique_opens, row.unique_clicks) == (3, 2)
    assert world.rows("heard", "id") == []
    assert world.audit() == ()


def test_what_a_machine_shows_itself_to_be_counts_nowhere(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: opened, trigger: {email_opened: invite}, within: 1 day, yes: [], no: []}
    --- scoring.yaml
    rules: [{activity: email_clicked, points: 10}, {activity: email_opened, points: 1}]
    """
    reasons = ("agent", "head", "proxy", "apple")
    mailed(world, *reasons, "person")
    for reason in reasons:
        heard(world, reason, ("open", 60, None), ("click", 70, "https://example.com/"), machine=reason)
    heard(world, "person", ("open", 60, None))
    world.tick("2 hours")
    assert set(world.inside()) == set(reasons)
    for reason in reasons:
        assert stored(world, reason) == [("opened", reason, True), ("clicked", reason, True)]
        assert (world.score(reason), world.standing(reason).last_activity_at) == (0, None)
    assert stored(world, "person") == [("opened", None, False)]
    row = world.card()["invite"]
    assert (row.unique_opens, row.unique_clicks) == (1, 0)


def test_a_click_within_two_seconds_of_the_hand_over_is_a_machines(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: clicked, trigger: {email_clicked: invite}, within: 1 day, yes: [], no: []}
    """
    mailed(world, "while-handed-over", "at-once", "at-two", "later", "opens")
    for who, seconds in {"while-handed-over": -3, "at-once": 0, "at-two": 2, "later": 2.000001}.items():
        heard(world, who, ("click", seconds, "https://example.com/"))
    heard(world, "opens", ("open", 1, None))
    world.tick("2 hours")
    assert set(world.inside()) == {"while-handed-over", "at-once", "at-two", "opens"}
    assert stored(world, "at-two") == [("clicked", "quick", True)]
    assert stored(world, "later") == [("clicked", None, False)]
    assert stored(world, "opens") == [("opened", None, False)]


@pytest.mark.parametrize("each_second", [False, True])
def test_three_different_links_of_one_message_within_ten_seconds_are_a_machines(
    world: World, each_second: bool
) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: clicked, trigger: {email_clicked: invite}, within: 1 day, yes: [], no: []}
    """
    mailed(world, "all-in-ten", "a-fourth", "two", "the-same", "slower", "later-again")
    heard(world, "all-in-ten", *links(60, 61, 70))
    heard(world, "a-fourth", *links(60, 65, 69, 75))
    heard(world, "two", *links(60, 61))
    heard(world, "the-same", *(("click", second, "https://example.com/") for second in (60, 61, 62)))
    heard(world, "slower", *links(60, 65, 70.000001))
    heard(world, "later-again", *links(60, 61, 62), ("click", 300, "https://example.com/0"))
    for second in range(61, 90) if each_second else ():
        world.tick(_after(second))
    world.tick("2 hours")
    assert set(world.inside()) == {"all-in-ten", "a-fourth"}
    assert stored(world, "all-in-ten") == [("clicked", "many", True)] * 3
    assert stored(world, "a-fourth") == [("clicked", "many", True)] * 4
    assert stored(world, "later-again") == [*[("clicked", "many", True)] * 3, ("clicked", None, False)]
    assert {bot for who in ("two", "the-same", "slower") for _, _, bot in stored(world, who)} == {False}
    assert world.card()["invite"].unique_clicks == 4


@pytest.mark.parametrize("each_second", [False, True])
def test_who_follows_the_link_that_nobody_sees_is_a_machine(world: World, each_second: bool) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: clicked, trigger: {email_clicked: invite}, within: 1 day, yes: [], no: []}
    """
    mailed(world, "before", "after", "long-before", "long-after", "another")
    heard(world, "before", ("click", 60, "https://example.com/"), ("trap", 70, None))
    heard(world, "after", ("trap", 60, None), ("click", 70, "https://example.com/"))
    heard(world, "long-before", ("click", 60, "https://example.com/"), ("trap", 70.000001, None))
    heard(world, "long-after", ("trap", 60, None), ("click", 70.000001, "https://example.com/"))
    heard(world, "another", ("click", 65, "https://example.com/"))
    for second in range(61, 90) if each_second else ():
        world.tick(_after(second))
    world.tick("2 hours")
    assert set(world.inside()) == {"before", "after"}
    assert stored(world, "before") == [("clicked", "trap", True)] * 2
    assert stored(world, "after") == [("clicked", "trap", True)] * 2
    assert stored(world, "long-after") == [("clicked", "trap", True), ("clicked", None, False)]


def test_only_who_allows_it_is_tracked_and_that_is_asked_again_when_it_is_learnt(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: clicked, trigger: {email_clicked: invite}, within: 1 day, yes: [], no: []}
    --- engage.yaml
    name: Example
    timezone: Asia/Tokyo
    sender: {name: Example, email: m@example.com}
    tracking: {only_where: {tag: may-be-tracked}}
    """
    mailed(world, "allows", "withdrew", "never")
    world.add_tag("allows", "may-be-tracked")
    for who in ("allows", "withdrew", "never"):
        heard(world, who, ("open", 50, None), ("click", 60, "https://example.com/"))
    world.tick("2 hours")
    assert set(world.inside()) == {"withdrew", "never"}
    assert [len(stored(world, who)) for who in ("allows", "withdrew", "never")] == [2, 0, 0]
    assert world.rows("heard", "id") == []


@pytest.mark.parametrize(("tracking", "left"), [("opens: false", "clicked"), ("clicks: false", "opened")])
def test_what_is_not_tracked_any_more_is_not_stored(draft: World, tracking: str, left: str) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: clicked, trigger: {email_clicked: invite}, within: 1 day, yes: [], no: []}
    """
    yaml = "name: Example\ntimezone: Asia/Tokyo\nsender: {name: Example, email: m@example.com}\n"
    draft.apply(engage=f"{yaml}tracking: {{{tracking}}}\n")
    draft.start()
    mailed(draft, "a")
    heard(draft, "a", ("open", 50, None), ("click", 60, "https://example.com/"), ("trap", 100, None))
    draft.tick("2 hours")
    assert {kind for kind, _, _ in stored(draft, "a")} == {left}


def test_a_message_that_nobody_knows_is_passed_over(world: World) -> None:
    """
    steps: [{id: invite, send_email: invite}, {wait: 5 days}]
    """
    mailed(world, "a")
    with world.engine.begin() as connection:
        hear(connection, [Heard(kind, 987_654_321, _after(60), "https://example.com/") for kind in ("open", "click")])
        hear(connection, [Heard("open", 2**63 - 1, _after(60))])
    heard(world, "a", ("open", 60, None))
    world.tick("2 hours")
    assert len(world.rows("activities", "id")) == 1
    assert world.rows("heard", "id") == []


def test_many_events_are_settled_chunk_by_chunk_with_the_same_verdicts(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: clicked, trigger: {email_clicked: invite}, within: 1 day, yes: [], no: []}
    """
    mailed(world, "scanned", "person", "trapped")
    heard(world, "scanned", *links(60, 61))
    heard(world, "person", *links(60), ("open", 61, None))
    heard(world, "trapped", ("click", 60, "https://example.com/"), ("trap", 65, None))
    heard(world, "scanned", ("click", 62, "https://example.com/2"))
    world.tick("2 hours", chunk=2)
    assert set(world.inside()) == {"scanned", "trapped"}
    assert stored(world, "scanned") == [("clicked", "many", True)] * 3
    assert stored(world, "person") == [("clicked", None, False), ("opened", None, False)]
    assert stored(world, "trapped") == [("clicked", "trap", True)] * 2


@pytest.mark.parametrize("where", ["learn.before_commit", "learn.after_commit"])
def test_a_crash_while_settling_loses_and_repeats_nothing(world: World, where: str) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: clicked, trigger: {email_clicked: invite}, within: 1 day, yes: [], no: []}
    """
    mailed(world, "a", "b")
    heard(world, "a", *links(60))
    heard(world, "b", *links(61))

    def crash(name: str) -> None:
        if name == where:
            raise KeyboardInterrupt(name)

    with pytest.raises(KeyboardInterrupt):
        world.tick("2 hours", chunk=1, hook=crash)
    world.tick("2 hours", chunk=1)
    assert world.inside() == {}
    assert [len(stored(world, who)) for who in ("a", "b")] == [1, 1]
    assert world.rows("heard", "id") == []


def test_who_loads_one_link_again_and_again_holds_no_tick_up(world: World) -> None:
    """
    steps:
      - {id: invite, send_email: invite}
      - {id: clicked, trigger: {email_clicked: invite}, within: 1 day, yes: [], no: []}
    --- scoring.yaml
    rules: [{activity: email_clicked, points: 10, limit: 1 per target}]
    """
    mailed(world, "hammers", "person")
    heard(world, "hammers", *(("click", 60 + n / 400, "https://example.com/") for n in range(4_000)))
    heard(world, "person", *links(60))
    world.tick(_after(70.5))
    world.tick("2 hours")
    assert world.inside() == {}
    assert [world.score(who) for who in ("hammers", "person")] == [10, 10]
    heard(world, "hammers", *((("click", 3600 + n / 400, f"https://example.com/{n % 3}")) for n in range(4_000)))
    world.tick("3 hours")
    assert [bot for _, _, bot in stored(world, "hammers")] == [False] * 4_000 + [True] * 4_000
