"""Where a rehearsal takes place: a private database, the plans that run on it, and mail that goes nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Engine

from engage.effects.channel import Envelope
from engage.effects.delivery import deliver
from engage.effects.post import Post
from engage.language.whole import Workspace
from engage.language.workspace import Sender
from engage.plan.moves import Plans
from engage.stepping.tick import tick

#: Who signs the mail of a workspace that names nobody.
_NOBODY = Sender(name="Nobody", email="nobody@example.com", address="-")


class Nowhere:
    """A channel that takes every mail and lets it go nowhere."""

    name = "nowhere"
    repeatable = True
    connections = 1
    per_second = None

    def prepare(self, count: int) -> int:
        """Do nothing."""
        return count

    def hand_over(self, envelope: Envelope) -> None:
        """Take a mail."""

    def flush(self) -> None:
        """Do nothing: there is nothing to make lasting."""


@dataclass(slots=True)
class Stage:
    """A database and what runs on it."""

    engine: Engine
    workspace: Workspace
    plans: Plans
    _post: Post | None = field(default=None, init=False)

    @property
    def custom(self) -> dict[str, str]:
        """The types of custom fields, by name."""
        return {name: word.type for name, word in self.workspace.company.fields.items()}

    @property
    def post(self) -> Post:
        """What a delivery needs to know."""
        if self._post is None:
            company = self.workspace.company
            plans = self.plans.scenarios
            self._post = Post(
                house=self.plans.house,
                company=company if company.sender is not None else company.model_copy(update={"sender": _NOBODY}),
                templates=self.workspace.templates,
                base_url="http://localhost:8000",
                secret_key=None,
                channel=Nowhere(),
                suppress={key: plan.suppress for key, plan in plans.items() if plan.suppress is not None},
            )
        return self._post

    def turn(self, workspace: Workspace, plans: Plans) -> None:
        """Go on with another version of the workspace."""
        self.workspace, self.plans, self._post = workspace, plans, None

    def tick(self, now: datetime) -> None:
        """Tick once, then hand over what the tick has queued."""
        with self.engine.connect() as connection:
            tick(connection, self.plans, now, custom=self.custom)
        deliver(self.engine, self.post, now)
