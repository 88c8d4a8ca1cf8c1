"""``engage test``: the tests of scenarios, by the real engine on a private database."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.session import Session, path_from
from engage.errors import Invalid, Refused
from engage.problem import unknown
from engage.settings import find_workspace
from engage.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engage.language.whole import Workspace
    from engage.problem import Place
    from engage.rehearse.judging import Difference
    from engage.rehearse.runs import Verdict


def run(
    session: Session,
    what: Annotated[
        list[str] | None, typer.Argument(metavar="[SCENARIO|PATH]…", help="Only these scenarios, files or folders.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help="Also write what came of it as JUnit XML.")
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Run again whenever a file is saved, until Ctrl-C.")] = False,
) -> None:
    """Run the tests that stand in scenarios: the real engine, a private database, a virtual clock."""
    wanted = what or []
    session.folder = _folder_of(session, wanted)
    if watch:
        _watch(session, wanted, junit)
        return
    if not _once(session, wanted, junit):
        raise typer.Exit(1)


def _folder_of(session: Session, wanted: list[str]) -> Path:
    """Return the workspace that is meant: the one that holds the paths, else the session's."""
    paths = [Path(word) for word in wanted if Path(word).exists()]
    if not paths or session.folder is not None:
        return session.workspace
    start = paths[0].resolve()
    return find_workspace(None, {}, start if start.is_dir() else start.parent)


def _once(session: Session, wanted: list[str], junit: Path | None) -> bool:
    """Run tests once and tell what came of them; tell whether all passed."""
    from engage.cli.progress import progress
    from engage.cli.rehearsing import means, rehearsed
    from engage.rehearse.hands import run_many
    from engage.rehearse.runs import scripts_of

    workspace, users = rehearsed(session)
    chosen = scripts_of(workspace, _scenarios(session, workspace, wanted))
    verdicts: list[Verdict] = []
    with progress(session.read("tests"), len(chosen)) as done:
        for verdict in run_many(workspace, chosen, means(session, users)):
            verdicts.append(verdict)
            done(len(verdicts))
    for verdict in verdicts:
        _tell(session, verdict)
    if junit is not None:
        from engage.rehearse.junit import junit as as_xml

        junit.write_bytes(as_xml(verdicts, session.locale))
    _sum_up(session, verdicts)
    return all(verdict.passed for verdict in verdicts)


def _scenarios(session: Session, workspace: Workspace, wanted: list[str]) -> frozenset[str]:
    """Return the scenarios that are meant. Raises Refused for a word that names nothing."""
    found: set[str] = set()
    for word in wanted:
        path = Path(word)
        if word in workspace.scenarios:
            found.add(word)
        elif path.exists():
            root = path.resolve()
            found |= {
                key
                for key, file in workspace.scenarios.items()
                if (session.workspace / file.file).resolve().is_relative_to(root)
            }
        else:
            raise Refused(unknown("scenario", word, workspace.scenarios))
    return frozenset(found) if wanted else frozenset(workspace.scenarios)


def _tell(session: Session, verdict: Verdict) -> None:
    """Print a test that failed, each difference with its place."""
    if verdict.passed:
        return
    script = verdict.script
    place = _seen(session, script.source.place((*script.path, "name")))
    session.say(sentence("{place}: FAILED: {name}", place=place, name=script.case.name))
    for difference in verdict.differences:
        for line in _lines(session, difference):
            session.say(f"  {line}")


def _lines(session: Session, difference: Difference) -> Sequence[str]:
    from engage.rehearse.junit import told

    return told(replace(difference, place=_seen(session, difference.place)), session.locale)


def _seen(session: Session, place: Place) -> Place:
    return replace(place, file=path_from(session.here, session.workspace / place.file))


def _sum_up(session: Session, verdicts: list[Verdict]) -> None:
    failed = sum(1 for verdict in verdicts if not verdict.passed)
    count, passed = len(verdicts), len(verdicts) - failed
    if not verdicts:
        session.say(sentence("there are no tests; write them into scenarios under tests:"))
    elif failed:
        session.say(
            sentence("tests: {count}, passed: {passed}, failed: {failed}", count=count, passed=passed, failed=failed)
        )
    else:
        session.say(sentence("tests: {count}, all passed", count=count))


def _watch(session: Session, wanted: list[str], junit: Path | None) -> None:
    """Run tests now and whenever a file of the workspace is saved."""
    from engage.clock import pause

    seen: object = None
    try:
        while True:
            now = _saved(session.workspace)
            if now != seen:
                seen = now
                _watched(session, wanted, junit)
                session.say(sentence("waiting for changes; Ctrl-C ends"))
            pause(_POLL)
    except KeyboardInterrupt:
        return


#: Seconds between two looks at the files.
_POLL = 0.4


def _watched(session: Session, wanted: list[str], junit: Path | None) -> None:
    """Run tests once; what is wrong in a file is told, and mended by the next save."""
    try:
        _once(session, wanted, junit)
    except Invalid as wrong:
        session.show_problems(wrong.problems, session.workspace)
    except Refused as wrong:
        session.warn(wrong.message)


def _saved(folder: Path) -> dict[Path, tuple[int, int]]:
    """Return when each file that scenarios are made of was saved, and its size."""
    paths = (*folder.glob("**/*.y*ml"), *folder.glob("templates/**/*"))
    return {path: (status.st_mtime_ns, status.st_size) for path in paths for status in (path.stat(),)}
