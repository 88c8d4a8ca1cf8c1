"""``docs/scenarios.md``: each starter scenario with its drawing and the report card of a forecast.

The cards are what the commands on the page print, run here in a workspace of their own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

import engage
from engage.cli.starter import starter_files

if TYPE_CHECKING:
    from engage.graph.build import Journey
    from engage.language.whole import Workspace

#: The invented prospects, their opportunities, and what they do, in the source tree.
AUDIENCE = "docs/examples/audience"
_KINDS = ("prospects", "opportunities", "activities")
_BEFORE, _START = "2026-10-05T08:00", "2026-10-05T09:00"
_ASSUMED = "open=0.4,click=0.15,bounce=0.01,opt_out=0.01,todo=0.6"
#: Where a word stands that is itself a key.
_KEY = "(key)"
#: Days of a forecast, and what is said besides, where sixty days do not show the journey.
_DAYS = 60
_OTHERWISE: Mapping[str, tuple[int, tuple[str, ...]]] = {
    "contract-renewal": (95, ()),
    "lost-deal-revival": (150, ()),
    "satisfaction-referral": (75, ()),
    "welcome-series": (40, ("--backfill",)),
}

_HEAD = """\
# Starter scenarios

Twenty journeys that `engage init` puts into a new workspace, in Japanese with English notes; each has three to eight
tests in its file. `engage init shop --scenario welcome-series` takes one, with the e-mails it sends; `--scenario` may
be repeated. This page is made from the files themselves (`make docs`).

## The figures

Each report card is what the command above it prints. The prospects are [invented](examples/audience): 400 people, some
of them customers or in a deal, and what they do before and during the forecast: pages, forms, calls, a product in
use. From the source tree:

```console
$ engage init shop && cd shop
$ engage apply
{imports}
```

The cards were printed with `locale: en` in `engage.yaml`; the starter says `ja`. What is assumed besides, for all: of
the e-mails 40 % are opened, 15 % clicked, 1 % come back, and 1 % make the reader opt out; 60 % of the ToDos are done,
within two to forty hours. Nothing else changes: no field is filled in by a form, nobody is put on a list, no deal is
won. So `satisfaction-referral` never learns how many points an answer gave, and a goal that is a new deal is reached by
nobody. `welcome-series` is for those who subscribe after its start; `--backfill` shows how it would go for those who
have.

## All at a glance

| scenario | what it is for | steps | who enters |
|---|---|---|---|
"""


def scenarios(cards: Mapping[str, str] | None = None) -> str:
    """Return the page; ``cards`` are the report cards, by scenario, where they are known already."""
    journeys, workspace = _starter()
    if cards is None:
        with rehearsal() as printed:
            cards = {name: printed(name) for name in journeys}
    imports = "\n".join(f"$ engage import {kind} ../{AUDIENCE}/{kind}.csv --now {_BEFORE}" for kind in _KINDS)
    rows = "".join(_row(name, journey) for name, journey in journeys.items())
    sections = (_section(name, journey, workspace, cards[name]) for name, journey in journeys.items())
    return _HEAD.replace("{imports}", imports) + rows + "".join(sections)


def pictures() -> dict[str, str]:
    """Return the drawing of each scenario, by its id."""
    from engage.graph.draw import svg

    return {name: svg(journey) for name, journey in _starter()[0].items()}


def command(name: str) -> tuple[str, ...]:
    """Return the words of the command that prints a scenario's card, after ``engage``."""
    days, besides = _OTHERWISE.get(name, (_DAYS, ()))
    return ("simulate", name, "--forecast", f"{days}d", *besides, "--assume", _ASSUMED, "--now", _START)


@contextmanager
def rehearsal() -> Iterator[Callable[[str], str]]:
    """Give a workspace with the invented prospects in it, as a function that prints a scenario's card."""
    audience = Path(engage.__file__).parents[2] / AUDIENCE
    with tempfile.TemporaryDirectory(prefix="engage-") as folder:
        place = Path(folder) / "shop"
        _run("init", str(place))
        company = place / "engage.yaml"
        company.write_text(company.read_text("utf-8").replace("locale: ja", "locale: en", 1), "utf-8")
        _run("--workspace", str(place), "apply", "--yes", "--now", _BEFORE)
        for kind in _KINDS:
            _run("--workspace", str(place), "import", kind, str(audience / f"{kind}.csv"), "--now", _BEFORE)
        yield lambda name: _run("--workspace", str(place), *command(name))


def _run(*words: str) -> str:
    """Run a command in this process; return what it printed."""
    from engage.cli.main import main
    from engage.cli.session import Session

    printed, said = StringIO(), StringIO()
    with redirect_stdout(printed), redirect_stderr(said):
        code = main(words, Session({}, Path.cwd()))
    if code:
        raise RuntimeError(f"engage {' '.join(words)}: {said.getvalue()}")
    return printed.getvalue()


def _starter() -> tuple[dict[str, Journey], Workspace]:
    """Return the graphs of the starter's scenarios, in the order of their ids, and the starter as a workspace."""
    from engage.graph.build import build
    from engage.language.load import load

    chosen = {name: path for name, path in starter_files().items() if path.suffix in (".yaml", ".html")}
    workspace, problems = load({name: path.read_bytes() for name, path in chosen.items()})
    assert not problems, problems
    return {name: build(file) for name, file in sorted(workspace.scenarios.items())}, workspace


def _said(journey: Journey) -> tuple[str, str]:
    """Return a scenario's description in Japanese and in English."""
    japanese, _, english = (journey.file.model.description or "").partition(" / ")
    return japanese, english


def _value(journey: Journey) -> dict[str, object]:
    value = journey.file.source.value
    assert isinstance(value, dict)
    return value


def _code(value: object) -> str:
    """Return a value as YAML on one line, for a cell of a table."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10_000, sort_keys=False)
    return f"`{text.strip().removesuffix('...').strip()}`".replace("'on':", "on:").replace("|", "\\|")


def _who(journey: Journey) -> str:
    audience = _value(journey)["audience"]
    assert isinstance(audience, dict)
    return _code({key: value for key, value in audience.items() if key in ("lists", "where", "on")})


def _row(name: str, journey: Journey) -> str:
    return f"| [{name}](#{name}) | {_said(journey)[1]} | {len(journey.steps)} | {_who(journey)} |\n"


def _section(name: str, journey: Journey, workspace: Workspace, card: str) -> str:
    """Return what the page says of one scenario."""
    model = journey.file.model
    japanese, english = _said(journey)
    facts = "".join(f"| {what} | {text} |\n" for what, text in _facts(journey, workspace) if text)
    words = " ".join(("engage", *command(name)))
    return f"""
## {name}

**{model.name}**: {japanese}。

{english}.

| | |
|---|---|
{facts}
![The drawing of {name}](pictures/{name}.svg)

```console
$ {words}
{card.rstrip()}
```
"""


def _facts(journey: Journey, workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Yield what somebody who wants to use a scenario asks, and the answers."""
    value = _value(journey)
    audience = value["audience"]
    assert isinstance(audience, dict)
    yield "enters", _who(journey)
    yield "stays out, or is held", _code(audience["suppress"]) if "suppress" in audience else ""
    yield "again", _code(value["reentry"]) if "reentry" in value else "never"
    yield "goal", _code(value["goal"]) if "goal" in value else ""
    yield "leaves early", _code(value["exit"]) if "exit" in value else ""
    named = tuple(_named(value))
    for what, keys, there in (
        ("e-mails", ("send_email", "template"), workspace.templates),
        ("lists", ("lists", "list", "add_to_list", "remove_from_list"), workspace.vocabulary.lists),
        ("forms", ("form_submitted", "target"), workspace.vocabulary.forms),
        ("campaigns", ("campaign", "add_to_campaign"), workspace.vocabulary.campaigns),
        ("own fields", ("field", _KEY), workspace.company.fields),
    ):
        yield what, ", ".join(f"`{name}`" for name in sorted({n for key, n in named if key in keys and n in there}))


def _named(value: object, under: str = "") -> Iterator[tuple[str, str]]:
    """Yield every word of a scenario but its tests, with the key it stands under; a key under ``_KEY``."""
    match value:
        case dict():
            for key, inner in value.items():
                if key != "tests":
                    yield _KEY, str(key)
                    yield from _named(inner, under if key == "id" else str(key))
        case list():
            for inner in value:
                yield from _named(inner, under)
        case str():
            yield under, value
