"""What tests showed, as JUnit XML: the form that build servers read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from engage.rehearse.judging import Difference
from engage.rehearse.runs import Verdict
from engage.wording import Locale


def junit(verdicts: Sequence[Verdict], locale: Locale = "en") -> bytes:
    """Return the file: a suite for each scenario, a case for each test."""
    root = Element("testsuites", _counts(verdicts) | {"name": "engage"})
    for scenario, some in groupby(verdicts, key=lambda verdict: verdict.script.scenario):
        mine = list(some)
        suite = SubElement(root, "testsuite", _counts(mine) | {"name": scenario})
        for verdict in mine:
            _case(suite, verdict, locale)
    indent(root)
    text: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _counts(verdicts: Sequence[Verdict]) -> dict[str, str]:
    failed = sum(1 for verdict in verdicts if not verdict.passed)
    seconds = sum(verdict.seconds for verdict in verdicts)
    return {"tests": str(len(verdicts)), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}


def _case(suite: Element, verdict: Verdict, locale: Locale) -> None:
    script = verdict.script
    place = script.source.place(script.path)
    names = {"classname": script.scenario, "name": script.case.name, "file": place.file, "line": str(place.line)}
    case = SubElement(suite, "testcase", names | {"time": f"{verdict.seconds:.3f}"})
    if verdict.passed:
        return
    first = verdict.differences[0]
    failure = SubElement(case, "failure", {"message": f"{first.place}: {first.what.read(locale)}"})
    failure.text = "\n".join(line for each in verdict.differences for line in told(each, locale))


def told(difference: Difference, locale: Locale) -> tuple[str, ...]:
    """Return a difference as lines: its place and what it is, then expected and found."""
    head = f"{difference.place}: {difference.what.read(locale)}"
    return (head, *(f"  {sign} {text}" for sign, text in difference.lines))
