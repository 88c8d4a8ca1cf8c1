"""A small world for tests: a workspace from YAML, prospects put in by hand, a virtual clock, the real engine.

    world = World(engine, '''
        steps:
          - {id: invite, send_email: invite}
          - {id: opened, trigger: {email_opened: invite}, within: 3 days, yes: [add_tag: warm], no: []}
        ''')
    world.add("a")
    world.tick("0 days")
    world.deliver("1 hour")
    world.activity("a", "email_opened", "invite", at="1 day")
    world.tick("1 day")
    assert world.path("a") == ["invite", "opened.yes", "add_tag-warm"]

People are called by an address or, shorter, by what stands before ``@example.com``. Moments are durations since
START (``"2 days"``), ISO texts or datetimes; none means the latest moment said so far.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import Connection, Engine, func, insert, select, update

from engage.app import App, Applied, apply
from engage.clock import micros
from engage.plan.moves import Plans
from engage.settings import Settings
from engage.sql import tables as t
from engage.sql.codes import CHUNK, Figure, MessageStatus, TimerKind
from engage.sql.interning import word_id
from engage.sql.locks import exclusive
from engage.sql.mail_days import NO_STEP, began_at, counted_under
from engage.stepping import states
from engage.stepping.figures import day_number
from engage.stepping.tick import Ticked, tick
from engage.stepping.transact import Hook
from tests.support.files import files_of, workspace_of
from tests.support.moments import START, When, at
from tests.support.people import People
from tests.support.seen import Seen

__all__ = ["START", "World", "at"]


def nothing(name: str) -> None:
    """Do nothing at a commit."""


class World(Seen, People):
    """A workspace that runs; see the module's text."""

    #: the id of the scenario that a test is about
    KEY = "journey"

    def __init__(
        self,
        engine: Engine,
        scenario: str,
        *,
        scenarios: Mapping[str, str] | None = None,
        start: bool = True,
        **files: str,
    ) -> None:
        """Apply a workspace and start its scenarios at START, by key; ``files`` are texts by stem: ``lists=…``."""
        self.engine = engine
        self.app = App(Settings(Path(), str(engine.url)), engine)
        self.now = START
        self.ids = {}
        self.names = {}
        self._scenarios = {self.KEY: scenario, **(scenarios or {})}
        self._files = dict(files)
        self._ordinal = 0
        self._applied: Applied | None = None
        self._publish(START, keep_waits=False)
        if start:
            for key in self._scenarios:
                self.start(key=key)

    # the clock

    def moment(self, when: When | None) -> datetime:
        """Return a moment and remember the latest."""
        moment = self.now if when is None else at(when)
        self.now = max(self.now, moment)
        return moment

    def tick(self, when: When | None = None, *, chunk: int = CHUNK, hook: Hook = nothing) -> Ticked:
        """Tick once."""
        now = self.moment(when)
        with exclusive(self.engine, "tick"), self.engine.connect() as connection:
            return tick(connection, self.plans, now, chunk=chunk, custom=self.applied.custom, hook=hook)

    def ticks(self, *whens: When) -> None:
        """Tick at each of some moments."""
        for when in whens:
            self.tick(when)

    def deliver(self, when: When | None = None, *, step: str | None = None, status: str = "SENT") -> int:
        """Mark queued messages as handed over, at once and for all (or of one step); return how many."""
        now, m = self.moment(when), t.messages
        with self.engine.begin() as connection:
            chosen = select(m.c.id).where(m.c.status == int(MessageStatus.QUEUED))
            if step is not None:
                chosen = chosen.where(m.c.step_id.in_(select(t.steps.c.id).where(t.steps.c.key == step)))
            ids = list(connection.scalars(chosen.order_by(m.c.id)))
            if not ids:
                return 0
            became = MessageStatus[status]
            handed = became in (MessageStatus.SENT, MessageStatus.IN_DOUBT)
            values = {"status": int(became), "sent_at": now if handed else None}
            connection.execute(update(m).values(values).where(m.c.id.in_(ids)))
            timer = {"kind": int(TimerKind.SETTLED), "due_at": now, "count": len(ids), "ids": ids}
            connection.execute(insert(t.timers).values(timer))
            if became == MessageStatus.SENT:
                self._count_sent(connection, ids)
        return len(ids)

    def _count_sent(self, connection: Connection, ids: list[int]) -> None:
        m, s, zone = t.messages, t.steps, self.plans.house.hours.zone
        scenario = func.coalesce(s.c.scenario_id, NO_STEP)
        each = select(scenario, counted_under(), began_at()).select_from(m.outerjoin(s, s.c.id == m.c.step_id))
        found = Counter(tuple(row) for row in connection.execute(each.where(m.c.id.in_(ids))))
        for (of, step, began), count in found.items():
            day = day_number(micros(began), zone)
            row = {"scenario_id": of, "step_id": step, "day": day, "figure": int(Figure.SENT), "bucket": 0}
            connection.execute(insert(t.totals).values(**row, count=count))

    # scenarios

    @property
    def applied(self) -> Applied:
        """What runs."""
        if self._applied is None:
            self._applied = self.app.applied()
        return self._applied

    @property
    def plans(self) -> Plans:
        """The plans that run."""
        return self.applied.plans

    def start(self, when: When | None = None, *, key: str = KEY) -> None:
        """Start a scenario."""
        with self.engine.begin() as connection:
            states.start(connection, self.plans, key, self.moment(when))

    def pause(self, when: When | None = None, *, key: str = KEY) -> None:
        """Pause a scenario."""
        with self.engine.begin() as connection:
            states.pause(connection, key, self.moment(when))

    def resume(self, when: When | None = None, *, key: str = KEY) -> None:
        """Let a paused scenario go on."""
        with self.engine.begin() as connection:
            states.resume(connection, self.plans, key, self.moment(when))

    def stop(self, when: When | None = None, *, key: str = KEY) -> int:
        """Stop a scenario; return how many runs ended."""
        with self.engine.begin() as connection:
            return states.stop(connection, self.plans, key, self.moment(when), CHUNK)

    def apply(
        self,
        scenario: str | None = None,
        when: When | None = None,
        *,
        key: str = KEY,
        keep_waits: bool = False,
        **files: str,
    ) -> None:
        """Apply another version of a scenario, or of other files; a refusal raises Refused."""
        before = dict(self._scenarios), dict(self._files)
        if scenario is not None:
            self._scenarios[key] = scenario
        self._files |= files
        try:
            self._publish(self.moment(when), keep_waits=keep_waits)
        except Exception:
            self._scenarios, self._files = before
            raise

    def _publish(self, now: datetime, *, keep_waits: bool) -> None:
        workspace = workspace_of(files_of(self._scenarios, self._files))
        apply(self.app, workspace, now, keep_waits=keep_waits)
        self._applied = None

    # events

    def activity(
        self,
        who: str,
        type: str,  # noqa: A002 - the field's word
        target: str | None = None,
        *,
        at: When | None = None,
        link: str | None = None,
        learn: bool = True,
        bot: bool = False,
        properties: str | None = None,
        source_id: str | None = None,
    ) -> int:
        """Write an event that happened ``at`` a moment; return its key.

        The next tick at or after it learns it; with ``learn=False`` none does before ``arrive`` is called. An
        e-mail's event names a step or a template as its target and belongs to the latest message of it.
        """
        moment = self.moment(at)
        self._ordinal += 1
        name = source_id or f"event-{self._ordinal}"
        with self.engine.begin() as connection:
            message = None
            if type.startswith("email_"):
                message, target = self._message(connection, who, target or "", moment)
            row = {
                "prospect_id": self.ids[who], "type_id": word_id(connection, "event", type),
                "target_id": word_id(connection, "target", target) if target else None,
                "link_id": word_id(connection, "link", link) if link else None,
                "message_id": message, "occurred_at": moment, "source": "test", "source_id": name,
                "key": blake2b(f"test\0{name}".encode(), digest_size=16).digest(), "bot": bot, "properties": properties,
            }  # fmt: skip
            made = connection.execute(insert(t.activities).values(row)).inserted_primary_key
            assert made is not None
            if learn:
                connection.execute(insert(t.unlearnt).values(occurred_at=moment, activity_id=made[0]))
        return int(made[0])

    def arrive(self, activity_id: int) -> None:
        """Let an event written with ``learn=False`` be learnt by the next tick."""
        a = t.activities
        with self.engine.begin() as connection:
            moment = connection.scalar(select(a.c.occurred_at).where(a.c.id == activity_id))
            connection.execute(insert(t.unlearnt).values(occurred_at=moment, activity_id=activity_id))

    def _message(self, connection: Connection, who: str, target: str, moment: datetime) -> tuple[int, str]:
        m, s, w = t.messages, t.steps, t.words
        named = (s.c.key == target) | (w.c.text == target)
        found = connection.execute(
            select(m.c.id, w.c.text)
            .join(w, w.c.id == m.c.template_id)
            .outerjoin(s, s.c.id == m.c.step_id)
            .where(m.c.prospect_id == self.ids[who], m.c.sent_at <= moment, named)
            .order_by(m.c.sent_at.desc(), m.c.id.desc())
            .limit(1)
        ).one_or_none()
        assert found is not None, f"no message of {target} was handed over to {who} at or before {moment}"
        return found.id, found.text

    def rows(self, table: str, *columns: str) -> list[tuple[object, ...]]:
        """Return columns of a table, sorted; for comparing two worlds."""
        chosen = t.metadata.tables[table]
        with self.engine.connect() as connection:
            return sorted(tuple(row) for row in connection.execute(select(*(chosen.c[name] for name in columns))))

    def people(self, *names: str, **known: object) -> Iterable[str]:
        """Add several prospects alike."""
        for name in names:
            self.add(name, **known)  # type: ignore[arg-type]
        return names
