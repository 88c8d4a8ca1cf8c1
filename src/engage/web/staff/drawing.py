"""A scenario's drawing with its figures: how wide each way is, how many wait where, what a step's tooltip says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import quote

from engage.graph.build import build
from engage.graph.lettering import width as written
from engage.graph.picture import picture
from engage.graph.scene import Card, Line, Pill, Scene, scene
from engage.language.whole import ScenarioFile
from engage.reports.card import CardRow
from engage.reports.flow import Flow
from engage.web.staff.period import Period
from engage.web.staff.showing import Eye
from engage.web.staff.step_words import figures_of
from engage.wording import Locale, sentence

#: The narrowest and the widest way, in pixels.
_NARROW, _WIDE = 1.4, 7.0
#: The size of the letters on plates.
_SIZE = 10.5
#: So many folded steps an address may name.
MOST_FOLDED = 100


@dataclass(frozen=True, slots=True)
class Step:
    """A step with its figures; a folded one counts those who wait in its branches too."""

    card: Card
    href: str
    #: the address of the drawing with the step's branches folded, or shown again; empty where it has none
    fold: str
    waiting: int
    held: int
    #: what the tooltip says: a label and a figure a line
    tip: str
    #: what a screen reader says
    label: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A way with its figure."""

    line: Line
    width: float
    count: int
    #: what stands on the plate
    text: str
    plate: float
    #: yes, no, or nothing
    kind: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing as the page shows it."""

    scene: Scene
    steps: Sequence[Step]
    edges: Sequence[Edge]
    pills: Sequence[Pill]
    #: the address of this drawing alone, for looking again
    again: str
    #: the addresses with all branches folded, and with none
    fold_all: str
    unfold_all: str


@dataclass(frozen=True, slots=True)
class _Kept:
    """A scenario's text, what of it is folded and the reader's language: what tells drawings apart."""

    text: str
    folded: tuple[str, ...]
    locale: Locale
    file: ScenarioFile = field(compare=False)


@lru_cache(maxsize=128)
def _scene(kept: _Kept) -> Scene:
    return scene(picture(build(kept.file), kept.locale), kept.folded)


def folded_of(query: Mapping[str, str]) -> tuple[str, ...]:
    """Return the steps that an address wants folded, each once."""
    return tuple(dict.fromkeys(filter(None, query.get("fold", "").split(","))))[:MOST_FOLDED]


def drawing(file: ScenarioFile, flow: Flow, path: str, period: Period, folded: tuple[str, ...], eye: Eye) -> Drawing:
    """Return a scenario's drawing; ``path`` is the scenario's address."""
    drawn = _scene(_Kept(file.text, folded, eye.locale, file))
    rows = {row.step: row for row in flow.card.rows}
    most = max(flow.entered, *flow.ways.values(), 1)
    steps = [_step(card, rows, path, period, drawn.folded, eye) for card in drawn.cards]
    every = tuple(card.id for card in drawn.cards if card.foldable)
    return Drawing(
        scene=drawn,
        steps=steps,
        edges=[_edge(line, flow, most, eye) for line in drawn.lines],
        pills=drawn.pills,
        again=_address(f"{path}/drawing", period, drawn.folded),
        fold_all=_address(path, period, every) if every and not drawn.folded else "",
        unfold_all=_address(path, period, ()) if drawn.folded else "",
    )


def _step(
    card: Card, rows: Mapping[str, CardRow], path: str, period: Period, folded: tuple[str, ...], eye: Eye
) -> Step:
    row = rows.get(card.id)
    here = [each for each in map(rows.get, (card.id, *card.hidden)) if each is not None]
    other = ""
    if card.hidden:
        other = _address(path, period, tuple(step for step in folded if step != card.id))
    elif card.foldable:
        other = _address(path, period, (*folded, card.id))
    lines = [] if row is None else list(_lines(row, eye))
    waiting, held = sum(each.waiting for each in here), sum(each.held for each in here)
    return Step(
        card=card,
        href=f"{path}/steps/{quote(card.id, safe='')}" + (f"?{period.query}" if period.query else ""),
        fold=other,
        waiting=waiting,
        held=held,
        tip="\n".join(f"{label}\t{figure}" for label, figure in lines),
        label=_label(card, lines),
    )


def _label(card: Card, lines: Sequence[tuple[str, str]]) -> str:
    """Return a step in words: first what is written on it, so that it can be called by voice, then its figures."""
    written_on = (card.title,) if card.family == "end" else (card.type, card.title, card.detail)
    seen = " ".join(filter(None, written_on))
    said = "; ".join(f"{label}: {figure}" for label, figure in lines)
    cut = "…" in seen
    return ". ".join(filter(None, (seen, card.whole if cut else "", said)))


def _lines(row: CardRow, eye: Eye) -> Iterator[tuple[str, str]]:
    """Yield what a tooltip says of a step: what is nothing is left out, but for the first two."""
    for place, (label, figure, shown) in enumerate(figures_of(row, eye)):
        if figure or place < 2:
            yield eye.read(label), shown


def _edge(line: Line, flow: Flow, most: int, eye: Eye) -> Edge:
    count = sum(flow.ways.get(way, 0) for way in line.made) if line.made else flow.entered
    outcome = line.outcome
    kind = outcome if outcome in ("yes", "no") else ""
    said = eye.read(sentence("yes")) if kind == "yes" else eye.read(sentence("no")) if kind == "no" else outcome
    text = f"{said} {eye.number(count)}" if outcome else ""
    width = _NARROW + (_WIDE - _NARROW) * count / most
    return Edge(line, round(width, 1), count, text, written(text, _SIZE) + 14, kind)


def _address(path: str, period: Period, folded: tuple[str, ...]) -> str:
    words = [period.query, f"fold={quote(','.join(folded), safe=',')}" if folded else ""]
    query = "&".join(filter(None, words))
    return f"{path}?{query}" if query else path
