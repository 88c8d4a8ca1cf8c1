"""ToDos as a calendar: what calendars read of them, folding, moments, and that nothing changes without a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar

from engage.effects.agenda import Entry
from engage.effects.calendar import calendar

AT = datetime(2026, 12, 1, 0, 30, 15, 123456, tzinfo=UTC)
ENTRY = Entry(
    7, "佐藤様へのお電話（資料をご覧になった方へのご案内、価格のご質問、来週のご都合の確認）; a, b\\c", "急ぎ\n二行目",
    datetime.fromisoformat("2026-12-24T09:00+09:00"), "high", "not_started", AT, AT + timedelta(hours=1), 3, "花子",
    "佐藤", "サクラ", "03-1234-5678", "a@example.com",
)  # fmt: skip
BASE = "https://engage.example.com/x"


def test_a_todo_that_is_due_is_a_task_and_an_appointment() -> None:
    made = Calendar.from_ical(calendar([ENTRY], "ToDo", BASE, family_first=True))
    task, event = made.subcomponents
    assert (task.name, event.name) == ("VTODO", "VEVENT")
    for each, kind in ((task, "todo"), (event, "event")):
        assert each["UID"] == f"engage-{kind}-7@engage.example.com"
        assert (each["SEQUENCE"], each["PRIORITY"]) == (3, 1)
        assert str(each["SUMMARY"]) == ENTRY.subject
        assert str(each["URL"]) == f"{BASE}/todos/7"
        assert each.decoded("DTSTAMP") == AT.replace(microsecond=0) + timedelta(hours=1)
        assert str(each["DESCRIPTION"]).startswith("佐藤 花子 · サクラ\n03-1234-5678\na@example.com\n急ぎ\n二行目\n")
    tokyo = ZoneInfo("Asia/Tokyo")
    assert task.decoded("DUE").astimezone(tokyo) == datetime(2026, 12, 24, 9, tzinfo=tokyo)
    assert event.decoded("DTSTART") == task.decoded("DUE")
    assert (task["STATUS"], event["TRANSP"]) == ("NEEDS-ACTION", "TRANSPARENT")


def test_a_todo_without_a_due_date_is_a_task_only() -> None:
    entry = replace(ENTRY, due_at=None, status="in_progress", first_name=None, last_name=None, company=None, phone=None)
    (task,) = Calendar.from_ical(calendar([entry], "ToDo", BASE, family_first=False)).subcomponents
    assert (task.name, task["STATUS"]) == ("VTODO", "IN-PROCESS")
    assert "DUE" not in task


def test_lines_are_folded_between_signs_and_end_as_the_rule_says() -> None:
    text = calendar([ENTRY], "ToDo", BASE, family_first=True)
    lines = text.split(b"\r\n")
    assert b"\n" not in b"".join(lines)
    assert all(len(line) <= 75 for line in lines)
    for line in lines:
        line.decode()  # no sign is cut
    assert b"DTSTAMP:20261201T013015Z" in lines
    assert b"DUE:20261224T000000Z" in lines


def test_the_same_todos_are_the_same_calendar_and_controls_are_left_out() -> None:
    assert calendar([ENTRY], "T", BASE, family_first=True) == calendar([ENTRY], "T", BASE, family_first=True)
    bad = calendar([replace(ENTRY, subject="a\x00b\x1b\r\nEND:VCALENDAR")], "T", BASE, family_first=True)
    (task, _) = Calendar.from_ical(bad).subcomponents
    assert bad.split(b"\r\n").count(b"END:VCALENDAR") == 1
    assert "\x00" not in str(task["SUMMARY"])
