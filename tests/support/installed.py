"""A package with actions, installed for one test: a folder on the path with a module and its entry points."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent


@contextmanager
def installed(folder: Path, actions: Mapping[str, str], module: str) -> Iterator[None]:
    """Install a module ``test_actions``; ``actions`` are its functions by their entry points' names."""
    (folder / "test_actions.py").write_text(dedent(module), "utf-8")
    about = folder / "test_actions-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: test-actions\nVersion: 1.0\n", "utf-8")
    lines = [f"{name} = test_actions:{function}" for name, function in actions.items()]
    (about / "entry_points.txt").write_text("\n".join(["[engage.actions]", *lines, ""]), "utf-8")
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
