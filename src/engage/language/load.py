"""A folder of files becomes a workspace: every mistake of every file in one run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel

from engage.language.doubted import scenario_name
from engage.language.hours import Hours, parse_hours
from engage.language.mjml import check_mjml
from engage.language.reading import parse
from engage.language.repair import repaired
from engage.language.scenario import Scenario
from engage.language.shelf import ENDINGS, FOLDER, PARTIALS, Shelf, is_partial
from engage.language.source import Source, read, read_bytes
from engage.language.template_checks import check_shelf
from engage.language.templates import Template, body_of, read_template, template_name
from engage.language.vocabulary import Vocabulary, all_fields
from engage.language.whole import ScenarioFile, Workspace, with_vocabulary
from engage.language.workspace import (
    FILES,
    Campaigns,
    Company,
    Forms,
    Grading,
    Lists,
    Scoring,
    Team,
)
from engage.language.zones import zone
from engage.problem import Place, Problem
from engage.wording import said, sentence

__all__ = ["ScenarioFile", "Workspace", "load", "read_folder", "with_vocabulary"]


def read_folder(folder: Path) -> tuple[dict[str, bytes], tuple[Problem, ...]]:
    """Return the bytes of every file of a workspace, by path; what cannot be read is a problem."""
    found: dict[str, bytes] = {}
    problems: list[Problem] = []
    paths = [folder / name for name in FILES if (folder / name).exists()]
    paths += sorted((folder / "scenarios").glob("*.yaml")) + sorted((folder / "scenarios").glob("*.yml"))
    for ending in ENDINGS:
        paths += sorted((folder / "templates").glob(f"*{ending}"))
        paths += sorted((folder / PARTIALS).rglob(f"*{ending}"))
    for path in paths:
        name = path.relative_to(folder).as_posix()
        content, wrong = read_bytes(path, name, inside=folder)
        problems += wrong
        if content is not None:
            found[name] = content
    return found, tuple(problems)


def load(files: Mapping[str, bytes | str], *, shown: str = "") -> tuple[Workspace, tuple[Problem, ...]]:
    """Return the workspace that files make, and every mistake that can be seen without the graph.

    ``shown`` stands before each file's name in messages. What does not parse is left at its default.
    """
    problems: list[Problem] = []
    sources: dict[str, Source] = {}
    texts: dict[str, str] = {}
    for path, content in files.items():
        if path.endswith(ENDINGS):
            text, wrong = _decoded(f"{shown}{path}", content)
            problems += wrong
            texts[path] = text
            continue
        source, found = read(f"{shown}{path}", content)
        problems += found
        if source is not None:
            sources[path] = source
            texts[path] = _decoded(path, content)[0]
    models = {name: _model(name, sources, problems) for name in FILES}
    company = models["engage.yaml"]
    assert isinstance(company, Company)
    hours = _hours(company, sources.get("engage.yaml"), problems)
    templates = _templates(texts, company, shown, problems)
    scenarios = _scenarios(sources, texts, problems)
    workspace = Workspace(
        company=company,
        hours=hours,
        team=models["team.yaml"],  # type: ignore[arg-type]
        lists=models["lists.yaml"],  # type: ignore[arg-type]
        campaigns=models["campaigns.yaml"],  # type: ignore[arg-type]
        forms=models["forms.yaml"],  # type: ignore[arg-type]
        scoring=models["scoring.yaml"],  # type: ignore[arg-type]
        grading=models["grading.yaml"],  # type: ignore[arg-type]
        scenarios=scenarios,
        templates=templates,
        vocabulary=Vocabulary(zone=hours.zone),
        sources=sources,
        texts=texts,
        unread=frozenset(path for path in files if path not in texts),
    )
    return with_vocabulary(workspace), tuple(problems)


_EMPTY: Mapping[str, BaseModel] = {
    "engage.yaml": Company(name="?"),
    "team.yaml": Team(),
    "lists.yaml": Lists({}),
    "campaigns.yaml": Campaigns({}),
    "forms.yaml": Forms({}),
    "scoring.yaml": Scoring(),
    "grading.yaml": Grading(profiles={}),
}


def _model(name: str, sources: Mapping[str, Source], problems: list[Problem]) -> BaseModel:
    source = sources.get(name)
    if source is None:
        return _EMPTY[name]
    model, found = parse(FILES[name], source)
    problems += found
    if model is not None:
        return model
    rest = repaired(FILES[name], source, found)
    return _EMPTY[name] if rest is None else rest[0]


def _decoded(file: str, content: bytes | str) -> tuple[str, tuple[Problem, ...]]:
    if isinstance(content, str):
        return content, ()
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n"), ()
    except UnicodeDecodeError:
        return "", (Problem(Place(file), sentence("this file is not UTF-8; save it as UTF-8")),)


def _hours(company: Company, source: Source | None, problems: list[Problem]) -> Hours:
    place = source.place(("timezone",)) if source else Place("engage.yaml")
    try:
        where = zone(company.timezone)
    except ValueError as error:
        problems.append(Problem(place, said(error)))
        where = zone("UTC")
    word = company.hours
    holidays = word.holidays if "hours" in company.model_fields_set else ()
    try:
        return parse_hours(word.days, word.between, holidays, where)
    except ValueError as error:
        place = source.place(("hours",)) if source else Place("engage.yaml")
        problems.append(Problem(place, said(error)))
        return parse_hours(("mon", "tue", "wed", "thu", "fri"), "09:00-18:00", (), where)


def _templates(
    texts: Mapping[str, str], company: Company, shown: str, problems: list[Problem]
) -> dict[str, dict[str | None, Template]]:
    fields = tuple(all_fields(company))
    shelf = Shelf.of(texts, shown)
    mine = {path: text for path, text in texts.items() if path.startswith(FOLDER) and not is_partial(path)}
    found: dict[str, dict[str | None, Template]] = {}
    for path, text in mine.items():
        template, wrong = read_template(f"{shown}{path}", text, fields, shelf)
        problems += wrong
        name = template_name(path)[0]
        variants = found.setdefault(name, {})
        if template is not None:
            if template.language in variants:
                other = variants[template.language].file
                problems.append(Problem(Place(template.file), sentence("{file} is the same e-mail", file=other)))
            variants.setdefault(template.language, template)
    problems += check_shelf(shelf, {path: body_of(text) for path, text in mine.items()}, fields)
    for name, text in shelf.files:
        if name.endswith(".mjml"):
            problems += check_mjml(f"{shelf.shown}{name}", text.split("\n"))
    return found


def _scenarios(
    sources: Mapping[str, Source], texts: Mapping[str, str], problems: list[Problem]
) -> dict[str, ScenarioFile]:
    found: dict[str, ScenarioFile] = {}
    for path, source in sources.items():
        if not path.startswith("scenarios/"):
            continue
        name = scenario_name(path)
        model, wrong = parse(Scenario, source)
        problems += wrong
        broken: tuple[tuple[str | int, ...], ...] = ()
        if model is None:
            rest = repaired(Scenario, source, wrong)
            if rest is None:
                continue
            model, broken = rest
        if name in found:
            problems.append(Problem(Place(source.file), sentence("two files hold the scenario {name}", name=name)))
        found[name] = ScenarioFile(name, source.file, texts[path], source, model, broken)
    return found
