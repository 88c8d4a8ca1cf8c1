"""The JSON Schemas accept what the program accepts, and say more than nothing of the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from engage.language.schema import KINDS, json_schema
from engage.language.source import read
from engage.language.steps import STEPS
from tests.support.starter import ROOT

WORKSPACE = {kind: ROOT / "workspace" / f"{kind}.yaml" for kind in KINDS if kind not in ("scenario", "front-matter")}
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
TEMPLATES = sorted((ROOT / "templates").glob("*.html"))


def value(text: str) -> object:
    source, problems = read("f.yaml", text)
    assert problems == ()
    assert source is not None
    return source.value


def mistakes(kind: str, text: str) -> list[str]:
    return [error.message for error in Draft202012Validator(json_schema(kind)).iter_errors(value(text))]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_valid_schema_with_descriptions(kind: str) -> None:
    schema = json_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == f"engage {kind}"
    assert schema["description"]
    for model in schema.get("$defs", {}).values():
        assert model["description"]
        assert all(key.get("description") or "$ref" in key for key in model.get("properties", {}).values())


@pytest.mark.parametrize("kind", WORKSPACE)
def test_the_starter_files_pass(kind: str) -> None:
    assert mistakes(kind, WORKSPACE[kind].read_text("utf-8")) == []


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_starter_scenarios_pass(path: Path) -> None:
    assert mistakes("scenario", path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_the_heads_of_the_starter_templates_pass(path: Path) -> None:
    assert mistakes("front-matter", path.read_text("utf-8").split("---")[1]) == []


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("send_emial: invite", "'send_emial' is not one of"),
        ("{add_tag: x, naem: y}", "'naem' is not one of"),
        ("{add_tag: x, within: 3 days}", "Additional properties are not allowed ('within' was unexpected)"),
        ("{add_tag: x, wait: 1 day}", "Additional properties are not allowed ('wait' was unexpected)"),
        ("{add_tag: x, after: 3}", "3 is not of type 'string'"),
        ("{add_tag: x, after: 3 months}", "'3 months' does not match"),
        ("create_todo: {to: owner}", "'subject' is a required property"),
        ("create_todo: {subject: x, priority: urgent}", "'urgent' is not one of ['high', 'normal', 'low']"),
    ],
)
def test_a_mistake_in_a_step(step: str, message: str) -> None:
    text = f"name: a\naudience: {{lists: [a]}}\nsteps:\n- {step}\n"
    found = mistakes("scenario", text)
    assert any(message in each for each in found), found


@pytest.mark.parametrize(
    "step",
    ["add_tag: 2026", "add_tag: [a, 1]", "adjust_score: +5", "adjust_score: '-5'", "set_field: {a: null, b: 1.5}"],
)
def test_short_forms_pass(step: str) -> None:
    assert mistakes("scenario", f"name: a\naudience: {{lists: a}}\nsteps:\n- {step}\n") == []


def test_each_step_is_chosen_by_its_key() -> None:
    chosen = json_schema("scenario")["$defs"]["Step"]["allOf"]
    assert [part["if"]["required"][0] for part in chosen] == list(STEPS)


def test_check_jsonschema_agrees(tmp_path: Path) -> None:
    """The tool that people use reads YAML by its own rules: dates, signs and ``yes`` must pass all the same."""
    schema = tmp_path / "scenario.json"
    schema.write_text(json.dumps(json_schema("scenario")), "utf-8")
    bad = tmp_path / "bad.yaml"
    bad.write_text(SCENARIOS[0].read_text("utf-8").replace("send_email:", "send_emial:"), "utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(schema)]
    assert subprocess.run([*command, *map(str, SCENARIOS)], check=False, capture_output=True).returncode == 0
    done = subprocess.run([*command, str(bad)], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert "send_emial" in done.stdout
