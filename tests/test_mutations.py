"""The faults of the mutation check: each flip of a branch, a comparison or a boundary, as it stands in a module."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.mutants import PACKAGES, Verdict, every, report, sampled
from benchmarks.mutations import mutations

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("text", "flipped"),
    [
        ("a == b", ["a != b"]),
        ("a < b", ["a <= b", "a >= b"]),
        ("a >= b", ["a < b", "a > b"]),
        ("a is None", ["a is not None"]),
        ("a not in b", ["a in b"]),
        ("a and b", ["a or b"]),
        ("not (a)", [" (a)"]),
        ("f(a) | ~f(b)", ["f(a) & ~f(b)", "f(a) | f(b)"]),
        ("if a: b()", ["if (not (a)): b()"]),
        ("[a for a in b if a.c]", ["[a for a in b if (not (a.c))]"]),
        ("x = 3", ["x = 4"]),
        ("x = True", ["x = False"]),
        ("t.c.state.in_(b)", ["t.c.state.not_in(b)"]),
        ("min(a, b)", ["max(a, b)"]),
        ("match a:\n case A(): b()\n case _: c()", ["match a:\n case A() if False: b()\n case _: c()"]),
        ("while a():\n break", ["while (not (a())):\n break", "while a():\n continue"]),
        # Characters of more than one byte stand before what is flipped.
        ("名 = '営業' == a", ["名 = '営業' != a"]),
        # What only types or decorators say has no test to be found by.
        ("def f(a: int | None) -> int | None: ...", []),
        ("@dataclass(frozen=True)\nclass A:\n b: int | None", []),
    ],
)
def test_a_flip(text: str, flipped: list[str]) -> None:
    source = text.encode()
    assert sorted(each.applied(source).decode() for each in mutations(source)) == sorted(flipped)


def test_every_fault_in_the_packages_is_still_python() -> None:
    """A module that cannot be read would be found by any test, and prove nothing. Every twentieth is tried."""
    for mutant in list(every())[::20]:
        compile(mutant.mutation.applied((ROOT / mutant.path).read_bytes()), mutant.path, "exec")


def test_the_same_seed_draws_the_same_sample_with_each_package_s_share() -> None:
    mutants = list(every())
    drawn = sampled(mutants, 100, 1)
    assert drawn == sampled(mutants, 100, 1) != sampled(mutants, 100, 2)
    counts = [sum(mutant.package == package for mutant in drawn) for package in PACKAGES]
    assert sum(counts) in range(98, 103)
    assert counts[0] > counts[2] > counts[1]


def test_a_report_names_what_no_test_found() -> None:
    missed = Verdict("sql", "src/engage/sql/days.py", 7, "boundary", 99, "<", "<=", "if a < b:", found=False, asked=4)
    lines = list(report([missed], dict.fromkeys(PACKAGES, 10)))
    assert "| sql | 10 | 1 | 0 | 0% | 0% to 79% |" in lines
    assert lines[-2:] == ["src/engage/sql/days.py:7: boundary: '<' → '<=' (4 tests)", "    if a < b:"]
