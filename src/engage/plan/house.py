"""What holds for all scenarios becomes values: the company, the scoring rules, the grading profiles."""

from __future__ import annotations

from engage.language.fields import fold
from engage.language.load import Workspace
from engage.language.meaning import Reader
from engage.language.scoring import limit_of
from engage.language.workspace import ScoreRule
from engage.plan import moves


def compile_house(workspace: Workspace) -> moves.House:
    """Return what holds for all scenarios."""
    company = workspace.company
    queue = next(iter(workspace.team.queues), None)
    limit = company.limits.emails_per_prospect
    days = limit.within.whole_days if limit is not None else None
    cap = moves.Cap(limit.count, days) if limit is not None and days is not None else None
    tracking = _tracking(workspace)
    return moves.House(company.name, company.locale, workspace.hours, company.require_consent, queue, cap, tracking)


def _tracking(workspace: Workspace) -> moves.Tracking:
    word, source = workspace.company.tracking, workspace.sources.get("engage.yaml")
    if word.only_where is None or source is None:
        return moves.Tracking(word.opens, word.clicks)
    reader = Reader(workspace.vocabulary, source)
    return moves.Tracking(word.opens, word.clicks, reader.condition(word.only_where, ("tracking", "only_where")))


def compile_scoring(workspace: Workspace) -> moves.Scoring:
    """Return the scoring rules."""
    rules = tuple(_score_rule(number, rule) for number, rule in enumerate(workspace.scoring.rules, 1))
    quiet = workspace.scoring.inactivity
    inactivity = moves.Inactivity(quiet.every, quiet.points, quiet.floor) if quiet else None
    return moves.Scoring(rules, inactivity)


def _score_rule(number: int, rule: ScoreRule) -> moves.ScoreRule:
    count, per = limit_of(rule.limit) if rule.limit else (None, None)
    words_ = [f"{number}", rule.activity, *([rule.target] if rule.target else []), f"{rule.points:+d}"]
    return moves.ScoreRule(
        label=" ".join(words_),
        event=rule.activity,
        target=fold(rule.target) if rule.target else None,
        points=rule.points,
        category=rule.category,
        limit=count,
        limit_by=per or "ever",
        expires_after=rule.expires_after,
    )


def compile_grading(workspace: Workspace) -> moves.Grading:
    """Return the grading profiles."""
    source = workspace.sources.get("grading.yaml")
    if source is None:
        return moves.Grading()
    reader = Reader(workspace.vocabulary, source)
    profiles = {
        name: tuple(
            moves.GradeCriterion(
                c.name,
                reader.condition(c.match, ("profiles", name, n, "match")),
                c.worth,
                c.worth if c.mismatch is None else c.mismatch,
            )
            for n, c in enumerate(criteria)
        )
        for name, criteria in workspace.grading.profiles.items()
    }
    choices = tuple(
        (choice.profile, reader.condition(choice.when, ("assign", n, "when")))
        for n, choice in enumerate(workspace.grading.assign)
    )
    return moves.Grading(profiles, choices)


def compile_mailing(workspace: Workspace) -> moves.Mailing:
    """Return what one-off sends name: the e-mails and the lists."""
    heads = {name: next(iter(variants.values())).head for name, variants in workspace.templates.items() if variants}
    mails = {name: moves.Mail(head.kind == "marketing", head.from_ == "owner") for name, head in heads.items()}
    source = workspace.sources.get("lists.yaml")
    if source is None:
        return moves.Mailing(mails)
    reader = Reader(workspace.vocabulary, source)
    return moves.Mailing(mails, {name: reader.on_lists((name,), (name,)) for name in workspace.lists.root})
