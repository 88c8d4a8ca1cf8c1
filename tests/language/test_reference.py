"""The reference names every word of the language, and its examples are right."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from engage.language.criteria import Comparison, Criteria
from engage.language.events import EVENTS
from engage.language.examples import EXAMPLES
from engage.language.fields import STANDARD
from engage.language.load import load
from engage.language.naming import name_steps
from engage.language.reading import value_at
from engage.language.reference import reference
from engage.language.schema import KINDS, json_schema
from engage.language.steps import STEPS
from tests.support.installed import installed
from tests.support.starter import starter, told

PAGE = reference()


def named(word: str) -> bool:
    return f"`{word}`" in PAGE


def test_each_word_of_the_language_is_there() -> None:
    words = [*STEPS, *EVENTS, *(field.name for field in STANDARD)]
    models: tuple[type[BaseModel], ...] = (*STEPS.values(), Criteria, Comparison)
    for model in models:
        words += [field.alias or name for name, field in model.model_fields.items()]
    assert [word for word in words if not named(word)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_each_setting_of_a_file_is_there(kind: str) -> None:
    missing = [key for key in json_schema(kind).get("properties", {}) if not named(key)]
    assert missing == []


def test_inner_keys_are_told_by_where_they_stand() -> None:
    for key in ("hours.holidays", "users.NAME.role", "rules[].expires_after", "profiles.NAME[].worth", "NAME.where",
                "send_email.once", "trigger.NAME.link", "audience.suppress.lists"):  # fmt: skip
        assert named(key), key


def test_no_words_of_the_program_show_through() -> None:
    for word in ("None", "anyOf", "$ref", "string", "Annotated", "<class"):
        assert word not in PAGE


def test_each_table_is_whole() -> None:
    """No cell holds a bar that would end it."""
    lines = PAGE.splitlines()
    for number, line in enumerate(lines):
        if line.startswith("|---"):
            columns = line.count("|")
            for row in (lines[number - 1], *lines[number + 1 :]):
                if not row.startswith("|"):
                    break
                assert row.replace("\\|", "").count("|") == columns, row


@pytest.mark.parametrize("key", STEPS)
def test_each_step_has_an_example_that_holds_in_the_starter_workspace(key: str, tmp_path: Path) -> None:
    text = f"name: Example\naudience: {{lists: [newsletter]}}\nsteps:\n{EXAMPLES[key]}\n"
    files: dict[str, bytes | str] = {**starter(), "scenarios/example.yaml": text}
    with installed(tmp_path, {"print-label": "label"}, "def label(call): ..."):
        assert told(files) == []
    steps = value_at(load(files)[0].scenarios["example"].source.value, ("steps",))
    assert key in {step.key for step in name_steps(steps)}
