"""What invented sales people do: complete ToDos, open opportunities, win and lose them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from engage.intake.keeping import keep_deals
from engage.intake.staging import announce
from engage.intake.todos import complete_todo
from engage.rehearse.chance import Chance, weighted
from engage.rehearse.happenings import Happening
from engage.sql import tables as t

#: How many of a hundred open ToDos each gets done in half a working day, and how many at most.
_DILIGENCE: Mapping[str, tuple[int, int]] = {
    "user:sato": (18, 3),
    "user:suzuki": (12, 2),
    "user:takahashi": (16, 3),
    "user:tanaka": (8, 2),
    "queue:inside-sales": (10, 3),
}
_OTHERS = (10, 2)
#: What comes of a call; the first opens an opportunity.
_DEAL = "商談化。提案書を送付"
_OUTCOMES = (
    (_DEAL, 22), ("お電話済み。社内で検討中", 26), ("資料を追加送付", 16), ("不在のため伝言を依頼", 14),
    ("来期に再度ご連絡", 14), ("対象外（情報収集のみ）", 8),
)  # fmt: skip
#: After how many days an opportunity ends, and how many of a hundred are won.
_ENDS, _WON = (12, 40), 45


@dataclass(frozen=True, slots=True)
class Deal:
    """An opportunity that is open until a moment."""

    key: str
    prospect_id: int
    email: str
    ends_at: datetime
    won: bool


@dataclass(slots=True)
class SalesTeam:
    """The sales users and their opportunities."""

    chance: Chance
    deals: list[Deal] = field(default_factory=list)
    sold_to: set[int] = field(default_factory=set)

    def work(self, connection: Connection, now: datetime) -> Iterator[Happening]:
        """Do half a working day: end what is ripe, then call those whose ToDos are most urgent."""
        draw = self.chance.of("sales", now.isoformat())
        yield from self._end_ripe(connection, now)
        done: dict[str, int] = {}
        for row in _open_todos(connection, now):
            percent, most = _DILIGENCE.get(row.assignee, _OTHERS)
            if done.get(row.assignee, 0) >= most or draw.random() * 100 >= percent:
                continue
            done[row.assignee] = done.get(row.assignee, 0) + 1
            outcome = weighted(draw, _OUTCOMES)
            complete_todo(connection, row.id, outcome, now)
            if outcome == _DEAL and row.prospect_id not in self.sold_to:
                ends = now + timedelta(days=draw.randint(*_ENDS))
                amount = 100_000 * draw.randint(3, 60)
                deal = Deal(f"demo-{row.id}", row.prospect_id, row.email, ends, draw.random() * 100 < _WON)
                yield self._open(connection, deal, f"{row.company} 導入提案", amount, now)

    def _open(self, connection: Connection, deal: Deal, name: str, amount: int, now: datetime) -> Happening:
        self.sold_to.add(deal.prospect_id)
        self.deals.append(deal)
        values = {"prospect_id": deal.prospect_id, "key": deal.key, "name": name, "status": "open"}
        stage = {"stage": "提案", "stage_folded": "提案", "amount": amount}
        connection.execute(insert(t.opportunities).values(**values, **stage))
        _keep(connection, deal, now, there=False)
        announce(connection, (deal.prospect_id,), now)
        return Happening(now, deal.email, "opportunity_created", deal.key)

    def _end_ripe(self, connection: Connection, now: datetime) -> Iterator[Happening]:
        ripe = [deal for deal in self.deals if deal.ends_at <= now]
        self.deals = [deal for deal in self.deals if deal.ends_at > now]
        for deal in ripe:
            status, stage = ("won", "受注") if deal.won else ("lost", "失注")
            o = t.opportunities
            mine = (o.c.prospect_id == deal.prospect_id) & (o.c.key == deal.key)
            values = {"status": status, "stage": stage, "stage_folded": stage}
            _keep(connection, deal, now, there=True)
            connection.execute(update(o).where(mine).values(**values))
            announce(connection, (deal.prospect_id,), now)
            yield Happening(now, deal.email, f"opportunity_{status}", deal.key)


def _keep(connection: Connection, deal: Deal, now: datetime, *, there: bool) -> None:
    """Keep an opportunity as it is before it changes, or that it is new."""
    o = t.opportunities
    mine = (o.c.prospect_id == deal.prospect_id) & (o.c.key == deal.key)
    keep_deals(connection, connection.execute(select(o).where(mine)).all(), now, there=there)


def _open_todos(connection: Connection, now: datetime) -> list[_OpenTodo]:
    """Return what may be done by now: not what came in the last two hours; the most urgent first."""
    d, p = t.todos, t.prospects
    chosen = (
        select(d.c.id, d.c.assignee, d.c.prospect_id, p.c.email, p.c.company)
        .join(p, p.c.id == d.c.prospect_id)
        .where(d.c.status != "completed", d.c.created_at <= now - timedelta(hours=2))
        .order_by(d.c.due_at, d.c.id)
    )
    return [_OpenTodo(*row) for row in connection.execute(chosen)]


@dataclass(frozen=True, slots=True)
class _OpenTodo:
    id: int
    assignee: str
    prospect_id: int
    email: str
    company: str
