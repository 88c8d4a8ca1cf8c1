"""The documentation is whole: every word, command, setting and module stands in it, and nothing in it is old."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from engage.cli import gallery
from engage.cli.commands import COMMANDS
from engage.cli.docs import PAGES, SCENARIOS
from engage.language.criteria import Comparison, Criteria
from engage.language.events import MAIL_EVENTS, SITE_EVENTS
from engage.language.scenario import Scenario
from engage.language.steps import STEPS
from engage.settings import VARIABLES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
SAMPLE = "attendee-follow-up"


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_that_are_made_are_up_to_date(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), "run: make docs"


def cards() -> dict[str, str]:
    """Return what the page of the scenarios says that each command prints."""
    found = re.findall(
        r"^\$ engage simulate (\S+) .*\n((?:.*\n)*?)```$", (DOCS / SCENARIOS).read_text("utf-8"), re.MULTILINE
    )
    return dict(found)


def test_the_page_of_the_scenarios_is_up_to_date() -> None:
    assert (DOCS / SCENARIOS).read_text("utf-8") == gallery.scenarios(cards()), "run: make docs"


def test_the_drawings_of_the_scenarios_are_up_to_date() -> None:
    drawn = {path.stem: path.read_text("utf-8") for path in (DOCS / "pictures").glob("*.svg")}
    assert drawn == gallery.pictures(), "run: make docs"


def test_a_report_card_of_the_page_is_what_its_command_prints() -> None:
    """One of twenty, the quickest: ``make docs`` runs them all."""
    with gallery.rehearsal() as printed:
        assert printed(SAMPLE) == cards()[SAMPLE], "run: make docs"


def test_everybody_meets_somebody_in_the_report_cards() -> None:
    for name, card in cards().items():
        entered = re.search(r"seed 1: (\d+) of 400 prospects enter", card)
        assert entered, name
        assert int(entered[1]) > 10, name


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


@pytest.mark.parametrize("page", ["faults.md", "security.md"])
def test_every_test_that_shows_a_fault_survived_is_there_and_names_it(page: str) -> None:
    rows = re.findall(r"^\| ([BRS]\d\d) \|.*\| (.+) \|$", (DOCS / page).read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 50
    assert len({fault for fault, _ in rows}) == len(rows)
    for fault, shown in rows:
        tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", shown)
        assert tests, fault
        for file, name in tests:
            source = (ROOT / file).read_text("utf-8")
            found = re.search(rf"^def {name}\(.*?(?=^def |\Z)", source, re.MULTILINE | re.DOTALL)
            assert found, f"{fault}: {file} has no {name}"
            named = found[0] + (ast.get_docstring(ast.parse(source)) or "")
            assert re.search(rf"\b{fault}\b", named), f"{file}::{name} does not name {fault}"
