"""The documentation is whole: every word, command, setting and module stands in it, and nothing in it is old."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engage.cli.commands import COMMANDS
from engage.cli.docs import PAGES
from engage.language.criteria import Comparison, Criteria
from engage.language.events import MAIL_EVENTS, SITE_EVENTS
from engage.language.scenario import Scenario
from engage.language.steps import STEPS
from engage.settings import VARIABLES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_that_are_made_are_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), "run: make docs"


def words_of(name: str) -> set[str]:
    """Return the words that a page writes as code."""
    text = (DOCS / name).read_text("utf-8")
    return {word for code in re.findall(r"`([^`\n]+)`", text) for word in (code, *re.findall(r"[\w-]+", code))}


def aliases(model: type[Criteria | Comparison | Scenario]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(set(STEPS), id="steps"),
        pytest.param(aliases(Criteria), id="criteria"),
        pytest.param(aliases(Comparison), id="operators"),
        pytest.param(aliases(Scenario), id="keys of a scenario"),
        pytest.param({*MAIL_EVENTS, *SITE_EVENTS}, id="events"),
    ],
)
def test_every_word_of_the_language_is_documented(words: set[str]) -> None:
    assert words <= words_of("language.md")


def test_every_command_is_documented_with_an_example() -> None:
    text = (DOCS / "commands.md").read_text("utf-8")
    for offer in COMMANDS:
        assert f"### engage {offer.name}\n" in text
        assert f"Example: `{offer.example}`" in text
        assert offer.example.startswith(f"engage {offer.name}")


def test_every_setting_is_documented_and_no_other_is_read() -> None:
    assert set(VARIABLES) <= words_of("settings.md")
    read = {
        name
        for path in (ROOT / "src").rglob("*.py")
        for name in re.findall(r"[\"'](ENGAGE_[A-Z_]+)[\"']", path.read_text("utf-8"))
    }
    assert read <= set(VARIABLES)


def test_every_module_is_documented() -> None:
    text = (DOCS / "modules.md").read_text("utf-8")
    for path in (ROOT / "src" / "engage").rglob("*.py"):
        assert f"| `{path.name}` |" in text


def test_no_link_in_the_documentation_is_broken() -> None:
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert not broken
