"""The ToDo inbox in a browser: by keyboard only, two at once, ten thousand, new ones that come by themselves."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import insert, select

from engage.clock import system_clock
from engage.sql import tables as t
from tests.browser.conftest import Opener
from tests.support.browser import DESK, PHONE, accessible, photograph
from tests.support.staff import Staff
from tests.support.world import World

expect.set_options(timeout=15_000)


def fill(world: World, count: int = 5, to: str = "user:sato", subject: str = "Call {n}") -> None:
    """Write ToDos, some overdue, some due today, some later."""
    now = system_clock()
    due = (now - timedelta(days=2), now - timedelta(hours=1), now + timedelta(minutes=5), now + timedelta(days=3), None)
    who = tuple(world.ids.values())
    rows = [
        {"prospect_id": who[n % 3], "subject": subject.format(n=n), "assignee": to, "status": "not_started",
         "priority": ("high", "normal", "normal", "low")[n % 4], "created_at": now - timedelta(days=3),
         "due_at": due[n % 5], "comments": "Read the white paper twice.\nAsks for prices."}
        for n in range(count)
    ]  # fmt: skip
    with world.engine.begin() as connection:
        connection.execute(insert(t.todos), rows)


def queue_up(world: World) -> None:
    """Have both sales users in the queue."""
    with world.engine.begin() as connection:
        known = set(connection.scalars(select(t.queue_members.c.user_id)))
        rows = [
            {"queue_key": "inside-sales", "user_id": u, "position": 9} for u in ("sato", "suzuki") if u not in known
        ]
        if rows:
            connection.execute(insert(t.queue_members), rows)


def furnish(world: World) -> None:
    world.set("hanako", first_name="花子", company="サクラソフト株式会社", department="営業企画部", job_title="部長",
              phone="03-1234-5678")  # fmt: skip
    world.set("john", first_name="John", company="Example Ltd", mobile="+44 20 7946 0000")
    for n, (kind, target) in enumerate(
        (("page_viewed", "/pricing"), ("form_submitted", "demo"), ("file_downloaded", "white-paper.pdf"))
    ):
        world.activity("hanako", kind, target, at=f"{n + 1} days")


def stored(world: World, subject: str) -> Any:
    with world.engine.connect() as connection:
        return connection.execute(select(t.todos).where(t.todos.c.subject == subject)).one()


@pytest.mark.parametrize(("locale", "width", "dark"), [("en", DESK, False), ("ja", DESK, True), ("ja", PHONE, False)])
def test_how_it_looks(open_page: Opener, world: World, staff: Staff, locale: str, width: int, dark: bool) -> None:
    furnish(world)
    fill(world, 9, subject="{n}件目のお電話" if locale == "ja" else "Call about the white paper ({n})")
    fill(world, 2, "queue:inside-sales")
    name = f"{locale}-{width}-{'dark' if dark else 'light'}"
    page = open_page("sato", "/todos", locale, width, dark=dark)
    accessible(page)
    photograph(page, f"todos-{name}")
    page.locator(".todos a").first.click()
    expect(page.locator("#card h3 a")).to_be_visible()
    accessible(page)
    photograph(page, f"todo-{name}")
    page.locator(".acts summary").filter(has_text="完了" if locale == "ja" else "Complete").first.click()
    accessible(page)
    photograph(page, f"todo-done-{name}")


@pytest.mark.parametrize("locale", ["en", "ja"])
def test_from_the_list_to_done_by_keyboard_only(open_page: Opener, world: World, staff: Staff, locale: str) -> None:
    fill(world, 3)
    page = open_page("sato", "/todos", locale)
    press = page.keyboard.press
    press("j")
    expect(page.locator("#card h2")).to_have_text("Call 0")
    press("j")
    expect(page.locator("#card h2")).to_have_text("Call 1")
    press("k")
    expect(page.locator("#card h2")).to_have_text("Call 0")
    press("d")
    expect(page.locator("#d-outcome")).to_be_focused()
    page.keyboard.type("will buy")
    for _ in range(2):
        press("Tab")
    page.keyboard.press("ArrowDown")
    press("Tab")
    page.keyboard.type("Send offer")
    press("Enter")
    expect(page.locator(".flash:visible")).to_contain_text(
        "ToDo を完了しました。" if locale == "ja" else "The ToDo is completed."
    )
    row = stored(world, "Call 0")
    assert (row.status, row.outcome) == ("completed", "will buy")
    assert stored(world, "Send offer").assignee == "user:sato"
    expect(page.locator("#card h2")).to_have_text("Call 1")
    press("u")
    expect(page.locator(".flash:visible")).to_contain_text("元に戻しました" if locale == "ja" else "as it was before")
    assert stored(world, "Call 0").status == "not_started"


def test_postpone_hand_on_and_take_by_one_key_each(open_page: Opener, world: World, staff: Staff) -> None:
    queue_up(world)
    fill(world, 2)
    fill(world, 1, "queue:inside-sales", "Queued")
    page = open_page("sato", "/todos")
    page.keyboard.press("j")
    expect(page.locator("#card h2")).to_have_text("Call 0")
    page.keyboard.press("p")
    expect(page.locator("#p-days")).to_be_focused()
    page.locator("#p-note").press("Enter")
    expect(page.locator(".flash:visible")).to_contain_text("postponed")
    assert stored(world, "Call 0").due_at > system_clock()
    expect(page.locator("#card h2")).to_have_text("Call 1")
    page.keyboard.press("h")
    expect(page.locator("#h-to")).to_be_focused()
    page.locator("#h-to").select_option("user:suzuki")
    page.locator("#h-note").press("Enter")
    expect(page.locator(".flash:visible")).to_contain_text("handed on")
    page.goto("/todos?tab=queues")
    page.keyboard.press("j")
    expect(page.locator("#card h2")).to_have_text("Queued")
    page.keyboard.press("t")
    expect(page.locator(".flash:visible")).to_contain_text("The ToDo is yours.")
    assert stored(world, "Queued").assignee == "user:sato"


def test_many_at_once_with_the_keyboard_and_undone(open_page: Opener, world: World, staff: Staff) -> None:
    fill(world, 4)
    page = open_page("sato", "/todos")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    assert page.locator("input[name=todo]:checked").count() == 2
    page.keyboard.press("d")
    expect(page.locator("#bulk-outcome")).to_be_focused()
    page.keyboard.type("called")
    page.keyboard.press("Enter")
    expect(page.locator(".flash:visible")).to_contain_text("2 ToDos are completed.")
    page.keyboard.press("u")
    expect(page.locator(".flash:visible")).to_contain_text("as it was before")
    with world.engine.connect() as connection:
        assert set(connection.scalars(select(t.todos.c.status))) == {"not_started"}


def test_keys_act_on_boxes_as_on_rows(open_page: Opener, world: World, staff: Staff) -> None:
    fill(world, 3)
    page = open_page("sato", "/todos")
    press, chosen = page.keyboard.press, page.locator("input[name=todo]:checked")
    boxes = page.locator("input[name=todo]")
    boxes.nth(1).click()
    press("Enter")
    assert chosen.count() == 1
    press("Space")
    assert chosen.count() == 0
    expect(boxes.nth(1)).to_be_focused()
    press("x")
    expect(page.locator(".todos a").nth(1)).to_be_focused()
    assert boxes.nth(1).is_checked()
    press("j")
    expect(page.locator("#card h2")).to_have_text("Call 2")
    press("x")
    page.locator("[data-choose-all]").focus()
    press("Enter")
    press("p")
    expect(page.locator("#bulk-days")).to_be_focused()
    press("Enter")
    expect(page.locator("main > .flash")).to_contain_text("2 ToDos are postponed.")


def test_two_people_take_the_same_todo(open_page: Opener, world: World, staff: Staff) -> None:
    queue_up(world)
    fill(world, 1, "queue:inside-sales", "Queued")
    first, second = open_page("sato", "/todos?tab=queues"), open_page("suzuki", "/todos?tab=queues")
    for page in (first, second):
        page.keyboard.press("j")
        expect(page.locator("#card h2")).to_have_text("Queued")
    first.keyboard.press("t")
    expect(first.locator(".flash:visible")).to_contain_text("The ToDo is yours.")
    second.keyboard.press("t")
    expect(second.locator("main")).to_contain_text("“Queued”: 佐藤 花子 has taken it meanwhile; nothing was changed")
    assert stored(world, "Queued").assignee == "user:sato"


@pytest.mark.parametrize(("locale", "width", "dark"), [("en", DESK, False), ("ja", PHONE, True)])
def test_a_form_that_is_refused_loses_nothing(
    open_page: Opener, world: World, staff: Staff, locale: str, width: int, dark: bool
) -> None:
    fill(world, 2)
    first, second = (open_page("sato", "/todos/1", locale, width, dark=dark) for _ in range(2))
    first.locator(".acts summary").first.click()
    first.locator("#d-outcome").fill("will buy")
    first.locator("#d-note").fill("asks for Mr Ito")
    first.locator("#d-next").fill("Send offer")
    second.locator("summary[data-key=p]").click()
    second.locator("form[action='/todos/postpone'] button").click()
    expect(second.locator("main > .flash")).to_be_visible()
    first.locator("form[action='/todos/done'] button").click()
    expect(first.locator("main > .flash.bad")).to_contain_text("延期しました" if locale == "ja" else "has postponed it")
    for name, value in (("outcome", "will buy"), ("note", "asks for Mr Ito"), ("next", "Send offer")):
        expect(first.locator(f"#d-{name}")).to_have_value(value)
    accessible(first)
    photograph(first, f"todo-refused-{locale}-{width}")
    first.locator("form[action='/todos/done'] button").click()
    expect(first.locator("main > .flash[role=status]")).to_be_visible()
    row = stored(world, "Call 0")
    assert (row.status, row.outcome) == ("completed", "will buy")


def test_what_was_typed_for_a_todo_that_is_gone_can_be_read(open_page: Opener, world: World, staff: Staff) -> None:
    queue_up(world)
    fill(world, 3, "queue:inside-sales", "Queued {n}")
    page = open_page("sato", "/todos?tab=queues")
    page.keyboard.press("j")
    expect(page.locator("#card h2")).to_have_text("Queued 0")
    page.keyboard.press("d")
    page.keyboard.type("will buy")
    other = open_page("suzuki", "/todos/1")
    other.keyboard.press("t")
    expect(other.locator("main > .flash")).to_contain_text("The ToDo is yours.")
    page.keyboard.press("Enter")
    expect(page.locator("main > .flash.bad")).to_contain_text("has taken it meanwhile")
    expect(page.locator("main > .flash.bad dd")).to_have_text("will buy")
    expect(page.locator(".todos li")).to_have_count(2)
    accessible(page)
    page.keyboard.press("j")
    expect(page.locator("#card h2")).to_have_text("Queued 1")


def test_new_todos_come_without_reloading(open_page: Opener, world: World, staff: Staff) -> None:
    fill(world, 2)
    page = open_page("sato", "/todos")
    asks = "htmx.ajax('GET', document.getElementById('news').getAttribute('hx-get'), '#news')"
    page.locator(".todos a").first.click()
    expect(page.locator("#card h2")).to_have_text("Call 0")
    fill(world, 1, subject="New")
    page.evaluate(asks)
    expect(page.locator(".todos")).to_contain_text("New")
    expect(page.locator("#card h2")).to_have_text("Call 0")
    page.locator("input[name=todo]").first.check()
    fill(world, 1, subject="Newer")
    page.evaluate(asks)
    expect(page.locator("#news")).to_contain_text("New ToDos: 1")
    expect(page.locator(".todos")).not_to_contain_text("Newer")
    page.locator("#news a").click()
    expect(page.locator(".todos")).to_contain_text("Newer")


def test_on_a_later_page_new_todos_wait(open_page: Opener, world: World, staff: Staff) -> None:
    fill(world, 60)
    page = open_page("sato", "/todos")
    page.locator("a[rel=next]").click()
    expect(page.locator("a[rel=prev]")).to_be_visible()
    page.keyboard.press("j")
    row = page.locator(".todos a").first
    subject = row.locator(".subject").inner_text()
    expect(page.locator("#card h2")).to_have_text(subject)
    fill(world, 1, subject="New")
    page.evaluate("htmx.ajax('GET', document.getElementById('news').getAttribute('hx-get'), '#news')")
    expect(page.locator("#news")).to_contain_text("New ToDos: 1")
    page.wait_for_timeout(300)
    expect(page.locator(".todos li")).to_have_count(10)
    expect(row).to_be_focused()
    expect(row).to_have_attribute("aria-current", "true")
    assert "after=" in page.url
    page.keyboard.press("n")
    expect(page.locator(".todos")).to_contain_text("New")
    assert "after=" not in page.url
    expect(page.locator("#card h2")).to_have_text(subject)


def test_who_comes_back_without_a_deed_has_chosen_nothing(open_page: Opener, world: World, staff: Staff) -> None:
    fill(world, 3)
    page = open_page("sato", "/todos")
    page.keyboard.press("j")
    expect(page.locator("#card h2")).to_have_text("Call 0")
    page.goto("/todos")
    expect(page.locator(".todos li")).to_have_count(3)
    assert page.locator(".todos [aria-current]").count() == 0


def test_ten_thousand(open_page: Opener, world: World, staff: Staff) -> None:
    fill(world, 10_000)
    page = open_page("sato", "/todos")
    expect(page.locator(".tabs")).to_contain_text("10,000")
    assert page.locator(".todos li").count() == 50
    page.locator("a[rel=next]").click()
    expect(page.locator("a[rel=prev]")).to_be_visible()
    assert page.locator(".todos li").count() == 50
    spent = page.evaluate("performance.getEntriesByType('navigation')[0].responseStart")
    assert spent < 2_000, "milliseconds, on a machine that does other things, too"
    page.keyboard.press("k")
    expect(page.locator("#card h2")).to_be_visible()
    page.locator("[data-choose-all]").check()
    page.keyboard.press("d")
    page.keyboard.press("Enter")
    expect(page.locator("main > .flash")).to_contain_text("50 ToDos are completed.")
    expect(page.locator(".tabs")).to_contain_text("9,950")


@pytest.mark.parametrize(("locale", "width"), [("en", DESK), ("ja", PHONE)])
def test_the_other_pages_of_todos(open_page: Opener, world: World, staff: Staff, locale: str, width: int) -> None:
    furnish(world)
    fill(world, 12)
    fill(world, 2, "queue:inside-sales")
    for as_, path, name in (
        ("viewer", "/todos/1", "todo-page"), ("sato", "/todos?tab=done", "todos-none"),
    ):  # fmt: skip
        page = open_page(as_, path, locale, width)
        accessible(page)
        photograph(page, f"{name}-{locale}-{width}")
    page = open_page("sato", "/account/calendar", locale, width)
    page.locator("form[action='/account/calendar'] button").click()
    expect(page.locator("#f-address")).to_have_value(re.compile(r"/calendar/[\w-]{43}/todos\.ics$"))
    accessible(page)
    photograph(page, f"calendar-made-{locale}-{width}")
