"""A demo's outcome as one calm page for a terminal of 120 columns; double-width characters count as two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from engage.rehearse.demo_figures import Deals, Outcome
from engage.reports.card import Card
from engage.reports.card_table import card_table
from engage.reports.status import ScenarioStatus
from engage.wording import Locale, sentence

#: Every word of the page that stands alone.
LABELS = {
    "people": "People",
    "prospects": "prospects",
    "subscribed": "on the newsletter",
    "hot": "hot (score 100, grade B-)",
    "owned": "handed over to sales",
    "opted_out": "opted out",
    "unreachable": "address is dead",
    "behaviour": "Activities",
    "page_viewed": "page views",
    "site_visit": "site visits",
    "file_downloaded": "downloads",
    "form_submitted": "form submissions",
    "email_opened": "mail opened",
    "email_clicked": "mail clicked",
    "mail": "E-mail",
    "sent": "sent",
    "delivered": "delivered",
    "opens": "open rate",
    "clicks": "click rate",
    "opt_outs": "opted out by it",
    "skipped": "skipped (opted out)",
    "sales": "Sales",
    "todos": "ToDos made",
    "todos_done": "of these done",
    "deals": "opportunities",
    "deals_open": "under way",
    "deals_won": "won",
    "deals_won_amount": "amount won (million yen)",
    "scenario": "scenario",
    "name": "name",
    "entered": "entered",
    "active": "active",
    "held": "held",
    "completed": "completed",
    "goal": "goal",
    "left": "left",
    "made": "ToDos",
    "assignee": "assignee",
    "prospects_owned": "prospects",
    "open": "open",
    "overdue": "overdue",
    "high": "high",
    "id": "id",
    "due": "due",
    "late": "days late",
    "priority": "priority",
    "subject": "subject",
    "company": "company",
    "job_title": "job title",
    "score": "score",
    "grade": "grade",
    "owner": "owner",
    "last_activity": "last activity",
    "deal": "opportunity",
    "scenarios_title": "Scenarios",
    "assignees_title": "ToDos by assignee",
    "urgent_title": "The most urgent ToDos",
    "leads_title": "Top prospects by score and grade",
}
_PRIORITIES = {"high": "high", "normal": "normal", "low": "low"}
_DEALS = {"open": "under way", "won": "won", "lost": "lost"}
#: Columns of a table: the key of the header, whether it holds figures.
Columns = Sequence[tuple[str, bool]]
Cells = Sequence[object]


def demo_page(outcome: Outcome, main: str, now: datetime, zone: ZoneInfo, locale: Locale, width: int = 120) -> Group:
    """Return the page; ``main`` is the scenario whose report card is shown whole."""
    page = _Page(now, zone, locale, width)
    return Group(
        page.summary(outcome),
        page.scenarios(outcome),
        Text(),
        card_table(outcome.cards[main], locale, width),
        page.assignees(outcome),
        page.urgent(outcome),
        page.leads(outcome),
    )


class _Page:
    """Makes the parts of a page in one language."""

    def __init__(self, now: datetime, zone: ZoneInfo, locale: Locale, width: int) -> None:
        self.now, self.zone, self.locale, self.width = now, zone, locale, width

    def label(self, key: str) -> str:
        """Return a word of the page."""
        return sentence(LABELS[key]).read(self.locale)

    def table(self, title: str, columns: Columns, rows: Iterable[Cells]) -> Table:
        """Return a table under its title; figures stand on the right, and nothing for None."""
        made = Table(box=SIMPLE_HEAD, title=Text(f"\n{self.label(title)}", "bold"), title_justify="left",
                     show_edge=False, padding=(0, 1, 0, 0))  # fmt: skip
        for key, figures in columns:
            made.add_column(Text(self.label(key)), justify="right" if figures else "left", no_wrap=True)
        for row in rows:
            made.add_row(*(Text(_text(cell)) for cell in row))
        return made

    def summary(self, outcome: Outcome) -> RenderableType:
        """Return four columns of figures: people, what they did, mail, sales."""
        crowd, mail, deals = outcome.crowd, _Mail(outcome.cards.values()), outcome.deals
        won, made = deals.get("won", Deals()), sum(each.todos for each in outcome.assignees)
        columns: dict[str, list[tuple[str, object]]] = {
            "people": [
                ("prospects", crowd.all), ("subscribed", crowd.subscribed), ("hot", crowd.hot), ("owned", crowd.owned),
                ("opted_out", crowd.opted_out), ("unreachable", crowd.unreachable),
            ],
            "behaviour": [
                (key, outcome.activities.get(key, 0))
                for key in ("site_visit", "page_viewed", "file_downloaded", "form_submitted", "email_opened",
                            "email_clicked")
            ],
            "mail": [
                ("sent", mail.sent), ("delivered", mail.delivered), ("opens", _rate(mail.opens, mail.delivered)),
                ("clicks", _rate(mail.clicks, mail.delivered)), ("opt_outs", mail.opt_outs), ("skipped", mail.skipped),
            ],
            "sales": [
                ("todos", made), ("todos_done", sum(each.done for each in outcome.assignees)),
                ("deals", sum(each.count for each in deals.values())),
                ("deals_open", deals.get("open", Deals()).count), ("deals_won", won.count),
                ("deals_won_amount", f"{won.amount / 1e6:,.1f}"),
            ],
        }  # fmt: skip
        grid = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
        for place, key in enumerate(columns):
            grid.add_column(Text(self.label(key), "bold"), no_wrap=True)
            grid.add_column("", justify="right", no_wrap=True)
            if place < len(columns) - 1:
                grid.add_column("", width=2)
        for line in zip(*columns.values(), strict=True):
            cells = [cell for key, value in line for cell in (self.label(key), _text(value), "")]
            grid.add_row(*map(Text, cells[:-1]))
        return grid

    def scenarios(self, outcome: Outcome) -> Table:
        """Return one line for each scenario."""
        texts = ("scenario", "name")
        figures = ("entered", "active", "held", "completed", "goal", "left", "sent", "opens", "clicks", "made")
        columns = [*((key, False) for key in texts), *((key, True) for key in figures)]
        rows = [self._scenario(one, outcome.cards[one.key]) for one in outcome.scenarios]
        return self.table("scenarios_title", columns, rows)

    def _scenario(self, one: ScenarioStatus, card: Card) -> Cells:
        mail, made = _Mail((card,)), sum(row.todos or 0 for row in card.rows)
        counts = (one.entered, one.active, one.held, one.completed, one.goal, one.left, mail.sent)
        rates = (_rate(mail.opens, mail.delivered), _rate(mail.clicks, mail.delivered))
        return one.key, one.name, *(count or None for count in counts), *rates, made or None

    def assignees(self, outcome: Outcome) -> Table:
        """Return what each in sales was given and did."""
        figures = ("prospects_owned", "todos", "completed", "open", "overdue", "high")
        rows = [
            (
                one.name or one.to,
                one.owned or None,
                one.todos,
                one.done,
                one.open,
                one.overdue or None,
                one.high or None,
            )
            for one in outcome.assignees
        ]
        return self.table("assignees_title", [("assignee", False), *((key, True) for key in figures)], rows)

    def urgent(self, outcome: Outcome) -> Table:
        """Return the ToDos that cannot wait."""
        names = {one.to: one.name or one.to for one in outcome.assignees}
        rows = [
            (
                one.id, self.moment(one.due_at), self._late(one.due_at),
                sentence(_PRIORITIES[one.priority]).read(self.locale), names.get(one.to, one.to), one.subject,
            )
            for one in outcome.urgent
        ]  # fmt: skip
        keys = ("id", "due", "late", "priority", "assignee", "subject")
        return self.table("urgent_title", [(key, key in ("id", "late")) for key in keys], rows)

    def _late(self, due: datetime | None) -> int | None:
        """Return how many whole days a ToDo is late."""
        return None if due is None or due >= self.now else (self.now - due) // timedelta(days=1)

    def leads(self, outcome: Outcome) -> Table:
        """Return the warmest prospects."""
        rows = [
            (
                one.score, one.grade, one.name, one.company, one.job_title, one.owner,
                self.moment(one.last_activity_at), one.deal and sentence(_DEALS[one.deal]).read(self.locale),
            )
            for one in outcome.leads
        ]  # fmt: skip
        keys = ("score", "grade", "name", "company", "job_title", "owner", "last_activity", "deal")
        return self.table("leads_title", [(key, key == "score") for key in keys], rows)

    def moment(self, at: datetime | None) -> str | None:
        """Return a moment in local time."""
        return None if at is None else f"{at.astimezone(self.zone):%m-%d %H:%M}"


class _Mail:
    """The e-mail figures of report cards together."""

    def __init__(self, cards: Iterable[Card]) -> None:
        rows = [row for card in cards for row in card.rows if row.type == "send_email"]
        self.sent = sum(row.sent or 0 for row in rows)
        self.delivered = sum(row.delivered or 0 for row in rows)
        self.opens = sum(row.unique_opens or 0 for row in rows)
        self.clicks = sum(row.unique_clicks or 0 for row in rows)
        self.opt_outs = sum(row.opt_outs or 0 for row in rows)
        self.skipped = sum(row.skipped for row in rows)


def _rate(part: int, whole: int) -> str | None:
    return f"{100 * part / whole:.1f} %" if whole else None


def _text(cell: object) -> str:
    match cell:
        case None:
            return ""
        case int():
            return f"{cell:,}"
        case _:
            return str(cell)
