"""``engage import`` and ``engage export``: data in and out as CSV files."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

import typer

from engage.cli.personal import export_person, write_whole
from engage.cli.progress import progress
from engage.cli.session import Format, Now, Session
from engage.errors import Refused
from engage.problem import errors
from engage.wording import sentence

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from engage.intake.import_kind import ImportSummary
    from engage.language.conditions import Condition
    from engage.language.vocabulary import Vocabulary

#: What can be imported, and exported again.
KINDS = "prospects, activities, list-members, opportunities, accounts, campaign-members, users, unsubscribes"
Mode = Literal["insert", "update", "upsert", "delete"]


def import_file(
    session: Session,
    kind: Annotated[str, typer.Argument(help=KINDS)],
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="The file.")],
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COL=FIELD,…", help="Or FIELD=TEXT with {COL}; may be repeated."),
    ] = None,
    blanks: Annotated[
        list[str] | None, typer.Option("--blank", metavar="TEXT", help="Read this text as empty; may be repeated.")
    ] = None,
    mode: Annotated[Mode, typer.Option("--mode", help="What may happen to rows.")] = "upsert",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count everything, keep nothing.")] = False,
    encoding: Annotated[str, typer.Option("--encoding", help="auto, utf-8, cp932, utf-16 …")] = "auto",
    clear_empty: Annotated[bool, typer.Option("--clear-empty", help="An empty cell clears its field.")] = False,
    create_prospects: Annotated[
        bool, typer.Option("--create-prospects", help="Unknown addresses become prospects.")
    ] = False,
    rejected: Annotated[
        Path | None, typer.Option("--rejected", metavar="FILE", help="Where bad rows go; else FILE.rejected.csv.")
    ] = None,
    now: Now = None,
    form: Format = "table",
) -> None:
    """Import a CSV file; bad rows are set aside with the reason."""
    from engage.app import running
    from engage.intake.import_kind import ImportOptions
    from engage.intake.imports import run_import

    app, moment = session.app(), session.moment(now)
    options = ImportOptions(
        mode=mode, dry_run=dry_run, encoding=encoding, maps=tuple(maps or ()), blanks=tuple(blanks or ()),
        clear_empty=clear_empty, create_prospects=create_prospects, rejected=rejected,
    )  # fmt: skip
    if not file.is_file():
        raise Refused(sentence("{file} is not there", file=file))
    with progress(session.read("rows"), _rows_of(file)) as told:
        summary = run_import(
            app.engine, kind, file, options, running(app).vocabulary, moment, told,
            noted=lambda connection: _note(connection, "import_begun", kind, moment, {"mode": mode, "file": file.name}),
        )  # fmt: skip
    if not dry_run:
        with app.engine.begin() as connection:
            _note(connection, "import_ended", kind, moment, _counts(summary))
    if form == "json":
        session.write_json(_as_data(summary, session))
    else:
        _show(session, summary, dry_run=dry_run)


def _rows_of(file: Path) -> int:
    """Return about how many rows a file has: its lines."""
    with file.open("rb") as stream:
        return max(sum(part.count(b"\n") for part in iter(lambda: stream.read(1 << 20), b"")) - 1, 1)


def _show(session: Session, summary: ImportSummary, *, dry_run: bool) -> None:
    text = (
        "{read} rows: {inserted} inserted, {updated} updated, {unchanged} unchanged, {deleted} deleted, "
        "{rejected} rejected"
    )
    session.say(
        sentence(
            text, read=summary.read, inserted=summary.inserted, updated=summary.updated, unchanged=summary.unchanged,
            deleted=summary.deleted, rejected=summary.rejected,
        )
    )  # fmt: skip
    for column, field in summary.matched.items():
        if column != field:
            session.say(sentence("    column {column} → {field}", column=column, field=field))
    for each in summary.ignored:
        why = each.why.read(session.locale)
        session.say(sentence("    column {column} is ignored: {why}", column=each.column, why=why))
    for doubt in summary.doubts:
        session.warn(sentence("    warning: {what}", what=doubt))
    if summary.rejected_file is not None:
        session.say(sentence("    rejected rows, with reasons: {file}", file=summary.rejected_file))
    if dry_run:
        session.say(sentence("nothing was kept: this was a dry run"))


def _note(connection: Connection, deed: str, kind: str, moment: datetime, detail: Mapping[str, object]) -> None:
    """Write into the audit log what was done with data of a kind."""
    from engage.accounts import audit

    audit.note(connection, audit.command_line(), deed, f"data:{kind}", moment, detail)


def _counts(summary: ImportSummary) -> dict[str, object]:
    return {
        name: getattr(summary, name) for name in ("read", "inserted", "updated", "unchanged", "deleted", "rejected")
    }


def _as_data(summary: ImportSummary, session: Session) -> dict[str, object]:
    return {
        **_counts(summary),
        "encoding": summary.encoding,
        "matched": dict(summary.matched),
        "ignored": [{"column": each.column, "why": each.why.read(session.locale)} for each in summary.ignored],
        "doubts": [each.read(session.locale) for each in summary.doubts],
        "rejected_file": None if summary.rejected_file is None else str(summary.rejected_file),
    }


def export(
    session: Session,
    kind: Annotated[str, typer.Argument(help=f"{KINDS}, todos, visits, messages, scores, report-card, person")],
    email: Annotated[
        str | None, typer.Argument(metavar="EMAIL", help="With person: whose data is wanted, in full, as JSON.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write there, not to the terminal.")
    ] = None,
    where: Annotated[
        str | None, typer.Option("--where", metavar="CRITERIA", help="Only prospects for whom this holds, in YAML.")
    ] = None,
    now: Now = None,
) -> None:
    """Export rows as CSV, which an import of the same kind takes back; or all data of one person as JSON."""
    from engage.app import running
    from engage.reports.card_text import report_card_kind
    from engage.reports.exports import KINDS, run_export

    if (kind == "person") != (email is not None):
        raise typer.BadParameter(session.read("person takes an address, and no other kind does"), param_hint="EMAIL")
    if email is not None:
        if where is not None:
            raise typer.BadParameter(session.read("a person is chosen by the address"), param_hint="--where")
        export_person(session, email, output, now)
        return
    app, moment = session.app(), session.moment(now)
    workspace = running(app)
    vocabulary, consent = workspace.vocabulary, workspace.company.require_consent
    kinds = {**KINDS, "report-card": report_card_kind(app.applied().plans)}
    chosen = None if where is None else _condition(session, where, vocabulary)

    if kind in kinds:
        with app.engine.begin() as connection:
            detail = {"to": "-" if output is None else output.name, "chosen": chosen is not None}
            _note(connection, "exported", kind, moment, detail)

    def write(stream: BinaryIO) -> int:
        return run_export(app.engine, kind, stream, vocabulary, moment, chosen, require_consent=consent, kinds=kinds)

    if output is None:
        write(sys.stdout.buffer)
        return
    count = write_whole(output, write)
    session.warn(sentence("{count} rows → {file}", count=count, file=output))


def _condition(session: Session, text: str, vocabulary: Vocabulary) -> Condition:
    from engage.language.where import read_where

    condition, problems = read_where(text, vocabulary)
    if condition is None:
        session.show_problems(errors(problems))
        raise typer.Exit(1)
    return condition
