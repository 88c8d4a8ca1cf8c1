"""Every command, in the order of the help."""

from __future__ import annotations

from engage.cli import (
    applying,
    backtesting,
    checking,
    csv_files,
    demo,
    explaining,
    formatting,
    health,
    inbox,
    living,
    mailing,
    prospect,
    releasing,
    reporting,
    simulating,
    starter,
    templates,
    testing,
    ticking,
    users,
    versions,
)
from engage.cli.offer import Offer

_FILES, _ENGINE, _PEOPLE, _CARE = "Write scenarios", "Run them", "See what happens", "Administration"

#: Groups of commands: what the help says of each, and under which heading.
GROUPS = {
    "template": ("E-mail templates: check, preview, send a test.", _FILES),
    "todo": ("Work on one ToDo.", _PEOPLE),
    "messages": ("List e-mails, newest first: where each is and why.", _PEOPLE),
    "score": ("The scoring model.", _PEOPLE),
    "user": ("Users beside those of team.yaml.", _CARE),
    "db": ("The database: upgrade, backup, check.", _CARE),
}

COMMANDS: tuple[Offer, ...] = (
    Offer("init", starter.init, "engage init shop --scenario whitepaper-nurture", _FILES),
    Offer("validate", checking.validate, "engage validate scenarios/welcome.yaml", _FILES),
    Offer("graph", checking.graph, "engage graph welcome --format svg -o welcome.svg", _FILES),
    Offer("test", testing.run, "engage test welcome --junit report.xml", _FILES),
    Offer("fmt", formatting.fmt, "engage fmt --check", _FILES),
    Offer(
        "simulate", simulating.simulate, "engage simulate welcome --forecast 30d --assume open=0.3,click=0.1", _FILES
    ),
    Offer("schema", checking.schema, "engage schema scenario -o scenario.schema.json", _FILES),
    Offer("template check", templates.check, "engage template check welcome", _FILES),
    Offer(
        "template preview",
        templates.preview,
        "engage template preview welcome --prospect hanako@example.co.jp --html welcome.html",
        _FILES,
    ),
    Offer("template send-test", templates.send_test, "engage template send-test welcome --to me@example.co.jp", _FILES),
    Offer("plan", applying.plan, "engage plan --exit-code", _FILES),
    Offer("apply", applying.apply, "engage apply --yes", _FILES),
    Offer("versions", versions.versions, "engage versions welcome", _FILES),
    Offer("diff", versions.diff, "engage diff welcome 3 5", _FILES),
    Offer("rollback", versions.rollback, "engage rollback welcome 4", _FILES),
    Offer("demo", demo.demo, "engage demo --no-serve", _FILES),
    Offer("start", living.start, "engage start welcome", _ENGINE),
    Offer("pause", living.pause, "engage pause welcome", _ENGINE),
    Offer("resume", living.resume, "engage resume welcome", _ENGINE),
    Offer("stop", living.stop, "engage stop welcome --yes", _ENGINE),
    Offer("status", reporting.status, "engage status --format json", _ENGINE),
    Offer("tick", ticking.tick, "engage tick --now 2026-12-01T09:00", _ENGINE),
    Offer("deliver", ticking.deliver, "engage deliver", _ENGINE),
    Offer("run", ticking.run, "engage run --every 60s", _ENGINE),
    Offer("release", releasing.release, "engage release --drop-older 2d", _ENGINE),
    Offer("import", csv_files.import_file, 'engage import prospects leads.csv --map "Mail=email"', _PEOPLE),
    Offer("export", csv_files.export, 'engage export prospects -o jp.csv --where "{country: JP}"', _PEOPLE),
    Offer("report", reporting.report, "engage report welcome --format csv -o welcome.csv", _PEOPLE),
    Offer("todos", inbox.todos, "engage todos --to sato", _PEOPLE),
    Offer("todo done", inbox.done, 'engage todo done 12 --outcome "meeting on Friday"', _PEOPLE),
    Offer("messages", mailing.messages, "engage messages --status in_doubt", _PEOPLE),
    Offer("messages resend", mailing.resend, "engage messages resend 12 17", _PEOPLE),
    Offer("messages drop", mailing.drop, "engage messages drop 12 --yes", _PEOPLE),
    Offer("prospect", prospect.prospect, "engage prospect hanako@example.co.jp", _PEOPLE),
    Offer("explain", explaining.explain, "engage explain hanako@example.co.jp --scenario welcome", _PEOPLE),
    Offer("score backtest", backtesting.backtest, "engage score backtest --outcome converted --per-week 50", _PEOPLE),
    Offer("user add", users.add, "engage user add mori --name Mori --email mori@example.co.jp --group east", _CARE),
    Offer("user list", users.list_users, "engage user list", _CARE),
    Offer("user disable", users.disable, "engage user disable mori", _CARE),
    Offer("doctor", health.doctor, "engage doctor", _CARE),
    Offer("db upgrade", health.upgrade, "engage db upgrade", _CARE),
    Offer("db backup", health.backup, "engage db backup engage-2026-12-01.db", _CARE),
    Offer("db check", health.check, "engage db check --repair", _CARE),
)
