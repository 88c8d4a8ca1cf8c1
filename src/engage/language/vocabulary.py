"""The words a workspace gives its scenarios: fields, lists, campaigns, forms, templates, people."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from engage.language.criteria import Condition as ConditionWord
from engage.language.doubted import Doubted
from engage.language.fields import STANDARD, FieldType, fold
from engage.language.workspace import Company


@dataclass(frozen=True, slots=True)
class FieldMeaning:
    """A prospect's field as conditions see it."""

    name: str
    type: FieldType
    custom: bool = False
    read_only: bool = False
    choices: tuple[str, ...] = ()

    def choice(self, value: str) -> str | None:
        """Return the choice a text stands for, whatever its width and case, or None."""
        return next((choice for choice in self.choices if fold(choice) == fold(value)), None)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """All names that a scenario can use."""

    zone: ZoneInfo
    locale: str = "en"
    fields: Mapping[str, FieldMeaning] = field(default_factory=dict)
    #: each list and, where it is dynamic, its criteria
    lists: Mapping[str, ConditionWord | None] = field(default_factory=dict)
    #: each campaign and its statuses
    campaigns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    forms: frozenset[str] = frozenset()
    templates: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    queues: frozenset[str] = frozenset()
    scenarios: frozenset[str] = frozenset()
    #: score categories that a rule or a step gives points to
    categories: frozenset[str] = frozenset()
    #: which scenarios have a step that changes a value: ``score``, ``opted_out``, a field
    touched: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: scenarios that some step enrols into
    enrolled: frozenset[str] = frozenset()
    #: names that are there and could not be read, by kind; a kind alone means all names of it
    doubted: frozenset[Doubted] = frozenset()

    def knows(self, kind: str, word: str, those: Container[str]) -> bool:
        """Tell whether a name is there, or may be."""
        return word in those or kind in self.doubted or (kind, word) in self.doubted


def all_fields(company: Company) -> dict[str, FieldMeaning]:
    """Return the standard and custom fields by name, in the order of the export."""
    standard = [FieldMeaning(f.name, f.type, read_only=f.read_only) for f in STANDARD]
    custom = [FieldMeaning(name, f.type, custom=True, choices=f.choices or ()) for name, f in company.fields.items()]
    return {meaning.name: meaning for meaning in (*standard, *custom)}
