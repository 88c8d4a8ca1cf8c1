"""The starter workspace as files in memory, and a small workspace for examples."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from engage.graph.checks import check_workspace
from engage.language.load import ScenarioFile, Workspace, load

ROOT = Path(__file__).parent.parent.parent

#: A workspace on which examples stand: one of everything.
SMALL: Mapping[str, str] = {
    "engage.yaml": """\
name: Example
timezone: Asia/Tokyo
fields:
  seats: {type: integer}
  interest: {type: text, choices: [crm, ma]}
  renewal: {type: date}
""",
    "team.yaml": """\
users:
  sato: {name: Sato}
  suzuki: {name: Suzuki}
groups: {east: [sato, suzuki]}
queues: {inside-sales: [sato]}
""",
    "lists.yaml": """\
news: {name: News}
customers: {name: Customers}
hot: {name: Hot, where: {score: {gte: 100}}}
""",
    "campaigns.yaml": "seminar: {name: Seminar, statuses: [invited, attended]}\n",
    "forms.yaml": "demo: {name: Demo, fields: [email]}\n",
    "scoring.yaml": "rules:\n  - {activity: page_viewed, points: 1, category: pricing}\n",
    "templates/invite.html": "---\nsubject: Hello\n---\nHello {{ prospect.first_name }}\n",
    "templates/guide.html": "---\nsubject: Guide\n---\nGuide\n",
}


def starter() -> dict[str, bytes]:
    """Return the files of the starter workspace, by their paths in a workspace."""
    files = {path.name: path.read_bytes() for path in sorted((ROOT / "workspace").glob("*.yaml"))}
    for folder in ("scenarios", "templates"):
        found = (path for path in sorted((ROOT / folder).rglob("*")) if path.is_file())
        files |= {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in found}
    return files


def example(text: str) -> str:
    """Return a scenario's file from an example: what every scenario needs is added below it."""
    body = dedent(text).strip("\n") + "\n"
    head = "" if "\nname:" in f"\n{body}" else "name: Example\n"
    audience = "" if "\naudience:" in f"\n{body}" else "audience: {lists: [news]}\n"
    steps = "" if "\nsteps:" in f"\n{body}" else "steps: [{wait: 1 day}]\n"
    return body + head + audience + steps


def with_example(text: str, **others: str) -> dict[str, str]:
    """Return the small workspace with an example as the scenario s.yaml and other files replaced."""
    named = {name.replace("_", ".", 1): content for name, content in others.items()}
    return {**SMALL, **named, "scenarios/s.yaml": example(text)}


def told(files: Mapping[str, str | bytes]) -> list[str]:
    """Return every problem of a workspace as it is shown, in the order of files, lines and columns."""
    workspace, problems = load(files)
    found = sorted({*problems, *check_workspace(workspace)}, key=lambda problem: problem.place)
    return [str(problem).removeprefix("scenarios/") for problem in found]


def scenario(text: str) -> tuple[ScenarioFile, Workspace]:
    """Return an example that has no mistakes, and its workspace."""
    files = with_example(text)
    workspace, problems = load(files)
    assert not problems, [str(problem) for problem in problems]
    return workspace.scenarios["s"], workspace
