"""Commands run in this process, in a folder of their own, on each database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from engage.cli.main import main
from engage.cli.session import Session

COMPANY = """\
name: Example
timezone: Asia/Tokyo
sender: {name: Example, email: m@example.com, address: Tokyo}
"""
TEAM = """\
users:
  sato: {name: Sato, email: sato@example.com}
  mori: {name: Mori, email: mori@example.com}
groups: {east: [sato, mori]}
queues: {inside: [sato]}
"""
SCENARIO = """\
name: Hand over
audience: {where: {score: {gte: 100}}}
steps:
  - assign: group:east
  - id: call
    create_todo: {subject: "Call {{ prospect.last_name }}", due: 1 business day, to: owner}
  - id: tell
    notify: {to: owner, subject: Hot, text: Call}
  - id: rest
    wait: 2 days
  - id: called
    rule: {todo: {status: completed, scenario: this}}
    yes:
      - add_tag: called
    no:
      - send_email: hello
"""
HELLO = "---\nsubject: Hello\n---\n<p>Hello {{ prospect.last_name }}</p>\n"


@dataclass(frozen=True)
class Done:
    """What a command did."""

    code: int
    out: str
    err: str


Engage = Callable[..., Done]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a workspace with one scenario, and stand in it."""
    made = tmp_path / "shop"
    for name, text in {
        "engage.yaml": COMPANY,
        "team.yaml": TEAM,
        "scenarios/hand-over.yaml": SCENARIO,
        "templates/hello.html": HELLO,
    }.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text, "utf-8")
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Engage:
    """Give a function that runs a command line, on SQLite in the workspace unless a database is named."""

    def engage(*words: object, database: str | None = None, **environ: str) -> Done:
        environ = environ if database is None else {"ENGAGE_DATABASE_URL": database, **environ}
        capfd.readouterr()
        code = main([str(word) for word in words], Session(environ, Path.cwd()))
        said = capfd.readouterr()
        return Done(code, said.out, said.err)

    return engage


@pytest.fixture
def engage(folder: Path, run: Engage, schema_url: str) -> Engage:
    """Give a function that runs a command line in the workspace, on each database."""

    def on_database(*words: object, **environ: str) -> Done:
        return run(*words, database=schema_url, **environ)

    return on_database


@pytest.fixture
def applied(engage: Engage) -> Engage:
    """Give the same where the workspace is applied."""
    assert engage("apply").code == 0
    return engage
