"""What strangers send (names, page addresses, referrers, form values, bounces) is text on every page (S26, S27)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import quote

import pytest
from sqlalchemy import insert, update

from engage.clock import system_clock
from engage.sql import tables as t
from engage.sql.interning import word_id
from engage.web.staff.table import PAGES
from tests.support.staff import Staff
from tests.support.world import World
from tests.web.staff.test_table import SAMPLES

PAYLOADS = (
    "<script>alert(1)</script>", "<SCRIPT SRC=//evil.example/x.js></SCRIPT>", "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>", "<svg><script>alert(1)</script></svg>", "\"><script>alert(1)</script>",
    "'><script>alert(1)</script>", "\" onmouseover=\"alert(1)", "' onfocus='alert(1)' autofocus='",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>alert(1)</script>",
    "vbscript:msgbox(1)", "<a href=javascript:alert(1)>x</a>", "<iframe src=//evil.example></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'>", "<object data=//evil.example>", "<embed src=//evil.example>",
    "<form action=//evil.example><button>", "<input autofocus onfocus=alert(1)>", "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>", "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>*{background:url(//evil.example)}</style>", "<body onload=alert(1)>", "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>", "<math><mtext><script>alert(1)</script>", "<!--<script>alert(1)</script>-->",
    "]]><script>alert(1)</script>", "</title><script>alert(1)</script>", "</textarea><script>alert(1)</script>",
    "</script><script>alert(1)</script>", "{{ 7 * 7 }}{% raw %}", "${alert(1)}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "%3Cscript%3Ealert(1)%3C/script%3E", "\u202e<script>alert(1)</script>", "＜script＞alert(1)＜/script＞",
)  # fmt: skip
ASKED = [page for page in PAGES if page.method == "GET" and not page.path.endswith(".csv")]


class Seen(HTMLParser):
    """What a page would run or load that is not its own."""

    def __init__(self) -> None:
        super().__init__()
        self.bad: list[str] = []
        self.script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag in ("iframe", "object", "embed", "base", "style", "math", "video", "body" if "onload" in told else ""):
            self.bad.append(f"<{tag}>")
        if tag == "script":
            source = told.get("src") or ""
            self.script = told.get("type") != "application/json"
            if self.script and not source.startswith("/static/"):
                self.bad.append(f"<script src={source!r}>")
        for key, value in attrs:
            text = re.sub(r"[\s\x00-\x1f]", "", value or "").lower()
            if key.startswith(("on", "hx-on")) or key in ("style", "srcdoc"):
                self.bad.append(f"{tag} {key}={value!r}")
            leads = key in ("href", "src", "action", "formaction", "data", "xlink:href", "hx-get", "hx-post")
            if leads and text.startswith(("javascript:", "vbscript:", "//")):
                self.bad.append(f"{tag} {key}={value!r}")
            if leads and text.startswith("data:") and not text.startswith("data:image/svg+xml"):
                self.bad.append(f"{tag} {key}={value!r}")

    def handle_data(self, data: str) -> None:
        if self.script and data.strip():
            self.bad.append(f"a script that says {data[:40]!r}")

    def handle_endtag(self, tag: str) -> None:
        self.script = self.script and tag != "script"


@pytest.fixture
def poisoned(world: World) -> World:
    """Put each payload wherever strangers can put texts."""
    now = system_clock()
    for number, payload in enumerate(PAYLOADS):
        who, line = f"p{number}", payload.replace("\n", " ")
        names = {"last_name": line, "first_name": line}
        world.add(who, at=now, owner="user:sato", tags=(line,), company=line, phone=line, website=line, **names)  # type: ignore[arg-type]
        told = {"url": payload, "referrer": payload, "title": payload, "value": payload}
        with world.engine.begin() as connection:
            kind, target = word_id(connection, "type", "page_visited"), word_id(connection, "target", line)
            row = {"prospect_id": world.ids[who], "type_id": kind, "target_id": target, "source": "web"}
            row |= {
                "link_id": word_id(connection, "link", line),
                "properties": json.dumps(told),
                "key": bytes([number] * 16),
            }
            connection.execute(
                insert(t.activities).values(**row, source_id=line, occurred_at=now, learnt_at=now, bot=False)
            )
            todo = {"subject": payload, "comments": payload, "priority": "high", "status": "not_started", "due_at": now}
            connection.execute(
                insert(t.todos).values(**todo, prospect_id=world.ids[who], assignee="user:sato", created_at=now)
            )
            connection.execute(update(t.messages).values(reason=payload, subject=payload))
    world.tick(now)
    return world


def addresses(path: str, world: World) -> Iterator[str]:
    """Yield the addresses of a page: that of each poisoned prospect or ToDo where it shows one."""
    keys = [world.ids[f"p{number}"] for number in range(len(PAYLOADS))]
    if "/prospects/{" in path and not path.startswith("/scenarios"):
        yield from (re.sub(r"\{\w+\}", str(key), path) for key in keys)
    elif path.startswith("/todos/{"):
        yield from (re.sub(r"\{\w+\}", str(number), path) for number in range(1, len(PAYLOADS) + 1))
    else:
        yield re.sub(r"\{(\w+)\}", lambda found: SAMPLES[found[1]], path)


def bad_in(staff: Staff, path: str, as_: str) -> list[str]:
    """Return what a page would run or load that is not its own."""
    answer = staff.get(path, as_=as_)
    assert answer.status < 500, path
    seen = Seen()
    if answer.headers.get("content-type", "").startswith("text/html"):
        seen.feed(answer.text)
    return [f"{path}: {each}" for each in seen.bad]


def test_what_strangers_send_is_text(poisoned: World, staff: Staff) -> None:
    paths = [path for page in ASKED for path in addresses(page.path, poisoned)]
    assert not [each for path in paths for as_ in ("admin", "sales") for each in bad_in(staff, path, as_)]


def test_what_is_asked_for_is_text(staff: Staff) -> None:
    """S27: parameters that come back on the page."""
    found = []
    for page in ASKED:
        path = re.sub(r"\{(\w+)\}", lambda each: SAMPLES[each[1]], page.path)
        for payload in PAYLOADS[:12]:
            names = ("q", "subject", "tab", "step", "state", "since", "next")
            query = "&".join(f"{key}={quote(payload)}" for key in names)
            found += bad_in(staff, f"{path}?{query}", "admin")
    assert not found


def test_the_reader_knows_bad_pages() -> None:
    """What looks for injected code finds it."""
    for payload in PAYLOADS[:9]:
        seen = Seen()
        seen.feed(f'<p title="{payload}">{payload}</p>')
        assert seen.bad or payload.startswith("'"), payload
