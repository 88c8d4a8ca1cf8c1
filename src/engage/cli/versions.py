"""``engage versions``, ``diff`` and ``rollback``: what a scenario was, and making it so again."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.applying import KeepWaits, agreed
from engage.cli.session import Format, Now, Session, Yes
from engage.errors import Invalid
from engage.wording import sentence

if TYPE_CHECKING:
    from engage.app import App
    from engage.plan.difference import Difference
    from engage.stepping.versions import Version

Key = Annotated[str, typer.Argument(metavar="SCENARIO", help="The scenario's id.")]


def versions(session: Session, scenario: Key, form: Format = "table") -> None:
    """List the applied versions of a scenario; the last one runs."""
    found = _versions(session.app(), scenario)
    last = found[-1].number
    if form == "json":
        rows = [{"version": v.number, "applied_at": v.applied_at, "runs": v.number == last} for v in found]
        session.write_json({"scenario": scenario, "versions": rows})
        return
    for version in found:
        text = "{version}  {at}  runs now" if version.number == last else "{version}  {at}"
        session.say(sentence(text, version=f"{version.number:>4}", at=session.shown(version.applied_at)))


def diff(
    session: Session,
    scenario: Key,
    older: Annotated[int, typer.Argument(metavar="OLD", help="A version's number.")],
    newer: Annotated[
        int | None, typer.Argument(metavar="[NEW]", help="Another; without it, the one that runs.")
    ] = None,
    form: Format = "table",
) -> None:
    """Show what differs between two applied versions of a scenario: its steps, and its text line by line."""
    from engage.stepping.versions import version_of

    app = session.app()
    found = _versions(app, scenario)
    old = version_of(found, older, scenario)
    new = version_of(found, newer or found[-1].number, scenario)
    steps = _steps(app, scenario, old, new)
    was, became = (f"{scenario}.yaml, {session.read('version {number}', number=v.number)}" for v in (old, new))
    lines = list(difflib.unified_diff(old.source.splitlines(), new.source.splitlines(), was, became, lineterm=""))
    if form == "json":
        session.write_json(_data(scenario, old, new, steps, lines))
        return
    if steps is not None:
        for sign, keys in (("+", steps.added), ("-", steps.removed), ("~", steps.changed)):
            for key in keys:
                session.say(sentence("{sign} step {step}", sign=sign, step=key))
    if not lines:
        session.say(sentence("the two versions are the same"))
    for line in lines:
        session.say(line)


def rollback(
    session: Session,
    scenario: Key,
    version: Annotated[int, typer.Argument(help="The version to go back to.")],
    yes: Yes = False,
    keep_waits: KeepWaits = False,
    now: Now = None,
) -> None:
    """Apply an earlier version of a scenario as a new one; shows what that changes and asks.

    The file in the workspace follows where it holds what was applied; edits that were never applied stay.
    """
    from engage.app import known_users
    from engage.stepping.versions import version_of, with_source

    app = session.app()
    source = version_of(_versions(app, scenario), version, scenario).source
    before = app.applied()
    workspace = with_source(before, known_users(app), scenario, source)
    file = before.workspace.scenarios[scenario]
    moment, subject = session.moment(now), f"scenario:{scenario}"
    if not agreed(session, app, workspace, moment, yes=yes, keep_waits=keep_waits, deed="rolled_back", subject=subject):
        return
    if not _follow(session.workspace / file.file, file.text, source):
        text = "{file} was left as it is: it holds changes that were never applied, and engage apply would apply them"
        session.warn(sentence(text, file=file.file))


def _versions(app: App, scenario: str) -> tuple[Version, ...]:
    from engage.sql.connect import reading
    from engage.stepping.versions import versions_of

    with reading(app.engine).begin() as connection:
        return versions_of(connection, scenario)


def _steps(app: App, scenario: str, old: Version, new: Version) -> Difference | None:
    """Return the steps that differ; None where a version no longer fits the rest of the workspace."""
    from engage.app import known_users
    from engage.stepping.versions import steps_between, with_source

    applied, users = app.applied(), known_users(app)
    try:
        older, newer = (with_source(applied, users, scenario, version.source) for version in (old, new))
    except Invalid:
        return None
    return steps_between(older, newer, scenario)


def _data(scenario: str, old: Version, new: Version, steps: Difference | None, lines: list[str]) -> dict[str, object]:
    changed = None
    if steps is not None:
        changed = {"added": steps.added, "removed": steps.removed, "changed": steps.changed}
    return {"scenario": scenario, "old": old.number, "new": new.number, "steps": changed, "lines": lines}


def _follow(path: Path, applied: str, source: str) -> bool:
    """Write a text over a file that holds what was applied, whole or not at all; tell whether it was written."""
    try:
        present = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError):
        return False
    if present not in (applied, source):
        return False
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(source, "utf-8")
    beside.replace(path)
    return True
