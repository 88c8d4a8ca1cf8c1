"""Rules and criteria: every word of SPEC section 4, asked of a few people each."""

from __future__ import annotations

from datetime import datetime, timedelta

from engage.clock import MICROSECOND
from tests.support.world import START, World, at


def asked(world: World, when: str | datetime = "0 days") -> set[str]:
    """Tick, and return those for whom the rule held."""
    world.tick(when)
    return {who for who in world.ids if world.path(who)[0] == "asked.yes"}


PEOPLE: dict[str, dict[str, object]] = {
    "large": {"industry": "Manufacturing", "employees": 500},
    "small": {"industry": "ＳＯＦＴＷＡＲＥ", "employees": 20},
    "empty": {},
}
#: Each condition, and for whom of the three it holds.
FIELD_RULES: dict[str, str] = {
    "{industry: manufacturing}": "large",
    "{industry: [Software, Retail]}": "small",
    "{industry: {eq: software}}": "small",
    "{industry: {ne: Software}}": "large empty",
    "{industry: {in: [Retail, SOFTWARE]}}": "small",
    "{industry: {not_in: [Manufacturing, Retail]}}": "small empty",
    "{industry: {contains: fact}}": "large",
    "{industry: {starts_with: soft}}": "small",
    "{industry: {ends_with: ware}}": "small",
    '{industry: {matches: "*FT*"}}': "small",
    "{industry: {exists: true}}": "large small",
    "{industry: {exists: false}}": "empty",
    "{employees: {gt: 20}}": "large",
    "{employees: {gte: 20}}": "large small",
    "{employees: {lt: 500}}": "small",
    "{employees: {lte: 500, gt: 20}}": "large",
    "{employees: {ne: 20}}": "large empty",
    "{employees: {in: [20, 21]}}": "small",
    "{not: {employees: {gte: 100}}}": "small empty",
    "{not: {employees: {lt: 100}}}": "large empty",
    "{not: {employees: {not_in: [20]}}}": "small",
    "{not: {not: {employees: {gte: 100}}}}": "large",
    "{any: [{industry: Software}, {employees: {gt: 100}}]}": "large small",
    "{all: [{industry: {exists: true}}, {employees: {gt: 100}}]}": "large",
    "{not: {any: [{industry: Software}, {employees: {gt: 100}}]}}": "empty",
    "{not: {industry: Software, employees: {lt: 100}}}": "large empty",
    "[{industry: {exists: true}}, {employees: {lt: 100}}]": "small",
    "{industry: {exists: true}, employees: {lt: 100}}": "small",
}


def test_a_field_is_compared_and_an_empty_one_satisfies_only_what_asks_for_none(draft: World) -> None:
    """
    steps: [{id: asked, rule: {tag: x}}]
    """
    lines = (f"  - {{rule: {rule}, yes: [{{add_tag: r{n}}}]}}" for n, rule in enumerate(FIELD_RULES))
    draft.apply("steps:\n" + "\n".join(lines))
    draft.start()
    for who, fields in PEOPLE.items():
        draft.add(who, **fields)  # type: ignore[arg-type]
    draft.tick("0 days")
    held = {rule: draft.tagged(f"r{n}") for n, rule in enumerate(FIELD_RULES)}
    assert held == {rule: set(expected.split()) for rule, expected in FIELD_RULES.items()}


def test_text_compares_without_case_and_width_also_in_globs_and_not_as_a_pattern_of_sql(world: World) -> None:
    """
    steps:
      - {id: asked, rule: {company: {matches: "ＡＢＣ_*％株式会社"}}}
    """
    world.add("right", company="abc_X/Y 100%株式会社")
    world.add("half", company="ABC_％株式会社")
    world.add("underscore", company="abcX100%株式会社")
    world.add("percent", company="abc_100株式会社")
    world.add("more", company="abc_%株式会社 東京")
    assert asked(world) == {"right", "half"}


def test_letters_outside_ascii_fold_alike_on_every_database(world: World) -> None:
    """
    steps:
      - {id: asked, rule: {last_name: [MÜLLER, "STRASSE", ｶﾅ, İstanbul]}}
    """
    world.add("umlaut", last_name="müller")
    world.add("decomposed", last_name="mu\u0308ller")
    world.add("sharp", last_name="straße")
    world.add("kana", last_name="カナ")
    world.add("plain", last_name="muller")
    assert asked(world) == {"umlaut", "decomposed", "sharp", "kana"}


def test_several_operators_must_all_hold(world: World) -> None:
    """
    steps:
      - {id: asked, rule: {email: {ends_with: "@example.com", ne: b@example.com, not_in: [c@example.com]}}}
    """
    world.people("a", "b", "c", "d@example.co.jp")
    assert asked(world) == {"a"}


def test_the_full_name_follows_the_locale(world: World) -> None:
    """
    steps: [{id: asked, rule: {full_name: 佐藤 花子}}]
    --- engage.yaml
    name: Example
    locale: ja
    timezone: Asia/Tokyo
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    """
    world.add("right", last_name="佐藤", first_name="花子")
    world.add("reversed", last_name="花子", first_name="佐藤")
    world.add("half", last_name="佐藤")
    assert asked(world) == {"right"}


def test_a_day_lies_in_a_window_of_calendar_days_in_the_workspaces_zone(world: World) -> None:
    """
    steps:
      - {id: asked, rule: {renewal_date: {within: 7 days}}}
    --- scenarios/next.yaml
    steps: [{id: next, rule: {renewal_date: {within: next 30 days}}, yes: [{add_tag: next}]}]
    --- scenarios/older.yaml
    steps: [{id: older, rule: {renewal_date: {older_than: 30 days}}, yes: [{add_tag: older}]}]
    --- scenarios/between.yaml
    steps:
      - {id: between, rule: {renewal_date: {after: 2026-11-26, before: 2026-12-02}}, yes: [{add_tag: between}]}
    --- engage.yaml
    name: Example
    timezone: Asia/Tokyo
    sender: {name: Example, email: m@example.co.jp, address: Tokyo}
    fields: {renewal_date: {type: date}}
    """
    days = ["2026-11-01", "2026-11-02", "2026-11-25", "2026-11-26", "2026-12-02", "2026-12-03"]
    for day in days:
        world.add(day, renewal_date=day)
    world.add("empty")
    # 23:30 UTC of 1 December is the 2nd in Tokyo: the window is 26 November … 2 December
    assert asked(world, "2026-12-01T23:30") == {"2026-11-26", "2026-12-02"}
    assert world.tagged("next") == {"2026-12-02", "2026-12-03"}
    assert world.tagged("older") == {"2026-11-01"}  # before 2 November, the 30th day back
    assert world.tagged("between") == set()


def test_a_moment_lies_in_a_window_of_calendar_days_and_in_a_rule_also_of_hours(world: World) -> None:
    """
    steps: [{id: asked, rule: {consent_at: {within: 2 days}}}]
    --- scenarios/hours.yaml
    steps: [{id: hours, rule: {consent_at: {within: 2 hours}}, yes: [{add_tag: hours}]}]
    --- scenarios/older.yaml
    steps: [{id: older, rule: {consent_at: {older_than: 1 day}}, yes: [{add_tag: older}]}]
    """
    now = at("2026-12-02T15:00")
    first = at("2026-12-01")
    moments = {
        "before-window": first - MICROSECOND,
        "window": first,
        "hours": now - timedelta(hours=2),
        "not-hours": now - timedelta(hours=2) - MICROSECOND,
        "now": now,
    }
    for who, when in moments.items():
        world.add(who, consent_at=when)
    world.add("never")
    assert asked(world, now) == {"window", "hours", "not-hours", "now"}
    assert world.tagged("hours") == {"hours", "now"}
    assert world.tagged("older") == {"before-window"}


def test_custom_fields_of_every_type_can_be_asked(world: World) -> None:
    """
    steps:
      - id: asked
        rule:
          all:
            - {product_interest: {contains: crm}}
            - {seats: {gte: 10}}
            - {trial: true}
            - {renewal_date: {after: 2026-12-31}}
            - {worth: {gt: 1.5}}
            - {seen_at: {before: 2026-12-01T00:00}}
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
    right = {
        "product_interest": "ＣＲＭ and more", "seats": 10, "trial": True, "renewal_date": "2027-01-01",
        "worth": 1.75, "seen_at": START - MICROSECOND,
    }  # fmt: skip
    wrong = {"seats": 9, "trial": False, "renewal_date": "2026-12-31", "worth": 1.5, "seen_at": START}
    world.add("right", **right)  # type: ignore[arg-type]
    for name, value in wrong.items():
        world.add(name, **(right | {name: value}))  # type: ignore[arg-type]
    world.add("empty")
    assert asked(world) == {"right"}


def test_score_category_and_grade_are_compared(world: World) -> None:
    """
    steps:
      - {id: asked, rule: {score: {gte: 50, lt: 100}}}
    --- scenarios/category.yaml
    steps: [{id: category, rule: {score: {category: product-a, gte: 20}}, yes: [{add_tag: category}]}]
    --- scenarios/grade.yaml
    steps: [{id: grade, rule: {grade: {gte: B-}}, yes: [{add_tag: grade}]}]
    --- scenarios/grades.yaml
    steps: [{id: grades, rule: {grade: [A, C+]}, yes: [{add_tag: one-of}]}]
    --- scenarios/below.yaml
    steps: [{id: below, rule: {grade: {lt: B-}}, yes: [{add_tag: below}]}]
    --- scenarios/other.yaml
    steps: [{id: other, rule: {grade: {ne: A}}, yes: [{add_tag: other}]}]
    --- scenarios/none.yaml
    steps: [{id: none, rule: {grade: {exists: false}}, yes: [{add_tag: none}]}]
    """
    world.add("low", score=49, grade="A")
    world.add("right", score=50, grade="C+")
    world.add("high", score=100, grade="B-")
    world.add("plain")
    world.adjust("plain", 20, category="product-a")
    assert asked(world) == {"right"}
    assert world.tagged("category") == {"plain"}
    assert world.tagged("grade") == {"low", "high"}
    assert world.tagged("one-of") == {"low", "right"}
    assert world.tagged("below") == {"right"}
    assert world.tagged("other") == {"right", "high", "plain"}
    assert world.tagged("none") == {"plain"}


def test_lists_tags_owner_and_mailable_are_asked(world: World) -> None:
    """
    steps:
      - {id: asked, rule: {list: vip, tag: [Gold, Silver]}}
    --- scenarios/owned.yaml
    steps: [{id: owned, rule: {owner: "user:sato"}, yes: [{add_tag: satos}]}]
    --- scenarios/queued.yaml
    steps: [{id: queued, rule: {owner: ["user:suzuki", "queue:inside-sales"]}, yes: [{add_tag: others}]}]
    --- scenarios/free.yaml
    steps: [{id: free, rule: {owner: {exists: false}}, yes: [{add_tag: free}]}]
    --- scenarios/mailable.yaml
    steps: [{id: mailable, rule: {mailable: true}, yes: [{add_tag: mailable}], no: [{add_tag: unmailable}]}]
    """
    world.add("both", lists=["members", "vip"], tags=["ＧＯＬＤ"], owner="user:sato")
    world.add("list", lists=["members", "vip"], owner="queue:inside-sales", opted_out=True)
    world.add("tag", tags=["silver"], do_not_email=True)
    assert asked(world) == {"both"}
    assert world.tagged("satos") == {"both"}
    assert world.tagged("others") == {"list"}
    assert world.tagged("free") == {"tag"}
    assert world.tagged("mailable") == {"both"}
    assert world.tagged("unmailable") == {"list", "tag"}


def test_campaigns_and_opportunities_are_asked_and_one_opportunity_must_match_all(world: World) -> None:
    """
    steps:
      - {id: asked, rule: {campaign: {id: launch, status: [attended]}}}
    --- scenarios/member.yaml
    steps: [{id: member, rule: {campaign: launch}, yes: [{add_tag: member}]}]
    --- scenarios/deal.yaml
    steps:
      - id: deal
        rule: {opportunity: {status: [open, won], stage: Proposal, amount: {gte: 1000}}}
        yes: [{add_tag: deal}]
    --- scenarios/any.yaml
    steps: [{id: any, rule: {not: {opportunity: {status: lost}}}, yes: [{add_tag: never-lost}]}]
    """
    world.people("attended", "invited", "deal", "split")
    world.campaign("attended", "launch", "attended")
    world.campaign("invited", "launch", "invited")
    world.opportunity("deal", "one", stage="ＰＲＯＰＯＳＡＬ", amount=1000)
    world.opportunity("split", "one", stage="Proposal", amount=10)
    world.opportunity("split", "two", stage="Demo", amount=5000, status="lost")
    assert asked(world) == {"attended"}
    assert world.tagged("member") == {"attended", "invited"}
    assert world.tagged("deal") == {"deal"}
    assert world.tagged("never-lost") == {"attended", "invited", "deal"}


def test_activities_are_counted_by_target_and_in_a_window(world: World) -> None:
    """
    steps:
      - wait: 3 days
      - {id: asked, rule: {activity: {type: page_viewed, target: "/pricing*", count: {gte: 2}, within: 2 days}}}
    --- scenarios/none.yaml
    steps:
      - wait: 3 days
      - {id: none, rule: {activity: {type: page_viewed, count: {eq: 0}}}, yes: [{add_tag: none}]}
    --- scenarios/once.yaml
    steps:
      - wait: 3 days
      - {id: once, rule: {activity: {type: page_viewed, target: /Pricing}}, yes: [{add_tag: once}]}
    """
    world.people("twice", "too-early", "once", "elsewhere", "bot", "unlearnt", "none")
    world.tick("0 days")
    for when in ("2 days", "3 days"):
        world.activity("twice", "page_viewed", "/pricing/en", at=when)
        world.activity("elsewhere", "page_viewed", "/docs", at=when)
        world.activity("bot", "page_viewed", "/pricing", at=when, bot=True)
        world.activity("unlearnt", "page_viewed", "/pricing", at=when, learn=False)
    for when in ("1 day", "3 days"):
        world.activity("too-early", "page_viewed", "/pricing", at=when)
    world.activity("once", "page_viewed", "/pricing", at="3 days")
    assert asked(world, "3 days") == {"twice"}
    assert world.tagged("none") == {"bot", "unlearnt", "none"}
    assert world.tagged("once") == {"too-early", "once"}


def test_todos_scenarios_and_mails_are_asked(world: World) -> None:
    """
    priority: 90
    steps:
      - {send_email: hello}
      - {rule: {tag: todo}, yes: [{create_todo: {subject: Call, to: "user:sato"}}]}
      - {wait: 1 day}
    --- scenarios/second.yaml
    audience: {lists: [others]}
    steps:
      - {rule: {todo: {status: open, scenario: journey}}, yes: [{add_tag: has-todo}]}
      - {rule: {todo: {status: completed}}, yes: [{add_tag: done-todo}]}
      - {rule: {scenario: {id: journey, state: active}}, yes: [{add_tag: active}]}
      - {rule: {scenario: {id: journey, state: completed}}, yes: [{add_tag: completed}]}
      - {rule: {scenario: {id: this, state: ever}}, yes: [{add_tag: here}]}
      - {rule: {emailed: {count: {gte: 1}, within: 7 days}}, yes: [{add_tag: mailed}]}
    """
    world.add("todo", tags=["todo"], lists=["members", "others"])
    world.add("plain", lists=["members", "others"])
    world.add("second-only", lists=["others"])
    world.tick("0 days")
    assert world.tagged("has-todo") == {"todo"}
    assert world.tagged("done-todo") == set()
    assert world.tagged("active") == {"todo", "plain"}
    assert world.tagged("completed") == set()
    assert world.tagged("here") == {"todo", "plain", "second-only"}
    assert world.tagged("mailed") == {"todo", "plain"}


def test_a_rule_looks_at_the_data_of_the_tick_it_runs_in(world: World) -> None:
    """
    steps:
      - {id: asked, rule: {tag: hot}, after: 2 days, yes: [{add_tag: "yes"}], no: [{add_tag: "no"}]}
    """
    world.add("was", tags=["hot"])
    world.people("becomes", "never")
    world.tick("0 days")
    world.remove_tag("was", "hot", at="1 day")
    world.add_tag("becomes", "hot", at="1 day")
    world.tick("2 days")
    assert world.tagged("yes") == {"becomes"}
    assert world.tagged("no") == {"was", "never"}


def test_rules_part_and_meet_again(world: World) -> None:
    """
    steps:
      - rule: {score: {gte: 10}}
        yes:
          - rule: {score: {gte: 100}}
            yes: [{add_tag: hot}, {end: true}]
            no: [{add_tag: warm}]
        no: [{add_tag: cold}]
      - add_tag: together
    """
    for who, score in (("hot", 100), ("warm", 99), ("cold", 9)):
        world.add(who, score=score)
    world.tick("0 days")
    assert world.path("hot") == ["rule.yes", "rule-2.yes", "add_tag-hot"]
    assert world.path("warm") == ["rule.yes", "rule-2.no", "add_tag-warm", "add_tag-together"]
    assert world.path("cold") == ["rule.no", "add_tag-cold", "add_tag-together"]
    assert {world.state(who) for who in world.ids} == {"completed"}
