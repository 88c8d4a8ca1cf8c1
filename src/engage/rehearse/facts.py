"""What a condition found: the value that decided it, as people read it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from engage.clock import moment
from engage.language.conditions import (
    Condition,
    Did,
    Emailed,
    FieldIs,
    GradeIs,
    HasOpportunity,
    HasTodo,
    InCampaign,
    InScenario,
    Mailable,
    OnList,
    OwnedBy,
    ScoreIs,
    Tagged,
)
from engage.language.fields import GRADES
from engage.plan.moves import House
from engage.reports.past import State
from engage.sql import tables as t
from engage.sql.asked import Now, Who
from engage.sql.codes import RunState
from engage.sql.having import doings, mailings


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the prospect in a mirror; None means there is nothing."""

    connection: Connection
    state: State
    house: House
    #: in which moments are written
    zone: ZoneInfo
    who: Who
    now: Now

    def of(self, condition: Condition) -> str | None:
        """Return what a condition that joins nothing found."""
        match condition:
            case FieldIs(field=name, custom=custom):
                return self.custom(name) if custom else self.field(name)
            case ScoreIs(category):
                return self.points(category)
            case GradeIs():
                return self.field("grade")
            case OwnedBy():
                return self.field("owner")
            case Mailable():
                return self._mail()
            case OnList():
                keys = {row["list_id"] for row in self.state["list_members"]}
                return _joined(row["key"] for row in self.state["lists"] if row["id"] in keys)
            case Tagged():
                keys = {row["tag_id"] for row in self.state["prospect_tags"]}
                return _joined(row["text"] for row in self.state["words"] if row["id"] in keys)
            case Did():
                return self._count(t.activities.c.id, t.activities.c.occurred_at, doings(condition, self.who, self.now))
            case Emailed():
                return self._count(t.messages.c.id, t.messages.c.queued_at, mailings(condition, self.who, self.now))
            case _:
                return self._kept(condition)

    def _kept(self, condition: Condition) -> str | None:
        match condition:
            case InCampaign(campaign):
                numbers = {row["id"] for row in self.state["campaigns"] if row["key"] == campaign}
                mine = [row for row in self.state["campaign_members"] if row["campaign_id"] in numbers]
                return _joined(row["status"] or campaign for row in mine)
            case HasOpportunity():
                names = ("status", "stage", "amount")
                rows = self.state["opportunities"]
                return _joined(" ".join(shown(row[n], self.zone) for n in names if row[n] is not None) for row in rows)
            case HasTodo():
                return _joined(row["status"] for row in self.state["todos"])
            case InScenario(scenario):
                numbers = {row["id"] for row in self.state["scenarios"] if row["key"] == scenario}
                mine = [row for row in self.state["enrolments"] if row["scenario_id"] in numbers]
                return _joined(RunState(row["state"]).name.lower() for row in mine)
            case _:
                raise AssertionError(condition)

    def field(self, name: str) -> str | None:
        """Return a standard field's value."""
        if name == "full_name":
            first, last = self.field("first_name"), self.field("last_name")
            order = (last, first) if self.house.locale == "ja" else (first, last)
            return " ".join(part for part in order if part) or None
        for row in (*self.state["standings"], *self.state["prospects"]):
            if name in row:
                value = GRADES[row[name]] if name == "grade" and row[name] is not None else row[name]
                return None if value is None else shown(value, self.zone)
        return None

    def custom(self, name: str) -> str | None:
        """Return a custom field's value."""
        numbers = {row["id"] for row in self.state["words"] if row["kind"] == "field" and row["text"] == name}
        for row in self.state["field_values"]:
            if row["field_id"] in numbers:
                value = next((row[n] for n in ("text", "number", "whole") if row[n] is not None), None)
                return None if value is None else shown(value, self.zone)
        return None

    def points(self, category: str | None) -> str:
        """Return the score, or a category's part of it."""
        if category is None:
            return self.field("score") or "0"
        numbers = {row["id"] for row in self.state["words"] if row["kind"] == "category" and row["text"] == category}
        return str(sum(row["points"] for row in self.state["category_scores"] if row["category_id"] in numbers))

    def _mail(self) -> str | None:
        flags = [name for name in ("opted_out", "do_not_email") if self.field(name) == "true"]
        if self.house.require_consent and self.field("consent_at") is None:
            flags.append("consent_at: -")
        return _joined(flags)

    def _count(self, key: Any, at: Any, wheres: list[Any]) -> str:
        """Return how many rows count, and the latest moment of one."""
        s, p = self.who.standing, self.who.prospect
        counted = select(func.count(key), func.max(at)).select_from(s.join(p, p.c.id == s.c.prospect_id))
        row = self.connection.execute(counted.where(*wheres)).one()
        if not row[0]:
            return "0"
        last = row[1] if isinstance(row[1], datetime) else moment(row[1])
        return f"{row[0]} ({shown(last, self.zone)})"


def shown(value: object, zone: ZoneInfo) -> str:
    """Return a value as people read it, moments in a zone."""
    match value:
        case bool():
            return "true" if value else "false"
        case datetime():
            return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
        case float():
            return f"{value:g}" if abs(value) < 1e6 else f"{value:.2f}".removesuffix(".00")
        case _:
            return str(value)


def _joined(texts: Iterable[str]) -> str | None:
    return ", ".join(dict.fromkeys(texts)) or None
