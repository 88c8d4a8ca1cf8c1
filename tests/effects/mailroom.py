"""A small house with mail to deliver: prospects, messages, templates, and channels that watch."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, insert, select

from engage.effects.channel import Channel, Envelope
from engage.effects.delivery import deliver
from engage.effects.post import Delivered, Post
from engage.language.fields import fold
from engage.language.hours import Hours
from engage.language.templates import Template, read_template
from engage.language.vocabulary import all_fields
from engage.language.workspace import Company
from engage.plan.moves import House
from engage.sql import tables as t
from engage.sql.codes import MessageKind, MessageStatus
from engage.sql.interning import word_id

NOW = datetime(2026, 12, 1, 1, 0, tzinfo=UTC)
#: Queued on the evening before, in Tokyo's time already the next day.
QUEUED_AT = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Tokyo")
SCENARIO, STEP = 1, 7

COMPANY = Company.model_validate(
    {
        "name": "Example",
        "sender": {"name": "Example marketing", "email": "marketing@example.co.jp", "address": "1-1 Chiyoda, Tokyo"},
        "fields": {
            "items": {"type": "integer"},
            "renewal_date": {"type": "date"},
            "trial": {"type": "boolean"},
            "interest": {"type": "text"},
        },
    }
)
HELLO = "<p>Dear {{ prospect.last_name | default('customer') }},</p>"


@dataclass
class Watcher:
    """A channel that keeps what it is given."""

    name: str = "watcher"
    repeatable: bool = True
    connections: int = 1
    per_second: float | None = None
    taken: list[Envelope] = field(default_factory=list)

    def prepare(self, count: int) -> int:
        return count

    def hand_over(self, envelope: Envelope) -> None:
        self.taken.append(envelope)

    def flush(self) -> None:
        """Nothing waits."""

    @property
    def mails(self) -> list[EmailMessage]:
        return [parsed(envelope.content) for envelope in self.taken]


def template(body: str, *, subject: str = "Hello", head: str = "", language: str | None = None) -> Template:
    """Read a template as the workspace does; it must be without mistakes."""
    suffix = f".{language}" if language else ""
    text = f"---\nsubject: '{subject}'\n{head}---\n{body}"
    made, problems = read_template(f"templates/hello{suffix}.html", text, list(all_fields(COMPANY)))
    assert made is not None, problems
    assert not problems
    return made


def unchecked(body: str, *, subject: str = "Hello") -> Template:
    """Make a template that the workspace's checks would refuse."""
    plain = template("x", subject="x")
    head = plain.head.model_copy(update={"subject": subject})
    return replace(plain, head=head, body=body)


def house(locale: str = "en", *, require_consent: bool = False, first_queue: str | None = None) -> House:
    assert locale in ("ja", "en")
    return House("Example", "ja" if locale == "ja" else "en", Hours(ZONE), require_consent, first_queue)


def post(channel: Channel, *templates: Template, **changes: object) -> Post:
    """Make a post with some variants of one e-mail, ``hello``."""
    variants = {one.language: one for one in templates or (template(HELLO),)}
    made = Post(house(), COMPANY, {"hello": variants}, "https://m.example.com", "key", channel)
    return replace(made, **changes)  # type: ignore[arg-type]


def add_prospect(engine: Engine, key: int, **fields: object) -> int:
    """Add a prospect; standings (owner, opted_out …) are given like fields."""
    address = str(fields.pop("email", f"p{key}@example.com"))
    standing = {name: fields.pop(name) for name in list(fields) if name in t.standings.c}
    with engine.begin() as connection:
        row = {"id": key, "email": address, "email_folded": fold(address), **fields}
        connection.execute(insert(t.prospects).values(row))
        connection.execute(insert(t.standings).values(prospect_id=key, created_at=QUEUED_AT, **standing))
    return key


def set_custom(engine: Engine, key: int, name: str, **kept: object) -> None:
    """Give a prospect a value of a custom field, as it is kept."""
    with engine.begin() as connection:
        field_id = word_id(connection, "field", name)
        connection.execute(insert(t.field_values).values(prospect_id=key, field_id=field_id, **kept))


def add_message(engine: Engine, key: int, *, prospect: int | None = None, **changes: object) -> int:
    """Queue a message of the scenario's step to the prospect of the same key."""
    with engine.begin() as connection:
        template = str(changes.pop("template", "hello"))
        connection.execute(insert(t.messages).values(_message(connection, key, template, prospect) | changes))
    return key


def _message(
    connection: Connection, key: int, template: str = "hello", prospect: int | None = None
) -> dict[str, object]:
    if connection.scalar(select(t.scenarios.c.id)) is None:
        scenario = {"id": SCENARIO, "key": "welcome", "name": "Welcome", "state": "running", "version": 1}
        connection.execute(insert(t.scenarios).values(scenario))
        connection.execute(insert(t.steps).values(id=STEP, scenario_id=SCENARIO, key="send_email-hello"))
    return {
        "id": key,
        "prospect_id": prospect or key,
        "enrolment_id": key,
        "queued_at": QUEUED_AT,
        "step_id": STEP,
        "template_id": word_id(connection, "template", template),
        "status": int(MessageStatus.QUEUED),
        "kind": int(MessageKind.MARKETING),
        "from_owner": False,
    }


def add_people(engine: Engine, count: int) -> None:
    """Add prospects 1 … count with one queued message each."""
    keys = range(1, count + 1)
    addresses = [f"p{key}@example.com" for key in keys]
    with engine.begin() as connection:
        people = [
            {"id": key, "email": address, "email_folded": address, "last_name": f"Name{key}"}
            for key, address in zip(keys, addresses, strict=True)
        ]
        connection.execute(insert(t.prospects), people)
        connection.execute(insert(t.standings), [{"prospect_id": key, "created_at": QUEUED_AT} for key in keys])
        first = _message(connection, 1)
        connection.execute(
            insert(t.messages), [{**first, "id": key, "prospect_id": key, "enrolment_id": key} for key in keys]
        )


def add_users(engine: Engine, **users: Mapping[str, object]) -> None:
    """Add users; ``queue`` puts one into a queue, ``group`` into a group."""
    with engine.begin() as connection:
        for place, (key, given) in enumerate(users.items()):
            row = {"name": key.title(), "email": f"{key}@example.co.jp", "role": "sales", **given}
            queue, group = row.pop("queue", None), row.pop("group", None)
            connection.execute(insert(t.users).values(id=key, **row))
            member = {"user_id": key, "position": place}
            if queue:
                connection.execute(insert(t.queue_members).values(queue_key=queue, **member))
            if group:
                connection.execute(insert(t.group_members).values(group_key=group, **member))


def message_rows(engine: Engine) -> dict[int, tuple[str, str | None]]:
    """Return each message's status and reason."""
    with engine.connect() as connection:
        rows = connection.execute(select(t.messages.c.id, t.messages.c.status, t.messages.c.reason))
        return {key: (MessageStatus(status).name.lower(), reason) for key, status, reason in rows}


def parsed(content: bytes) -> EmailMessage:
    """Read a mail as a strict mail program does."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def text_of(message: EmailMessage) -> str:
    """Return the plain text part."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def html_of(message: EmailMessage) -> str:
    """Return the HTML part."""
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def one_mail(engine: Engine, *templates: Template, locale: str = "en", **message: object) -> EmailMessage:
    """Deliver the one message there is and return its mail."""
    watcher = Watcher()
    done = deliver(engine, post(watcher, *templates, house=house(locale)), NOW)
    assert done == Delivered(sent=1), message_rows(engine)
    return watcher.mails[0]
