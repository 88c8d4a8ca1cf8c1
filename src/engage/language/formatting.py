"""A file in the house's layout: indentation, spaces, and keys in the order of the documentation; comments stay.

The printing is ruamel.yaml's, which keeps comments, quotes and numbers as they are written. What a file means never
changes: a text whose data or derived ids would be others is left as it is.
"""

from __future__ import annotations

import io

from ruamel.yaml import YAML, MappingNode, Node, SequenceNode
from ruamel.yaml.anchor import Anchor
from ruamel.yaml.error import YAMLError

from engage.language.blocks import ordered_blocks
from engage.language.key_order import Ordered, key_order
from engage.language.naming import name_steps
from engage.language.reading import value_at
from engage.language.source import read
from engage.language.workspace import FILES

#: Lines are not broken: a value stands on the line of its key.
_WIDTH = 1_000_000


def kind_of(path: str) -> str | None:
    """Return the kind of a workspace's file by its path there; None: it is no YAML file of a workspace.

    >>> kind_of("scenarios/welcome.yaml"), kind_of("lists.yaml"), kind_of("notes.yaml")
    ('scenario', 'lists', None)
    """
    if path.startswith("scenarios/") and path.endswith((".yaml", ".yml")):
        return "scenario"
    return path.removesuffix(".yaml") if path in FILES else None


def formatted(kind: str, text: str) -> str:
    """Return a file that can be read in the house's layout; formatted twice it is the same as once."""
    order, meant = key_order(kind), means(text)
    for keys in (order, None):
        new = _laid_out(text, keys)
        if new is not None and means(new) == meant and _laid_out(new, keys) == new:
            return new
    return text


def _laid_out(text: str, order: Ordered | None) -> str | None:
    """Return a text with its keys in order, printed; None where that would put an alias before its anchor."""
    try:
        return printed(text if order is None else ordered_blocks(text, order), order)
    except YAMLError:
        return None


def printed(text: str, order: Ordered | None) -> str:
    """Return a text as ruamel.yaml prints it, its flow mappings in order."""
    yaml = YAML(typ="rt")
    yaml.width = _WIDTH
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    node = yaml.compose(io.StringIO(text))
    if node is None:
        return text
    _keep_anchors(node, set())
    if order is not None:
        _order_flow(node, order)
    out = io.StringIO()
    yaml.serialize(node, out)
    return out.getvalue()


def _keep_anchors(node: Node, seen: set[int]) -> None:
    """Have anchors printed under their own names, those too that nothing refers to."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node.anchor, str):
        name, node.anchor = node.anchor, Anchor()
        node.anchor.value, node.anchor.always_dump = name, True
    for part in node.value if isinstance(node, SequenceNode | MappingNode) else ():
        for each in part if isinstance(part, tuple) else (part,):
            _keep_anchors(each, seen)


def _order_flow(node: Node, order: Ordered) -> None:
    """Order the keys of flow mappings; those of a mapping with comments inside stay where they are."""
    if isinstance(node, SequenceNode):
        for item in node.value:
            _order_flow(item, order.items)
    elif isinstance(node, MappingNode):
        keys = [str(key.value) for key, _ in node.value]
        for key, value in node.value:
            _order_flow(value, order.under(str(key.value), keys))
        if node.flow_style and not any(part.comment for pair in node.value for part in pair):
            place = {key: n for n, key in enumerate(order.order(keys))}
            node.value.sort(key=lambda pair: place[str(pair[0].value)])


def means(text: str) -> tuple[object, ...] | None:
    """Return what a text means: its data, and the ids of its steps by their places; None: it cannot be read."""
    source, problems = read("file", text)
    if source is None or problems:
        return None
    steps = {(step.path, step.key, step.id) for step in name_steps(value_at(source.value, ("steps",)))}
    return source.value, steps
