"""Checks of what reaches the world outside: addresses, payloads, and actions that must be installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engage.graph.build import Journey
from engage.language.load import Workspace
from engage.language.outward import Action, Call, Plugin, Webhook, texts_of, url_fault
from engage.language.plugins import GROUP, installed_actions
from engage.language.source import Path
from engage.language.template_checks import check_body
from engage.problem import Problem, unknown
from engage.wording import sentence


def outward(journey: Journey, workspace: Workspace) -> Iterator[Problem]:
    """Yield what is wrong with webhooks and with actions of the user's own."""
    for placed in journey.steps.values():
        if placed.path not in journey.file.broken:
            match placed.word:
                case Webhook(webhook=call):
                    yield from _call(call, (*placed.path, "webhook"), journey, workspace)
                case Action(action=plugin):
                    yield from _plugin(plugin, (*placed.path, "action", "name"), journey)
                case _:
                    pass


def _call(call: Call, path: Path, journey: Journey, workspace: Workspace) -> Iterator[Problem]:
    source = journey.file.source
    if (fault := url_fault(call.url)) is not None:
        yield Problem(source.place((*path, "url")), fault)
    for inner, text in texts_of(call.payload, (*path, "payload")):
        place = source.place(inner)
        found = check_body(place.file, text, workspace.vocabulary.fields, 0)
        yield from (replace(problem, place=place) for problem in found)


def _plugin(plugin: Plugin, path: Path, journey: Journey) -> Iterator[Problem]:
    known = installed_actions()
    if plugin.name in known:
        return
    if known:
        message = unknown("action", plugin.name, known)
    else:
        message = sentence("no action is installed: a Python package gives them as entry points, group {g}", g=GROUP)
    yield Problem(journey.file.source.place(path), message)
