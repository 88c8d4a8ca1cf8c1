"""JSON Schemas of the files, for editors and ``check-jsonschema``, made from the models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from engage.language.scenario import Scenario
from engage.language.steps import STEPS
from engage.language.workspace import FILES, FrontMatter

#: What pydantic writes as it is because a validator stands before the type, and JSON Schema's own word.
_WORDS = {"ge": "minimum", "le": "maximum"}

#: Every kind of file and its model.
KINDS: Mapping[str, type[BaseModel]] = {
    "scenario": Scenario,
    **{name.removesuffix(".yaml"): model for name, model in FILES.items()},
    "front-matter": FrontMatter,
}


def json_schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a kind of file, one of ``KINDS``."""
    schema = cleaned(KINDS[kind])
    definitions = schema.get("$defs", {})
    if kind == "scenario":
        definitions["Step"] = _any_step(definitions)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"engage {kind}"}
    return {**head, **schema}


def cleaned(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's schema as the files are written; ``Step`` is referred to and not yet defined."""
    schema: dict[str, Any] = _clean(model.model_json_schema())
    return schema


def _clean(node: Any) -> Any:
    """Return a schema in the words of JSON Schema, without what the files do not write."""
    if isinstance(node, list):
        return [_clean(part) for part in node]
    if not isinstance(node, dict):
        return node
    if _is_steps(node):
        return {"$ref": "#/$defs/Step"}
    if "anyOf" in node and {"type": "null"} in node["anyOf"] and "default" in node:
        return _clean(_written(node))
    kept = {_WORDS.get(key, key): value for key, value in node.items() if not _is_title(key, value)}
    choices = kept.get("anyOf", ())
    if choices and all(choice.keys() == {"type"} for choice in choices):
        del kept["anyOf"]
        kept = {"type": [choice["type"] for choice in choices], **kept}
    if "oneOf" in kept:
        # Which of a union is meant is told by its words; another may allow them too, as fields of the user's own.
        kept["anyOf"] = kept.pop("oneOf")
    if kept.get("type") == "array" and "minLength" in kept:
        kept["minItems"] = kept.pop("minLength")
    return {key: _clean(value) for key, value in kept.items()}


def _is_title(key: str, value: object) -> bool:
    """Tell a title, which says no more than the key, from a property of that name."""
    return key == "title" and isinstance(value, str)


def _written(node: dict[str, Any]) -> dict[str, Any]:
    """Return an optional value's schema: what is not wanted is left out of the file, not written as null."""
    choices = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
    rest = {key: value for key, value in node.items() if key not in ("anyOf", "default")}
    return {**choices[0], **rest} if len(choices) == 1 else {"anyOf": choices, **rest}


def _is_steps(node: dict[str, Any]) -> bool:
    """Tell whether a schema is the union of all steps."""
    choices = node.get("oneOf", ())
    return len(choices) == len(STEPS) and all("$ref" in choice for choice in choices)


def _any_step(definitions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a step: its step key decides, so that only that step's mistakes are shown."""
    chosen = [
        {"if": {"required": [key]}, "then": {"$ref": f"#/$defs/{model.__name__}"}} for key, model in STEPS.items()
    ]
    models = {key: definitions[model.__name__] for key, model in STEPS.items()}
    keys = dict.fromkeys(key for model in models.values() for key in model["properties"])
    return {
        "type": "object",
        "description": "A step: a mapping with exactly one step key.",
        "properties": {
            key: {"description": definitions[model.__name__]["description"]} for key, model in STEPS.items()
        },
        "propertyNames": {"enum": list(keys)},
        "anyOf": [{"required": [key]} for key in STEPS],
        "allOf": chosen,
    }
