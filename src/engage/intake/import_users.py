"""Users from a CSV file, with the groups and queues they are put into; nobody is taken out of one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Table, insert, select, update

from engage.accounts.appointing import appointed, roles_of
from engage.accounts.audit import command_line
from engage.intake.addresses import read_address
from engage.intake.csvfile import Row
from engage.intake.import_kind import Importer, ImportKind, Outcome, RowReader, Task, in_column
from engage.intake.mapping import Column
from engage.intake.people import several
from engage.intake.rejects import Rejection
from engage.intake.typed import cleaned
from engage.language.vocabulary import Vocabulary
from engage.problem import unknown
from engage.sql import tables as t
from engage.wording import sentence

ROLES = ("admin", "marketer", "sales", "viewer")
_NAMES = ("id", "name", "email", "role", "department", "job_title", "groups", "queues")
#: Fields of a user that a file may clear.
_CLEARED = ("email", "department", "job_title")
_IDENT = re.compile(r"[\w-]{1,100}")


def columns(vocabulary: Vocabulary) -> Sequence[Column]:  # noqa: ARG001 - every kind is asked alike
    """Return the columns of a users file."""
    return [Column(name, loose=True) for name in _NAMES]


@dataclass(frozen=True, slots=True)
class UserRow:
    """What a row says of a user; None: the cell was empty."""

    row: Row
    id: str
    cells: dict[str, str | None]
    groups: tuple[str, ...]
    queues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UserReader:
    """Reads rows into users."""

    task: Task

    def read(self, row: Row) -> UserRow:
        """Return what a row says; raise ValueError where a cell cannot be used."""
        cells = self.task.matching.complete(row.cells)
        read = {"id": ident, "email": lambda text: read_address(text).email, "role": _role}
        values: dict[str, str | None] = {}
        for column, place in self.task.matching.places:
            try:
                text = cleaned(cells[place], self.task.matching.blanks)
                values[column.name] = None if text is None else read.get(column.name, str)(text)
            except ValueError as error:
                raise ValueError(in_column(column.name, error)) from None
        name = values.pop("id")
        if name is None:
            raise ValueError(sentence("there is no id"))
        groups, queues = (tuple(map(ident, several(values.pop(each, None) or ""))) for each in ("groups", "queues"))
        return UserRow(row, name, values, groups, queues)


def ident(text: str) -> str:
    """Return an id as it is stored; raise ValueError if it is none."""
    name = unicodedata.normalize("NFC", text)
    if not _IDENT.fullmatch(name):
        message = "an id is made of letters, digits, - and _, at most 100 of them; {name} is not"
        raise ValueError(sentence(message, name=repr(name[:60])))
    return name


def _role(text: str) -> str:
    if text.lower() not in ROLES:
        raise ValueError(unknown("the role", text, ROLES))
    return text.lower()


def start(task: Task, connection: Connection) -> Importer:  # noqa: ARG001
    """Return what reads the rows of a file."""
    return RowReader(UserReader(task).read, lambda c, found: write_users(c, found, task))


def write_users(connection: Connection, found: Sequence[UserRow], task: Task) -> Outcome:
    """Store users that are new or differ; return what became of their rows. There are few users.

    Who has another role afterwards is out, and the audit log tells of it.
    """
    outcome = Outcome()
    ids = {each.id for each in found}
    before = roles_of(connection, ids)
    for each in found:
        outcome = _plus(outcome, _write_user(connection, each, task))
    appointed(connection, ids, before, command_line(), task.now)
    return outcome


def _write_user(connection: Connection, user: UserRow, task: Task) -> Outcome:
    u = t.users
    old = connection.execute(select(u).where(u.c.id == user.id)).mappings().one_or_none()
    if old is None and task.options.mode == "update":
        return Outcome(rejected=(Rejection(user.row, sentence("there is no user {id}", id=user.id)),))
    if old is not None and task.options.mode == "insert":
        return Outcome(rejected=(Rejection(user.row, sentence("there is a user {id} already", id=user.id)),))
    clears = _CLEARED if task.options.clear_empty else ()
    said = {name: value for name, value in user.cells.items() if value is not None or name in clears}
    if old is None:
        connection.execute(insert(u), {"name": user.id, "role": "sales", **said, "id": user.id, "enabled": True})
    differs = old is not None and any(old[name] != value for name, value in said.items())
    if differs:
        connection.execute(update(u).where(u.c.id == user.id).values(said))
    joined = join(connection, t.group_members, "group_key", user.groups, user.id)
    joined += join(connection, t.queue_members, "queue_key", user.queues, user.id)
    if old is None:
        return Outcome(inserted=1)
    return Outcome(updated=1) if differs or joined else Outcome(unchanged=1)


def join(connection: Connection, table: Table, key: str, names: Iterable[str], user: str) -> int:
    """Put a user into groups or queues, at their ends; return how many are new."""
    count = 0
    for name in dict.fromkeys(names):
        members = connection.execute(select(table.c.user_id, table.c.position).where(table.c[key] == name)).all()
        if user in (member.user_id for member in members):
            continue
        place = max((member.position for member in members), default=-1) + 1
        connection.execute(insert(table), {key: name, "user_id": user, "position": place})
        count += 1
    return count


def _plus(one: Outcome, other: Outcome) -> Outcome:
    return replace(
        one,
        inserted=one.inserted + other.inserted,
        updated=one.updated + other.updated,
        unchanged=one.unchanged + other.unchanged,
        rejected=one.rejected + other.rejected,
    )


USERS = ImportKind(columns, ("id",), ("upsert", "insert", "update"), start)
