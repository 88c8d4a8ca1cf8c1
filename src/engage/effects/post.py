"""What a delivery needs to know, and what it tells when it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engage.effects.channel import Channel
from engage.language.conditions import Condition
from engage.language.templates import Template
from engage.language.workspace import Company
from engage.plan.moves import House
from engage.sql.leaving import Lists


@dataclass(frozen=True, slots=True)
class Post:
    """All that does not change during a delivery."""

    house: House
    company: Company
    #: each e-mail's templates by language; None is the main file
    templates: Mapping[str, Mapping[str | None, Template]]
    #: where the public pages are, without a slash at the end
    base_url: str
    #: signs links; None: see engage.effects.links
    secret_key: str | None
    channel: Channel
    #: who is suppressed, by the scenario's key
    suppress: Mapping[str, Condition] = field(default_factory=dict)
    #: the meaning of each list of lists.yaml: one-off sends name lists of whom they spare
    lists: Mapping[str, Condition] = field(default_factory=dict)
    #: the lists that bring each scenario's mail, by its key
    audiences: Mapping[str, Lists] = field(default_factory=dict)
    #: where bounces are read; None: they go to the sender
    bounce_address: str | None = None
    #: where opt-outs by mail are read; None: they are not offered
    opt_out_address: str | None = None
    #: the mail services that are told the numbers of messages: sendgrid, mailgun
    services: frozenset[str] = frozenset()
    #: templates are rendered in a process of their own, with an end to time and memory
    isolated: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a delivery did; ``failed`` counts messages, notifications and actions."""

    sent: int = 0
    cancelled: int = 0
    failed: int = 0
    notifications: int = 0
    #: actions of the user's own
    actions: int = 0
    #: messages that a mail server refused for now: they are tried again
    deferred: int = 0

    def __add__(self, other: Delivered) -> Delivered:
        return Delivered(
            self.sent + other.sent,
            self.cancelled + other.cancelled,
            self.failed + other.failed,
            self.notifications + other.notifications,
            self.actions + other.actions,
            self.deferred + other.deferred,
        )


#: Told after each batch what was done so far.
Progress = Callable[[Delivered], None]
