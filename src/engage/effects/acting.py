"""Running one action of the user's own: a child process, an end to its time, and an answer that is checked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

#: How long an action may take, in seconds.
LIMIT = 10.0
#: An answer's file is not read beyond this.
_MOST_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an action."""

    done: bool
    #: what it said, or why it failed
    note: str | None = None


def act(name: str, call: Mapping[str, object], limit: float = LIMIT) -> Answer:
    """Run an action and return what became of it; whatever it does, this comes back in about the limit."""
    with TemporaryDirectory(prefix="engage-action-", ignore_cleanup_errors=True) as folder:
        answer = Path(folder) / "answer.json"
        # The child sees the packages that this process sees; its group ends with it, and all that it began.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "engage.effects.child", str(answer)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        try:
            with suppress(BrokenPipeError):
                _tell(child, {**call, "name": name})
            child.wait(limit)
        except subprocess.TimeoutExpired:
            return Answer(False, f"it took longer than {limit:g} seconds")
        finally:
            _end(child)
        return _read(answer, child.returncode)


def _tell(child: subprocess.Popen[bytes], call: Mapping[str, object]) -> None:
    assert child.stdin is not None
    with child.stdin as pipe:
        pipe.write(json.dumps(call, ensure_ascii=False, default=str).encode())


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a child and all that it began."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _read(answer: Path, code: int) -> Answer:
    """Return a child's answer; one that ended without any has failed."""
    try:
        with answer.open("rb") as file:
            said = json.loads(file.read(_MOST_BYTES))
        return Answer(said["done"] is True, said["note"])
    except (OSError, ValueError, LookupError, TypeError):
        return Answer(False, f"it ended without an answer (exit code {code})")
