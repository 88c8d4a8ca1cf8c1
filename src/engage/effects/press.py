"""The press: messages and their templates become what the messages say, here or in a process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from engage.effects.failure import Failure
from engage.effects.links import links, signing_key
from engage.effects.post import Post
from engage.effects.pressroom import Job as Told
from engage.effects.pressroom import Outcome, Pressroom
from engage.effects.queued import Queued
from engage.effects.rendering import Printed, Printer, Rendered, Sheet
from engage.effects.team import Person
from engage.effects.tracking import Track, tracked
from engage.language.fields import fold
from engage.language.shelf import Shelf
from engage.language.templates import Template
from engage.language.workspace import Sender
from engage.wording import sentence

#: The owner of a prospect without one.
_NOBODY: dict[str, str | None] = dict.fromkeys(("name", "email", "job_title", "department"))
#: A message and its prospect's owner.
Asked = tuple[Queued, Person | None]


@dataclass(frozen=True, slots=True)
class Job:
    """A message to render: the variant of its e-mail and the values of its names."""

    sheet: Sheet
    names: Mapping[str, object]
    track: Track | None


class Press:
    """Renders the messages of a delivery; ``close`` it at the end."""

    def __init__(self, post: Post, sender: Sender) -> None:
        self._post = post
        self._signature = {"name": sender.name, "email": sender.email, "address": sender.address}
        self._key = signing_key(post.secret_key, post.base_url)
        self._sheets: dict[tuple[str, str | None], Sheet] = {}
        self._zone, self._shelf = post.house.hours.zone, shelf_of(post)
        #: by whether they print
        self._rooms: dict[bool, Pressroom] = {}
        self._printer = Printer(self._zone, self._shelf)

    def render(self, messages: Sequence[Asked]) -> Iterator[Rendered | Failure]:
        """Give what each message says, or why it cannot be rendered; with each goes the prospect's owner.

        Raises Outside when nothing can be rendered at all.
        """
        return (outcome for outcome in self._outcomes(messages, printed=False) if not isinstance(outcome, Printed))

    def print(self, messages: Sequence[Asked]) -> Iterator[Printed | Failure]:
        """Begin to print some messages, and give the same as it goes into mails.

        Outcomes of messages that were begun before can be taken no more.
        Raises Outside when nothing can be rendered at all.
        """
        outcomes = self._outcomes(messages, printed=True)
        return (outcome.printed() if isinstance(outcome, Rendered) else outcome for outcome in outcomes)

    def is_ready(self) -> bool:
        """Tell whether what is being printed need not be waited for."""
        return True not in self._rooms or self._rooms[True].is_ready()

    def _outcomes(self, messages: Sequence[Asked], *, printed: bool) -> Iterator[Outcome]:
        jobs = [self._job(message, owner) for message, owner in messages]
        whole = [(job.sheet, job.names, job.track) for job in jobs if isinstance(job, Job)]
        outcomes = self._room(printed=printed).attempts(whole) if self._post.isolated else self._attempts(whole)
        return (next(outcomes) if isinstance(job, Job) else job for job in jobs)

    def _room(self, *, printed: bool) -> Pressroom:
        if printed not in self._rooms:
            self._rooms[printed] = Pressroom(self._zone.key, self._shelf, printed=printed)
        return self._rooms[printed]

    def _attempts(self, jobs: Sequence[Told]) -> Iterator[Rendered | Failure]:
        for job in jobs:
            yield self._printer.attempt(*job)

    def close(self) -> None:
        """End the process that renders, if there is one."""
        for room in self._rooms.values():
            room.close()

    def _job(self, message: Queued, owner: Person | None) -> Job | Failure:
        template = self.template(message)
        if template is None:
            return Failure(sentence("there is no template called {name}", name=repr(message.template)))
        key = (message.template, template.language)
        found = self._sheets.get(key)
        if found is None:
            found = self._sheets[key] = sheet(template, self._post.house.locale)
        return Job(found, self._names(message, owner), self._track(message))

    def template(self, message: Queued) -> Template | None:
        """Return the variant of a message's e-mail; None where there is no such e-mail."""
        variants = self._post.templates.get(message.template)
        return variant(variants, message.prospect or {}) if variants else None

    def _track(self, message: Queued) -> Track | None:
        """Return how a message is tracked; not at all without a secret key, which its links must bear."""
        post, tracking = self._post, self._post.house.tracking
        if not (message.tracked and post.secret_key and (tracking.opens or tracking.clicks)):
            return None
        return tracked(post.base_url, self._key, message.id, opens=tracking.opens, clicks=tracking.clicks)

    def _names(self, message: Queued, owner: Person | None) -> dict[str, object]:
        address = links(self._post.base_url, self._key, message.id)
        return {
            "prospect": message.prospect,
            "sender": self._signature,
            "owner": _NOBODY if owner is None else _owner(owner),
            "scenario": {"name": message.scenario_name},
            "unsubscribe_url": address.unsubscribe_url,
            "preferences_url": address.preferences_url,
            "view_url": address.view_url,
        }


def shelf_of(post: Post) -> Shelf:
    """Return the partials of a post's templates; all have the same."""
    return next((each.shelf for kinds in post.templates.values() for each in kinds.values()), Shelf())


def sheet(template: Template, locale: str) -> Sheet:
    """Return a template as it is printed; a main file is in the house's language."""
    head = template.head
    language = fold(template.language or locale).replace("_", "-")
    return Sheet(head.subject, head.preheader, template.body, language, template.mjml)


def variant(variants: Mapping[str | None, Template], prospect: Mapping[str, object]) -> Template:
    """Return the template in a prospect's language (``en`` serves ``en-GB`` too), else the main file."""
    if len(variants) == 1:
        return next(iter(variants.values()))
    written = prospect.get("language")
    language = fold(written).strip().replace("_", "-") if isinstance(written, str) else ""
    named = {fold(key).replace("_", "-"): template for key, template in variants.items() if key is not None}
    main = variants.get(None) or next(iter(variants.values()))
    return named.get(language) or named.get(language.partition("-")[0]) or main


def _owner(owner: Person) -> dict[str, str | None]:
    return {
        "name": owner.name,
        "email": owner.email,
        "job_title": owner.job_title,
        "department": owner.department,
    }
