"""Earlier versions of scenarios, compiled again from the texts that are kept."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection, select

from engage.graph.build import build
from engage.language.load import load, with_vocabulary
from engage.language.whole import Workspace
from engage.plan.compile import compile_plan
from engage.plan.moves import Plan, Plans
from engage.rehearse.passages import Older
from engage.sql import tables as t


def older_plans(connection: Connection, workspace: Workspace, plans: Plans) -> Older:
    """Return what gives a scenario's plan in a version, each compiled once.

    The other files are those that were applied last: lists, team and templates keep no versions.
    """

    @cache
    def older(key: str, version: int) -> Plan | None:
        present = plans.scenarios.get(key)
        if present is not None and present.version == version:
            return present
        v, s = t.versions, t.scenarios
        mine = (s.c.key == key, v.c.version == version)
        text = connection.scalar(select(v.c.source).join(s, s.c.id == v.c.scenario_id).where(*mine))
        if text is None:
            return None
        path = f"scenarios/{key}.yaml"
        then = with_vocabulary(load({**workspace.texts, path: text})[0], tuple(workspace.vocabulary.users))
        file = then.scenarios.get(key)
        return None if file is None else compile_plan(build(file), then, version)

    return older
