"""The template files of a workspace as commands ask for them: checked as a whole, or one of them, readable."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from engage.effects.outbox import OutboxFolder
from engage.effects.press import variant
from engage.effects.proofing import proofs
from engage.errors import Invalid, Refused
from engage.graph.folder import read_workspace
from engage.language.fields import fold
from engage.language.shelf import FOLDER, Shelf, is_partial, parsed
from engage.language.template_advice import advice, missing_variants, partial_advice
from engage.language.templates import Template, body_of, template_name
from engage.language.whole import Workspace
from engage.outgoing import drafts
from engage.problem import Problem, errors, unknown
from engage.settings import Settings


def checked(settings: Settings, names: Sequence[str], now: datetime) -> tuple[Problem, ...]:
    """Return every mistake in the templates and partials, and what is not good in them; of some e-mails, or all.

    Raises Refused for an e-mail that is not there.
    """
    workspace, problems = read_workspace(settings.workspace)
    _check_known(workspace, names)
    files = _files(workspace, names)
    found = [problem for problem in problems if problem.place.file in files]
    wrong = {problem.place.file for problem in errors(found)}
    if "engage.yaml" not in wrong:
        mine = [each for kinds in workspace.templates.values() for each in kinds.values() if each.file in files]
        good = [each for each in mine if not wrong.intersection(_reached(workspace, [each.file]))]
        post = drafts(settings, workspace, OutboxFolder(settings.workspace / "outbox"))
        found += proofs(post, good, now)
        found += (told for each in mine for told in advice(each))
        found += _wider(workspace, mine, files)
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: (problem.place, str(problem.message))))


def readable(folder: Path, name: str) -> Workspace:
    """Return a workspace in which one e-mail can be read.

    Raises Refused where it is not there, Invalid with its mistakes and those of its partials.
    """
    workspace, problems = read_workspace(folder)
    _check_known(workspace, [name])
    files = _files(workspace, [name])
    wrong = tuple(problem for problem in errors(problems) if problem.place.file in files)
    if wrong:
        raise Invalid(wrong)
    return workspace


def variant_of(workspace: Workspace, name: str, language: str | None, prospect: Mapping[str, object]) -> Template:
    """Return the variant of an e-mail that a prospect gets, or the one that is asked for.

    Raises Refused where it has none in the language.
    """
    kinds = workspace.templates[name]
    locale = workspace.company.locale
    if language is None:
        return variant(kinds, prospect if prospect else {"language": locale})
    found = variant(kinds, {"language": language})
    if fold(found.language or locale).partition("-")[0] != fold(language).replace("_", "-").partition("-")[0]:
        raise Refused(unknown("variant", language, sorted(key or locale for key in kinds)))
    return found


def _check_known(workspace: Workspace, names: Iterable[str]) -> None:
    for name in names:
        if name not in workspace.templates:
            raise Refused(unknown("template", name, workspace.templates))


def _files(workspace: Workspace, names: Sequence[str]) -> frozenset[str]:
    """Return the files that e-mails are made of, with what they read; of all e-mails, every template and partial."""
    paths = (*workspace.texts, *workspace.unread)
    templates = [path for path in paths if path.startswith(FOLDER)]
    if not names:
        return frozenset((*templates, "engage.yaml"))
    mine = [path for path in templates if not is_partial(path) and template_name(path)[0] in names]
    return frozenset((*_reached(workspace, mine), "engage.yaml"))


def _reached(workspace: Workspace, files: Iterable[str]) -> frozenset[str]:
    """Return template files and the partials that they load."""
    shelf = _shelf(workspace)
    found: set[str] = set()
    for file in files:
        found.add(file)
        reached = shelf.reached(parsed(body_of(workspace.texts.get(file, ""))))
        found.update(f"{FOLDER}{name}" for name in reached)
    return frozenset(found)


def _shelf(workspace: Workspace) -> Shelf:
    return Shelf.of(workspace.texts)


def _wider(workspace: Workspace, mine: Sequence[Template], files: frozenset[str]) -> Iterable[Problem]:
    """Yield advice on the partials, and on variants that others have."""
    own = {each.file for each in mine}
    yield from (told for told in partial_advice(_shelf(workspace)) if told.place.file in files)
    for told in missing_variants(workspace.templates, workspace.company.locale):
        if told.place.file in own:
            yield told
