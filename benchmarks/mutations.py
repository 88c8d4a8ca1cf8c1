"""The small faults that a mutation check puts into a module: one branch, comparison or boundary flipped at a time.

Written on Python's own syntax tree, for the libraries of the field cannot read ``match`` statements, in which the
closed words of the language are told apart.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

#: What each operator of a comparison becomes: its contrary, and its neighbour at the boundary.
_COMPARED: dict[type[ast.cmpop], tuple[str, tuple[tuple[str, str], ...]]] = {
    ast.Eq: ("==", (("comparison", "!="),)),
    ast.NotEq: ("!=", (("comparison", "=="),)),
    ast.Lt: ("<", (("comparison", ">="), ("boundary", "<="))),
    ast.LtE: ("<=", (("comparison", ">"), ("boundary", "<"))),
    ast.Gt: (">", (("comparison", "<="), ("boundary", ">="))),
    ast.GtE: (">=", (("comparison", "<"), ("boundary", ">"))),
    ast.Is: ("is", (("comparison", "is not"),)),
    ast.IsNot: ("is not", (("comparison", "is"),)),
    ast.In: ("in", (("comparison", "not in"),)),
    ast.NotIn: ("not in", (("comparison", "in"),)),
}
#: Words of SQLAlchemy that compare or join conditions, and their contraries.
_SQL = {"is_": "is_not", "is_not": "is_", "in_": "not_in", "not_in": "in_", "and_": "or_", "or_": "and_"}
_EXTREMES = {"min": "max", "max": "min"}


@dataclass(frozen=True, slots=True)
class Mutation:
    """One piece of a module's bytes, and what stands there instead."""

    kind: str
    line: int
    start: int
    end: int
    text: str

    def applied(self, source: bytes) -> bytes:
        """Return the module with the fault in it."""
        return source[: self.start] + self.text.encode() + source[self.end :]


def mutations(source: bytes) -> list[Mutation]:
    """Return every fault that can be put into a module, in the order of its lines.

    >>> [(each.kind, each.applied(b"if a < 2: b()").decode()) for each in mutations(b"if a < 2: b()")]
    [('comparison', 'if a >= 2: b()'), ('boundary', 'if a <= 2: b()'), ('boundary', 'if a < 3: b()')]
    """
    finder = _Finder(source)
    finder.visit(ast.parse(source))
    return sorted(finder.found, key=lambda each: (each.start, each.end, each.text))


class _Finder(ast.NodeVisitor):
    """Goes through a module; annotations, decorators and docstrings are not looked at."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.found: list[Mutation] = []
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def _start(self, node: ast.expr | ast.stmt | ast.pattern) -> int:
        return self._lines[node.lineno - 1] + node.col_offset

    def _end(self, node: ast.expr | ast.stmt | ast.pattern) -> int:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._lines[node.end_lineno - 1] + node.end_col_offset

    def _add(self, kind: str, start: int, end: int, text: str) -> None:
        line = self.source.count(b"\n", 0, start) + 1
        self.found.append(Mutation(kind, line, start, end, text))

    def _between(self, left: ast.expr, right: ast.expr, word: str) -> tuple[int, int]:
        """Return where an operator stands between its operands."""
        start = self._end(left)
        found = re.search(re.escape(word).replace(r"\ ", r"\s+"), self.source[start : self._start(right)].decode())
        assert found is not None
        return start + found.start(), start + found.end()

    def _visit_all(self, nodes: Iterator[ast.AST] | list[ast.expr] | list[ast.stmt]) -> None:
        for node in nodes:
            self.visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._visit_all([default for default in (*node.args.defaults, *node.args.kw_defaults) if default is not None])
        self._visit_all(node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._visit_all(node.body)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for place, operator in enumerate(node.ops):
            word, contraries = _COMPARED[type(operator)]
            where = self._between(operands[place], operands[place + 1], word)
            for kind, text in contraries:
                self._add(kind, *where, text)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        word, text = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self._add("and/or", *self._between(left, right, word), text)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.BitAnd | ast.BitOr):
            word, text = ("&", "|") if isinstance(node.op, ast.BitAnd) else ("|", "&")
            self._add("and/or", *self._between(node.left, node.right, word), text)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not | ast.Invert):
            start = self._start(node)
            self._add("not", start, start + (3 if isinstance(node.op, ast.Not) else 1), "")
        self.generic_visit(node)

    def _branch(self, test: ast.expr) -> None:
        """Flip a condition, unless flipping what it is made of does the same."""
        negated = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        typing = isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"
        if not (negated or typing or (isinstance(test, ast.Compare) and len(test.ops) == 1)):
            start, end = self._start(test), self._end(test)
            self._add("branch", start, end, f"(not ({self.source[start:end].decode()}))")

    def visit_If(self, node: ast.If) -> None:
        self._branch(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self._branch(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._branch(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._branch(test)
        self.generic_visit(node)

    def visit_match_case(self, node: ast.match_case) -> None:
        """Let a case never be taken; the last catches what no other took, so it stays."""
        if node.guard is not None:
            self._branch(node.guard)
            self._add("branch", self._start(node.guard), self._end(node.guard), "False")
        elif not (isinstance(node.pattern, ast.MatchAs) and node.pattern.pattern is None):
            self._add("branch", self._end(node.pattern), self._end(node.pattern), " if False")
        if node.guard is not None:
            self.visit(node.guard)
        self._visit_all(node.body)

    def visit_Call(self, node: ast.Call) -> None:
        """Flip what a call compares, joins or chooses by. A column of a temporary table is declared, it decides nothing."""
        name = node.func
        if isinstance(name, ast.Name) and name.id == "Column":
            return
        if isinstance(name, ast.Attribute) and name.attr in _SQL:
            self._add("comparison", self._end(name) - len(name.attr), self._end(name), _SQL[name.attr])
        elif isinstance(name, ast.Name) and name.id in ("and_", "or_"):
            self._add("and/or", self._start(name), self._end(name), f"__import__('sqlalchemy').{_SQL[name.id]}")
        elif isinstance(name, ast.Name) and name.id in _EXTREMES:
            self._add("boundary", self._start(name), self._end(name), _EXTREMES[name.id])
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        match node.value:
            case bool():
                self._add("branch", self._start(node), self._end(node), str(not node.value))
            case int():
                self._add("boundary", self._start(node), self._end(node), str(node.value + 1))

    def visit_Break(self, node: ast.Break) -> None:
        self._add("branch", self._start(node), self._end(node), "continue")

    def visit_Continue(self, node: ast.Continue) -> None:
        self._add("branch", self._start(node), self._end(node), "break")
