"""Putting prospects into a test world, and changing them, by plain rows and a timer that announces the change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from sqlalchemy import Connection, delete, insert, select, update

from engage.clock import micros
from engage.language.fields import GRADES, fold
from engage.language.lots import lot_of
from engage.sql import tables as t
from engage.sql.codes import ChangeKind, EntryKind, TimerKind
from engage.sql.interning import upsert, word_id
from tests.support.ground import Ground
from tests.support.keeping import keep, keep_fields
from tests.support.moments import When

Value = str | int | float | bool | date | datetime | None


def list_id(connection: Connection, key: str) -> int:
    """Return the number of a list."""
    number: int = connection.execute(select(t.lists.c.id).where(t.lists.c.key == key)).scalar_one()
    return number


class People(Ground):
    """Prospects and what is done to them; every change is announced, as every writer of the program does."""

    def add(
        self,
        who: str,
        *,
        at: When | None = None,
        score: int = 0,
        grade: str | None = None,
        owner: str | None = None,
        lists: Iterable[str] = ("members",),
        tags: Iterable[str] = (),
        opted_out: bool = False,
        do_not_email: bool = False,
        **fields: Value,
    ) -> int:
        """Add a prospect, by default on the list ``members``; return its number."""
        now = self.moment(at)
        email = who if "@" in who else f"{who}@example.com"
        with self.engine.begin() as connection:
            made = connection.execute(insert(t.prospects).values(email=email, email_folded=fold(email)))
            assert made.inserted_primary_key is not None
            key = int(made.inserted_primary_key[0])
            self.ids[who], self.names[key] = key, who
            standing: dict[str, object] = {
                "prospect_id": key,
                "created_at": now,
                "owner": owner,
                "opted_out": opted_out,
                "lot": lot_of(fold(email)),
            }
            standing |= {"grade": GRADES.index(grade) if grade else None, "do_not_email": do_not_email}
            connection.execute(insert(t.standings).values(standing))
            if score:
                self._adjust(connection, key, score, now, None)
            for name in lists:
                connection.execute(
                    insert(t.list_members).values(prospect_id=key, list_id=list_id(connection, name), since=now)
                )
            for tag in tags:
                connection.execute(
                    insert(t.prospect_tags).values(prospect_id=key, tag_id=word_id(connection, "tag", tag))
                )
            self._set(connection, key, fields)
            self._announce(connection, [key], now)
        return key

    def set(self, who: str, *, at: When | None = None, **fields: Value) -> None:
        """Set fields, custom ones too; or owner, opted_out, do_not_email."""
        now = self.moment(at)
        standing = {name: fields.pop(name) for name in tuple(fields) if name in t.standings.c}
        with self.engine.begin() as connection:
            key = self.ids[who]
            keep_fields(connection, key, (*standing, *fields), now)
            if standing:
                connection.execute(update(t.standings).values(standing).where(t.standings.c.prospect_id == key))
            self._set(connection, key, fields)
            self._announce(connection, [key], now)

    def adjust(self, who: str, points: int, *, category: str | None = None, at: When | None = None) -> None:
        """Add points by hand."""
        now = self.moment(at)
        with self.engine.begin() as connection:
            self._adjust(connection, self.ids[who], points, now, category)
            self._announce(connection, [self.ids[who]], now)

    def add_to_list(self, who: str, name: str, at: When | None = None) -> None:
        """Put a prospect on a static list."""
        now = self.moment(at)
        with self.engine.begin() as connection:
            row = {"prospect_id": self.ids[who], "list_id": list_id(connection, name), "since": now}
            keep(connection, self.ids[who], ChangeKind.LIST, list_id(connection, name), now, whole=0)
            connection.execute(insert(t.list_members).values(row))
            self._announce(connection, [self.ids[who]], now)

    def remove_from_list(self, who: str, name: str, at: When | None = None) -> None:
        """Take a prospect off a static list."""
        now, m = self.moment(at), t.list_members
        with self.engine.begin() as connection:
            mine = m.c.prospect_id == self.ids[who], m.c.list_id == list_id(connection, name)
            keep(connection, self.ids[who], ChangeKind.LIST, list_id(connection, name), now, whole=1)
            connection.execute(delete(m).where(*mine))
            self._announce(connection, [self.ids[who]], now)

    def add_tag(self, who: str, tag: str, at: When | None = None) -> None:
        """Tag a prospect."""
        now = self.moment(at)
        with self.engine.begin() as connection:
            row = {"prospect_id": self.ids[who], "tag_id": word_id(connection, "tag", tag)}
            keep(connection, self.ids[who], ChangeKind.TAG, row["tag_id"], now, whole=0)
            connection.execute(insert(t.prospect_tags).values(row))
            self._announce(connection, [self.ids[who]], now)

    def remove_tag(self, who: str, tag: str, at: When | None = None) -> None:
        """Take a tag from a prospect."""
        now, p = self.moment(at), t.prospect_tags
        with self.engine.begin() as connection:
            mine = p.c.prospect_id == self.ids[who], p.c.tag_id == word_id(connection, "tag", tag)
            keep(connection, self.ids[who], ChangeKind.TAG, word_id(connection, "tag", tag), now, whole=1)
            connection.execute(delete(p).where(*mine))
            self._announce(connection, [self.ids[who]], now)

    def opportunity(self, who: str, key: str, *, at: When | None = None, **known: Value) -> None:
        """Make or change an opportunity: ``status`` (open by default), ``stage``, ``amount``."""
        now = self.moment(at)
        stage = known.get("stage")
        row = {"prospect_id": self.ids[who], "key": key, "status": "open", **known}
        row["stage_folded"] = fold(str(stage)) if stage is not None else None
        with self.engine.begin() as connection:
            o = t.opportunities
            old = connection.execute(select(o).where(o.c.prospect_id == self.ids[who], o.c.key == key)).one_or_none()
            if old is None:
                number = int(connection.execute(insert(o).values(row)).inserted_primary_key[0])  # type: ignore[index]
                keep(connection, self.ids[who], ChangeKind.OPPORTUNITY, number, now, whole=0)
            else:
                was = {"text": old.status, "detail": old.stage, "number": old.amount}
                keep(connection, self.ids[who], ChangeKind.OPPORTUNITY, old.id, now, whole=1, **was)
                connection.execute(update(o).where(o.c.id == old.id).values({"stage": None, "amount": None, **row}))
            self._announce(connection, [self.ids[who]], now)

    def campaign(self, who: str, key: str, status: str, at: When | None = None) -> None:
        """Make a prospect a campaign's member, or change the status."""
        now, c = self.moment(at), t.campaigns
        with self.engine.begin() as connection:
            number = connection.scalar(select(c.c.id).where(c.c.key == key))
            mine = t.campaign_members.c.prospect_id == self.ids[who], t.campaign_members.c.campaign_id == number
            old = connection.execute(select(t.campaign_members.c.status).where(*mine)).one_or_none()
            was = {"whole": int(old is not None), "text": old.status if old else None}
            keep(connection, self.ids[who], ChangeKind.CAMPAIGN, number or 0, now, **was)
            connection.execute(delete(t.campaign_members).where(*mine))
            row = {"prospect_id": self.ids[who], "campaign_id": number, "status": status, "since": now}
            connection.execute(insert(t.campaign_members).values(row))
            self._announce(connection, [self.ids[who]], now)

    def _announce(self, connection: Connection, keys: list[int], now: datetime) -> None:
        timer = {"kind": int(TimerKind.CHANGED), "due_at": now, "count": len(keys), "ids": keys}
        connection.execute(insert(t.timers).values(timer))

    def _adjust(self, connection: Connection, key: int, points: int, now: datetime, category: str | None) -> None:
        number = word_id(connection, "category", category) if category else None
        row = {"prospect_id": key, "at": now, "points": points, "kind": int(EntryKind.MANUAL), "category_id": number}
        connection.execute(insert(t.score_entries).values(row))
        s, c = t.standings, t.category_scores
        connection.execute(update(s).values(score=s.c.score + points).where(s.c.prospect_id == key))
        if number is not None:
            made = upsert(connection.dialect.name, c).values(prospect_id=key, category_id=number, points=points)
            sum_ = {"points": c.c.points + points}
            connection.execute(made.on_conflict_do_update(index_elements=["prospect_id", "category_id"], set_=sum_))  # type: ignore[attr-defined]

    def _set(self, connection: Connection, key: int, fields: Mapping[str, Value]) -> None:
        custom = self.applied.custom
        plain: dict[str, object] = {}
        for name, value in fields.items():
            if name in custom:
                self._set_custom(connection, key, name, custom[name], value)
                continue
            plain[name] = value
            if f"{name}_folded" in t.prospects.c:
                plain[f"{name}_folded"] = None if value is None else fold(str(value))
        if plain:
            connection.execute(update(t.prospects).values(plain).where(t.prospects.c.id == key))

    @staticmethod
    def _set_custom(connection: Connection, key: int, name: str, kind: str, value: Value) -> None:
        v, number = t.field_values, word_id(connection, "field", name)
        connection.execute(delete(v).where(v.c.prospect_id == key, v.c.field_id == number))
        if value is None:
            return
        kept: dict[str, object] = {"whole": value}
        match kind:
            case "text":
                kept = {"text": value, "folded": fold(str(value))}
            case "date":
                kept = {"text": str(value)}
            case "number":
                kept = {"number": value}
            case "datetime":
                assert isinstance(value, datetime)
                kept = {"whole": micros(value)}
            case "boolean":
                kept = {"whole": int(bool(value))}
        connection.execute(insert(v).values(prospect_id=key, field_id=number, **kept))
