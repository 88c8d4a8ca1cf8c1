"""What is found of steps whose course is known before anybody comes; in a loop only what is true of every round."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engage.graph.build import Journey
from engage.language.source import Path
from engage.problem import Problem
from engage.wording import Sentence


@dataclass(frozen=True, slots=True)
class Finding:
    """Something asked of a step in one round, and what is certain of it."""

    #: where it stands in the file
    path: Path
    #: two findings of one kind say the same; empty: nothing is certain
    kind: str = ""
    message: Sentence | None = None


def told(findings: Iterable[Finding], journey: Journey) -> Iterator[Problem]:
    """Yield a warning for each place of which the same is certain in all rounds that are reached."""
    asked: dict[Path, list[Finding]] = {}
    for finding in findings:
        asked.setdefault(finding.path, []).append(finding)
    for path, those in asked.items():
        message = those[0].message
        if message is not None and len({finding.kind for finding in those}) == 1:
            yield Problem(journey.file.source.place(path), message, "warning")
