"""A source and a model: the model's value, or every mistake at its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engage.language.source import Path, Source
from engage.language.steps import STEPS
from engage.problem import Problem, nearest, unknown
from engage.wording import Sentence, said, sentence

M = TypeVar("M", bound=BaseModel)

#: What is said for pydantic's own kinds of mistakes; the names in braces come from its context.
SENTENCES: Mapping[str, str] = {
    "missing": "{field} is missing",
    "string_type": "this must be text",
    "int_type": "this must be a whole number",
    "int_from_float": "this must be a whole number",
    "float_type": "this must be a number",
    "bool_type": "this must be true or false",
    "tuple_type": "this must be a list: each entry begins with -",
    "dict_type": "this must be a mapping: key: value",
    "model_type": "this must be a mapping: key: value",
    "model_attributes_type": "this must be a mapping: key: value",
    "too_short": "this must not be empty",
    "too_long": "this is too long: one entry only",
    "string_too_long": "this text is too long; at most {max_length} characters",
    "greater_than_equal": "this must be at least {ge}",
    "less_than_equal": "this must be at most {le}",
    "literal_error": "this must be one of: {expected}",
    "frozen_set_type": "this must be a list: each entry begins with -",
}


def parse(model: type[M], source: Source) -> tuple[M | None, tuple[Problem, ...]]:
    """Return the model's value of a source, or None and every mistake."""
    if not isinstance(source.value, dict):
        where = source.place(())
        return None, (Problem(where, sentence("this file must be a mapping: key: value")),)
    try:
        return model.model_validate(source.value), ()
    except ValidationError as error:
        found = _problems(error, model, source)
        return None, tuple(found)


def _problems(error: ValidationError, model: type[BaseModel], source: Source) -> Iterator[Problem]:
    """Yield one problem for each place: alternatives that failed at one place are one mistake."""
    by_path: dict[tuple[Path, bool], list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        path = document_path(detail["loc"], source)
        by_path.setdefault((path, detail["type"] == "extra_forbidden"), []).append(detail)
    for (path, of_key), details in by_path.items():
        kinds = {detail["type"] for detail in details}
        place = source.place(path, key=of_key)
        if len(kinds) > 1 and kinds <= {"string_type", "int_type", "float_type", "bool_type"}:
            yield Problem(place, _expected(kinds))
        else:
            yield from (Problem(place, _sentence(detail, model, source, path)) for detail in details[:1])


def _expected(kinds: set[str]) -> Sentence:
    if "string_type" in kinds:
        return sentence("this must be a text, a number, or true or false")
    return sentence("this must be a number")


def document_path(location: tuple[int | str, ...], source: Source) -> Path:
    """Return the part of pydantic's location that stands in the document: union tags are skipped."""
    path: Path = ()
    for place, part in enumerate(location):
        if source.has((*path, part)) and not _is_tag(location, place):
            path = (*path, part)
    return path


def _is_tag(location: tuple[int | str, ...], place: int) -> bool:
    """Tell whether a part is the tag of a step, ``steps 0 wait wait``, which is also a key of that step."""
    block, number = location[place - 2 : place] if place >= 2 else ("", "")
    return isinstance(number, int) and block in ("steps", "yes", "no", "else") and location[place] in STEPS


def _sentence(detail: ErrorDetails, model: type[BaseModel], source: Source, path: Path) -> Sentence:
    kind, context = detail["type"], dict(detail.get("ctx") or {})
    if kind == "extra_forbidden":
        key = str(detail["loc"][-1])
        return unknown("key", key, [each for each in _siblings(model, detail["loc"]) if each != key])
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        return _no_step(source, path) if kind == "union_tag_not_found" else _no_shape(context)
    if kind == "value_error":
        return said(context.get("error", detail["msg"]))
    if kind == "missing":
        return sentence(SENTENCES[kind], field=detail["loc"][-1])
    if kind == "literal_error":
        return _none_of(detail)
    if kind in SENTENCES:
        return sentence(SENTENCES[kind], **context)
    return sentence(_custom(detail), **context) if context else sentence(detail["msg"])


def _custom(detail: ErrorDetails) -> str:
    """Return the text of our own mistakes with its places, so that it can be translated."""
    text = detail["msg"]
    for name, value in (detail.get("ctx") or {}).items():
        text = text.replace(str(value), "{" + name + "}")
    return text


def _none_of(detail: ErrorDetails) -> Sentence:
    expected = str((detail.get("ctx") or {}).get("expected", ""))
    words = [word for word in expected.replace(" or ", ", ").replace("'", "").split(", ") if word]
    words = [{"True": "true", "False": "false"}.get(word, word) for word in words]
    near = nearest(str(detail["input"]), words)
    if near is not None:
        return sentence("{word} is not known here; did you mean {near}?", word=repr(detail["input"]), near=near)
    return sentence(SENTENCES["literal_error"], expected=", ".join(words))


#: What is said of each shape that a value can have.
_SHAPES: Mapping[str, str] = {
    "mapping": SENTENCES["dict_type"],
    "list": SENTENCES["tuple_type"],
    "mapping, list": "this must be a mapping: key: value; or a list of them",
    "value, mapping": "this must be one value, or a mapping: key: value",
    "value, moment, day": "this must be one value, or a mapping: key: value",
    "value, list": "this must be one value, or a list",
}


def _no_shape(context: Mapping[str, Any]) -> Sentence:
    """Say which shapes a value may have."""
    shapes = str(context.get("expected_tags", "")).replace("'", "")
    return sentence(_SHAPES.get(shapes, "this must be one value, a list, or a mapping: key: value"))


def _no_step(source: Source, path: Path) -> Sentence:
    """Say what is wrong with a mapping that is no step, or with a value of no known shape."""
    value = value_at(source.value, path)
    if not isinstance(value, dict):
        return sentence("this must be a step: a mapping with one step key, for example wait: 3 days")
    found = [key for key in value if key in STEPS]
    if len(found) > 1:
        return sentence("a step has exactly one step key; this has {keys}", keys=", ".join(found))
    for key in value:
        if (near := nearest(str(key), STEPS)) is not None:
            return sentence("no step is called {key}; did you mean {near}?", key=repr(key), near=near)
    return sentence("this is no step: it needs one of {keys}", keys=", ".join(STEPS))


def value_at(value: object, path: Path) -> object:
    """Return the value at a path of a document, or None."""
    for part in path:
        try:
            value = value[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _siblings(model: type[BaseModel], location: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the keys that may stand where an unknown one was found."""
    schema = _schema(model)
    definitions = schema.get("$defs", {})
    nodes = [schema]
    for part in location[:-1]:
        nodes = [inner for node in nodes for inner in _step_into(node, part, definitions)] or nodes
    return tuple(dict.fromkeys(key for node in nodes for key in _keys(node, definitions)))


def _keys(node: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    """Yield the keys of a mapping's schema, or of the mapping among several shapes."""
    node = _open(node, definitions)
    yield from node.get("properties", {})
    for choice in (*node.get("anyOf", ()), *node.get("oneOf", ())):
        yield from _keys(choice, definitions)


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    """Return a model's JSON Schema; made only when a key is unknown, then kept."""
    return model.model_json_schema()


def _open(node: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    return definitions[node["$ref"].rsplit("/", 1)[-1]] if "$ref" in node else node


def _step_into(node: dict[str, Any], part: int | str, definitions: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the schemas that lie under a schema by one part of pydantic's location."""
    node = _open(node, definitions)
    choices = [choice for key in ("anyOf", "oneOf", "allOf") for choice in node.get(key, ())]
    if isinstance(part, int):
        found = [node["items"]] if "items" in node else []
    elif part in node.get("properties", {}):
        found = [node["properties"][part]]
    elif part in STEPS and choices:
        return [choice for choice in choices if part in _open(choice, definitions).get("properties", {})]
    else:
        found = [node["additionalProperties"]] if isinstance(node.get("additionalProperties"), dict) else []
    return found + [inner for choice in choices for inner in _step_into(choice, part, definitions)]
