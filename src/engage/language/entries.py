"""The keys of a model, inner ones included, each with what it takes, its default and its meaning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from engage.language.fields import GRADES
from engage.language.schema import cleaned

#: Schemas that are told of in a section of their own.
_OWN_SECTION = {
    "Criteria": "a condition", "Step": "a step", "Comparison": "operators", "Numbers": "operators",
    "GradeTest": "operators",
}  # fmt: skip
_SEVERAL = {
    "a condition": "conditions",
    "a mapping": "mappings",
    "text": "texts",
    "a step": "steps",
    "a value": "values",
}
_TYPES = {
    "string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
    "object": "a mapping", "null": "null",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One key: ``hours.days``, ``users.NAME.email``, ``rules[].points``."""

    key: str
    type: str
    default: str
    meaning: str


def entries(model: type[BaseModel], first: str | None = None) -> tuple[Entry, ...]:
    """Return the keys of a model in the order of its source; ``first`` stands before all others."""
    schema = cleaned(model)
    found = tuple(_inside(schema, "", schema.get("$defs", {})))
    return tuple(sorted(found, key=lambda entry: entry.key.split(".")[0].split("[")[0] != first))


def _inside(node: Mapping[str, Any], prefix: str, definitions: Mapping[str, Any]) -> Iterator[Entry]:
    """Yield the keys below a schema."""
    node = _opened(node, definitions)
    required = node.get("required", ())
    for key, value in node.get("properties", {}).items():
        yield from _entry(f"{prefix}{key}", value, key in required, definitions)
    inner = node.get("additionalProperties")
    if isinstance(inner, dict) and _name(inner) not in _OWN_SECTION and node.get("title") not in _OWN_SECTION:
        yield from _inner(inner, f"{prefix}NAME", definitions)
    for choice in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        if _name(choice) not in _OWN_SECTION:
            yield from _inside(choice, prefix, definitions)


def _entry(key: str, node: Mapping[str, Any], required: bool, definitions: Mapping[str, Any]) -> Iterator[Entry]:
    default = "required" if required else _default(node.get("default"))
    meaning = " ".join(filter(None, (str(node.get("description", "")).replace("|", "\\|"), _bounds(node))))
    yield Entry(key, kind(node, definitions), default, meaning)
    yield from _inner(node, key, definitions)


def _inner(node: Mapping[str, Any], key: str, definitions: Mapping[str, Any]) -> Iterator[Entry]:
    """Yield the keys inside a key's value."""
    if _name(node) in _OWN_SECTION:
        return
    opened = _opened(node, definitions)
    yield from _inside(node, f"{key}.", definitions)
    for part in (opened, *opened.get("anyOf", ()), *opened.get("oneOf", ())):
        if "items" in part and _name(part["items"]) not in _OWN_SECTION and part is opened:
            yield from _inner(part["items"], f"{key}[]", definitions)


def kind(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    """Return in words what a schema takes."""
    if _name(node) in _OWN_SECTION:
        return _OWN_SECTION[_name(node)]
    if "3 days" in node.get("examples", ()):
        return "a duration"
    if "2026-12-01" in node.get("examples", ()):
        return "a day"
    if "2/3" in node.get("examples", ()):
        return "thirds (`2/3`)"
    if node.get("pattern", "").startswith("^[+-]"):
        return "a whole number"
    choices = (*node.get("anyOf", ()), *node.get("oneOf", ()))
    if choices:
        return _or(dict.fromkeys(kind(choice, definitions) for choice in choices))
    if "const" in node:
        return f"`{_said(node['const'])}`"
    if node.get("enum") == list(GRADES):
        return "a grade"
    if "enum" in node:
        return ", ".join(f"`{word}`" for word in node["enum"])
    opened = _opened(node, definitions)
    if opened.get("type") == "array":
        return _list(kind(opened.get("items", {}), definitions))
    types = opened.get("type", "object")
    names = [types] if isinstance(types, str) else types
    return _or(dict.fromkeys(_TYPES[name] for name in names))


def _bounds(node: Mapping[str, Any]) -> str:
    """Return between which numbers a value must lie: ``(1 to 366)``; nothing where any will do."""
    if "2/3" in node.get("examples", ()):
        return ""  # its bounds count thirds
    for part in (node, *node.get("anyOf", ())):
        low, high = part.get("minimum"), part.get("maximum")
        if low is not None and high is not None:
            return f"({low:,} to {high:,})"
        if low is not None or high is not None:
            return f"(at least {low:,})" if high is None else f"(at most {high:,})"
    return ""


def _or(kinds: Iterable[str]) -> str:
    """Join what a key takes; a text may be written as a number, a number as a whole one, one as a list of one."""
    names = list(kinds)
    if "text" in names or "a number" in names:
        names = [name for name in names if name != "a whole number"]
    if names == ["text", "a number", "true or false"]:
        return "a value"
    lists = [_list(name) for name in names]
    several = any(name in names for name in lists)
    names = [name for name in names if name not in lists]
    return " or ".join([*names, "a list of them"] if several else names)


def _list(name: str) -> str:
    one = name.partition(" or a list of them")[0]
    return f"a list of {_SEVERAL.get(one, one.removeprefix('a '))}"


def _default(value: object) -> str:
    if value in (None, {}, []) or isinstance(value, dict):
        return ""
    return ", ".join(f"`{part}`" for part in value) if isinstance(value, list) else f"`{_said(value)}`"


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _name(node: Mapping[str, Any]) -> str:
    return str(node.get("$ref", "")).rsplit("/", 1)[-1]


def _opened(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    return definitions[_name(node)] if "$ref" in node and _name(node) in definitions else node
