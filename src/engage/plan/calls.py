"""Calls of the world outside become values: what is called is one text of JSON, always the same for the same call."""

from __future__ import annotations

import json

from engage.language.outward import Action, Webhook
from engage.plan.reaching import Call


def call_of(word: Webhook | Action) -> Call:
    """Return what a webhook or an action calls."""
    match word:
        case Webhook(webhook=call):
            return Call("webhook", _json({"url": call.url, "payload": call.payload}))
        case Action(action=plugin):
            return Call("action", _json({"name": plugin.name, "with": plugin.with_}))


def _json(value: dict[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
