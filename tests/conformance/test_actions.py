"""Actions: what they do, whom they skip, and where they fail (SPEC section 5)."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update

from engage.sql import tables as t
from tests.support.world import World, at


def test_an_e_mail_is_queued_once_and_the_step_is_completed_at_once(world: World) -> None:
    """
    steps: [{id: mail, send_email: hello}, {wait: 1 day}]
    """
    world.people("a", "b")
    world.ticks("0 days", "0 days", "1 hour")
    assert [(m.who, m.step, m.at, m.status) for m in world.emails()] == [
        ("a", "mail", at("0 days"), "queued"),
        ("b", "mail", at("0 days"), "queued"),
    ]
    assert world.path("a") == ["mail"]


def test_who_may_not_be_mailed_is_skipped_with_the_reason_and_goes_on(world: World) -> None:
    """
    steps: [{id: news, send_email: news}, {id: invoice, send_email: invoice}, {add_tag: done}]
    --- templates/invoice.html
    ---
    subject: Invoice
    kind: operational
    ---
    <p>Hello</p>
    """
    world.add("free")
    world.add("opted-out", opted_out=True)
    world.add("bounced", do_not_email=True)
    world.tick("0 days")
    assert world.path("free") == ["news", "invoice", "add_tag-done"]
    assert world.path("opted-out") == ["news.skipped", "invoice", "add_tag-done"]
    assert world.path("bounced") == ["news.skipped", "invoice.skipped", "add_tag-done"]
    assert world.reason("opted-out", "news") == "opted out"
    assert world.reason("free", "news") is None


def test_where_consent_is_required_only_those_who_gave_it_are_mailed(world: World) -> None:
    """
    steps: [{id: news, send_email: news}, {rule: {mailable: true}, yes: [{add_tag: mailable}]}]
    --- engage.yaml
    name: Example
    require_consent: true
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    """
    world.add("consented", consent_at=at("2026-01-01"))
    world.add("withdrew", consent_at=at("2026-01-01"), opted_out=True)
    world.add("silent")
    world.tick("0 days")
    assert [m.who for m in world.emails()] == ["consented"]
    assert world.reason("silent", "news") == "no consent"
    assert world.tagged("mailable") == {"consented"}


def test_once_skips_who_was_ever_mailed_this_template_also_in_the_same_tick(world: World) -> None:
    """
    priority: 90
    steps: [{id: first, send_email: hello}]
    --- scenarios/second.yaml
    audience: {lists: [members, others]}
    steps:
      - {id: again, send_email: {template: hello, once: true}}
      - {id: other, send_email: {template: other, once: true}}
    """
    world.add("mailed")
    world.add("fresh", lists=["others"])
    world.tick("0 days")
    assert world.path("mailed", key="second") == ["again.skipped", "other"]
    assert world.path("fresh", key="second") == ["again", "other"]


def test_lists_and_tags_are_added_and_removed_several_at_once_and_twice_is_no_matter(world: World) -> None:
    """
    audience: {lists: [members], unmatched: continue}
    steps:
      - add_to_list: [vip, others]
      - add_to_list: vip
      - remove_from_list: [members, blocked]
      - add_tag: [one, two]
      - add_tag: two
      - remove_tag: [one, three]
    """
    world.add("a", tags=["three", "four"])
    world.add("b", lists=["members", "blocked"])
    world.add("outside", lists=["others"], tags=["one"])
    world.tick("0 days")
    assert (world.lists("a"), world.tags("a")) == ({"vip", "others"}, {"two", "four"})
    assert (world.lists("b"), world.tags("b")) == ({"vip", "others"}, {"two"})
    assert (world.lists("outside"), world.tags("outside")) == ({"others"}, {"one"})


def test_a_tag_is_one_tag_whatever_its_case_and_width(world: World) -> None:
    """
    steps:
      - {rule: {tag: vip}, yes: [{remove_tag: ＶＩＰ}], no: [{add_tag: ＶＩＰ}]}
      - {rule: {tag: Vip}, yes: [{add_tag: VIP}, {remove_tag: other}]}
    """
    world.add("had", tags=["vip", "other"])
    world.add("had-not", tags=["other"])
    world.tick("0 days")
    assert world.tags("had") == {"other"}
    assert world.tags("had-not") == {"vip"}


def test_the_score_is_adjusted_by_points_or_to_a_figure_also_in_a_category(world: World) -> None:
    """
    steps:
      - adjust_score: +10
      - adjust_score: {by: 5, category: product-a}
      - adjust_score: {to: 8, category: product-a}
      - adjust_score: {to: 100}
      - adjust_score: -1
    """
    world.add("a")
    world.add("b", score=500)
    world.adjust("b", 20, category="product-a")
    world.add("outside", lists=[], score=7)
    world.tick("0 days")
    assert (world.score("a"), world.score("a", "product-a")) == (99, 8)
    assert (world.score("b"), world.score("b", "product-a")) == (99, 8)
    assert world.score("outside") == 7
    entries = world.rows("score_entries", "prospect_id", "points")
    mine = {who: [points for key, points in entries if key == world.ids[who]] for who in world.ids}
    assert {who: sum(map(int, map(str, points))) for who, points in mine.items()} == {"a": 99, "b": 99, "outside": 7}
    assert sorted(map(int, map(str, mine["a"]))) == [-1, 3, 5, 10, 82]


def test_who_has_no_points_in_a_category_is_adjusted_from_nought(world: World) -> None:
    """
    steps: [{adjust_score: {to: 8, category: product-a}}, {adjust_score: {to: 3, category: product-b}}]
    """
    world.add("a", score=5)
    world.tick("0 days")
    assert (world.score("a", "product-a"), world.score("a", "product-b"), world.score("a")) == (8, 3, 16)
    entries = world.rows("score_entries", "prospect_id", "points")
    assert sorted(int(str(points)) for _, points in entries) == [3, 5, 8]


def test_fields_are_set_cleared_and_copied(world: World) -> None:
    """
    steps:
      - set_field: {country: ＪＰ, job_title: null, employees: 7, do_not_call: true, notes: "{{ prospect.company }}"}
      - set_field: {product_interest: "{{ prospect.notes }}", seats: "{{ prospect.employees }}"}
      - set_field: {renewal_date: 2027-03-01, city: "{{ prospect.grade }}"}
      - set_field: {trial: "{{ prospect.do_not_call }}", phone: "{{ prospect.mobile }}", worth: "{{ prospect.seats }}"}
      - set_field: {annual_revenue: "{{ prospect.worth }}", consent_at: "{{ prospect.seen_at }}"}
      - rule: {country: jp, notes: acme, product_interest: ACME, seats: 7, trial: true, annual_revenue: 7}
        yes: [{add_tag: "yes"}]
    --- engage.yaml
    name: Example
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    fields:
      product_interest: {type: text}
      seats: {type: integer}
      trial: {type: boolean}
      renewal_date: {type: date}
      worth: {type: number}
      seen_at: {type: datetime}
    """
    world.add("a", company="Acme", job_title="部長", phone="1", mobile="2", seen_at=at("2026-01-01"), grade="B+")
    world.add("empty", phone="1")
    world.add("outside", lists=[], country="US", job_title="CEO")
    world.tick("0 days")
    assert [world.field("a", name) for name in ("country", "job_title", "phone", "city")] == ["ＪＰ", None, "2", "B+"]
    assert [world.field("a", name) for name in ("seats", "renewal_date", "worth")] == [7, "2027-03-01", 7]
    assert world.field("a", "consent_at") == at("2026-01-01")
    assert [world.field("empty", name) for name in ("notes", "product_interest", "phone", "consent_at")] == [None] * 4
    assert [world.field("outside", name) for name in ("country", "job_title")] == ["US", "CEO"]
    assert world.tagged("yes") == {"a"}


def test_a_custom_truth_value_is_copied_into_a_standard_one(world: World) -> None:
    """
    steps:
      - {set_field: {do_not_call: "{{ prospect.trial }}"}}
      - {rule: {do_not_call: true}, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.add("true", trial=True)
    world.add("false", trial=False)
    world.add("empty", do_not_call=True)
    world.tick("0 days")
    assert world.tagged("yes") == {"true"}
    assert [world.field(who, "do_not_call") for who in ("true", "false", "empty")] == [True, False, None]


def test_texts_hold_fields_owner_and_scenario_and_print_nothing_for_what_is_empty(world: World) -> None:
    """
    name: White paper
    steps:
      - create_todo:
          subject: "Call {{ prospect.last_name | default('them') }} of {{ prospect.company }} ({{ scenario.name }})"
          comments: "{{ prospect.renewal_date | date }}/{{ prospect.created_at | date }}/{{ prospect.score }}"
          to: user:sato
      - notify:
          to: owner
          subject: "{{ owner.name | default('nobody') }}"
          text: "{{ prospect.full_name }}{{ prospect.seats }}{{ prospect.trial }}"
    --- engage.yaml
    name: Example
    locale: ja
    timezone: Asia/Tokyo
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    fields: {renewal_date: {type: date}, seats: {type: integer}, trial: {type: boolean}}
    """
    world.add(
        "full", last_name="佐藤", first_name="花子", company="50% {{ x }} 'Acme'", renewal_date="2027-03-01", seats=3,
        trial=True, owner="user:suzuki", score=12, at="2026-12-01T15:00",
    )  # fmt: skip
    world.add("empty", at="2026-12-01T15:00")
    world.tick("2026-12-01T15:00")
    assert [todo.subject for todo in world.todos()] == [
        "Call 佐藤 of 50% {{ x }} 'Acme' (White paper)",
        "Call them of  (White paper)",
    ]
    comments = [row[1] for row in world.rows("todos", "id", "comments")]
    assert comments == ["2027年3月1日/2026年12月2日/12", "/2026年12月2日/0"]
    assert [notice[1:] for notice in world.notices()] == [
        ("user:suzuki", "鈴木 一郎", "佐藤 花子3true"),
        ("owner", "nobody", ""),
    ]


def test_an_owner_is_given_to_those_without_and_the_others_are_skipped(world: World) -> None:
    """
    steps:
      - {id: sato, assign: "user:sato"}
      - {rule: {tag: move}, yes: [{id: queue, assign: {to: "queue:inside-sales", reassign: true}}]}
    """
    world.add("free")
    world.add("owned", owner="user:suzuki")
    world.add("moves", owner="user:suzuki", tags=["move"])
    world.tick("0 days")
    assert {who: world.owner(who) for who in world.ids} == {
        "free": "user:sato", "owned": "user:suzuki", "moves": "queue:inside-sales",
    }  # fmt: skip
    assert world.path("free")[0] == "sato"
    assert world.path("owned")[0] == "sato.skipped"
    assert world.path("moves") == ["sato.skipped", "rule.yes", "queue"]


@pytest.mark.parametrize("chunk", [7, 50_000])
def test_a_group_is_served_in_turn_prospects_in_id_order_over_chunks_and_ticks(world: World, chunk: int) -> None:
    """
    steps: [{assign: "group:east"}]
    """
    names = [f"p{number:02}" for number in range(20)]
    world.people(*names[:11])
    world.tick("0 days", chunk=chunk)
    world.people(*names[11:], at="1 day")
    world.tick("1 day", chunk=chunk)
    turns = ["user:sato", "user:suzuki", "user:tanaka"]
    assert [world.owner(name) for name in names] == [turns[number % 3] for number in range(20)]


def test_owned_ones_use_up_no_turn_and_a_disabled_member_none_either(world: World) -> None:
    """
    steps: [{assign: "group:east"}]
    """
    with world.engine.begin() as connection:
        connection.execute(update(t.users).values(enabled=False).where(t.users.c.id == "suzuki"))
    for number in range(6):
        world.add(f"p{number}", owner="queue:inside-sales" if number in (1, 2) else None)
    world.tick("0 days")
    assert [world.owner(f"p{number}") for number in (0, 3, 4, 5)] == [
        "user:sato", "user:tanaka", "user:sato", "user:tanaka",
    ]  # fmt: skip
    with world.engine.begin() as connection:
        connection.execute(update(t.users).values(enabled=True).where(t.users.c.id == "suzuki"))
    world.add("next", at="1 day")
    world.tick("1 day")
    assert world.owner("next") == "user:suzuki"


def test_where_nobody_of_a_group_can_serve_the_step_fails_and_the_journey_goes_on(world: World) -> None:
    """
    steps: [{id: hand, assign: "group:east"}, {add_tag: done}]
    """
    with world.engine.begin() as connection:
        connection.execute(update(t.users).values(enabled=False))
    world.add("a")
    world.add("owned", owner="user:sato")
    world.tick("0 days")
    assert world.path("a") == ["hand.failed", "add_tag-done"]
    assert world.path("owned") == ["hand.skipped", "add_tag-done"]
    assert world.owner("a") is None
    assert world.reason("a", "hand")


def test_a_campaign_member_gets_the_status_named_or_the_first(world: World) -> None:
    """
    steps:
      - {add_to_campaign: {campaign: launch}}
      - {rule: {tag: came}, yes: [{add_to_campaign: {campaign: launch, status: attended}}]}
    """
    world.add("a")
    world.add("came", tags=["came"])
    world.tick("0 days")
    members = world.rows("campaign_members", "prospect_id", "status")
    assert members == [(world.ids["a"], "invited"), (world.ids["came"], "attended")]


def test_what_is_kept_of_a_campaign_speaks_of_that_campaign_alone(world: World) -> None:
    """
    steps:
      - {add_to_campaign: {campaign: launch, status: attended}}
    --- campaigns.yaml
    launch: {name: Launch, statuses: [invited, attended]}
    fair: {name: Fair, statuses: [invited, attended]}
    """
    world.add("elsewhere")
    world.campaign("elsewhere", "fair", "invited", at("0 days"))
    world.add("invited")
    world.campaign("invited", "launch", "invited", at("0 days"))
    world.tick("0 days")
    mine = select(t.changes.c.prospect_id, t.changes.c.whole, t.changes.c.text).where(t.changes.c.step_id.is_not(None))
    with world.engine.connect() as connection:
        kept = connection.execute(mine.order_by(t.changes.c.id)).all()
    assert kept == [(world.ids["elsewhere"], 0, None), (world.ids["invited"], 1, "invited")]


def test_an_opt_out_stops_the_marketing_mail_of_the_next_step(world: World) -> None:
    """
    steps: [{id: one, send_email: one}, {opt_out: true}, {id: two, send_email: two}]
    """
    world.people("a", "b")
    world.tick("0 days")
    assert world.path("a") == ["one", "opt_out", "two.skipped"]
    assert len(world.rows("consents", "prospect_id", "kind")) == 2


def test_a_step_sees_what_the_step_before_it_did_in_the_same_tick(world: World) -> None:
    """
    steps:
      - adjust_score: +100
      - {rule: {score: {gte: 100}}, yes: [{add_tag: hot}]}
      - {rule: {tag: hot}, yes: [{add_to_list: vip}]}
      - {rule: {list: vip}, yes: [{assign: "user:sato"}]}
      - {rule: {owner: "user:sato"}, yes: [{set_field: {country: JP}}]}
      - {rule: {country: jp}, yes: [{send_email: hello}]}
      - {rule: {emailed: {count: {eq: 1}}}, yes: [{opt_out: true}]}
      - {rule: {mailable: false}, yes: [{create_todo: {subject: "{{ owner.name }}: {{ prospect.score }}"}}]}
      - {rule: {todo: {status: open, scenario: this}}, yes: [{add_tag: done}]}
    """
    world.add("a")
    world.add("behind", score=-1)
    world.tick("0 days")
    assert world.tagged("done") == {"a"}
    assert [todo.subject for todo in world.todos()] == ["佐藤 花子: 100"]
    assert world.path("behind")[:2] == ["adjust_score", "rule.no"]


def test_a_step_that_fails_for_one_by_its_data_fails_for_that_one_only(world: World) -> None:
    """
    steps:
      - wait: 1 day
      - {id: todo, create_todo: {subject: Call, to: "user:sato"}}
      - {id: mail, send_email: hello}
      - add_tag: done
    """
    world.people("a", "poisoned", "c")
    world.tick("0 days")
    with world.engine.begin() as connection:  # a ToDo of this very step and run is there already
        e, s = t.enrolments, t.steps
        run = connection.scalar(select(e.c.id).where(e.c.prospect_id == world.ids["poisoned"]))
        step = connection.scalar(select(s.c.id).where(s.c.key == "todo"))
        row = {
            "prospect_id": world.ids["a"], "enrolment_id": run, "step_id": step, "subject": "x", "priority": "low",
            "status": "completed", "assignee": "user:sato", "created_at": at("0 days"),
        }  # fmt: skip
        connection.execute(insert(t.todos).values(row))
    world.tick("1 day")
    assert world.tagged("done") == {"a", "poisoned", "c"}
    assert world.path("poisoned") == ["todo.failed", "mail", "add_tag-done"]
    assert world.path("a") == world.path("c") == ["todo", "mail", "add_tag-done"]
    assert world.reason("poisoned", "todo")
    assert sorted(m.who for m in world.emails()) == ["a", "c", "poisoned"]
