"""Where everything of a drawing stands: graphlay's layered layout of boxes whose size follows their texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import graphlay

from engage.graph.lettering import width
from engage.graph.picture import Node, Picture
from engage.graph.shapes import inset

#: The narrowest and widest card.
_NARROWEST, _WIDEST = 150, 270
#: Where all runs begin, as the source of a way, and where they end, as the target of ways.
START, END = "·start", "·end"
#: The room for a number beside an outcome.
_FIGURE = 46
_OPTIONS = {
    "direction": "topbottom",
    "spacing": {"layer_gap": 40.0, "node_gap": 36.0, "edge_label_margin": 12.0},
}


@dataclass(frozen=True, slots=True)
class Box:
    """A step, or the pill at the start or the end, by its centre and size in pixels."""

    node: Node | None
    label: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Way:
    """A line from box to box, and where its outcome is written."""

    source: str
    target: str
    outcome: str
    points: tuple[tuple[float, float], ...]
    label: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Laid:
    """A drawing whose upper left corner is (0, 0)."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    ways: tuple[Way, ...]


def lay_out(drawn: Picture, *, figures: bool = False) -> Laid:
    """Return the places of all boxes and lines of a picture; ``figures`` leaves room for one beside each outcome."""
    ends = {node.id for node in drawn.nodes if node.family == "end"}
    edges = [(e.source, e.target or END, e.outcome) for e in drawn.edges if e.target or e.source not in ends]
    edges = [(START, drawn.first, ""), *edges]
    boxes: list[tuple[str, Node | None, float, float]] = [(START, None, 66, 26)]
    boxes += [(node.id, node, *_card(node)) for node in drawn.nodes]
    boxes += [(END, None, 52, 26)] if any(target == END for _, target, _ in edges) else []
    graph = graphlay.Graph()
    for key, _, wide, high in boxes:
        graph.node(key, width=wide, height=high)
    for source, target, outcome in edges:
        if outcome:
            room_for = plate(outcome) + (_FIGURE if figures else 0)
            graph.edge(source, target, label_size={"width": room_for, "height": 16})
        else:
            graph.edge(source, target)
    laid = graphlay.layout(graph, options=_OPTIONS)
    left, top = laid.bounds["min"]["x"], laid.bounds["min"]["y"]
    placed = tuple(
        Box(node, node.title if node else key.removeprefix("·"), *_shifted(at["center"], left, top), wide, high)
        for (key, node, wide, high), at in zip(boxes, laid.nodes, strict=True)
    )
    ways = tuple(_way(edge, line, left, top) for edge, line in zip(edges, laid.edges, strict=True))
    far = laid.bounds["max"]
    return Laid(far["x"] - left, far["y"] - top, placed, ways)


def plate(outcome: str) -> float:
    """Return the width of the plate that an outcome is written on."""
    return 12 + 7 * len(outcome)


def _card(node: Node) -> tuple[float, float]:
    """Return the width and height that a card's texts need, within bounds."""
    if node.family == "end":
        return min(width(node.title, 11) + 32, _WIDEST), 26
    needed = max(width(node.type, 10.5), width(node.title, 13), width(node.detail, 11))
    return min(max(needed + inset(node.family) + 18, _NARROWEST), _WIDEST), 62 if node.detail else 46


def room(node: Node, wide: float) -> float:
    """Return how wide a text of a card may be."""
    return wide - inset(node.family) - 12


def _way(edge: tuple[str, str, str], line: Mapping[str, Any], left: float, top: float) -> Way:
    points = tuple(_shifted(point, left, top) for point in line["points"])
    if line.get("label_anchor") is not None:
        return Way(*edge, points, _shifted(line["label_anchor"], left, top))
    (x, y), (next_x, next_y) = points[0], points[1]
    return Way(*edge, points, ((x + next_x) / 2, (y + next_y) / 2))


def _shifted(point: Mapping[str, float], left: float, top: float) -> tuple[float, float]:
    return point["x"] - left, point["y"] - top
