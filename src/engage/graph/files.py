"""Checks of the files beside the scenarios: names that must exist, and names that must not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engage.graph.addressees import is_address
from engage.graph.circles import circles
from engage.graph.rules import grading_conditions, list_conditions, scoring_rules
from engage.language.criteria import RESERVED
from engage.language.events import is_event
from engage.language.fields import STANDARD
from engage.language.load import Workspace
from engage.language.meaning import Reader
from engage.language.model import is_ident
from engage.language.source import Path
from engage.problem import Place, Problem
from engage.wording import Sentence, sentence

FileCheck = Callable[[Reader, Workspace], None]


def file_problems(workspace: Workspace) -> tuple[Problem, ...]:
    """Return every mistake in the other files, file by file, each in its own order."""
    found: list[Problem] = []
    for file, checks in CHECKS.items():
        if file in workspace.sources:
            reader = Reader(workspace.vocabulary, workspace.sources[file])
            for run in checks:
                run(reader, workspace)
            found += sorted(dict.fromkeys(reader.problems), key=lambda problem: problem.place)
    return (*found, *_file_names(workspace))


def _file_names(workspace: Workspace) -> Iterator[Problem]:
    """Yield a problem for each scenario or template whose file's name is no id."""
    files: dict[str, tuple[str, ...]] = {file.id: (file.file,) for file in workspace.scenarios.values()}
    files |= {name: tuple(each.file for each in kinds.values()) for name, kinds in workspace.templates.items()}
    for name, shown in files.items():
        if not is_ident(name):
            message = sentence("the file's name is the id {name}: use letters, digits, - and _ only", name=repr(name))
            yield from (Problem(Place(file), message) for file in shown)


def _fields(reader: Reader, workspace: Workspace) -> None:
    standard = {field.name for field in STANDARD}
    for name, word in workspace.company.fields.items():
        path: Path = ("fields", name)
        if name in standard:
            reader.wrong(
                path, sentence("every prospect has the field {name} already; choose another name", name=name), key=True
            )
        elif name in RESERVED or is_event(name):
            reader.wrong(path, sentence("{name} is a word of the language; choose another name", name=name), key=True)
        if word.choices and word.type != "text":
            reader.wrong(
                (*path, "choices"),
                sentence("only a field of type text has choices, not one of type {type}", type=word.type),
                key=True,
            )


def _sender(reader: Reader, workspace: Workspace) -> None:
    sender = workspace.company.sender
    if sender is not None and not is_address(sender.email):
        reader.wrong(("sender", "email"), _no_address(sender.email))


def _tracking(reader: Reader, workspace: Workspace) -> None:
    if workspace.company.tracking.only_where is not None:
        reader.condition(workspace.company.tracking.only_where, ("tracking", "only_where"))


def _team(reader: Reader, workspace: Workspace) -> None:
    for user, word in workspace.team.users.items():
        if word.email is not None and not is_address(word.email):
            reader.wrong(("users", user, "email"), _no_address(word.email))
    for kind, teams in (("groups", workspace.team.groups), ("queues", workspace.team.queues)):
        for name, members in teams.items():
            for place, member in enumerate(members):
                path: Path = (kind, name, place)
                if member in members[:place]:
                    reader.wrong(path, sentence("{user} stands twice in {name}", user=member, name=name))
                else:
                    reader.known("user", member, reader.vocabulary.users, path)


def _no_address(text: str) -> Sentence:
    return sentence("{text} is not an e-mail address", text=repr(text))


def _campaigns(reader: Reader, workspace: Workspace) -> None:
    campaigns = workspace.campaigns.root
    for name, word in campaigns.items():
        if word.parent is not None:
            reader.known("campaign", word.parent, campaigns, (name, "parent"))
        for place, status in enumerate(word.responded):
            reader.known("status", status, word.statuses, (name, "responded", place))
    parents = ((name, word.parent) for name, word in campaigns.items() if word.parent is not None)
    for circle in circles(parents):
        shown = " → ".join((*circle, circle[0]))
        reader.wrong((circle[0], "parent"), sentence("campaigns are each other's parents: {names}", names=shown))


def _forms(reader: Reader, workspace: Workspace) -> None:
    fields = reader.vocabulary.fields
    for form, word in workspace.forms.root.items():
        for place, name in enumerate(word.fields):
            path: Path = (form, "fields", place)
            if reader.known("field", name, fields, path) and name in fields and fields[name].read_only:
                reader.wrong(path, sentence("{field} is read-only: no form can set it", field=name))


#: Each file's checks, in the order in which files are told of.
CHECKS: dict[str, tuple[FileCheck, ...]] = {
    "engage.yaml": (_fields, _sender, _tracking),
    "team.yaml": (_team,),
    "lists.yaml": (list_conditions,),
    "campaigns.yaml": (_campaigns,),
    "forms.yaml": (_forms,),
    "scoring.yaml": (scoring_rules,),
    "grading.yaml": (grading_conditions,),
}
