"""The standard scenarios are complete: described and mailed in two languages, tested, and each stands alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engage.cli.starter import starter_files
from engage.graph.checks import check_workspace
from engage.language.load import load
from tests.support.starter import starter

WORKSPACE, _ = load(starter())
JAPANESE = re.compile(r"[぀-ヿ一-鿿]")
SCENARIOS = pytest.mark.parametrize("key", sorted(WORKSPACE.scenarios))
TEMPLATES = pytest.mark.parametrize("name", sorted(WORKSPACE.templates))


@SCENARIOS
def test_a_scenario_is_described_in_both_languages(key: str) -> None:
    japanese, slash, english = (WORKSPACE.scenarios[key].model.description or "").partition(" / ")
    assert JAPANESE.search(japanese)
    assert slash
    assert english
    assert not JAPANESE.search(english)


@SCENARIOS
def test_a_scenario_has_three_to_eight_tests_named_in_both_languages(key: str) -> None:
    names = [case.name for case in WORKSPACE.scenarios[key].model.tests]
    assert 3 <= len(names) <= 8
    for name in names:
        japanese, _, english = name.partition(" / ")
        assert JAPANESE.search(japanese)
        assert english
        assert not JAPANESE.search(english)


@SCENARIOS
def test_a_scenario_can_be_taken_alone(key: str) -> None:
    chosen = {name: path.read_bytes() for name, path in starter_files((key,)).items() if name != "README.md"}
    workspace, problems = load(chosen)
    assert (*problems, *check_workspace(workspace)) == ()
    assert set(workspace.scenarios) == {key}


def test_every_template_is_sent_by_some_scenario() -> None:
    sent = {Path(name).name for name in starter_files(tuple(WORKSPACE.scenarios)) if name.startswith("templates/")}
    assert sent == {Path(name).name for name in starter() if name.startswith("templates/")}


@TEMPLATES
def test_a_mail_is_written_in_both_languages_and_asks_for_one_thing(name: str) -> None:
    variants = WORKSPACE.templates[name]
    assert set(variants) == {None, "en"}
    for language, template in variants.items():
        shown = f"{template.head.subject} {template.head.preheader} {template.body.partition('{% block content %}')[2]}"
        words = re.sub(r"\{[{%].*?[}%]\}", "", shown)
        assert bool(JAPANESE.search(words)) is (language is None)
        assert template.head.preheader
        assert template.body.startswith('{% extends "partials/mail')
        assert template.body.count('class="button"') == 1
    assert variants[None].head.kind == variants["en"].head.kind
