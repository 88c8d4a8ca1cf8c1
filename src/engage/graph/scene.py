"""A scenario's drawing for a page: shapes, texts that fit, lines; the colours and figures are the page's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engage.graph.folding import Way as Key
from engage.graph.folding import fold
from engage.graph.layout import END, START, Box, Way, lay_out, room
from engage.graph.lettering import cut
from engage.graph.picture import Family, Picture
from engage.graph.shapes import inset, outline, rounded_line, shortened, sign

_MARGIN = 36.0
#: The length of an arrow's head, drawn behind the line's end.
_HEAD = 9.0


@dataclass(frozen=True, slots=True)
class Card:
    """A step: its shape, and its texts as far as they fit."""

    id: str
    family: Family
    type: str
    title: str
    detail: str
    #: all that the texts say, uncut
    whole: str
    shape: str
    sign: str
    x: float
    y: float
    width: float
    height: float
    #: how far from the left its texts begin
    inset: float
    #: how many steps folding puts away, and those that it has put away
    foldable: int
    hidden: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pill:
    """Where all runs begin, or end."""

    start: bool
    shape: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """A way. ``made`` are the ways of the scenario, by step and outcome, that it stands for; none at the start."""

    outcome: str
    path: str
    #: the middle of the place for its outcome
    x: float
    y: float
    made: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """A drawing whose upper left corner is (0, 0)."""

    width: float
    height: float
    cards: tuple[Card, ...]
    pills: tuple[Pill, ...]
    lines: tuple[Line, ...]
    #: the steps that are folded
    folded: tuple[str, ...]


def scene(drawn: Picture, folded: Iterable[str] = ()) -> Scene:
    """Return the drawing of a picture, the branches of some steps folded."""
    found = fold(drawn, folded)
    laid = lay_out(found.picture, figures=True)
    cards = tuple(
        _card(box, found.foldable.get(box.node.id, 0), found.hidden.get(box.node.id, ()))
        for box in laid.boxes
        if box.node is not None
    )
    return Scene(
        width=laid.width + 2 * _MARGIN,
        height=laid.height + 2 * _MARGIN,
        cards=cards,
        pills=tuple(_pill(box) for box in laid.boxes if box.node is None),
        lines=tuple(_line(way, found.ways) for way in laid.ways),
        folded=tuple(found.hidden),
    )


def _card(box: Box, foldable: int, hidden: tuple[str, ...]) -> Card:
    node = box.node
    assert node is not None
    x, y = _corner(box)
    wide = room(node, box.width)
    ends = node.family == "end"
    return Card(
        id=node.id,
        family=node.family,
        type=node.type,
        title=cut(node.title, box.width - 20 if ends else wide, 11 if ends else 13),
        detail=cut(node.detail, wide, 11),
        whole=" · ".join(dict.fromkeys(filter(None, (node.type, node.name, node.title, node.detail)))),
        shape=outline(node.family, x, y, box.width, box.height),
        sign=sign(node.family),
        x=x,
        y=y,
        width=box.width,
        height=box.height,
        inset=inset(node.family),
        foldable=foldable,
        hidden=hidden,
    )


def _pill(box: Box) -> Pill:
    x, y = _corner(box)
    return Pill(box.label == "start", outline("end", x, y, box.width, box.height), box.x + _MARGIN, box.y + _MARGIN)


def _line(way: Way, ways: Mapping[Key, tuple[tuple[str, str], ...]]) -> Line:
    made = () if way.source == START else ways[way.source, None if way.target == END else way.target, way.outcome]
    points = tuple((x + _MARGIN, y + _MARGIN) for x, y in way.points)
    x, y = way.label
    return Line(way.outcome, rounded_line(shortened(points, _HEAD)), x + _MARGIN, y + _MARGIN, made)


def _corner(box: Box) -> tuple[float, float]:
    return box.x - box.width / 2 + _MARGIN, box.y - box.height / 2 + _MARGIN
