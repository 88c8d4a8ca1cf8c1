"""What commands do that must be traceable stands in the audit log (S60)."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select, text, update

from engage.accounts.deeds import DEEDS
from engage.clock import system_clock
from engage.sql import tables as t
from engage.sql.codes import MessageStatus
from engage.sql.connect import connect
from tests.cli.conftest import SCENARIO, TEAM, Engage
from tests.support.web import KEY
from tests.web.staff.test_audit import BY_PAGES

MONDAY, TUESDAY, NOON = "2026-12-07T09:00", "2026-12-08T09:00", "2026-12-08T12:00"
LISTS = "news: {name: News}\nrich: {name: Rich, where: {score: {gte: 100}}}\n"
MAIL = "---\nsubject: {name}\n---\n<p>{name}</p>\n"
LEADS = "email,last_name,score,lists\nann@example.com,Ann,120,news\nbob@example.com,Bob,200,news\n"
#: What the first apply writes of the users of team.yaml.
JOINED = (("user_added", "user:mori"), ("user_added", "user:sato"))
#: What a command does, and which lines it leaves.
LIFE: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("import prospects leads.csv --now {MONDAY}", (
        ("import_begun", "data:prospects"), ("import_ended", "data:prospects"))),
    ("import prospects leads.csv --dry-run", ()),
    ("import list-members members.csv --mode delete", (
        ("import_begun", "data:list-members"), ("import_ended", "data:list-members"))),
    ("export prospects -o people.csv", (("exported", "data:prospects"),)),
    ("export person ann@example.com -o ann.json", (("person_exported", "prospect:1"),)),
    ("start hand-over --now {MONDAY}", (("scenario_start", "scenario:hand-over"),)),
    ("pause hand-over --now {MONDAY}", (("scenario_pause", "scenario:hand-over"),)),
    ("resume hand-over --now {MONDAY}", (("scenario_resume", "scenario:hand-over"),)),
    ("stop hand-over --yes --now {MONDAY}", (("scenario_stop", "scenario:hand-over"),)),
    ("user add kato", (("user_added", "user:kato"),)),
    ("user invite kato", (("user_invited", "user:kato"),)),
    ("user disable kato", (("user_disabled", "user:kato"),)),
    ("template send-test calm --to somebody@example.com", (("test_sent", "template:calm"),)),
    ("import users users.csv", (
        ("import_begun", "data:users"), ("role_changed", "user:kato"), ("user_added", "user:vw"),
        ("import_ended", "data:users"))),
    ("import users users.csv --dry-run", ()),
    ("db check --repair", (("timers_repaired", "database"),)),
)  # fmt: skip
BY_COMMANDS = {deed for _, lines in LIFE for deed, _ in lines} | {
    "applied", "rolled_back", "send_ordered", "send_chosen", "send_cancelled", "send_resumed", "messages_resent",
    "messages_dropped", "mail_released", "database_copied", "database_upgraded",
}  # fmt: skip


def log(database: str) -> list[tuple[str, str]]:
    """Return the lines so far; all are by commands, and none names a prospect."""
    engine = connect(database)
    with engine.begin() as connection:
        a = t.audit.c
        found = connection.execute(select(a.action, a.subject, a.who, a.detail).order_by(a.id)).all()
    engine.dispose()
    assert {who.partition(":")[0] for _, _, who, _ in found} <= {"command"}
    assert "@" not in "".join(detail for *_, detail in found)
    return [(action, subject) for action, subject, _, _ in found]


def change(database: str, *statements: object) -> None:
    engine = connect(database)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[call-overload]
    engine.dispose()


def workspace(folder: Path) -> None:
    (folder / "lists.yaml").write_text(LISTS, "utf-8")
    for name in ("calm", "bold"):
        (folder / f"templates/{name}.html").write_text(MAIL.format(name=name), "utf-8")
    (folder / "leads.csv").write_text(LEADS, "utf-8")
    (folder / "members.csv").write_text("list,email\nnews,bob@example.com\n", "utf-8")
    (folder / "users.csv").write_text("id,role\nkato,viewer\nvw,admin\n", "utf-8")


def test_each_deed_of_a_command_leaves_its_line(engage: Engage, folder: Path, schema_url: str) -> None:
    """S60"""
    workspace(folder)
    assert engage("apply").code == 0
    expected = [*JOINED, ("applied", "workspace")]
    for command, lines in LIFE:
        done = engage(*command.format(MONDAY=MONDAY).split(), ENGAGE_SECRET_KEY=KEY)
        assert done.code == 0, (command, done.err)
        expected += lines
        assert log(schema_url) == expected, command
    assert engage("db", "check").code == 0


def test_files_applied_and_rolled_back_leave_their_lines(engage: Engage, folder: Path, schema_url: str) -> None:
    """S60"""
    assert engage("apply").code == 0
    assert engage("apply").code == 0, "nothing differs, nothing is written"
    (folder / "scenarios/hand-over.yaml").write_text(SCENARIO.replace("2 days", "3 days"), "utf-8")
    assert engage("apply", "--yes").code == 0
    (folder / "team.yaml").write_text(TEAM.replace("email: mori@example.com", "role: admin"), "utf-8")
    assert engage("apply", "--yes").code == 0
    assert engage("rollback", "hand-over", "1", "--yes").code == 0
    assert log(schema_url) == [
        *JOINED, ("applied", "workspace"), ("applied", "workspace"), ("role_changed", "user:mori"),
        ("applied", "workspace"), ("rolled_back", "scenario:hand-over"),
    ]  # fmt: skip


def test_what_is_decided_about_mail_leaves_its_lines(engage: Engage, folder: Path, schema_url: str) -> None:
    """S60"""
    workspace(folder)
    assert engage("apply").code == 0
    assert engage("import", "prospects", "leads.csv", "--now", MONDAY).code == 0
    before = len(log(schema_url))
    for words in (
        ("send", "calm", "--list", "news", "--now", TUESDAY, "--yes"),
        ("tick", "--now", TUESDAY),
        ("messages", "drop", "1", "--yes", "--now", TUESDAY),
        ("sends", "cancel", "1", "--yes", "--now", TUESDAY),
        ("send", "calm", "bold", "--list", "news", "--share", "50", "--now", TUESDAY, "--yes"),
        ("tick", "--now", TUESDAY),
        ("sends", "choose", "2", "bold", "--yes", "--now", TUESDAY),
        ("send", "bold", "--list", "rich", "--at", NOON, "--now", TUESDAY, "--yes"),
    ):
        done = engage(*words)
        assert done.code == 0, (words, done.err)
    (folder / "templates/bold.html").unlink()
    assert engage("apply", "--yes", "--now", TUESDAY).code == 0
    assert engage("tick", "--now", NOON).code == 0
    (folder / "templates/bold.html").write_text(MAIL.format(name="bold"), "utf-8")
    assert engage("apply", "--yes", "--now", NOON).code == 0
    assert engage("sends", "resume", "3", "--now", NOON).code == 0
    doubtful = update(t.messages).where(t.messages.c.id == 3).values(status=int(MessageStatus.IN_DOUBT))
    held = t.holds.insert().values(held_at=system_clock(), held_by="a@b", why="older")
    change(schema_url, doubtful, held)
    assert engage("messages", "resend", "3", "--yes").code == 0
    assert engage("release", "--yes").code == 0
    assert [line for line in log(schema_url)[before:] if line[0] != "applied"] == [
        ("send_ordered", "send:1"), ("messages_dropped", "messages"), ("send_cancelled", "send:1"),
        ("send_ordered", "send:2"), ("send_chosen", "send:2"), ("send_ordered", "send:3"), ("send_resumed", "send:3"),
        ("messages_resent", "messages"), ("mail_released", "hold"),
    ]  # fmt: skip


def test_a_database_that_is_upgraded_and_copied_says_so(run: Engage, folder: Path) -> None:
    """S60: PostgreSQL is copied by its own tool, which asks nobody here."""
    database = f"sqlite:///{folder / 'old.db'}"
    change(database, text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    for words in (("db", "upgrade"), ("db", "upgrade"), ("db", "backup", "copy.db")):
        assert run(*words, database=database).code == 0
    assert log(database) == [("database_upgraded", "database"), ("database_copied", "database")]


def test_every_deed_is_done_in_a_test_and_documented() -> None:
    """S60"""
    assert set(DEEDS) == BY_COMMANDS | BY_PAGES
    assert len(DEEDS) >= 25
    told = (Path(__file__).parents[2] / "docs" / "pages.md").read_text("utf-8")
    assert [deed for deed in DEEDS if f"`{deed}`" not in told] == []


def test_a_changed_line_is_named_by_the_check_of_the_database(applied: Engage, schema_url: str) -> None:
    """S60: the promise holds as long as nobody owns the database; who does is found out."""
    for key in ("kato", "yamada"):
        assert applied("user", "add", key).code == 0
    assert applied("db", "check").code == 0
    allowed = (
        "DROP TRIGGER audit_no_update" if schema_url.startswith("sqlite") else "ALTER TABLE audit DISABLE TRIGGER ALL"
    )
    change(schema_url, text(allowed), update(t.audit).where(t.audit.c.id == 2).values(who="command:nobody"))
    done = applied("db", "check")
    assert done.code == 1
    assert "1 line of the audit log was changed" in done.out
    assert "after one that is: line 2" in done.out
