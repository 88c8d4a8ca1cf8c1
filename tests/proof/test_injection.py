"""What people write is never a statement, a pattern of the database's, a command or an endless search."""

from __future__ import annotations

import ast
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select

import engage
from engage.intake.addresses import read_address
from engage.language.expressions import read_text
from engage.language.moment import Duration, parse_moment
from engage.language.source import read
from engage.language.templates import read_template
from engage.language.where import read_where
from engage.language.zones import zone
from engage.sql import tables as t
from tests.support.csv_files import bring, counts, table, take, words
from tests.support.world import World

#: Never part of a statement's text.
SIGN = "zq9"
PAYLOADS = {
    "ends a text": f"{SIGN}'; DROP TABLE prospects; --",
    "ends a name": f'{SIGN}" OR 1=1 --',
    "escapes": f"{SIGN}\\' OR '1'='1",
    "a place for a value": f"{SIGN} :param %s %(x)s ? $1",
    "a pattern": f"100%_{SIGN}",
    "another statement": f"{SIGN}'); SELECT pg_sleep(9); --",
    "a comment": f"{SIGN} /* --",
    "JSON": f'{SIGN}","x":["',
}
SCENARIO = """
audience: {{lists: [members], where: {{not: {{company: {payload}}}}}}}
steps:
  - rule: {{notes: {payload}}}
    id: is
    yes: []
    no: []
  - rule: {{notes: {{contains: {payload}}}}}
    id: contains
    yes: []
    no: []
  - rule: {{notes: {{starts_with: {payload}, matches: {glob}}}}}
    id: begins
    yes: []
    no: []
  - rule: {{product_interest: {{in: [a, {payload}]}}}}
    id: custom
    yes: []
    no: []
  - rule: {{activity: {{type: page_viewed, target: {payload}}}}}
    id: seen
    yes: []
    no: []
  - rule: {{opportunity: {{stage: {payload}}}}}
    id: stage
    yes: []
    no: []
  - set_field: {{city: {payload}, product_interest: "{{{{ prospect.notes }}}}"}}
  - create_todo: {{subject: {payload}, comments: "{{{{ prospect.notes }}}}", to: "user:sato"}}
  - notify: {{to: "user:sato", subject: {payload}, text: {payload}}}
  - trigger: {{page_viewed: {payload}}}
    within: 3 days
    id: waits
    yes: []
    no: []
--- scoring.yaml
rules: [{{activity: page_viewed, target: {payload}, points: 5}}]
"""


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Keep the text of every statement that runs."""
    said: list[str] = []

    def keep(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(engine, "before_cursor_execute", keep)
    try:
        yield said
    finally:
        event.remove(engine, "before_cursor_execute", keep)


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_no_text_of_a_scenario_or_a_person_becomes_sql(engine: Engine, payload: str) -> None:
    """FAULTS S19, S20: only who has the very text is met, also by patterns; texts come back as they were."""
    quoted = json.dumps(payload, ensure_ascii=False)
    glob = json.dumps(f"*{payload[1:]}", ensure_ascii=False)
    scenario, scoring = SCENARIO.format(payload=quoted, glob=glob).split("--- scoring.yaml\n")
    with statements(engine) as said:
        world = World(engine, scenario, scoring=scoring)
        world.add("same", notes=payload, product_interest=payload)
        world.add("near", notes=f"x{payload[1:]}".replace("%", "%%").replace("_", "xx"), product_interest="a")
        world.add("out", company=payload)
        world.activity("same", "page_viewed", payload, at="0 days")
        world.activity("near", "page_viewed", payload + "x", at="0 days")
        world.tick("0 days")
        world.activity("near", "page_viewed", payload, at="1 day")
        world.tick("1 day")
    assert [step for step in world.path("same") if "." in step] == [
        "is.yes", "contains.yes", "begins.yes", "custom.yes", "seen.yes", "stage.no", "waits.yes",
    ]  # fmt: skip
    assert [step for step in world.path("near") if "." in step] == [
        "is.no", "contains.no", "begins.no", "custom.yes", "seen.no", "stage.no", "waits.yes",
    ]  # fmt: skip
    assert world.path("out") == []
    assert {todo.subject for todo in world.todos()} == {payload}
    assert not [text for text in said if SIGN in text]
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(t.prospects)) == 3
        assert set(connection.scalars(select(t.prospects.c.city))) == {payload, None}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_no_cell_and_no_condition_of_an_export_becomes_sql(engine: Engine, tmp_path: Path, payload: str) -> None:
    """FAULTS S19: names of columns, cells, and what is asked for; unknown names are refused."""
    cell = '"' + payload.replace('"', '""') + '"'
    text = f"email,notes,product_interest,tags,{cell}\na@x.jp,{cell},crm,vip,x\nb@x.jp,near,,,\n{cell},x,,,\n"
    with statements(engine) as said:
        assert counts(bring(engine, tmp_path, text)) == (2, 0, 0, 1)
        asked, wrong = read_where(f"{{notes: {json.dumps(payload, ensure_ascii=False)}}}", words())
        assert asked is not None, wrong
        assert [row["notes"] for row in table(take(engine, "prospects", asked))] == [payload]
        assert read_where(f"{{{json.dumps(payload, ensure_ascii=False)}: 1}}", words())[0] is None
    assert not [statement for statement in said if SIGN in statement]


LONG = 50_000
#: Texts at which a careless pattern searches for ever.
EVIL = {
    "one letter": "a" * LONG,
    "letters and an end": "a" * LONG + "!",
    "dots": "a." * LONG,
    "at signs": "@" * LONG,
    "spaces": " " * LONG + "x",
    "open braces": "{{" * LONG,
    "open tags": "<a " * LONG,
    "dashes": "-" * LONG,
    "digits": "1" * LONG,
    "pairs": "1 day " * (LONG // 10),
    "quotes": '"' * LONG,
    "brackets": "a@x.jp<" * (LONG // 10),
    "stars": "*" * LONG,
}
READERS: dict[str, Callable[[str], object]] = {
    "an address": read_address,
    "a duration": Duration.parse,
    "a moment": lambda text: parse_moment(text, zone("UTC")),
    "a zone": zone,
    "an expression": read_text,
    "a file": lambda text: read("a.yaml", text.encode()),
    "a template": lambda text: read_template("templates/a.html", f"---\nsubject: x\n---\n{text}", ("email",)),
    "a head": lambda text: read_template("templates/a.html", f"---\nsubject: {text}\n---\nx", ("email",)),
}


@pytest.mark.parametrize("evil", EVIL.values(), ids=EVIL)
@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_no_text_is_searched_for_ever(reader: Callable[[str], object], evil: str) -> None:
    """FAULTS S20: whatever reads a text has read fifty thousand signs, or refused them, in a second of computing."""
    begun = time.process_time()
    with suppress(ValueError):
        reader(evil)
    assert time.process_time() - begun < 1


def test_programs_are_begun_by_lists_of_arguments_and_never_by_a_shell() -> None:
    """FAULTS S34: all that begins a program is our own interpreter, with arguments of our own."""
    begun = []
    for path in sorted(Path(engage.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            assert name not in ("os.system", "os.popen", "eval", "exec", "subprocess.getoutput"), path
            assert not any(word.arg == "shell" for word in node.keywords), path
            if name.startswith("subprocess."):
                begun.append((path.name, ast.unparse(node.args[0])))
    assert begun
    for file, arguments in begun:
        assert re.match(r"\[sys\.executable, ('-P', )?'-m', 'engage\.", arguments), (file, arguments)
