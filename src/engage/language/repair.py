"""What is left of a file with mistakes, so that one mistake hides no other.

A step that does not parse is replaced by a plain one of the same id, with the steps that lie below it; an entry of
another list by a plain one, so that those after it keep their places; any other value that does not parse is left out.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from engage.language.naming import BLOCKS, Named, name_steps
from engage.language.reading import document_path, value_at
from engage.language.source import Path, Source
from engage.problem import Problem

M = TypeVar("M", bound=BaseModel)

#: What stands in for a key that a file must have and that is missing or does not parse.
STAND_INS: Mapping[str, object] = {
    "name": "?",
    "audience": {"where": {"mailable": True}},
    "steps": [{"add_tag": "x"}],
    "profiles": {},
}
_ALWAYS: Mapping[str, object] = {"mailable": True}
_GRADED: Mapping[str, object] = {"name": "?", "match": _ALWAYS, "worth": 0}
#: What stands in for an entry of a list that lacks a key or does not parse, by the list's key.
ENTRIES: Mapping[str, Mapping[str, object]] = {
    **dict.fromkeys(("where", "goal", "exit", "any", "all", "not", "match", "when"), _ALWAYS),
    "on": {"x_unread": "any"},
    "rules": {"activity": "page_viewed", "points": 0},
    "assign": {"profile": "default", "when": _ALWAYS},
    "tests": {"expect": {}},
    "events": {"at": "0 days", "opt_out": True},
    "emails": {},
    "todos": {},
}


def repaired(model: type[M], source: Source, problems: Iterable[Problem]) -> tuple[M, tuple[Path, ...]] | None:
    """Return the model of what does parse and the paths of the steps replaced; None if nothing is left."""
    if not isinstance(source.value, dict) or not tuple(problems):
        return None
    data: Any = copy.deepcopy(source.value)
    needed = {
        key: STAND_INS[key] for key, field in model.model_fields.items() if field.is_required() and key in STAND_INS
    }
    named = {step.path: step for step in name_steps(data.get("steps"))}
    broken: dict[Path, None] = {}
    for _ in range(50):
        try:
            return model.model_validate(data), tuple(broken)
        except ValidationError as error:
            paths = {document_path(detail["loc"], source) for detail in error.errors(include_url=False)}
            mended: set[Path] = set()
            changed = [_mend(data, path, named, broken, mended) for path in sorted(paths, key=len, reverse=True)]
            missing = needed.keys() - data.keys()
            data |= {key: copy.deepcopy(needed[key]) for key in missing}
            broken |= {("steps", 0): None} if "steps" in missing else {}
            if not missing and not any(changed):
                return None
    return None


def _mend(data: Any, path: Path, named: dict[Path, Named], broken: dict[Path, None], mended: set[Path]) -> bool:
    """Replace the step around a path, or take the value at the path out; tell whether anything changed.

    ``mended`` is what was replaced or taken out in this round: with all its mistakes.
    """
    if any(path[:length] in mended for length in range(1, len(path) + 1)):
        return True
    for length in range(len(path), 0, -1):
        if path[:length] in named and path[:length] not in broken:
            mended.add(path[:length])
            return _replace_step(data, path[:length], named[path[:length]], broken)
    if path and path[0] == "steps":
        return _plain_step(data, path, broken, mended)
    return _take_out(data, path, mended)


def _replace_step(data: Any, path: Path, step: Named, broken: dict[Path, None]) -> bool:
    parent = value_at(data, path[:-1])
    raw = value_at(data, path)
    if not isinstance(parent, list) or not isinstance(raw, dict):
        return False
    plain = _with_blocks(raw, step) or _same_kind(step)
    parent[int(path[-1])] = {**plain, "id": step.id}
    broken[path] = None
    return True


def _with_blocks(raw: dict[str, Any], step: Named) -> dict[str, object] | None:
    """Return a plain step that has the steps below a broken one at the same places; None where it has none."""
    blocks = {block: raw[block] for block in BLOCKS if isinstance(raw.get(block), list) and raw[block]}
    always = {"mailable": True}
    match step.key, step.value:
        case "switch", list() as cases:
            plain = [{"case": always, "steps": _steps_of(case)} for case in cases]
            return {"switch": plain or [{"case": always}], "else": blocks.get("else", [])}
        case "split", dict() as arms if arms:
            names = list(arms)
            return {"split": {n: {"share": 100 * (n == names[0]), "steps": _steps_of(arms[n])} for n in names}}
        case "repeat", dict() as loop if _steps_of(loop):
            return {"repeat": {"times": 1, "steps": _steps_of(loop)}}
    if "else" in blocks:
        return None
    return {"rule": always, **blocks} if blocks else None


def _steps_of(word: object) -> list[object]:
    steps = word.get("steps") if isinstance(word, dict) else None
    return steps if isinstance(steps, list) else []


def _same_kind(step: Named) -> dict[str, object]:
    """Keep an e-mail an e-mail, so that triggers on it still find it."""
    template = step.value.get("template") if isinstance(step.value, dict) else step.value
    if step.key == "send_email" and isinstance(template, str):
        return {"send_email": template}
    return {"add_tag": "x"}


def _plain_step(data: Any, path: Path, broken: dict[Path, None], mended: set[Path]) -> bool:
    """Put a plain step where something is no step at all."""
    for length in range(len(path), 1, -1):
        parent = value_at(data, path[: length - 1])
        place = path[length - 1]
        if isinstance(parent, list) and isinstance(place, int) and path[:length] not in broken:
            parent[place] = {"add_tag": "x"}
            broken[path[:length]] = None
            mended.add(path[:length])
            return True
    return _take_out(data, path, mended)


def _take_out(data: Any, path: Path, mended: set[Path]) -> bool:
    """Take the value at a path out of its mapping, or mend the nearest entry around it."""
    for length in range(len(path), 0, -1):
        parent, place = value_at(data, path[: length - 1]), path[length - 1]
        if isinstance(parent, dict) and place in parent:
            del parent[place]
        elif not isinstance(parent, list) or not _replace_entry(path[:length], parent):
            continue
        mended.add(path[:length])
        return True
    return False


def _replace_entry(path: Path, parent: list[Any]) -> bool:
    """Give an entry of a list the keys that it lacks, or put a plain one there; tell whether anything changed."""
    place, key = int(path[-1]), str(path[-2]) if len(path) > 1 else ""
    plain = _GRADED if path[:1] == ("profiles",) and len(path) == 3 else ENTRIES.get(key)
    if plain is None or place >= len(parent):
        return False
    # No two tests may bear one name.
    whole = copy.deepcopy(dict(plain)) | ({"name": f"? {place}"} if key == "tests" else {})
    old = parent[place]
    parent[place] = {**whole, **old} if isinstance(old, dict) and not whole.keys() <= old.keys() else whole
    return bool(parent[place] != old)
