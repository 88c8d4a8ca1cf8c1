"""The files of a small workspace: what a test does not say stands here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from textwrap import dedent

from engage.graph.checks import check_workspace
from engage.language.load import Workspace, load
from engage.problem import errors

ENGAGE = """
name: Example
locale: en
timezone: UTC
hours: {days: [mon, tue, wed, thu, fri], between: "09:00-18:00"}
sender: {name: Example marketing, email: marketing@example.co.jp, address: "1-1 Chiyoda, Tokyo"}
fields:
  product_interest: {type: text}
  renewal_date: {type: date}
  seats: {type: integer}
  trial: {type: boolean}
"""
TEAM = """
users:
  sato: {name: 佐藤 花子, email: sato@example.co.jp, role: sales}
  suzuki: {name: 鈴木 一郎, email: suzuki@example.co.jp, role: sales}
  tanaka: {name: 田中 健, email: tanaka@example.co.jp, role: sales}
groups: {east: [sato, suzuki, tanaka]}
queues: {inside-sales: [sato]}
"""
LISTS = """
members: {name: Members}
others: {name: Others}
vip: {name: VIP}
blocked: {name: Blocked}
"""
CAMPAIGNS = "launch: {name: Launch, statuses: [invited, attended], responded: [attended]}\n"
FORMS = "demo: {name: Demo, fields: [email]}\nwhitepaper: {name: White paper, fields: [email]}\n"
TEMPLATE = "---\nsubject: {name}\n---\n<p>Hello {{{{ prospect.last_name | default('you') }}}}</p>\n"
_MAIL = re.compile(r"(?:send_email|template):\s*\{?\s*(?:template:\s*)?([\w-]+)")


def scenario_text(text: str) -> str:
    """Return a scenario's text with a name and an audience, the list ``members``, where it has none."""
    text = dedent(text).strip("\n") + "\n"
    head = "" if re.search(r"^name:", text, re.MULTILINE) else "name: Journey\n"
    if not re.search(r"^audience:", text, re.MULTILINE):
        head += "audience: {lists: [members]}\n"
    return head + text


def files_of(scenarios: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return a workspace's files: ``given`` by stem (``lists``, ``scoring`` …), the rest by default.

    Each e-mail that a scenario sends gets a template, unless one is given as ``templates/NAME.html``.
    """
    files = {
        "engage.yaml": ENGAGE, "team.yaml": TEAM, "lists.yaml": LISTS, "campaigns.yaml": CAMPAIGNS, "forms.yaml": FORMS,
    }  # fmt: skip
    for name, text in given.items():
        files[name if "." in name else f"{name}.yaml"] = dedent(text).strip("\n") + "\n"
    texts = {key: scenario_text(text) for key, text in scenarios.items()}
    for text in texts.values():
        for name in _MAIL.findall(text):
            files.setdefault(f"templates/{name}.html", TEMPLATE.format(name=name))
    return files | {f"scenarios/{key}.yaml": text for key, text in texts.items()}


def workspace_of(files: Mapping[str, str]) -> Workspace:
    """Return the workspace that files make; any mistake fails the test."""
    workspace, problems = load(files)
    wrong = errors((*problems, *check_workspace(workspace)))
    assert not wrong, "\n".join(str(problem) for problem in wrong)
    return workspace
