"""Checks of hours, dates of mails, and waits for a field's day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from engage.graph.build import Journey, build
from engage.language.calendar import is_open, next_opening
from engage.language.hours import Hours, parse_hours
from engage.language.load import Workspace
from engage.language.moment import instant_of
from engage.language.opening import PROSPECT, OwnHours
from engage.language.steps import SendEmail
from engage.language.zones import local_day, zone
from engage.problem import Problem
from engage.wording import said, sentence


def hours(journey: Journey, workspace: Workspace) -> Iterator[Problem]:
    """Yield a problem for each part of a scenario's own hours that means nothing."""
    word, source = journey.file.model.hours, journey.file.source
    if not isinstance(word, OwnHours):
        return
    where = workspace.hours.zone
    try:
        if word.timezone not in (None, PROSPECT):
            where = zone(word.timezone or "")
    except ValueError as error:
        yield Problem(source.place(("hours", "timezone")), said(error))
    for part, holidays in (("between", ()), ("holidays", word.holidays)):
        try:
            parse_hours(word.days, word.between, holidays, where)
        except ValueError as error:
            yield Problem(source.place(("hours", part)), said(error))
            return


def opening_of(journey: Journey, workspace: Workspace) -> tuple[Hours, bool, bool]:
    """Return a scenario's hours, whether they bound its mails, and whether each prospect's own zone is meant.

    Where they bind nothing they are the workspace's, and so is their zone.
    """
    word = journey.file.model.hours
    if not isinstance(word, OwnHours):
        return workspace.hours, word == "business", False
    own = word.timezone == PROSPECT
    where = workspace.hours.zone if own or word.timezone is None else zone(word.timezone)
    return parse_hours(word.days, word.between, word.holidays, where), True, own


def mail_dates(journey: Journey, workspace: Workspace) -> Iterator[Problem]:
    """Yield a warning for each mail whose date has no opening on its day from its moment on."""
    if any(True for _ in hours(journey, workspace)):
        return
    opening, bound, _ = opening_of(journey, workspace)
    for placed in journey.steps.values():
        word = placed.word
        if not isinstance(word, SendEmail) or word.mailing.on_date is None or placed.path in journey.file.broken:
            continue
        at = instant_of(word.mailing.on_date, opening.zone)
        closed = not is_open(opening, at) and local_day(next_opening(opening, at), opening.zone) != local_day(
            at, opening.zone
        )
        if bound and closed:
            place = journey.file.source.place((*placed.path, "send_email", "on_date"))
            yield Problem(place, sentence("this date lies outside the hours: the e-mail goes to nobody"), "warning")


def all_past_dates(workspace: Workspace, now: datetime) -> Iterator[Problem]:
    """Yield a warning for each mail of any scenario whose date has passed."""
    for file in workspace.scenarios.values():
        if "on_date" in file.text:  # most have none, and their graph need not be built for it
            yield from past_dates(build(file), workspace, now)


def past_dates(journey: Journey, workspace: Workspace, now: datetime) -> Iterator[Problem]:
    """Yield a warning for each mail whose date has passed."""
    if any(True for _ in hours(journey, workspace)):
        return
    where = opening_of(journey, workspace)[0].zone
    for placed in journey.steps.values():
        word = placed.word
        on_date = word.mailing.on_date if isinstance(word, SendEmail) else None
        if on_date and placed.path not in journey.file.broken and instant_of(on_date, where) < now:
            place = journey.file.source.place((*placed.path, "send_email", "on_date"))
            yield Problem(place, sentence("this date has passed: the e-mail goes to nobody any more"), "warning")
