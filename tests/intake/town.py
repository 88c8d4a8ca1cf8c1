"""A small town of prospects for the tests of learning: what happens there is written, then learnt."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Connection, Table, insert, literal, select

from engage.intake.learning import Learnt, learn_chunk
from engage.intake.ledger import begin_earning, earn, entry, post
from engage.intake.scoring import expire_due
from engage.language.fields import fold
from engage.language.hours import Hours
from engage.language.moment import Duration
from engage.plan.moves import Grading, House, Inactivity, Plans, ScoreRule, Scoring
from engage.sql import tables as t
from engage.sql.codes import EntryKind, MessageKind, MessageStatus
from engage.sql.columns import Instant
from engage.sql.interning import word_id

TOKYO = ZoneInfo("Asia/Tokyo")
#: Noon in Tokyo.
START = datetime(2026, 12, 1, 3, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def rule(event: str, points: int, **given: Any) -> ScoreRule:
    """Return a scoring rule; what is not given is not set."""
    words: dict[str, Any] = {
        "label": f"{event} {sorted(given)}",
        "target": None,
        "category": None,
        "limit": None,
        "limit_by": "ever",
        "expires_after": None,
        **given,
    }
    return ScoreRule(event=event, points=points, **words)


def plans(
    *rules: ScoreRule, inactivity: Inactivity | None = None, grading: Grading | None = None, zone: ZoneInfo = TOKYO
) -> Plans:
    """Return plans with these rules."""
    return Plans(House("Example", "ja", Hours(zone)), {}, Scoring(rules, inactivity), grading or Grading())


def days(count: int) -> Duration:
    """Return a duration."""
    return Duration(timedelta(days=count))


class Town:
    """Writes what happens and reads what became of it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._events = 0

    def _insert(self, table: Table, values: dict[str, Any]) -> int:
        key = self.connection.execute(insert(table).values(values)).inserted_primary_key
        assert key is not None
        return int(key[0])

    def prospects(self, *names: str, created_at: datetime = START, **fields: object) -> tuple[int, ...]:
        """Add prospects and return their keys."""
        keys = []
        for name in names:
            email = f"{name}@example.com"
            folded = {f"{field}_folded": fold(value) for field, value in fields.items() if isinstance(value, str)}
            values = {"email": email, "email_folded": email, **fields, **folded}
            keys.append(self._insert(t.prospects, values))
            row = {"prospect_id": keys[-1], "created_at": created_at}
            self.connection.execute(insert(t.standings).values(row))
        return tuple(keys)

    def step(self, key: str = "invite") -> int:
        """Add a step to the town's one scenario and return its number."""
        if self.connection.scalar(select(t.scenarios.c.id)) is None:
            row = {"id": 1, "key": "town", "name": "Town", "state": "running", "version": 1}
            self.connection.execute(insert(t.scenarios).values(row))
        return self._insert(t.steps, {"scenario_id": 1, "key": key})

    def message(self, prospect: int, step: int | None, queued_at: datetime = START) -> int:
        """Add a message that was sent and return its key."""
        values = {
            "prospect_id": prospect,
            "step_id": step,
            "queued_at": queued_at,
            "template_id": 1,
            "status": MessageStatus.SENT,
            "kind": MessageKind.MARKETING,
            "from_owner": False,
        }
        return self._insert(t.messages, values)

    def did(
        self,
        prospect: int,
        event: str,
        target: str | None = None,
        *,
        at: datetime = START,
        message: int | None = None,
        bot: bool = False,
        properties: str | None = None,
    ) -> int:
        """Write an activity that is not learnt yet."""
        self._events += 1
        source_id = str(self._events)
        values = {
            "prospect_id": prospect,
            "type_id": word_id(self.connection, "event", event),
            "target_id": None if target is None else word_id(self.connection, "target", target),
            "message_id": message,
            "occurred_at": at,
            "key": hashlib.blake2b(source_id.encode(), digest_size=16).digest(),
            "source": "test",
            "source_id": source_id,
            "bot": bot,
            "properties": properties,
        }
        key = self._insert(t.activities, values)
        self.connection.execute(insert(t.unlearnt).values(occurred_at=at, activity_id=key))
        return key

    def learn(self, applied: Plans, now: datetime = START, limit: int = 50_000) -> Learnt:
        """Learn everything, in chunks, take back what has expired, and return what the first chunk came to."""
        first = chunk = learn_chunk(self.connection, applied, now, limit)
        while chunk.taken:
            chunk = learn_chunk(self.connection, applied, now, limit)
        while expire_due(self.connection, now, limit):
            pass
        return first

    def adjust(self, prospect: int, points: int, at: datetime = START) -> None:
        """Change a score by hand."""
        begin_earning(self.connection)
        amount = literal(points, BigInteger)
        earn(self.connection, entry(literal(prospect), literal(at, Instant), amount, EntryKind.MANUAL))
        post(self.connection, at)

    def score(self, prospect: int) -> int:
        """Return a prospect's score."""
        return int(self.standing(prospect).score)

    def standing(self, prospect: int) -> Any:
        """Return how a prospect stands."""
        s = t.standings
        return self.connection.execute(select(s).where(s.c.prospect_id == prospect)).one()

    def mail(self, message: int) -> Any:
        """Return a message."""
        return self.connection.execute(select(t.messages).where(t.messages.c.id == message)).one()

    def ledger(self, prospect: int) -> list[tuple[datetime, int, EntryKind]]:
        """Return a prospect's entries in order of time."""
        e = t.score_entries
        rows = self.connection.execute(select(e).where(e.c.prospect_id == prospect).order_by(e.c.at, e.c.id))
        return [(row.at, row.points, EntryKind(row.kind)) for row in rows]

    def categories(self, prospect: int) -> dict[str, int]:
        """Return a prospect's points in each category."""
        c, w = t.category_scores, t.words
        joined = c.join(w, w.c.id == c.c.category_id)
        rows = self.connection.execute(
            select(w.c.text, c.c.points).select_from(joined).where(c.c.prospect_id == prospect)
        )
        return {row.text: row.points for row in rows}

    def consents(self) -> list[tuple[int, str, str]]:
        """Return every opt-out: who, what and why."""
        c = t.consents
        rows = self.connection.execute(select(c).order_by(c.c.prospect_id, c.c.at))
        return [(row.prospect_id, row.kind, row.source) for row in rows]
