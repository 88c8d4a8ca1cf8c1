"""``engage init``: a new workspace from the starter that comes with the program."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

import engage
from engage.cli.session import Session
from engage.errors import Invalid, Refused
from engage.problem import errors, unknown
from engage.wording import sentence


def init(
    session: Session,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")],
    scenario: Annotated[
        list[str] | None, typer.Option("--scenario", metavar="ID…", help="Only these scenarios.")
    ] = None,
    others: Annotated[list[str] | None, typer.Argument(metavar="ID", hidden=True)] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also into a folder that holds something; its files stay as they are.")
    ] = False,
) -> None:
    """Make a new workspace with the standard scenarios, or some of them; editors find the files' schemas in it."""
    from engage.cli.editors import prepare, with_header

    if folder.exists() and not folder.is_dir():
        raise Refused(sentence("{folder} is a file; name a folder", folder=folder))
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise Refused(sentence("{folder} is not empty; name another folder, or give --force", folder=folder))
    if others and not scenario:
        raise Refused(sentence("{other} is one folder too many; ids of scenarios follow --scenario", other=others[0]))
    chosen = starter_files(tuple(dict.fromkeys((*(scenario or ()), *(others or ())))))
    before = {path for path in folder.rglob("*") if path.is_file()} if folder.is_dir() else set()
    for name, source in chosen.items():
        target = folder / name
        if target not in before:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(with_header(name, source.read_text("utf-8")), "utf-8")
    prepare(folder)
    session.folder = folder
    count = sum(1 for name in chosen if name.startswith("scenarios/"))
    session.say(sentence("{folder} is ready: {count} scenarios. Next: engage validate", folder=folder, count=count))


def starter_files(scenarios: tuple[str, ...] = ()) -> dict[str, Path]:
    """Return the starter's files by their place in a workspace; with scenarios, those and the e-mails they send.

    Raises Refused for a scenario that the starter does not have.
    """
    root = starter_root()
    found = {path.name: path for path in sorted((root / "workspace").iterdir()) if path.is_file()}
    journeys = {path.stem: path for path in sorted((root / "scenarios").glob("*.yaml"))}
    templates = root / "templates"
    mails = {path.name: path for path in sorted(templates.iterdir()) if path.is_file()}
    partials = sorted((templates / "partials").iterdir())
    for name in scenarios:
        if name not in journeys:
            raise Refused(unknown("scenario", name, journeys))
    if scenarios:
        used = mailed({name: journeys[name] for name in scenarios})
        journeys = {name: journeys[name] for name in scenarios}
        mails = {name: path for name, path in mails.items() if name.partition(".")[0] in used}
    found |= {f"scenarios/{path.name}": path for path in journeys.values()}
    found |= {f"templates/{name}": path for name, path in mails.items()}
    return found | {f"templates/partials/{path.name}": path for path in partials}


def starter_root() -> Path:
    """Return the folder of ``scenarios``, ``templates`` and ``workspace``: in the package, or the source tree."""
    packaged = Path(str(files("engage").joinpath("starter")))
    return packaged if packaged.is_dir() else Path(engage.__file__).parents[2]


def mailed(journeys: dict[str, Path]) -> frozenset[str]:
    """Return the templates that scenarios send. Raises Invalid where a scenario cannot be read."""
    from engage.graph.build import build
    from engage.language.load import load
    from engage.language.steps import SendEmail

    workspace, problems = load({f"scenarios/{path.name}": path.read_bytes() for path in journeys.values()})
    if errors(problems):
        raise Invalid(errors(problems))
    steps = [step.word for file in workspace.scenarios.values() for step in build(file).steps.values()]
    return frozenset(word.mailing.template for word in steps if isinstance(word, SendEmail))
