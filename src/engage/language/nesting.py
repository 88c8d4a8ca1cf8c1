"""How deep a template nests: what lies deeper, neither Jinja2 nor Python's own compiler reads."""

from __future__ import annotations

from jinja2 import Environment, TemplateSyntaxError, nodes

#: Blocks in blocks, such as loops; Python's compiler takes twenty.
MOST_BLOCKS = 15
#: Anything in anything: a value with a hundred filters, brackets in brackets.
MOST = 100
#: As Jinja2 would say it.
DEEP = "it nests too deep"
_BLOCKS = (
    nodes.For, nodes.If, nodes.Block, nodes.With, nodes.FilterBlock, nodes.CallBlock, nodes.Macro, nodes.AssignBlock,
)  # fmt: skip


def tree_of(environment: Environment, text: str) -> nodes.Template:
    """Return a text as Jinja2 reads it. Raises TemplateSyntaxError, also where it nests too deep."""
    try:
        tree = environment.parse(text)
    except RecursionError:
        raise TemplateSyntaxError(DEEP, 1) from None
    line = _too_deep(tree)
    if line is not None:
        raise TemplateSyntaxError(DEEP, line)
    return tree


def _too_deep(tree: nodes.Template) -> int | None:
    """Return the line of a node that lies too deep; without recursion, which would end there too."""
    waiting: list[tuple[nodes.Node, int, int]] = [(tree, 0, 0)]
    while waiting:
        node, depth, blocks = waiting.pop()
        blocks += isinstance(node, _BLOCKS)
        if depth > MOST or blocks > MOST_BLOCKS:
            return node.lineno
        waiting += [(child, depth + 1, blocks) for child in node.iter_child_nodes()]
    return None
