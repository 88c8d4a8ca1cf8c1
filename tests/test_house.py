"""The rules of the house that a machine can see: layers, one clock, small modules, plain names."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "engage"
MODULES = sorted(SOURCE.rglob("*.py"))

LONGEST_MODULE = 260
LONGEST_FUNCTION = 60

#: Names that say nothing about what a module holds.
EMPTY_NAMES = {"utils", "helpers", "common", "manager", "service", "base", "data", "info"}

#: What reads the machine's time, besides the whole module time. Only clock.py may.
READERS = {
    "asyncio.sleep",
    "datetime.date.today",
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "email.utils.localtime",
}

#: Functions of SQL that read the database's time; SQLAlchemy gives them as func.NAME.
SQL_FUNCTIONS = {
    "clock_timestamp",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "now",
    "statement_timestamp",
    "transaction_timestamp",
    "unixepoch",
}

#: The same in a text: with brackets that hold nothing, the words that need none, and SQLite's 'now'.
SQL_TIME = re.compile(
    r"\b(?:now|\w+_timestamp|unixepoch)\s*\(\s*\)"
    r"|\bcurrent_(?:date|time|timestamp)\b"
    r"|\b(?:date|time|datetime|julianday|unixepoch|strftime|timediff)\s*\([^)]*'now'",
    re.IGNORECASE,
)

#: Paths of a machine and hosts of registries, put together so that this file does not contain them.
PRIVATE = re.compile(
    "|".join(
        [
            r"(?<![\w.~-])/(?:" + "|".join(["work", "root"]) + r")(?=[/\"'`\s:,;)]|$)",
            r"(?<![\w.~-])/(?:" + "|".join(["home", "Users"]) + r")/\w+/",
            *(re.escape(f"{name}.{end}") for name, end in [("pypi", "org"), ("pythonhosted", "org")]),
            *(re.escape(f"{name}.{end}") for name, end in [("npmjs", "org"), ("npmjs", "com")]),
            *(re.escape(f"{name}.{end}") for name, end in [("yarnpkg", "com"), ("crates", "io")]),
            *(re.escape(f"{name}.{end}") for name, end in [("proxy.golang", "org")]),
            "--(?:extra-)?" + "index" + "-url",
        ]
    ),
    re.MULTILINE,
)


def name_of(path: Path) -> str:
    """Return a path as it is written in the repository."""
    return path.relative_to(ROOT).as_posix()


each_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


@cache
def tree_of(path: Path) -> ast.Module:
    """Return a module, parsed."""
    return ast.parse(path.read_text("utf-8"), filename=name_of(path))


def test_imports_go_down_only() -> None:
    """The contracts of import-linter in pyproject.toml hold."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    done = subprocess.run([*command, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@each_module
def test_a_module_begins_with_a_plain_sentence(path: Path) -> None:
    first = (ast.get_docstring(tree_of(path)) or "").partition("\n")[0]
    assert re.fullmatch(r"(?:\w|``).*\w.*[.?!]\)?", first), f"not a sentence on one line: {first!r}"
    assert len(first.split()) >= 3, f"too short to say anything: {first!r}"
    assert not re.search(r":\w+:`|\b(?:TODO|FIXME)\b", first), f"not plain: {first!r}"


@pytest.mark.parametrize("path", [path for path in MODULES if path != SOURCE / "clock.py"], ids=name_of)
def test_only_the_clock_reads_the_time(path: Path) -> None:
    found = [f"{name_of(path)}:{line}: {what}" for line, what in times_read(tree_of(path))]
    assert not found, "take `now` as an argument, or engage.clock:\n" + "\n".join(found)


def test_no_sql_file_reads_the_time() -> None:
    found = [
        f"{name_of(path)}: {match[0]}"
        for path in sorted(SOURCE.rglob("*.sql"))
        for match in SQL_TIME.finditer(path.read_text("utf-8"))
    ]
    assert not found


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "from time import sleep as rest",
        "import datetime\nx = datetime.datetime.now(datetime.UTC)",
        "import datetime as d\nx = d.date.today()",
        "from datetime import datetime as moment, UTC\nx = moment.now(UTC)",
        "from datetime import datetime\nread = datetime.utcnow",
        "import asyncio\nasync def f():\n    await asyncio.sleep(1)",
        "from sqlalchemy import func\nx = func.now()",
        "import sqlalchemy as sa\nx = sa.func.current_timestamp()",
        "x = 'SELECT now()'",
        "x = 'DEFAULT CURRENT_TIMESTAMP'",
        "x = f\"SELECT date('now', {y})\"",
        "x = \"strftime('%s', 'now')\"",
    ],
)
def test_a_reader_of_time_is_seen(source: str) -> None:
    assert list(times_read(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        '"""Says now() in a docstring."""',
        "from datetime import date, datetime, time, timedelta\nx = datetime(2026, 1, 1) + timedelta(1)",
        "def f(now):\n    return plan.at(now).today",
        "x = 'send it now (or later)'",
        "from sqlalchemy import func\nx = func.count()",
        "def current_date_text(): ...",
    ],
)
def test_what_reads_no_time_is_left_alone(source: str) -> None:
    assert not list(times_read(ast.parse(source)))


@each_module
def test_a_module_is_small(path: Path) -> None:
    length = len(path.read_text("utf-8").splitlines())
    assert length <= LONGEST_MODULE, f"{length} lines: which of its ideas is a module of its own?"


@each_module
def test_a_function_is_small(path: Path) -> None:
    long = [
        f"{node.name} has {length} lines"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert not long


def test_a_module_is_named_by_what_it_holds() -> None:
    ours = (*MODULES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py"))
    found = {
        name_of(path)
        for path in ours
        if EMPTY_NAMES.intersection(part.removesuffix(".py") for part in path.relative_to(ROOT).parts)
    }
    assert not found


def test_nothing_in_the_repository_names_a_machine_or_a_registry() -> None:
    found = [
        f"{name}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for name, text in repository_texts()
        for match in PRIVATE.finditer(text)
    ]
    assert not found


@pytest.mark.parametrize("folders", [("work", "x"), ("root",), ("home", "ann", "x"), ("Users", "ann", "x")])
def test_a_path_of_a_machine_is_seen(folders: tuple[str, ...]) -> None:
    path = "/" + "/".join(folders)
    assert PRIVATE.search(f"see {path}") or PRIVATE.search(f"see `{path}`.")
    assert not PRIVATE.search(f"https://example.com{path}")
    assert not PRIVATE.search(f"src{path}")


def repository_texts() -> Iterator[tuple[str, str]]:
    """Give each text file that is in the repository or would be added to it, by name."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("this is not a git repository, or git is missing")
    for name in filter(None, names.split("\0")):
        path = ROOT / name
        content = path.read_bytes() if path.is_file() else b""
        if b"\0" not in content:
            yield name, content.decode("utf-8", errors="replace")


def times_read(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Give the line and the words of each place that reads the machine's or the database's time."""
    imported = dict(imports(module))
    docstrings = set(docstrings_of(module))
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, "import time") for name in names if name.name == "time")
            case ast.ImportFrom(module="time", level=0):
                yield node.lineno, "from time import …"
            case ast.Attribute() | ast.Name():
                dotted = written_out(node, imported)
                if dotted in READERS or is_sql_function(dotted):
                    yield node.lineno, dotted
            case ast.Constant(value=str(text)) if id(node) not in docstrings:
                yield from ((node.lineno, found[0]) for found in SQL_TIME.finditer(text))


def imports(module: ast.Module) -> Iterator[tuple[str, str]]:
    """Give each imported name with what it stands for, written out."""
    for node in ast.walk(module):
        match node:
            case ast.Import(names=names):
                yield from ((name.asname, name.name) for name in names if name.asname)
            case ast.ImportFrom(module=str(origin), names=names, level=0):
                yield from ((name.asname or name.name, f"{origin}.{name.name}") for name in names)


def docstrings_of(module: ast.Module) -> Iterator[int]:
    """Give the identity of each text that stands alone as a statement, as docstrings do."""
    for node in ast.walk(module):
        if isinstance(node, ast.Expr):
            yield id(node.value)


def written_out(node: ast.expr, imported: dict[str, str]) -> str:
    """Return ``a.b.c`` with its first name as it was imported, or nothing for other expressions."""
    match node:
        case ast.Name(id=name):
            return imported.get(name, name)
        case ast.Attribute(value=value, attr=attribute):
            before = written_out(value, imported)
            return f"{before}.{attribute}" if before else ""
    return ""


def is_sql_function(dotted: str) -> bool:
    """Tell whether a name is SQLAlchemy's for a function that reads the database's time."""
    before, _, name = dotted.rpartition(".")
    return name in SQL_FUNCTIONS and (before == "func" or before.endswith(".func"))
