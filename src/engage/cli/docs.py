"""``make docs``: the pages of the documentation that are made from the program itself.

``make docs ARGS="commands.md language.md"`` makes some of them.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from typer.main import get_command

import engage
from engage.cli import gallery
from engage.cli.commands import COMMANDS
from engage.cli.main import build
from engage.settings import VARIABLES

_COMMANDS = """\
# Commands

Every command of `engage`, as its `--help` says. This page is made from the program itself (`make docs`).

All take `--workspace DIR` (before or after the command's name; else `ENGAGE_WORKSPACE`, else the nearest parent that
holds `engage.yaml`), `--debug` (the traceback of an error) and `--help`. Moments are ISO 8601; without an offset they
are local time in the workspace's timezone. Messages are in the workspace's language; `--format json` is stable.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | the input is wrong: a line for each mistake, `FILE:LINE:COLUMN: message` |
| 2 | the command line is wrong |
| 3 | a part outside failed: the database, the disk, the mail server |
| 4 | `engage plan --exit-code` only: there are changes to apply |
"""

_SETTINGS = """\
# Settings

What engage reads from the environment; all else stands in the workspace's files. Secrets and addresses come from
here only. This page is made from the program itself (`make docs`).

| variable | meaning |
|---|---|
"""

_MODULES = """\
# Modules

What each module of `src/engage` is, by the first sentence of its docstring; `design.md` says why they are laid out
so. This page is made from the program itself (`make docs`).
"""

#: Options that every command has; they stand in the head of the page.
_SHARED = {"--workspace", "--debug", "--help"}


def language() -> str:
    """Return the reference of the language."""
    from engage.language.reference import reference

    return reference()


def commands() -> str:
    """Return the page of commands."""
    tree: Any = get_command(build())
    parts = [_COMMANDS]
    for panel in dict.fromkeys(offer.panel for offer in COMMANDS):
        parts.append(f"## {panel}\n")
        parts += [
            "\n".join(_command(_found(tree, offer.name), offer.name, offer.example))
            for offer in COMMANDS
            if offer.panel == panel
        ]
    return "\n".join(parts)


def _found(tree: Any, name: str) -> Any:
    for part in name.split():
        tree = tree.commands[part]
    return tree


def _command(command: Any, name: str, example: str) -> Iterator[str]:
    """Yield the lines about a command."""
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [
        param for param in command.params if param.param_type_name == "option" and not _SHARED.intersection(param.opts)
    ]
    words = " ".join(["engage", name, *(_metavar(param) for param in arguments), *(["[OPTIONS]"] if options else [])])
    yield f"### engage {name}\n"
    yield f"{command.help.strip()}\n"
    yield f"```\n{words}\n```\n"
    if arguments or options:
        yield "| | |\n|---|---|"
        yield from (f"| `{_cell(_metavar(param))}` | {_cell(param.help)} |" for param in arguments)
        yield from (f"| `{_cell(_option(param))}` | {_cell(param.help)}{_default(param)} |" for param in options)
        yield ""
    yield f"Example: `{example}`\n"


def _metavar(param: Any) -> str:
    name = str(param.metavar or param.name.upper())
    return name if param.required or name.startswith("[") else f"[{name}]"


def _option(param: Any) -> str:
    """Return an option as it is typed, with its choices or its value's name."""
    names = ", ".join(param.opts)
    kind = param.type_descriptor
    if kind.is_choice:
        return f"{names} {'|'.join(map(str, kind.choices))}"
    return names if param.is_flag else f"{names} {param.metavar or 'TEXT'}"


def _default(param: Any) -> str:
    shown = param.default
    return f" Default: `{shown}`." if isinstance(shown, str) else ""


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")


def templates() -> str:
    """Return the page of e-mail templates."""
    from engage.cli.template_page import templates as page

    return page()


def settings() -> str:
    """Return the page of settings."""
    return _SETTINGS + "".join(f"| `{name}` | {meaning} |\n" for name, meaning in VARIABLES.items())


def modules() -> str:
    """Return the page of modules."""
    root = Path(engage.__file__).parent
    parts, folder = [_MODULES], None
    for path in sorted(
        root.rglob("*.py"), key=lambda path: (path.parent.relative_to(root), path.name != "__init__.py", path.name)
    ):
        place = path.parent.relative_to(root).as_posix()
        if place != folder:
            folder = place
            parts.append(
                f"\n## {'engage' if place == '.' else f'engage/{place}'}\n\n| module | what it is |\n|---|---|\n"
            )
        doc = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        parts.append(f"| `{path.name}` | {_cell(doc.partition(chr(10))[0])} |\n")
    return "".join(parts)


#: Every page that is made at once, by its name in ``docs/``. ``scenarios.md`` takes minutes: it runs twenty forecasts.
PAGES: Mapping[str, Callable[[], str]] = {
    "language.md": language,
    "commands.md": commands,
    "settings.md": settings,
    "templates.md": templates,
    "modules.md": modules,
}
SCENARIOS = "scenarios.md"


def write(folder: Path, names: Sequence[str] = ()) -> None:
    """Write all pages into a folder, or those that are named; with ``scenarios.md`` go its pictures."""
    for name, page in PAGES.items():
        if not names or name in names:
            (folder / name).write_text(page(), "utf-8")
    if not names or SCENARIOS in names:
        (folder / "pictures").mkdir(exist_ok=True)
        for name, drawing in gallery.pictures().items():
            (folder / "pictures" / f"{name}.svg").write_text(drawing, "utf-8")
        (folder / SCENARIOS).write_text(gallery.scenarios(), "utf-8")


if __name__ == "__main__":
    write(Path(engage.__file__).parents[2] / "docs", sys.argv[1:])
