"""A scenario drawn as SVG: places from graphlay, shapes and texts from here.

Every text goes through ElementTree, so nothing a user writes becomes markup.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from engage.graph.build import Journey
from engage.graph.colours import COLOURS
from engage.graph.layout import Box, Laid, Way, lay_out, plate, room
from engage.graph.lettering import cut, wrapped
from engage.graph.picture import Node, picture
from engage.graph.shapes import inset, number, outline, rounded_line, sign
from engage.wording import Locale

_FONT = "'Noto Sans','Noto Sans CJK JP','Hiragino Sans','Yu Gothic UI','Meiryo',system-ui,sans-serif"
_INK, _QUIET, _LINE = "#22303c", "#64717d", "#9aa5af"
_MARGIN = 28
_OUTCOMES = {"yes": ("#2f7d4f", "#e8f4ec"), "no": ("#a14545", "#faeded")}


def svg(journey: Journey, locale: Locale = "en") -> str:
    """Return an SVG document that stands alone; each step is a group with its id and a title."""
    drawn = picture(journey, locale)
    laid = lay_out(drawn)
    width = max(laid.width, 420) + 2 * _MARGIN
    about = wrapped(drawn.description, width - 2 * _MARGIN, 12)
    top = _MARGIN + 24 + 18 * len(about) + 14
    height = top + laid.height + _MARGIN
    root = Element("svg", {
        "xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {number(width)} {number(height)}",
        "width": number(width), "height": number(height), "font-family": _FONT, "role": "img",
    })  # fmt: skip
    SubElement(root, "title").text = drawn.name
    if drawn.description:
        SubElement(root, "desc").text = drawn.description
    _arrow(root)
    SubElement(root, "rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
    _text(root, _MARGIN, _MARGIN + 14, drawn.name, 17, _INK, weight="600")
    for row, line in enumerate(about):
        _text(root, _MARGIN, _MARGIN + 38 + 18 * row, line, 12, _QUIET)
    left = _MARGIN + (width - 2 * _MARGIN - laid.width) / 2
    _drawing(SubElement(root, "g", {"transform": f"translate({number(left)} {number(top)})"}), laid)
    return tostring(root, encoding="unicode") + "\n"


def _drawing(group: Element, laid: Laid) -> None:
    """Draw the ways, then the steps over them, then the outcomes over all."""
    for way in laid.ways:
        SubElement(group, "path", {
            "d": rounded_line(way.points), "fill": "none", "stroke": _LINE, "stroke-width": "1.4",
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
    """Draw a step's shape in the family's colour with its sign, type, title and detail."""
    deep, pale = COLOURS[node.family]
    x, y, left = box.x - box.width / 2, box.y - box.height / 2, inset(node.family)
    shape = outline(node.family, x, y, box.width, box.height)
    SubElement(card, "path", {"d": shape, "fill": pale, "stroke": deep, "stroke-opacity": "0.6"})
    place = f"translate({number(x + left - 18)} {number(y + 7)})"
    SubElement(card, "path", {
        "d": sign(node.family), "transform": place, "fill": "none", "stroke": deep, "stroke-width": "1.3",
        "stroke-linejoin": "round",
    })  # fmt: skip
    _text(card, x + left, y + 17, node.type, 10.5, deep, weight="600")
    title, detail = cut(node.title, room(node, box.width), 13), cut(node.detail, room(node, box.width), 11)
    _text(card, x + left, y + 35, title, 13, _INK)
    if detail:
        _text(card, x + left, y + 52, detail, 11, _QUIET)


def _pill(group: Element, box: Box) -> None:
    """Draw where runs begin or end."""
    deep, pale = COLOURS["end"]
    x, y = box.x - box.width / 2, box.y - box.height / 2
    shape = {"x": number(x), "y": number(y), "width": number(box.width), "height": number(box.height)}
    SubElement(
        group, "rect", {**shape, "rx": number(box.height / 2), "fill": pale, "stroke": deep, "stroke-opacity": "0.6"}
    )
    _text(group, box.x, box.y + 4, cut(box.label, box.width - 20, 11), 11, deep, weight="600", anchor="middle")


def _outcome(group: Element, way: Way) -> None:
    """Write a way's outcome on a small plate."""
    deep, pale = _OUTCOMES.get(way.outcome, (_QUIET, "#ffffff"))
    x, y = way.label
    width = plate(way.outcome)
    SubElement(group, "rect", {
        "x": number(x - width / 2), "y": number(y - 8), "width": number(width), "height": "16", "rx": "8", "fill": pale,
    })  # fmt: skip
    _text(group, x, y + 3.5, way.outcome, 10.5, deep, weight="600", anchor="middle")


def _text(parent: Element, x: float, y: float, text: str, size: float, fill: str, **look: str) -> None:
    """Write one line; ``look`` may give the weight and the anchor."""
    names = {"weight": "font-weight", "anchor": "text-anchor"}
    style = {"x": number(x), "y": number(y), "font-size": number(size), "fill": fill}
    SubElement(parent, "text", {**style, **{names[key]: value for key, value in look.items()}}).text = text


def _arrow(root: Element) -> None:
    marker = SubElement(SubElement(root, "defs"), "marker", {
        "id": "arrow", "viewBox": "0 0 8 8", "refX": "7", "refY": "4", "markerWidth": "7", "markerHeight": "7",
        "orient": "auto",
    })  # fmt: skip
    SubElement(marker, "path", {"d": "M0 0.8 L7.5 4 L0 7.2 z", "fill": _LINE})
