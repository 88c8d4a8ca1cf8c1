"""``engage score backtest``: how the scoring and grading models would have separated an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.session import Format, Now, Session
from engage.errors import Refused
from engage.problem import unknown
from engage.wording import sentence

if TYPE_CHECKING:
    from engage.language.vocabulary import FieldMeaning, Vocabulary
    from engage.reports.backtest import Backtest
    from engage.reports.separation import Threshold

#: So many thresholds are shown; the JSON has all.
SHOWN = 12


def backtest(
    session: Session,
    outcome: Annotated[
        str, typer.Option("--outcome", metavar="FIELD", help="The field that is true, or not empty, where it came.")
    ],
    outcome_at: Annotated[
        str | None,
        typer.Option("--outcome-at", metavar="FIELD", help="When it came; only what was known before counts."),
    ] = None,
    per_week: Annotated[
        float | None, typer.Option("--per-week", metavar="N", min=0, help="How many hand-overs a week are wished.")
    ] = None,
    form: Format = "table",
    now: Now = None,
) -> None:
    """Test the scoring and grading models against what became of the prospects."""
    from engage.app import running
    from engage.reports.backtest import backtest as tested
    from engage.sql.connect import reading

    app, moment = session.app(), session.moment(now)
    workspace = running(app)
    what, when = _field(workspace.vocabulary, outcome), None
    if outcome_at is not None:
        when = _field(workspace.vocabulary, outcome_at)
        if when.type not in ("date", "datetime"):
            raise Refused(sentence("{field} is no date and no moment; --outcome-at needs one", field=outcome_at))
    with reading(app.engine).begin() as connection:
        found = tested(connection, what, when, moment, workspace.hours.zone, per_week=per_week)
    if form == "json":
        session.write_json(asdict(found))
        return
    _say(session, found)


def _field(vocabulary: Vocabulary, name: str) -> FieldMeaning:
    field = vocabulary.fields.get(name)
    if field is None or name in ("full_name", "mailable", "score", "grade"):
        raise Refused(unknown("field", name, vocabulary.fields))
    return field


def _say(session: Session, found: Backtest) -> None:
    from engage.cli.tables import table

    message = "{prospects} prospects, {hits} with {outcome} ({rate})"
    values = {"prospects": f"{found.prospects:,}", "hits": f"{found.with_outcome:,}", "outcome": found.outcome}
    session.say(sentence(message, **values, rate=f"{found.rate:.1%}"))
    if found.outcome_at is None:
        session.say(
            sentence("warning: without --outcome-at the present scores count, with what came after the outcome")
        )
    if found.undated:
        session.say(sentence("{count} are left out: it is not known when it came", count=f"{found.undated:,}"))
    if found.auc is not None:
        session.say(sentence("area under the ROC curve: {auc}", auc=f"{found.auc:.3f}"))
    header = session.words("decile", "prospects", "with outcome", "rate", "lift")
    rows = [
        (d.number, f"{d.prospects:,.0f}", f"{d.with_outcome:,.1f}", f"{d.rate:.1%}", f"{d.lift:.2f}")
        for d in found.deciles
    ]
    session.say("\n" + table(header, rows, right=range(5)))
    header = session.words("from score", "prospects", "with outcome", "precision", "recall")
    session.say("\n" + table(header, [_row(each) for each in _some(found.thresholds)], right=range(5)))
    header = session.words("grade", "prospects", "with outcome", "rate")
    shares = [(g.grade or "-", f"{g.prospects:,}", f"{g.with_outcome:,}", f"{g.rate:.1%}") for g in found.grades]
    session.say("\n" + table(header, shares, right=range(1, 4)))
    _say_wished(session, found)


def _say_wished(session: Session, found: Backtest) -> None:
    """Tell the threshold for the wished number of hand-overs."""
    if found.per_week is None:
        return
    names = {"count": f"{found.per_week:g}", "weeks": f"{found.weeks:,.1f}"}
    if found.wished is None:
        session.say(sentence("no score is so rare that at most {count} a week reach it (over {weeks} weeks)", **names))
        return
    message = "at most {count} a week (over {weeks} weeks): from {score} on, precision {precision}, recall {recall}"
    each = found.wished
    rates = {"precision": f"{each.precision:.1%}", "recall": f"{each.recall:.1%}"}
    session.say(sentence(message, **names, **rates, score=each.score))


def _some(every: Sequence[Threshold]) -> Sequence[Threshold]:
    """Return some thresholds, spread evenly over those handed over."""
    if len(every) <= SHOWN:
        return every
    most = every[-1].prospects
    wanted = [most * part / SHOWN for part in range(1, SHOWN + 1)]
    return list(dict.fromkeys(next(each for each in every if each.prospects >= want) for want in wanted))


def _row(each: Threshold) -> tuple[object, ...]:
    return (
        each.score, f"{each.prospects:,}", f"{each.with_outcome:,}", f"{each.precision:.1%}", f"{each.recall:.1%}",
    )  # fmt: skip
