"""``make mutants``: put small faults into the program, one at a time, and see whether a test finds each.

A sample, drawn by a seed, of the faults that ``mutations`` knows, from the packages by their lines. Each is tried in
a copy of the source tree, by those tests on SQLite that reach its line (of a line run at import: that reach its
module, or all), the quickest first, until one fails. What no test finds is printed, for somebody to look at.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import accumulate
from math import inf, sqrt
from pathlib import Path
from time import monotonic

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.mutations import Mutation, mutations

ROOT = Path(__file__).parent.parent
PACKAGES = ("language", "plan", "sql", "stepping")
#: The tests that are asked, and those among them that take too long to be asked each time.
SUITE = (
    "tests/language", "tests/graph", "tests/sql", "tests/conformance", "tests/intake", "tests/effects",
    "tests/rehearse", "tests/reports", "tests/test_docs.py",
    # The examples in docstrings.
    "src/engage/language", "src/engage/plan", "src/engage/sql", "src/engage/stepping",
)  # fmt: skip
_LEFT_OUT = "postgresql or keep_their_meaning or keeps_its_meaning"
#: Of the tests that reach a line the quickest are asked that take so many seconds together, and ten at least.
MOST_SECONDS, FEWEST = 90.0, 10
#: A fault that makes the tests take so much longer than they took is found: something does not end.
_SLOWER, _GRACE = 5, 60


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault in one module of a package."""

    package: str
    path: str
    mutation: Mutation


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant."""

    package: str
    path: str
    line: int
    kind: str
    start: int
    before: str
    after: str
    #: the source line, as it stands
    text: str
    found: bool
    #: how many tests reach it
    asked: int


class Tree:
    """A copy of the source tree, in which faults are tried."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "tree"
        shutil.rmtree(self.root, ignore_errors=True)
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
        for name in subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines():
            target = self.root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_file():
                shutil.copyfile(ROOT / name, target)

    def pytest(self, *words: str, seconds: float | None = None, **environ: str) -> int:
        """Run tests in the tree; return the exit code, -1 where they did not end in time."""
        path = os.pathsep.join((str(self.root / "src"), str(self.root)))
        command = [sys.executable, "-m", "pytest", "-p", "benchmarks.reach", "-p", "no:cacheprovider", "-q", *words]
        environ = {**os.environ, "PYTHONPATH": path, **environ}
        with (self.folder / "pytest.log").open("w") as log:
            try:
                done = subprocess.run(
                    command, cwd=self.root, env=environ, stdout=log, stderr=log, timeout=seconds, check=False
                )
            except subprocess.TimeoutExpired:
                return -1
        return done.returncode


class Reached:
    """Which tests reach which lines, measured once."""

    def __init__(self, tree: Tree) -> None:
        from coverage import CoverageData

        if not (tree.folder / "seconds.json").exists():
            tree.pytest(*SUITE, "-k", f"not ({_LEFT_OUT})", ENGAGE_REACH_TO=str(tree.folder))
        self.seconds: dict[str, float] = json.loads((tree.folder / "seconds.json").read_text("utf-8"))
        self._data = CoverageData(str(tree.folder / "reach.sqlite"))
        self._data.read()
        self._root = tree.root
        # So that only the module with the fault is compiled each time.
        tree.pytest(*SUITE, "--collect-only")

    def tests(self, path: str, line: int) -> list[str]:
        """Return tests that reach a line, the quickest first; those of its module, or all, where none but imports do."""
        lines = self._data.contexts_by_lineno(str(self._root / path))
        found = set(lines.get(line, ())) & self.seconds.keys()
        if not found:
            found = {name for names in lines.values() for name in names} & self.seconds.keys() or set(self.seconds)
        quickest = sorted(found, key=lambda name: (self.seconds[name], name))
        spent = accumulate(self.seconds[name] for name in quickest)
        return [
            name
            for place, (name, so_far) in enumerate(zip(quickest, spent, strict=True))
            if so_far <= MOST_SECONDS or place < FEWEST
        ]


def every() -> Iterator[Mutant]:
    """Yield every mutant of the packages. Tables of the schema are declared, they decide nothing."""
    for package in PACKAGES:
        for path in sorted((ROOT / "src/engage" / package).glob("*.py")):
            for mutation in mutations(path.read_bytes()):
                yield Mutant(package, path.relative_to(ROOT).as_posix(), mutation)


def sampled(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """Return some mutants, drawn from each package by its share of the lines; the first so many are a sample, too."""
    chance = random.Random(seed)
    lines = {
        package: sum(path.read_bytes().count(b"\n") for path in (ROOT / "src/engage" / package).rglob("*.py"))
        for package in PACKAGES
    }
    drawn = []
    for package in PACKAGES:
        mine = [mutant for mutant in mutants if mutant.package == package]
        wanted = round(count * lines[package] / sum(lines.values()))
        drawn += chance.sample(mine, min(wanted, len(mine)))
    chance.shuffle(drawn)
    return drawn


def tried(tree: Tree, reached: Reached, mutant: Mutant) -> Verdict:
    """Put a fault into the tree, ask the tests, and take it out again."""
    file, each = tree.root / mutant.path, mutant.mutation
    source, written = file.read_bytes(), file.stat()
    names = reached.tests(mutant.path, each.line)
    found = False
    if names:
        only = tree.folder / "only.txt"
        only.write_text("\n".join(names), "utf-8")
        limit = _GRACE + _SLOWER * sum(reached.seconds[name] for name in names)
        files = dict.fromkeys(name.partition("::")[0] for name in names)
        try:
            file.write_bytes(each.applied(source))
            code = tree.pytest("-x", *files, seconds=limit, ENGAGE_REACH_ONLY=str(only), PYTHONDONTWRITEBYTECODE="1")
        finally:
            file.write_bytes(source)
            os.utime(file, ns=(written.st_atime_ns, written.st_mtime_ns))
        if code == 5:
            raise RuntimeError(f"no test was run for {mutant}; see {tree.folder / 'pytest.log'}")
        found = code != 0
    before = source[each.start : each.end].decode()
    text = source.decode().splitlines()[each.line - 1].strip()
    return Verdict(
        mutant.package, mutant.path, each.line, each.kind, each.start, before, each.text, text, found, len(names)
    )


def interval(found: int, count: int) -> tuple[float, float]:
    """Return Wilson's interval, at 95 %, of a share that a sample shows.

    >>> [round(bound, 3) for bound in interval(90, 100)]
    [0.826, 0.945]
    """
    z, share = 1.96, found / count
    middle, width = share + z * z / (2 * count), z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return (middle - width) / (1 + z * z / count), (middle + width) / (1 + z * z / count)


def report(verdicts: list[Verdict], all_of: Mapping[str, int]) -> Iterator[str]:
    """Yield the table of scores, and what no test found."""
    yield "| package | mutants | tried | found | score | 95 % |\n|---|---|---|---|---|---|"
    for package in (*PACKAGES, "all"):
        mine = [each for each in verdicts if package in (each.package, "all")]
        if mine:
            found = sum(each.found for each in mine)
            low, high = interval(found, len(mine))
            total = sum(all_of.values()) if package == "all" else all_of[package]
            share = f"{found / len(mine):.0%} | {low:.0%} to {high:.0%}"
            yield f"| {package} | {total:,} | {len(mine)} | {found} | {share} |"
    for each in verdicts:
        if not each.found:
            yield f"{each.path}:{each.line}: {each.kind}: {each.before!r} → {each.after!r} ({each.asked} tests)"
            yield f"    {each.text}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--sample", type=int, default=180, help="how many mutants (180)")
    options.add_argument("--seed", type=int, default=1, help="another seed draws others (1)")
    options.add_argument("--minutes", type=float, default=inf, help="begin none after so many minutes")
    options.add_argument("--folder", type=Path, default=ROOT / ".mutants", help="where the copy and the verdicts are")
    given = options.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    tree = Tree(given.folder.resolve())
    mutants = list(every())
    drawn = sampled(mutants, given.sample, given.seed)
    reached, verdicts = Reached(tree), []
    with (given.folder / "verdicts.jsonl").open("w") as log:
        last = monotonic() + 60 * given.minutes
        for place, mutant in enumerate(drawn, 1):
            if monotonic() > last:
                break
            verdict = tried(tree, reached, mutant)
            verdicts.append(verdict)
            log.write(json.dumps(asdict(verdict), ensure_ascii=False) + "\n")
            log.flush()
            told = "found" if verdict.found else "MISSED"
            print(f"{place}/{len(drawn)} {told} {verdict.path}:{verdict.line}", flush=True)
    print("\n".join(report(verdicts, Counter(mutant.package for mutant in mutants))))


if __name__ == "__main__":
    main()
