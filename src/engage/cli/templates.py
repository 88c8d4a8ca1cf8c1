"""``engage template check``, ``preview`` and ``send-test``: e-mails before anybody gets them."""

from __future__ import annotations

import email
from dataclasses import dataclass, replace
from datetime import datetime
from email.header import decode_header, make_header
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engage.cli.checking import as_data, has_database, sum_up
from engage.cli.session import Format, Now, Session, seen_from
from engage.errors import Invalid, Refused
from engage.problem import Problem, errors
from engage.rehearse.telling import reason_of
from engage.wording import Sentence, sentence

if TYPE_CHECKING:
    from engage.effects.letter import Desk
    from engage.effects.rendering import Rendered
    from engage.effects.trial import Reader
    from engage.language.templates import Template
    from engage.language.whole import Workspace

Name = Annotated[str, typer.Argument(metavar="NAME", help="The e-mail: its file's name before the first dot.")]
Prospect = Annotated[
    str | None, typer.Option("--prospect", metavar="EMAIL", help="Whom it is written to; else somebody invented.")
]
Language = Annotated[
    str | None, typer.Option("--language", metavar="CODE", help="Which variant, such as en; else the prospect's.")
]
#: Headers that say how a mail is built, not what it says.
_BUILT = frozenset(("mime-version", "content-type", "content-transfer-encoding"))
#: The same warning of more files than these is told once.
_TOLD_SINGLY = 3


def check(
    session: Session,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]…", help="Only these e-mails.")] = None,
    form: Format = "table",
    now: Now = None,
) -> None:
    """Check e-mail templates: every mistake with its file, line and column, and what readers would miss."""
    from engage.cli.template_files import checked

    problems = checked(session.settings, names or [], session.moment(now))
    if form == "json":
        session.write_json([as_data(seen_from(session.here, session.workspace, each), session) for each in problems])
    else:
        session.show_problems(_gathered(problems), session.workspace)
        sum_up(session, problems)
    if errors(problems):
        raise typer.Exit(1)


def preview(
    session: Session,
    name: Name,
    prospect: Prospect = None,
    language: Language = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write the HTML there, to open in a browser.")
    ] = None,
    form: Format = "table",
    now: Now = None,
) -> None:
    """Show an e-mail as somebody would get it: its headers, its text and its HTML; nothing is sent."""
    from engage.effects.trial import written

    trial = _tried(session, name, prospect, language, session.moment(now))
    content = written(trial.desk, trial.template, trial.reader, trial.rendered).content
    read = email.message_from_bytes(content)
    headers = {key: _shown(value) for key, value in read.items() if key.lower() not in _BUILT}
    if html is not None:
        html.write_text(trial.rendered.html, "utf-8")
    if form == "json":
        shown = {"template": trial.template.id, "language": trial.template.language, "file": trial.template.file}
        parts = {"text": trial.rendered.text, "html": trial.rendered.html}
        session.write_json({**shown, "headers": headers, **parts})
    else:
        _show(session, trial, headers, html)


def _shown(value: str) -> str:
    """Return a header as readers see it; what the library makes of names has spaces too many."""
    return str(make_header(decode_header("".join(value.splitlines()))))


def send_test(
    session: Session,
    name: Name,
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Who gets it.")],
    prospect: Prospect = None,
    language: Language = None,
    now: Now = None,
) -> None:
    """Send an e-mail to one address, marked as a test: it is counted nowhere, and its links do nothing."""
    from engage.effects.trial import send, test_letter, why_not
    from engage.outgoing import way_out
    from engage.sql.connect import reading

    trial = _tried(session, name, prospect, language, session.moment(now))
    if has_database(session):
        with reading(session.app().engine).begin() as connection:
            reason = why_not(connection, trial.desk.post, trial.template, to)
        if reason is not None:
            text = "{address} must not be written to: {reason}"
            raise Refused(sentence(text, address=to, reason=reason_of(session, reason)))
    mail = test_letter(trial.desk, trial.template, trial.reader, trial.rendered, to)
    with way_out(session.settings) as channel:
        send(channel, mail)
    if has_database(session):
        _note(session, name, session.moment(now))
    session.say(
        sentence("a test of {file} → {address} ({way})", file=trial.template.file, address=to, way=channel.name)
    )


def _note(session: Session, name: str, moment: datetime) -> None:
    """Write into the audit log that a test was sent; not to whom, for that log is never erased."""
    from engage.accounts import audit

    with session.app().engine.begin() as connection:
        audit.note(connection, audit.command_line(), "test_sent", f"template:{name}", moment)


@dataclass(frozen=True, slots=True)
class _Trial:
    """An e-mail and whom it is tried on."""

    desk: Desk
    template: Template
    reader: Reader
    rendered: Rendered


def _tried(session: Session, name: str, address: str | None, language: str | None, now: datetime) -> _Trial:
    """Return what an e-mail of the workspace's files says to somebody.

    Raises Invalid where it cannot be rendered, Refused for an unknown prospect or variant.
    """
    from engage.cli.template_files import readable, variant_of
    from engage.effects.failure import Failure
    from engage.effects.outbox import OutboxFolder
    from engage.effects.trial import desk, tried
    from engage.effects.whereabouts import place_of
    from engage.outgoing import drafts

    workspace = readable(session.workspace, name)
    post = drafts(session.settings, workspace, OutboxFolder(session.workspace / "outbox"))
    at = desk(post, now)
    known = None if address is None else _known(session, at, address)
    template = variant_of(workspace, name, language, {} if known is None else known.prospect)
    reader = known or _invented(at, workspace, template)
    outcome = tried(post, at.sender, [(template, reader)], now)[0]
    if isinstance(outcome, Failure):
        raise Invalid((Problem(place_of(template, outcome), outcome.why),))
    return _Trial(at, template, reader, outcome)


def _known(session: Session, at: Desk, address: str) -> Reader:
    """Return the prospect of an address. Raises Refused where there is none."""
    from engage.effects.trial import known_reader
    from engage.sql.connect import reading

    found = None
    if has_database(session):
        with reading(session.app().engine).begin() as connection:
            found = known_reader(connection, at.post, address)
    if found is None:
        raise Refused(sentence("nobody is known by the address {email}", email=address))
    return found


def _invented(at: Desk, workspace: Workspace, template: Template) -> Reader:
    """Return somebody who is not there, with the first user as owner."""
    from engage.effects.samples import invented
    from engage.effects.team import Person
    from engage.effects.trial import Reader

    language = template.language or workspace.company.locale
    user = next(iter(workspace.team.users.values()), None)
    owner = None if user is None else Person(user.name, user.email, user.job_title, user.department)
    return Reader(invented(at.post, language, at.now), owner)


def _show(session: Session, trial: _Trial, headers: dict[str, str], html: Path | None) -> None:
    session.say(trial.template.file)
    for key, value in headers.items():
        session.say(f"{key}: {value}")
    if trial.reader.prospect.get("mailable") is False:
        session.warn(sentence("this prospect may get no marketing mail: look at consent and bounces"))
    size = f"{len(trial.rendered.html.encode()) / 1000:.1f}"
    session.say("")
    session.say(sentence("--- text ---"))
    session.say(trial.rendered.text)
    session.say("")
    if html is None:
        session.say(sentence("--- HTML, {size} kB ---", size=size))
        session.say(trial.rendered.html)
    else:
        session.say(sentence("--- HTML, {size} kB → {file} ---", size=size, file=html))


def _gathered(problems: tuple[Problem, ...]) -> list[Problem]:
    """Return problems where a warning that many files share is told once."""
    files: dict[Sentence, set[str]] = {}
    for each in problems:
        files.setdefault(each.message, set()).add(each.place.file)
    told: set[Sentence] = set()
    shown: list[Problem] = []
    for each in problems:
        others = len(files[each.message]) - 1
        if each.severity == "error" or others < _TOLD_SINGLY:
            shown.append(each)
        elif each.message not in told:
            told.add(each.message)
            shown.append(
                replace(each, message=sentence("{what} ({count} more files)", what=each.message, count=others))
            )
    return shown
