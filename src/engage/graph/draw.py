"""A scenario drawn as Mermaid, Graphviz dot or JSON text; ``draw_svg`` draws the picture itself."""

from __future__ import annotations

import json
from collections.abc import Mapping

from engage.graph.build import Journey
from engage.graph.colours import COLOURS
from engage.graph.draw_svg import svg
from engage.graph.picture import Family, Node, picture
from engage.wording import Locale

__all__ = ["as_json", "dot", "mermaid", "svg"]

#: What opens and closes a node of each family.
_MERMAID: Mapping[Family, tuple[str, str]] = {
    "action": ("[", "]"),
    "trigger": ("{{", "}}"),
    "rule": ("{", "}"),
    "wait": ("([", "])"),
    "flow": ("[/", "/]"),
    "end": ("((", "))"),
}
_DOT: Mapping[Family, str] = {
    "action": "box",
    "trigger": "hexagon",
    "rule": "diamond",
    "wait": "ellipse",
    "flow": "parallelogram",
    "end": "circle",
}


def mermaid(journey: Journey, locale: Locale = "en") -> str:
    """Return a Mermaid flowchart."""
    drawn = picture(journey, locale)
    names = {node.id: f"s{place}" for place, node in enumerate(drawn.nodes, 1)}
    lines = ["---", f"title: {json.dumps(drawn.name, ensure_ascii=False)}", "---", "flowchart TD"]
    for node in drawn.nodes:
        opening, closing = _MERMAID[node.family]
        label = "<br/>".join(map(_entities, _lines(node)))
        lines.append(f'  {names[node.id]}{opening}"{label}"{closing}:::{node.family}')
    ended = any(edge.target is None and not _is_end(edge.source, drawn.nodes) for edge in drawn.edges)
    lines += ['  done(("end")):::end'] if ended else []
    for edge in drawn.edges:
        if edge.target is not None or not _is_end(edge.source, drawn.nodes):
            label = f"|{_label(edge.outcome)}|" if edge.outcome else ""
            target = "done" if edge.target is None else names[edge.target]
            lines.append(f"  {names[edge.source]} -->{label} {target}")
    lines += [
        f"  classDef {family} fill:{pale},stroke:{deep},color:#22303c" for family, (deep, pale) in COLOURS.items()
    ]
    return "\n".join(lines) + "\n"


def dot(journey: Journey, locale: Locale = "en") -> str:
    """Return a Graphviz digraph; node names are the steps' ids."""
    drawn = picture(journey, locale)
    lines = [
        f"digraph {_quoted(drawn.id)} {{",
        f'  graph [label={_quoted(drawn.name)}, labelloc=t, fontname="sans-serif", rankdir=TB];',
        '  node [fontname="sans-serif", fontsize=11, style=filled];',
        '  edge [fontname="sans-serif", fontsize=10];',
    ]
    for node in drawn.nodes:
        deep, pale = COLOURS[node.family]
        shape, label = _DOT[node.family], "\\n".join(map(_escaped, _lines(node)))
        look = f'shape={shape}, color="{deep}", fillcolor="{pale}"'
        lines.append(f'  {_quoted(node.id)} [label="{label}", {look}];')
    for edge in drawn.edges:
        if edge.target is not None or not _is_end(edge.source, drawn.nodes):
            label = f" [label={_quoted(edge.outcome)}]" if edge.outcome else ""
            lines.append(f"  {_quoted(edge.source)} -> {_quoted(edge.target or '·end')}{label};")
    return "\n".join([*lines, '  "·end" [label="end", shape=circle];', "}"]) + "\n"


def as_json(journey: Journey, locale: Locale = "en") -> str:
    """Return the graph for scripts: nodes in the file's order, edges in the graph's; target null ends the run."""
    drawn = picture(journey, locale)
    nodes = [{"id": n.id, "type": n.type, "name": n.name, "line": n.line} for n in drawn.nodes]
    edges = [{"source": e.source, "target": e.target, "outcome": e.outcome} for e in drawn.edges]
    whole = {"id": drawn.id, "name": drawn.name, "first": drawn.first, "nodes": nodes, "edges": edges}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _lines(node: Node) -> tuple[str, ...]:
    return tuple(filter(None, (node.type, node.title if node.title != node.type else "", node.detail)))


def _is_end(step: str, nodes: tuple[Node, ...]) -> bool:
    return any(node.id == step and node.family == "end" for node in nodes)


def _label(outcome: str) -> str:
    """Return an outcome for a Mermaid edge; a name of the user's own might be a word of Mermaid's."""
    return outcome if outcome in ("yes", "no") else f'"{_entities(outcome)}"'


def _entities(text: str) -> str:
    """Return a text for a Mermaid label: whatever could end or command it is written by number."""
    return "".join(char if char.isalnum() or char in " _-./:,+()·" else f"#{ord(char)};" for char in text)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'
