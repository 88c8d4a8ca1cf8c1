"""How mail leaves: the channel that the settings name, and what a delivery needs to know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from engage.effects.channel import Channel
from engage.effects.mail_server import mail_server
from engage.effects.outbox import OutboxFolder
from engage.effects.post import Post
from engage.effects.public import public_address
from engage.effects.return_path import bounce_address, opt_out_address
from engage.effects.services import told_services
from engage.effects.smtp import SmtpChannel
from engage.language.load import Workspace
from engage.plan.house import compile_house
from engage.settings import Settings
from engage.stepping.applied import Applied


@contextmanager
def way_out(settings: Settings) -> Iterator[Channel]:
    """Give the channel by which mail leaves: a mail server, else the folder ``outbox/``."""
    server = mail_server(settings)
    if server is None:
        yield OutboxFolder(settings.workspace / "outbox")
        return
    with closing(SmtpChannel(server)) as channel:
        yield channel


def post_of(settings: Settings, applied: Applied, channel: Channel) -> Post:
    """Return what a delivery needs to know of what was applied."""
    plans, workspace = applied.plans, applied.workspace
    suppress = {key: plan.suppress for key, plan in plans.scenarios.items() if plan.suppress is not None}
    audiences = {key: plan.lists for key, plan in plans.scenarios.items() if plan.lists}
    post, lists = drafts(settings, workspace, channel), plans.mailing.lists
    return replace(post, house=plans.house, suppress=suppress, audiences=audiences, lists=lists)


def drafts(settings: Settings, workspace: Workspace, channel: Channel) -> Post:
    """Return what it takes to try the e-mails of a workspace, applied or not."""
    return Post(
        house=compile_house(workspace),
        company=workspace.company,
        templates=workspace.templates,
        base_url=public_address(settings),
        secret_key=settings.secret_key,
        channel=channel,
        bounce_address=bounce_address(settings),
        opt_out_address=opt_out_address(settings),
        services=told_services(settings),
        isolated=True,
    )
