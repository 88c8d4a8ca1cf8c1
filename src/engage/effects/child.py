"""What runs in the child process: one action of the user's own. It reads a call and writes its answer to a file.

Nothing that the action does reaches the parent but the answer: it may print, exit, or change whatever it likes.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import entry_points
from pathlib import Path

from engage.language.plugins import GROUP

#: An answer longer than this is cut.
LONGEST = 500


def main(answer: Path) -> None:
    """Run the action that is named on standard input."""
    call = json.load(sys.stdin)
    try:
        said: dict[str, object] = {"done": True, "note": _said(_run(call.pop("name"), call))}
    except BaseException as error:  # what the user's code raises is its answer, an exit too
        said = {"done": False, "note": _fault(error)}
    part = answer.with_suffix(".part")
    part.write_text(json.dumps(said), "utf-8")
    part.replace(answer)


def _run(name: str, call: dict[str, object]) -> object:
    found = tuple(entry_points(group=GROUP, name=name))
    if not found:
        raise LookupError(f"no action {name} is installed")
    return found[0].load()(call)


def _said(value: object) -> str | None:
    """Return what an action answered: a text, or nothing; all else is nonsense."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"it answered {type(value).__name__}, and not a text or nothing")
    return value[:LONGEST] if value else None


def _fault(error: BaseException) -> str:
    """Return what an action raised, in one line."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}"[:LONGEST] if lines else type(error).__name__


if __name__ == "__main__":
    main(Path(sys.argv[1]))
