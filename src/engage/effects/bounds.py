"""How much work and text a template may make, so that a bad one stops itself and not the delivery.

Jinja2's sandbox keeps a template from reaching the program, not from asking for a text of a gigabyte or a
loop without end. So loops draw on one allowance for each rendering, and whatever makes a long text from a
short one is asked for its length first. (Memory and time are the child process's affair: engage.effects.pressing.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from itertools import islice
from typing import Any

from jinja2 import nodes, pass_context
from jinja2.filters import do_replace, do_round, do_urlencode
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

from engage.wording import sentence

#: The longest text a template may make, in characters; as much again in bytes when it is written.
LONGEST = 5_000_000
#: How often the loops of one rendering may go round, all together.
ROUNDS = 100_000
#: Names of our own helpers; a space keeps templates from calling them.
ITEMS, TEXT, ALLOWANCE = "bounded items", "bounded text", "the allowance"
_BITS = 4096
_DIGITS = 20


class TooMuch(ValueError):
    """A template asks for more than it may have."""


class Allowance:
    """The rounds that are left to one rendering."""

    def __init__(self, rounds: int = ROUNDS) -> None:
        self.left = rounds

    def spend(self) -> None:
        """Take one round.

        Raises TooMuch when none is left.
        """
        self.left -= 1
        if self.left < 0:
            raise TooMuch(sentence("its loops go round more than {count} times", count=ROUNDS))


class Bounding(NodeTransformer):
    """Puts our checks around loops, joined texts and captured blocks of a parsed template."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        """Count the rounds of a loop."""
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, ITEMS, [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """Measure what ``~`` joins."""
        self.generic_visit(node)
        return nodes.Filter(node, TEXT, [], [], None, None, lineno=node.lineno)

    def visit_Include(self, node: nodes.Include) -> nodes.Node:  # noqa: N802
        """Let a partial draw on the allowance of who loads it: it stands in the context."""
        return self._with_context(node)

    def visit_Import(self, node: nodes.Import) -> nodes.Node:  # noqa: N802
        """Let a partial's macros draw on the allowance of who imports them."""
        return self._with_context(node)

    def visit_FromImport(self, node: nodes.FromImport) -> nodes.Node:  # noqa: N802
        """Let a partial's macros draw on the allowance of who imports them."""
        return self._with_context(node)

    def _with_context(self, node: nodes.Include | nodes.Import | nodes.FromImport) -> nodes.Node:
        self.generic_visit(node)
        node.with_context = True
        return node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:  # noqa: N802
        """Measure what ``{% set %} … {% endset %}`` captures."""
        self.generic_visit(node)
        inner: Any = node.filter
        node.filter = nodes.Filter(inner, TEXT, [], [], None, None, lineno=node.lineno)
        return node


@pass_context
def bounded_items(context: Context, items: Iterable[object]) -> Iterator[object]:
    """Give the items of a loop as long as there is allowance."""
    allowance = context.parent[ALLOWANCE]
    for item in items:
        allowance.spend()
        yield item


@pass_context
def bounded_text(context: Context, text: Any) -> Any:  # noqa: ARG001
    """Return a text that is not too long."""
    return measured(text)


def measured(value: Any) -> Any:
    """Return a value.

    Raises TooMuch for a text that is too long.
    """
    if isinstance(value, str):
        check_size(len(value))
    return value


def check_operation(operator: str, left: Any, right: Any) -> None:
    """Do nothing if ``left operator right`` makes a value of bearable size.

    Raises TooMuch otherwise.
    """
    match operator:
        case "%" if isinstance(left, str):
            raise TooMuch(sentence("% formats no texts here; use ~ and filters"))
        case "*":
            _check_product(left, right)
            _check_product(right, left)
        case "+" if isinstance(left, str | list | tuple) and isinstance(right, str | list | tuple):
            check_size(len(left) + len(right))
        case "**" if isinstance(left, int) and isinstance(right, int):
            _check_bits(left.bit_length() * abs(right))


def _check_product(one: Any, other: Any) -> None:
    if isinstance(one, str | list | tuple) and isinstance(other, int):
        check_size(len(one) * max(other, 0))
    elif isinstance(one, int) and isinstance(other, int):
        _check_bits(one.bit_length() + other.bit_length())


def check_size(size: int) -> None:
    """Do nothing if so many characters are bearable.

    Raises TooMuch otherwise.
    """
    if size > LONGEST:
        raise TooMuch(sentence("it makes a text of more than {count} characters", count=LONGEST))


def _check_bits(bits: int) -> None:
    if bits > _BITS:
        raise TooMuch(sentence("it makes a number of more than {count} bits", count=_BITS))


@wraps(do_replace)
def replace(eval_ctx: Any, s: str, old: str, new: str, count: int | None = None) -> str:
    """Replace as Jinja2 does, if the result is of bearable size."""
    text, new = str(s), str(new)
    found = text.count(str(old)) if count is None else min(text.count(str(old)), count)
    check_size(5 * (len(text) + found * len(new)) if isinstance(s, Markup) else len(text) + found * len(new))
    return do_replace(eval_ctx, s, old, new, count)


def join(value: Iterable[object], d: str = "", attribute: str | None = None) -> str:
    """Join texts; ``attribute`` names a part of each item."""
    items = list(islice(value, ROUNDS))
    if attribute is not None:
        items = [item.get(attribute, "") if isinstance(item, dict) else "" for item in items]
    # Markup joins escape what is not markup, whichever part brings it.
    texts = [item if isinstance(item, str) else str(item) for item in items]
    check_size(5 * (sum(map(len, texts)) + len(d) * len(texts)))
    glue = Markup.escape(d) if any(isinstance(text, Markup) for text in (*texts, d)) else d
    return glue.join(texts)


def round_(value: float, precision: int = 0, method: Any = "common") -> float:
    """Round as Jinja2 does, to a bearable number of digits."""
    if abs(precision) > _DIGITS:
        raise TooMuch(sentence("it rounds to more than {count} digits", count=_DIGITS))
    return do_round(value, precision, method)


def within_bounds(filter_: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter whose result is measured."""

    @wraps(filter_)
    def measuring(*args: Any, **kwargs: Any) -> Any:
        return measured(filter_(*args, **kwargs))

    return measuring


urlencode = within_bounds(do_urlencode)
