"""Grading: thirteen grades from criteria, three-valued where a field is empty (SPEC section 9)."""

from __future__ import annotations

from tests.support.world import World


def grades(world: World, when: str = "0 days") -> dict[str, str | None]:
    """Tick and return every grade."""
    world.tick(when)
    return {who: world.grade(who) for who in world.ids}


def test_a_match_adds_a_mismatch_takes_and_the_unknown_does_nothing(world: World) -> None:
    """
    steps: [{wait: 1 day}]
    --- grading.yaml
    profiles:
      default:
        - {name: Industry, match: {industry: [Manufacturing, Software]}, worth: 1}
        - {name: Size, match: {employees: {gte: 100}}, worth: 2/3, mismatch: 1/3}
        - {name: Title, match: {job_title: {contains: 部長}}, worth: 1, mismatch: 0}
    """
    world.add("best", industry="software", employees=100, job_title="営業部長")
    world.add("worst", industry="Retail", employees=5, job_title="係長")
    world.add("half", industry="Retail")
    world.add("title", job_title="部長")
    world.add("unknown")
    # D is where all start; thirds: best +3+2+3, worst -3-1+0, half -3, title +3
    assert grades(world) == {"best": "A-", "worst": "F", "half": "F", "title": "C", "unknown": None}


def test_unknown_is_three_valued_under_all_any_and_not(world: World) -> None:
    """
    steps: [{wait: 1 day}]
    --- grading.yaml
    profiles:
      default:
        - {name: Both, match: {industry: Software, employees: {gte: 100}}, worth: 1/3}
        - {name: Either, match: {any: [{industry: Software}, {employees: {gte: 100}}]}, worth: 1}
        - {name: Neither, match: {not: {industry: Software}}, worth: 2}
    """
    world.add("known-yes", industry="Software", employees=100)  # 1 + 3 - 6
    world.add("half-yes", industry="Software")  # ? + 3 - 6
    world.add("half-no", industry="Retail")  # -1 ? + 6
    world.add("size-no", employees=5)  # -1 ? ?
    world.add("size-yes", employees=500)  # ? + 3 ?
    world.add("empty")
    assert grades(world) == {
        "known-yes": "F", "half-yes": "F", "half-no": "B-", "size-no": "D-", "size-yes": "C", "empty": None,
    }  # fmt: skip


def test_existence_tags_lists_and_activities_are_never_unknown(world: World) -> None:
    """
    steps: [{wait: 1 day}]
    --- grading.yaml
    profiles:
      default:
        - {name: Phone, match: {phone: {exists: true}}, worth: 1/3}
        - {name: Tag, match: {tag: vip}, worth: 1/3, mismatch: 0}
        - {name: List, match: {list: vip}, worth: 1, mismatch: 0}
        - {name: Page, match: {activity: {type: page_viewed}}, worth: 2, mismatch: 0}
    """
    world.add("nothing")
    world.add("tagged", phone="1", tags=["vip"])
    world.add("listed", phone="1", lists=["members", "vip"])
    world.add("visited", phone="1")
    world.activity("visited", "page_viewed", "/", at="0 days")
    assert grades(world) == {"nothing": "D-", "tagged": "C-", "listed": "C+", "visited": "B+"}


def test_the_sum_is_clamped_only_at_the_end(world: World) -> None:
    """
    steps: [{wait: 1 day}]
    --- grading.yaml
    profiles:
      default:
        - {name: Far below, match: {tag: bad}, worth: 0, mismatch: 12}
        - {name: Back again, match: {tag: good}, worth: 12, mismatch: 0}
        - {name: And up, match: {tag: great}, worth: 12, mismatch: 0}
    """
    world.add("level", tags=["good"])
    world.add("up", tags=["good", "great"])
    world.add("down")
    assert grades(world) == {"level": "D", "up": "A+", "down": "F"}


def test_the_first_choice_that_holds_names_the_profile_and_changes_regrade(world: World) -> None:
    """
    goal: {grade: {gte: B}}
    steps: [{wait: 90 days}]
    --- grading.yaml
    profiles:
      default: [{name: Phone, match: {phone: {exists: true}}, worth: 1}]
      partner: [{name: Country, match: {country: JP}, worth: 3}]
      vip: [{name: City, match: {city: Tokyo}, worth: 1/3}]
    assign:
      - {profile: partner, when: {tag: partner}}
      - {profile: vip, when: {list: vip}}
    """
    world.add("default", phone="1", country="JP")
    world.add("partner", phone="1", country="US", tags=["partner"], lists=["members", "vip"])
    world.add("vip", city="tokyo", lists=["members", "vip"])
    world.add("unknown", tags=["partner"])
    assert grades(world) == {"default": "C", "partner": "F", "vip": "D+", "unknown": None}
    world.add_tag("default", "partner", at="1 day")
    world.set("partner", country=None, at="1 day")
    world.remove_from_list("vip", "vip", at="1 day")
    assert grades(world, "1 day") == {"default": "A", "partner": None, "vip": "F", "unknown": None}
    assert {who: world.state(who) for who in world.ids} == {
        "default": "goal", "partner": "active", "vip": "active", "unknown": "active",
    }  # fmt: skip


def test_an_applied_change_of_the_grading_regrades_all_and_goals_see_it(world: World) -> None:
    """
    goal: {grade: {gte: B}}
    steps: [{wait: 90 days}]
    --- grading.yaml
    profiles: {default: [{name: Phone, match: {phone: {exists: true}}, worth: 1}]}
    """
    world.add("phone", phone="1")
    world.add("none")
    assert grades(world) == {"phone": "C", "none": "F"}
    later = "profiles: {default: [{name: Phone, match: {phone: {exists: true}}, worth: 2, mismatch: 0}]}\n"
    world.apply(when="1 day", grading=later)
    assert grades(world, "1 day") == {"phone": "B", "none": "D"}
    assert (world.state("phone"), world.state("none")) == ("goal", "active")


def test_a_step_that_sets_a_field_regrades_in_the_next_round(world: World) -> None:
    """
    exit: {grade: {gte: C}}
    steps: [{set_field: {phone: "03"}}, {rule: {grade: {gte: C}}, yes: [{add_tag: too-soon}]}, {wait: 90 days}]
    --- grading.yaml
    profiles: {default: [{name: Phone, match: {phone: {exists: true}}, worth: 1}]}
    """
    world.add("a")
    assert grades(world) == {"a": "C"}
    assert world.tags("a") == set()
    assert world.state("a") == "left"
