"""Events as a path names them: what triggers wait for, and what may end a loop."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, RootModel, Tag

from engage.language.model import AsTuple, Filled, Idents, Model, Text, by_shape


class MailTarget(Model):
    """An e-mail of this scenario and one link in it."""

    email: Idents = Field(description="a send_email step's id, or a template")
    link: Filled | None = Field(None, description="only this link, or a glob")


Target = Annotated[
    Annotated[Text, Tag("value")]
    | Annotated[tuple[Text, ...], AsTuple, Field(min_length=1), Tag("list")]
    | Annotated[MailTarget, Tag("mapping")],
    Discriminator(by_shape),
]


class Occurrence(RootModel[Annotated[dict[str, Target], Field(min_length=1, max_length=1)]]):
    """One event and its target: ``{form_submitted: demo}``; ``any`` is every target."""

    @property
    def event(self) -> str:
        """The event's name."""
        return next(iter(self.root))

    @property
    def target(self) -> str | tuple[str, ...] | MailTarget:
        """What the event happened to."""
        return next(iter(self.root.values()))


Occurrences = Annotated[
    Annotated[Occurrence, Tag("mapping")]
    | Annotated[tuple[Occurrence, ...], AsTuple, Field(min_length=1), Tag("list")],
    Discriminator(by_shape),
]
