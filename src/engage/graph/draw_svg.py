"""A scenario drawn as SVG: places from graphlay, shapes and texts from here.

Every text goes through ElementTree, so nothing a user writes becomes markup.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from engage.graph.build import Journey
from engage.graph.colours import COLOURS
from engage.graph.layout import Box, Laid, Way, lay_out, plate
from engage.graph.lettering import cut, wrapped
from engage.graph.picture import Node, picture

_FONT = "'Noto Sans','Noto Sans CJK JP','Hiragino Sans','Yu Gothic UI','Meiryo',system-ui,sans-serif"
_INK, _QUIET, _LINE = "#22303c", "#64717d", "#9aa5af"
_MARGIN = 28
_OUTCOMES = {"yes": ("#2f7d4f", "#e8f4ec"), "no": ("#a14545", "#faeded")}


def svg(journey: Journey) -> str:
    """Return an SVG document that stands alone; each step is a group with its id and a title."""
    drawn = picture(journey)
    laid = lay_out(drawn)
    width = max(laid.width, 420) + 2 * _MARGIN
    about = wrapped(drawn.description, width - 2 * _MARGIN, 12)
    top = _MARGIN + 24 + 18 * len(about) + 14
    height = top + laid.height + _MARGIN
    root = Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {_n(width)} {_n(height)}",
        "width": _n(width), "height": _n(height), "font-family": _FONT, "role": "img",
    })  # fmt: skip
    SubElement(root, "title").text = drawn.name
    if drawn.description:
        SubElement(root, "desc").text = drawn.description
    _arrow(root)
    SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
    _text(root, _MARGIN, _MARGIN + 14, drawn.name, 17, _INK, weight="600")
    for number, line in enumerate(about):
        _text(root, _MARGIN, _MARGIN + 38 + 18 * number, line, 12, _QUIET)
    left = _MARGIN + (width - 2 * _MARGIN - laid.width) / 2
    _drawing(SubElement(root, "g", {"transform": f"translate({_n(left)} {_n(top)})"}), laid)
    return tostring(root, encoding="unicode") + "\n"


def _drawing(group: Element, laid: Laid) -> None:
    """Draw the ways, then the steps over them, then the outcomes over all."""
    for way in laid.ways:
        SubElement(group, "path", {
            "d": _rounded(way.points), "fill": "none", "stroke": _LINE, "stroke-width": "1.4",
            "marker-end": "url(#arrow)",
        })  # fmt: skip
    for box in laid.boxes:
        _box(group, box)
    for way in laid.ways:
        if way.outcome:
            _outcome(group, way)


def _box(group: Element, box: Box) -> None:
    """Draw a step, or where all runs begin or end."""
    node = box.node
    if node is None:
        _pill(group, box)
        return
    inner = SubElement(group, "g", {"class": f"step {node.family}", "data-step": node.id})
    shown = dict.fromkeys(filter(None, (node.type, node.name, node.title, node.detail)))
    SubElement(inner, "title").text = " · ".join(shown)
    if node.family == "end":
        _pill(inner, box)
    else:
        _card(inner, box, node)


def _card(card: Element, box: Box, node: Node) -> None:
    """Draw a card with a bar in the family's colour, the step's type, title and detail."""
    deep, pale = COLOURS[node.family]
    x, y = box.x - box.width / 2, box.y - box.height / 2
    shape = {"x": _n(x), "y": _n(y), "width": _n(box.width), "height": _n(box.height)}
    SubElement(card, "rect", {**shape, "rx": "7", "fill": pale, "stroke": deep, "stroke-opacity": "0.45"})
    SubElement(card, "rect", {**shape, "width": "4", "rx": "2", "fill": deep})
    _text(card, x + 14, y + 17, node.type, 10.5, deep, weight="600")
    title, detail = cut(node.title, box.width - 26, 13), cut(node.detail, box.width - 26, 11)
    _text(card, x + 14, y + 35, title, 13, _INK)
    if detail:
        _text(card, x + 14, y + 52, detail, 11, _QUIET)


def _pill(group: Element, box: Box) -> None:
    """Draw where runs begin or end."""
    deep, pale = COLOURS["end"]
    x, y = box.x - box.width / 2, box.y - box.height / 2
    shape = {"x": _n(x), "y": _n(y), "width": _n(box.width), "height": _n(box.height)}
    SubElement(
        group, "rect", {**shape, "rx": _n(box.height / 2), "fill": pale, "stroke": deep, "stroke-opacity": "0.6"}
    )
    _text(group, box.x, box.y + 4, cut(box.label, box.width - 20, 11), 11, deep, weight="600", anchor="middle")


def _outcome(group: Element, way: Way) -> None:
    """Write a way's outcome on a small plate."""
    deep, pale = _OUTCOMES.get(way.outcome, (_QUIET, "#ffffff"))
    x, y = way.label
    width = plate(way.outcome)
    SubElement(group, "rect", {
        "x": _n(x - width / 2), "y": _n(y - 8), "width": _n(width), "height": "16", "rx": "8", "fill": pale,
    })  # fmt: skip
    _text(group, x, y + 3.5, way.outcome, 10.5, deep, weight="600", anchor="middle")


def _text(parent: Element, x: float, y: float, text: str, size: float, fill: str, **look: str) -> None:
    """Write one line; ``look`` may give the weight and the anchor."""
    names = {"weight": "font-weight", "anchor": "text-anchor"}
    style = {"x": _n(x), "y": _n(y), "font-size": _n(size), "fill": fill}
    SubElement(parent, "text", {**style, **{names[key]: value for key, value in look.items()}}).text = text


def _arrow(root: Element) -> None:
    marker = SubElement(SubElement(root, "defs"), "marker", {
        "id": "arrow", "viewBox": "0 0 8 8", "refX": "7", "refY": "4", "markerWidth": "7", "markerHeight": "7",
        "orient": "auto",
    })  # fmt: skip
    SubElement(marker, "path", {"d": "M0 0.8 L7.5 4 L0 7.2 z", "fill": _LINE})


def _rounded(points: tuple[tuple[float, float], ...], radius: float = 8) -> str:
    """Return a path along points whose corners are round."""
    parts = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        start, end = (_towards(here, other, radius) for other in (before, after))
        parts.append(f"L{_n(start[0])} {_n(start[1])} Q{_n(here[0])} {_n(here[1])} {_n(end[0])} {_n(end[1])}")
    return " ".join([*parts, f"L{_n(points[-1][0])} {_n(points[-1][1])}"])


def _towards(point: tuple[float, float], other: tuple[float, float], radius: float) -> tuple[float, float]:
    """Return the point at most a radius, and half the way, from one point to another."""
    across, down = other[0] - point[0], other[1] - point[1]
    length = (across**2 + down**2) ** 0.5
    share = min(radius / length, 0.5) if length else 0
    return point[0] + across * share, point[1] + down * share


def _n(number: float) -> str:
    """Write a number with at most one decimal."""
    return f"{number:.1f}".removesuffix(".0")
