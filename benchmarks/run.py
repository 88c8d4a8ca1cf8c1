"""Runs the benchmarks: ``python benchmarks/run.py [NAME…] [--prospects N] [--database sqlite|postgresql]``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks import mail, sizes, ticks, workload_j

NAMES = ("j", "ticks", "growth", "sizes", "commands", "mail")
#: So many mails are sent where more prospects are asked for.
MOST_MAILS = 100_000


def _line(name: str, took: float, most: float | None) -> None:
    verdict = "" if most is None else f"   at most {most:g} s: {'yes' if took <= most else 'NO'}"
    print(f"  {name:<58} {took:9.3f} s{verdict}", flush=True)


def _in_own_process(work: list[str]) -> None:
    """Run one measure in a process of its own, so that its peak memory is its own."""
    pid = os.spawnv(os.P_WAIT, sys.executable, [sys.executable, __file__, "--here", *work])
    if pid:
        sys.exit(pid)


def main() -> None:
    """Run what was asked for, each measure in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], default=[])
    parser.add_argument("--prospects", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    for name in options.names or NAMES:
        for kind in options.database or ("sqlite", "postgresql"):
            if options.here:
                _measure(name, kind, options.prospects)
            else:
                _in_own_process([name, "--prospects", str(options.prospects), "--database", kind])


def _measure(name: str, kind: str, prospects: int) -> None:
    if name == "j":
        print(workload_j.show(workload_j.measure(kind, prospects)), flush=True)
    elif name == "ticks":
        print(f"{kind}: ticks beside {prospects:,} who wait")
        for what, took, most in ticks.measure(kind, prospects):
            _line(what, took, most)
    elif name == "growth":
        for count in (10_000, 100_000):
            result = workload_j.measure(kind, count, limit=False)
            print(f"{kind}: {count:,} prospects: {result.visits / result.engine_seconds:,.0f} visits/s", flush=True)
    elif name == "mail":
        for kill in (False, True):
            for line in mail.show(kind, mail.measure(kind, min(prospects, MOST_MAILS), kill=kill)):
                print(line, flush=True)
    elif name == "sizes":
        if kind == "postgresql":
            print(f"bytes on disk for a visit, PostgreSQL: {sizes.visit_bytes():.1f}   at most 96")
        _line(f"{kind}: report card over 10,000,000 visits", sizes.card_seconds(kind), 0.2)
    elif name == "commands" and kind == "sqlite":
        for what, took, most in sizes.commands():
            _line(what, took, most)


if __name__ == "__main__":
    main()
