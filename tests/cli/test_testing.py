"""``engage test`` at the command line."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import engage
from tests.cli.conftest import SCENARIO, Engage

TESTS = """\
tests:
  - name: the hot are called
    prospect: {score: 100, last_name: Mori}
    expect: {owner: user:sato, todos: [{subject: Call Mori}]}
  - name: the cold are not
    prospect: {score: 99}
    expect: {entered: false}
"""
WRONG = """\
  - name: wrong
    prospect: {score: 100}
    expect:
      owner: user:mori
"""


def _write(folder: Path, tests: str) -> None:
    (folder / "scenarios/hand-over.yaml").write_text(SCENARIO + tests, "utf-8")


def test_all_pass(folder: Path, run: Engage) -> None:
    _write(folder, TESTS)
    done = run("test")
    assert (done.code, done.out) == (0, "tests: 2, all passed\n"), done.err
    assert not (folder / "engage.db").exists()
    assert not (folder / "outbox").exists()


def test_one_fails(folder: Path, run: Engage) -> None:
    _write(folder, TESTS + WRONG)
    done = run("test", "hand-over")
    assert done.code == 1
    assert done.out.splitlines() == [
        "scenarios/hand-over.yaml:24:11: FAILED: wrong",
        "  scenarios/hand-over.yaml:27:7: owner is not as expected",
        "    - user:mori",
        "    + user:sato",
        "tests: 3, passed: 2, failed: 1",
    ]


def test_junit(folder: Path, run: Engage) -> None:
    _write(folder, TESTS + WRONG)
    assert run("test", "--junit", "out.xml").code == 1
    root = ET.parse(folder / "out.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("3", "1")
    (failure,) = root.iter("failure")
    assert failure.get("message") == "scenarios/hand-over.yaml:27:7: owner is not as expected"
    assert "- user:mori" in (failure.text or "")
    assert [case.get("name") for case in root.iter("testcase")] == ["the hot are called", "the cold are not", "wrong"]


def test_some_of_them(folder: Path, run: Engage) -> None:
    _write(folder, TESTS)
    (folder / "scenarios/other.yaml").write_text(SCENARIO + TESTS + WRONG, "utf-8")
    assert run("test", "scenarios/hand-over.yaml").out == "tests: 2, all passed\n"
    assert run("test", "scenarios").code == 1
    assert run("test", "hand-over", "other").out.splitlines()[-1] == "tests: 5, passed: 4, failed: 1"
    done = run("test", "handover")
    assert (done.code, done.err) == (1, "scenario 'handover' is not known; did you mean hand-over?\n")


def test_mistakes_stop_it(folder: Path, run: Engage) -> None:
    _write(folder, TESTS.replace("owner:", "ownr:"))
    done = run("test")
    assert (done.code, done.out) == (1, "")
    assert done.err == "scenarios/hand-over.yaml:20:14: key 'ownr' is not known; did you mean owner?\n"


def test_no_tests(folder: Path, run: Engage) -> None:
    done = run("test")
    assert (done.code, done.out) == (0, "there are no tests; write them into scenarios under tests:\n")


def test_another_version_from_a_file(folder: Path, run: Engage) -> None:
    head = "name: Note\naudience: {where: {score: {gte: 100}}}\n"
    (folder / "versions").mkdir()
    (folder / "versions/longer.yaml").write_text(f"{head}steps: [{{id: w, wait: 5 days}}]\n", "utf-8")
    _test = """\
steps: [{id: w, wait: 3 days}]
tests:
  - name: longer
    prospect: {score: 100}
    events: [{at: 1 day, apply: versions/longer.yaml}]
    expect: {ends_at: 5 days}
"""
    (folder / "scenarios/note.yaml").write_text(head + _test, "utf-8")
    assert run("test", "note").out == "tests: 1, all passed\n"
    (folder / "versions/longer.yaml").write_text(f"{head}steps: [{{id: w, wiat: 5 days}}]\n", "utf-8")
    done = run("validate")
    assert done.code == 1
    assert done.err.startswith("versions/longer.yaml:3:")
    (folder / "versions/longer.yaml").unlink()
    done = run("validate")
    assert done.err.startswith("scenarios/note.yaml:7:33: there is no such file")


@contextmanager
def started(words: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[str]]:
    """Run a command that Ctrl-C ends, also where the tests run in the background of a shell that ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, **options)
    finally:
        signal.signal(signal.SIGINT, before)
    with process:
        try:
            yield process
        finally:
            process.kill()


def test_watching_runs_again_when_a_file_is_saved(folder: Path) -> None:
    _write(folder, TESTS)
    source = str(Path(engage.__file__).parents[1])
    environ = {**os.environ, "PYTHONPATH": source, "PYTHONUNBUFFERED": "1"}
    words = [sys.executable, "-m", "engage", "test", "--watch"]
    with started(words, cwd=folder, env=environ) as process:
        assert process.stdout is not None
        said = iter(process.stdout.readline, "")
        assert [next(said), next(said)] == ["tests: 2, all passed\n", "waiting for changes; Ctrl-C ends\n"]
        _write(folder, TESTS + WRONG)
        assert [line.strip() for line in (next(said) for _ in range(6))][-2:] == [
            "tests: 3, passed: 2, failed: 1",
            "waiting for changes; Ctrl-C ends",
        ]
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
