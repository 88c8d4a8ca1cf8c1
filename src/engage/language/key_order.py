"""The order in which the documentation names the keys of each mapping, read from the schema of a kind of file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engage.language.schema import json_schema

#: A part of a JSON Schema.
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ordered:
    """A place in a kind of file: what may stand there, as schemas."""

    definitions: Schema
    choices: tuple[Schema, ...]

    def order(self, keys: Sequence[str]) -> tuple[str, ...]:
        """Return the keys of a mapping in the order of the documentation; as they are where it has none."""
        known = self._of(keys)
        if known is None:
            return tuple(keys)
        return tuple(sorted(keys, key=list(known["properties"]).index))

    def under(self, key: str, keys: Sequence[str]) -> Ordered:
        """Return what may stand under a key of a mapping that has these keys."""
        known = self._of(keys)
        if known is not None:
            return self._at([known["properties"][key]])
        found = [
            choice.get("properties", {}).get(key, choice.get("additionalProperties")) for choice in self._all(keys)
        ]
        return self._at(part for part in found if isinstance(part, dict))

    @property
    def items(self) -> Ordered:
        """Return what may stand in a list."""
        return self._at(choice["items"] for choice in self._all(()) if isinstance(choice.get("items"), dict))

    def _at(self, schemas: Iterable[Schema]) -> Ordered:
        return Ordered(self.definitions, tuple(schemas))

    def _of(self, keys: Sequence[str]) -> Schema | None:
        """Return the only schema of closed mappings that knows all of the keys, or the first of several alike."""
        for choice in self._all(keys):
            if choice.get("additionalProperties") is False and set(keys) <= set(choice.get("properties", ())):
                return choice
        return None

    def _all(self, keys: Sequence[str]) -> Iterator[Schema]:
        for choice in self.choices:
            yield from self._resolved(choice, keys)

    def _resolved(self, schema: Schema, keys: Sequence[str]) -> Iterator[Schema]:
        """Yield the schemas that one stands for: behind references, of its choices, of the step that is meant."""
        if "$ref" in schema:
            yield from self._resolved(self.definitions[schema["$ref"].rpartition("/")[2]], keys)
            return
        for word in ("anyOf", "oneOf"):
            for choice in schema.get(word, ()):
                if choice.keys() != {"required"}:
                    yield from self._resolved(choice, keys)
        for rule in schema.get("allOf", ()):
            if set(rule.get("if", {}).get("required", ())) & set(keys):
                yield from self._resolved(rule["then"], keys)
            elif "if" not in rule:
                yield from self._resolved(rule, keys)
        yield schema


def key_order(kind: str) -> Ordered:
    """Return the order of a kind of file from its top."""
    schema = json_schema(kind)
    return Ordered(schema.get("$defs", {}), (schema,))
